"""Propensity of a hundred million people: seconds and memory, and how both grow.

python -m benchmarks.propensity_speed [--people N ...] [--per-person N]

The people are those of `benchmarks.affinity`: blocks on disk with about 20 of 2,000 traits each.
The model is of a usual size: 400 past films, 100 facts, 1,500 baskets. Beside it, in the same run
and at the sizes where it fits, the obvious way: scikit-learn's LogisticRegression.predict_proba
on one scipy matrix of people and traits, which is a plain sum of weights, no columns of activity
and taste after it; its matrix is built outside the clock.
"""

import argparse
import shutil
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from pyroaring import BitMap
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from benchmarks.affinity import BLOCK, TRAITS, Files, Made, make
from benchmarks.measure import in_own_process, machine, table
from fullhouse.propensity.features import width
from fullhouse.propensity.propensity import PropensityModel
from fullhouse.propensity.score import score_all, top
from fullhouse.traits.blocks import Block, read_block

FITS = 10_000_000
"""Above so many people scikit-learn's matrix is not tried."""
BEST = 1_000_000


class Numbered(Files):
    """Blocks on disk that know their numbers."""

    def numbers(self) -> list[int]:
        """The blocks that have people."""
        return list(self._numbers)

    def load(self, number: int) -> Block:
        """One block, mapped anew and let go: pages that could be dropped are not ours."""
        return read_block(self.home / f"{number}.arrow", number)


def model() -> PropensityModel:
    """A made-up model over all traits."""
    g = np.random.default_rng(3)
    sums = np.zeros((TRAITS, 5))
    sums[:400, 0], sums[:400, 1] = g.normal(0.01, 0.01, 400), 1
    sums[400:500, 2] = g.normal(0, 0.1, 100)
    sums[500:, 3] = g.normal(0, 0.05, TRAITS - 500)
    names = tuple(f"trait:{i}" for i in range(TRAITS))
    return PropensityModel(
        film="film",
        title="Film",
        as_of=date(2025, 1, 1),
        build=1,
        traits=names,
        labels=names,
        ids=tuple(range(TRAITS)),
        sums=tuple(tuple(float(v) for v in row) for row in sums),
        start=(0.0,) * 5,
        per_mark=0.01,
        knots=((1.0, 2.0),) * 4,
        weights=tuple(float(w) for w in g.normal(0, 0.2, width())),
        intercept=-4.0,
        own=(),
        signals=("activity", "content"),
        level="the forecast",
        expected_people=1.0,
    )


def _house(made: Made, folder: Path) -> tuple[Any, dict[int, BitMap]]:
    files = Numbered(folder, range(made.blocks))
    base = {
        n: BitMap(range(n * BLOCK, min((n + 1) * BLOCK, made.people))) for n in range(made.blocks)
    }
    return files, base


def ours(made: Made, folder: Path) -> tuple[float, float, float]:
    """Seconds to score everybody, their sum, and seconds for an audience of the best million."""
    blocks, base = _house(made, folder)
    scores = model()
    start = time.perf_counter()
    total = sum(float(p.sum(dtype=np.float64)) for _, _, p in score_all(scores, blocks, base))
    scored = time.perf_counter() - start
    start = time.perf_counter()
    best = top(scores, blocks, base, min(BEST, made.people // 10), key=b"speed")
    assert sum(len(p) for p in best.values()) == min(BEST, made.people // 10)
    return scored, total, time.perf_counter() - start


def library(made: Made, folder: Path) -> float:
    """Seconds of predict_proba on one matrix of all people."""
    blocks, _ = _house(made, folder)
    traits, ends, at = [], [np.zeros(1, np.int64)], 0
    for number in range(made.blocks):
        block = blocks.load(number)
        traits.append(block.traits.astype(np.int32))
        ends.append(at + block.offsets[1:].astype(np.int64))
        at += int(block.offsets[-1])
    held = np.concatenate(traits)
    x = csr_matrix((np.ones(len(held)), held, np.concatenate(ends)), shape=(made.people, TRAITS))
    del traits
    g = np.random.default_rng(3)
    fitted = LogisticRegression()
    fitted.classes_ = np.array([0, 1])
    fitted.coef_, fitted.intercept_ = g.normal(0, 0.05, (1, TRAITS)), np.array([-4.0])
    fitted.n_features_in_ = TRAITS
    start = time.perf_counter()
    fitted.predict_proba(x)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--people", type=int, nargs="+", default=[1_000_000, 10_000_000, 100_000_000]
    )
    parser.add_argument("--per-person", type=int, default=20)
    options = parser.parse_args()
    print(f"Propensity by {TRAITS:,} traits, {machine()}\n")
    rows: list[tuple[object, ...]] = []
    for people in options.people:
        rows += run(Made(people, 1, options.per_person))
    print(table(("people", "what", "seconds", "seconds per 100 million", "peak GB"), rows))


def run(made: Made) -> list[tuple[object, ...]]:
    """The rows of one size."""
    folder = Path(tempfile.mkdtemp(prefix="propensity-"))
    try:
        make(made, folder)
        per = 1e8 / made.people
        _, peak, (seconds, _, best) = in_own_process(ours, made, folder)
        rows: list[tuple[object, ...]] = [
            (made.people, "ours: a probability for everybody", seconds, seconds * per, peak),
            (made.people, "ours: the best million of them", best, best * per, peak),
        ]
        if made.people <= FITS:
            _, peak, seconds = in_own_process(library, made, folder)
            rows.append((made.people, "scikit-learn, matrix at hand", seconds, seconds * per, peak))
        return rows
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
