"""Which forecasts count, under what, and what is said of them."""

import json
import math
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from fullhouse.core.errors import CannotTellError
from fullhouse.forecast import PROBABILITIES
from fullhouse.forecast.actuals import Actuals
from fullhouse.forecast.score import AGAIN, CURRENCY, WAITING, score
from fullhouse.stats import scores as stats
from fullhouse.view.words.forecast import book_words
from tests.forecast.made import a_forecast, an_entry

OPENING = date(2026, 11, 6)
DUE = {
    "opening_day": OPENING,
    "opening_weekend": date(2026, 11, 8),
    "total": date(2027, 1, 10),
}
AMOUNTS = {"opening_day": 3e6, "opening_weekend": 1.2e7, "total": 9e7}
CAME = Actuals("USD", AMOUNTS, DUE)
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
    result = score([an_entry(1, forecast)], {US: CAME})
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
    result = score(daily, {US: CAME})
    assert [r.entry for r in result.rows] == [1]
    assert result.left_out == {AGAIN: 4}


def test_each_horizon_film_and_market_counts():
    entries = [
        an_entry(1, a_forecast()),
        an_entry(2, a_forecast(horizon="T-1", as_of=date(2026, 11, 5))),
        an_entry(3, a_forecast("b-2026")),
        an_entry(4, a_forecast(territory="CN", currency="CNY")),
    ]
    truths = {US: CAME, ("b-2026", "US"): CAME, ("a-2026", "CN"): replace(CAME, currency="CNY")}
    result = score(entries, truths)
    assert (len(result.rows), result.films) == (12, 3)
    by = {(x.group, x.quantity): x for x in result.by("horizon")}
    assert by["T-7", "total"].films == 3
    assert by["T-1", "total"].films == 1
    assert [x.group for x in result.by("horizon") if x.quantity == "total"] == ["T-7", "T-1"]


def test_a_forecast_issued_after_the_fact_does_not_count():
    issued = {1: "2026-11-06", 2: "2026-11-07", 3: "2026-11-09", 4: "2027-01-11"}
    for number, day in issued.items():
        result = score([an_entry(number, a_forecast(), issued=day)], {US: CAME})
        due = {q for q, last in DUE.items() if date.fromisoformat(day) <= last}
        assert {r.quantity for r in result.rows} == due, day
        back = score([an_entry(1, a_forecast(), issued=day)], {US: CAME}, looking_back=True)
        assert {r.quantity for r in back.rows} == set(DUE) - due, day


def test_a_later_look_back_does_not_push_out_the_forecast_that_counts():
    back = an_entry(1, a_forecast(medians={"total": 9e7}), issued="2028-01-01")
    real = an_entry(2, a_forecast(medians={"total": 1e7}))
    assert [r.entry for r in score([back, real], {US: CAME}).rows] == [2]


def test_another_currency_does_not_count():
    result = score([an_entry(1, a_forecast(currency="CNY"))], {US: CAME})
    assert result.rows == ()
    assert result.left_out == {CURRENCY: 3}


def test_groups_are_those_of_the_forecast_and_films_are_the_units():
    entries, truths = [], {}
    for k in range(6):
        film, groups = f"f{k}-2026", {"size": "big" if k < 2 else "small", "genre": "horror"}
        truths[film, "US"] = CAME
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
    result = score([an_entry(1, a_forecast())], {US: CAME})
    values = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert values["figures"][0]["scores"]["r2_log"] is None
    assert values["figures"][0]["scores"]["coverage"]["80%"]["n"] == 1
    assert values["rows"][0]["as_of"] == "2026-10-30"


def test_rows_as_a_table():
    table = score([an_entry(1, a_forecast())], {US: CAME}).to_arrow()
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
        score([entry], {US: CAME})
