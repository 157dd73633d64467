"""How much is known when a forecast is made."""

from datetime import date

import pytest

from fullhouse.forecast.calendar import AFTER, BEFORE, days_known, horizon_at

FRIDAY = date(2016, 5, 27).toordinal()
LEFT = [(400, "T-180"), (180, "T-180"), (179, "T-180"), (90, "T-90"), (89, "T-90"), (28, "T-28"),
        (20, "T-28"), (7, "T-7"), (5, "T-7"), (1, "T-1"), (0, "T-1"), (-9, "T-1")]  # fmt: skip


@pytest.mark.parametrize(("left", "name"), LEFT)
def test_before_the_opening_no_more_is_taken_to_be_known_than_is(left: int, name: str) -> None:
    result = horizon_at(FRIDAY, FRIDAY - left, 0)
    assert result.name == name
    assert result.is_before
    assert result.before >= min(left, 180)


KNOWN = [("first day", 1), ("first weekend", 3), ("first week", 7), ("second weekend", 10),
         ("fourth weekend", 24)]  # fmt: skip


@pytest.mark.parametrize(("name", "days"), KNOWN)
def test_days_of_a_run_have_their_names(name: str, days: int) -> None:
    assert name in AFTER
    assert days_known(name, FRIDAY) == days
    assert horizon_at(FRIDAY, FRIDAY + days, days).name == name


def test_other_days_are_counted() -> None:
    assert horizon_at(FRIDAY, FRIDAY + 12, 12).name == "day 12"
    assert days_known("day 12", FRIDAY) == 12


def test_a_wednesday_opening_has_a_longer_first_weekend() -> None:
    assert days_known("first weekend", FRIDAY - 2) == 5
    assert horizon_at(FRIDAY - 2, FRIDAY + 3, 5).name == "first weekend"


def test_horizons_come_nearer() -> None:
    assert list(BEFORE.values()) == sorted(BEFORE.values(), reverse=True)
