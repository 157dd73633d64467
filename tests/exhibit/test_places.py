"""The numbers of a place hold no small count, nor can one be computed from them."""

from datetime import date
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullhouse.exhibit.demand import cinema_amounts
from fullhouse.exhibit.market import DAYPARTS, City, PastFilm, PastSales, Sold
from fullhouse.exhibit.places import cinema_shares, dayparts, first_enough, hidden_parts, played
from fullhouse.planning.plan import Amount

CINEMAS = ("north", "south", "west")
ROWS = st.lists(
    st.tuples(st.sampled_from(CINEMAS), st.sampled_from([0, 3, 9]), st.integers(1, 60)),
    min_size=1,
    max_size=12,
)


def sold(rows) -> Sold:
    """One comparable film's tickets: cinema, days since its opening, tickets."""
    cinema, since, tickets = zip(*rows, strict=True)
    size = len(rows)
    return Sold(
        films=(PastFilm("Winter Kennel", date(2025, 3, 7), comparable=True),),
        film=np.zeros(size, np.int64),
        cinema=cinema,
        since=np.array(since),
        weekday=np.full(size, 4),
        hour=np.full(size, 20),
        showing=tuple(range(size)),
        tickets=np.array(tickets, float),
        squares=np.array(tickets, float),
    )


@given(ROWS, st.integers(1, 60))
def test_packs_of_a_city_and_its_cinemas_leave_no_small_rest(rows, minimum):
    sales = sold(rows)
    (city,) = played(sales, None, minimum) or [None]
    every = {c: next(iter(played(sales, c, minimum)), None) for c in CINEMAS}
    if city is None:
        assert sum(n for _, _, n in rows) < minimum
        return
    assert city.whole_run == sum(n for _, _, n in rows)
    here = {c for c, _, _ in rows}
    known = {c: f for c, f in every.items() if f is not None}
    rest = city.whole_run - sum(f.whole_run for f in known.values())
    assert rest >= minimum or (rest == 0 and set(known) == here) or not known
    for f in (city, *known.values()):
        assert f.whole_run >= minimum
        assert f.first_week is None or f.first_week >= minimum
        # What it took later is the rest of two numbers that stand side by side.
        assert f.first_week is None or f.whole_run - f.first_week >= minimum
    firsts = {c: f.first_week for c, f in known.items() if f.first_week is not None}
    if city.first_week is not None and firsts:
        rest = city.first_week - sum(firsts.values())
        assert rest >= minimum or (rest == 0 and set(firsts) == here)


@given(
    st.lists(st.integers(0, 400), min_size=len(DAYPARTS), max_size=len(DAYPARTS)),
    st.integers(0, 9_000),
    st.integers(1, 80),
    st.integers(20, 300),
    st.sampled_from([0.2, 0.3, 1.0]),
)
def test_no_part_of_a_week_can_be_computed_from_the_rest(counts, admissions, minimum, seats, goal):
    """From every number that stands there, one left out may still be anything under the minimum."""
    past = dict(zip(DAYPARTS, map(float, counts), strict=True))
    sales = first_enough([("all", None, past)], minimum, most_hidden=1.0)
    if sales is None:
        assert sum(counts) < minimum
        return
    parts, others = dayparts(float(admissions), sales, seats=seats, goal=goal, minimum=minimum)
    hidden = [d for d in parts if d.admissions is None]
    assert [d.name for d in parts] == list(DAYPARTS)
    assert all(past[d.name] >= minimum for d in parts if d not in hidden)
    assert all(d.admissions >= minimum for d in parts if d not in hidden)
    assert (others is None) == (not hidden)
    if others is None:
        return
    # A reader knows the sum of those left out, and nothing else of them: no showings of one.
    assert all(d.showings is None for d in hidden)
    rest = admissions - sum(d.admissions for d in parts if d.admissions is not None)
    assert others.admissions == rest
    assert len(hidden) > 1
    assert sum(past[d.name] for d in hidden) >= minimum
    # Each may be from 0 up to the sum, which is no narrower than "under the minimum".
    assert rest >= minimum or len(hidden) == len(parts)
    # What all showings together fill is the week, which stands there as well.
    total = others.showings + sum(d.showings for d in parts if d.showings is not None)
    exact = Fraction(admissions) / (seats * Fraction(goal)) + Fraction(1, 2)
    assert total == (max(1, int(exact)) if admissions else 0)


@given(
    st.dictionaries(st.sampled_from(["a", "b", "c", "d", ""]), st.integers(0, 400), min_size=1),
    st.integers(1, 4_000),
    st.integers(1, 60),
)
def test_no_cinema_can_be_computed_as_what_the_others_leave_of_the_city(sold, week, minimum):
    rows = [(name or None, True, float(n), float(n)) for name, n in sold.items()]
    cinemas = cinema_shares(rows, minimum)
    city = City("Avon", 10_000, 1.0, 0.0)
    amounts = cinema_amounts(Amount(float(week), 1.0, 2.0 * week), city, cinemas, minimum)
    assert all(a.middle >= minimum for a in amounts.values())
    assert "" not in amounts
    hidden = {n for n in sold if n and n not in amounts}
    rest = week - sum(a.middle for a in amounts.values())
    if hidden and amounts:
        # Another cinema, or tickets of no known cinema, is left out with it.
        assert len(hidden) > 1 or "" in sold
        assert rest >= minimum


def test_the_first_sales_that_are_enough_are_taken():
    few, some = {"a": 30.0, "b": 20.0}, {"a": 300.0, "b": 20.0, "c": 30.0}
    assert first_enough([("all", None, few)], 60, most_hidden=1.0) is None
    sales = [("comparable", "Avon", few), ("all", "Avon", some)]
    assert first_enough(sales, 50, most_hidden=0.2) == PastSales(
        "all", "Avon", some, frozenset({"b", "c"})
    )
    assert first_enough(sales[1:], 50, most_hidden=0.1) is None


def test_cinemas_part_by_comparable_films_where_these_are_enough_and_by_all_else():
    rows = [("north", True, 120.0, 240.0), ("south", True, 80.0, 160.0),
            ("north", False, 0.0, 0.0), ("south", False, 600.0, 1_200.0)]  # fmt: skip
    cinemas = cinema_shares(rows, 50)
    assert cinemas.films == "comparable"
    assert {n: s.share for n, s in cinemas.shares.items()} == {"north": 0.6, "south": 0.4}
    cinemas = cinema_shares(rows, 110)
    assert cinemas.films == "all"
    assert cinemas.shares["north"].share == pytest.approx(120 / 800)
    assert cinema_shares(rows, 500) is None
    # A cinema that no row names is a part like others, and never has a number.
    known = cinema_shares([(None, True, 90.0, 90.0), *rows], 50)
    assert set(known.shares) == {"north", "south"}


@given(
    st.dictionaries(st.sampled_from("abcdef"), st.tuples(st.integers(0, 99), st.integers(0, 99))),
    st.integers(1, 60),
)
def test_no_measure_of_what_is_left_out_is_small(parts, minimum):
    measures = [{n: float(p[k]) for n, p in parts.items()} for k in (0, 1)]
    hidden = hidden_parts(measures, minimum)
    for measure in measures:
        assert all(c >= minimum for n, c in measure.items() if n not in hidden)
        rest = sum(measure[n] for n in hidden)
        assert not hidden or rest >= minimum or hidden == set(parts)
