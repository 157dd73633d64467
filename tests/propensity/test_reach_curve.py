"""How much of the likely audience the best so-many people hold."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.propensity.propensity import reach_curve


@st.composite
def people(draw):
    size = draw(st.integers(1, 60))
    g = np.random.default_rng(draw(st.integers(0, 10**6)))
    wanted = g.random(size) < draw(st.sampled_from([0.1, 0.5, 1.0]))
    wanted[g.integers(size)] = True
    weight = draw(st.sampled_from([np.ones(size), g.uniform(0.5, 4, size)]))
    return g.integers(0, draw(st.sampled_from([1, 3, 1000])), size) / 7, wanted, weight


@settings(max_examples=80, deadline=None)
@given(made=people(), points=st.integers(1, 70))
def test_persons_and_reached_never_fall_and_end_with_everybody(made, points):
    score, wanted, weight = made
    curve = reach_curve(score, wanted, weight, points)
    assert 1 <= len(curve) <= points
    for one, other in pairwise(curve):
        assert one.persons < other.persons
        assert one.reached <= other.reached
    assert curve[-1].persons == round(weight.sum())
    assert (curve[-1].reached, curve[-1].times) == (1.0, 1.0)
    assert curve[-1].precision == pytest.approx((weight * wanted).sum() / weight.sum())
    for point in curve[:-1]:
        reached = point.precision * point.persons / (weight * wanted).sum()
        assert point.reached == pytest.approx(reached) or point.precision == 1.0


@settings(max_examples=40, deadline=None)
@given(made=people())
def test_the_order_in_which_people_stand_does_not_matter(made):
    score, wanted, weight = made
    mixed = np.random.default_rng(1).permutation(len(score))
    one = reach_curve(score, wanted, weight)
    other = reach_curve(score[mixed], wanted[mixed], weight[mixed])
    assert [p.persons for p in one] == [p.persons for p in other]
    assert [p.reached for p in one] == pytest.approx([p.reached for p in other])


def test_it_counts_as_a_slow_walk_down_the_order_counts():
    g = np.random.default_rng(3)
    score, wanted = g.permutation(1000) / 1000, g.random(1000) < 0.2
    ranked = wanted[np.argsort(-score)]
    for point in reach_curve(score, wanted, np.ones(1000)):
        hits = ranked[: point.persons].sum()
        assert point.reached == pytest.approx(hits / wanted.sum())
        assert point.precision == pytest.approx(hits / point.persons)
        assert point.times == pytest.approx(point.precision / wanted.mean())


def test_people_of_equal_score_enter_in_proportion():
    wanted = np.arange(100) < 30
    for point in reach_curve(np.zeros(100), wanted, np.ones(100)):
        assert point.reached == pytest.approx(point.persons / 100)
        assert point.times == pytest.approx(1)


def test_a_person_who_stands_for_three_counts_as_three():
    score, wanted = np.array([3.0, 2, 1]), np.array([True, False, True])
    one = reach_curve(score, wanted, np.array([3.0, 1, 2]), 6)
    each = reach_curve(np.repeat(score, [3, 1, 2]), np.repeat(wanted, [3, 1, 2]), np.ones(6), 6)
    assert one == each


@pytest.mark.parametrize(
    ("score", "wanted", "weight", "points", "error", "words"),
    [
        ([1.0, np.nan], [1, 0], [1, 1], 5, InputError, "NaN"),
        ([1.0, 2], [1, 0], [1, -1], 5, InputError, "negative"),
        ([1.0, 2], [1, 0, 1], [1, 1], 5, InputError, "for each person"),
        ([1.0, 2], [1, 0], [1, 1], 0, InputError, "at least 1 point"),
        ([1.0, 2], [0, 0], [1, 1], 5, CannotTellError, "nobody is"),
        ([], [], [], 5, CannotTellError, "nobody is"),
    ],
)
def test_what_cannot_be_drawn_is_explained(score, wanted, weight, points, error, words):
    with pytest.raises(error, match=words):
        reach_curve(np.array(score), np.array(wanted, bool), np.array(weight, float), points)
