"""Ranges with the coverage that they state: quantiles of past residuals of like films.

Normalised split conformal prediction (Lei, G'Sell, Rinaldo, Tibshirani and Wasserman 2018),
Mondrian by group (Vovk, Lindsay, Nouretdinov and Gammerman 2003), with the errors of forecasts
that were made in the past by models that had seen only what came before them. Own lines and not
crepes': groups here borrow from one another, so that its ranges are narrower at the same coverage
(`python -m benchmarks.forecast_libraries`).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from fullhouse.core.arrays import Floats, Ints
from fullhouse.forecast.ensemble import Linear
from fullhouse.forecast.forecast import PROBABILITIES

FEWEST = 40
"""Ranges are not made from fewer past errors."""
BORROWED = 40.0
"""A group borrows from the others as much as this many of their errors say."""
OFFSET = 0.05
"""Added to an absolute log error before its log is taken."""
SIZES = 4


@dataclass(frozen=True)
class Conformal:
    """Past errors, in units of the scale that was expected of each, by group."""

    scale: Linear
    scaled: Floats
    group: Ints
    cuts: Floats
    """Ends of the size groups, of the size that was known."""

    def groups(self, size: Floats, franchise: Floats) -> Ints:
        """The group of each film: its quarter by size; franchise films are one more."""
        quarter = np.searchsorted(self.cuts, size)
        return np.where(franchise > 0, SIZES, quarter).astype(np.int64)

    def quantiles(self, features: Floats, size: Floats, franchise: Floats) -> Floats:
        """Quantiles of the log error at `PROBABILITIES`, (n, 21), for rows of what is known."""
        width = np.exp(self.scale.predict(features))
        rows = np.empty((len(features), len(PROBABILITIES)))
        groups = self.groups(size, franchise)
        for g in np.unique(groups):
            here = groups == g
            rows[here] = width[here, None] * self._of(int(g))
        return rows

    def _of(self, group: int) -> Floats:
        own = self.group == group
        others = np.sum(~own)
        weight = np.where(own, 1.0, min(1.0, BORROWED / others) if others else 0.0)
        return weighted_quantiles(self.scaled, weight)


def calibrate(error: Floats, features: Floats, size: Floats, franchise: Floats) -> Conformal:
    """Learn from past errors (truth minus forecast, in logs) how wide ranges have to be.

    `features` are the few numbers by which the width may differ between films.
    """
    scale = _scale(features, np.log(np.abs(error) + OFFSET))
    scaled = error / np.exp(scale.predict(features))
    cuts = np.quantile(size, np.arange(1, SIZES) / SIZES)
    empty = Conformal(scale, scaled, np.zeros(len(error), np.int64), cuts)
    return Conformal(scale, scaled, empty.groups(size, franchise), cuts)


def _scale(features: Floats, log_error: Floats) -> Linear:
    """A ridge regression of the size of an error on what was known of its film."""
    # Imported here: it takes a second, and a forecast from saved models fits nothing.
    from sklearn.linear_model import Ridge
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(features)
    ridge = Ridge(alpha=30.0).fit(scaler.transform(features), log_error)
    columns = features.shape[1]
    return Linear(
        np.zeros(columns),
        np.zeros(0, np.int64),
        scaler.mean_,
        scaler.scale_,
        ridge.coef_,
        float(ridge.intercept_),
    )


def weighted_quantiles(values: Floats, weights: Floats) -> Floats:
    """Quantiles at `PROBABILITIES`, set wider for a small sample as split conformal asks.

    Of n equal weights, the central range with probability p takes the order statistics of
    p (n + 1) / n (Lei et al. 2018, equation 3, on both sides).
    """
    order = np.argsort(values, kind="stable")
    v, w = values[order], weights[order] / weights.sum()
    n = weights.sum() ** 2 / np.sum(weights**2)
    p = np.asarray(PROBABILITIES)
    p = np.clip(0.5 + (p - 0.5) * (n + 1) / n, 0.5 / n, 1 - 0.5 / n)
    middle = np.cumsum(w) - w / 2
    # Between order statistics linear in the normal score, so that tails are not cut short.
    quantiles: Floats = np.interp(ndtri(p), ndtri(np.clip(middle, 1e-6, 1 - 1e-6)), v)
    return quantiles
