"""How many of the wanted people are reached by the so-many best of an order of everybody."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ReachPoint:
    """The first `persons` of an order: what share of the wanted they hold, and how dense.

    `precision` is the share of them that is wanted, `times` that share against everybody's.
    """

    persons: int
    reached: float
    precision: float
    times: float
