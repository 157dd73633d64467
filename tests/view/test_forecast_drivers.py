"""The waterfall of drivers: it leads from the typical film to the middle."""

import itertools
from dataclasses import replace

import pytest

from fullhouse.core.errors import CannotTellError
from fullhouse.forecast import Driver
from fullhouse.view.forecast_charts import driver_chart, driver_rows
from tests.view.chart_data import heading_of, rows_of
from tests.view.sample_forecasts import AFTER, BEFORE, LIMITED, TOTAL_ONLY


@pytest.mark.parametrize("forecast", [BEFORE, AFTER, LIMITED], ids=lambda f: f.title + f.horizon)
def test_each_row_starts_where_the_one_above_ends_and_the_last_is_the_median(forecast):
    rows = rows_of(driver_chart(forecast))
    assert rows[0]["start"] == forecast.typical
    for above, row in itertools.pairwise(rows):
        assert row["start"] == pytest.approx(above["end"], rel=0.01)
    assert rows[-1]["end"] == forecast.ranges["total"].median


def test_factors_are_labelled_in_the_order_given():
    rows = driver_rows(BEFORE)[1:-1]
    assert [r["name"] for r in rows] == [d.name for d in BEFORE.drivers]
    assert rows[0]["text"] == "× 2.9"
    assert rows[0]["words"] == "the cinemas planned: 3,640"
    assert {r["moves"] for r in rows if r["factor"] < 1} == {"lowers"}


def test_what_the_drivers_leave_open_is_a_row_of_its_own():
    rows = driver_rows(replace(BEFORE, drivers=BEFORE.drivers[:2]))
    assert rows[-2]["words"] == "everything else together"
    assert rows[-2]["end"] == pytest.approx(60e6)


def test_of_many_drivers_the_weakest_stand_together():
    rows = driver_rows(BEFORE, most=4)
    assert [r["name"] for r in rows] == [
        "typical", "theaters", "budget", "signals", "rest", "median",
    ]  # fmt: skip
    assert rows[-2]["factor"] == pytest.approx(1.18 * 0.84 * 1.12 * 0.88, rel=1e-6)


def test_drivers_that_move_nothing_have_no_row_and_are_no_long_bars():
    names = ("theaters", "story", "budget", "distributor", "season", "slate", "signals")
    still = tuple(Driver(n, 1.0004) for n in names)
    forecast = replace(BEFORE, drivers=(*still, Driver("title", 1.03)), typical=58e6)
    rows = driver_rows(forecast)
    assert [r["name"] for r in rows] == ["typical", "title", "median"]
    low, high = driver_chart(forecast).to_dict()["layer"][1]["encoding"]["x"]["scale"]["domain"]
    assert high / low > 1.4


@pytest.mark.parametrize("quantity", ["total", "opening_weekend"])
def test_without_drivers_or_without_the_quantity_there_is_no_chart(quantity):
    with pytest.raises(CannotTellError, match="no drivers"):
        driver_chart(TOTAL_ONLY, quantity=quantity)


def test_simulated_data_are_marked():
    assert "SIMULATED" in heading_of(driver_chart(LIMITED))
    assert "SIMULATED" not in heading_of(driver_chart(BEFORE))
