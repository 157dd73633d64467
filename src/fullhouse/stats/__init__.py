"""Pure statistics: functions of moments."""

from fullhouse.stats.mantel_haenszel import (
    Association,
    Ratio,
    association,
    log_difference,
    risk_ratio,
)
from fullhouse.stats.multiplicity import benjamini_hochberg
from fullhouse.stats.ratios import Moments, ShareIndex, share_index

__all__ = [
    "Association",
    "Moments",
    "Ratio",
    "ShareIndex",
    "association",
    "benjamini_hochberg",
    "log_difference",
    "risk_ratio",
    "share_index",
]
