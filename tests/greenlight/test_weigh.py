"""A film weighed: figures that agree with slow arithmetic, and with one another."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from scipy.special import ndtri

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.forecast import PROBABILITIES, Range
from fullhouse.greenlight.greenlight import GenresUnknown, Greenlight, SourceUnproven
from fullhouse.greenlight.idea import Idea
from fullhouse.greenlight.past import PastFilms
from fullhouse.greenlight.profit import middle_values, plan_of, profit_lines
from fullhouse.greenlight.terms import GreenlightTerms, Uncertain, read_terms, response
from fullhouse.greenlight.weigh import weigh
from fullhouse.view.greenlight_page import greenlight_page
from fullhouse.view.words.greenlight import threshold_words

TODAY = date(2015, 6, 1)
IDEA = Idea("The Kestrel", 2e7, ("Drama",), "tv", date(2016, 6, 1))


def weighed(
    past: PastFilms, idea: Idea, terms: GreenlightTerms, *, seed: int = 0, draws: int = 2000
) -> Greenlight:
    return weigh(past, idea, terms, territory="US", as_of=TODAY, seed=seed, draws=draws)


@pytest.fixture(scope="module")
def result(past: PastFilms, terms: GreenlightTerms) -> Greenlight:
    return weighed(past, IDEA, terms)


def test_profit_is_what_slow_arithmetic_gives(terms: GreenlightTerms) -> None:
    still = replace(terms, years=replace(terms.years, **dict.fromkeys(vars(terms.years), -9.0)))
    plan = plan_of(IDEA, still, TODAY)
    gross = np.array([1e8]), np.array([4e7])
    lines = profit_lines(plan, still, gross, middle_values(still))
    rentals = 4e7 * 0.5 + 6e7 * 0.4
    later = rentals * (0.6 + 0.35 + 0.2 + 0.02)
    before = (rentals + later) * 0.92 - 0.06 * later - 2e7 - plan.advertising
    assert lines["profit"][0] == pytest.approx(before * (1 - 0.12))


@pytest.mark.parametrize(
    ("china", "fee", "abroad"),
    [
        ("mixed", 0.0, 6e7 * 0.4),
        ("none", 0.0, 6e7 * 0.85 * 0.4),
        ("revenue_share", 0.0, 6e7 * (0.85 * 0.4 + 0.15 * 0.25)),
        ("buy_out", 3e6, 6e7 * 0.85 * 0.4 + 3e6),
    ],
)
def test_china_pays_by_how_the_film_opens_there(
    terms: GreenlightTerms, china: str, fee: float, abroad: float
) -> None:
    still = replace(terms, years=replace(terms.years, **dict.fromkeys(vars(terms.years), -9.0)))
    plan = plan_of(replace(IDEA, china=china, china_fee=fee), still, TODAY)
    lines = profit_lines(plan, still, (np.array([1e8]), np.array([4e7])), middle_values(still))
    assert lines["theatrical"][0] == pytest.approx(4e7 * 0.5 + abroad)


def test_money_that_comes_later_is_worth_less(terms: GreenlightTerms) -> None:
    late = replace(IDEA, opening=date(2018, 6, 1))
    gross = np.array([1e8]), np.array([4e7])
    soon, later = (
        profit_lines(plan_of(i, terms, TODAY), terms, gross, middle_values(terms))
        for i in (IDEA, late)
    )
    years = (date(2018, 6, 1) - date(2016, 6, 1)).days / 365.25
    ratio = later["television"][0] / soon["television"][0]
    assert ratio == pytest.approx(1.1**-years, rel=1e-3)


def test_the_range_holds_what_the_law_says(result: Greenlight) -> None:
    # What the story is based on moves nothing by itself: the middle is that of all films.
    middle = 1 + 0.95 * np.log(2e7) + 0.1 * np.log(1.6 * 0.7)
    assert np.log(result.gross.median) == pytest.approx(middle, abs=0.35)
    low, high = result.gross.between(0.8)
    assert np.log(high / low) == pytest.approx(2 * 1.2816 * 0.8, rel=0.25)


def test_the_lines_add_up_and_the_same_seed_gives_the_same(
    past: PastFilms, terms: GreenlightTerms, result: Greenlight
) -> None:
    total = sum(x.mean for x in result.lines if x.name != "profit")
    assert total == pytest.approx(result.profit.value, abs=1)
    assert weighed(past, IDEA, terms) == result
    assert weighed(past, IDEA, terms, seed=1) != result


def test_the_error_of_the_simulation_is_what_seeds_differ_by(
    past: PastFilms, terms: GreenlightTerms
) -> None:
    rows = [weighed(past, IDEA, terms, seed=s, draws=1000) for s in range(12)]
    spread = np.std([r.profit.value for r in rows], ddof=1)
    # A standard deviation of twelve is known to about a fifth; a factor of two is five of those.
    assert rows[0].profit.error / 2.2 < spread < rows[0].profit.error * 2.2


def test_a_threshold_put_in_place_brings_an_even_chance(
    past: PastFilms, terms: GreenlightTerms
) -> None:
    cheap = replace(IDEA, advertising=2e6)
    result = weighed(past, cheap, terms)
    needed = {t.name: t.needed for t in result.thresholds}
    budget = needed["budget"]
    assert budget is not None
    # The gross stands as it is, while another budget makes another gross: by hand, then.
    spend = needed["advertising"]
    if spend is not None:
        moved = weighed(past, replace(IDEA, advertising=spend), terms)
        assert moved.break_even.value == pytest.approx(0.5, abs=0.02)
    assert (budget > IDEA.budget) == (result.break_even.value > 0.5)
    assert needed["gross"] is not None
    assert (needed["gross"] < result.gross.median) == (result.break_even.value > 0.5)


HOME = Range("total", tuple(2e7 * np.exp(0.5 * ndtri(np.clip(PROBABILITIES, 0.01, 0.99)))))


@pytest.mark.parametrize("home", [None, HOME])
@pytest.mark.parametrize("multiple", [0.0, 0.5, 3.0])
def test_the_gross_that_is_shown_and_scored_is_that_of_the_plans_advertising(
    past: PastFilms, terms: GreenlightTerms, home: Range | None, multiple: float
) -> None:
    sure = terms.with_term("advertising_elasticity", 0.2)
    usual = sure.usual_advertising.of(IDEA.budget)
    base, moved = (
        weigh(past, idea, sure, territory="US", as_of=TODAY, home=home, draws=2000)
        for idea in (IDEA, replace(IDEA, advertising=multiple * usual))
    )
    factor = response(multiple, 0.2)
    assert moved.gross.median == pytest.approx(base.gross.median * factor)
    # A forecast is shown as it is at the usual spend, else by 2,000 draws: to six errors.
    error = 0.09 if home else 1e-9
    assert moved.home.median == pytest.approx(base.home.median * factor, rel=error)
    assert moved.to_dict()["ranges"]["total"]["median"] == moved.home.median
    theatrical = [r.lines[0].mean for r in (base, moved)]
    assert theatrical[1] == pytest.approx(theatrical[0] * factor)
    planned = {t.name: t.planned for t in moved.thresholds}
    assert planned["gross"] == pytest.approx(moved.gross.median, rel=1e-3)
    swing = next(s for s in moved.swings if s.name == "gross")
    assert (swing.at_low, swing.at_high) == pytest.approx(moved.gross.between(0.8), rel=1e-3)


def test_a_gross_or_share_put_in_place_brings_an_even_chance(
    past: PastFilms, terms: GreenlightTerms
) -> None:
    idea = replace(IDEA, advertising=1e7)

    def of(home: Range, own: GreenlightTerms) -> Greenlight:
        return weigh(past, idea, own, territory="US", as_of=TODAY, home=home, draws=2000)

    by_name = {t.name: t for t in of(HOME, terms).thresholds}
    gross, share = by_name["gross"], by_name["share"]
    assert gross.needed is not None
    scaled = tuple(q * gross.needed / gross.planned for q in HOME.quantiles)
    assert of(Range("total", scaled), terms).break_even.value == pytest.approx(0.5, abs=0.02)
    assert share.needed is not None
    ratio = share.needed / share.planned
    own = dict(terms.terms)
    for name in ("rental_home", "rental_abroad", "rental_china"):
        t = own[name]
        own[name] = Uncertain(t.low * ratio, t.middle * ratio, t.high * ratio)
    assert of(HOME, replace(terms, terms=own)).break_even.value == pytest.approx(0.5, abs=0.02)
    words = threshold_words(share)
    assert words.startswith("all cinemas' shares handed on, home at: ")


def test_where_only_home_is_counted_no_word_is_of_all_countries(
    past: PastFilms, terms: GreenlightTerms
) -> None:
    result = weighed(replace(past, everywhere=False), IDEA, terms)
    assert not result.everywhere
    page = greenlight_page(result)
    assert page.count("Too few past films know their gross of all countries") > 0
    assert "Gross of all countries" not in page
    assert "gross of all countries," not in page


def test_deciding_with_more_knowledge_never_costs_more_than_the_pilot(
    past: PastFilms, terms: GreenlightTerms
) -> None:
    poor = weighed(past, replace(IDEA, advertising=4e7), terms)
    options = {o.name: o for o in poor.options}
    assert options["go"].gain.value == 0
    assert options["drop"].profit.value == 0
    for name in ("pilot", "sell", "pilot_and_sell"):
        gain = options[name].gain
        assert gain.value > -6 * gain.error, name
    assert options["pilot"].gain.value > 6 * options["pilot"].gain.error
    assert options["pilot"].dropped > 0.5


def test_a_pilot_that_tells_nothing_is_worth_no_more_than_the_better_end(
    past: PastFilms, terms: GreenlightTerms
) -> None:
    blind = replace(terms, stages=replace(terms.stages, pilot_tells=0.0))
    good = weighed(past, replace(IDEA, budget=3e6), blind)
    options = {o.name: o for o in good.options}
    cost = 3e6 * terms.stages.pilot_cost
    best = max(options["go"].profit.value, -cost)
    assert options["pilot"].profit.value <= best + 6 * options["pilot"].gain.error + cost


def test_a_certain_term_swings_nothing(past: PastFilms, terms: GreenlightTerms) -> None:
    names = {s.name for s in weighed(past, IDEA, terms.with_term("home", 0.6)).swings}
    assert "home" not in names
    assert "gross" in names
    assert "china_share" not in names


def test_a_source_that_few_films_have_is_said_to_be_unproven(
    past: PastFilms, terms: GreenlightTerms
) -> None:
    notes = weighed(past, replace(IDEA, story_source="toy"), terms).notes
    assert SourceUnproven("toy", 0) in notes


def test_a_source_has_an_effect_or_is_said_to_be_unproven_and_never_both(
    past: PastFilms, terms: GreenlightTerms
) -> None:
    for films in (5, 9, 10, 15, 19, 25):
        tv = np.array([s == "tv" for s in past.story_source])
        few = past.only(~tv | (np.cumsum(tv[::-1])[::-1] <= films))
        result = weighed(few, IDEA, terms, draws=1000)
        unproven = any(isinstance(n, SourceUnproven) for n in result.notes)
        assert unproven == (result.source_effect is None), films


def test_a_genre_that_moves_nothing_is_said_with_those_that_do(
    past: PastFilms, terms: GreenlightTerms
) -> None:
    notes = weighed(past, replace(IDEA, genres=("drama", "Dramma")), terms).notes
    assert GenresUnknown(("Dramma",), ("action", "drama")) in notes
    notes = weighed(past, replace(IDEA, genres=("Drama", "ACTION")), terms).notes
    assert not any(isinstance(n, GenresUnknown) for n in notes)


def test_too_few_films_cannot_tell(past: PastFilms, terms: GreenlightTerms) -> None:
    few = past.only(np.arange(len(past)) < 60)
    with pytest.raises(CannotTellError) as problem:
        weighed(few, IDEA, terms)
    assert problem.value.code == "greenlight_too_few_films"


def test_a_number_of_draws_that_tells_nothing_is_refused(
    past: PastFilms, terms: GreenlightTerms
) -> None:
    with pytest.raises(InputError, match="draws must be"):
        weighed(past, IDEA, terms, draws=10)


def test_terms_of_a_user_stand_in_the_result(past: PastFilms) -> None:
    own = read_terms("[terms]\nrental_home = 0.0\nrental_abroad = 0.0")
    result = weighed(past, IDEA, own)
    assert result.changed_terms == ("rental_home", "rental_abroad")
    assert result.break_even.value == 0
    assert all(t.needed is None for t in result.thresholds if t.name == "gross")
