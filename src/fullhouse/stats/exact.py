"""The exact conditional test of trait and outcome over strata, for small counts."""

import numpy as np
from scipy.special import gammaln

from fullhouse.core.arrays import Floats


def exact_p(a: Floats, n1: Floats, c: Floats, n0: Floats) -> float:
    """Two-sided p of one trait: twice the smaller tail of a sum of hypergeometrics.

    Given how many have the trait and how many the outcome in each stratum, luck decides only who
    has both. Any of the four cells says the same; the one with the fewest is counted, so that the
    work grows with that and not with the people.
    """
    n, cases = n1 + n0, a + c
    used = (n1 > 0) & (n0 > 0) & (cases > 0) & (cases < n)
    cells = [(a, n1, cases), (c, n0, cases), (n1 - a, n1, n - cases), (n0 - c, n0, n - cases)]
    x, row, column = min(cells, key=lambda cell: float(cell[0][used].sum()))
    seen = int(x[used].sum())
    law = np.ones(1)
    for of_stratum in _laws(row[used], column[used], n[used], seen):
        law = np.convolve(law, of_stratum)[: seen + 1]
    law = np.pad(law, (0, seen + 1 - len(law)))
    fewer = float(law.sum())
    more = 1 - float(law[:seen].sum())
    return min(1.0, 2 * min(fewer, max(more, float(law[seen]))))


def _laws(row: Floats, column: Floats, n: Floats, most: int) -> list[Floats]:
    """For each stratum, the chance of 0, 1, ... up to `most` in the cell of a row and a column."""
    laws = []
    for r, c, size in zip(row, column, n, strict=True):
        x = np.arange(min(most, int(min(r, c))) + 1, dtype=np.float64)
        possible = x >= r + c - size
        log = np.full(len(x), -np.inf)
        y = x[possible]
        log[possible] = _choose(r, y) + _choose(size - r, c - y) - _choose(size, np.asarray(c))
        laws.append(np.exp(log))
    return laws


def _choose(n: float, k: Floats) -> Floats:
    found: Floats = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return found
