"""Intervals that may be looked at every day, and stopped at any, without more false alarms.

An asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform
central limit theory and asymptotic confidence sequences", Annals of Statistics 2024, theorem 2.2):
Robbins' normal mixture around the running estimate. It is wider than an interval that is looked
at once, by about 1.5 where it was tuned to be tightest, and that is the price of looking.
"""

from math import exp, log, log1p, sqrt

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.stats.figures import AlwaysValid, check_level

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
