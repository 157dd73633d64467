"""Forecasts by others: what they are worth is learned from the past, and nothing of later."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse.forecast.case import case_of
from fullhouse.forecast.curve import Shape
from fullhouse.forecast.forecast import OutsideMoves, OutsideUncompared, OutsideUnproven
from fullhouse.forecast.history import History, OutsideForecast
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.forecast.outside import (
    FEWEST_FILMS,
    WEEKEND,
    Comparison,
    WeekendShares,
    blend,
    covered_days,
    newest,
    records,
    stated,
)
from fullhouse.forecast.project import project
from fullhouse.forecast.score import weekend_of
from fullhouse.forecast.train import Stage
from tests.forecast.small_history import a_run, an_index
from tests.forecast.synthetic_market import AS_OF, Market, Truth, others

TRADE = ("trade", "T-1")


@pytest.fixture(scope="module")
def eve(market: Market) -> Truth:
    """A wide film, to be forecast on its eve."""
    return next(t for t in market.coming() if t.opening > AS_OF)


def on_the_eve(
    history: History,
    film: Truth,
    forecasts: dict[str, list[OutsideForecast]],
    stages: dict[str, Stage],
    shape: Shape,
) -> object:
    day = film.opening - timedelta(days=1)
    index = HistoryIndex(replace(history.at(AS_OF), as_of=day, outside=forecasts).at(day))
    return project(index, case_of(index, film.film), stages, shape)


@pytest.mark.parametrize(
    ("opening", "days", "covered"),
    [
        (date(2017, 1, 13), 3, (0, 2)),
        (date(2017, 1, 13), 4, (0, 3)),
        (date(2017, 6, 21), 3, (2, 4)),
        (date(2017, 6, 21), 5, (0, 4)),
        (date(2017, 6, 21), 4, (2, 5)),
        (date(2018, 7, 14), 2, (0, 1)),
    ],
    ids=["friday", "with Monday", "Wednesday's Friday", "from Wednesday", "its Monday", "Saturday"],
)
def test_a_figure_covers_its_days(opening: date, days: int, covered: tuple[int, int]) -> None:
    assert covered_days(opening.toordinal(), days) == covered


def test_a_four_day_figure_is_not_a_three_day_one() -> None:
    """On the weekends of one holiday Monday Friday to Sunday took 80 %, on those of others 60 %."""
    labor = [date(2008, 8, 29), date(2009, 9, 4), date(2010, 9, 3), date(2011, 9, 2),
             date(2012, 8, 31)]  # fmt: skip
    memorial = [date(2008, 5, 23), date(2009, 5, 22), date(2010, 5, 28), date(2011, 5, 27),
                date(2012, 5, 25)]  # fmt: skip
    runs = {f"Labor {d.year}": a_run([4e6, 2e6, 2e6, 2e6]) for d in labor}
    runs |= {f"Memorial {d.year}": a_run([2e6, 2e6, 2e6, 4e6]) for d in memorial}
    films = {f"Labor {d.year}": {"opening": d} for d in labor}
    films |= {f"Memorial {d.year}": {"opening": d} for d in memorial}
    shares = WeekendShares(an_index(films, runs=runs))
    on = date(2013, 1, 1).toordinal()

    def share(opening: date, days: int, on: int = on) -> float | None:
        log = shares.log_share(opening.toordinal(), days, on)
        return None if log is None else round(float(np.exp(log)), 6)

    assert share(date(2013, 8, 30), 4) == 0.8
    assert share(date(2013, 5, 24), 4) == 0.6
    assert share(date(2013, 1, 18), 4) == 0.692820, "another holiday: the median of all, in logs"
    assert share(date(2013, 3, 1), 4) is None, "no Monday that was none is known"
    assert share(date(2013, 3, 1), 3) == 1.0
    assert share(date(2013, 8, 30), 4, date(2008, 9, 1).toordinal()) is None, "nothing of later"


def made_up(
    n: int, *, theirs: float, ours: float, factor: float = 1.0, seed: int = 0
) -> tuple[Comparison, np.ndarray]:
    """Past films with errors of some size in logs, a week apart, and the truths of n more."""
    rng = np.random.default_rng(seed)
    truth = 16 + rng.standard_normal(n)
    ends = np.arange(n, dtype=np.int64) * 7 + 10
    comparison = Comparison(
        tuple(f"film-{i}" for i in range(n)),
        {TRADE: truth + np.log(factor) + theirs * rng.standard_normal(n)},
        {WEEKEND: truth + ours * rng.standard_normal(n)},
        {WEEKEND: truth},
        {WEEKEND: ends},
    )
    return comparison, truth


def test_the_weight_is_the_skill_that_was_measured() -> None:
    sharp, _ = made_up(80, theirs=0.2, ours=0.6)
    poor, _ = made_up(80, theirs=1.5, ours=0.3)
    given, ours = {TRADE: 16.0}, {WEEKEND: 16.0}
    high, low = (blend(c, given, ours, 10_000) for c in (sharp, poor))
    assert high is not None
    assert low is not None
    assert high.weight > 0.8
    assert low.weight < 0.3


def test_a_source_that_is_high_is_brought_down() -> None:
    comparison, _ = made_up(100, theirs=0.05, ours=1.0, factor=1.3)
    result = blend(comparison, {TRADE: 17.0}, {WEEKEND: 15.0}, 10_000)
    assert result is not None
    assert 15.0 + result.shift == pytest.approx(17.0 - np.log(1.3), abs=0.08)


def test_nothing_moves_before_enough_films_have_opened() -> None:
    comparison, _ = made_up(30, theirs=0.2, ours=0.6)
    ends = comparison.known_on[WEEKEND]
    given, ours = {TRADE: 16.0}, {WEEKEND: 16.0}
    assert blend(comparison, given, ours, int(ends[FEWEST_FILMS - 2])) is None
    first = blend(comparison, given, ours, int(ends[FEWEST_FILMS - 1]))
    assert first is not None
    assert first.films == FEWEST_FILMS
    assert blend(comparison, {("another", "T-1"): 16.0}, ours, 10_000) is None
    assert blend(comparison, {("trade", "T-28"): 16.0}, ours, 10_000) is None, "another distance"


@settings(max_examples=25, deadline=None)
@given(
    at=st.integers(FEWEST_FILMS, 29),
    factors=st.lists(st.floats(0.1, 10), min_size=30, max_size=30),
)
def test_films_that_opened_later_cannot_change_a_blend(at: int, factors: list[float]) -> None:
    comparison, _ = made_up(30, theirs=0.3, ours=0.6)
    on = int(comparison.known_on[WEEKEND][at - 1])
    later = np.where(comparison.known_on[WEEKEND] > on, np.log(factors), 0.0)
    changed = replace(
        comparison,
        actual={WEEKEND: comparison.actual[WEEKEND] + later},
        stated={TRADE: comparison.stated[TRADE] - later},
    )
    results = [blend(c, {TRADE: 16.5}, {WEEKEND: 16.0}, on) for c in (comparison, changed)]
    assert results[0] is not None
    assert results[1] is not None
    assert results[0].shift == results[1].shift
    assert results[0].quantiles[WEEKEND].tolist() == results[1].quantiles[WEEKEND].tolist()


@pytest.mark.parametrize("n", [FEWEST_FILMS, 20])
def test_ranges_of_a_blend_hold_what_they_state(n: int) -> None:
    held = []
    for seed in range(200):
        comparison, truth = made_up(n + 1, theirs=0.3, ours=0.6, seed=seed)
        on = int(comparison.known_on[WEEKEND][-1]) - 1
        theirs = float(comparison.stated[TRADE][-1])
        ours = float(comparison.predicted[WEEKEND][-1])
        result = blend(comparison, {TRADE: theirs}, {WEEKEND: ours}, on)
        assert result is not None
        logs = ours + result.shift + result.quantiles[WEEKEND]
        assert (np.diff(logs) >= 0).all()
        held.append(logs[2] <= truth[-1] <= logs[-3])
    # Of 200 at 80 %, a standard deviation is 0.028.
    assert 0.65 <= np.mean(held) <= 0.95


def test_two_sources_count_by_their_precision() -> None:
    comparison, truth = made_up(80, theirs=0.1, ours=1.0)
    rough = truth + 0.8 * np.random.default_rng(5).standard_normal(80)
    both = replace(comparison, stated=comparison.stated | {("rough", "T-1"): rough})
    given = {TRADE: 17.0, ("rough", "T-1"): 14.0}
    result = blend(both, given, {WEEKEND: 15.5}, 10_000)
    assert result is not None
    assert 15.5 + result.shift == pytest.approx(17.0, abs=0.25)


def test_a_forecast_with_others_is_narrower_and_says_so(
    history: History, market: Market, eve: Truth, stages: dict[str, Stage], shape: Shape
) -> None:
    past = market.films_of("wide")[-60:]
    forecasts = others([*past, eve], noise=0.1, factor=1.12)
    plain = on_the_eve(history, eve, {}, stages, shape)
    result = on_the_eve(history, eve, forecasts, stages, shape)
    low, high = result.ranges[WEEKEND].between(0.8)
    plain_low, plain_high = plain.ranges[WEEKEND].between(0.8)
    assert high / low < 0.7 * plain_high / plain_low
    assert result.ranges[WEEKEND].median == pytest.approx(eve.weekend, rel=0.45)
    (view,) = result.outside
    assert (view.source, view.days, view.used) == ("trade", 3, True)
    assert view.weekend == pytest.approx(view.mid)
    (move,) = [n for n in result.notes if isinstance(n, OutsideMoves)]
    assert move.sources == ("trade",)
    factor = next(d.factor for d in result.drivers if d.name == "outside")
    assert factor == pytest.approx(move.factor)
    product = result.typical * float(np.prod([d.factor for d in result.drivers]))
    assert product == pytest.approx(result.ranges["total"].median)
    assert "outside" not in {d.name for d in plain.drivers}


def test_an_unproven_source_moves_nothing_and_that_is_noted(
    history: History, market: Market, eve: Truth, stages: dict[str, Stage], shape: Shape
) -> None:
    few = market.films_of("wide", opened_by=date(2016, 12, 1))[-3:]
    plain = on_the_eve(history, eve, {}, stages, shape)
    result = on_the_eve(history, eve, others([*few, eve], noise=0.1), stages, shape)
    assert result.ranges == plain.ranges
    assert OutsideUnproven("trade", 3, FEWEST_FILMS) in result.notes
    assert [v.used for v in result.outside] == [False]


def test_days_that_cannot_be_compared_move_nothing(
    history: History, market: Market, eve: Truth, stages: dict[str, Stage], shape: Shape
) -> None:
    made = (eve.opening - timedelta(days=1)).toordinal()
    odd = {eve.film: [OutsideForecast("trade", made, made, 6, 5e7)]}
    result = on_the_eve(history, eve, odd, stages, shape)
    assert result.outside[0].used is False
    assert any(isinstance(n, OutsideUncompared | OutsideUnproven) for n in result.notes)


def test_the_newest_forecast_before_the_opening_counts() -> None:
    opening = date(2016, 6, 3)
    day = opening.toordinal()
    index = an_index({"Otter Lake": {"opening": opening}})
    index = HistoryIndex(
        replace(
            index.history,
            outside={
                "Otter Lake": [
                    OutsideForecast("trade", day - 20, day - 20, 3, 1e7),
                    OutsideForecast("trade", day - 1, day - 1, 3, 2e7),
                    OutsideForecast("trade", day - 2, day + 1, 3, 3e7),
                    OutsideForecast("trade", day, day, 3, 4e7),
                ]
            },
        )
    )
    shares = WeekendShares(index)
    counted = newest(stated(index, shares, "Otter Lake", day, day - 1))
    assert [(c, s.forecast.mid) for c, s in counted.items()] == [(TRADE, 2e7)]
    early = newest(stated(index, shares, "Otter Lake", day, day - 10))
    assert [(c, s.forecast.mid) for c, s in early.items()] == [(("trade", "T-28"), 1e7)]


def test_the_record_of_a_source_holds_its_bias_and_its_ranges() -> None:
    openings = [date(2015, 1, 2) + timedelta(weeks=4 * k) for k in range(20)]
    films = {f"Film {k}": {"opening": d} for k, d in enumerate(openings)}
    runs = {f: a_run([4e6, 4e6, 2e6]) for f in films}
    forecasts = {}
    for k, (film, facts) in enumerate(films.items()):
        made = facts["opening"].toordinal() - 1
        mid = 1.12e7
        low = 0.98e7 if k < 5 else 1.05e7
        forecasts[film] = [OutsideForecast("trade", made, made, 3, mid, low, 1.2e7)]
    index = an_index(films, runs=runs)
    (record,) = records(HistoryIndex(replace(index.history, outside=forecasts)))
    assert (record.source, record.horizon) == TRADE
    every = next(g for g in record.groups if g.group == "all")
    assert (every.films, every.ranges, every.inside) == (20, 20, 5)
    assert every.factor == pytest.approx(1 / 1.12)
    assert every.median_error == pytest.approx(0.12)


def test_every_day_of_an_opening_weekend_is_covered() -> None:
    """As the score book counts them."""
    for k in range(7):
        opening = date(2017, 3, 1) + timedelta(days=k)
        days = weekend_of(opening)
        first, last = covered_days(opening.toordinal(), 3)
        assert (opening + timedelta(days=first)) == days[0]
        assert last - first == 2
