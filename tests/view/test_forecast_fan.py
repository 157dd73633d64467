"""The fan chart: the numbers of the forecast, and what happened beside them."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from fullhouse.core.errors import CannotTellError
from fullhouse.view.forecast_charts import fan_chart, fan_rows, happened_rows
from tests.view.chart_data import heading_of, rows_of
from tests.view.sample_forecasts import (
    ACTUAL_DAYS,
    AFTER,
    ALL,
    BEFORE,
    LATER,
    LIMITED,
    OPENING,
    TOTAL_ONLY,
)


@pytest.mark.parametrize("name", [n for n in ALL if n != "total only"])
def test_the_data_hold_every_day_of_the_forecast(name):
    forecast = ALL[name]
    rows = {r["day"]: r for r in rows_of(fan_chart(forecast)) if "sum_low95" in r}
    for day in forecast.days:
        row = rows[day.day.isoformat()]
        assert tuple(row[f"sum_{c}"] for c in ("low95", "median", "high95")) == (
            day.cumulative[0], day.cumulative[3], day.cumulative[6],
        )  # fmt: skip
        assert (row["low80"], row["low50"]) == day.quantiles[1:3]
        assert (row["high50"], row["high80"]) == day.quantiles[4:6]


def test_a_fan_after_the_opening_starts_from_what_was_taken():
    first = min((r for r in rows_of(fan_chart(AFTER)) if "sum_median" in r), key=lambda r: r["day"])
    assert first["day"] == (AFTER.days[0].day - timedelta(1)).isoformat()
    assert first["sum_low95"] == first["sum_high95"] == LATER[1]


def test_what_happened_is_added_up_from_the_opening():
    values = happened_rows(BEFORE, ACTUAL_DAYS, cumulative=True)
    assert values[0]["gross"] == ACTUAL_DAYS[0][1]
    assert values[-1]["gross"] == pytest.approx(sum(a for _, a in ACTUAL_DAYS))


def test_days_after_the_forecast_are_added_to_what_was_taken_before():
    later = [(d, a) for d, a in ACTUAL_DAYS if d >= AFTER.days[0].day]
    values = happened_rows(AFTER, later, cumulative=True)
    assert values[0]["gross"] == pytest.approx(AFTER.to_date + later[0][1])


def test_the_order_of_the_days_does_not_matter_and_days_past_the_forecast_are_left_out():
    past = (BEFORE.days[-1].day + timedelta(1), 1.0)
    values = happened_rows(BEFORE, [past, *reversed(ACTUAL_DAYS)], cumulative=True)
    assert values == happened_rows(BEFORE, ACTUAL_DAYS, cumulative=True)


def test_by_day_nothing_is_added_up():
    values = happened_rows(BEFORE, ACTUAL_DAYS, cumulative=False)
    assert [r["gross"] for r in values] == [a for _, a in ACTUAL_DAYS]
    rows = rows_of(fan_chart(BEFORE, actual=ACTUAL_DAYS, cumulative=False))
    assert max(r.get("gross", 0) for r in rows) == max(a for _, a in ACTUAL_DAYS)


MARKS = [
    (BEFORE, ["opens 14 Mar 2025", "← as of 14 Feb 2025, 28 days before opening"]),
    (replace(BEFORE, as_of=OPENING - timedelta(1)), ["opens 14 Mar 2025", "as of 13 Mar 2025"]),
    (AFTER, ["opened 14 Mar 2025", "as of 17 Mar 2025"]),
]


@pytest.mark.parametrize(("forecast", "labels"), MARKS, ids=["long before", "eve", "after"])
def test_opening_and_as_of_are_marked(forecast, labels):
    rows = rows_of(fan_chart(forecast))
    assert set(labels) <= {r.get("text") for r in rows}


def test_the_ends_are_labelled_in_short_money():
    texts = {r.get("text") for r in rows_of(fan_chart(BEFORE))}
    assert {"60 m", "34.1 m", "105 m"} <= texts


def test_the_title_names_film_and_currency_and_says_what_is_simulated():
    assert "The Lantern Harbour: gross to date, USD" in heading_of(fan_chart(BEFORE))
    assert "SIMULATED" not in heading_of(fan_chart(BEFORE))
    above = heading_of(fan_chart(LIMITED))
    assert "SIMULATED" in above
    assert "What if" in above


def test_a_film_without_days_has_no_fan():
    assert fan_rows(TOTAL_ONLY) == []
    with pytest.raises(CannotTellError, match="no forecast by day"):
        fan_chart(TOTAL_ONLY)


def test_no_zone_of_a_reader_moves_a_day():
    x = fan_chart(BEFORE).to_dict()["layer"][0]["encoding"]["x"]
    assert x["scale"]["type"] == "utc"
    assert fan_rows(BEFORE)[0]["day"] == date(2025, 3, 14).isoformat()


def test_a_fan_looked_at_long_after_the_run_is_as_wide_as_the_run():
    # A mark of that day would lie beyond the axis, and shrink all that is drawn to a corner.
    last = AFTER.days[-1].day
    late = replace(AFTER, as_of=last + timedelta(400))
    days = {r["day"] for r in rows_of(fan_chart(late)) if "day" in r}
    assert max(days) == last.isoformat()
    assert any("after the last day" in str(r.get("text", "")) for r in rows_of(fan_chart(late)))
