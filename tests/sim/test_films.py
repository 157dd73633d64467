"""The slate, and whom films draw."""

import re
from datetime import date

import numpy as np
import pytest

from fullhouse_sim.film import ALONE_FROM, FEATURES
from fullhouse_sim.films import all_weights, scenario, slate, weights
from fullhouse_sim.market import SCENARIOS, Market
from fullhouse_sim.population import panel, people

MARKET = Market(people=2_000, seed=7, past_films=60)


def film_of(market, id_):
    return next(f for f in slate(market) if f.id == id_)


def test_past_films_are_out_and_the_others_open_within_half_a_year():
    films = slate(MARKET)
    days = [(f.release - MARKET.today).days for f in films]
    assert len(films) == MARKET.past_films + 12
    assert sum(d <= 0 for d in days) == MARKET.past_films
    assert min(days) > -1_840
    assert max(days) <= 182


@pytest.mark.slow
def test_films_are_numbered_by_release_with_ids_and_titles_of_their_own():
    films = slate(Market(past_films=1_000))
    assert [f.number for f in films] == list(range(len(films)))
    assert [f.release for f in films] == sorted(f.release for f in films)
    assert len({f.id for f in films}) == len({f.title for f in films}) == len(films)


def test_most_films_open_on_a_friday():
    weekdays = [f.release.weekday() for f in slate(Market())]
    assert set(weekdays) == {2, 4}
    assert weekdays.count(4) > 0.8 * len(weekdays)


def test_the_mean_draw_over_the_country_is_one():
    means = all_weights(slate(MARKET), panel(MARKET)).mean(axis=0)
    np.testing.assert_allclose(means, 1)
    others = all_weights(slate(MARKET), panel(MARKET, 1)).mean(axis=0)
    assert np.abs(others - 1).mean() < 0.05


def test_children_go_with_their_household_only():
    crowd = people(MARKET, 0)
    drawn = all_weights(slate(MARKET), crowd)
    family = np.array([f.family for f in slate(MARKET)])
    young = crowd.age < ALONE_FROM
    assert not drawn[np.ix_(young, ~family)].any()
    assert drawn[np.ix_(young & (crowd.age >= 3), family)].all()


def test_the_null_film_draws_by_activity_and_nothing_else():
    market = Market(people=2_000, past_films=60, scenario="null")
    crowd = people(market, 0)
    for id_ in (scenario(market).film, scenario(market).null_film):
        film = film_of(market, id_)
        plain = weights(film, crowd) / crowd.activity ** dict(film.loadings)["log activity"]
        assert np.ptp(plain[crowd.age >= ALONE_FROM]) < 1e-9


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_scenario_says_which_film_is_its_own(name):
    market = Market(people=2_000, past_films=60, scenario=name)
    answers = scenario(market)
    assert market.today < film_of(market, answers.film).release
    for id_ in (*answers.alike, answers.null_film):
        assert film_of(market, id_).release <= market.today
    assert bool(answers.hidden) == (name not in ("null", "fandom", "sleeper", "unaware"))


def test_nothing_announced_gives_the_hidden_audience_away():
    answers = scenario(MARKET)
    for id_ in (answers.film, *answers.alike):
        film = film_of(MARKET, id_)
        description = " ".join((film.title, film.synopsis, *film.keywords, *film.genres)).lower()
        assert not re.search(r"\b(dog|cat|pet|animal|puppy|paw|leash|hound)", description)
        assert dict(film.loadings)["dog"] > 0.7
        assert film.star_power < 0.1


@pytest.mark.slow
def test_a_film_like_the_hidden_one_has_sold_tickets_within_the_feeds():
    for days in (60, 365):
        market = Market(people=2_000, days=days)
        recent = film_of(market, scenario(market).alike[-1])
        assert market.first_day < recent.release < market.today


def test_loadings_name_features():
    for film in slate(MARKET):
        assert {name for name, _ in film.loadings} <= set(FEATURES)


def test_the_seed_decides_the_slate():
    again = slate.__wrapped__(MARKET)
    assert again == slate(MARKET)
    other = slate(Market(people=2_000, seed=8, past_films=60))
    assert {f.title for f in other[:20]} != {f.title for f in again[:20]}


def test_the_slate_does_not_depend_on_how_many_people_are_simulated():
    assert slate(Market(people=3_000, past_films=60)) == slate(MARKET)


def test_a_calendar_day_may_be_asked_for_far_back():
    assert min(f.release for f in slate(Market())) < date(2020, 9, 1)
