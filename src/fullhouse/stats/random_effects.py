"""Log ratios of several studies pooled with random effects."""

from dataclasses import dataclass

import numpy as np

from fullhouse.core.arrays import Floats
from fullhouse.stats.mantel_haenszel import Z95


@dataclass(frozen=True)
class PooledLog:
    """The mean of log ratios, its standard error, and how far a new one may lie from it.

    `between` is the variance of the log ratio between studies, `wide` half the 95 % prediction
    interval of a new one.
    """

    mean: float
    error: float
    between: float
    wide: float

    def mean_interval(self) -> tuple[float, float, float]:
        """The mean ratio with its 95 % interval."""
        return self._ratios(Z95 * self.error)

    def new_interval(self) -> tuple[float, float, float]:
        """The ratio of a new study with its 95 % prediction interval."""
        return self._ratios(self.wide)

    def _ratios(self, half: float) -> tuple[float, float, float]:
        low, mean, high = (float(np.exp(self.mean + d)) for d in (-half, 0.0, half))
        return mean, low, high


def random_effects(logs: Floats, errors: Floats) -> PooledLog:
    """Log ratios with their standard errors, pooled (DerSimonian and Laird 1986).

    The prediction interval is that of Higgins, Thompson and Spiegelhalter (2009).
    """
    from scipy.stats import t as student

    v = np.square(errors)
    w = 1 / v
    mean = float((w * logs).sum() / w.sum())
    q = float((w * (logs - mean) ** 2).sum())
    scale = float(w.sum() - (w**2).sum() / w.sum())
    between = max((q - (len(logs) - 1)) / scale, 0.0) if scale > 0 else 0.0
    w = 1 / (v + between)
    mean, error = float((w * logs).sum() / w.sum()), float(w.sum() ** -0.5)
    quantile = float(student.ppf(0.975, max(len(logs) - 2, 1)))
    return PooledLog(mean, error, between, quantile * float(np.sqrt(between + error**2)))
