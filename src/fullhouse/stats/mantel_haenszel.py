"""Ratios of risks adjusted for strata, for many traits at once.

Every argument is an array of counts whose last axis runs over strata: `a` of `n1` people with the
trait have the outcome, `c` of `n0` people without it. Leading axes are traits. Where a result
cannot be computed it is NaN: never a ratio of 1, never p = 1.

From samples, of those with the outcome (cases) and of the others, each a share was drawn at random,
whatever their traits: `a` drawn cases and `b` drawn others have the trait, `c` and `d` do not.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammainc, gammaincc, gammaln, ndtr
from scipy.stats import norm

from fullhouse.core.arrays import Floats, Integers

Z95 = float(norm.ppf(0.975))
EXACT_BELOW = 20.0
"""Where fewer are expected by chance in any cell, p is that of the exact test: a normal tail would
be a hundred times too thin with five expected, and that is where a thousand tests look."""

NONE_SEEN = float(-np.log(0.025))
"""Upper 97.5 % limit of a Poisson mean of which nothing was observed: 3.69."""

NEXT_TO_NORMAL = 1e-3
"""Below this skewness the tails are normal within 4 % at six deviations, and the shape of the gamma
distribution is too large for SciPy to compute them."""

FAR_OFF = 10 * EXACT_BELOW


@dataclass(frozen=True)
class Ratio:
    """A risk ratio with its 95 % interval and the standard error of its logarithm.

    `log_se` is NaN, and one limit comes from a Poisson bound, when nobody with the trait (ratio 0)
    or nobody without it (ratio infinite) has the outcome.
    """

    ratio: Floats
    low: Floats
    high: Floats
    log_se: Floats


@dataclass(frozen=True)
class Association:
    """The Cochran–Mantel–Haenszel test: what was observed, what chance gives, and the p.

    `expected` are people with the trait in the outcome; `least` is the smallest of the four counts
    that chance gives: with and without the trait, in the outcome and not. `chi2` is the usual
    statistic without continuity correction. `p` is two-sided: of the exact conditional test
    where `least` is under 20, else of the gamma distribution with the same mean, variance and
    skewness (Pearson's type III, as Mielke and Berry fit it to permutation tests, 2007), continuity
    corrected. It is never thinner than the exact p by more than a twentieth, and at most twice
    as large down to 0.001; a normal tail would be two or three times too thin there.
    """

    observed: Floats
    expected: Floats
    least: Floats
    variance: Floats
    chi2: Floats
    p: Floats


def put(into: Ratio | Association, rows: Integers, part: Ratio | Association) -> None:
    """Write the figures of some rows into those of all."""
    for name, values in vars(part).items():
        getattr(into, name)[rows] = values


def risk_ratio(a: Floats, n1: Floats, c: Floats, n0: Floats) -> Ratio:
    """The Mantel–Haenszel risk ratio with the variance of Greenland and Robins (1985).

    Strata with people on one side only carry no information and may be there or not.
    """
    n = _over(1.0, n1 + n0)
    numerator, denominator = (a * n0 * n).sum(-1), (c * n1 * n).sum(-1)
    spread = (((a + c) * n1 * n0 - a * c * (n1 + n0)) * n * n * _both(n1, n0)).sum(-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = numerator / denominator
        log_se = np.sqrt(spread / (numerator * denominator))
        usable = (numerator > 0) & (denominator > 0)
        log_se = np.where(usable, log_se, np.nan)
        low, high = ratio * np.exp(-Z95 * log_se), ratio * np.exp(Z95 * log_se)
        # Nobody observed on one side: what the other side's risk would have given, and Poisson.
        expected_with = (_over(c, n0) * n1).sum(-1)
        expected_without = (_over(a, n1) * n0).sum(-1)
        none_with = (numerator == 0) & (denominator > 0)
        none_without = (numerator > 0) & (denominator == 0)
        high = np.where(none_with, NONE_SEEN / expected_with, high)
        low = np.where(none_without, expected_without / NONE_SEEN, low)
    low = np.where(none_with, 0.0, low)
    return Ratio(ratio, low, np.where(none_without, np.inf, high), log_se)


def association(
    a: Floats, n1: Floats, c: Floats, n0: Floats, *, tested_from: float = 0.0
) -> Association:
    """Whether trait and outcome go together at all, given the strata.

    Where `least` is under `tested_from`, p is not computed, and NaN: the exact test takes time.
    """
    n, cases = n1 + n0, a + c
    # Strata where nothing differs, in trait or in outcome, carry no information.
    both = _both(n1, n0) & _both(cases, n - cases)
    observed = (a * both).sum(-1)
    expected = (_over(cases * n1, n) * both).sum(-1)
    with_trait, in_outcome, people = ((x * both).sum(-1) for x in (n1, cases, n))
    without = in_outcome - expected
    least = np.minimum(
        np.minimum(expected, without),
        np.minimum(with_trait - expected, people - with_trait - without),
    )
    spread = _over(_over(cases * (n - cases), n) * _over(n1 * n0, n), n - 1) * both
    variance = spread.sum(-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        chi2 = np.where(variance > 0, (observed - expected) ** 2 / variance, np.nan)
    third = (spread * _over((n0 - n1) * (n - 2 * cases), n * (n - 2))).sum(-1)
    p = np.array(_tail(observed - expected, variance, third))
    # So far off that p is nothing by any test, the exact one would only be slow.
    near = np.abs(observed - expected) < FAR_OFF
    p = np.where(least >= tested_from, p, np.nan)
    exact = (least < EXACT_BELOW) & (least >= tested_from)
    small = np.argwhere(exact & (variance > 0) & near)
    for at in map(tuple, small):
        p[at] = exact_p(a[at], n1[at], c[at], n0[at])
    return Association(observed, expected, least, variance, chi2, p)


def log_difference(first: Ratio, second: Ratio) -> tuple[Floats, Floats, Floats]:
    """First ratio ÷ second, with a 95 % interval that holds however the two depend on each other.

    The two are counted on the same people, so they are correlated by an amount nobody knows. The
    standard error of a difference is at most the sum of the two, and that sum is used.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = np.log(first.ratio) - np.log(second.ratio)
        se = first.log_se + second.log_se
        return np.exp(gap), np.exp(gap - Z95 * se), np.exp(gap + Z95 * se)


def _tail(off: Floats, variance: Floats, third: Floats) -> Floats:
    """Two-sided p of a count `off` its mean, from the gamma distribution with its three moments."""
    with np.errstate(divide="ignore", invalid="ignore"):
        # Mirrored where the long tail is on the left, so that skewness is never negative.
        spread, turned = np.sqrt(variance), np.where(third < 0, -1.0, 1.0)
        skewness = np.abs(third) / spread**3
        above, below = (turned * off - 0.5) / spread, (turned * off + 0.5) / spread
        shape = 4 / skewness**2
        root = np.sqrt(shape)
        more = gammaincc(shape, np.maximum(0, shape + above * root))
        fewer = gammainc(shape, np.maximum(0, shape + below * root))
        normal = skewness < NEXT_TO_NORMAL
        more, fewer = np.where(normal, ndtr(-above), more), np.where(normal, ndtr(below), fewer)
        return np.where(variance > 0, np.minimum(1.0, 2 * np.minimum(more, fewer)), np.nan)


def _both(n1: Floats, n0: Floats) -> npt.NDArray[np.bool_]:
    return (n1 > 0) & (n0 > 0)


def _over(top: Floats | float, bottom: Floats) -> Floats:
    """Top ÷ bottom, and 0 where bottom is."""
    top = np.broadcast_to(np.asarray(top, dtype=np.float64), bottom.shape)
    return np.divide(top, bottom, out=np.zeros(bottom.shape), where=bottom > 0)


def exact_p(a: Floats, n1: Floats, c: Floats, n0: Floats) -> float:
    """Two-sided p of one trait: twice the smaller tail of a sum of hypergeometrics.

    Given how many have the trait and how many the outcome in each stratum, chance decides only who
    has both. Any of the four cells says the same; the one with the fewest is counted, so that the
    work grows with that and not with the people.
    """
    n, cases = n1 + n0, a + c
    used = (n1 > 0) & (n0 > 0) & (cases > 0) & (cases < n)
    cells = [(a, n1, cases), (c, n0, cases), (n1 - a, n1, n - cases), (n0 - c, n0, n - cases)]
    x, row, column = min(cells, key=lambda cell: float(cell[0][used].sum()))
    observed = int(x[used].sum())
    null = np.eye(1, observed + 1)[0]
    for of_stratum in _null_distributions(row[used], column[used], n[used], observed):
        null = np.convolve(null, of_stratum)[: observed + 1]
    fewer = float(null.sum())
    more = 1 - float(null[:observed].sum())
    return min(1.0, 2 * min(fewer, max(more, float(null[observed]))))


def _null_distributions(row: Floats, column: Floats, n: Floats, most: int) -> Floats:
    """The chance of 0, 1, ... up to `most` in the cell of a row and a column: a row a stratum."""
    row, column, n = (np.asarray(v, dtype=np.float64)[:, None] for v in (row, column, n))
    x = np.arange(most + 1, dtype=np.float64)
    least, highest = np.maximum(0, row + column - n), np.minimum(row, column)
    y = np.clip(x, least, highest)
    log = _choose(row, y) + _choose(n - row, column - y) - _choose(n, column)
    chances: Floats = np.where((x >= least) & (x <= highest), np.exp(log), 0.0)
    return chances


def _choose(n: Floats, k: Floats) -> Floats:
    log: Floats = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return log


def case_cohort_ratio(
    a: Floats, b: Floats, c: Floats, d: Floats, *, case_share: float, other_share: float
) -> Ratio:
    """The Mantel–Haenszel risk ratio of all people, whose numbers the drawn ones stand for.

    The estimate is that of Sato (1992) for a cohort known from a sample. Its variance takes the
    drawn numbers as Poisson; see `_spread`. With everybody drawn it agrees with `risk_ratio` for
    many people in a stratum, and for few it holds better, as both margins are counted as chance.
    Where a ratio is 0 or infinite the limits are `risk_ratio`'s, from the people stood for.

    >>> r = case_cohort_ratio(*(np.array([x]) for x in (40.0, 500.0, 40.0, 1000.0)),
    ...     case_share=1.0, other_share=0.1)
    >>> round(float(r.ratio), 2)
    1.99
    """
    heavy, light = 1 / case_share, 1 / other_share
    whole = risk_ratio(heavy * a, heavy * a + light * b, heavy * c, heavy * c + light * d)
    with np.errstate(divide="ignore", invalid="ignore"):
        each = _over(np.ones(()), heavy * (a + c) + light * (b + d))
        numerator = (heavy * a * (heavy * c + light * d) * each).sum(-1)
        usable = np.isfinite(whole.log_se)
        ratio = np.where(usable, whole.ratio, 1.0)[..., None]
        spread = (_spread(a, b, c, d, ratio, heavy, light) * (heavy * each) ** 2).sum(-1)
        log_se = np.where(usable, np.sqrt(np.maximum(spread, 0)) / numerator, np.nan)
        low, high = whole.ratio * np.exp(-Z95 * log_se), whole.ratio * np.exp(Z95 * log_se)
    return Ratio(
        whole.ratio,
        np.where(usable, low, whole.low),
        np.where(usable, high, whole.high),
        log_se,
    )


def _spread(
    a: Floats, b: Floats, c: Floats, d: Floats, ratio: Floats, heavy: float, light: float
) -> Floats:
    """The variance of x = (1 - R) w1·ac + w0 (ad - R·bc), whose mean is 0 at the true ratio R.

    x² less an unbiased estimate of its squared mean, made of falling factorials, a(a - 1) for
    the square of a's mean. So it is unbiased for Poisson numbers, however few in a stratum; with
    R = 1 it is the variance that Robins, Breslow and Greenland (1986) give for the odds ratio.
    """
    cases = ((1 - ratio) * heavy) ** 2 * a * c * (a + c - 1)
    others = light**2 * (a * d * (a + d - 1) + ratio**2 * b * c * (b + c - 1))
    return cases + others + 2 * (1 - ratio) * heavy * light * a * c * (d - ratio * b)
