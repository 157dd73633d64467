"""A cinema's pack holds no small count; showings are shared out as people are expected."""

import json
from datetime import date
from fractions import Fraction
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullhouse.core.errors import InputError
from fullhouse.exhibit.exhibit import (
    Daypart,
    Exhibit,
    ExpectedWeek,
    NearbyAudience,
    PlayedFilm,
    at_least,
    parts_at_least,
    suggest_showings,
)
from fullhouse.planning.plan import Amount

DAY = date(2025, 3, 14)
ADMISSIONS = st.lists(st.integers(0, 5_000), min_size=1, max_size=6).map(
    lambda found: {f"part {k}": n for k, n in enumerate(found)}
)
SEATS, GOAL = st.integers(20, 400), st.sampled_from([0.15, 0.3, 0.5, 1.0])


def pack(**changes):
    told = {
        "film": "f", "title": "F", "territory": "ZZ", "place": "North", "as_of": date(2025, 2, 28),
        "opening": DAY, "minimum": 50, "seats": 150, "goal": 0.3,
        "audiences": (NearbyAudience("Dogs", "buys:dogs", 50, None),),
        "weeks": (ExpectedWeek(DAY, Amount(60.0, 20.0, 100.0)),),
        "films": (PlayedFilm("G", DAY, None, 90),),
        "dayparts": (Daypart("evening", 60.0, 1),), "source": "trait build 12",
    }  # fmt: skip
    return Exhibit(**(told | changes))


def test_a_pack_is_json_and_what_is_left_out_is_null():
    told = json.loads(json.dumps(pack().to_dict()))
    assert told["audiences"][0] == {
        "name": "Dogs", "rule": "buys:dogs", "people": 50, "tickets": None,
    }  # fmt: skip
    assert told["weeks"][0]["week"] == "2025-03-14"


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
def test_what_is_wrong_with_a_pack_is_said(changes, message):
    with pytest.raises(InputError, match=message):
        pack(**changes)


def test_what_is_left_out_cannot_be_had_from_the_week():
    week = (ExpectedWeek(DAY, Amount(320.0, 100.0, 900.0)),)
    shown = {"day": 300.0, "late": 20.0}
    naive = tuple(Daypart(n, at_least(c, 50), 1) for n, c in shown.items())
    with pytest.raises(InputError, match="late can be told from the week's admissions"):
        pack(weeks=week, dayparts=naive)
    safe = parts_at_least(shown, 50)
    assert set(safe.values()) == {None}
    pack(weeks=week, dayparts=tuple(Daypart(n, c, 1) for n, c in safe.items()))


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 200), max_size=6), st.integers(1, 90))
def test_parts_left_out_are_together_large_or_all_there_are(counts, minimum):
    found = parts_at_least(counts, minimum)
    hidden = [counts[n] for n, c in found.items() if c is None]
    assert list(found) == list(counts)
    assert all(c is None or c >= minimum for c in found.values())
    assert not hidden or sum(hidden) >= minimum or len(hidden) == len(counts)
    # No more than needed: without the largest that was added, the others would be too few.
    added = [c for c in hidden if c >= minimum]
    assert not added or sum(hidden) - max(added) < minimum


def test_small_counts_are_left_out():
    assert [at_least(n, 50) for n in (0, 49, 50, 51)] == [None, None, 50, 51]


@given(ADMISSIONS, SEATS, GOAL)
def test_showings_add_up_and_keep_to_their_shares(admissions, seats, goal):
    found = suggest_showings(admissions, seats=seats, goal=goal)
    people, total = sum(admissions.values()), sum(found.values())
    assert list(found) == list(admissions)
    if not people:
        assert total == 0
        return
    assert total == max(1, int(Fraction(people) / (seats * Fraction(goal)) + Fraction(1, 2)))
    for name, count in admissions.items():
        assert abs(found[name] - Fraction(total * count, people)) < 1
        assert found[name] == 0 or count
    ranked = sorted(admissions, key=lambda n: admissions[n])
    for less, more in pairwise(ranked):
        assert admissions[less] == admissions[more] or found[less] <= found[more]


@given(
    st.lists(st.integers(0, 300), min_size=1, max_size=3),
    st.sampled_from([100, 150]),
    st.sampled_from([0.5, 1.0]),
)
def test_no_other_showings_of_as_many_lie_nearer_to_the_shares(counts, seats, goal):
    admissions = {str(k): n for k, n in enumerate(counts)}
    found = list(suggest_showings(admissions, seats=seats, goal=goal).values())
    people, total = sum(counts), sum(found)

    def off(showings):
        return sum((s * people - total * n) ** 2 for s, n in zip(showings, counts, strict=True))

    every = (s for s in product(range(total + 1), repeat=len(counts)) if sum(s) == total)
    assert off(found) == min(map(off, every))


def test_ties_go_to_the_daypart_named_first():
    assert suggest_showings({"a": 50, "b": 50, "c": 50}, seats=100, goal=1) == {
        "a": 1, "b": 1, "c": 0,
    }  # fmt: skip
    assert suggest_showings({"late": 1, "early": 0}, seats=300, goal=1) == {"late": 1, "early": 0}


@pytest.mark.parametrize("count", [-1, float("nan"), float("inf")])
def test_admissions_are_counts(count):
    with pytest.raises(InputError, match="expected in 'evening' must be from 0 up"):
        suggest_showings({"evening": count}, seats=100, goal=0.3)
