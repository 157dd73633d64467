"""What was not entered is unknown: it counts as usual, with a note and a wider range."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.forecast import PROBABILITIES, Forecast
from fullhouse.forecast.assumptions import assumptions, with_assumptions
from fullhouse.forecast.case import case_of
from fullhouse.forecast.curve import Shape
from fullhouse.forecast.forecast import BudgetHistory, Capped, MarketUnknown, SlateUnknown
from fullhouse.forecast.history import History
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.forecast.project import project
from fullhouse.forecast.rows import outcomes
from fullhouse.forecast.train import Stage
from fullhouse.forecast.unknown import USUAL_OPENINGS, calendar, market, wider
from fullhouse.view.words.errors import error_words
from fullhouse.view.words.forecast import note_words
from tests.forecast.small_history import a_run, an_index
from tests.forecast.synthetic_market import AS_OF, Market, Truth

Stages = dict[str, Stage]


def forecast(history: History, film: str, stages: Stages, shape: Shape, **more: object) -> Forecast:
    index = HistoryIndex(history)
    return project(index, case_of(index, film), stages, shape, **more)


@pytest.fixture(scope="module")
def film(market: Market) -> Truth:
    return next(t for t in market.coming() if (t.opening - AS_OF).days > 10)


def spread(result: Forecast) -> float:
    low, high = result.ranges["opening_weekend"].between(0.8)
    return high / low


def years(per_year: int, *, last: int = 2016) -> dict[str, dict[str, object]]:
    """Films that open around 1 June of five years."""
    return {
        f"Film {y} {k}": {"opening": date(y, 6, 3) + timedelta(days=7 * (k % 5) - 14)}
        for y in range(last - 4, last + 1)
        for k in range(per_year)
    }


def test_an_empty_calendar_is_unknown_where_past_ones_were_full() -> None:
    own = {"Own": {"opening": date(2017, 6, 2)}}
    day, on = date(2017, 6, 2).toordinal(), date(2017, 5, 1).toordinal()
    result = calendar(an_index(years(10) | own, as_of=date(2017, 5, 1)), "Own", day, on)
    assert result == SlateUnknown(0, 10)
    others = {f"Other {k}": {"opening": date(2017, 6, 9)} for k in range(2)}
    full = an_index(years(10) | own | others, as_of=date(2017, 5, 1))
    assert calendar(full, "Own", day, on) is None, "a fifth of the usual is entered"
    few = an_index(years(USUAL_OPENINGS - 1) | own, as_of=date(2017, 5, 1))
    assert calendar(few, "Own", day, on) is None, "few ever open"
    ended = an_index(years(10, last=2014) | own, as_of=date(2017, 5, 1))
    assert calendar(ended, "Own", day, on) == SlateUnknown(0, 10), "nor were the years before"


def test_a_market_whose_grosses_end_is_unknown_and_no_dead_one() -> None:
    opening = date(2014, 1, 3)
    films = {f"Film {k}": {"opening": opening} for k in range(6)}
    runs = {f: a_run([1e6] * 1000) for f in films}
    last = opening + timedelta(days=999)

    def on(days: int, **more: object) -> object:
        day = last + timedelta(days=days)
        return market(an_index(films, runs=runs, as_of=day), day.toordinal())

    assert on(1) is None
    assert on(10) is None, "ten days late they still tell"
    assert on(730) == MarketUnknown(last, None)
    thin = {f: a_run([1e6] * (1000 if f == "Film 0" else 900)) for f in films}
    day = last + timedelta(days=1)
    result = market(an_index(films, runs=thin, as_of=day), day.toordinal())
    assert result == MarketUnknown(last, pytest.approx(1 / 6))


def test_without_entered_rivals_a_forecast_is_as_usual_and_wider(
    history: History,
    film: Truth,
    stages: Stages,
    shape: Shape,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = forecast(history, film.film, stages, shape)
    around = {
        f
        for f, opening in history.openings(AS_OF.toordinal()).items()
        if f != film.film and opening >= AS_OF.toordinal()
    }
    alone = history.without(around)
    result = forecast(alone, film.film, stages, shape)
    (note,) = [n for n in result.notes if isinstance(n, SlateUnknown)]
    assert note.entered < 0.2 * note.usual
    assert "count" in note_words(note)
    assert 0.8 < result.ranges["total"].median / plain.ranges["total"].median < 1.25
    # That there are none can be stated: then it is known.
    none = assumptions(["rivals=0"])
    stated = forecast(
        with_assumptions(alone, film.film, none),
        film.film,
        stages,
        shape,
        features_instead=none.features,
    )
    assert not [n for n in stated.notes if isinstance(n, SlateUnknown)]
    assert not [n for n in plain.notes if isinstance(n, SlateUnknown)]
    monkeypatch.setattr("fullhouse.forecast.unknown.calendar", lambda *given: None)
    assert spread(result) > spread(forecast(alone, film.film, stages, shape))


def test_grosses_that_end_long_ago_do_not_lower_a_forecast(
    history: History,
    film: Truth,
    stages: Stages,
    shape: Shape,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = forecast(history, film.film, stages, shape)
    ended = AS_OF - timedelta(days=100)
    runs = {f: r for f, r in history.at(ended).runs.items() if len(r.offsets)}
    result = forecast(replace(history, runs=runs), film.film, stages, shape)
    (note,) = [n for n in result.notes if isinstance(n, MarketUnknown)]
    assert note.share is None
    assert str(note.last.year) in note_words(note)
    assert 0.7 < result.ranges["total"].median / plain.ranges["total"].median < 1.4
    monkeypatch.setattr("fullhouse.forecast.unknown.market", lambda index, on: None)
    as_if_known = forecast(replace(history, runs=runs), film.film, stages, shape)
    assert spread(result) > spread(as_if_known)


@pytest.mark.parametrize(
    ("assumed", "field"),
    [("theaters=100000", "theaters"), ("budget=500000000 USD", "budget"),
     ("budget=9000000000 USD", "budget")],
)  # fmt: skip
def test_what_lies_outside_all_films_counts_as_the_nearest_and_that_is_noted(
    history: History, film: Truth, stages: Stages, shape: Shape, assumed: str, field: str
) -> None:
    more = with_assumptions(history, film.film, assumptions(["theaters=3000", assumed]))
    result = forecast(more, film.film, stages, shape)
    (note,) = [n for n in result.notes if isinstance(n, Capped)]
    assert note.field == field
    assert note.limit < note.given
    assert "counts as" in note_words(note)
    again = f"theaters={note.limit:.0f}" if field == "theaters" else f"budget={note.limit} USD"
    at_limit = forecast(
        with_assumptions(history, film.film, assumptions(["theaters=3000", again])),
        film.film,
        stages,
        shape,
    )
    medians = [r.ranges["total"].median for r in (result, at_limit)]
    assert medians[0] == pytest.approx(medians[1], rel=0.05)


def test_rivals_beyond_all_seasons_count_as_the_most_there_were(
    history: History, film: Truth, stages: Stages, shape: Shape
) -> None:
    results = []
    for text in ("rivals=1000", "rivals=100000"):
        assumed = assumptions([text])
        result = forecast(
            with_assumptions(history, film.film, assumed),
            film.film,
            stages,
            shape,
            features_instead=assumed.features,
        )
        (note,) = [n for n in result.notes if isinstance(n, Capped)]
        assert (note.field, note.given) == ("rivals", float(text.partition("=")[2]))
        assert note.limit < 50
        results.append(result.ranges["total"].median)
    assert results[0] == pytest.approx(results[1])


def test_an_assumed_budget_moves_a_forecast_as_budgets_did_in_the_past(
    history: History, film: Truth, stages: Stages, shape: Shape
) -> None:
    learned = stages["calendar"].learned_from
    budgets = learned.column("budget.log")
    low, high = np.exp(np.nanquantile(budgets, (0.1, 0.9)))
    logs = outcomes(HistoryIndex(history), learned.films, AS_OF.toordinal())

    def assumed(budget: float) -> Forecast:
        given = assumptions([f"budget={budget:.0f} USD"])
        then = with_assumptions(history, film.film, given)
        return forecast(then, film.film, stages, shape, what_if=given.values)

    cheap, dear = assumed(low), assumed(high)
    for quantity in ("opening_weekend", "total"):
        actual = getattr(logs, quantity)
        known = np.isfinite(budgets) & np.isfinite(actual)
        slope = np.polyfit(budgets[known], actual[known], 1)[0]
        moved = dear.ranges[quantity].median / cheap.ranges[quantity].median
        # The middle of past errors differs a little with the size that the models expect.
        assert moved == pytest.approx((high / low) ** slope, rel=0.1)
    (note,) = [n for n in dear.notes if isinstance(n, BudgetHistory)]
    assert note.films > 40
    assert "opened × " in note_words(note)
    product = dear.typical * np.prod([d.factor for d in dear.drivers])
    assert product == pytest.approx(dear.ranges["total"].median, rel=1e-6)


@pytest.mark.parametrize(
    "text",
    ["theaters=0", "theaters=-5", "theaters=1e9", "theaters=nan", "runtime_minutes=0",
     "runtime_minutes=1e7", "budget=0 USD", "budget=-3 USD", "budget=inf USD", "rivals=-1"],
)  # fmt: skip
def test_what_no_film_can_have_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="must be"):
        assumptions([text])


def test_a_total_of_nothing_is_unknown() -> None:
    films = {"Nothing": {"opening": date(2015, 6, 5), "total": None}}
    index = an_index(films)
    assert np.isnan(outcomes(index, ["Nothing"], AS_OF.toordinal()).total).all()


def test_widening_adds_the_variance_of_what_is_unknown() -> None:
    z = np.array([-1.96, -1.2816, 0.0, 1.2816, 1.96])
    quantiles = np.interp(PROBABILITIES, (0.025, 0.1, 0.5, 0.9, 0.975), 0.3 * z)
    widened = wider(quantiles, 0.4)
    low, high = (widened[PROBABILITIES.index(p)] for p in (0.1, 0.9))
    assert (high - low) / 2.563 == pytest.approx(0.5, rel=1e-3)
    assert wider(quantiles, 0.0) == pytest.approx(quantiles)


def test_dates_in_a_calendar_that_was_not_entered_are_not_compared() -> None:
    problem = CannotTellError(
        code="calendar_not_entered", opening=date(2017, 6, 2), territory="US", films=0, usual=12
    )
    assert "enter the films that open around that day first" in error_words(problem)
