"""The calendar of a territory as box office feels it, and how much is known on a day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import holidays
import numpy as np
import numpy.typing as npt

EPOCH = date(1970, 1, 1).toordinal()
FRIDAY, SUNDAY = 4, 6
FIRST_YEAR, LAST_YEAR = 1980, 2060


def weekday(day: int) -> int:
    """0 for Monday to 6 for Sunday, of a day given as `date.toordinal()`."""
    return (day + 6) % 7


def first_sunday(opening: int) -> int:
    """Days from the opening to the Sunday that ends the opening weekend: 2 for a Friday."""
    return (SUNDAY - weekday(opening)) % 7


def weekend(opening: int) -> int:
    """The Friday of the opening weekend, which lies before an opening on Saturday or Sunday."""
    return opening + first_sunday(opening) - 2


@lru_cache(maxsize=16)
def holiday_names(territory: str) -> Mapping[int, str]:
    """Public holidays by day (`date.toordinal()`); none where the library knows no such country."""
    try:
        known = holidays.country_holidays(territory, years=range(FIRST_YEAR, LAST_YEAR + 1))
    except NotImplementedError:
        return {}
    return {day.toordinal(): str(name) for day, name in known.items()}


def holiday_count(territory: str, first: int, last: int) -> int:
    """Public holidays from one day to another, both included."""
    names = holiday_names(territory)
    return sum(1 for day in range(first, last + 1) if day in names)


@lru_cache(maxsize=65536)
def opening_season(territory: str, opening: int) -> Mapping[str, float]:
    """The time of year of an opening, as numbers for a model."""
    day = date.fromordinal(opening)
    friday = weekend(opening)
    names = holiday_names(territory)
    near = [names.get(friday + k, "") for k in range(-4, 5)]
    angle = 2 * np.pi * day.timetuple().tm_yday / 365.25
    season: dict[str, float] = {"weekday": weekday(opening), "sunday": first_sunday(opening)}
    for k in (1, 2, 3):
        season[f"sin{k}"], season[f"cos{k}"] = float(np.sin(k * angle)), float(np.cos(k * angle))
    season["day_of_year"] = day.timetuple().tm_yday
    season["holiday_weekend"] = sum(bool(names.get(friday + k)) for k in range(-1, 5))
    season["holiday_next_week"] = sum(bool(names.get(friday + k)) for k in range(5, 12))
    season["holiday_week_before"] = sum(bool(names.get(friday + k)) for k in range(-8, -1))
    for word in _words(territory):
        season[f"near_{word}"] = float(any(word in name for name in near))
    return season


def _words(territory: str) -> tuple[str, ...]:
    """Holidays that may each have an effect of their own, where there are not too many."""
    if territory == "US":
        return ("Memorial", "Labor", "Thanksgiving", "Christmas", "Martin", "Washington",
                "Independence", "New Year")  # fmt: skip
    if territory == "CN":
        return ("New Year", "Spring Festival", "Labor Day", "National Day", "Dragon Boat", "Autumn")
    return ()


def day_effects(territory: str, days: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """One row of indicators for each day: weekday by season, holidays and the days around them."""
    names = holiday_names(territory)
    rows = np.zeros((len(days), 7 * 2 + 4 + 1))
    for i, day in enumerate(days.tolist()):
        when = date.fromordinal(day)
        summer = float((when.month, when.day) >= (6, 8) and (when.month, when.day) <= (8, 20))
        rows[i, weekday(day)] = 1.0
        rows[i, 7 + weekday(day)] = summer
        is_free, next_free = day in names, (day + 1) in names
        rows[i, 14] = float(is_free and weekday(day) < FRIDAY)
        rows[i, 15] = float(is_free and weekday(day) >= FRIDAY)
        rows[i, 16] = float(next_free and weekday(day) in (SUNDAY, 0, 1, 2, 3))
        rows[i, 17] = float(_year_end(when) and weekday(day) < FRIDAY)
        rows[i, 18] = float((when.month, when.day) == (12, 24))
    return rows


def _year_end(day: date) -> bool:
    return (day.month, day.day) >= (12, 20) or (day.month, day.day) <= (1, 2)


def as_day(day: int) -> date:
    """The date of a `date.toordinal()`."""
    return date.fromordinal(day)


BEFORE = {"T-180": 180, "T-90": 90, "T-28": 28, "T-7": 7, "T-1": 1}
"""Horizons before the opening, and their days; what is known later is not used."""

AFTER = {
    "first day": "the first day",
    "first weekend": "the first weekend",
    "first week": "seven days",
    "second weekend": "two weekends",
    "fourth weekend": "four weekends",
}
"""Horizons of the run that have a name, and what is known then."""


@dataclass(frozen=True)
class Horizon:
    """A stage of knowledge: `days` of the run known (0 before it), or days still to go."""

    name: str
    before: int
    days: int

    @property
    def is_before(self) -> bool:
        """Whether nothing of the run is known."""
        return self.days == 0


def days_known(name: str, opening: int) -> int:
    """Days of the run that a named horizon knows, for an opening on a day."""
    sunday = first_sunday(opening)
    days = {
        "first day": 1,
        "first weekend": sunday + 1,
        "first week": 7,
        "second weekend": sunday + 8,
        "fourth weekend": sunday + 22,
    }
    return days[name] if name in days else int(name.removeprefix("day "))


def horizon_at(opening: int, as_of: int, days: int) -> Horizon:
    """The horizon of a forecast made on a day, with so many days of the run known.

    Before the opening it is the nearest named one that lies no later, so that no more is known
    than was when that horizon's ranges were calibrated.
    """
    if days == 0:
        left = max(1, opening - as_of)
        # T-20 knows a little more than T-28 and much less than T-7.
        later = [n for n, d in BEFORE.items() if d >= left]
        name = min(later, key=BEFORE.__getitem__, default="T-180")
        return Horizon(name, BEFORE[name], 0)
    for name in AFTER:
        if days_known(name, opening) == days:
            return Horizon(name, 0, days)
    return Horizon(f"day {days}", 0, days)
