"""The best way to spend a budget, over all draws of what an impression does.

Extra tickets of a draw are Σ base × gain × (1 − exp(−dose)) over cells: concave in the spends, so
the mean over draws is too, and the best point is one point. A barrier method comes near it from
the inside; steps of the Frank–Wolfe method (Jaggi 2013), each towards the best corner of a linear
programme (SciPy's HiGHS), do the rest where that did not suffice. Every constraint of a plan is
one row of the programme, and the last one bounds from above how much better any other plan could
be.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linprog, minimize_scalar
from threadpoolctl import threadpool_limits

from fullhouse.core.arrays import Flags, Floats
from fullhouse.core.errors import InputError
from fullhouse.planning.aim import Aim, Attitude
from fullhouse.planning.interior import inside
from fullhouse.planning.problem import Problem, extra_tickets

STEPS = 200
GAP = 0.002
"""The search ends when no plan can be better by more than this share."""
SMALLEST = 1e-5
"""Share of the budget below which a spend is what is left of the search, and no line."""


FEW_DRAWS = 100
"""Draws over which lines are dropped and the plans of other budgets are found; what they win is
told over all."""
FAR = 0.3
"""Lines under so much of their minimum are dropped together."""


class DoesNotFitError(InputError):
    """No plan keeps all constraints with a budget."""


@dataclass(frozen=True)
class Rows:
    """Constraints Σ coefficient × spend ≤ limit, beside each slot's own bounds; `names` say why."""

    coefficients: Floats
    limits: Floats
    names: tuple[str, ...] = ()

    def __add__(self, other: "Rows") -> "Rows":
        return Rows(
            np.vstack([self.coefficients, other.coefficients]),
            np.r_[self.limits, other.limits],
            (*self.names, *other.names),
        )


@dataclass(frozen=True)
class Spent:
    """A plan in numbers: spend by slot, and extra tickets in each draw; `gap` bounds the rest."""

    spend: Floats
    tickets: Floats
    gap: float


def optimise(
    problem: Problem,
    budget: float,
    *,
    rows: Rows | None = None,
    allowed: Flags | None = None,
    attitude: Attitude = "neutral",
) -> Spent:
    """The spends that win most tickets for at most a budget.

    Minimum spends are kept by dropping, one after the other, the lines that stay under theirs
    where dropping them costs least, then solving again: as all such heuristics, not proven best.
    """
    if not budget > 0:
        raise InputError(f"A budget must be above 0, not {budget:g}.")
    # Small products by the thousand: more BLAS threads than one make them many times slower.
    with threadpool_limits(1):
        open_ = np.ones(len(problem.slots), dtype=bool) if allowed is None else allowed.copy()
        few = thinned(problem)
        found = _kept(Aim(few, attitude), few, budget, rows, open_)
        # What is dropped is decided over some of the draws, and by how much over all of them.
        return (
            found if few is problem else _kept(Aim(problem, attitude), problem, budget, rows, open_)
        )


def thinned(problem: Problem) -> Problem:
    """The problem over some of its draws."""
    every = max(1, problem.response.draws // FEW_DRAWS)
    if every == 1:
        return problem
    return replace(problem, response=problem.response.thinned(every))


def _kept(aim: Aim, problem: Problem, budget: float, rows: Rows | None, open_: Flags) -> Spent:
    """The best spends with every line at its least or not at all; `open_` loses what is dropped."""
    found = _solve(aim, problem, budget, rows, open_)
    while True:
        share = found.spend / np.maximum(problem.slots.least, 1e-12)
        under = np.flatnonzero((found.spend > 0) & (share < 1 - 1e-9))
        if not len(under):
            return found
        worst = under[np.argsort(share[under])]
        far = int((share[under] < FAR).sum())
        open_[worst[: max(1, len(under) // 2, far)]] = False
        # Among the lines that are in use: the search is then several times faster.
        used = open_ & (found.spend > 0)
        try:
            found = _solve(aim, problem, budget, rows, used)
        except DoesNotFitError:
            found = _solve(aim, problem, budget, rows, open_)


def _solve(aim: Aim, problem: Problem, budget: float, rows: Rows | None, open_: Flags) -> Spent:
    most = np.where(open_, np.minimum(problem.slots.most, budget), 0.0)
    spend = inside(aim.neutral(), most, *_matrix(len(most), budget, rows), GAP)
    if spend is None:
        spend = _corner(np.zeros(len(most)), most, budget, rows)
    value, gap = 0.0, np.inf
    for _ in range(STEPS):
        at = aim.doses(spend)
        value, slope = aim.slope(at)
        corner = _corner(slope, most, budget, rows)
        gap = float(slope @ (corner - spend))
        if gap <= GAP * max(value, 1e-12):
            break
        spend = spend + _line(aim, at, aim.doses(corner - spend)) * (corner - spend)
    # What is left of a step towards a corner long given up is no line.
    spend = np.where(spend < SMALLEST * budget, 0.0, spend)
    return Spent(spend, extra_tickets(problem, spend), gap / max(value, 1e-12))


def _line(aim: Aim, at: Floats, along: Floats) -> float:
    best = minimize_scalar(
        lambda step: -aim.value(at + step * along),
        bounds=(0.0, 1.0), method="bounded", options={"xatol": 1e-4},
    )  # fmt: skip
    return float(best.x)


def _matrix(size: int, budget: float, rows: Rows | None) -> tuple[Floats, Floats]:
    """The budget and the rows as one: matrix · spend ≤ limits."""
    if rows is None or not len(rows.limits):
        return np.ones((1, size)), np.array([budget])
    return np.vstack([np.ones(size), rows.coefficients]), np.r_[budget, rows.limits]


def _corner(slope: Floats, most: Floats, budget: float, rows: Rows | None) -> Floats:
    """The spend that is best where every unit wins what it wins now."""
    if rows is None or not len(rows.limits):
        return _filled(slope, most, budget)
    matrix, limits = _matrix(len(slope), budget, rows)
    found = linprog(
        -slope, A_ub=matrix, b_ub=limits, bounds=np.c_[np.zeros(len(most)), most], method="highs"
    )
    if not found.success:
        names = "; ".join(n for n in rows.names if n) or "the constraints"
        raise DoesNotFitError(
            f"No plan fits a budget of {budget:,.0f} and all of: {names}. A larger budget, or"
            " fewer or weaker constraints, would do."
        )
    corner: Floats = found.x
    return corner


def _filled(slope: Floats, most: Floats, budget: float) -> Floats:
    """Without other rows the best corner fills the slots of steepest slope."""
    order = np.argsort(-slope, kind="stable")
    room = np.where(slope[order] > 0, most[order], 0.0)
    taken = np.clip(budget - (np.cumsum(room) - room), 0.0, room)
    found = np.zeros(len(slope))
    found[order] = taken
    return found


def marginal_curve(
    problem: Problem,
    budgets: Sequence[float],
    *,
    rows: Rows | None = None,
    allowed: Flags | None = None,
    attitude: Attitude = "neutral",
) -> list[Spent | None]:
    """The best plan of each budget within the same constraints; None where none keeps them."""
    found: list[Spent | None] = []
    few = thinned(problem)
    for budget in budgets:
        try:
            best = optimise(few, budget, rows=rows, allowed=allowed, attitude=attitude)
        except DoesNotFitError:
            found.append(None)
        else:
            found.append(replace(best, tickets=extra_tickets(problem, best.spend)))
    return found
