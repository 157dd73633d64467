"""Who goes when: promises about releases, seats, thresholds and households."""

import numpy as np
import pytest

from benchmarks.market_shape import affinity, goes
from fullhouse_sim.film import FAMILY_FROM
from fullhouse_sim.films import scenario, slate
from fullhouse_sim.going import (
    Seats,
    Visits,
    going,
    seats,
    sold_visits,
    take_seats,
    tickets,
    wanting,
)
from fullhouse_sim.market import MARKET_PEOPLE, Market
from fullhouse_sim.parties import heads, household_tickets
from fullhouse_sim.population import people
from fullhouse_sim.season import PRESALE_DAYS, RUN, WANT_DAYS, season

MARKET = Market(people=65_536, seed=7, past_films=150)
CROWD = people(MARKET, 0)


@pytest.fixture(scope="module")
def visits():
    return sold_visits(MARKET, season(MARKET), CROWD)


@pytest.fixture(scope="module")
def sold(visits):
    return tickets(MARKET, season(MARKET), CROWD, visits)


def film_of(id_):
    return next(f for f in slate(MARKET) if f.id == id_)


def test_nobody_sees_a_film_before_its_release_or_after_its_run(visits):
    run_day = visits.showing_day - season(MARKET).release[visits.film]
    assert run_day.min() >= 0
    assert run_day.max() < RUN


def test_tickets_are_sold_up_to_two_weeks_before_the_showing_or_the_release(visits):
    release = season(MARKET).release[visits.film]
    assert (visits.day <= visits.showing_day).all()
    assert (visits.day >= release - PRESALE_DAYS).all()
    assert 0.03 < (visits.day < visits.showing_day).mean() < 0.4


def test_films_run_where_they_are_seen(visits):
    s = season(MARKET)
    run_day = visits.showing_day - s.release[visits.film]
    assert (s.showings[visits.film, CROWD.city[visits.buyer], run_day] > 0).all()


def test_days_divide_the_visits(visits):
    assert (np.diff(visits.day) >= 0).all()
    assert (visits.day.min(), visits.day.max()) == (0, MARKET.days - 1)
    assert sum(len(visits.of(day)) for day in range(MARKET.days)) == len(visits)


def test_simulated_people_buy_their_share_of_the_countrys_tickets(visits):
    s = season(MARKET)
    days = s.release[:, None] + np.arange(RUN)
    inside = (days >= PRESALE_DAYS) & (days < MARKET.days)
    expected = s.admissions.sum(axis=1)[inside].sum() * MARKET.people / MARKET_PEOPLE
    within = (visits.showing_day >= PRESALE_DAYS) & (visits.showing_day < MARKET.days)
    assert visits.quantity[within].sum() == pytest.approx(expected, rel=0.05)


def test_households_see_family_films_together(visits):
    family = np.array([f.family for f in slate(MARKET)])[visits.film]
    buyer = visits.buyer[family]
    assert family.any()
    assert heads(CROWD)[buyer].all()
    np.testing.assert_array_equal(visits.quantity[family], household_tickets(CROWD)[buyer])
    one = buyer[visits.quantity[family] > 2][0]
    members = CROWD.household == CROWD.household[one]
    assert household_tickets(CROWD)[one] == (CROWD.age[members] >= FAMILY_FROM).sum()


def test_nobody_buys_a_film_twice(visits):
    keys = visits.film * len(CROWD) + visits.buyer
    assert len(np.unique(keys)) == len(keys)


def test_a_visit_does_not_depend_on_who_else_is_simulated(visits):
    fewer = Market(people=30_000, seed=7, past_films=150)
    part = sold_visits(fewer, season(MARKET), people(fewer, 0))
    # The last household is cut in two.
    whole = visits.take(visits.buyer < 29_990)
    part = part.take(part.buyer < 29_990)
    for name in vars(whole):
        np.testing.assert_array_equal(getattr(whole, name), getattr(part, name))


def test_seats_are_never_oversold_chunk_after_chunk():
    market = Market(people=80_000, seed=7, past_films=150)
    s, left = season(MARKET), seats(market, season(MARKET))
    start = left.left.copy()
    taken = np.zeros_like(start)
    for chunk in range(market.chunks):
        crowd = people(market, chunk)
        kept = take_seats(s, crowd, sold_visits(market, s, crowd), left)
        at = (kept.film, crowd.city[kept.buyer], kept.showing_day - s.release[kept.film])
        np.add.at(taken, at, kept.quantity)
    assert (taken <= start).all()
    np.testing.assert_array_equal(start - taken, left.left)
    assert (start <= s.seats).all()


def test_who_buys_first_gets_the_last_seats(visits):
    s = season(MARKET)
    one = int(visits.film[0])
    shape = s.interest.shape
    buyers = np.flatnonzero(CROWD.city == 0)[:4]
    same = Visits(
        day=np.array([1, 2, 3, 4]),
        buyer=buyers,
        film=np.full(4, one),
        showing_day=np.full(4, s.release[one]),
        quantity=np.array([2, 2, 2, 1]),
    )
    left = Seats(np.full(shape, 5))
    kept = take_seats(s, CROWD, same, left)
    assert kept.buyer.tolist() == buyers[:2].tolist()
    assert left.left[one, 0, 0] == 1


def test_a_sample_has_seats_for_nearly_all(visits):
    left = seats(MARKET, season(MARKET))
    assert len(take_seats(season(MARKET), CROWD, visits, left)) > 0.98 * len(visits)


def test_tickets_are_sold_before_the_showing_and_given_back_after_the_sale(visits, sold):
    same = visits.day == visits.showing_day
    assert (sold.minute[same] < sold.showing_minute[same]).all()
    assert (sold.refund_minute > sold.minute).all()
    assert (sold.refund_minute[same] <= sold.showing_minute[same]).all()
    assert (sold.refund_minute < 1_440).all()
    assert 0.005 < sold.refunded.mean() < 0.02


def test_tickets_are_for_cinemas_that_there_are_at_plausible_prices(sold):
    assert (sold.cinema < season(MARKET).cities.cinemas[sold.city]).all()
    assert (sold.unit_price > 3).all()
    assert (sold.unit_price < 15).all()


def test_a_days_tickets_are_those_of_its_visits(visits):
    s = season(MARKET)
    day = going(MARKET, s, CROWD, visits, 200)
    np.testing.assert_array_equal(day.buyer, visits.of(200).buyer)


def test_the_affinity_of_dog_keepers_is_recovered():
    film = film_of(scenario(MARKET).film)
    outcome = goes(MARKET, season(MARKET), film, [CROWD])
    order = np.argsort(np.argsort(CROWD.activity))
    _, low, high = affinity(CROWD.has("dog"), outcome, order, CROWD.age >= 18, 50)
    assert low < np.exp(dict(film.loadings)["dog"]) < high
    assert high / low < 2


def test_the_null_film_has_no_affinity_once_activity_is_adjusted_for():
    film = film_of(scenario(MARKET).null_film)
    outcome = goes(MARKET, season(MARKET), film, [CROWD])
    order = np.argsort(np.argsort(CROWD.activity))
    for hobby in ("dog", "cat", "games", "beauty"):
        _, low, high = affinity(CROWD.has(hobby), outcome, order, CROWD.age >= 18, 50)
        assert low < 1.1
        assert high > 0.9


def test_marks_come_before_the_release_once_each():
    marks = wanting(MARKET, season(MARKET), CROWD)
    release = season(MARKET).release[marks.film]
    assert (marks.day < release).all()
    assert (marks.day >= release - WANT_DAYS).all()
    keys = marks.film * len(CROWD) + marks.person
    assert len(np.unique(keys)) == len(keys)
    assert (np.diff(marks.day) >= 0).all()


def test_who_marks_a_film_goes_more_often(visits):
    marks = wanting(MARKET, season(MARKET), CROWD)
    number = film_of(scenario(MARKET).alike[-1]).number
    marked = np.zeros(len(CROWD), np.bool_)
    marked[marks.person[marks.film == number]] = True
    gone = np.zeros(len(CROWD), np.bool_)
    gone[visits.buyer[visits.film == number]] = True
    assert gone[marked].mean() > 5 * gone[~marked].mean()


def test_the_film_to_come_has_marks_to_learn_from():
    marks = wanting(MARKET, season(MARKET), CROWD)
    number = film_of(scenario(MARKET).film).number
    who = marks.person[marks.film == number]
    assert len(who) > 100
    assert CROWD.has("dog")[who].mean() > 1.3 * CROWD.has("dog").mean()
