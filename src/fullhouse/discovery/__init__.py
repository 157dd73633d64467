"""Which traits go with an outcome, adjusted for activity; and who will want a film."""

from fullhouse.discovery.affinity import Affinity, AffinityVerdict, OutcomeDiscovery
from fullhouse.discovery.compare import discover
from fullhouse.sample.outcome import Outcome, outcome_of
from fullhouse.traits.blocks import Block, Blocks

__all__ = [
    "Affinity",
    "AffinityVerdict",
    "Block",
    "Blocks",
    "Outcome",
    "OutcomeDiscovery",
    "discover",
    "outcome_of",
]
