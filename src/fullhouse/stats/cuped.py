"""Less noise from what was known before: the covariate adjustment CUPED, from moments.

Deng, Xu, Kohavi and Walker (2013): y - theta' (x - mean of x), theta pooled over the arms, with x
measured before the campaign, so that the adjusted difference has the same expectation. The
variance falls to 1 - rho², rho² being the share of y's variance within arms that x explains.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fullhouse.core.arrays import Floats
from fullhouse.core.errors import InputError
from fullhouse.stats.figures import Sums
from fullhouse.stats.sample_ratio import inverse_of


@dataclass(frozen=True)
class Joint:
    """People of one arm (and stratum), and the means and scatter of (y, x1, x2, ...) in them.

    `scatter` are the sums of products around the means.
    """

    n: int
    mean: Floats
    scatter: Floats

    def __post_init__(self) -> None:
        if self.scatter.shape != (len(self.mean), len(self.mean)):
            raise InputError(f"{len(self.mean)} means and a scatter of {self.scatter.shape}.")
        if (np.diag(self.scatter) < 0).any():
            raise InputError(f"A variance cannot be negative: {np.diag(self.scatter).tolist()}.")


@dataclass(frozen=True)
class Adjustment:
    """The coefficients of the covariates, the common means they are taken from, and rho²."""

    theta: Floats
    centre: Floats
    rho2: float
    rank: int


def joint(values: Floats, others: int = 0) -> Joint:
    """The moments of (people, 1 + covariates) values, and of `others` who have 0 in all of them."""
    n, k = len(values) + others, values.shape[1]
    if not n:
        return Joint(0, np.zeros(k), np.zeros((k, k)))
    mean = values.sum(0) / n
    centred = values - mean
    return Joint(n, mean, centred.T @ centred + others * np.outer(mean, mean))


def columns_of(cell: Joint, columns: Sequence[int]) -> Joint:
    """The moments of some columns, in that order."""
    return Joint(cell.n, cell.mean[columns], cell.scatter[np.ix_(columns, columns)])


def adjustment(cells: Sequence[Joint]) -> Adjustment:
    """The adjustment that all cells (arms, arms by strata) give together.

    Covariates that do not vary, or are copies of others, drop out.
    """
    filled = [c for c in cells if c.n]
    scatter = np.sum([c.scatter for c in filled], axis=0)
    n = sum(c.n for c in filled)
    centre = np.sum([c.n * c.mean for c in filled], axis=0) / n
    inverse, rank = inverse_of(scatter[1:, 1:])
    theta = inverse @ scatter[1:, 0]
    explained = float(theta @ scatter[1:, 0])
    rho2 = explained / float(scatter[0, 0]) if scatter[0, 0] > 0 else 0.0
    return Adjustment(theta, centre[1:], min(max(rho2, 0.0), 1.0), rank)


def adjusted(cell: Joint, by: Adjustment) -> Sums:
    """The moments of adjusted y in a cell."""
    mean = float(cell.mean[0] - by.theta @ (cell.mean[1:] - by.centre))
    turn = np.concatenate([[1.0], -by.theta])
    around = max(0.0, float(turn @ cell.scatter @ turn))
    return Sums(cell.n, mean * cell.n, around + cell.n * mean**2)
