"""The made-up country's year: which days people go to the cinema, and when they have time off."""

from datetime import date

import numpy as np

from fullhouse.core.arrays import Floats

WEEKDAYS = (0.26, 0.31, 0.25, 0.27, 1.00, 1.28, 0.90)
"""How many go on a Monday to a Sunday, a Friday being 1."""
FAMILY_WEEKDAYS = (0.22, 0.26, 0.22, 0.22, 0.75, 1.50, 1.25)
HOLIDAYS = (
    ((1, 1), (1, 2), 1.0), ((2, 10), (2, 16), 0.9), ((4, 18), (4, 21), 0.6), ((5, 1), (5, 3), 0.7),
    ((6, 21), (6, 22), 0.5), ((10, 1), (10, 6), 0.8), ((12, 24), (12, 24), -0.4),
    ((12, 25), (12, 31), 0.8),
)  # fmt: skip
"""First and last day, and how much of a Saturday each of them is; Christmas Eve is at home."""
SCHOOL_OUT = (((2, 8), (2, 18)), ((7, 5), (8, 27)), ((10, 1), (10, 7)), ((12, 21), (12, 31)))
TUESDAY_OFF = 0.70
"""Price of a Tuesday ticket, to that of other days."""
SEASON_SWING = 0.10


def going(days: list[date], *, family: bool) -> Floats:
    """How many go on each of some days, to a plain Friday; families also by school holidays."""
    week = np.array(FAMILY_WEEKDAYS if family else WEEKDAYS)
    relative = week[[d.weekday() for d in days]]
    for i, day in enumerate(days):
        off = sum(share for first, last, share in HOLIDAYS if _within(day, first, last))
        if off > 0:
            relative[i] = max(relative[i], off * week[5])
        elif off < 0:
            relative[i] *= 1 + off
        if any(_within(day, first, last) for first, last in SCHOOL_OUT):
            relative[i] += (0.30 if family else 0.06) * (day.weekday() < 5)
    yearly = np.array([d.timetuple().tm_yday for d in days]) * 2 * np.pi / 365.25
    winter: Floats = 1 + SEASON_SWING * np.cos(yearly)
    return relative * winter


def _within(day: date, first: tuple[int, int], last: tuple[int, int]) -> bool:
    return first <= (day.month, day.day) <= last
