"""Cinemas that are expected before they are booked: numbers, ranges and size classes."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullhouse.core.errors import InputError
from fullhouse.films import SIZE_CLASSES, check_value, expects_wide, parse_value
from fullhouse.forecast import Forecast
from fullhouse.forecast.case import case_of
from fullhouse.forecast.curve import Shape
from fullhouse.forecast.forecast import CinemasExpected, FactsMissing
from fullhouse.forecast.history import History
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.forecast.project import project
from fullhouse.forecast.release_plan import release_plan
from fullhouse.forecast.train import Stage
from fullhouse.view.words.forecast import cinemas_words, note_words
from tests.forecast.synthetic_market import AS_OF, Market, Truth

Stages = dict[str, Stage]


@pytest.fixture(scope="module")
def film(market: Market) -> Truth:
    """Whose cinemas are not booked yet."""
    return next(t for t in market.coming() if (t.opening - AS_OF).days > 10)


def expecting(history: History, film: str, stated: str | None) -> HistoryIndex:
    if stated is None:
        return HistoryIndex(history)
    return HistoryIndex(history.assuming(film, {"expected_theaters": stated}))


def forecast(
    history: History, film: str, stages: Stages, shape: Shape, stated: str | None
) -> Forecast:
    index = expecting(history, film, stated)
    return project(index, case_of(index, film), stages, shape)


def spread(result: Forecast) -> float:
    low, high = result.ranges["opening_weekend"].between(0.8)
    return high / low


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("3000", "3000"),
        ("3,000", "3000"),
        ("2500-3200", "2500-3200"),
        ("2,500 – 3,200", "2500-3200"),
        ("2500 to 3200", "2500-3200"),
        ("Wide", "wide"),
        ("platform", "platform"),
    ],
)
def test_what_is_expected_is_a_number_a_range_or_a_class(given: str, stored: str) -> None:
    assert parse_value("expected_theaters", given) == stored
    assert check_value("expected_theaters", given) == stored


def test_a_number_may_be_one() -> None:
    assert check_value("expected_theaters", 3000) == "3000"


@pytest.mark.parametrize("given", ["huge", "0", "-5", "3200-2500", "2000-", "1-2-3", "3e3", "²"])
def test_anything_else_is_refused_with_what_would_do(given: str) -> None:
    with pytest.raises(InputError, match=r"a number of cinemas .3000., a range"):
        parse_value("expected_theaters", given)


@given(st.integers(1, 9000), st.integers(1, 9000))
def test_what_is_stored_reads_back_as_it_is(one: int, other: int) -> None:
    low, high = sorted((one, other))
    stored = parse_value("expected_theaters", f"{low}-{high}")
    assert parse_value("expected_theaters", stored) == stored
    assert expects_wide(stored) == (low * high >= 600**2)


@pytest.mark.parametrize("stated", [*SIZE_CLASSES, "3000", "2500-3200"])
def test_draws_lie_where_the_plan_says(history: History, film: Truth, stated: str) -> None:
    index = expecting(history, film.film, stated)
    on = AS_OF.toordinal()
    plan = release_plan(index, film.film, on)
    assert plan is not None
    assert (np.diff(plan.cinemas) >= 0).all()
    assert plan.known_on == on
    low, high = np.quantile(plan.cinemas, (0.1, 0.9))
    if stated in SIZE_CLASSES:
        shares = plan.cinemas / index.widest(on)
        low, high = SIZE_CLASSES[stated]
        inside = np.mean((shares >= low) & (shares <= high))
        assert 0.8 <= inside < 1, "its neighbours are possible too"
    elif stated == "3000":
        assert plan.middle == pytest.approx(3000, rel=1e-3)
        assert high / low == pytest.approx(np.exp(2.563 * 0.1), rel=0.05)
    else:
        assert (low, high) == pytest.approx((2500, 3200), rel=0.02)


def test_more_cinemas_expected_mean_more_and_a_vaguer_plan_a_wider_range(
    history: History, film: Truth, stages: Stages, shape: Shape
) -> None:
    def of(stated: str | None) -> Forecast:
        return forecast(history, film.film, stages, shape, stated)

    few, many = of("900"), of("3200")
    vague, middle = of("900-3200"), of("1697")
    assert few.ranges["opening_weekend"].median < many.ranges["opening_weekend"].median
    assert spread(vague) > 1.02 * spread(middle)
    (note,) = [n for n in many.notes if isinstance(n, CinemasExpected)]
    assert (note.stated, note.origin, note.known_on) == ("3200", "assumed", AS_OF)
    assert note.low < 3200 < note.high
    assert "not booked" in note_words(note)
    missing = [n.fields for n in many.notes if isinstance(n, FactsMissing)]
    assert all("theaters" not in fields for fields in missing)
    assert many.if_cinemas == ()


def test_without_a_plan_the_forecast_shows_few_and_many_cinemas(
    history: History, film: Truth, stages: Stages, shape: Shape
) -> None:
    result = forecast(history, film.film, stages, shape, None)
    few, many = result.if_cinemas
    assert few.cinemas < many.cinemas
    assert few.middle < many.middle
    assert few.low < few.middle < few.high
    (words,) = cinemas_words(result.if_cinemas, "USD")
    assert f"if {few.cinemas:,} cinemas" in words
    assert f"if {many.cinemas:,} cinemas" in words
    assert "range" in words


def test_what_is_booked_goes_before_what_was_expected(
    history: History, film: Truth, stages: Stages, shape: Shape
) -> None:
    booked = history.assuming(film.film, {"theaters": 2800})
    both = booked.assuming(film.film, {"expected_theaters": "platform"})
    results: list[Any] = []
    for known in (booked, both):
        index = HistoryIndex(known)
        results.append(project(index, case_of(index, film.film), stages, shape))
    assert results[0].ranges == results[1].ranges


def test_an_expectation_is_not_known_before_its_day(
    history: History, film: Truth, stages: Stages, shape: Shape
) -> None:
    stated = history.assuming(film.film, {"expected_theaters": "3200"})
    before = AS_OF - timedelta(days=1)
    index = HistoryIndex(stated.at(before))
    assert release_plan(index, film.film, before.toordinal()) is None
    assert case_of(index, film.film).stage == "calendar"
