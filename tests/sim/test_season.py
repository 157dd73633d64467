"""The country's season: shape of the market, seats, scenarios."""

from datetime import timedelta

import numpy as np
import pytest

from benchmarks.market_shape import openings, weekends
from fullhouse_sim import calendar
from fullhouse_sim.drawn import Push
from fullhouse_sim.films import scenario, slate
from fullhouse_sim.going import presales
from fullhouse_sim.market import MARKET_PEOPLE, Market
from fullhouse_sim.season import RUN, SHOWS, season

FULL = Market(people=2_000, seed=7)
SMALL = Market(people=2_000, seed=3, past_films=60)


def film_of(market):
    return next(f for f in slate(market) if f.id == scenario(market).film)


@pytest.mark.slow
def test_openings_and_runs_have_the_shape_of_real_ones():
    made = openings(FULL, season(FULL))
    low, middle, high = np.quantile(made.total / made.first, [0.1, 0.5, 0.9])
    assert middle == pytest.approx(2.7, abs=0.2)
    assert low == pytest.approx(2.0, abs=0.25)
    assert high == pytest.approx(4.0, abs=0.6)
    assert np.log(made.first).std() == pytest.approx(1.0, abs=0.15)
    assert 0.45 < np.median(made.second / made.first) < 0.7


@pytest.mark.slow
def test_people_go_to_the_cinema_two_to_four_times_a_year():
    past = season(FULL).admissions[: FULL.past_films].sum()
    assert 2 < past / MARKET_PEOPLE / 5 < 4


def test_no_more_tickets_than_seats_and_none_without_a_showing():
    whole = season(FULL)
    assert (whole.admissions <= whole.seats).all()
    assert (whole.admissions >= 0).all()
    assert not whole.admissions[whole.showings == 0].any()


def test_interest_only_grows_and_only_on_days_with_showings():
    whole = season(FULL)
    steps = np.diff(whole.interest, axis=2, prepend=0.0)
    assert (steps >= 0).all()
    assert not steps[whole.showings == 0].any()


def test_the_screens_of_a_city_hold_all_its_showings():
    whole = season(FULL)
    days = whole.release[:, None] + np.arange(RUN)
    first = days.min()
    total = np.zeros((days.max() - first + 1, len(whole.cities)))
    np.add.at(total, days - first, whole.showings.transpose(0, 2, 1))
    # Each film's showings are rounded.
    assert (total <= SHOWS * whole.cities.screens + 15).all()


def test_a_run_seldom_pauses():
    open_ = season(FULL).showings > 0
    closed_before = np.maximum.accumulate(open_[:, :, ::-1], axis=2)[:, :, ::-1]
    started = np.maximum.accumulate(open_, axis=2)
    gaps = started & closed_before & ~open_
    assert gaps.mean() < 0.02


@pytest.mark.slow
def test_the_sleepers_second_weekend_is_above_its_first():
    market = Market(people=2_000, seed=3, past_films=120, scenario="sleeper")
    first, second, _ = weekends(season(market), film_of(market))
    assert second > 1.1 * first


@pytest.mark.slow
def test_the_fandom_film_is_front_loaded():
    market = Market(people=2_000, seed=3, past_films=120, scenario="fandom")
    first, second, total = weekends(season(market), film_of(market))
    assert total < 2.1 * first
    assert second < 0.45 * first


@pytest.mark.slow
def test_the_hidden_film_is_modest_and_could_make_several_times_as_much():
    film = film_of(FULL)
    groups = tuple(name for name, _ in scenario(FULL).hidden)
    first, _, total = weekends(season(FULL), film)
    assert (openings(FULL, season(FULL)).first < first).mean() < 0.5
    _, _, reached = weekends(season(FULL, Push(film.number, groups, 4.0)), film)
    assert 2.5 < reached / total < 6


@pytest.mark.slow
def test_presales_are_a_share_of_the_first_weeks():
    whole = season(SMALL)
    early = presales(whole).sum(axis=1)
    weeks = whole.admissions.sum(axis=1)[:, :21].sum(axis=1)
    assert (early < 0.6 * weeks).all()
    assert early.sum() > 0.02 * weeks.sum()


def test_presales_grow_towards_the_release():
    total = presales(season(SMALL)).sum(axis=0)
    assert total[-1] > 3 * total[0]


def test_want_to_see_counts_grow_with_the_days_and_are_never_more_than_the_people():
    counts = season(SMALL).want_counts
    assert (np.diff(counts, axis=1) > 0).all()
    assert (counts[:, -1] < 0.5 * MARKET_PEOPLE).all()


@pytest.mark.slow
def test_the_seed_decides_the_season():
    again = season.__wrapped__(SMALL, None)
    for name in ("interest", "admissions", "showings", "price", "wants"):
        np.testing.assert_array_equal(getattr(again, name), getattr(season(SMALL), name))


def test_families_go_at_weekends_and_everybody_on_holidays():
    days = [SMALL.today + timedelta(days=d) for d in range(365)]
    plain, family = calendar.going(days, family=False), calendar.going(days, family=True)
    sunday = np.array([d.weekday() == 6 for d in days])
    assert family[sunday].mean() / family.mean() > plain[sunday].mean() / plain.mean()
    holiday = next(i for i, d in enumerate(days) if (d.month, d.day) == (10, 1))
    assert plain[holiday] > 2 * plain[holiday - 7]
