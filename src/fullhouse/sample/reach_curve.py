"""How much of the likely audience the best so-many people of an order hold."""

from dataclasses import dataclass

import numpy as np

from fullhouse.core.arrays import Flags, Floats
from fullhouse.core.errors import CannotTellError, InputError


@dataclass(frozen=True)
class ReachPoint:
    """The first `persons` of an order: what share of the wanted they hold, and how dense.

    `precision` is the share of them that is wanted, `times` that share against everybody's.
    """

    persons: int
    reached: float
    precision: float
    times: float


def reach_curve(
    score: Floats, wanted: Flags, weight: Floats, points: int = 50
) -> tuple[ReachPoint, ...]:
    """Points at even steps from the highest scores to everybody.

    People of equal score enter together, in proportion, so their order does not matter. Each
    person stands for `weight` people. Persons and reached never fall; the last point is everybody,
    all reached, 1 time as dense. Of few people there are fewer points.

    >>> curve = reach_curve(np.array([0.9, 0.1, 0.5, 0.1]), np.array([1, 0, 1, 0], bool),
    ...     np.ones(4), points=2)
    >>> [(p.persons, p.reached, p.precision, p.times) for p in curve]
    [(2, 1.0, 1.0, 2.0), (4, 1.0, 0.5, 1.0)]
    """
    _check(score, wanted, weight, points)
    people, reached_people = _groups(score, wanted, weight)
    everybody, all_wanted = float(people[-1]), float(reached_people[-1])
    # Whole people: a point between two of them would be a number that nobody can reach.
    steps = np.unique(np.round(everybody * np.arange(1, points) / points))
    steps = np.append(steps[(steps >= 1) & (steps < round(everybody))], everybody)
    reached = np.minimum(np.interp(steps, people, reached_people) / all_wanted, 1.0)
    base = all_wanted / everybody
    curve = []
    for persons, share in zip(steps.tolist(), reached.tolist(), strict=True):
        precision = min(1.0, share * all_wanted / persons)
        curve.append(ReachPoint(round(persons), share, precision, precision / base))
    curve[-1] = ReachPoint(round(everybody), 1.0, base, 1.0)
    return tuple(curve)


def _groups(score: Floats, wanted: Flags, weight: Floats) -> tuple[Floats, Floats]:
    """People, and wanted ones, down to and with each score from the highest, from 0 on."""
    _, group = np.unique(-score, return_inverse=True)
    people = np.bincount(group, weight)
    reached_people = np.bincount(group, weight * wanted)
    return np.append(0.0, np.cumsum(people)), np.append(0.0, np.cumsum(reached_people))


def _check(score: Floats, wanted: Flags, weight: Floats, points: int) -> None:
    if not score.shape == wanted.shape == weight.shape or score.ndim != 1:
        raise InputError(
            "A reach curve needs a score, a flag and a weight for each person, not"
            f" {score.shape}, {wanted.shape} and {weight.shape} of them."
        )
    if not np.isfinite(score).all():
        raise InputError("A reach curve needs scores that are numbers; some are NaN or infinite.")
    if not (np.isfinite(weight).all() and (weight >= 0).all()):
        raise InputError("A reach curve needs weights of 0 or more; some are negative or NaN.")
    if points < 1:
        raise InputError(f"A reach curve needs at least 1 point, not {points}.")
    if not (weight * wanted).sum() > 0:
        raise CannotTellError("A reach curve needs somebody who is wanted; here nobody is.")
