"""The break-even chance judged on past films: from the years before alone, and as it came."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from fullhouse.greenlight.idea import Idea
from fullhouse.greenlight.judge import (
    ChanceCurve,
    JudgedFilms,
    calibrations,
    chance_curve,
    gross_shift,
    judge,
    recalibrated,
)
from fullhouse.greenlight.past import GrossModel, PastFilms
from fullhouse.greenlight.terms import GreenlightTerms
from fullhouse.greenlight.weigh import weigh

IDEA = Idea("The Kestrel", 2e7, ("Drama",), "", date(2016, 6, 1))
TODAY = date(2015, 6, 1)


@pytest.fixture(scope="module")
def judged(past: PastFilms, terms: GreenlightTerms) -> JudgedFilms:
    result = judge(past, terms)
    assert result is not None
    return result


def test_no_chance_rests_on_its_own_year_or_a_later_one(
    past: PastFilms, terms: GreenlightTerms, judged: JudgedFilms
) -> None:
    cut = 2008
    moved = replace(
        past,
        gross=np.where(past.year >= cut, past.gross * 9, past.gross),
        home=np.where(past.year >= cut, past.home * 9, past.home),
    )
    again = judge(moved, terms)
    assert again is not None
    early = judged.year <= cut
    assert np.array_equal(judged.chance[early], again.chance[again.year <= cut])
    assert not np.array_equal(judged.chance, again.chance)
    assert not np.array_equal(judged.even, again.even)


def test_chances_come_true_where_films_follow_the_law(judged: JudgedFilms) -> None:
    every = calibrations(judged)[0]
    spread = np.sqrt(every.even * (1 - every.even) / every.films)
    assert abs(every.stated - every.even) < 6 * spread
    error = (every.high - every.low) / 3.92
    assert abs(every.slope - 1) < 5 * error


def test_a_curve_learned_from_bold_chances_calls_them_back(judged: JudgedFilms) -> None:
    odds = np.log(judged.chance / (1 - judged.chance))
    bold = replace(judged, chance=1 / (1 + np.exp(-(3 * odds + 1))))
    curve = chance_curve(bold)
    assert curve is not None
    mended = curve.of(bold.chance, bold.budget)
    assert abs(mended.mean() - judged.even.mean()) < 0.01
    assert ((mended - judged.even) ** 2).mean() < ((bold.chance - judged.even) ** 2).mean()


def test_each_year_is_mended_by_the_years_before_it(judged: JudgedFilms) -> None:
    rows = recalibrated(judged)
    assert rows.year.min() > judged.year.min()
    last = judged.year.max()
    moved = replace(judged, even=np.where(judged.year == last, ~judged.even, judged.even))
    assert np.array_equal(rows.chance, recalibrated(moved).chance)


def test_few_films_make_no_curve(judged: JudgedFilms) -> None:
    assert chance_curve(judged.only(np.arange(len(judged.year)) < 50)) is None


def test_the_gross_is_moved_until_the_chance_is_what_such_came_to(
    past: PastFilms, model: GrossModel, terms: GreenlightTerms
) -> None:
    low, high = (ChanceCurve((beta, 0.0, 0.0, 0.0), 500) for beta in (-2.0, 2.0))
    lowered, raised = (gross_shift(model, IDEA, terms, c, today=TODAY) for c in (low, high))
    assert lowered < 0 < raised
    poor, rich = (
        weigh(past, IDEA, terms, territory="US", as_of=TODAY, curve=c, draws=2000)
        for c in (low, high)
    )
    assert poor.break_even.value < 0.3
    assert rich.break_even.value > 0.7
    assert {n.code for n in poor.notes} >= {"calibrated"}
