"""A forecast: what a film will take, as ranges, with why and with what it rests on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import numpy as np
from scipy.stats import norm

from fullhouse.core.errors import InputError
from fullhouse.core.values import as_json

PROBABILITIES: tuple[float, ...] = (0.025, *(round(0.05 * k, 2) for k in range(1, 20)), 0.975)
"""The probabilities at which every range is stored: 2.5 %, 5 %, 10 % … 95 %, 97.5 %."""

LEVELS = (0.5, 0.8, 0.95)
"""The ranges that are shown: central, with these probabilities."""

QUANTITIES = {
    "opening_day": "opening day",
    "opening_weekend": "opening weekend",
    "total": "total of the run",
}
"""What is forecast, in the territory's currency, with the words for it."""


@dataclass(frozen=True)
class Range:
    """A distribution of one amount, as its quantiles at `PROBABILITIES`, ascending."""

    quantity: str
    quantiles: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.quantiles) != len(PROBABILITIES):
            raise ValueError(f"{len(PROBABILITIES)} quantiles, not {len(self.quantiles)}")
        if not all(a <= b for a, b in zip(self.quantiles, self.quantiles[1:], strict=False)):
            raise ValueError("quantiles must not fall")

    @property
    def median(self) -> float:
        """The amount that is passed as often as not."""
        return self.at(0.5)

    def at(self, probability: float) -> float:
        """The quantile at one of `PROBABILITIES`."""
        return self.quantiles[PROBABILITIES.index(round(probability, 3))]

    def between(self, level: float) -> tuple[float, float]:
        """The ends of the central range with this probability, one of `LEVELS` or 0.9."""
        return self.at((1 - level) / 2), self.at(1 - (1 - level) / 2)

    def passes(self, amount: float) -> float:
        """The probability that the amount is reached: linear in log amount and normal score.

        Beyond the outermost quantiles the last slope goes on (log-normal tails).
        """
        if amount <= 0:
            raise InputError(f"An amount to pass must be above 0, not {amount:g}.")
        x = np.log(np.maximum(self.quantiles, 1e-9))
        z = norm.ppf(PROBABILITIES)
        keep = np.concatenate([np.diff(x) > 0, [True]])  # of equal quantiles, the last
        if np.log(amount) <= x[0]:
            keep = np.concatenate([[True], np.diff(x) > 0])
        x, z = x[keep], z[keep]
        if len(x) == 1:
            return float(np.log(amount) <= x[0])
        at = np.log(amount)
        if at < x[0]:
            score = z[0] + (at - x[0]) * (z[1] - z[0]) / (x[1] - x[0])
        elif at > x[-1]:
            score = z[-1] + (at - x[-1]) * (z[-1] - z[-2]) / (x[-1] - x[-2])
        else:
            score = np.interp(at, x, z)
        return float(norm.sf(score))


@dataclass(frozen=True)
class DayRange:
    """What one day will take: 2.5, 10, 25, 50, 75, 90 and 97.5 % quantiles."""

    day: date
    quantiles: tuple[float, ...]
    cumulative: tuple[float, ...]
    """The same of what was taken up to and with this day."""


DAY_PROBABILITIES = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)


@dataclass(frozen=True)
class Comp:
    """A comparable past film, what it took (in its own money), and why it was chosen."""

    film: str
    title: str
    opening: date
    opening_weekend: float | None
    """None where only its total is known."""
    total: float
    similarity: float
    """0 to 1: the share of the model's trees in which both films end in one leaf."""
    why: tuple[str, ...] = ()


@dataclass(frozen=True)
class Driver:
    """Something that moved the median: from a typical film of the market to this one.

    The product of all factors leads from `Forecast.typical` to the median of the quantity.
    """

    name: str
    words: str
    factor: float


@dataclass(frozen=True)
class Step:
    """How wide the range will be once something more is learned."""

    horizon: str
    when: date | None
    words: str
    spread: float
    """Upper over lower end of the 80 % range of the total, as it was for like films."""
    done: bool


@dataclass(frozen=True)
class Forecast:
    """What is known on a day of what a film will take in a territory."""

    film: str
    title: str
    territory: str
    currency: str
    as_of: date
    opening: date
    horizon: str
    ranges: Mapping[str, Range]
    """By quantity; what has already happened is not forecast and stands in `known`."""
    known: Mapping[str, float]
    to_date: float
    days: tuple[DayRange, ...]
    comps: tuple[Comp, ...]
    drivers: tuple[Driver, ...]
    typical: float
    steps: tuple[Step, ...]
    facts: Mapping[str, Any]
    groups: Mapping[str, str]
    """What the film is counted under in the score book: size, genre, franchise, plan."""
    notes: tuple[str, ...] = ()
    what_if: Mapping[str, Any] = field(default_factory=dict)
    """Facts that were supposed and not known; such a forecast does not enter the score book."""
    model: Mapping[str, Any] = field(default_factory=dict)
    """Version, territory, day up to which it learned, films it learned from, fingerprint."""
    data: Mapping[str, int] = field(default_factory=dict)
    """Versions of the lake tables that were read."""
    simulated: bool = False

    def passes(self, amount: float, *, quantity: str = "total") -> float:
        """The probability that an amount is reached; what is known is 0 or 1."""
        if quantity in self.known:
            return float(self.known[quantity] >= amount)
        if quantity not in self.ranges:
            known = ", ".join(self.ranges)
            raise InputError(f"This forecast has no {quantity!r}; it has {known}.")
        return self.ranges[quantity].passes(amount)

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON takes it; dates as YYYY-MM-DD."""
        told = asdict(self)
        told["ranges"] = {
            name: {
                "median": r.median,
                **{f"{round(100 * v)}%": list(r.between(v)) for v in LEVELS},
                "probabilities": list(PROBABILITIES),
                "quantiles": list(r.quantiles),
            }
            for name, r in self.ranges.items()
        }
        found: dict[str, Any] = as_json(told)
        return found
