"""What sets an audience apart in a model's eyes: of audiences only, never of one person."""

import numpy as np

from fullhouse.core.arrays import Floats, Ints
from fullhouse.core.errors import InputError
from fullhouse.core.person_sets import PersonSet, size
from fullhouse.propensity.features import SUMS
from fullhouse.propensity.propensity import PropensityModel, Reason
from fullhouse.traits.blocks import Blocks, pairs_of

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
) -> tuple[Reason, ...]:
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
) -> tuple[Reason, ...]:
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
        Reason(labels[i], names[i], float(share[i]), float(base_share[i]), float(weights[i]))
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
