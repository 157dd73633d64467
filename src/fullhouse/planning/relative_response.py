"""The relative response of treated people: what they bought beside one holdout."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

from fullhouse.core.errors import CannotTellError


@dataclass(frozen=True)
class Purchases:
    """What some people (or households) bought: how many they are, and sums over them.

    `people` may be weighted, as long as the weights of all who are compared are of one kind.
    """

    people: float
    tickets: float
    squares: float


@dataclass(frozen=True)
class RelativeResponses:
    """Relative response of each set of people with its error, all against one base.

    `base_error` is the relative error of that base, which they share; `responses` leave it out.
    """

    responses: Mapping[str, tuple[float, float]]
    base_error: float


def relative_responses(held_out: Purchases, treated: Mapping[str, Purchases]) -> RelativeResponses:
    """What sets of treated people bought beside one holdout, all alike but by chance.

    The spread of a purchase is taken over all the treated: a small set's own would be small where
    few of it happened to buy. Sets of nobody are left out.

    >>> push = Purchases(4500, 360, 720)
    >>> measured = relative_responses(Purchases(1000, 40, 80), {"push": push})
    >>> value, error = measured.responses["push"]
    >>> round(value, 3), round(error, 3), round(measured.base_error, 3)
    (1.0, 0.149, 0.224)
    """
    sets = {n: s for n, s in treated.items() if s.people > 0}
    squares, people = sum(s.squares for s in sets.values()), sum(s.people for s in sets.values())
    if not held_out.tickets > 0 or not squares > 0:
        raise CannotTellError(code="nobody_bought")
    level = held_out.tickets / held_out.people
    return RelativeResponses(
        {
            name: (s.tickets / s.people / level - 1, sqrt(squares / people / s.people) / level)
            for name, s in sets.items()
        },
        sqrt(held_out.squares) / held_out.tickets,
    )
