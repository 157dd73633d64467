"""Which traits go with an outcome, activity apart."""

from fullhouse.discovery.affinity import Affinity, Discovery, Verdict
from fullhouse.discovery.discover import discover
from fullhouse.discovery.outcome import Outcome, outcome_of
from fullhouse.sample.blocks import Block, Blocks

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
