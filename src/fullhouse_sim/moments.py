"""When in the year and in the day people shop and watch at home."""

from datetime import date

import numpy as np

from fullhouse.core.arrays import Ints

_SHOP_HOURS = (2, 1, 1, 1, 1, 2, 4, 7, 10, 12, 13, 13, 12, 12, 11, 11, 11, 12, 13, 15, 16, 14, 9, 4)
_VIDEO_HOURS = (6, 3, 2, 1, 1, 1, 1, 2, 3, 4, 4, 5, 6, 7, 7, 8, 9, 11, 14, 19, 24, 25, 20, 12)
_SHOP_WEEK = (1.05, 1.02, 1.0, 0.98, 0.97, 0.92, 1.06)
_VIDEO_WEEK = (0.85, 0.85, 0.87, 0.9, 1.1, 1.25, 1.18)
_SHOP_MONTHS = (0.9, 0.88, 0.94, 0.95, 0.98, 0.96, 1.0, 0.95, 0.96, 1.0, 1.18, 1.3)
_VIDEO_MONTHS = (1.12, 1.08, 1.02, 0.98, 0.94, 0.9, 0.9, 0.92, 0.96, 1.0, 1.05, 1.13)


def shopping(day: date) -> float:
    """How much is bought on a day, to the mean day."""
    return _SHOP_WEEK[day.weekday()] * _SHOP_MONTHS[day.month - 1]


def watching(day: date) -> float:
    """How much is watched at home on a day, to the mean day."""
    return _VIDEO_WEEK[day.weekday()] * _VIDEO_MONTHS[day.month - 1]


def shopping_seconds(g: np.random.Generator, count: int) -> Ints:
    """Seconds since midnight at which things are bought."""
    return _seconds(g, count, _SHOP_HOURS)


def watching_seconds(g: np.random.Generator, count: int) -> Ints:
    """Seconds since midnight at which films are begun."""
    return _seconds(g, count, _VIDEO_HOURS)


def _seconds(g: np.random.Generator, count: int, hours: tuple[int, ...]) -> Ints:
    ends = np.cumsum(hours) / sum(hours)
    u = g.random(count)
    second_of_day = np.interp(u, np.append(0.0, ends), 3600.0 * np.arange(25))
    seconds: Ints = np.minimum(second_of_day.astype(np.int64), 86_399)
    return seconds
