"""The best way to spend a budget, over all draws of what an impression does.

Extra tickets of a draw are Σ base × gain × (1 − exp(−dose)) over cells: concave in the spends, so
the mean over draws is too, and the best point is one point. A barrier method comes near it from
the inside; steps of the Frank–Wolfe method (Jaggi 2013), each towards the best corner of a linear
programme (SciPy's HiGHS), do the rest where that did not suffice. Every constraint of a plan is
one row of the programme, and the last one bounds from above how much better any other plan could
be.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import linprog, minimize_scalar
from threadpoolctl import threadpool_limits

from fullhouse.core.arrays import Flags, Floats
from fullhouse.core.errors import InputError
from fullhouse.planning.barrier import interior_point
from fullhouse.planning.objective import Objective, extra_tickets
from fullhouse.planning.problem import Attitude, PlanProblem, PlanRows, Spending

STEPS = 200
GAP = 0.002
"""The search ends when no plan can be better by more than this share."""
SMALLEST = 1e-5
"""Share of the budget below which a spend is what is left of the search, and no line."""
FEW_DRAWS = 100
"""Draws over which lines are dropped and the plans of other budgets are computed; what they sell
is computed over all."""
FAR = 0.3
"""Lines under so much of their minimum are dropped together."""


class DoesNotFitError(InputError):
    """No plan keeps all constraints with a budget."""


def optimise(
    problem: PlanProblem,
    budget: float,
    *,
    rows: PlanRows | None = None,
    allowed: Flags | None = None,
    attitude: Attitude = "neutral",
) -> Spending:
    """The spends that sell most tickets for at most a budget.

    Minimum spends are kept by dropping, one after the other, the lines that stay under theirs
    where dropping them costs least, then solving again: as all such heuristics, not proven best.
    """
    if not budget > 0:
        raise InputError(f"A budget must be above 0, not {budget:g}.")
    # Small products by the thousand: more BLAS threads than one make them many times slower.
    with threadpool_limits(1):
        in_use = np.ones(len(problem.slots), dtype=bool) if allowed is None else allowed.copy()
        few = thinned(problem)
        best = _with_minimums(Objective(few, attitude), few, budget, rows, in_use)
        if few is problem:
            return best
        # What is dropped is decided over some of the draws, and by how much over all of them.
        return _with_minimums(Objective(problem, attitude), problem, budget, rows, in_use)


def thinned(problem: PlanProblem) -> PlanProblem:
    """The problem over some of its draws."""
    every = max(1, problem.response.draws // FEW_DRAWS)
    if every == 1:
        return problem
    return replace(problem, response=problem.response.thinned(every))


def _with_minimums(
    objective: Objective,
    problem: PlanProblem,
    budget: float,
    rows: PlanRows | None,
    in_use: Flags,
) -> Spending:
    """The best spends with every line at its least or not at all; `in_use` loses the dropped."""
    best = _solve(objective, problem, budget, rows, in_use)
    while True:
        share = best.spend / np.maximum(problem.slots.least, 1e-12)
        under = np.flatnonzero((best.spend > 0) & (share < 1 - 1e-9))
        if not len(under):
            return best
        worst = under[np.argsort(share[under])]
        far = int((share[under] < FAR).sum())
        in_use[worst[: max(1, len(under) // 2, far)]] = False
        # Among the lines that have money: the search is then several times faster.
        with_money = in_use & (best.spend > 0)
        try:
            best = _solve(objective, problem, budget, rows, with_money)
        except DoesNotFitError:
            best = _solve(objective, problem, budget, rows, in_use)


def _solve(
    objective: Objective,
    problem: PlanProblem,
    budget: float,
    rows: PlanRows | None,
    in_use: Flags,
) -> Spending:
    most = np.where(in_use, np.minimum(problem.slots.most, budget), 0.0)
    spend = interior_point(objective.neutral(), most, *_matrix(len(most), budget, rows), GAP)
    if spend is None:
        spend = _corner(np.zeros(len(most)), most, budget, rows)
    value, gap = 0.0, np.inf
    for _ in range(STEPS):
        at = objective.doses(spend)
        value, slope = objective.slope(at)
        corner = _corner(slope, most, budget, rows)
        gap = float(slope @ (corner - spend))
        if gap <= GAP * max(value, 1e-12):
            break
        step = _line_search(objective, at, objective.doses(corner - spend))
        spend = spend + step * (corner - spend)
    # What is left of a step towards a corner long given up is no line.
    spend = np.where(spend < SMALLEST * budget, 0.0, spend)
    return Spending(spend, extra_tickets(problem, spend), gap / max(value, 1e-12))


def _line_search(objective: Objective, at: Floats, along: Floats) -> float:
    best = minimize_scalar(
        lambda step: -objective.value(at + step * along),
        bounds=(0.0, 1.0), method="bounded", options={"xatol": 1e-4},
    )  # fmt: skip
    return float(best.x)


def _matrix(size: int, budget: float, rows: PlanRows | None) -> tuple[Floats, Floats]:
    """The budget and the rows as one: matrix · spend ≤ limits."""
    if rows is None or not len(rows.limits):
        return np.ones((1, size)), np.array([budget])
    return np.vstack([np.ones(size), rows.coefficients]), np.r_[budget, rows.limits]


def _corner(slope: Floats, most: Floats, budget: float, rows: PlanRows | None) -> Floats:
    """The spend that is best where every unit sells what it sells here."""
    if rows is None or not len(rows.limits):
        return _filled(slope, most, budget)
    matrix, limits = _matrix(len(slope), budget, rows)
    solution = linprog(
        -slope, A_ub=matrix, b_ub=limits, bounds=np.c_[np.zeros(len(most)), most], method="highs"
    )
    if not solution.success:
        raise DoesNotFitError(code="plan_does_not_fit", budget=budget, constraints=rows.constraints)
    corner: Floats = solution.x
    return corner


def _filled(slope: Floats, most: Floats, budget: float) -> Floats:
    """Without other rows the best corner fills the slots of largest slope."""
    order = np.argsort(-slope, kind="stable")
    room = np.where(slope[order] > 0, most[order], 0.0)
    spend = np.zeros(len(slope))
    spend[order] = np.clip(budget - (np.cumsum(room) - room), 0.0, room)
    return spend


def marginal_curve(
    problem: PlanProblem,
    budgets: Sequence[float],
    *,
    rows: PlanRows | None = None,
    allowed: Flags | None = None,
    attitude: Attitude = "neutral",
) -> list[Spending | None]:
    """The best plan of each budget within the same constraints; None where none keeps them."""
    plans: list[Spending | None] = []
    few = thinned(problem)
    for budget in budgets:
        try:
            best = optimise(few, budget, rows=rows, allowed=allowed, attitude=attitude)
        except DoesNotFitError:
            plans.append(None)
        else:
            plans.append(replace(best, tickets=extra_tickets(problem, best.spend)))
    return plans
