"""The plan's own solver against CVXPY with Clarabel: how long, and how near to one optimum.

    python -m benchmarks.plan_solver

One problem of a plan's kind (4 audiences, 3 channels, 2 city groups, 3 weeks; caps as rows), with
30 and with 100 draws of the response, without minimum spends, which neither knows in its convex
part. Both maximise the mean over draws of extra tickets. CVXPY takes the exponentials as cones and
Clarabel solves them to its own tolerance; the time is of the solve with CVXPY's translation. Ours
is the barrier with Frank-Wolfe steps of `planning.optimise`, to a gap of 0.2 %.

Kept ours: on every size it is more than twice as fast (figures in docs/benchmarks.md), and it gives
the bound on any other plan that a plan's note prints.
"""

import time
from importlib import import_module
from itertools import product
from typing import Any

import numpy as np

from fullhouse.core.arrays import Floats
from fullhouse.planning import (
    MediaSlots,
    PlanProblem,
    PlanRows,
    cap_rows,
    cells,
    extra_tickets,
    learn_response,
    optimise,
)
from fullhouse.planning.response import WEAR_OUT

cp: Any = import_module("cvxpy")
"""Half typed: its functions are made at import."""

PEOPLE, AUDIENCES, CHANNELS, CITIES, WEEKS = 20_000, 4, 3, 2, 3
DRAWS = (30, 100)
BUDGET_SHARE = 0.2
TWICE = 2.0
SEED = 7


def problem(draws: int) -> PlanProblem:
    """Overlapping audiences on channels of different price, all drawn."""
    g = np.random.default_rng(SEED)
    audiences = [g.random(PEOPLE) < p for p in np.linspace(0.1, 0.4, AUDIENCES)]
    channels = [g.random(PEOPLE) < p for p in np.linspace(0.5, 0.8, CHANNELS)]
    parts = cells(audiences, channels, g.integers(0, CITIES, PEOPLE), g.gamma(0.5, 0.1, PEOPLE))
    keys = product(range(AUDIENCES), range(CHANNELS), range(CITIES), range(WEEKS))
    audience, channel, city, week = (np.array(x) for x in zip(*keys, strict=True))
    reaches = parts.in_audience[:, audience].T & parts.on_channel[:, channel].T
    reaches &= parts.city[None] == city[:, None]
    addressed = (reaches * parts.persons).sum(1)
    price = np.array([0.004, 0.01, 0.03])[channel]
    limit = np.array([0.6, 0.8, 0.9])[channel]
    slots = MediaSlots(
        audience, channel, city, week, reaches, addressed, price, limit,
        addressed * limit * price * 4, np.zeros(len(audience)),
    )  # fmt: skip
    names = [f"channel {c}" for c in range(CHANNELS)]
    response = learn_response(["kind"], names, draws=draws, seed=SEED)
    adstock = np.exp(-7 * (WEEKS - 1 - week) / 18)
    return PlanProblem(parts, slots, response, (0,) * AUDIENCES, adstock)


def by_cvxpy(of: PlanProblem, budget: float, rows: PlanRows) -> Floats:
    """The spends that CVXPY with Clarabel gives."""
    size, gains = len(of.cells), of.gains()
    used = of.slots.reaches.any(axis=0) & gains.any(axis=0)
    spend = cp.Variable(len(of.slots), nonneg=True)
    exposure = of.exposure().tocsr()
    # Minus the effective impressions of each channel: convex in the spend.
    worth = [
        WEAR_OUT * (cp.exp(-(exposure[c * size : (c + 1) * size][used] @ spend) / WEAR_OUT) - 1)
        for c in range(CHANNELS)
    ]
    left = [
        gain[used] @ cp.exp(cp.sum([s * w for s, w in zip(strength, worth, strict=True)]))
        for gain, strength in zip(gains, of.response.strength, strict=True)
    ]
    constraints = [
        cp.sum(spend) <= budget,
        spend <= of.slots.most,
        rows.coefficients @ spend <= rows.limits,
    ]
    cp.Problem(cp.Minimize(cp.sum(left) / len(gains)), constraints).solve(solver=cp.CLARABEL)
    solution: Floats = np.asarray(spend.value)
    return solution


def main() -> None:
    """Print the time of both, their ratio, and how much more one sells than the other."""
    print("| draws | ours, s | CVXPY and Clarabel, s | times as fast | tickets, ours ÷ theirs |")
    print("| --- | --- | --- | --- | --- |")
    ratios = []
    for draws in DRAWS:
        of = problem(draws)
        rows, budget = cap_rows(of.slots), BUDGET_SHARE * float(of.slots.most.sum())
        start = time.perf_counter()
        ours = optimise(of, budget, rows=rows)
        middle = time.perf_counter()
        theirs = by_cvxpy(of, budget, rows)
        took = middle - start, time.perf_counter() - middle
        ratios.append(took[1] / took[0])
        share = ours.tickets.mean() / extra_tickets(of, theirs).mean()
        print(f"| {draws} | {took[0]:.2f} | {took[1]:.1f} | {ratios[-1]:.0f} | {share:.4f} |")
    verdict = "stays" if min(ratios) > TWICE else "could go"
    print(f"\nOur own solver {verdict}: it is kept where it is more than {TWICE:g} times as fast.")


if __name__ == "__main__":
    main()
