"""Whom to treat, learned from simulated trials with a known truth: regret beside the best policy.

python -m benchmarks.uplift_policy

A trial is read, and 100,000 other people are scored; what the choice earns on them in truth is
compared with treating just those whose true uplift is worth its cost. Seeds are from 9312: the six
learners were chosen on others, and on other trials beside the last two.
"""

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from benchmarks.measure import table
from fullhouse.core.arrays import Floats
from fullhouse.measurement import score_people

World = Callable[[Floats], tuple[Floats, Floats]]
"""The chance of the outcome without treatment, and the uplift, from five columns."""
FRESH = 100_000
FIRST = 9312


def small(x: Floats) -> tuple[Floats, Floats]:
    """One column of yes and no."""
    yes = x[:, 0] > 0
    return np.where(yes, 0.05, 0.01), np.where(yes, 0.03, 0.0)


def rare(x: Floats) -> tuple[Floats, Floats]:
    """Few buy, and two columns say whom the offer moves, as in Starbucks' trial."""
    moved = (x[:, 0] > 0) & (x[:, 1] > -0.5)
    return np.full(len(x), 0.007), np.where(moved, 0.022, 0.002)


def smooth(x: Floats) -> tuple[Floats, Floats]:
    """The uplift rises along one column, the propensity along another."""
    return 0.08 + 0.02 * np.tanh(x[:, 1]), 0.02 + 0.02 * np.tanh(x[:, 0])


def crossed(x: Floats) -> tuple[Floats, Floats]:
    """Only two columns together say who is moved."""
    return np.full(len(x), 0.06), np.where(x[:, 0] * x[:, 1] > 0, 0.035, 0.0)


def alike(x: Floats) -> tuple[Floats, Floats]:
    """Everybody is moved alike, and it pays."""
    return 0.05 + 0.02 * np.tanh(x[:, 1]), np.full(len(x), 0.03)


def weak(x: Floats) -> tuple[Floats, Floats]:
    """All are moved nearly alike, somewhat more along two columns: the hardest to order."""
    return 0.08 + 0.03 * np.tanh(x[:, 1] + x[:, 2]), 0.02 + 0.015 * np.tanh(x[:, 0] - x[:, 1])


def three(x: Floats) -> tuple[Floats, Floats]:
    """Only three columns together say who is moved, one person in eight."""
    return np.full(len(x), 0.05), np.where((x[:, :3] > 0).all(1), 0.06, 0.005)


WORLDS: dict[str, tuple[World, int, float, float]] = {
    "one yes or no": (small, 84_000, 0.5, 50.0),
    "rare, two columns": (rare, 84_000, 0.15, 15.0),
    "smooth": (smooth, 84_000, 0.5, 25.0),
    "crossed": (crossed, 84_000, 0.5, 30.0),
    "alike": (alike, 84_000, 0.5, 50.0),
    "weak, two columns": (weak, 84_000, 0.5, 25.0),
    "three together": (three, 84_000, 0.5, 25.0),
}
"""World, people of the trial, cost of each treated, margin of each outcome."""


def regret(name: str, seed: int) -> float:
    """The share of the best policy's true profit that the learned one misses."""
    world, people, cost, margin = WORLDS[name]
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(people + FRESH, 5))
    base, uplift = world(x)
    arm = np.where(rng.random(len(x)) < 0.5, "offer", "none").astype("<U6")
    arm[people:] = "later"
    outcome = rng.random(len(x)) < base + uplift * (arm == "offer")
    columns = {f"x{k}": x[:, k] for k in range(5)}
    scored = score_people(
        pa.table({"arm": arm, "bought": outcome, **columns}),
        arm="arm",
        treated="offer",
        control="none",
        outcome="bought",
        covariates=list(columns),
        cost_each=cost,
        margin=margin,
    )
    earned = margin * uplift[people:] - cost
    chosen = scored["treat"].to_numpy()[people:]
    return float(1 - earned[chosen].sum() / earned[earned > 0].sum())


def main(seeds: int = 10) -> None:
    """A row for each kind of trial."""
    rows = []
    for name in WORLDS:
        missed = [regret(name, FIRST + k) for k in range(seeds)]
        rows.append(
            (name, seeds, f"{100 * np.mean(missed):.1f} %", f"{100 * np.max(missed):.1f} %")
        )
    print(table(("trials", "seeds", "regret, mean", "regret, most"), rows))


if __name__ == "__main__":
    main()
