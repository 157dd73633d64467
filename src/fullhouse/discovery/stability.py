"""Whether findings come back: in each half of the people, and when people are drawn again."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from fullhouse.core.arrays import Floats
from fullhouse.core.values import key_words, keyed_bits
from fullhouse.discovery.affinity import number
from fullhouse.discovery.beyond import Beyond, count_columns, ratio_of
from fullhouse.discovery.card import Estimate, Stability
from fullhouse.stats import Ratio

BUCKETS = 40
"""Groups of people by the key, drawn as a whole: 39 degrees of freedom for the spread."""

DRAWS = 200
STEADY = 0.9
"""Share of draws that must say the same."""


def stability(
    persons: npt.NDArray[np.integer],
    held: Beyond,
    columns: Sequence[int],
    *,
    key: bytes,
    draws: int = DRAWS,
) -> tuple[Stability, ...]:
    """How steady some of the compared columns are, in the order given.

    People fall into 40 buckets by the key under a salt of its own. The halves are 20 buckets
    each. A bootstrap draw takes 40 buckets with replacement, all people of a bucket together, and
    computes ratio and interval anew over the same strata; scores and strata are not fitted again.
    """
    bucket = keyed_bits(persons, key + b" stability").astype(np.uint64) * BUCKETS >> np.uint64(32)
    again = np.random.default_rng(key_words(key + b" draws")).multinomial(
        BUCKETS, [1 / BUCKETS] * BUCKETS, size=draws
    )
    half = (np.arange(BUCKETS) < BUCKETS // 2).astype(np.float64)
    weights = np.concatenate([[half, 1 - half], again])
    found = []
    for column in columns:
        ratio = _weighted(held, column, bucket.astype(np.int64), weights)
        first, second = (estimate(ratio, i) for i in (0, 1))
        low = ratio.low[2:]
        found.append(_marked(first, second, float(np.mean(np.nan_to_num(low) > 1)), draws))
    return tuple(found)


def estimate(ratio: Ratio, at: int) -> Estimate:
    """One of some ratios, with None for what could not be computed."""
    return Estimate(number(ratio.ratio[at]), number(ratio.low[at]), number(ratio.high[at]))


def _weighted(held: Beyond, column: int, bucket: npt.NDArray[np.int64], weights: Floats) -> Ratio:
    """The ratio of one column with the buckets weighted; one result for each row of weights."""
    strata, size = held.strata(column)
    fine = np.where(strata < 0, -1, bucket * size + strata)
    four = count_columns([held.columns[column]], fine, size * BUCKETS, held.cohort.case)
    # Small products, which more threads only slow down.
    with threadpool_limits(1, user_api="blas"):
        a, b, c, d = (weights @ x.reshape(BUCKETS, size) for x in four)
    return ratio_of(a, b, c, d, held.cohort)


def _marked(first: Estimate, second: Estimate, again: float, draws: int) -> Stability:
    if first.value is None or second.value is None:
        return Stability(first, second, again, draws, "untold")
    steady = min(first.value, second.value) > 1 and again >= STEADY
    return Stability(first, second, again, draws, "steady" if steady else "shaky")
