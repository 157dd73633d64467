"""What is told of a place holds no small count, nor can one be had as a rest."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullhouse.exhibit.exhibit import hidden_parts
from fullhouse.exhibit.places import (
    Basis,
    cinema_shares,
    dayparts,
    first_telling,
    played,
)
from fullhouse.exhibit.sales import DAYPARTS, PastFilm, Sold

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
        films=(PastFilm("Winter Kennel", date(2025, 3, 7), like=True),),
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
def test_packs_of_a_city_and_its_cinemas_tell_no_small_rest(rows, minimum):
    made = sold(rows)
    (city,) = played(made, None, minimum) or [None]
    every = {c: next(iter(played(made, c, minimum)), None) for c in CINEMAS}
    if city is None:
        assert sum(n for _, _, n in rows) < minimum
        return
    assert city.whole_run == sum(n for _, _, n in rows)
    here = {c for c, _, _ in rows}
    told = {c: f for c, f in every.items() if f is not None}
    rest = city.whole_run - sum(f.whole_run for f in told.values())
    assert rest >= minimum or (rest == 0 and set(told) == here) or not told
    for f in (city, *told.values()):
        assert f.whole_run >= minimum
        assert f.first_week is None or f.first_week >= minimum
        # What it took later is the rest of two numbers that stand side by side.
        assert f.first_week is None or f.whole_run - f.first_week >= minimum
    firsts = {c: f.first_week for c, f in told.items() if f.first_week is not None}
    if city.first_week is not None and firsts:
        rest = city.first_week - sum(firsts.values())
        assert rest >= minimum or (rest == 0 and set(firsts) == here)


@given(
    st.lists(st.integers(0, 400), min_size=len(DAYPARTS), max_size=len(DAYPARTS)),
    st.integers(0, 9_000),
    st.integers(1, 80),
)
def test_dayparts_tell_no_small_part_of_past_or_expected_tickets(counts, admissions, minimum):
    past = dict(zip(DAYPARTS, map(float, counts), strict=True))
    basis = first_telling([("all", past)], minimum, most_hidden=1.0)
    if basis is None:
        assert sum(counts) < minimum
        return
    found = dayparts(float(admissions), basis, seats=50, goal=0.5, minimum=minimum)
    hidden = [d for d in found if d.admissions is None]
    assert [d.name for d in found] == list(DAYPARTS)
    assert all(past[d.name] >= minimum for d in found if d not in hidden)
    assert all(d.admissions >= minimum for d in found if d not in hidden)
    if hidden:
        assert sum(past[d.name] for d in hidden) >= minimum
        told = sum(d.admissions for d in found if d.admissions is not None)
        assert admissions - told >= minimum or len(hidden) == len(found)
        # Their showings are shared evenly, so that they tell of none alone.
        assert max(d.showings for d in hidden) - min(d.showings for d in hidden) <= 1


def test_the_first_sales_that_tell_enough_are_taken():
    few, some = {"a": 30.0, "b": 20.0}, {"a": 300.0, "b": 20.0, "c": 30.0}
    assert first_telling([("few", few)], 60, most_hidden=1.0) is None
    found = first_telling([("few", few), ("some", some)], 50, most_hidden=0.2)
    assert found == Basis("some", some, frozenset({"b", "c"}))
    assert first_telling([("some", some)], 50, most_hidden=0.1) is None


def test_cinemas_part_by_comparable_films_where_these_tell_and_by_all_else():
    rows = [("north", True, 120.0, 240.0), ("south", True, 80.0, 160.0),
            ("north", False, 0.0, 0.0), ("south", False, 600.0, 1_200.0)]  # fmt: skip
    found, words = cinema_shares(rows, 50)
    assert words == "comparable films"
    assert {n: s.share for n, s in found.items()} == {"north": 0.6, "south": 0.4}
    found, words = cinema_shares(rows, 110)
    assert words == "all films"
    assert found["north"].share == pytest.approx(120 / 800)
    assert cinema_shares(rows, 500) == ({}, "")
    # A cinema that no row names is a part like others, and is never told.
    assert set(cinema_shares([(None, True, 90.0, 90.0), *rows], 50)[0]) == {"north", "south"}


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
