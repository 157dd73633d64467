"""A backtest forecasts as if each film's day were today."""

from dataclasses import replace
from datetime import date
from itertools import pairwise

import numpy as np
import pytest

from fullhouse.core.errors import CannotTellError
from fullhouse.forecast import PROBABILITIES
from fullhouse.forecast.backtest import (
    Backtest,
    Judged,
    backtest,
    classes,
    curves,
    quantiles,
    stages_of,
    together,
)
from fullhouse.forecast.baselines import comparables, log_linear
from fullhouse.forecast.history import DailyRun, History
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.forecast.outside import WEEKEND
from fullhouse.forecast.train import Rolled, roll
from tests.forecast.synthetic_market import Market, others

FIRST, LAST = 2015, 2016
HORIZONS = ("T-1", "first weekend")


@pytest.fixture(scope="module")
def judged_past(index: HistoryIndex, market: Market) -> Backtest:
    """Of a market in which others forecast the newest 140 wide films, 12 % too high."""
    forecasts = others(market.films_of("wide")[-140:], noise=0.1, factor=1.12)
    then = HistoryIndex(replace(index.history, outside=forecasts))
    return backtest(then, first_year=FIRST, last_year=LAST, horizons=HORIZONS, workers=1)


def test_it_judges_each_film_of_its_years_once_by_a_model_made_before(
    judged_past: Backtest,
) -> None:
    judged = judged_past.of("T-1", "opening_weekend")
    assert len(set(judged.films)) == len(judged.films) > 60
    assert set(judged.years.tolist()) == {FIRST, LAST}
    assert (judged.origin < judged.opening).all()
    assert all(date.fromordinal(int(o)).timetuple().tm_yday == 1 for o in judged.origin)


@pytest.mark.slow
def test_later_data_do_not_move_a_forecast(index: HistoryIndex, judged_past: Backtest) -> None:
    history = index.history
    later = date(FIRST, 12, 31).toordinal()
    changed: dict[str, DailyRun] = {}
    for film, run in history.runs.items():
        opening = index.openings[film]
        after = opening + run.offsets > later
        changed[film] = replace(
            run,
            gross=np.where(after, run.gross * 3, run.gross),
            to_date=np.where(after, run.to_date * 3, run.to_date),
        )
    then = HistoryIndex(replace(history, runs=changed))
    again = backtest(then, first_year=FIRST, last_year=LAST, horizons=("T-1",), workers=1)
    ours, others = judged_past.of("T-1", "opening_weekend"), again.of("T-1", "opening_weekend")
    where = {f: i for i, f in enumerate(others.films)}
    same = [(i, where[f]) for i, f in enumerate(ours.films) if ours.opening[i] <= later]
    assert len(same) > 30
    for i, j in same:
        np.testing.assert_allclose(ours.quantiles[i], others.quantiles[j], rtol=1e-12)


@pytest.mark.slow
def test_no_model_learns_from_a_film_of_a_series_that_it_judges(index: HistoryIndex) -> None:
    origins = [date(year, 1, 1).toordinal() for year in (2014, 2015, 2016)]
    films = [f for f in index.openings if index.history.plan(f, 10**7) == "wide"]
    films = [f for f in films if np.isfinite(index.results[f].log_weekend)]
    rolled: Rolled = roll(index, films, "cinemas", origins, workers=1)
    series = index.series(films)
    assert len(set(series.values())) < len(films), "the made-up market has sequels"
    rows = rolled.rows["T-1"]
    for origin, following in pairwise(origins):
        trained = {series[rows.films[i]] for i in rolled.trained_on[origin]}
        judged = {
            series[f]
            for f, day in zip(rows.films, rows.as_of.tolist(), strict=True)
            if origin <= day < following
        }
        assert judged
        assert not trained & judged


@pytest.mark.parametrize(
    ("horizon", "quantity"), [("T-1", "opening_weekend"), ("first weekend", "total")]
)
def test_ranges_have_the_coverage_that_they_state(
    judged_past: Backtest, horizon: str, quantity: str
) -> None:
    judged = judged_past.of(horizon, quantity)
    n = len(judged.films)
    # Three standard errors of a binomial share, and as much again for ranges of finite samples.
    slack = 3 * np.sqrt(0.8 * 0.2 / n) + 0.04
    assert abs(judged.scores().coverage[0.8].share - 0.8) < slack


def test_it_is_better_than_simple_forecasts_where_there_is_more_to_know(
    judged_past: Backtest,
) -> None:
    judged = judged_past.of("T-1", "opening_weekend")
    ours = judged.scores().log_rmse
    assert ours < judged.baseline("log-linear")[2]
    assert ours < judged.baseline("comparable films")[2]


@pytest.mark.slow
def test_the_log_linear_floor_is_a_least_squares_line_on_earlier_films(index: HistoryIndex) -> None:
    origins = [date(year, 1, 1).toordinal() for year in (2014, 2015)]
    films = [
        f
        for f in index.openings
        if index.history.plan(f, 10**7) == "wide" and np.isfinite(index.results[f].log_weekend)
    ]
    errors = roll(index, films, "cinemas", origins, workers=1).errors["T-1"]
    predicted = log_linear(index, errors, "opening_weekend", "T-1")
    assert predicted is not None
    x = np.log([index.history.fact(f, "theaters", 10**7) for f in errors.films])
    then = (errors.as_of < origins[1]) & (errors.origin == origins[0])
    known = np.array([index.results[f].weekend_known <= origins[1] for f in errors.films])
    slope, level = np.polyfit(x[then & known], errors.actual["opening_weekend"][then & known], 1)
    here = errors.origin == origins[1]
    np.testing.assert_allclose(predicted[here], level + slope * x[here], rtol=1e-9)
    assert np.isnan(predicted[errors.origin == origins[0]]).all(), (
        "nothing came before to learn from"
    )
    assert np.isfinite(comparables(index, errors, "opening_weekend")[here]).all()


def test_ranges_need_errors_of_earlier_years(
    index: HistoryIndex, rolled: dict[str, Rolled]
) -> None:
    errors = rolled["cinemas"].errors["T-1"]
    predicted = quantiles(index, errors, "opening_weekend")
    first = errors.origin == errors.origin.min()
    assert np.isnan(predicted[first]).all()
    assert np.isfinite(predicted[errors.origin == errors.origin.max()]).all()


@pytest.mark.slow
def test_films_of_a_friday_are_judged_alone_and_all_train_the_model(index: HistoryIndex) -> None:
    asked = {"first_year": LAST, "last_year": LAST, "horizons": ("first weekend",), "workers": 1}
    every = backtest(index, **asked)
    fridays = backtest(index, fridays_only=True, **asked)
    all_, some = (b.of("first weekend", "total") for b in (every, fridays))
    assert set(some.films) <= set(all_.films)
    at = [all_.films.index(f) for f in some.films]
    np.testing.assert_array_equal(all_.quantiles[at], some.quantiles)


@pytest.mark.slow
def test_days_are_foreseen_with_ranges_that_hold(
    index: HistoryIndex, judged_past: Backtest
) -> None:
    stated = curves(index, judged_past)
    assert {(c.horizon, c.day) for c in stated} >= {("T-1", 7), ("T-1", 28), ("first weekend", 28)}
    for c in stated:
        slack = 3 * np.sqrt(0.8 * 0.2 / c.films) + 0.1
        assert c.coverage > 0.8 - slack
    after = {c.day: c.median_error for c in stated if c.horizon == "first weekend"}
    assert after[7] < after[28]


def test_nine_classes() -> None:
    def judged(medians: list[float], outcome: list[float]) -> Judged:
        n = len(outcome)
        quantiles_ = np.repeat(np.array(medians)[:, None], len(PROBABILITIES), axis=1)
        zeros = np.zeros(n)
        whole = np.zeros(n, np.int64)
        names = tuple(map(str, range(n)))
        return Judged(
            "wide", "T-1", "total", names, whole, whole, quantiles_, np.array(outcome),
            zeros, zeros, zeros, {}, zeros, zeros + 1,
        )  # fmt: skip

    one = judged([5e5, 9e6, 15e6, 300e6], [9e5, 11e6, 70e6, 201e6])
    groups = classes(one)
    assert (groups.films, groups.exact, groups.within_one) == (4, 0.5, 0.75)
    both = classes(together([one, judged([5e5], [5e5])]))
    assert (both.films, both.exact) == (5, 0.6)


def test_too_few_years_cannot_be_judged(index: HistoryIndex) -> None:
    with pytest.raises(CannotTellError, match="No wide film"):
        backtest(index, first_year=2010, last_year=2010, horizons=("T-1",), workers=1)


def test_each_horizon_has_its_stage() -> None:
    assert stages_of(("T-28", "T-180", "first day")) == ["calendar", "first day"]
    assert stages_of(("T-1",)) == ["cinemas"]


def test_history_is_not_changed_by_a_backtest(history: History, judged_past: Backtest) -> None:
    assert judged_past.judged
    assert history.digest() == HistoryIndex(history).history.digest()


def test_the_same_films_are_judged_without_and_with_forecasts_by_others(
    judged_past: Backtest,
) -> None:
    weekend = next(b for b in judged_past.beside if b.quantity == WEEKEND)
    assert {(b.horizon, b.quantity) for b in judged_past.beside} == {
        ("T-1", q) for q in ("opening_day", WEEKEND, "total")
    }
    assert weekend.alone.films == weekend.blended.films
    assert set(weekend.alone.films) <= set(judged_past.of("T-1", WEEKEND).films)
    alone, blended = weekend.alone.scores(), weekend.blended.scores()
    assert blended.log_rmse < 0.6 * alone.log_rmse
    assert blended.spread < 0.7 * alone.spread
    assert blended.coverage[0.8].share > 0.6
    # They were 12 % high, and are brought down.
    bias = np.log(weekend.stated / weekend.alone.actual).mean()
    assert bias == pytest.approx(np.log(1.12), abs=0.06)
    assert abs(blended.log_bias) < 0.06
