"""Ratios: of uncertain figures (relative effects, cost per ticket), and an index of shares.

An interval of a ratio of means is by Fieller (1954), of shares by Miettinen and Nurminen (1985),
never a symmetric one around it: where the figure below may be 0 the ratio may be anything, and the
end is then infinite or the answer an error.
"""

from dataclasses import dataclass
from math import inf, isfinite, sqrt

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm
from scipy.stats import t as student

from fullhouse.core.arrays import Floats
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.stats.figures import Estimate, Interval
from fullhouse.stats.mantel_haenszel import Z95


def fieller(
    top: float,
    top_se: float,
    bottom: float,
    bottom_se: float,
    *,
    covariance: float = 0.0,
    df: float = inf,
    level: float = 0.95,
) -> Interval:
    """Top ÷ bottom, where bottom is away from 0 at this level; an error where it is not.

    >>> ratio = fieller(12.0, 1.0, 10.0, 1.0)
    >>> round(ratio.low, 3), round(ratio.high, 3)
    (0.932, 1.564)
    """
    reach = float(student.ppf((1 + level) / 2, df))
    if abs(bottom) <= reach * bottom_se:
        raise CannotTellError(code="divisor_near_zero", divisor=bottom, standard_error=bottom_se)
    # The ratios r for which (top - r bottom)² <= reach² × its variance.
    a = bottom**2 - (reach * bottom_se) ** 2
    b = top * bottom - reach**2 * covariance
    c = top**2 - (reach * top_se) ** 2
    root = sqrt(max(0.0, b * b - a * c))
    return Interval(top / bottom, (b - root) / a, (b + root) / a)


def relative(effect: Estimate, base: float, base_se: float, *, at_least: float = -inf) -> Interval:
    """The effect as a share of the control's mean, the two sharing the control's people.

    `base` and `base_se` are the control's mean, adjusted as the effect was. `at_least` is the least
    that is possible (-1 where nothing is below 0): ends below it are cut there. Where the control's
    mean is not away from 0, the upper end is infinite if what is possible leaves a lower one, else
    it is an error.
    """
    shared = -(base_se**2)
    reach = float(student.ppf((1 + effect.level) / 2, effect.df))
    if abs(base) > reach * base_se:
        ratio = fieller(
            effect.value,
            effect.se,
            base,
            base_se,
            covariance=shared,
            df=effect.df,
            level=effect.level,
        )
        return Interval(*(max(at_least, x) for x in (ratio.value, ratio.low, ratio.high)))
    # Fieller's set is all outside of two roots, of which the lower may be impossible.
    a = base**2 - (reach * base_se) ** 2
    b = effect.value * base - reach**2 * shared
    c = effect.value**2 - (reach * effect.se) ** 2
    if a < 0 < base and b * b > a * c:
        root = sqrt(b * b - a * c)
        first, second = sorted(((b - root) / a, (b + root) / a))
        if first < at_least < second:
            return Interval(max(effect.value / base, second), second, inf)
    raise CannotTellError(code="divisor_near_zero", divisor=base, standard_error=base_se)


def share_ratio(
    hits: int, n: int, control_hits: int, control_n: int, *, level: float = 0.95
) -> Interval:
    """Share of the treated ÷ share of the control: all ratios that the score test does not reject.

    Never below 0; infinite above where the control has no hits, an error where neither has.
    Our own, since SciPy has none and statsmodels is no runtime dependency: a test holds it to
    theirs.

    >>> ratio = share_ratio(0, 1000, 10, 1000)
    >>> ratio.value, ratio.low, round(ratio.high, 3)
    (0.0, 0.0, 0.383)
    """
    for x, people in ((hits, n), (control_hits, control_n)):
        if people < 1:
            raise CannotTellError(code="share_of_nobody")
        if not 0 <= x <= people:
            raise InputError(f"Hits lie between 0 and the {people} people, not at {x}.")
    if not hits and not control_hits:
        raise CannotTellError(code="divisor_near_zero", divisor=0.0, standard_error=0.0)
    z = float(norm.ppf((1 + level) / 2))
    value = (hits / n) / (control_hits / control_n) if control_hits else inf
    middle = np.log((hits + 0.5) / n) - np.log((control_hits + 0.5) / control_n)

    def off(log_ratio: float) -> float:
        return _ratio_score(hits, n, control_hits, control_n, float(np.exp(log_ratio)))

    def end(sign: float) -> float:
        """Outwards from the ratio, past the end, and then between."""
        inner = float(np.log(value)) if 0 < value < inf else middle
        while sign * off(inner) > z:
            inner -= sign
        outer = inner + sign
        while -sign * off(outer) < z:
            outer += sign
        return float(np.exp(brentq(lambda x: off(x) + sign * z, inner, outer, xtol=1e-12)))

    return Interval(value, end(-1.0) if hits else 0.0, end(1.0) if control_hits else inf)


def _ratio_score(a: int, n: int, c: int, m: int, ratio: float) -> float:
    """The score of a ratio: deviations by which the data lie above it."""
    total = n + m
    half = (n * ratio + a + m + c * ratio) / 2
    # The likeliest share of the control where the treated have `ratio` times as much; the form of
    # the smaller root that does not cancel.
    under = (a + c) / (half + sqrt(max(0.0, half**2 - total * ratio * (a + c))))
    over = min(1.0, under * ratio)
    variance = over * (1 - over) / n + ratio**2 * under * (1 - under) / m
    gap = a / n - ratio * c / m
    if variance <= 0:
        return 0.0 if gap == 0 else float(np.copysign(inf, gap))
    return gap / sqrt(variance * total / (total - 1))


def cost_each(spend: float, won: Interval) -> Interval:
    """Money spent for each unit won (ticket, visit): spend ÷ won, Fieller's set for known spend.

    Where the units won may be 0 the upper end is infinite: the campaign may have bought nothing.
    An error where nothing was won.

    >>> cost_each(1000.0, Interval(50.0, -10.0, 110.0))
    Interval(value=20.0, low=9.090909090909092, high=inf)
    """
    if not (isfinite(spend) and spend > 0):
        raise InputError(f"Spend must be money above 0, not {spend:g}.")
    if won.value <= 0 or won.high <= 0:
        raise CannotTellError(code="nothing_won", won=won.value, low=won.low, high=won.high)
    return Interval(spend / won.value, spend / won.high, spend / won.low if won.low > 0 else inf)


def return_on_spend(spend: float, won: Interval) -> Interval:
    """What was won for each unit of money spent; below 1 the money did not come back."""
    if not (isfinite(spend) and spend > 0):
        raise InputError(f"Spend must be money above 0, not {spend:g}.")
    return Interval(won.value / spend, won.low / spend, won.high / spend)


@dataclass(frozen=True)
class Moments:
    """Sums over people of y (events of interest) and n (all events), for each trait.

    Each of the first five runs over the people with the trait, the last five over all people.
    """

    y: Floats
    n: Floats
    yy: Floats
    yn: Floats
    nn: Floats
    all_y: Floats
    all_n: Floats
    all_yy: Floats
    all_yn: Floats
    all_nn: Floats
    people: Floats


@dataclass(frozen=True)
class ShareIndex:
    """The index with its 95 % interval; NaN where nothing was observed."""

    index: Floats
    low: Floats
    high: Floats


def share_index(m: Moments) -> ShareIndex:
    """Share of y by people with the trait ÷ share of n by them.

    The interval is linearised on the log scale with people, not events, as the independent units:
    one person's forty views are not forty people.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        index = (m.y / m.all_y) / (m.n / m.all_n)
        # A person moves log(index) by h*(y/Yh - n/Nh) - (y/Y - n/N), h being 1 with the trait.
        with_trait = m.yy / m.y**2 - 2 * m.yn / (m.y * m.n) + m.nn / m.n**2
        cross = (
            m.yy / (m.y * m.all_y)
            - m.yn / (m.y * m.all_n)
            - m.yn / (m.n * m.all_y)
            + m.nn / (m.n * m.all_n)
        )
        everybody = (
            m.all_yy / m.all_y**2 - 2 * m.all_yn / (m.all_y * m.all_n) + m.all_nn / m.all_n**2
        )
        variance = (with_trait - 2 * cross + everybody) * m.people / (m.people - 1)
        log_se = np.sqrt(np.maximum(variance, 0.0))
        index = np.where((m.y > 0) & (m.n > 0), index, np.nan)
        return ShareIndex(index, index * np.exp(-Z95 * log_se), index * np.exp(Z95 * log_se))
