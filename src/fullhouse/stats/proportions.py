"""Shares of people, and the difference of two, right for small counts too."""

from math import acos, copysign, cos, pi, sqrt

from scipy.optimize import brentq
from scipy.stats import norm

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.stats.arms import Estimate, check_level
from fullhouse.stats.ratios import Interval


def wilson(hits: int, n: int, *, level: float = 0.95) -> Interval:
    """The share of n with Wilson's score interval (1927), which stays inside 0 to 1.

    >>> found = wilson(8, 10)
    >>> round(found.low, 3), round(found.high, 3)
    (0.49, 0.943)
    """
    _check(hits, n)
    check_level(level)
    z = float(norm.ppf((1 + level) / 2))
    share = hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return Interval(share, max(0.0, middle - reach), min(1.0, middle + reach))


def share_difference(
    hits: int, n: int, control_hits: int, control_n: int, *, level: float = 0.95
) -> Estimate:
    """Share of the treated less share of the control, by Miettinen and Nurminen's score (1985).

    The interval is all differences that the score test does not reject, so it agrees with p, and
    has ends where both counts are 0. `se` is that of the plain difference.

    >>> found = share_difference(56, 70, 48, 80)
    >>> round(found.low, 4), round(found.high, 4)
    (0.0528, 0.3382)
    """
    _check(hits, n)
    _check(control_hits, control_n)
    check_level(level)
    p1, p0 = hits / n, control_hits / control_n
    gap, z = p1 - p0, float(norm.ppf((1 + level) / 2))

    def off(delta: float) -> float:
        return _score(hits, n, control_hits, control_n, delta)

    ends = 1 - 1e-12
    low = -1.0 if off(-ends) <= z else float(brentq(lambda d: off(d) - z, -ends, gap))
    high = 1.0 if off(ends) >= -z else float(brentq(lambda d: off(d) + z, gap, ends))
    p = float(2 * norm.sf(abs(off(0.0))))
    se = sqrt(p1 * (1 - p1) / n + p0 * (1 - p0) / control_n)
    return Estimate(gap, se, low, high, p, float("inf"), level)


def _score(a: int, n: int, c: int, m: int, delta: float) -> float:
    """The score of a difference `delta`: deviations by which what was seen lies above it."""
    under = _constrained(a, n, c, m, delta)
    over = under + delta
    variance = (over * (1 - over) / n + under * (1 - under) / m) * (n + m) / (n + m - 1)
    gap = a / n - c / m - delta
    if variance <= 0:
        return 0.0 if gap == 0 else copysign(float("inf"), gap)
    return gap / sqrt(variance)


def _constrained(a: int, n: int, c: int, m: int, delta: float) -> float:
    """The likeliest share in control when the treated have `delta` more: a root of a cubic."""
    total = n + m
    l3, l2 = float(total), (n + 2 * m) * delta - total - (a + c)
    l1 = (m * delta - total - 2 * c) * delta + a + c
    l0 = c * delta * (1 - delta)
    q = l2**3 / (3 * l3) ** 3 - l1 * l2 / (6 * l3**2) + l0 / (2 * l3)
    p = copysign(sqrt(max(0.0, l2**2 / (3 * l3) ** 2 - l1 / (3 * l3))), q)
    # p is 0 only where q is: then the three roots are one.
    angle = (pi + acos(min(1.0, max(-1.0, q / p**3)))) / 3 if p else 0.0
    root = 2 * p * cos(angle) - l2 / (3 * l3)
    return min(max(root, 0.0, -delta), 1.0, 1.0 - delta)


def _check(hits: int, n: int) -> None:
    if n < 1:
        raise CannotTellError("A share of nobody cannot be computed.")
    if not 0 <= hits <= n:
        raise InputError(f"Hits lie between 0 and the {n} people, not at {hits}.")
