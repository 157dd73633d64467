"""Nobody is shown more than a channel's cap, whatever audiences they are in."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse.planning import cap_rows, optimise
from tests.planning.sample_problem import problem


def shown(made, spend):
    """Share of its cap that each cell is shown, by channel and week: the slow and obvious way."""
    slots = made.slots
    shares = {}
    for cell in range(len(made.cells)):
        for s in np.flatnonzero(slots.reaches[:, cell]):
            key = cell, slots.channel[s], slots.week[s]
            shares[key] = shares.get(key, 0.0) + spend[s] / slots.most[s]
    return np.array(list(shares.values()))


def test_a_plan_keeps_the_cap_in_every_cell_and_without_rows_it_would_not():
    made = problem(1)
    budget = 0.5 * made.slots.most.sum()
    assert shown(made, optimise(made, budget).spend).max() > 1.5
    capped = optimise(made, budget, rows=cap_rows(made.slots)).spend
    assert shown(made, capped).max() == pytest.approx(1, abs=1e-3)


@given(st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_the_rows_say_just_what_every_cell_says(seed):
    made = problem(seed % 5, size=300)
    rows = cap_rows(made.slots)
    spend = made.slots.most * np.random.default_rng(seed).uniform(0, 1, len(made.slots))
    assert (rows.coefficients @ spend).max() == pytest.approx(shown(made, spend).max())


def test_audiences_that_never_meet_need_no_row():
    made = problem(2)
    only = np.flatnonzero(made.slots.audience == 0)
    alone = type(made.slots)(**{k: v[only] for k, v in vars(made.slots).items()})
    assert len(cap_rows(alone).limits) == 0
