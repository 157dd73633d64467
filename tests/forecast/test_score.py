"""Which forecasts count, under what, and what is said of them."""

import json
import math
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from fullhouse.core.errors import CannotTellError
from fullhouse.forecast import PROBABILITIES
from fullhouse.forecast.score import (
    AGAIN,
    CURRENCY,
    WAITING,
    Actuals,
    actuals_of,
    score,
    settled,
    weekend_of,
)
from fullhouse.stats import scores as stats
from fullhouse.view.words.forecast import book_words
from tests.forecast.sample_forecasts import a_forecast, an_entry

OPENING = date(2026, 11, 6)
DUE = {
    "opening_day": OPENING,
    "opening_weekend": date(2026, 11, 8),
    "total": date(2027, 1, 10),
}
AMOUNTS = {"opening_day": 3e6, "opening_weekend": 1.2e7, "total": 9e7}
ACTUALS = Actuals("USD", AMOUNTS, DUE)
US = ("a-2026", "US")


def test_a_forecast_is_scored_for_what_has_come_true():
    early = Actuals("USD", {"opening_day": 3e6}, DUE)
    result = score([an_entry(1, a_forecast())], {US: early})
    assert [r.quantity for r in result.rows] == ["opening_day"]
    assert result.left_out == {WAITING: 2}
    row = result.rows[0]
    assert (row.median, row.actual, row.lead_days) == (pytest.approx(4e6), 3e6, 7)
    assert row.log_error == pytest.approx(math.log(4 / 3))
    assert row.inside_50


def test_rows_say_the_same_as_the_score_functions():
    forecast = a_forecast()
    result = score([an_entry(1, forecast)], {US: ACTUALS})
    for row in result.rows:
        r = forecast.ranges[row.quantity]
        q, y, p = np.array([r.quantiles]), np.array([row.actual]), np.array(PROBABILITIES)
        assert row.crps == pytest.approx(stats.crps(q, y, p)[0])
        assert row.pit == pytest.approx(1 - r.passes(row.actual))
        assert (row.low, row.high) == pytest.approx(r.between(0.8))
        for level in (0.5, 0.8, 0.95):
            low, high = r.between(level)
            assert getattr(row, f"inside_{round(100 * level)}") == (low <= row.actual <= high)


def test_issuing_daily_counts_once_with_the_first():
    daily = [
        an_entry(k + 1, a_forecast(medians={"total": 1e7 * (k + 1)}), issued=f"2026-11-0{k + 1}")
        for k in range(5)
    ]
    result = score(daily, {US: ACTUALS})
    assert [r.entry for r in result.rows] == [1]
    assert result.left_out == {AGAIN: 4}


def test_each_horizon_film_and_market_counts():
    entries = [
        an_entry(1, a_forecast()),
        an_entry(2, a_forecast(horizon="T-1", as_of=date(2026, 11, 5))),
        an_entry(3, a_forecast("b-2026")),
        an_entry(4, a_forecast(territory="CN", currency="CNY")),
    ]
    truths = {
        US: ACTUALS,
        ("b-2026", "US"): ACTUALS,
        ("a-2026", "CN"): replace(ACTUALS, currency="CNY"),
    }
    result = score(entries, truths)
    assert (len(result.rows), result.films) == (12, 3)
    by = {(x.group, x.quantity): x for x in result.by("horizon")}
    assert by["T-7", "total"].films == 3
    assert by["T-1", "total"].films == 1
    assert [x.group for x in result.by("horizon") if x.quantity == "total"] == ["T-7", "T-1"]


def test_a_forecast_issued_after_the_fact_does_not_count():
    issued = {1: "2026-11-06", 2: "2026-11-07", 3: "2026-11-09", 4: "2027-01-11"}
    for number, day in issued.items():
        result = score([an_entry(number, a_forecast(), issued=day)], {US: ACTUALS})
        due = {q for q, last in DUE.items() if date.fromisoformat(day) <= last}
        assert {r.quantity for r in result.rows} == due, day
        back = score([an_entry(1, a_forecast(), issued=day)], {US: ACTUALS}, looking_back=True)
        assert {r.quantity for r in back.rows} == set(DUE) - due, day


def test_a_later_look_back_does_not_push_out_the_forecast_that_counts():
    back = an_entry(1, a_forecast(medians={"total": 9e7}), issued="2028-01-01")
    real = an_entry(2, a_forecast(medians={"total": 1e7}))
    assert [r.entry for r in score([back, real], {US: ACTUALS}).rows] == [2]


def test_what_was_issued_before_the_opening_was_known_is_scored_from_the_first_outcome():
    forecast = a_forecast(horizon="greenlight")
    entry = an_entry(1, forecast)
    entry = replace(entry, payload=json.dumps({**entry.forecast, "opening": None}))
    rows = score([entry], {US: ACTUALS}).rows
    assert {r.lead_days for r in rows} == {(OPENING - forecast.as_of).days}


def test_another_currency_does_not_count():
    result = score([an_entry(1, a_forecast(currency="CNY"))], {US: ACTUALS})
    assert result.rows == ()
    assert result.left_out == {CURRENCY: 3}


def test_groups_are_those_of_the_forecast_and_films_are_the_units():
    entries, truths = [], {}
    for k in range(6):
        film, groups = f"f{k}-2026", {"size": "big" if k < 2 else "small", "genre": "horror"}
        truths[film, "US"] = ACTUALS
        for horizon, days in (("T-28", 28), ("T-7", 7)):
            as_of = OPENING - timedelta(days=days)
            forecast = a_forecast(film, horizon=horizon, as_of=as_of, groups=groups)
            entries.append(an_entry(len(entries) + 1, forecast))
    result = score(entries, truths)
    sizes = {x.group: x for x in result.by("size") if x.quantity == "total"}
    assert list(sizes) == ["small", "big"]
    assert (sizes["small"].films, sizes["small"].scores.n) == (4, 8)
    assert result.by("franchise") == []
    whole = result.by("all")[0]
    assert (whole.films, whole.scores.n) == (6, 12)
    assert whole.scores.coverage[0.8] == stats.share(12, 12, independent=6)
    r = result.reliability["total"]
    assert (r.n, r.independent) == (12, 6)


def test_an_empty_book_and_one_that_waits_say_so():
    assert "no forecast yet" in book_words(score([], {}))
    waiting = score([an_entry(1, a_forecast())], {})
    assert book_words(waiting) == (
        "1 forecast issued, none with a known outcome (3: the outcome is not known yet)."
    )
    assert waiting.figures == ()


def test_json_has_no_number_that_is_none():
    result = score([an_entry(1, a_forecast())], {US: ACTUALS})
    values = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert values["figures"][0]["scores"]["r2_log"] is None
    assert values["figures"][0]["scores"]["coverage"]["80%"]["n"] == 1
    assert values["rows"][0]["as_of"] == "2026-10-30"


def test_rows_as_a_table():
    table = score([an_entry(1, a_forecast())], {US: ACTUALS}).to_arrow()
    assert table.num_rows == 3
    assert table["genre"].to_pylist() == ["comedy"] * 3
    assert score([], {}).to_arrow().schema == table.schema


def test_a_simulated_forecast_makes_the_book_simulated():
    assert score([an_entry(1, a_forecast(simulated=True))], {}).simulated


def test_other_probabilities_are_not_guessed_at():
    entry = an_entry(7, a_forecast())
    changed = entry.forecast
    changed["ranges"]["total"]["probabilities"][0] = 0.01
    entry = replace(entry, payload=json.dumps(changed))
    with pytest.raises(CannotTellError, match="Entry 7"):
        score([entry], {US: ACTUALS})


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


def test_two_currencies_cannot_be_compared():
    mixed = pa.concat_tables([rows([10.0]), rows([10.0], currency="CNY")])
    assert dict(actuals_of(mixed, FRIDAY).amounts) == {}


def test_the_order_of_rows_does_not_matter():
    table = rows(fading(60))
    assert actuals_of(table.take(list(range(59, -1, -1))), FRIDAY) == actuals_of(table, FRIDAY)
