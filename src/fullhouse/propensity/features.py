"""What the probability of a person is made of, and what sets an audience apart by it.

The same few columns are made when preferences are fitted and when a hundred million people are
scored, from four sums over a person's traits and the person's activity.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from fullhouse.core.arrays import Floats, Integers, Ints, Singles
from fullhouse.core.errors import InputError
from fullhouse.core.person_sets import PersonSet, size
from fullhouse.propensity.propensity import PropensityModel, PropensityReason
from fullhouse.traits.blocks import Blocks, pairs_of
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


LEAST_AUDIENCE = 100
"""People under which an audience is not explained: it could be the explanation of a person."""


def reasons(
    model: PropensityModel,
    audience: PersonSet,
    blocks: Blocks,
    base: PersonSet,
    *,
    most: int = 10,
    floor: int = LEAST_AUDIENCE,
) -> tuple[PropensityReason, ...]:
    """Traits that the model counts for the film and that the audience has more than the base.

    The strongest first: by weight times how much more of the audience has it. Only traits that
    `floor` of the audience have.
    """
    weights = trait_effects(model)
    return explain(
        audience, blocks, base, weights, model.ids, model.traits, model.labels,
        most=most, floor=floor,
    )  # fmt: skip


def explain(
    audience: PersonSet,
    blocks: Blocks,
    base: PersonSet,
    weights: Floats,
    ids: tuple[int, ...],
    names: tuple[str, ...],
    labels: tuple[str, ...],
    *,
    most: int,
    floor: int = LEAST_AUDIENCE,
) -> tuple[PropensityReason, ...]:
    """The same for any weights of traits."""
    people = size(audience)
    if people < floor:
        raise InputError(code="audience_too_small_to_explain", people=people, needed=floor)
    of_audience = trait_counts(blocks, audience, ids)
    every = trait_counts(blocks, base, ids)
    share = of_audience / people
    base_share = every / max(size(base), 1)
    force = weights * (share - base_share)
    order = [i for i in np.argsort(-force, kind="stable") if force[i] > 0 and weights[i] > 0]
    chosen = [i for i in order if of_audience[i] >= floor and share[i] > base_share[i]][:most]
    return tuple(
        PropensityReason(
            labels[i], names[i], float(share[i]), float(base_share[i]), float(weights[i])
        )
        for i in chosen
    )


def trait_effects(model: PropensityModel) -> Floats:
    """How far having each trait moves the log-odds of an average person, about.

    A past film's weight is measured against that of an average film, on which nothing turns.
    """
    sums = np.array(model.sums).reshape(-1, len(SUMS))
    _, preference, _, _, facts, baskets = model.weights[-6:]
    like = np.where(sums[:, 1] > 0, sums[:, 0] / max(model.per_mark, 1e-12) - 1, 0.0)
    # One mark among the five of the prior and a few of one's own: a tenth of a step in the log.
    weights: Floats = (
        0.1 * preference * like + facts * sums[:, 2] + baskets * sums[:, 3] + sums[:, 4]
    )
    return weights


def trait_counts(blocks: Blocks, people: PersonSet, ids: tuple[int, ...]) -> Ints:
    """How many of some people have each trait."""
    size = max(ids, default=0) + 2
    total = np.zeros(size, dtype=np.int64)
    known = set(blocks.numbers())
    for number in sorted(set(people) & known):
        block = blocks.load(number)
        _, traits, _ = pairs_of(block, block.rows(people[number]))
        total += np.bincount(np.minimum(traits, size - 1), minlength=size)
    counts: Ints = total[list(ids)]
    return counts
