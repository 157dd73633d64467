"""A forecast's tickets, shared out."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.discovery.tickets import (
    NO_CITY,
    OUTSIDE,
    REST,
    apportion,
    first_of,
    share_tickets,
)

MONEY = {"total": 9_000_000.0, "low": 6e6, "high": 14e6, "price": 9.5, "currency": "GBP"}


def _house(run=1, people=400):
    g = np.random.default_rng(run)
    return {
        "expected": g.gamma(0.5, 0.1, people),
        "weight": g.choice([1.0, 3.5], people),
        "audience": g.integers(-1, 3, people),
        "audiences": ("dogs", "women", "fans"),
        "city": g.integers(-1, 5, people),
        "cities": ("A", "B", "C", "D", "E"),
        "known_share": 0.37,
    }


def _shared(house=None, **other):
    return share_tickets(**{**MONEY, **(house or _house()), **other})


@settings(max_examples=80, deadline=None)
@given(
    run=st.integers(0, 10**6),
    total=st.floats(10, 1e10),
    known=st.floats(0.001, 1),
    price=st.floats(0.01, 10),
)
def test_each_breakdown_adds_up_exactly(run, total, known, price):
    tickets = _shared(
        _house(run, 60), total=total, low=total / 2, high=total * 2, price=price, known_share=known
    )
    for groups in (tickets.audiences, tickets.cities, tickets.cities[::-1]):
        assert sum(g.tickets for g in groups) == tickets.total
        assert all(g.low <= g.tickets <= g.high for g in groups)
    assert tickets.total == pytest.approx(total / price, abs=0.001)


@settings(max_examples=30, deadline=None)
@given(run=st.integers(0, 10**6))
def test_order_of_people_does_not_matter(run):
    house = _house(run, 200)
    mixed = np.random.default_rng(1).permutation(200)
    other = {k: v[mixed] if isinstance(v, np.ndarray) else v for k, v in house.items()}
    assert _shared(house) == _shared(other)


def test_a_group_gets_what_its_people_are_expected_to_buy():
    house = _house()
    tickets = _shared(house)
    visits = house["expected"] * house["weight"]
    share = Counter()
    for v, a in zip(visits, house["audience"], strict=True):
        share[a] += v / visits.sum()
    assert [g.name for g in tickets.audiences] == ["dogs", "women", "fans", REST, OUTSIDE]
    for group, number in zip(tickets.audiences, (0, 1, 2, -1), strict=False):
        assert group.tickets == pytest.approx(tickets.total * 0.37 * share[number], abs=0.001)
        inside = house["audience"] == number
        assert group.persons == round(house["weight"][inside].sum())
    assert tickets.audiences[-1].tickets == pytest.approx(0.63 * tickets.total, abs=0.001)
    assert tickets.audiences[-1].persons == 0
    assert (tickets.known_share, tickets.price, tickets.currency) == (0.37, 9.5, "GBP")
    assert (tickets.low, tickets.high) == (6e6 / 9.5, 14e6 / 9.5)


def test_cities_hold_everybody_and_the_largest_comes_first():
    tickets = _shared()
    *named, last = tickets.cities
    assert last.name == NO_CITY
    assert [g.tickets for g in named] == sorted((g.tickets for g in named), reverse=True)
    assert sum(g.tickets for g in tickets.cities) == tickets.total


def test_scale_of_the_expectation_does_not_matter():
    house = _house()
    one, other = _shared(house), _shared(house | {"expected": house["expected"] * 8})
    assert one == other


def test_a_group_of_nobody_gets_nothing_and_one_of_nothing_gets_nothing():
    house = _house()
    house["audience"] = np.where(house["audience"] == 1, 0, house["audience"])
    house["expected"] = np.where(house["audience"] == 2, 0.0, house["expected"])
    tickets = {g.name: g for g in _shared(house).audiences}
    assert (tickets["women"].persons, tickets["women"].tickets, tickets["women"].high) == (0, 0, 0)
    assert tickets["fans"].persons > 0
    assert (tickets["fans"].tickets, tickets["fans"].low, tickets["fans"].high) == (0, 0, 0)


def test_groups_that_have_nobody_left_over_are_not_named():
    house = _house() | {"audience": np.zeros(400, int), "city": np.zeros(400, int)}
    tickets = _shared(house | {"known_share": 1.0})
    assert [g.name for g in tickets.audiences] == ["dogs", "women", "fans"]
    assert {g.name for g in tickets.cities} == set("ABCDE")


def test_a_range_is_the_forecasts_for_a_group_known_surely_and_wider_for_a_small_one():
    tickets = _shared()
    outside = tickets.audiences[-1]
    assert outside.low / outside.tickets == pytest.approx(6 / 9)
    assert outside.high / outside.tickets == pytest.approx(14 / 9)
    for group in tickets.audiences[:-1]:
        assert group.low / group.tickets < 6 / 9
        assert group.high / group.tickets > 14 / 9


def test_how_surely_a_share_is_known_is_what_drawing_people_again_says():
    # People of a Poisson sample who go or do not, with no doubt about the total.
    g = np.random.default_rng(7)
    house = _house(people=3000) | {"known_share": 1.0, "weight": np.ones(3000)}
    house["expected"] = house["expected"].clip(0, 0.3) * 8
    money = MONEY | {"total": house["expected"].sum(), "price": 1.0}
    money |= {"low": money["total"], "high": money["total"]}
    tickets = share_tickets(**money, **house)
    shares = []
    for _ in range(1500):
        visits = g.poisson(house["expected"] * g.poisson(1, 3000))
        shares.append(np.bincount(house["audience"] + 1, visits, minlength=4) / visits.sum())
    low, high = np.quantile(shares, [0.1, 0.9], axis=0)
    for number, name in enumerate((REST, "dogs", "women", "fans")):
        group = next(x for x in tickets.audiences if x.name == name)
        # Quantiles of 1,500 draws are off by some 4 % of the range's width.
        width = (high - low)[number]
        assert group.low / tickets.total == pytest.approx(low[number], abs=0.12 * width)
        assert group.high / tickets.total == pytest.approx(high[number], abs=0.12 * width)


@settings(max_examples=100, deadline=None)
@given(
    parts=st.lists(st.integers(0, 1000), min_size=1, max_size=30).filter(any),
    units=st.integers(0, 10**9),
)
def test_apportioned_units_add_up_and_none_is_off_by_more_than_one(parts, units):
    shares = [p / sum(parts) for p in parts]
    tickets = apportion(shares, units)
    assert sum(tickets) == units
    for share, part in zip(shares, tickets, strict=True):
        assert abs(share * units - part) < 1 + 1e-6
        assert part == 0 or share > 0


def test_a_person_belongs_to_the_first_audience_that_has_them():
    masks = np.array([[0, 1, 1], [1, 1, 0], [0, 0, 0], [0, 0, 1]], bool)
    assert first_of(masks).tolist() == [1, 0, -1, 2]
    assert first_of(masks[:, :0]).tolist() == [-1] * 4


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"total": -1.0}, "median above 0"),
        ({"low": -1.0}, "range from 0"),
        ({"high": np.nan}, "median above 0"),
        ({"low": 10e6}, "must ascend"),
        ({"high": 8e6}, "must ascend"),
        ({"price": 0.0}, "more than 0 GBP"),
        ({"price": 1e8}, "one ticket"),
        ({"known_share": 0.0}, "above 0 and at most 1"),
        ({"known_share": 1.5}, "not 1.5"),
        ({"expected": np.full(400, -0.1)}, "Expected visits"),
        ({"weight": np.full(400, np.nan)}, "Weights"),
        ({"city": np.full(400, 5)}, "from -1 to 4"),
        ({"audience": np.zeros(3, int)}, "one for each person"),
    ],
    ids=lambda x: "-".join(x) if isinstance(x, dict) else "",
)
def test_wrong_input_is_refused(wrong, words):
    with pytest.raises(InputError, match=words):
        _shared(**wrong)


def test_nobody_expected_to_go_cannot_be_shared_out():
    with pytest.raises(CannotTellError, match="nobody of the house"):
        _shared(expected=np.zeros(400))
