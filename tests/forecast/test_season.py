"""Weekends, holidays and the days around them."""

from datetime import date, timedelta

import numpy as np
import pytest

from fullhouse.forecast.calendar import (
    as_day,
    day_effects,
    first_sunday,
    holiday_count,
    holiday_names,
    opening_season,
    weekday,
    weekend,
)

FRIDAY = date(2016, 5, 27)


@pytest.mark.parametrize("k", range(-10, 10))
def test_weekdays_are_those_of_the_calendar(k: int) -> None:
    day = FRIDAY + timedelta(days=k)
    assert weekday(day.toordinal()) == day.weekday()
    assert as_day(day.toordinal()) == day


WEEKENDS = [(-2, 4), (-1, 3), (0, 2), (1, 1), (2, 0), (3, 6)]
"""Days from a Friday, and from there to the Sunday that ends the opening weekend."""


@pytest.mark.parametrize(("k", "sunday"), WEEKENDS)
def test_the_opening_weekend_ends_on_the_next_sunday(k: int, sunday: int) -> None:
    opening = (FRIDAY + timedelta(days=k)).toordinal()
    assert first_sunday(opening) == sunday
    assert as_day(weekend(opening)).weekday() == 4
    assert weekend(opening) == opening + sunday - 2


def test_holidays_are_those_of_the_territory() -> None:
    memorial = date(2016, 5, 30).toordinal()
    assert "Memorial" in holiday_names("US")[memorial]
    assert memorial not in holiday_names("CN")
    assert holiday_count("US", memorial, memorial) == 1
    assert holiday_count("US", memorial + 1, memorial + 10) == 0
    assert holiday_names("XX") == {}


def test_the_season_of_an_opening_names_the_holiday_near_it() -> None:
    values = opening_season("US", FRIDAY.toordinal())
    assert (values["near_Memorial"], values["near_Christmas"]) == (1.0, 0.0)
    assert values["holiday_weekend"] == 1
    assert values["sin1"] ** 2 + values["cos1"] ** 2 == pytest.approx(1.0)
    assert not any(n.startswith("near_") for n in opening_season("FR", FRIDAY.toordinal()))


def test_day_effects_mark_the_weekday_the_summer_and_free_days() -> None:
    days = np.array([d.toordinal() for d in (FRIDAY, date(2016, 7, 4), date(2016, 12, 24))])
    rows = day_effects("US", days)
    assert rows[0, 4] == 1.0
    assert rows[:, :7].sum(axis=1).tolist() == [1.0, 1.0, 1.0]
    assert rows[:, 7:14].sum(axis=1).tolist() == [0.0, 1.0, 0.0]
    assert (rows[1, 14], rows[0, 14]) == (1.0, 0.0)
    assert rows[2, 18] == 1.0
