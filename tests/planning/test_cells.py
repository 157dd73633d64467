"""People parted into cells, and reach over overlapping audiences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse.planning import cells, reach
from tests.planning.made import people, problem


@given(st.integers(0, 10**6))
@settings(max_examples=20, deadline=None)
def test_cells_hold_everybody_once_and_tell_them_apart(seed):
    audiences, channels, city, base = people(seed, size=300)
    found = cells(audiences, channels, city, base)
    assert found.persons.sum() == 300
    assert found.tickets.sum() == pytest.approx(base.sum())
    for i, mine in enumerate(audiences):
        assert found.persons[found.in_audience[:, i]].sum() == mine.sum()
    kinds = np.c_[found.in_audience, found.on_channel, found.city]
    assert len(np.unique(kinds, axis=0)) == len(found)


def test_reach_over_overlapping_lines_is_what_a_simulation_of_people_gives():
    made = problem(3, size=20_000)
    g = np.random.default_rng(1)
    spend = made.slots.most * g.uniform(0, 0.6, len(made.slots))
    alone, every, frequency = reach(made.slots, made.cells, spend)
    # People of each cell: reachable on each channel or not, then Poisson impressions of each line.
    persons = np.repeat(np.arange(len(made.cells)), made.cells.persons.astype(int))
    seen = np.zeros(len(persons), dtype=bool)
    within = made.slots.rates(spend) / made.slots.limit
    for channel in (0, 1):
        mine = made.slots.channel == channel
        limit = made.slots.limit[mine][0]
        rate = (within[mine, None] * made.slots.reaches[mine]).sum(0)[persons]
        seen |= (g.random(len(persons)) < limit) & (g.poisson(rate) > 0)
    assert every == pytest.approx(seen.sum(), abs=4 * np.sqrt(len(persons) / 4))
    assert every <= alone.sum()
    assert frequency * every == pytest.approx((spend / made.slots.unit_price).sum())


def test_the_same_audience_twice_is_reached_once():
    g = np.random.default_rng(2)
    mine = g.random(1000) < 0.5
    one = cells([mine], [mine], np.zeros(1000, int), np.ones(1000))
    two = cells([mine, mine], [mine], np.zeros(1000, int), np.ones(1000))
    assert len(one) == len(two) == 2
