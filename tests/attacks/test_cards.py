"""Membership by a film's cards: whether one known person is among the film's audience."""

import numpy as np
import pytest

from benchmarks.attacks import best_auc, membership_by_cards, target_of_cards
from fullhouse.cleanroom.noise import nano

PRICE = nano(0.02)


@pytest.mark.slow
def test_without_noise_cards_reveal_who_is_in_the_audience():
    assert membership_by_cards(nano(200), 25) > 0.95


@pytest.mark.parametrize(
    ("runs", "most"), [(80, 0.72), pytest.param(500, 0.6, marks=pytest.mark.slow)]
)
def test_at_their_price_they_do_not(runs, most):
    """The bound holds for any attack; the limits allow for the chance of so many runs."""
    assert best_auc(PRICE) < 0.56
    assert membership_by_cards(PRICE, runs) < most


def test_the_two_houses_differ_by_the_target_alone():
    target = target_of_cards()
    inside, outside = target.house(inside=True), target.house(inside=False)
    assert (inside.people, outside.people) == (4_000, 3_999)
    assert inside.seed[target.place]
    assert len(inside.columns) - len(outside.columns) == len(target.traits) > 10
    others = np.arange(4_000) != target.place
    assert (np.asarray(inside.seed)[others] == outside.seed).all()
    assert (inside.held[others] == outside.held).all()
