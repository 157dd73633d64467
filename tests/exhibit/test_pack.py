"""A cinema's pack holds no small count; showings are shared out as people are expected."""

import json
from datetime import date
from fractions import Fraction
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullhouse.core.errors import InputError
from fullhouse.exhibit.pack import (
    Daypart,
    Exhibit,
    ExpectedWeek,
    NearbyAudience,
    OtherDayparts,
    PlayedFilm,
    Source,
)
from fullhouse.exhibit.places import at_least, hidden_parts, parts_at_least, suggest_showings
from fullhouse.planning.plan import Amount

DAY = date(2025, 3, 14)
ADMISSIONS = st.lists(st.integers(0, 5_000), min_size=1, max_size=6).map(
    lambda counts: {f"part {k}": n for k, n in enumerate(counts)}
)
SEATS, GOAL = st.integers(20, 400), st.sampled_from([0.15, 0.3, 0.5, 1.0])


def pack(**changes):
    fields = {
        "film": "f", "title": "F", "territory": "ZZ", "place": "North", "as_of": date(2025, 2, 28),
        "opening": DAY, "minimum": 50, "seats": 150, "goal": 0.3,
        "audiences": (NearbyAudience("Dogs", "buys:dogs", 50, None),),
        "weeks": (ExpectedWeek(DAY, Amount(60.0, 20.0, 100.0)),),
        "films": (PlayedFilm("G", DAY, None, 90),),
        "dayparts": (Daypart("evening", 60.0, 1),), "source": Source(12, DAY, DAY),
    }  # fmt: skip
    return Exhibit(**(fields | changes))


def test_a_pack_is_json_and_what_is_left_out_is_null():
    content = json.loads(json.dumps(pack().to_dict()))
    assert content["audiences"][0] == {
        "name": "Dogs", "rule": "buys:dogs", "people": 50, "tickets": None,
    }  # fmt: skip
    assert content["weeks"][0]["week"] == "2025-03-14"


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"audiences": (NearbyAudience("Dogs", "r", 49, None),)}, "The people of Dogs"),
        ({"audiences": (NearbyAudience("Dogs", "r", 50, 49.9),)}, "The tickets of Dogs"),
        ({"weeks": (ExpectedWeek(DAY, Amount(49.0, 20.0, 90.0)),)}, "the week of 2025-03-14"),
        ({"films": (PlayedFilm("G", DAY, 12, 90),)}, "The first week of G"),
        ({"films": (PlayedFilm("G", DAY, None, 9),)}, "The whole run of G"),
        ({"films": (PlayedFilm("G", DAY, 60, 90),)}, "What G took after its first week"),
        ({"dayparts": (Daypart("evening", 3.0, 1),)}, "expected in evening"),
    ],
    ids=["people", "tickets", "week", "first week", "run", "later weeks", "daypart"],
)
def test_a_pack_cannot_hold_a_count_under_the_minimum(changes, what):
    with pytest.raises(InputError, match=f"{what} is under the minimum of 50"):
        pack(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"minimum": 0}, "at least 1 person"),
        ({"seats": 0}, "at least 1 seat"),
        ({"goal": 30}, "above 0 up to 1"),
    ],
    ids=["minimum", "seats", "goal"],
)
def test_mistakes_in_a_pack_are_named(changes, message):
    with pytest.raises(InputError, match=message):
        pack(**changes)


def test_what_is_left_out_cannot_be_computed_from_the_week():
    week = (ExpectedWeek(DAY, Amount(320.0, 100.0, 900.0)),)
    expected = {"day": 300.0, "late": 20.0}
    naive = (Daypart("day", 300.0, 8), Daypart("late", None, None))
    with pytest.raises(InputError, match="late can be computed from the week's admissions"):
        pack(weeks=week, dayparts=naive)
    safe = parts_at_least(expected, 50)
    assert set(safe.values()) == {None}
    parts = tuple(Daypart(n, None, None) for n in safe)
    pack(weeks=week, dayparts=parts, other_dayparts=OtherDayparts(320.0, 9))


def test_one_part_alone_is_never_left_out():
    """Its number would be the week less the others, however large it is."""
    week = (ExpectedWeek(DAY, Amount(320.0, 100.0, 900.0)),)
    with pytest.raises(InputError, match="late can be computed"):
        pack(weeks=week, dayparts=(Daypart("day", 200.0, 5), Daypart("late", None, None)))
    assert hidden_parts([{"a": 900, "b": 700, "c": 800}], 50, hide={"c"}) == {"b", "c"}


def test_showings_do_not_give_what_is_left_out():
    """22 showings of 120 seats, 30 % full, are 792 admissions."""
    parts = (Daypart("late", None, 22), Daypart("matinee", None, 2))
    week = (ExpectedWeek(DAY, Amount(900.0, 100.0, 2000.0)),)
    with pytest.raises(InputError, match="Showings × seats × goal"):
        pack(weeks=week, dayparts=parts)


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 200), max_size=6), st.integers(1, 90))
def test_parts_left_out_are_together_large_or_all_there_are(counts, minimum):
    parts = parts_at_least(counts, minimum)
    hidden = [counts[n] for n, c in parts.items() if c is None]
    assert list(parts) == list(counts)
    assert all(c is None or c >= minimum for c in parts.values())
    assert not hidden or sum(hidden) >= minimum or len(hidden) == len(counts)
    assert len(hidden) != 1 or len(counts) == 1
    # No more than needed: without the largest that was added, the others would be too few.
    added = [c for c in hidden if c >= minimum]
    assert not added or sum(hidden) - max(added) < minimum


def test_small_counts_are_left_out():
    assert [at_least(n, 50) for n in (0, 49, 50, 51)] == [None, None, 50, 51]


@given(ADMISSIONS, SEATS, GOAL)
def test_showings_add_up_and_keep_to_their_shares(admissions, seats, goal):
    showings = suggest_showings(admissions, seats=seats, goal=goal)
    people, total = sum(admissions.values()), sum(showings.values())
    assert list(showings) == list(admissions)
    if not people:
        assert total == 0
        return
    assert total == max(1, int(Fraction(people) / (seats * Fraction(goal)) + Fraction(1, 2)))
    for name, count in admissions.items():
        assert abs(showings[name] - Fraction(total * count, people)) < 1
        assert showings[name] == 0 or count
    ranked = sorted(admissions, key=lambda n: admissions[n])
    for less, more in pairwise(ranked):
        assert admissions[less] == admissions[more] or showings[less] <= showings[more]


@given(
    st.lists(st.integers(0, 300), min_size=1, max_size=3),
    st.sampled_from([100, 150]),
    st.sampled_from([0.5, 1.0]),
)
def test_no_other_showings_of_as_many_lie_nearer_to_the_shares(counts, seats, goal):
    admissions = {str(k): n for k, n in enumerate(counts)}
    best = list(suggest_showings(admissions, seats=seats, goal=goal).values())
    people, total = sum(counts), sum(best)

    def off(showings):
        return sum((s * people - total * n) ** 2 for s, n in zip(showings, counts, strict=True))

    every = (s for s in product(range(total + 1), repeat=len(counts)) if sum(s) == total)
    assert off(best) == min(map(off, every))


def test_ties_go_to_the_daypart_named_first():
    assert suggest_showings({"a": 50, "b": 50, "c": 50}, seats=100, goal=1) == {
        "a": 1, "b": 1, "c": 0,
    }  # fmt: skip
    assert suggest_showings({"late": 1, "early": 0}, seats=300, goal=1) == {"late": 1, "early": 0}


@pytest.mark.parametrize("count", [-1, float("nan"), float("inf")])
def test_admissions_are_counts(count):
    with pytest.raises(InputError, match="expected in 'evening' must be from 0 up"):
        suggest_showings({"evening": count}, seats=100, goal=0.3)
