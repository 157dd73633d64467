"""Many tests at once."""

import numpy as np
from scipy.stats import false_discovery_control

from fullhouse.core.arrays import Floats
from fullhouse.core.errors import InputError


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
