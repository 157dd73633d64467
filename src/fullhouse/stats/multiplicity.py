"""Many tests at once."""

import numpy as np

from fullhouse.core.arrays import Floats


def benjamini_hochberg(p: Floats) -> Floats:
    """The q-value of each p: the false-discovery rate at which it would just be a discovery.

    NaN stays NaN and does not count as a test.

    >>> benjamini_hochberg(np.array([0.01, 0.04, 0.03, np.nan])).round(3).tolist()
    [0.03, 0.04, 0.04, nan]
    """
    q = np.full(p.shape, np.nan)
    tested = np.flatnonzero(~np.isnan(p))
    if not len(tested):
        return q
    order = tested[np.argsort(p[tested], kind="stable")]
    scaled = p[order] * len(order) / np.arange(1, len(order) + 1)
    q[order] = np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1])
    return q
