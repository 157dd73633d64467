"""People counted by cell, and reach over overlapping audiences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse.planning import cells, reach
from tests.planning.sample_problem import people, problem


@given(st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_cells_hold_everybody_once_and_keep_them_apart(seed):
    audiences, channels, city, base = people(seed, size=300)
    parts = cells(audiences, channels, city, base)
    assert parts.persons.sum() == 300
    assert parts.tickets.sum() == pytest.approx(base.sum())
    for i, members in enumerate(audiences):
        assert parts.persons[parts.in_audience[:, i]].sum() == members.sum()
    kinds = np.c_[parts.in_audience, parts.on_channel, parts.city]
    assert len(np.unique(kinds, axis=0)) == len(parts)


def test_reach_over_overlapping_lines_is_what_a_simulation_of_people_gives():
    made = problem(3, size=20_000)
    g = np.random.default_rng(1)
    spend = made.slots.most * g.uniform(0, 0.6, len(made.slots))
    alone, every, frequency = reach(made.slots, made.cells, spend)
    # People of each cell: reachable on each channel or not, then Poisson impressions of each line.
    persons = np.repeat(np.arange(len(made.cells)), made.cells.persons.astype(int))
    reached = np.zeros(len(persons), dtype=bool)
    within = made.slots.rates(spend) / made.slots.limit
    for channel in (0, 1):
        members = made.slots.channel == channel
        limit = made.slots.limit[members][0]
        rate = (within[members, None] * made.slots.reaches[members]).sum(0)[persons]
        reached |= (g.random(len(persons)) < limit) & (g.poisson(rate) > 0)
    assert every == pytest.approx(reached.sum(), abs=4 * np.sqrt(len(persons) / 4))
    assert every <= alone.sum()
    assert frequency * every == pytest.approx((spend / made.slots.unit_price).sum())


def test_the_same_audience_twice_is_reached_once():
    g = np.random.default_rng(2)
    members = g.random(1000) < 0.5
    one = cells([members], [members], np.zeros(1000, int), np.ones(1000))
    two = cells([members, members], [members], np.zeros(1000, int), np.ones(1000))
    assert len(one) == len(two) == 2
