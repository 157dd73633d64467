"""Constant prices: only an index that was published by then."""

import math

import pytest

from fullhouse.forecast.history_index import BASE_YEAR, INDEX, log_price


def test_the_year_after_the_base_year_has_its_prices() -> None:
    assert log_price("US", BASE_YEAR + 1) == 0.0


@pytest.mark.parametrize("year", [2000, 2010, 2020])
def test_prices_are_those_of_the_year_before(year: int) -> None:
    index = INDEX["US"]
    assert log_price("US", year) == pytest.approx(math.log(index[year - 1] / index[BASE_YEAR]))


def test_beyond_the_table_its_ends_count_and_without_one_prices_stand_still() -> None:
    assert log_price("US", 1900) == log_price("US", 1990)
    assert log_price("US", 2100) == log_price("US", max(INDEX["US"]) + 1)
    assert log_price("CN", 2000) == 0.0
