"""A forecast put together: what is known is known, ranges, chances, comps, what-if."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.forecast import PROBABILITIES, Forecast
from fullhouse.forecast.assumptions import assumptions, with_assumptions
from fullhouse.forecast.case import case_of, log_to_date, row_of, stages_needed
from fullhouse.forecast.curve import Shape
from fullhouse.forecast.forecast import (
    CompsMove,
    CompsUnused,
    FactsMissing,
    OtherCurrency,
    PlanAssumed,
    RangesOf,
)
from fullhouse.forecast.history import History
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.forecast.project import _range, latest_cutoff, project
from fullhouse.forecast.train import Stage, predict
from tests.forecast.synthetic_market import AS_OF, Market, Truth

Stages = dict[str, Stage]


def made(
    history: History, film: str, stages: Stages, shape: Shape | None, **more: object
) -> Forecast:
    index = HistoryIndex(history)
    return project(index, case_of(index, film), stages, shape, **more)


@pytest.fixture(scope="module")
def film(market: Market) -> Truth:
    """One that opens a fortnight or more after the day."""
    return next(t for t in market.coming() if (t.opening - AS_OF).days > 10)


@pytest.fixture(scope="module")
def running(market: Market) -> Truth:
    """One whose first weekend was over on the day."""
    return next(t for t in reversed(market.films_of("wide")) if (AS_OF - t.opening).days >= 7)


@pytest.fixture(scope="module")
def weekend(running: Truth) -> date:
    """The Monday after its opening."""
    return running.opening + timedelta(days=3)


@pytest.fixture(scope="module")
def coming(history: History, film: Truth, stages: Stages, shape: Shape) -> Forecast:
    return made(history, film.film, stages, shape)


@pytest.fixture(scope="module")
def opened(
    history: History, running: Truth, weekend: date, stages: Stages, shape: Shape
) -> Forecast:
    return made(history.at(weekend), running.film, stages, shape)


def test_before_the_opening_everything_is_a_range(coming: Forecast, film: Truth) -> None:
    assert set(coming.ranges) == {"opening_day", "opening_weekend", "total"}
    assert (coming.known, coming.to_date) == ({}, 0.0)
    assert coming.opening == film.opening
    medians = [coming.ranges[q].median for q in ("opening_day", "opening_weekend", "total")]
    assert medians == sorted(medians)
    low, high = coming.ranges["total"].between(0.95)
    assert low < film.total < high


def test_what_has_come_true_is_known_and_not_forecast(opened: Forecast, running: Truth) -> None:
    assert set(opened.ranges) == {"total"}
    assert opened.horizon == "first weekend"
    assert opened.known["opening_weekend"] == pytest.approx(running.weekend)
    assert opened.to_date == pytest.approx(running.weekend)


def test_no_range_is_under_what_was_taken(opened: Forecast) -> None:
    assert min(opened.ranges["total"].quantiles) >= opened.to_date
    assert all(d.cumulative[0] >= opened.to_date for d in opened.days)


def test_amounts_below_what_was_taken_are_raised_to_it(
    history: History, running: Truth, weekend: date
) -> None:
    first = history.at(running.opening + timedelta(days=1))
    index = HistoryIndex(first)
    asked, low = case_of(index, running.film), np.full(len(PROBABILITIES), 1.0)
    taken = first.run(running.film).on(0)
    for quantity in ("opening_weekend", "total"):
        assert _range(quantity, low, asked, index).quantiles == pytest.approx([taken] * len(low))
    whole = HistoryIndex(history.at(weekend))
    result = _range("total", low, case_of(whole, running.film), whole)
    assert result.median == pytest.approx(running.weekend)


def test_the_range_narrows_once_the_weekend_is_known(coming: Forecast, opened: Forecast) -> None:
    def width(result: Forecast) -> float:
        low, high = result.ranges["total"].between(0.8)
        return high / low

    assert width(opened) < width(coming)


@pytest.mark.parametrize("which", ["coming", "opened"])
def test_days_add_up_to_the_total_and_begin_where_nothing_is_known(
    request: pytest.FixtureRequest, which: str
) -> None:
    result: Forecast = request.getfixturevalue(which)
    first = result.opening if not result.to_date else result.as_of
    days = [d.day for d in result.days]
    assert days == [first + timedelta(days=k) for k in range(len(days))]
    assert result.days[-1].cumulative[3] == pytest.approx(result.ranges["total"].median, rel=0.02)
    for day in result.days:
        assert list(day.quantiles) == sorted(day.quantiles)


def test_chances_fall_as_the_amount_grows_and_the_median_is_passed_half_the_time(
    coming: Forecast, opened: Forecast
) -> None:
    for result in (coming, opened):
        total = result.ranges["total"]
        amounts = np.geomspace(total.quantiles[0] / 4, total.quantiles[-1] * 4, 60)
        chances = [result.passes(float(a)) for a in amounts]
        assert chances == sorted(chances, reverse=True)
        assert result.passes(total.median) == pytest.approx(0.5)
        for p, q in zip(PROBABILITIES[1:-1], total.quantiles[1:-1], strict=True):
            if total.quantiles.count(q) == 1:
                assert result.passes(q) == pytest.approx(1 - p)
    assert opened.passes(1.0, quantity="opening_weekend") == 1.0
    assert opened.passes(1e12, quantity="opening_weekend") == 0.0


def test_the_drivers_lead_from_a_typical_film_to_the_median(
    coming: Forecast, opened: Forecast
) -> None:
    for result in (coming, opened):
        product = result.typical * np.prod([d.factor for d in result.drivers])
        assert product == pytest.approx(result.ranges["total"].median)
        assert len({d.name for d in result.drivers}) == len(result.drivers)


def test_comps_opened_before_and_have_reasons(coming: Forecast) -> None:
    assert 1 <= len(coming.comps) <= 8
    assert all(c.opening < coming.as_of for c in coming.comps)
    alike = [c.similarity for c in coming.comps]
    assert alike == sorted(alike, reverse=True)
    assert any(c.why for c in coming.comps)
    assert coming.film not in {c.film for c in coming.comps}


def test_comps_of_the_user_move_it_by_the_weight_that_they_were_worth(
    history: History, film: Truth, market: Market, stages: Stages, shape: Shape, coming: Forecast
) -> None:
    large = max(market.films_of("wide")[-120:-20], key=lambda t: t.weekend)
    weight = 0.4
    stage = replace(stages["calendar"], comps_weight=weight)
    result = made(history, film.film, {**stages, "calendar": stage}, shape, comps=[large.film])
    none = made(
        history,
        film.film,
        {**stages, "calendar": replace(stage, comps_weight=0.0)},
        shape,
        comps=[large.film],
    )
    assert [c.film for c in result.comps] == [large.film]
    index = HistoryIndex(history)
    comps_log = index.results[large.film].log_weekend + index.log_price(
        film.opening.toordinal(), AS_OF.toordinal()
    )
    assert none.ranges["total"].median == pytest.approx(coming.ranges["total"].median)
    moved = np.log(result.ranges["total"].median / none.ranges["total"].median)
    assert moved == pytest.approx(
        np.log(result.ranges["opening_weekend"].median / none.ranges["opening_weekend"].median)
    )
    asked = case_of(index, film.film)
    centre = predict("calendar", stage.models, row_of(index, asked, {}), log_to_date(index, asked))
    own = float(centre["opening_weekend"][0]) + index.log_price(
        film.opening.toordinal(), AS_OF.toordinal()
    )
    assert moved == pytest.approx(weight * (comps_log - own))
    assert any(isinstance(n, CompsMove) and n.weight == 0.4 for n in result.notes)


def test_once_a_run_is_known_comps_are_shown_and_move_nothing(
    history: History,
    running: Truth,
    weekend: date,
    market: Market,
    stages: Stages,
    opened: Forecast,
) -> None:
    other = market.films_of("wide")[0].film
    result = made(history.at(weekend), running.film, stages, None, comps=[other])
    assert result.ranges == opened.ranges
    assert [c.film for c in result.comps] == [other]
    assert CompsUnused() in result.notes


def test_a_comp_that_is_not_there_or_has_not_opened_is_refused(
    history: History, film: Truth, market: Market, stages: Stages
) -> None:
    with pytest.raises(InputError, match="No comp 'nothing'"):
        made(history, film.film, stages, None, comps=["nothing"])
    later = market.coming()[-1].film
    with pytest.raises(InputError, match=f"'{later}' cannot be a comp"):
        made(history, film.film, stages, None, comps=[later])


def test_more_cinemas_are_forecast_to_take_more(
    history: History, film: Truth, stages: Stages
) -> None:
    totals = []
    for theaters in (1900, 4000):
        what = assumptions([f"theaters={theaters}"])
        result = made(
            with_assumptions(history, film.film, what), film.film, stages, None, what_if=what.values
        )
        assert result.what_if == {"theaters": theaters}
        assert result.facts["theaters"].origin == "assumed"
        assert RangesOf("T-1") in result.notes
        totals.append(result.ranges["total"].median)
    assert totals[1] > 1.2 * totals[0]


def test_rivals_that_are_supposed_reach_the_models(
    history: History, film: Truth, stages: Stages
) -> None:
    what = assumptions(["rivals=5"])
    result = made(history, film.film, stages, None, features_instead=what.features)
    plain = made(history, film.film, stages, None)
    assert what.features == {"slate.same": 5.0}
    assert result.ranges["total"].quantiles != plain.ranges["total"].quantiles


def test_missing_inputs_are_named(history: History, film: Truth, stages: Stages) -> None:
    on = AS_OF.toordinal()
    facts = {f: dict(v) for f, v in history.facts.items()}
    for name in ("budget", "plan"):
        facts[film.film][name] = [*facts[film.film][name], (on, None, "user")]
    result = made(replace(history, facts=facts), film.film, stages, None)
    assert FactsMissing(("budget", "theaters")) in result.notes
    assert PlanAssumed("wide") in result.notes
    facts[film.film]["budget"] = [(on, [9e7, "EUR"], "user")]
    foreign = made(replace(history, facts=facts), film.film, stages, None)
    assert OtherCurrency("EUR", "USD") in foreign.notes


def test_on_the_eve_without_cinemas_the_nearest_horizon_sets_the_width(
    history: History, market: Market, stages: Stages
) -> None:
    film = market.coming()[0]
    eve = film.opening - timedelta(days=1)
    facts = {f: dict(v) for f, v in history.facts.items()}
    facts[film.film].pop("theaters", None)
    then = replace(history, as_of=eve, facts=facts)
    result = made(then, film.film, stages, None)
    assert result.horizon == "T-1"
    assert RangesOf("T-7") in result.notes


def test_a_film_that_is_not_there_or_has_no_opening_is_the_users_mistake(
    history: History, film: Truth
) -> None:
    with pytest.raises(InputError, match=f"Did you mean '{film.film}'"):
        case_of(HistoryIndex(history), film.film.replace("2017", "2016"))
    facts = {f: dict(v) for f, v in history.facts.items()}
    del facts[film.film]["opening"]
    with pytest.raises(InputError, match="fullhouse film set"):
        case_of(HistoryIndex(replace(history, facts=facts)), film.film)


def test_a_run_without_its_first_day_cannot_be_forecast(history: History, running: Truth) -> None:
    run = history.run(running.film)
    late = type(run)(run.offsets[1:], run.gross[1:], run.to_date[1:], run.theaters[1:])
    broken = replace(history, runs={**history.runs, running.film: late})
    with pytest.raises(CannotTellError, match="first day"):
        case_of(HistoryIndex(broken), running.film)


def test_the_stage_is_chosen_by_what_is_known(
    history: History, film: Truth, running: Truth
) -> None:
    index = HistoryIndex(history)
    assert case_of(index, film.film).stage == "calendar"
    known = with_assumptions(history, film.film, assumptions(["theaters=3000"]))
    assert case_of(HistoryIndex(known), film.film).stage == "cinemas"
    asked = case_of(index, running.film)
    assert asked.days == (AS_OF - running.opening).days
    needed = stages_needed(asked)
    assert needed[0] == asked.stage
    assert len(set(needed)) == len(needed)


def test_the_same_question_has_the_same_answer(
    history: History, film: Truth, stages: Stages, shape: Shape, coming: Forecast
) -> None:
    assert made(history, film.film, stages, shape).to_dict() == coming.to_dict()


def test_models_learn_up_to_the_first_of_the_month() -> None:
    assert latest_cutoff(date(2017, 1, 31)) == date(2017, 1, 1)
    assert latest_cutoff(date(2017, 9, 30), every="quarter") == date(2017, 7, 1)
    assert latest_cutoff(date(2017, 10, 1), every="quarter") == date(2017, 10, 1)
