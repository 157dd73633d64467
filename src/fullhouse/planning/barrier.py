"""A point near the best one, from inside the constraints: Newton's method with a barrier.

Boyd & Vandenberghe (2004), chapter 11. What is maximised is smooth and concave and its second
derivatives are cheap, so some twenty Newton steps do what a first-order method needs hundreds of
linear programmes for.
"""

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.optimize import linprog

from fullhouse.core.arrays import Floats

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
