"""What statistics return: estimates, intervals, checks, and the moments that they are made of.

All are frozen, and written as JSON and read back by Pydantic; an end of an interval that is not
finite is written as the text "infinite" or "-infinite", since JSON has no number for it.
"""

from dataclasses import dataclass
from math import inf, isfinite, log
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, PlainSerializer

from fullhouse.core.arrays import Floats
from fullhouse.core.errors import InputError

STOP_BELOW = 0.001
"""A p below this stops a readout: one false stop in a thousand sound experiments."""

ROUNDING = 1e-9
"""A variance this much below 0, relative to the sum of squares, is rounding; more is a mistake."""

INFINITE = {"infinite": inf, "-infinite": -inf}


def _as_json(value: float) -> float | str:
    if isfinite(value):
        return float(value)
    return "infinite" if value > 0 else "-infinite"


def _from_json(value: Any) -> Any:
    return INFINITE.get(value, value) if isinstance(value, str) else value


Real = Annotated[float, BeforeValidator(_from_json), PlainSerializer(_as_json, when_used="json")]
"""A number that may be infinite, as JSON can hold it."""


@dataclass(frozen=True)
class Sums:
    """How many people, and the sum and sum of squares of what they did, zeros included.

    >>> Sums(4, 10.0, 30.0).mean, round(Sums(4, 10.0, 30.0).variance, 4)
    (2.5, 1.6667)
    """

    n: int
    total: float
    squares: float

    def __post_init__(self) -> None:
        if self.n < 0:
            raise InputError(f"An arm has at least 0 people, not {self.n}.")
        if not (isfinite(self.total) and isfinite(self.squares)):
            raise InputError(
                f"Sums must be finite numbers, not {self.total} and {self.squares} (squares)."
            )
        if self.squares * self.n - self.total**2 < -ROUNDING * self.squares * max(self.n, 1):
            raise InputError(
                f"A variance cannot be negative: {self.n} people with the sum {self.total:g} have"
                f" squares of at least {self.total**2 / max(self.n, 1):g}, not {self.squares:g}."
            )

    @property
    def mean(self) -> float:
        """Per person."""
        return self.total / self.n

    @property
    def variance(self) -> float:
        """Of one person, with n - 1 below."""
        return max(0.0, (self.squares - self.total**2 / self.n) / (self.n - 1))


@dataclass(frozen=True)
class Interval:
    """A figure between two ends, of which the upper may be infinite."""

    value: Real
    low: Real
    high: Real

    @property
    def bounded(self) -> bool:
        """Whether both ends are finite."""
        return isfinite(self.low) and isfinite(self.high)


@dataclass(frozen=True)
class Estimate:
    """A figure with its standard error, interval at `level`, two-sided p, degrees of freedom."""

    value: Real
    se: Real
    low: Real
    high: Real
    p: Real
    df: Real
    level: Real


@dataclass(frozen=True)
class AlwaysValid:
    """An interval and a p that hold at all looks together.

    `share` is how much of the intended sample had been observed.
    """

    value: Real
    low: Real
    high: Real
    p: Real
    share: Real
    level: Real


@dataclass(frozen=True)
class Capped:
    """The difference when nobody counts for more than `cap`; `above` people did."""

    cap: float
    above: int
    effect: Estimate


@dataclass(frozen=True)
class Check:
    """One check of an experiment's soundness: its p, and whether the readout may go on.

    `name` is one of "sample ratio", "people lost" and "balance of covariates".
    """

    name: str
    p: float

    @property
    def passed(self) -> bool:
        """Whether p is not below .001."""
        return self.p >= STOP_BELOW


def check_level(level: float) -> None:
    """A level is a probability strictly between 0 and 1."""
    if not 0 < level < 1:
        raise InputError(f"A level lies between 0 and 1, such as 0.95, not {level:g}.")


NORMAL_90 = 1.2815515655446004


def two_piece(low: float, middle: float, high: float, scores: Floats) -> Floats:
    """Amounts at normal scores, log-normal on either side of a median, with this 80 % range.

    The range comes back as it was given: a forecast's upper side is mostly the longer one. Where
    an end is not above 0 there are no logarithms, and everything is the middle.

    >>> two_piece(1.2, 5.0, 15.0, np.array([-NORMAL_90, 0.0, NORMAL_90])).round(6)
    array([ 1.2,  5. , 15. ])
    """
    if not 0 < low <= middle <= high:
        return np.full(len(scores), middle)
    below, above = log(middle / low) / NORMAL_90, log(high / middle) / NORMAL_90
    amounts: Floats = middle * np.exp(np.where(scores < 0, below, above) * scores)
    return amounts
