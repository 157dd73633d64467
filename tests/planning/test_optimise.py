"""The best spends: against a general solver, against other plans, within every constraint."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from fullhouse.core.errors import InputError, Reason
from fullhouse.planning import (
    PlanRows,
    extra_tickets,
    optimise,
    tickets_by_cell,
    tickets_by_slot,
)
from fullhouse.planning.optimise import GAP, marginal_curve
from tests.planning.sample_problem import problem


@pytest.mark.parametrize("seed", range(4))
def test_it_is_as_good_as_what_a_general_solver_gives(seed):
    made = problem(seed)
    budget = 0.2 * made.slots.most.sum()
    best = optimise(made, budget)
    start = np.full(len(made.slots), budget / len(made.slots))
    other = minimize(
        lambda s: -extra_tickets(made, s).mean(),
        np.minimum(start, made.slots.most),
        bounds=[(0, m) for m in made.slots.most],
        constraints={"type": "ineq", "fun": lambda s: budget - s.sum()},
        method="SLSQP",
        options={"maxiter": 300},
    )
    assert best.tickets.mean() >= -other.fun * (1 - GAP)
    assert best.spend.sum() <= budget * (1 + 1e-9)
    assert (best.spend <= made.slots.most * (1 + 1e-9)).all()


@given(st.integers(0, 10**6))
@settings(max_examples=15, deadline=None)
def test_no_plan_drawn_at_random_is_better_than_its_own_bound(seed):
    made = problem(seed % 7)
    budget = 0.3 * made.slots.most.sum()
    best = optimise(made, budget)
    other = np.random.default_rng(seed).dirichlet(np.full(len(made.slots), 0.3)) * budget
    value = extra_tickets(made, np.minimum(other, made.slots.most)).mean()
    assert value <= best.tickets.mean() * (1 + best.gap) + 1e-9


def test_tickets_shared_out_add_up_to_the_whole():
    made = problem(1)
    best = optimise(made, 0.2 * made.slots.most.sum())
    assert tickets_by_slot(made, best.spend).sum(1) == pytest.approx(best.tickets)
    assert tickets_by_cell(made, best.spend).sum(1) == pytest.approx(best.tickets)


def test_constraints_are_kept_and_impossible_ones_named():
    made = problem(2)
    budget = 0.2 * made.slots.most.sum()
    free = optimise(made, budget)
    city = (made.slots.city == 1).astype(float)
    wanted = 0.7 * budget
    assert free.spend @ city < wanted
    rows = PlanRows(
        -city[None],
        np.array([-wanted]),
        (Reason("limit_city_minimum", {"amount": wanted, "name": "city 1"}),),
    )
    within = optimise(made, budget, rows=rows)
    assert within.spend @ city >= wanted * (1 - 1e-6)
    assert within.tickets.mean() <= free.tickets.mean() * (1 + GAP)
    least = Reason("limit_city_minimum", {"amount": 2 * budget, "name": "city 1"})
    rows = PlanRows(-city[None], np.array([-2 * budget]), (least,))
    with pytest.raises(InputError, match=r"all of: at least [\d.]+ in city 1\."):
        optimise(made, budget, rows=rows)


def test_a_blackout_is_kept_and_a_line_costs_its_minimum_or_nothing():
    made = problem(3, least=15.0)
    allowed = made.slots.week != 0
    best = optimise(made, 0.1 * made.slots.most.sum(), allowed=allowed)
    assert best.spend[~allowed].sum() == 0
    used = best.spend[best.spend > 0]
    assert len(used)
    assert (used >= 15.0 * (1 - 1e-9)).all()


def test_a_cautious_plan_is_better_where_things_go_badly():
    made = problem(4, draws=200)
    budget = 0.15 * made.slots.most.sum()
    neutral, cautious = (optimise(made, budget, attitude=a) for a in ("neutral", "cautious"))
    worst = [np.sort(p.tickets)[:40].mean() for p in (neutral, cautious)]
    assert worst[1] >= worst[0] * (1 - GAP)
    assert neutral.tickets.mean() >= cautious.tickets.mean() * (1 - GAP)


def test_more_money_sells_more_and_each_unit_less():
    made = problem(5)
    whole = made.slots.most.sum()
    plans = marginal_curve(made, [whole * x for x in (0.05, 0.1, 0.2, 0.4)])
    means = np.array([f.tickets.mean() for f in plans])
    per_unit = np.diff(means) / np.diff([0.05, 0.1, 0.2, 0.4])
    assert (np.diff(means) > 0).all()
    assert (np.diff(per_unit) < 0).all()


def test_a_cell_answers_with_the_gain_of_the_first_audience_it_is_in():
    made = problem(0)
    inside, gains = made.cells.in_audience, made.gains()
    for cell in np.flatnonzero(inside.any(1)):
        first = made.kind_of[int(np.flatnonzero(inside[cell])[0])]
        wanted = made.response.gain[:, first] * made.cells.tickets[cell]
        assert gains[:, cell] == pytest.approx(wanted)
    assert not gains[:, ~inside.any(1)].any()


def test_a_budget_that_cannot_keep_the_rows_is_left_out_of_the_curve():
    made = problem(2)
    whole = made.slots.most.sum()
    rows = PlanRows(-np.ones((1, len(made.slots))), np.array([-0.1 * whole]))
    plans = marginal_curve(made, [0.05 * whole, 0.2 * whole], rows=rows)
    assert plans[0] is None
    assert plans[1].spend.sum() >= 0.1 * whole * (1 - 1e-6)


def test_a_budget_of_nothing_is_refused():
    with pytest.raises(InputError, match="above 0, not 0"):
        optimise(problem(0), 0)
