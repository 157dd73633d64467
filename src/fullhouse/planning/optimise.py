"""The best way to spend a budget, over all draws of what an impression does.

Extra tickets of a draw are Σ base × gain × (1 − exp(−dose)) over cells: concave in the spends, so
the mean over draws is too, and the best point is one point. A barrier method (Boyd & Vandenberghe
2004, chapter 11) comes near it from the inside: what is maximised is smooth and its second
derivatives are cheap, so some twenty Newton steps do what a first-order method needs hundreds of
linear programmes for. Steps of the Frank–Wolfe method (Jaggi 2013), each towards the best corner of
a linear programme (SciPy's HiGHS), do the rest where that did not suffice. Every constraint of a
plan is one row of the programme, and the last one bounds from above how much better any other plan
could be.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.optimize import linprog, minimize_scalar
from threadpoolctl import threadpool_limits

from fullhouse.core.arrays import Flags, Floats
from fullhouse.core.errors import InputError
from fullhouse.planning.objective import Objective, extra_tickets
from fullhouse.planning.problem import Attitude, PlanProblem, PlanRows, Spending

STEPS, SHRINK, INSIDE, HALVINGS = 80, 0.1, 0.95, 30
ROUNDING = 1e-6
"""Share of the value by which single precision may be off."""
NEAR = 0.9
"""How near to a spend that is given the search starts: on the edge it could not move."""
LEAST_ROOM = 1e-7
"""Share of the room there is, below which the constraints count as having no inside."""


class Smooth(Protocol):
    """What is maximised: about concave, with value, slope and (negative) second derivatives."""

    def doses(self, spend: Floats) -> Any:
        """What a spend does, as `curvature` takes it."""

    def curvature(self, doses: Any) -> tuple[float, Floats, Floats]:
        """Value, slope by spend, and the negative of the second derivatives."""


def interior_point(
    objective: Smooth,
    most: Floats,
    matrix: Floats,
    limits: Floats,
    gap: float,
    *,
    near: Floats | None = None,
) -> Floats | None:
    """Spends within a share `gap` of the best, or None where the constraints have no inside.

    They satisfy 0 ≤ spend ≤ most and matrix · spend ≤ limits; slots of no room stay empty. The
    search starts in the middle, or `near` a spend that satisfies them.
    """
    free = np.flatnonzero(most > 0)
    rows = matrix[:, free]
    used = np.abs(rows).sum(axis=1) > 0
    start = _start(most[free], rows[used], limits[used]) if len(free) else None
    if start is None:
        return None
    if near is not None:
        start = NEAR * near[free] + (1 - NEAR) * start
    spend = np.zeros(len(most))
    spend[free] = _path(objective, free, start, most, rows[used], limits[used], gap)
    return spend


def _start(most: Floats, rows: Floats, limits: Floats) -> Floats | None:
    """A point as far inside as may be, in shares of each constraint's room."""
    room = np.abs(rows) @ most
    if (rows >= 0).all() and (limits > 0).all():
        return 0.5 * min(1.0, float((limits / room).min())) * most
    solution = linprog(
        np.r_[np.zeros(len(most)), -1.0],
        A_ub=np.vstack(
            [
                np.c_[rows, room],
                np.c_[-np.eye(len(most)), most],
                np.c_[np.eye(len(most)), most],
            ]
        ),
        b_ub=np.r_[limits, np.zeros(len(most)), most],
        bounds=[*((0, m) for m in most), (0, 0.5)],
        method="highs",
    )
    if not solution.success or solution.x[-1] < LEAST_ROOM:
        return None
    start: Floats = solution.x[:-1]
    return start


def _path(
    objective: Smooth, free: npt.NDArray[np.intp], at: Floats, most: Floats, rows: Floats,
    limits: Floats, gap: float,
) -> Floats:  # fmt: skip
    """Follow the barrier's best points as it is made weaker."""
    top, count = most[free], 2 * len(free) + len(limits)

    def doses(spend: Floats) -> Any:
        whole = np.zeros(len(most))
        whole[free] = spend
        return objective.doses(whole)

    def barrier(spend: Floats) -> float:
        room = np.r_[spend, top - spend, limits - rows @ spend]
        return float(np.log(room).sum()) if (room > 0).all() else -np.inf

    value, slope, curvature = objective.curvature(doses(at))
    weight = max(value, float(slope[free] @ at), 1e-12) / count
    for _ in range(STEPS):
        left = limits - rows @ at
        gradient = slope[free] + weight * (1 / at - 1 / (top - at) - rows.T @ (1 / left))
        hessian = curvature[np.ix_(free, free)] + weight * (
            np.diag(at**-2 + (top - at) ** -2) + rows.T @ (rows / left[:, None] ** 2)
        )
        direction = _newton(hessian, gradient)
        decrement = float(gradient @ direction)
        if decrement < 0.3 * weight:
            if count * weight <= 0.6 * gap * max(value, 1e-12):
                break
            weight *= SHRINK
            continue
        step = min(1.0, INSIDE * _room(at, direction, top, left, rows))
        current = value + weight * barrier(at)
        for _ in range(HALVINGS):
            candidate = at + step * direction
            evaluated = objective.curvature(doses(candidate))
            least = current + 0.1 * step * decrement - ROUNDING * abs(value)
            if evaluated[0] + weight * barrier(candidate) > least:
                at, (value, slope, curvature) = candidate, evaluated
                break
            step /= 2
        else:
            break
    return at


def _newton(hessian: Floats, gradient: Floats) -> Floats:
    scale = 1 / np.sqrt(np.diag(hessian))
    scaled = hessian * np.outer(scale, scale)
    try:
        factor = cho_factor(scaled + 1e-12 * np.eye(len(scale)))
        step: Floats = scale * cho_solve(factor, scale * gradient)
    except LinAlgError:
        # Single precision can leave a curvature a hair below nought: then along the slope.
        return scale**2 * gradient
    return step


def _room(at: Floats, direction: Floats, top: Floats, left: Floats, rows: Floats) -> float:
    """How far one can go in a direction before a constraint is met."""
    rates = np.r_[-direction, direction, rows @ direction]
    room = np.r_[at, top - at, left]
    meets = rates > 0
    return float((room[meets] / rates[meets]).min()) if meets.any() else np.inf


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
    return problem if every == 1 else problem.thinned(every)


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
