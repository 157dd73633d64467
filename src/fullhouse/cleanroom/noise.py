"""The noise of the clean room, and its price.

The unit of privacy is one person with everything known of them; neighbouring houses differ by one
person who is there or not (replacing one costs four times as much). Privacy is zero-concentrated
(Bun and Steinke, TCC 2016): what is published costs ρ, and costs add up. Prices are whole nano-ρ,
since floats refuse the eighth of eight equal shares.

All noise comes from OpenDP's secure generator, over whole numbers: discrete Gaussians (Canonne,
Kamath and Steinke, NeurIPS 2020) and its top-k selection. Numbers that are not whole are counted in
a unit of 1 / UNIT first, person by person (`fixed_point`), so that sums are exact in any order and
rounding is inside what each person may contribute.
"""

from fractions import Fraction
from functools import cache
from math import ceil, exp, inf, isfinite, log, log1p, nextafter, sqrt
from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from fullhouse.cleanroom.release import NANO
from fullhouse.core.arrays import Floats, Integers, Ints
from fullhouse.core.errors import InputError, UnsupportedError

UNIT = 1 << 24
"""Parts of one in which numbers that are not whole are counted."""

MOST_VALUE = 1 << 62
"""Sums stay below this, so that noise cannot run out of 64 bits."""


def nano(rho: float) -> int:
    """A ρ in whole nano-ρ, to the nearest.

    >>> nano(0.02)
    20000000
    """
    if not (isfinite(rho) and rho > 0 and round(rho * NANO) > 0):
        raise InputError(f"A price must be at least 0.000000001 ρ, not {rho:g}.")
    return round(rho * NANO)


def split(rho_nano: int, *weights: int) -> tuple[int, ...]:
    """A price in parts by weight, which add up to it exactly; the first has what is left over.

    >>> split(100, 1, 1, 1)
    (34, 33, 33)
    """
    _check_price(rho_nano)
    if not weights or min(weights) < 1:
        raise InputError(f"Each part must weigh 1 at least, not {weights}.")
    rest = [rho_nano * w // sum(weights) for w in weights[1:]]
    parts = (rho_nano - sum(rest), *rest)
    if min(parts) < 1:
        raise InputError(f"{rho_nano} nano-ρ are too few for {len(weights)} parts.")
    return parts


def sigma(rho_nano: int, sensitivity: float = 1.0) -> float:
    """The smallest standard deviation whose Gaussian noise costs no more than a price.

    `sensitivity` is how far one person moves the result, in the L2 norm. The price holds exactly,
    not only up to the rounding of floats.

    >>> round(sigma(20_000_000, 1), 3)
    5.0
    """
    _check_price(rho_nano)
    _check_sensitivity(sensitivity)
    spread = sensitivity / sqrt(2 * rho_nano / NANO)
    squared = Fraction(sensitivity) ** 2 * NANO
    while Fraction(spread) ** 2 * 2 * rho_nano < squared:
        spread = nextafter(spread, inf)
    return spread


def price(spread: float, sensitivity: float = 1.0) -> int:
    """What Gaussian noise of a standard deviation costs in whole nano-ρ, rounded against us.

    >>> price(20, 1)
    1250000
    """
    if not (isfinite(spread) and spread > 0):
        raise InputError(f"A standard deviation must be above 0, not {spread:g}.")
    _check_sensitivity(sensitivity)
    return ceil(Fraction(sensitivity) ** 2 * NANO / (2 * Fraction(spread) ** 2))


def epsilon(rho_nano: int, delta: float = 1e-9) -> float:
    """The ε that a total price stands for at a δ (Canonne, Kamath and Steinke 2020, prop. 12).

    >>> round(epsilon(nano(0.02), 1e-8), 2)
    1.08
    """
    _check_price(rho_nano)
    if not 0 < delta < 1:
        raise InputError(f"δ lies between 0 and 1, not at {delta:g}.")
    rho = rho_nano / NANO

    def at(log_order: float) -> float:
        order = 1 + exp(log_order)
        return order * rho + (log(1 / delta) + (order - 1) * log1p(-1 / order) - log(order)) / (
            order - 1
        )

    result = minimize_scalar(at, bounds=(-12.0, 30.0), method="bounded", options={"xatol": 1e-9})
    return max(0.0, float(result.fun))


def top_k_scale(rho_nano: int, k: int, sensitivity: int = 1) -> float:
    """The scale of top-k selection at a price, where a person moves all scores the same way."""
    _check_price(rho_nano)
    _check_sensitivity(sensitivity)
    scale = sensitivity * sqrt(k * NANO / (8 * rho_nano))
    while Fraction(scale) ** 2 * 8 * rho_nano < k * sensitivity**2 * NANO:
        scale = nextafter(scale, inf)
    return scale


def noisy(value: int, rho_nano: int, sensitivity: int = 1) -> int:
    """A whole number with discrete Gaussian noise."""
    dp = opendp()
    space = dp.atom_domain(T="i64"), dp.absolute_distance(T="i64")
    _check_value(abs(int(value)))
    measure = dp.m.make_gaussian(*space, scale=sigma(rho_nano, sensitivity))
    return int(measure(int(value)))


def noisy_vector(values: Integers, rho_nano: int, l2: float) -> Ints:
    """Whole numbers with discrete Gaussian noise each; one price for all of them.

    `l2` is how far one person moves them all together, in the L2 norm. Any shape; one call.
    """
    _check_sensitivity(l2)
    if not np.issubdtype(values.dtype, np.integer):
        raise InputError(f"Noise is added to whole numbers, not to {values.dtype}.")
    if not values.size:
        return values.astype(np.int64)
    _check_value(max(abs(int(values.max())), abs(int(values.min()))))
    dp = opendp()
    space = dp.vector_domain(dp.atom_domain(T="i64"), size=values.size), dp.l2_distance(T="f64")
    measure = dp.m.make_gaussian(*space, scale=sigma(rho_nano, l2))
    return np.array(measure(values.ravel().tolist()), dtype=np.int64).reshape(values.shape)


def noisy_top_k(scores: Integers, k: int, rho_nano: int, sensitivity: int = 1) -> Ints:
    """The places of k scores that are high with noise, the highest first; all where k is more.

    The caller promises that one person moves all scores the same way, none by more than
    `sensitivity`: centred or absolute scores break that, and cost four times as much. What is
    published are the places, never a score.
    """
    k = min(k, len(scores))
    if k < 1:
        return np.zeros(0, dtype=np.int64)
    _check_value(max(abs(int(scores.max())), abs(int(scores.min()))))
    dp = opendp()
    measure = dp.m.make_noisy_top_k(
        dp.vector_domain(dp.atom_domain(T="i64")),
        dp.linf_distance(T="i64", monotonic=True),
        dp.zero_concentrated_divergence(),
        k=k,
        scale=top_k_scale(rho_nano, k, sensitivity),
    )
    return np.array(measure([int(s) for s in scores]), dtype=np.int64)


def clamp(values: Integers, most: int) -> Ints:
    """Whole numbers between 0 and `most`: what one person may contribute to a sum."""
    if most < 1:
        raise InputError(f"A person must be able to contribute 1 at least, not {most}.")
    clamped: Ints = np.clip(values, 0, most).astype(np.int64)
    return clamped


def fixed_point(values: Floats, l2: float, unit: int = UNIT) -> Ints:
    """Rows of numbers, counted in 1 / unit, each row's L2 norm at most `l2` × unit exactly.

    A row that is longer is scaled to the norm, all of it alike. Cut towards zero, so that rounding
    makes no row longer; checked in whole numbers.
    """
    _check_sensitivity(l2)
    norms = np.sqrt((values * values).sum(-1, keepdims=True))
    # A hair short, so that the float rounding of norm and product cannot pass the bound.
    scale = np.minimum(1.0, l2 * (1 - 1e-12) / np.maximum(norms, 1e-300)) * unit
    counted: Ints = np.trunc(values * scale).astype(np.int64)
    if counted.size and int((counted * counted).sum(-1).max()) > Fraction(l2) ** 2 * unit**2:
        raise ArithmeticError("a row is longer than one person may be")
    return counted


@cache
def opendp() -> Any:
    """OpenDP, which is an extra: it takes a second to load and 275 MB of disk."""
    try:
        import opendp.prelude as dp
    except ImportError:
        raise UnsupportedError(
            "The clean room takes its noise from OpenDP, which is not installed:"
            " pip install 'fullhouse[cleanroom]'."
        ) from None
    dp.enable_features("contrib")
    return dp


def _check_price(rho_nano: int) -> None:
    if isinstance(rho_nano, bool) or not isinstance(rho_nano, int) or rho_nano < 1:
        raise InputError(f"A price must be a whole number of nano-ρ from 1, not {rho_nano!r}.")


def _check_sensitivity(sensitivity: float) -> None:
    if not (isfinite(sensitivity) and sensitivity > 0):
        raise InputError(f"What a person can change must be above 0, not {sensitivity:g}.")


def _check_value(largest: int) -> None:
    if largest >= MOST_VALUE:
        raise InputError(f"A sum must be below {MOST_VALUE}, not {largest}.")
