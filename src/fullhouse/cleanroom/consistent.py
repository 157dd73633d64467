"""Noisy numbers made to fit together: parts add up, no subset is larger, nobody is fewer than none.

Post-processing of what has its noise: it costs nothing, and uses the data no more.
"""

from collections.abc import Sequence

import numpy as np

from fullhouse.core.arrays import Floats, Ints


def add_up(parts: Sequence[float], total: float, *, of_parts: float, of_total: float) -> Ints:
    """Whole parts of at least 0, nearest to the noisy ones by least squares, total included.

    `of_parts` and `of_total` are the deviations of the noise on each part and on the total, which
    was measured on its own. The total is the sum of what comes back.
    """
    measured = np.asarray(parts, float)
    if not len(measured):
        return np.zeros(0, np.int64)
    weight = of_parts**2 / (len(measured) * of_parts**2 + of_total**2)
    middle = measured + (total - measured.sum()) * weight
    adjusted = round(max(float(middle.sum()), 0.0))
    return whole(onto_sum(middle, adjusted), adjusted)


def sigmas(parts: int, *, of_parts: float, of_total: float) -> tuple[float, float]:
    """The deviations of a part and of the total after `add_up`, where nothing is cut off at 0."""
    share = parts * of_parts**2 + of_total**2
    return (of_parts**2 - of_parts**4 / share) ** 0.5, (
        parts * of_parts**2 * of_total**2 / share
    ) ** 0.5


def onto_sum(values: Floats, total: float) -> Floats:
    """The nearest numbers of at least 0 that add up to a total (Held, Wolfe and Crowder, 1974)."""
    ordered = np.sort(values)[::-1]
    above = (np.cumsum(ordered) - total) / np.arange(1, len(values) + 1)
    last = int(np.nonzero(ordered - above > 0)[0].max(initial=0))
    result: Floats = np.maximum(values - above[last], 0.0)
    return result


def whole(values: Floats, total: int) -> Ints:
    """Whole numbers that add up to a total: rounded down, the largest remainders then one more."""
    floor = np.floor(values).astype(np.int64)
    missing = total - int(floor.sum())
    if missing > 0:
        order = np.argsort(floor - values, kind="stable")
        floor[order[:missing]] += 1
    return floor


def within(value: float, *, least: float = 0.0, most: float = float("inf")) -> float:
    """A number between what is known to be smaller and what is known to be larger."""
    return min(max(value, least), max(most, least))
