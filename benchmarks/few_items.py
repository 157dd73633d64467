"""How far holding the number of events equal ties few things to one another.

python -m benchmarks.few_items [--people N]

Everybody says yes or no to each of n things. Three tenths of them are liked by the same people. A
trait is one of those, the outcome an unrelated thing, so that the true ratio is 1. Printed is the
ratio over strata of the number of other things liked, as activity is adjusted for.
"""

import argparse

import numpy as np

from benchmarks.measure import table
from fullhouse.core.arrays import Floats
from fullhouse.stats import risk_ratio

THINGS = (5, 11, 20, 30, 50, 100, 200)
SHARES = (0.3, 0.5)
SAME_TASTE = 0.3


def false_ratio(things: int, share: float, people: int, g: np.random.Generator) -> float:
    """The ratio of an unrelated pair, over strata of how many other things somebody likes."""
    logits = np.full((people, things), np.log(share / (1 - share)))
    logits[:, : max(1, round(things * SAME_TASTE))] += g.normal(size=people)[:, None]
    likes = g.random((people, things)) < 1 / (1 + np.exp(-logits))
    trait, outcome, strata = likes[:, 0], likes[:, -1], likes[:, 1:].sum(1)

    def counted(rows: np.ndarray) -> Floats:
        return np.bincount(strata[rows], minlength=things).astype(np.float64)[None]

    four = (counted(trait & outcome), counted(trait), counted(~trait & outcome), counted(~trait))
    return float(risk_ratio(*four).ratio[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=200_000)
    people: int = parser.parse_args().people
    g = np.random.default_rng(1)
    rows = [(str(n), *(f"{false_ratio(n, s, people, g):.2f}" for s in SHARES)) for n in THINGS]
    print(table(("things", *(f"each liked by {s:.0%}" for s in SHARES)), rows))


if __name__ == "__main__":
    main()
