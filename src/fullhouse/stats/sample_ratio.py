"""Whether the arms hold the people they should: the first thing that goes wrong in experiments.

Three checks, from weak to strong. Counts against intended shares need no more than the table.
The same, looked at daily. And, where the log of assignments is there, the people lost of each arm:
if one arm loses 1 % of 100,000 assigned, the counts alone (2.2 deviations) would hardly show it,
while 0 lost against 1,000 does at once.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from scipy.special import gammaln
from scipy.stats import binomtest, chi2, chi2_contingency, hypergeom

from fullhouse.core.arrays import Floats
from fullhouse.core.errors import InputError
from fullhouse.stats.figures import Check

EXACT_BELOW = 10.0


def sample_ratio(counts: Sequence[int], shares: Sequence[float]) -> Check:
    """Counts of the arms against intended shares: exact for two arms, else chi-squared.

    Where an arm of three or more is expected to hold under 10, each arm is tested against the rest
    exactly, and the smallest p times the number of arms is taken.

    >>> sample_ratio([50_000, 48_700], [1, 1]).passed
    False
    """
    n, share = _shares(counts, shares)
    total = int(n.sum())
    expected = total * share
    if len(n) == 2:
        return Check("sample ratio", float(binomtest(int(n[0]), total, float(share[0])).pvalue))
    if expected.min() < EXACT_BELOW:
        tests = [binomtest(int(x), total, float(s)).pvalue for x, s in zip(n, share, strict=True)]
        return Check("sample ratio", min(1.0, float(min(tests)) * len(n)))
    statistic = float(((n - expected) ** 2 / expected).sum())
    return Check("sample ratio", float(chi2.sf(statistic, len(n) - 1)))


def sequential_sample_ratio(
    counts: Sequence[Sequence[int]], shares: Sequence[float], *, concentration: float = 10_000.0
) -> list[float]:
    """The p after each look at cumulative counts, valid at all looks together; it never rises.

    One over the Bayes factor of a Dirichlet prior around the intended shares against these
    (Lindon and Malek, "Anytime-valid inference for multinomial count data", 2022). `concentration`
    is worth that many people of prior belief in shares next to the intended ones.
    """
    rows = np.asarray(counts, dtype=np.float64)
    for earlier, later in pairwise(rows):
        if (later < earlier).any():
            raise InputError("Counts are cumulative: those of a later look cannot be smaller.")
    p_values, least = [], 1.0
    for row in rows:
        n, share = _shares(row.tolist(), shares)
        prior = concentration * share
        factor = (
            gammaln(prior.sum())
            - gammaln(prior.sum() + n.sum())
            + (gammaln(prior + n) - gammaln(prior)).sum()
            - (n * np.log(share)).sum()
        )
        least = min(least, float(np.exp(-max(0.0, factor))))
        p_values.append(least)
    return p_values


def lost_people(assigned: Sequence[int], observed: Sequence[int]) -> Check:
    """Whether the arms lost different shares of the people assigned to them.

    Fisher's exact test for two arms (twice the smaller tail), else chi-squared.

    >>> lost_people([100_000, 100_000], [100_000, 99_000]).passed
    False
    """
    a, s = np.asarray(assigned, dtype=np.int64), np.asarray(observed, dtype=np.int64)
    if a.shape != s.shape or (s > a).any() or (s < 0).any():
        raise InputError(
            f"Of {a.tolist()} people assigned to the arms, {s.tolist()} cannot have been observed."
        )
    lost = a - s
    if not lost.sum() or not s.sum():
        return Check("people lost", 1.0)
    if len(a) == 2:
        distribution = hypergeom(int(a.sum()), int(lost.sum()), int(a[0]))
        tails = float(distribution.cdf(lost[0])), float(distribution.sf(lost[0] - 1))
        return Check("people lost", min(1.0, 2 * min(tails)))
    test = chi2_contingency(np.array([lost, s]))
    return Check("people lost", float(test.pvalue))


def balance(means: Floats, counts: Sequence[int], covariance: Floats) -> Check:
    """Whether arms differ in what was known before, all covariates at once.

    `means` are (arms, covariates), `covariance` the one within arms. The statistic is the sum over
    arms of n × the squared Mahalanobis distance from the common mean, chi-squared with
    (arms - 1) × rank degrees of freedom (Hansen and Bowers 2008): one test, so that looking at
    many covariates reports no more imbalance than chance makes.
    """
    n = np.asarray(counts, dtype=np.float64)
    gap = means - n @ means / n.sum()
    inverse, rank = inverse_of(covariance)
    if not rank:
        return Check("balance of covariates", 1.0)
    distance = float((n * np.einsum("ij,jk,ik->i", gap, inverse, gap)).sum())
    return Check("balance of covariates", float(chi2.sf(distance, (len(n) - 1) * rank)))


def inverse_of(covariance: Floats) -> tuple[Floats, int]:
    """The inverse on the directions that vary, and how many: constants and copies fall out."""
    scale = np.sqrt(np.diag(covariance))
    unit = np.where(scale > 0, scale, 1.0)
    values, vectors = np.linalg.eigh(covariance / np.outer(unit, unit))
    varying = values > 1e-8
    inverse = (vectors[:, varying] / values[varying]) @ vectors[:, varying].T
    return inverse / np.outer(unit, unit), int(varying.sum())


def _shares(counts: Sequence[float], shares: Sequence[float]) -> tuple[Floats, Floats]:
    n, share = np.asarray(counts, dtype=np.float64), np.asarray(shares, dtype=np.float64)
    if n.shape != share.shape or len(n) < 2:
        raise InputError(f"{len(n)} counts and {len(share)} shares: one of each for every arm.")
    if not (share > 0).all() or not np.isfinite(share).all():
        raise InputError(f"Intended shares must be above 0, not {share.tolist()}.")
    if (n < 0).any() or not n.sum():
        raise InputError(f"Counts must be people, at least one of them, not {n.tolist()}.")
    return n, share / share.sum()
