"""What a signal must have come to by a distance for the target to be met, from past films."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from fullhouse.core.arrays import Floats, Ints
from fullhouse.planning.daily import ABOVE, BELOW, CANNOT_TELL, ON, Band

FEWEST = 20
"""With fewer past films there is no target for a signal."""
LEVEL = 0.8


@dataclass(frozen=True)
class Record:
    """A film's signal: ordinal days on which each amount was known, ascending, and sums up to it.

    `opening` is the film's, so that a distance can be counted.
    """

    opening: int
    known: Ints
    sums: Floats

    def by(self, left: int) -> float | None:
        """What it had come to so many days before the opening; None before its first row."""
        at = int(np.searchsorted(self.known, self.opening - left, side="right"))
        return float(self.sums[at - 1]) if at else None


def record(opening: int, known: Ints, values: Floats) -> Record:
    """A film's signal from its rows, in any order."""
    order = np.argsort(known, kind="stable")
    return Record(opening, known[order], np.cumsum(values[order]))


def band(amounts: Sequence[float], grosses: Sequence[float], target: float) -> Band | None:
    """The amounts that a film which comes to the target has, 80 times in 100.

    The log of 1 + amount is regressed on the log of the gross that came, over past films, and
    foretold for one more film at the target (Student's t, with the error of the line itself).
    Extrapolation widens it: far from all past grosses the range is wide. None from fewer than
    20 films, where all took the same, and where those that took more had no more of the signal:
    then it says nothing of the target.
    """
    x, y = np.log(np.asarray(grosses)), np.log1p(np.asarray(amounts))
    n = len(x)
    if n < FEWEST or not np.ptp(x) > 0:
        return None
    spread = float(((x - x.mean()) ** 2).sum())
    slope = float(((x - x.mean()) * (y - y.mean())).sum()) / spread
    if not slope > 0:
        return None
    left = y - y.mean() - slope * (x - x.mean())
    sd = float(np.sqrt((left**2).sum() / (n - 2)))
    away = float(np.log(target) - x.mean())
    middle = float(y.mean()) + slope * away
    half = float(student.ppf((1 + LEVEL) / 2, n - 2)) * sd * np.sqrt(1 + 1 / n + away**2 / spread)
    low, high = (max(0.0, float(np.expm1(middle + s * half))) for s in (-1, 1))
    return Band(max(0.0, float(np.expm1(middle))), low, high, n)


def band_at(
    records: Sequence[tuple[Record, float]], left: int, target: float | None
) -> tuple[Band | None, int]:
    """The band so many days before the opening, and of how many films the signal was known then.

    `records` are past films' signals beside the gross that came, in prices of today. Once half of
    them have begun, those without a row yet count as nothing: leaving them out would make films
    look larger than they are.
    """
    amounts = [r.by(left) for r, _ in records]
    begun = sum(a is not None for a in amounts)
    if 2 * begun >= len(amounts):
        amounts = [a or 0.0 for a in amounts]
    known = [(a, g) for a, (_, g) in zip(amounts, records, strict=True) if a is not None]
    if target is None or not known:
        return None, begun
    return band([a for a, _ in known], [g for _, g in known], target), begun


def verdict(actual: float | None, target: Band | None) -> str:
    """Whether an amount lies on, above or below its range; "cannot tell" where one is missing."""
    if actual is None or target is None:
        return CANNOT_TELL
    if actual < target.low:
        return BELOW
    return ABOVE if actual > target.high else ON
