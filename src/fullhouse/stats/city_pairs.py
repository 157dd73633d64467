"""Cities in pairs, one of each drawn by lot: the effect in the treated, by sign flips.

A city's sales in the campaign are divided by its own before it; r is that ratio. The lot decided
only which city of a pair is which, so where a campaign multiplies sales by 1 + θ, swapping the two
after taking θ out changes the sign of w (r_treated / (1 + θ) - r_control) and nothing else. All
such swaps are the test's null distribution: exact for any sales, however heavy their tails, and
whatever days or cities have in common, since it comes of the design and not of a model. For every
set S of pairs the swapped sum beats the unswapped one just where θ reaches

    θ(S) = Σ_S w r_treated / Σ_S w r_control - 1,

so p and interval are counted on the sorted θ(S) of all non-empty sets (Hartigan, "Using subsample
values as typical values", 1969) and nothing is searched for. Chen and Au, "Robust causal inference
for incremental return on ad spend with randomized paired geo experiments" (2022), trim pairs
besides; here all pairs count.

Weights are the pairs' sales before, so that the effect is that on the total. They do not know the
lot: with weights of the treated cities alone a swap would not be a change of sign.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import floor, inf, log2

import numpy as np

from fullhouse.core.arrays import Floats
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.stats.figures import check_level

EXACT_PAIRS = 12
"""Up to so many pairs every set is counted, 4,095; beyond, sets are drawn."""

DRAWS = 10_000

TREATED, CONTROL = 0, 1
"""The columns of the two cities of a pair."""


@dataclass(frozen=True)
class PairedEffect:
    """What the treated cities sold more than without the campaign, as a share of that.

    `low` and `high` hold every common relative effect that the swaps do not reject; -1 and infinite
    are the widest. `p`, two-sided, is of no effect in any city. `sets` are the sets counted;
    `exact` says that they are all there are.
    """

    value: float
    low: float
    high: float
    p: float
    pairs: int
    sets: int
    exact: bool
    level: float


def check_pairs(pairs: int, level: float) -> None:
    """An error where so few pairs cannot reach the level, whatever they sell."""
    check_level(level)
    need = fewest_pairs(level)
    if pairs < need:
        smallest_p = 2.0 ** (1 - pairs) if pairs else 1.0
        raise CannotTellError(
            code="too_few_pairs",
            pairs=pairs,
            level=level,
            smallest_p=smallest_p,
            needed=need,
            cities=2 * need,
        )


def fewest_pairs(level: float) -> int:
    """The fewest pairs whose smallest p, 2 ÷ 2^pairs, reaches the level.

    >>> fewest_pairs(0.95), fewest_pairs(0.9)
    (6, 5)
    """
    return max(1, -floor(log2((1 - level) / 2) + 1e-9))


def paired_effect(
    before: Floats, after: Floats, *, level: float = 0.95, seed: int = 0
) -> PairedEffect:
    """The relative effect from sales `before` and `after` the start, a row each pair.

    The first column is the treated city, the second its control. `before` may be in any unit that
    is the same for both cities of a pair, such as all films' tickets of a year.

    >>> b = np.ones((6, 2))
    >>> effect = paired_effect(b, np.column_stack([np.full(6, 1.1), np.arange(0.95, 1.06, 0.02)]))
    >>> round(effect.value, 3), effect.p
    (0.1, 0.03125)
    """
    check_pairs(len(before), level)
    at = typical(before, after, flips(len(before), seed=seed))
    weighed = _weighed(before, after).sum(0)
    return PairedEffect(
        value=float(weighed[TREATED] / weighed[CONTROL]) - 1,
        low=_low(at, level),
        high=_high(at, level),
        p=_p(at),
        pairs=len(before),
        sets=len(at),
        exact=len(before) <= EXACT_PAIRS,
        level=level,
    )


def paired_p(before: Floats, after: Floats, sets: Floats) -> float:
    """Only the p, with sets from `flips`: what thousands of A/A runs need."""
    return _p(typical(before, after, sets))


def needed_effect(before: Floats, after: Floats, sets: Floats, *, level: float = 0.95) -> float:
    """The smallest effect above 0 that would be detected in sales in which there is none.

    An effect of e multiplies the lower end's 1 + θ by 1 + e, so it need not be searched for.
    Infinite where none would do, and 0 where chance alone is taken for an effect.
    """
    if not after.any(0).all():
        return inf
    low = _low(typical(before, after, sets), level)
    return inf if low <= -1 else max(0.0, 1 / (1 + low) - 1)


def smallest_shown(
    replays: Iterable[tuple[Floats, Floats]],
    pairs: int,
    *,
    level: float = 0.95,
    power: float = 0.8,
    seed: int = 0,
) -> float:
    """The effect that would have been detected in this share of past campaigns that never ran.

    Each replay gives sales before and after, as for `paired_effect`.
    """
    check_pairs(pairs, level)
    if not 0 < power < 1:
        raise InputError(f"Power lies between 0 and 1, such as 0.8, not at {power:g}.")
    sets = flips(pairs, seed=seed)
    needed = sorted(needed_effect(b, a, sets, level=level) for b, a in replays)
    if not needed:
        raise InputError("No past window was given to replay.")
    # The order statistic itself: between a number and infinity there is nothing to interpolate.
    return needed[min(len(needed) - 1, floor(power * len(needed)))]


def flips(pairs: int, *, seed: int = 0) -> Floats:
    """Sets of pairs, a row each, 1 for who is in it: all non-empty ones, or 10,000 drawn."""
    if pairs <= EXACT_PAIRS:
        numbers = np.arange(1, 2**pairs)[:, None] >> np.arange(pairs)
        return (numbers & 1).astype(np.float64)
    return np.random.default_rng(seed).integers(0, 2, (DRAWS, pairs)).astype(np.float64)


def typical(before: Floats, after: Floats, sets: Floats) -> Floats:
    """θ of each set, in the order of the sets; NaN where a set sold nothing at all."""
    _check(before, after)
    sums = sets @ _weighed(before, after)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        theta: Floats = sums[:, TREATED] / sums[:, CONTROL] - 1
    return theta


def _weighed(before: Floats, after: Floats) -> Floats:
    """Weight times ratio, of both cities of each pair."""
    weighted: Floats = before.mean(1, keepdims=True) * after / before
    return weighted


# A set that sold nothing agrees with any effect: it counts below each and above each.


def _p(at: Floats) -> float:
    nothing = int(np.isnan(at).sum())
    # The draw that was made is one of all.
    fewest = 1 + nothing + min(int((at <= 1e-12).sum()), int((at >= -1e-12).sum()))
    return min(1.0, 2 * fewest / (1 + len(at)))


def _low(at: Floats, level: float) -> float:
    return float(np.partition(np.nan_to_num(at, nan=-1.0, posinf=inf), k := _rank(at, level))[k])


def _high(at: Floats, level: float) -> float:
    k = len(at) - 1 - _rank(at, level)
    return float(np.partition(np.nan_to_num(at, nan=inf, posinf=inf), k)[k])


def _rank(at: Floats, level: float) -> int:
    """How many of the outermost sets lie outside the interval at either end."""
    outside = floor((1 - level) / 2 * (1 + len(at)) + 1e-9) - 1
    if outside < 0:
        raise CannotTellError(code="too_few_sets", sets=len(at), level=level)
    return outside


def _check(before: Floats, after: Floats) -> None:
    if before.shape != after.shape or before.shape[1:] != (2,):
        raise InputError(
            f"Give a row for each pair and two cities in it, not {before.shape} and {after.shape}."
        )
    if not (np.isfinite(before).all() and np.isfinite(after).all()):
        raise InputError("Every city needs finite sales before and after.")
    if (before <= 0).any():
        at = int(np.argwhere(before <= 0)[0][0])
        raise CannotTellError(code="no_sales_before", pair=at)
    if (after < 0).any():
        at = int(np.argwhere(after < 0)[0][0])
        raise InputError(
            f"A city of pair number {at} has sales below 0 in the campaign: more was given back"
            " than sold."
        )
    for column, who in ((TREATED, "treated"), (CONTROL, "control")):
        if not after[:, column].any():
            raise CannotTellError(code="no_sales", cities=who)
