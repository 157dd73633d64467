"""Share in these events ÷ share in all events, as marketers read an index."""

from dataclasses import dataclass

import numpy as np

from fullhouse.core.arrays import Floats
from fullhouse.stats.mantel_haenszel import Z95


@dataclass(frozen=True)
class Moments:
    """Sums over people of y (events of interest) and n (all events), for each trait.

    Each of the first five runs over the people with the trait, the last five over all people.
    """

    y: Floats
    n: Floats
    yy: Floats
    yn: Floats
    nn: Floats
    all_y: Floats
    all_n: Floats
    all_yy: Floats
    all_yn: Floats
    all_nn: Floats
    people: Floats


@dataclass(frozen=True)
class Index:
    """The index with its 95 % interval; NaN where nothing was observed."""

    index: Floats
    low: Floats
    high: Floats


def share_index(m: Moments) -> Index:
    """Share of y by people with the trait ÷ share of n by them.

    The interval is linearised on the log scale with people, not events, as the independent units:
    one person's forty views are not forty people.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        index = (m.y / m.all_y) / (m.n / m.all_n)
        # A person moves log(index) by h*(y/Yh - n/Nh) - (y/Y - n/N), h being 1 with the trait.
        with_trait = m.yy / m.y**2 - 2 * m.yn / (m.y * m.n) + m.nn / m.n**2
        cross = (
            m.yy / (m.y * m.all_y)
            - m.yn / (m.y * m.all_n)
            - m.yn / (m.n * m.all_y)
            + m.nn / (m.n * m.all_n)
        )
        everybody = (
            m.all_yy / m.all_y**2 - 2 * m.all_yn / (m.all_y * m.all_n) + m.all_nn / m.all_n**2
        )
        variance = (with_trait - 2 * cross + everybody) * m.people / (m.people - 1)
        log_se = np.sqrt(np.maximum(variance, 0.0))
        index = np.where((m.y > 0) & (m.n > 0), index, np.nan)
        return Index(index, index * np.exp(-Z95 * log_se), index * np.exp(Z95 * log_se))
