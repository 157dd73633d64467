"""Which traits go with an outcome, activity apart."""

from fullhouse.discovery.affinity import Affinity, Discovery, Verdict
from fullhouse.discovery.discover import discover
from fullhouse.sample.blocks import Block, Blocks
from fullhouse.sample.outcome import Outcome, outcome_of

__all__ = [
    "Affinity",
    "Block",
    "Blocks",
    "Discovery",
    "Outcome",
    "Verdict",
    "discover",
    "outcome_of",
]
