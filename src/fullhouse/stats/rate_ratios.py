"""The ratio of two rates over strata, exactly, from counts.

In each stratum `x1` of `n1` people have the outcome, and `x0` of `n0`. Given their sum, `x1` is
binomial with p = n1 r / (n1 r + n0), where r is the ratio of rates; the sum over strata is the
statistic (Breslow & Day 1987, Statistical Methods in Cancer Research II, 3.6). Counts are taken as
Poisson, so that with common outcomes intervals are wider than they need be, never narrower.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, inf, log

import numpy as np
from scipy.optimize import brentq
from scipy.stats import binom, pearson3

from fullhouse.core.arrays import Floats, Integers

EXACT_UP_TO = 1_000
"""With more outcomes in all, tails are those of Pearson's type III with the same mean, variance and
skewness, continuity corrected: at 1 % within a tenth
of the exact ones, and on the safe side."""
FARTHEST = 20.0
"""The log of the largest ratio that is looked at."""


@dataclass(frozen=True)
class RateRatio:
    """A ratio with its interval; 0 and infinity where one side has no outcome."""

    ratio: float
    low: float
    high: float


def rate_ratio(
    x1: Integers, n1: Integers, x0: Integers, n0: Integers, *, level: float = 0.95
) -> RateRatio | None:
    """The conditional maximum likelihood ratio and its exact central interval.

    It holds the truth at least as often as its level says, where outcomes are independent and the
    ratio is the same in all strata. None where no stratum has an outcome and people on both sides.
    """
    size1, size0 = np.asarray(n1, np.float64), np.asarray(n0, np.float64)
    total = np.asarray(x1, np.int64) + np.asarray(x0, np.int64)
    use = (size1 > 0) & (size0 > 0) & (total > 0)
    size1, size0, total = size1[use], size0[use], total[use]
    x = int(np.asarray(x1)[use].sum())
    if not len(total):
        return None
    every, tail = int(total.sum()), (1 - level) / 2

    def share(log_ratio: float) -> Floats:
        weighted = size1 * exp(log_ratio)
        return np.asarray(weighted / (weighted + size0), np.float64)

    def solved(missing: Callable[[float], float]) -> float:
        return float(exp(brentq(missing, -FARTHEST, FARTHEST, xtol=1e-6)))

    def expected(log_ratio: float) -> float:
        return float((total * share(log_ratio)).sum()) - x

    ratio = 0.0 if x == 0 else inf if x == every else solved(expected)
    low = 0.0 if x == 0 else solved(lambda r: _above(x, total, share(r)) - log(tail))
    high = inf if x == every else solved(lambda r: log(tail) - _upto(x, total, share(r)))
    return RateRatio(ratio, low, high)


def _above(x: int, total: Integers, share: Floats) -> float:
    """The log of the chance of x or more."""
    return log(max(1 - chance_below(x, total, share), 1e-15))


def _upto(x: int, total: Integers, share: Floats) -> float:
    """The log of the chance of x or fewer."""
    return log(max(chance_below(x + 1, total, share), 1e-15))


def chance_below(x: int, total: Integers, share: Floats) -> float:
    """The chance that a sum of binomials is below x."""
    every = int(total.sum())
    if len(total) == 1:
        return float(binom.cdf(x - 1, total[0], share[0]))
    if every > EXACT_UP_TO:
        variance = total * share * (1 - share)
        sd = float(np.sqrt(variance.sum()))
        skew = float((variance * (1 - 2 * share)).sum()) / max(sd, 1e-9) ** 3
        mean = float((total * share).sum())
        return float(pearson3.cdf(x - 0.5, skew, loc=mean, scale=max(sd, 1e-9)))
    # The characteristic function at every point, and back: all chances at once.
    turn = np.exp(2j * np.pi * np.arange(every + 1) / (every + 1))
    at = np.prod((1 + share[:, None] * (turn[None] - 1)) ** total[:, None], axis=0)
    odds = np.fft.fft(at).real / (every + 1)
    return float(min(1.0, np.clip(odds, 0.0, 1.0)[:x].sum()))
