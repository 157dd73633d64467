"""The best way to spend a budget, over all draws of what an impression does.

Extra tickets of a draw are Σ base × gain × (1 − exp(−dose)) over cells: concave in the spends, so
the mean over draws is too, and the best point is one point. It is found by the Frank–Wolfe
method with an exact line search (Jaggi 2013): each step's best corner is a linear programme
(SciPy's HiGHS), so that every constraint of a plan is one row of it, and the gap of the last step
bounds from above how much better any other plan could be.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog, minimize_scalar

from fullhouse.errors import InputError
from fullhouse.planning.cells import Cells, Slots
from fullhouse.planning.response import Response

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Attitude: TypeAlias = Literal["neutral", "cautious"]
CAUTIOUS_SHARE = 0.2
"""A cautious plan makes the mean of the worst fifth of draws as large as it can be (expected
shortfall; Rockafellar & Uryasev 2000): concave like the mean."""
STEPS = 400
GAP = 0.002
"""The search ends when no plan can be better by more than this share."""


@dataclass(frozen=True)
class Rows:
    """Constraints Σ coefficient × spend ≤ limit, beside each slot's own bounds; `names` say why."""

    coefficients: Floats
    limits: Floats
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Problem:
    """Slots and cells, and what doses do: everything a spend is turned into tickets by.

    `kind_of` gives the kind (column of the response) of each audience, `fade` how much of each
    slot's dose is left when it counts. A cell answers with the gain of its most responsive
    audience, draw by draw: an advertisement made for it reaches it by whatever line.
    """

    cells: Cells
    slots: Slots
    response: Response
    kind_of: tuple[int, ...]
    fade: Floats

    def dose_per_money(self) -> Floats:
        """Dose of one unit of money in a slot on each person it addresses: (draws, slots)."""
        rates = self.slots.rates(np.ones(len(self.slots)))
        found: Floats = self.response.strength[:, self.slots.channel] * (rates * self.fade)
        return found

    def gains(self) -> Floats:
        """What each cell may gain at most, in tickets: (draws, cells)."""
        gain = self.response.gain[:, list(self.kind_of)]
        best = np.where(self.cells.in_audience[None], gain[:, None, :], 0.0).max(axis=2)
        found: Floats = best * self.cells.tickets
        return found


@dataclass(frozen=True)
class Spent:
    """A plan in numbers: spend by slot, and extra tickets in each draw; `gap` bounds the rest."""

    spend: Floats
    tickets: Floats
    gap: float


def extra_tickets(problem: Problem, spend: Floats) -> Floats:
    """Extra tickets of a spend, in each draw."""
    found: Floats = by_cell(problem, spend).sum(axis=1)
    return found


def by_cell(problem: Problem, spend: Floats) -> Floats:
    """Extra tickets of each cell, in each draw: (draws, cells)."""
    dose = (problem.dose_per_money() * spend) @ problem.slots.reaches
    found: Floats = problem.gains() * -np.expm1(-dose)
    return found


def shared_out(problem: Problem, spend: Floats) -> Floats:
    """Extra tickets of each slot, in each draw: each cell's in proportion to the slots' doses.

    They add up to the whole: what two lines win together is told once.
    """
    dose = problem.dose_per_money() * spend
    total = dose @ problem.slots.reaches
    won = problem.gains() * -np.expm1(-total)
    per_dose = np.divide(won, total, out=np.zeros_like(won), where=total > 0)
    found: Floats = dose * (per_dose @ problem.slots.reaches.T)
    return found


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
    open_ = np.ones(len(problem.slots), dtype=bool) if allowed is None else allowed.copy()
    found = _solve(problem, budget, rows, open_, attitude)
    while True:
        under = (found.spend > 0) & (found.spend < problem.slots.least * (1 - 1e-9))
        if not under.any():
            return found
        short = np.where(under, found.spend / np.maximum(problem.slots.least, 1e-12), np.inf)
        worst = np.argsort(short)[: max(1, int(under.sum()) // 2)]
        open_[worst] = False
        found = _solve(problem, budget, rows, open_, attitude)


def _solve(
    problem: Problem, budget: float, rows: Rows | None, open_: Flags, attitude: Attitude
) -> Spent:
    dose, gains = problem.dose_per_money(), problem.gains()
    reaches = problem.slots.reaches.astype(np.float64)
    most = np.where(open_, problem.slots.most, 0.0)
    spend = _corner(np.zeros(len(most)), most, budget, rows)
    value, gap = 0.0, np.inf
    for _ in range(STEPS):
        value, slope = _value(spend, dose, gains, reaches, attitude)
        corner = _corner(slope, most, budget, rows)
        gap = float(slope @ (corner - spend))
        if gap <= GAP * max(value, 1e-12):
            break
        step = _line(spend, corner - spend, dose, gains, reaches, attitude)
        spend = spend + step * (corner - spend)
    # What is left of a step towards a corner long given up is no line.
    spend = np.where(spend < 1e-6 * budget, 0.0, spend)
    return Spent(spend, extra_tickets(problem, spend), gap / max(value, 1e-12))


def _value(
    spend: Floats, dose: Floats, gains: Floats, reaches: Floats, attitude: Attitude
) -> tuple[float, Floats]:
    """What is maximised, and its slope by spend."""
    kept = np.exp(-((dose * spend) @ reaches))
    tickets = (gains * (1 - kept)).sum(axis=1)
    weight = _weights(tickets, attitude)
    slope = (weight[:, None] * dose * ((gains * kept) @ reaches.T)).sum(axis=0)
    return float(weight @ tickets), slope


def _weights(tickets: Floats, attitude: Attitude) -> Floats:
    if attitude == "neutral":
        return np.full(len(tickets), 1 / len(tickets))
    worst = np.argsort(tickets, kind="stable")[: max(1, round(CAUTIOUS_SHARE * len(tickets)))]
    found = np.zeros(len(tickets))
    found[worst] = 1 / len(worst)
    return found


def _line(
    spend: Floats, way: Floats, dose: Floats, gains: Floats, reaches: Floats, attitude: Attitude
) -> float:
    at, along = (dose * spend) @ reaches, (dose * way) @ reaches

    def loss(step: float) -> float:
        tickets = (gains * -np.expm1(-(at + step * along))).sum(axis=1)
        return -float(_weights(tickets, attitude) @ tickets)

    best = minimize_scalar(loss, bounds=(0.0, 1.0), method="bounded", options={"xatol": 1e-4})
    return float(best.x)


def _corner(slope: Floats, most: Floats, budget: float, rows: Rows | None) -> Floats:
    """The spend that is best where every unit wins what it wins now."""
    if rows is None or not len(rows.limits):
        return _filled(slope, most, budget)
    found = linprog(
        -slope,
        A_ub=np.vstack([np.ones(len(slope)), rows.coefficients]),
        b_ub=np.r_[budget, rows.limits],
        bounds=np.c_[np.zeros(len(most)), most],
        method="highs",
    )
    if not found.success:
        names = "; ".join(rows.names) or "the constraints"
        raise InputError(
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
) -> list[Spent]:
    """The best plan of each budget: what each further unit of money buys."""
    return [
        optimise(problem, b, rows=rows, allowed=allowed, attitude=attitude) for b in sorted(budgets)
    ]
