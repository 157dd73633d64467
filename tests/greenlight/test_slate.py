"""A slate: what films of a year share, and what one more adds."""

from datetime import date

import numpy as np
import pytest

from fullhouse.core.errors import InputError
from fullhouse.greenlight.greenlight import SlateRisk
from fullhouse.greenlight.idea import Idea
from fullhouse.greenlight.past import PastFilms, fit
from fullhouse.greenlight.slate import shared_part, weigh_slate
from fullhouse.greenlight.terms import GreenlightTerms
from fullhouse.greenlight.weigh import weigh
from fullhouse.view.words.greenlight import slate_note_words
from tests.greenlight.made_films import made_films

TODAY = date(2015, 6, 1)


def ideas(*budgets: float) -> list[Idea]:
    return [Idea(f"Film {k}", b, ("Drama",), "", date(2016, 6, 1)) for k, b in enumerate(budgets)]


def weighed(past: PastFilms, terms: GreenlightTerms, *budgets: float) -> SlateRisk:
    return weigh_slate(past, ideas(*budgets), terms, territory="US", as_of=TODAY, draws=2000)


@pytest.mark.parametrize("shared", [0.0, 0.3])
def test_what_films_of_a_year_share_is_measured(shared: float) -> None:
    part = shared_part(fit(made_films(2000, seed=8, shared=shared)))
    # 25 years tell a share of .3 to about .07; nothing shared is told to about .005.
    assert abs(part.value - shared) < (0.25 if shared else 0.03)
    assert part.low <= part.value <= part.high


def test_films_that_share_a_year_are_a_greater_risk_than_films_apart(
    terms: GreenlightTerms,
) -> None:
    slate = weighed(made_films(shared=0.4, seed=8), terms, *[2e7] * 6)
    assert slate.worst.value < slate.alone
    assert slate.shared > 0.1


def test_the_slate_is_the_sum_of_its_films(past: PastFilms, terms: GreenlightTerms) -> None:
    slate = weighed(past, terms, 1e7, 3e7, 8e7)
    assert sum(f.adds_profit for f in slate.films) == pytest.approx(slate.profit.value)
    # The worst tenth of a sum is no worse than the sum of the worst tenths.
    assert slate.worst.value >= sum(f.worst for f in slate.films) - 1e-6
    alone = weighed(past, terms, 1e7)
    assert alone.films[0].adds_worst == pytest.approx(alone.worst.value)


def test_a_film_twice_in_a_slate_is_refused(past: PastFilms, terms: GreenlightTerms) -> None:
    twice = [*ideas(1e7), *ideas(1e7)]
    with pytest.raises(InputError, match="stands in it twice"):
        weigh_slate(past, twice, terms, territory="US", as_of=TODAY)


def test_films_of_other_years_share_no_luck(terms: GreenlightTerms) -> None:
    past = made_films(shared=0.4, seed=8)
    apart = [
        Idea(f"Film {k}", 2e7, ("Drama",), "", date(2016 + k, 6, 1), advertising=1e7)
        for k in range(4)
    ]
    slate = weigh_slate(past, apart, terms, territory="US", as_of=TODAY, draws=2000)
    assert slate.worst.value == pytest.approx(slate.alone, rel=0.2)
    assert np.isfinite(slate.worst.error)


def test_a_slate_says_of_each_film_what_its_own_greenlight_says(terms: GreenlightTerms) -> None:
    past = made_films(600, seed=8)
    odd = [*ideas(1e7), Idea("Odd", 2e7, ("Dramma",), "toy", date(2016, 6, 1))]
    day = date(2030, 6, 1)
    slate = weigh_slate(past, odd, terms, territory="US", as_of=day, draws=1000)
    by_title = {f.title: f.notes for f in slate.films}
    for idea in odd:
        alone = weigh(past, idea, terms, territory="US", as_of=day, draws=1000)
        assert by_title[idea.title] == alone.notes
    words = slate_note_words(slate)
    assert sum("The newest past film is of" in w for w in words) == 1, "said once for all"
    assert any(w.startswith("Odd: Too few past films are of the genre Dramma") for w in words)
