"""The few audiences that hold most of the likely people."""

from itertools import combinations
from math import e

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.discovery.coverage import portfolio


def _case(run, *, people=80, options=6):
    g = np.random.default_rng(run)
    masks = g.random((people, options)) < g.uniform(0.05, 0.6, options)
    liked = masks[:, : options // 2].sum(1)
    seed = g.random(people) < 0.08 + 0.15 * liked
    seed[g.integers(people)] = True
    weight = g.uniform(0.5, 3, people)
    return masks, seed, weight


def _taken(masks, seed, weight, **settings_):
    names = [f"a{i}" for i in range(masks.shape[1])]
    return portfolio(masks, names, names, seed=seed, weight=weight, **settings_)


def _worth(masks, seed, weight, chosen, margin):
    inside = masks[:, list(chosen)].any(axis=1)
    price = margin * (weight * seed).sum() / weight.sum()
    return (weight * inside * seed).sum() - price * (weight * inside).sum()


def _best(masks, seed, weight, most, margin):
    options = range(masks.shape[1])
    return max(
        _worth(masks, seed, weight, chosen, margin)
        for size in range(most + 1)
        for chosen in combinations(options, size)
    )


def _number(pick):
    return int(pick.name[1:])


@settings(max_examples=60, deadline=None)
@given(run=st.integers(0, 10**6), most=st.integers(1, 4))
def test_without_a_price_it_covers_at_least_what_theory_promises(run, most):
    masks, seed, weight = _case(run)
    picks = _taken(masks, seed, weight, margin=0.0, most=most, enough=1.0)
    ours = _worth(masks, seed, weight, map(_number, picks), 0.0)
    assert ours >= (1 - 1 / e) * _best(masks, seed, weight, most, 0.0) - 1e-9


def test_with_a_price_it_loses_next_to_nothing_against_every_choice():
    lost, whole, below = 0.0, 0.0, 0
    for run in range(150):
        masks, seed, weight = _case(run)
        picks = _taken(masks, seed, weight, most=3, enough=1.0)
        best = _best(masks, seed, weight, 3, 1.2)
        ours = _worth(masks, seed, weight, map(_number, picks), 1.2) if picks else 0.0
        below += ours < (1 - 1 / e) * best - 1e-9
        lost, whole = lost + best - ours, whole + best
    # Of 1,000 such cases 0.8 % was lost, and 12 were below: 1.8 of 150, and 3 more are 3 s.e.
    assert lost < 0.02 * whole
    assert below <= 6


def test_two_audiences_that_are_worth_their_common_others_only_together_are_missed():
    # The case in which no greedy choice is any good: said in the module, and true.
    common, one, other = np.arange(200) < 30, np.arange(200) < 30, np.arange(200) < 30
    one[40:50], other[50:60] = True, True
    seed = np.zeros(200, bool)
    seed[40:60] = True
    seed[100:124] = True
    assert common.sum() == 30
    assert _taken(np.stack([one, other], axis=1), seed, np.ones(200)) == ()
    assert _best(np.stack([one, other], axis=1), seed, np.ones(200), 2, 1.2) > 0


@settings(max_examples=60, deadline=None)
@given(run=st.integers(0, 10**6))
def test_each_pick_says_what_it_adds(run):
    masks, seed, weight = _case(run)
    picks = _taken(masks, seed, weight)
    seen = np.zeros(len(seed), bool)
    base = (weight * seed).sum() / weight.sum()
    for pick in picks:
        mask = masks[:, _number(pick)]
        new = mask & ~seen
        assert pick.persons == round((weight * mask).sum())
        assert pick.likely == round((weight * mask * seed).sum())
        assert pick.new_persons == round((weight * new).sum())
        assert pick.new_likely == round((weight * new * seed).sum())
        assert (weight * new * seed).sum() > 1.2 * base * (weight * new).sum()
        seen |= mask
        assert pick.covered == pytest.approx((weight * seen * seed).sum() / (weight * seed).sum())
        assert pick.reached == pytest.approx((weight * seen).sum() / weight.sum())
    assert len({p.name for p in picks}) == len(picks) <= 6
    assert all(p.covered < 0.9 for p in picks[:-1])


@settings(max_examples=30, deadline=None)
@given(run=st.integers(0, 10**6))
def test_order_of_people_does_not_matter(run):
    masks, seed, weight = _case(run)
    mixed = np.random.default_rng(1).permutation(len(seed))
    one = _taken(masks, seed, weight)
    other = _taken(masks[mixed], seed[mixed], weight[mixed])
    assert [p.name for p in one] == [p.name for p in other]


def test_everybody_is_no_audience_and_of_two_alike_the_first_is_taken_once():
    seed = np.arange(100) < 20
    mask = np.arange(100) < 25
    masks = np.stack([np.ones(100, bool), mask, mask, np.arange(100) >= 95], axis=1)
    (pick,) = _taken(masks, seed, np.ones(100))
    assert (pick.name, pick.new_persons, pick.new_likely) == ("a1", 25, 20)
    assert (pick.covered, pick.reached) == (1.0, 0.25)


def test_what_cannot_be_chosen_is_explained():
    masks, seed, weight = _case(1)
    with pytest.raises(InputError, match="a rule for each"):
        portfolio(masks, ["one"], ["one"], seed=seed, weight=weight)
    with pytest.raises(InputError, match="negative"):
        _taken(masks, seed, -weight)
    with pytest.raises(CannotTellError, match="there are none"):
        _taken(masks, np.zeros(len(seed), bool), weight)
    assert _taken(masks[:, :0], seed, weight) == ()
