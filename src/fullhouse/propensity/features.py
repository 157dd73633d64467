"""What the probability of a person is made of, beside the film's own level.

The same few columns are made when preferences are fitted and when a hundred million people are
scored, from four sums over a person's traits and the person's activity.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from fullhouse.core.arrays import Integers, Singles
from fullhouse.traits.trait import KINDS

SUMS = ("film", "marks", "facts", "baskets", "interest")
"""The sums over a person's traits: past films by their weight in this one, how many films the
person marked, the preference predicted from facts and from baskets, and the film's own interest."""

PRIOR_MARKS = 5.0
"""So many marked films at everybody's average are added to a person's own."""

KNOTS = 2

MOST_ACTIVE = 8_191
"""More events of a kind count as this many: the activity of a machine, or of a whole house."""


@dataclass(frozen=True)
class Scale:
    """What sums and activity are measured against.

    `per_mark` is the sum `film` of an average mark; `knots` (for each of KINDS) are the log1p of
    the activities where the slope may change.
    """

    per_mark: float
    knots: tuple[tuple[float, ...], ...]


def columns(sums: Singles, activity: Integers, scale: Scale) -> Singles:
    """A row for each person, from the first four sums (columns) and activity (rows are KINDS)."""
    film, marks, facts, baskets = (np.ascontiguousarray(sums[:, i]) for i in range(4))
    # One column after the other in memory: each is then written, and weighed, in one sweep.
    table = np.zeros((width(), len(sums)), dtype=np.float32)
    for at, (each, knots) in enumerate(zip(activity, scale.knots, strict=True)):
        if not each.any():
            continue
        first = at * (1 + KNOTS)
        table[first] = _logs()[np.minimum(each, MOST_ACTIVE)]
        for i, knot in enumerate(knots, start=first + 1):
            np.maximum(table[first] - np.float32(knot), 0, out=table[i])
    many = np.log(np.maximum(marks, 0) + np.float32(1))
    preference = preference_of(film, marks, scale.per_mark)
    at = len(scale.knots) * (1 + KNOTS)
    for value in (many, preference, preference * many, preference * preference, facts, baskets):
        table[at] = value
        at += 1
    return table.T


def width() -> int:
    """How many columns there are."""
    return len(KINDS) * (1 + KNOTS) + 6


def preference_of(film: Singles, marks: Singles, per_mark: float) -> Singles:
    """The log of how many times everybody's share of a person's marks is in films like this."""
    if per_mark <= 0:
        return np.zeros(len(film), dtype=np.float32)
    own = np.maximum(film * np.float32(1 / per_mark), 0) + np.float32(PRIOR_MARKS)
    log_ratio: Singles = np.log(own / (np.maximum(marks, 0) + np.float32(PRIOR_MARKS)))
    return log_ratio


def knots_of(activity: Integers, weight: npt.NDArray[np.float64]) -> tuple[tuple[float, ...], ...]:
    """The thirds of those who are active at all, for each of KINDS."""
    knots = []
    for each in activity:
        some = each > 0
        if not some.any():
            knots.append((0.0,) * KNOTS)
            continue
        order = np.argsort(each[some], kind="stable")
        share = np.cumsum(weight[some][order]) / weight[some].sum()
        at = np.searchsorted(share, np.arange(1, KNOTS + 1) / (KNOTS + 1))
        values = each[some][order][np.minimum(at, len(order) - 1)]
        knots.append(tuple(float(v) for v in np.log1p(values)))
    return tuple(knots)


@lru_cache(maxsize=1)
def _logs() -> Singles:
    """log1p of every activity up to MOST_ACTIVE: looked up, it costs less than the logarithm."""
    return np.log1p(np.arange(MOST_ACTIVE + 1)).astype(np.float32)
