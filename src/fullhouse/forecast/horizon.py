"""How much is known when a forecast is made: so many days before, or so many days into the run."""

from dataclasses import dataclass

from fullhouse.forecast.season import first_sunday

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
    known = {
        "first day": 1,
        "first weekend": sunday + 1,
        "first week": 7,
        "second weekend": sunday + 8,
        "fourth weekend": sunday + 22,
    }
    return known[name] if name in known else int(name.removeprefix("day "))


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
