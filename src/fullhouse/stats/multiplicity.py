"""Many tests at once, and many looks at one test, without more false alarms.

An asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform
central limit theory and asymptotic confidence sequences", Annals of Statistics 2024, theorem 2.2):
Robbins' normal mixture around the running estimate. It is wider than an interval that is looked
at once, by about 1.5 where it was tuned to be tightest, and that is the price of looking.
"""

from math import exp, log, log1p, sqrt

import numpy as np
from scipy.stats import false_discovery_control

from fullhouse.core.arrays import Floats
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.stats.figures import AlwaysValid, check_level


def benjamini_hochberg(p: Floats) -> Floats:
    """The q-value of each p: the false-discovery rate at which it would just be a discovery.

    NaN stays NaN and does not count as a test.

    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03, np.nan])).round(3).tolist()
    [0.03, 0.04, 0.04, nan]
    """
    q = np.full(p.shape, np.nan)
    tested = ~np.isnan(p)
    if tested.any():
        q[tested] = false_discovery_control(p[tested])
    return q


def holm(p: Floats) -> Floats:
    """Each p adjusted for all tests made, so that the chance of any false one stays below it.

    Holm (1979): uniformly better than Bonferroni, and holds however the tests depend. Our own four
    lines, since SciPy has none and statsmodels is no runtime dependency; a test holds it to theirs.

    >>> holm(np.array([0.01, 0.04, 0.03])).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    if np.isnan(p).any():
        raise InputError("A p that could not be computed cannot be adjusted; leave it out.")
    order = np.argsort(p, kind="stable")
    scaled = p[order] * np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(scaled))
    return adjusted


LEAST_PEOPLE = 100
"""Fewer people in an arm than this and no law of large numbers can be leant on."""


def always_valid(value: float, se: float, *, share: float, level: float = 0.95) -> AlwaysValid:
    """The always-valid interval of an estimate with standard error `se`, at one look.

    `share` is how much of the intended sample (people assigned so far, or days where all are
    assigned at once) has been observed: the interval is tightest, in units of the standard error,
    at 1. It must be fixed beforehand, and not follow from the results; it may
    pass 1. Where people's purchases on different days go together the estimates at two looks are
    more alike than the sequence allows for, which only makes it wider than it need be (Slepian).

    >>> interval = always_valid(0.5, 0.1, share=1.0)
    >>> round(interval.low, 3), round(interval.high, 3), round(interval.p, 5)
    (0.196, 0.804, 5e-05)
    """
    check_level(level)
    if not share > 0:
        raise InputError(f"The share of the intended sample must be above 0, not {share:g}.")
    if not se > 0:
        raise CannotTellError(code="no_standard_error")
    alpha = 1 - level
    x = share * tuning(level)
    reach = se * sqrt((x + 1) / x * (log1p(x) - 2 * log(alpha)))
    evidence = (value / se) ** 2 / 2 * x / (x + 1) - log1p(x) / 2
    return AlwaysValid(
        value, value - reach, value + reach, min(1.0, exp(-max(evidence, 0.0))), share, level
    )


def tuning(level: float) -> float:
    """rho² × intended sample that makes the interval tightest there (same paper, appendix)."""
    twice = -2 * log(1 - level)
    return twice + log(twice + 1)


def check_enough(*people: int) -> None:
    """An error where an arm is too small for an interval that rests on large samples."""
    if min(people) < LEAST_PEOPLE:
        raise CannotTellError(code="too_few_for_any_look", people=min(people), needed=LEAST_PEOPLE)
