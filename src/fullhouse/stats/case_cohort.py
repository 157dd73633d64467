"""A ratio of risks adjusted for strata, from samples of those with the outcome and without.

As in `mantel_haenszel`, the last axis runs over strata and leading axes are traits. Of those with
the outcome (cases) and of the others, each a share was drawn at random, whatever their traits:
`a` drawn cases and `b` drawn others have the trait, `c` and `d` do not.
"""

import numpy as np

from fullhouse.core.arrays import Floats
from fullhouse.stats.mantel_haenszel import Z95, Ratio, risk_ratio


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


def _over(top: Floats, bottom: Floats) -> Floats:
    return np.divide(
        np.broadcast_to(top, bottom.shape), bottom, out=np.zeros(bottom.shape), where=bottom > 0
    )
