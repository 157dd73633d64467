"""Ranges as bars: every quantity of one forecast, one quantity of several."""

from dataclasses import replace

import pytest

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.view.charts import money_axis, money_scale, ticks
from fullhouse.view.forecast_charts import horizon_chart, horizon_rows, range_chart, range_rows
from fullhouse.view.words.forecast import headline
from tests.view.chart_data import heading_of, rows_of
from tests.view.sample_forecasts import (
    ACTUAL,
    AFTER,
    ALL,
    BEFORE,
    FIRST_DAY,
    LIMITED,
    ROAD,
    TOTAL_ONLY,
)


@pytest.mark.parametrize("name", ALL)
def test_the_data_are_the_ranges_of_the_forecast(name):
    forecast = ALL[name]
    rows = {r["quantity"]: r for r in rows_of(range_chart(forecast))}
    assert set(rows) == {*forecast.ranges, *forecast.known}
    for quantity, result in forecast.ranges.items():
        row = rows[quantity]
        assert row["median"] == result.median
        for n in (50, 80, 95):
            assert (row[f"low{n}"], row[f"high{n}"]) == result.between(n / 100)


def test_quantities_stand_in_the_order_of_a_run():
    turned = replace(BEFORE, ranges=dict(reversed(BEFORE.ranges.items())))
    quantities = [r["quantity"] for r in range_rows(turned)]
    assert quantities == ["opening_day", "opening_weekend", "total"]


def test_the_truth_is_a_tick_where_it_is_known():
    rows = {r["quantity"]: r["actual"] for r in range_rows(AFTER, {"total": 62.7e6})}
    assert rows == {"opening_day": 4.9e6, "opening_weekend": 17.6e6, "total": 62.7e6}
    assert "Tall tick" in heading_of(range_chart(BEFORE, ACTUAL))
    assert "Tall tick" not in heading_of(range_chart(BEFORE))


def test_what_was_known_is_named_known():
    rows = {r["quantity"]: r["text"] for r in range_rows(AFTER)}
    assert rows["opening_weekend"] == "17.6 m, known"


def test_the_horizon_goes_from_the_first_forecast_to_the_newest():
    rows = horizon_rows(tuple(reversed(ROAD)), actual=62.7e6)
    assert [r["label"] for r in rows] == [
        "28 days before opening",
        "7 days before opening",
        "1 day before opening",
        "1 day after opening",
        "3 days after opening",
    ]
    assert [r["median"] for r in rows] == [f.ranges["total"].median for f in ROAD]
    assert {r["actual"] for r in rows} == {62.7e6}


def test_the_horizon_of_another_quantity_ends_in_what_was_known():
    rows = horizon_rows(ROAD, quantity="opening_weekend")
    assert [r["known"] for r in rows] == [False] * 4 + [True]
    assert rows[3]["high80"] == FIRST_DAY.ranges["opening_weekend"].between(0.8)[1]


def test_forecasts_of_two_films_are_no_horizon():
    with pytest.raises(InputError, match="letters-from-the-salt-road"):
        horizon_chart([BEFORE, LIMITED])
    with pytest.raises(InputError, match="none"):
        horizon_chart([])


def test_what_none_of_the_forecasts_has_is_an_error():
    with pytest.raises(CannotTellError, match="opening weekend"):
        horizon_chart([TOTAL_ONLY], quantity="opening_weekend")
    with pytest.raises(CannotTellError, match="no range"):
        range_chart(replace(BEFORE, ranges={}))


TICKS = [
    ((0, 150e6, False), [0, 50e6, 100e6, 150e6]),
    ((2e6, 150e6, True), [2e6, 5e6, 10e6, 20e6, 50e6, 100e6]),
    ((60.2e6, 60.4e6, True), [60.2e6, 60.25e6, 60.3e6, 60.35e6, 60.4e6]),
    ((11e6, 70e6, True), [15e6, 20e6, 30e6, 40e6, 60e6]),
]


@pytest.mark.parametrize(("given", "expected"), TICKS, ids=["linear", "log", "narrow", "close"])
def test_ticks_are_round_amounts_between_the_ends(given, expected):
    low, high, log = given
    result = ticks(low, high, log=log)
    assert result == pytest.approx(expected)


@pytest.mark.parametrize(
    "amounts",
    [[0, 0], [5, 5], [1e3, 5e9], [0.4, 3.2], [-6e7, 1.2e8]],
    ids=["nothing", "one", "wide", "small", "a loss"],
)
def test_an_axis_holds_its_amounts_and_labels_every_tick(amounts):
    scale = money_scale(amounts)
    low, high = scale.to_dict()["domain"]
    assert low <= min(amounts)
    assert max(amounts) <= high
    axis = money_axis(scale, None).to_dict()
    assert axis["values"]
    # As JavaScript writes a number: a whole one has no ".0".
    assert all(f'"{v:.15g}"' in axis["labelExpr"] for v in axis["values"])


def test_a_range_whose_ends_read_alike_is_one_figure():
    total = BEFORE.ranges["total"]
    amounts = tuple(8_180_000.0 + k for k, _ in enumerate(total.quantiles))
    done = replace(BEFORE, ranges={"total": replace(total, quantiles=amounts)})
    (row,) = [r for r in rows_of(range_chart(done)) if r.get("quantity") == "total"]
    assert row["text"] == "8.18 m"
    assert headline(done) == "Almost certainly 8.18 million dollars."
