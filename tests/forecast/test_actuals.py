"""What a film took, and when that is settled."""

from datetime import date, timedelta

import pyarrow as pa
import pytest

from fullhouse.forecast.actuals import actuals_of, settled, weekend_of

FRIDAY = date(2026, 11, 6)


def rows(grosses, *, first=FRIDAY, to_date=None, currency="USD"):
    """Consecutive days from `first`, or days by number from it."""
    days = grosses if isinstance(grosses, dict) else dict(enumerate(grosses))
    return pa.table(
        {
            "day": pa.array([first + timedelta(days=d) for d in days], pa.date32()),
            "gross": pa.array([float(g) for g in days.values()], pa.float64()),
            "to_date": pa.array(to_date or [None] * len(days), pa.float64()),
            "currency": [currency] * len(days),
        }
    )


def fading(days, start=100.0, factor=0.8):
    return [start * factor**k for k in range(days)]


@pytest.mark.parametrize(
    ("opening", "days"),
    [
        ("2026-11-06", ["2026-11-06", "2026-11-07", "2026-11-08"]),
        ("2026-11-04", ["2026-11-06", "2026-11-07", "2026-11-08"]),
        ("2026-11-02", ["2026-11-06", "2026-11-07", "2026-11-08"]),
        ("2026-11-07", ["2026-11-07", "2026-11-08"]),
        ("2026-11-08", ["2026-11-08"]),
    ],
    ids=["Friday", "Wednesday", "Monday", "Saturday", "Sunday"],
)
def test_the_opening_weekend_is_the_first_from_the_opening_on(opening, days):
    assert [str(d) for d in weekend_of(date.fromisoformat(opening))] == days


def test_amounts_come_true_one_after_the_other():
    daily = [10.0, 20.0, 15.0, 4.0]
    assert dict(actuals_of(rows({}), FRIDAY).amounts) == {}
    assert dict(actuals_of(rows(daily[:1]), FRIDAY).amounts) == {"opening_day": 10}
    assert dict(actuals_of(rows(daily[:2]), FRIDAY).amounts) == {"opening_day": 10}
    assert dict(actuals_of(rows(daily), FRIDAY).amounts) == {
        "opening_day": 10,
        "opening_weekend": 45,
    }


def test_previews_are_in_the_total_only():
    daily = {-1: 3.0, **dict(enumerate(fading(60)))}
    result = dict(actuals_of(rows(daily), FRIDAY).amounts)
    assert result["opening_day"] == 100
    assert result["total"] == pytest.approx(3 + sum(fading(60)))


def test_a_missing_day_of_the_weekend_leaves_it_open():
    assert dict(actuals_of(rows({0: 10.0, 2: 15.0}), FRIDAY).amounts) == {"opening_day": 10}


def test_a_day_of_nothing_is_no_truth():
    assert dict(actuals_of(rows([0.0, 5.0, 5.0]), FRIDAY).amounts) == {"opening_weekend": 10}


def test_due_days_are_the_last_that_decided():
    result = actuals_of(rows(fading(60)), FRIDAY)
    assert result.due["opening_day"] == FRIDAY
    assert result.due["opening_weekend"] == date(2026, 11, 8)
    assert FRIDAY < result.due["total"] < FRIDAY + timedelta(days=60)


def test_what_the_source_states_to_date_counts_where_it_is_more():
    daily = fading(60)
    result = dict(actuals_of(rows(daily, to_date=[None] * 59 + [9999.0]), FRIDAY).amounts)
    assert result["total"] == 9999
    assert dict(actuals_of(rows(daily, to_date=[1.0] * 60), FRIDAY).amounts)[
        "total"
    ] == pytest.approx(sum(daily))


def test_a_run_is_settled_once_fourteen_days_bring_next_to_nothing():
    for days in range(60):
        taken = fading(days)
        thin = days > 14 and sum(taken[-14:]) < 0.005 * sum(taken)
        assert (settled(rows(taken), FRIDAY) is not None) == thin, days


def test_the_settling_day_does_not_move_when_later_days_come_in():
    first = next(d for d in range(60) if settled(rows(fading(d)), FRIDAY))
    result = {settled(rows(fading(d)), FRIDAY) for d in range(first, 120)}
    assert result == {FRIDAY + timedelta(days=first - 1)}


def test_a_long_steady_run_is_settled_after_120_days_only():
    steady = [10.0] * 120
    assert settled(rows(steady), FRIDAY) is None
    assert settled(rows([*steady, 10.0]), FRIDAY) == FRIDAY + timedelta(days=120)


def test_a_source_that_stopped_says_nothing_and_one_that_went_on_does():
    stopped = rows([10.0] * 20)
    assert settled(stopped, FRIDAY) is None
    assert settled(stopped, FRIDAY, upto=FRIDAY + timedelta(days=119)) is None
    assert settled(stopped, FRIDAY, upto=FRIDAY + timedelta(days=120)) is not None


def test_a_stated_total_is_enough():
    result = actuals_of(rows({}), FRIDAY, total=70.0)
    assert result.amounts == {"total": 70}
    assert result.due == {"total": FRIDAY + timedelta(days=120)}
    assert dict(actuals_of(rows([10.0] * 5), FRIDAY, total=70.0).amounts)["total"] == 70


def test_two_currencies_tell_nothing():
    mixed = pa.concat_tables([rows([10.0]), rows([10.0], currency="CNY")])
    assert dict(actuals_of(mixed, FRIDAY).amounts) == {}


def test_the_order_of_rows_does_not_matter():
    table = rows(fading(60))
    assert actuals_of(table.take(list(range(59, -1, -1))), FRIDAY) == actuals_of(table, FRIDAY)
