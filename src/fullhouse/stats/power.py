"""What an experiment can show before it runs: smallest effect, power, share to hold out.

Three normal formulas of our own, with unequal arms and covariates: statsmodels is no runtime
dependency, and SciPy has none. A test holds them to statsmodels.
"""

from math import sqrt

from scipy.stats import norm

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.stats.figures import check_level


def smallest_effect(
    treated: int,
    control: int,
    sd: float,
    *,
    level: float = 0.95,
    power: float = 0.8,
    rho2: float = 0.0,
) -> float:
    """The smallest true difference in means that is detected with this power, two-sided.

    `sd` is one person's; `rho2` the share of the variance that covariates take away.

    >>> round(smallest_effect(10_000, 10_000, rate_sd(0.10)), 4)
    0.0119
    """
    _check(treated, control, sd, rho2)
    return _factor(level, power) * _se(treated, control, sd, rho2)


def power_of(
    effect: float, treated: int, control: int, sd: float, *, level: float = 0.95, rho2: float = 0.0
) -> float:
    """The chance that the interval of a true effect excludes 0, on either side."""
    check_level(level)
    _check(treated, control, sd, rho2)
    z, off = float(norm.ppf((1 + level) / 2)), effect / _se(treated, control, sd, rho2)
    return float(norm.sf(z - off) + norm.cdf(-z - off))


def holdout_share(
    people: int,
    effect: float,
    sd: float,
    *,
    level: float = 0.95,
    power: float = 0.8,
    rho2: float = 0.0,
) -> float:
    """The smallest share to hold out that shows a true effect; an error where none does.

    >>> round(holdout_share(1_000_000, 0.002, rate_sd(0.05)), 4)
    0.104
    """
    _check(people, people, sd, rho2)
    if effect == 0:
        raise InputError("An effect of 0 cannot be shown; give the smallest one worth knowing.")
    need = (_factor(level, power) * sd / effect) ** 2 * (1 - rho2) / people
    if need > 0.25:
        least = smallest_effect(people // 2, people // 2, sd, level=level, power=power, rho2=rho2)
        raise CannotTellError(
            code="no_holdout_shows", people=people, effect=abs(effect), smallest=least
        )
    return (1 - sqrt(1 - 4 * need)) / 2


def rate_sd(rate: float) -> float:
    """The standard deviation of one person's yes or no."""
    if not 0 < rate < 1:
        raise InputError(f"A base rate lies between 0 and 1, not at {rate:g}.")
    return sqrt(rate * (1 - rate))


def _factor(level: float, power: float) -> float:
    check_level(level)
    if not 0.5 <= power < 1:
        raise InputError(f"Power lies between 0.5 and 1, such as 0.8, not at {power:g}.")
    return float(norm.ppf((1 + level) / 2) + norm.ppf(power))


def _se(treated: int, control: int, sd: float, rho2: float) -> float:
    return sd * sqrt((1 - rho2) * (1 / treated + 1 / control))


def _check(treated: int, control: int, sd: float, rho2: float) -> None:
    if min(treated, control) < 2:
        raise InputError(f"Each arm needs at least 2 people, not {treated} and {control}.")
    if not sd > 0:
        raise InputError(f"The standard deviation must be above 0, not {sd:g}.")
    if not 0 <= rho2 < 1:
        raise InputError(f"The share explained lies between 0 and 1, not at {rho2:g}.")
