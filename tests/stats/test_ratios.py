"""Ratios that stay inside what is possible, and the index of shares, people as the units."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep

from fullhouse.core.errors import CannotTellError
from fullhouse.stats import Moments, share_index
from fullhouse.stats.arms import estimate, share_difference
from fullhouse.stats.ratios import relative, share_ratio


def _moments(y, n, held):
    def five(a, b):
        return a.sum(), b.sum(), (a * a).sum(), (a * b).sum(), (b * b).sum()

    sums = [np.array([s]) for s in five(y * held, n * held)]
    return Moments(*sums, *(np.asarray(s) for s in five(y, n)), people=np.asarray(float(len(y))))


def _people(g, size=400):
    held = (g.random(size) < 0.3).astype(float)
    n = g.negative_binomial(1.5, 0.03, size).astype(float)
    taste = g.gamma(2, 0.5, size) * (1 + 0.4 * held)
    return g.binomial(n.astype(int), np.minimum(0.05 * taste, 1)).astype(float), n, held


def test_variance_is_that_of_each_persons_influence():
    y, n, held = _people(np.random.default_rng(1))
    result = share_index(_moments(y, n, held))
    index = ((y * held).sum() / y.sum()) / ((n * held).sum() / n.sum())
    moves = held * (y / (y * held).sum() - n / (n * held).sum()) - y / y.sum() + n / n.sum()
    se = np.sqrt((moves**2).sum() * len(y) / (len(y) - 1))
    assert result.index[0] == pytest.approx(index)
    assert np.log(result.high / result.index)[0] == pytest.approx(1.959964 * se)


def test_interval_holds_the_truth_though_people_differ_in_taste():
    big = share_index(_moments(*_people(np.random.default_rng(2), 2_000_000))).index[0]
    g = np.random.default_rng(3)
    held = 0
    for _ in range(1000):
        result = share_index(_moments(*_people(g)))
        held += bool(result.low[0] <= big <= result.high[0])
    assert 0.92 < held / 1000 < 0.975


def test_bootstrap_of_people_gives_the_same_width():
    g = np.random.default_rng(4)
    y, n, held = _people(g, 600)
    result = share_index(_moments(y, n, held))
    picks = (g.integers(0, 600, 600) for _ in range(1500))
    logs = [np.log(share_index(_moments(y[p], n[p], held[p])).index[0]) for p in picks]
    width = np.log(result.high / result.low)[0] / (2 * 1.959964)
    assert width == pytest.approx(np.std(logs), rel=0.15)


def test_nothing_seen_is_nan():
    none = np.zeros(5)
    assert np.isnan(share_index(_moments(none, np.ones(5), np.ones(5))).index[0])


@pytest.mark.parametrize("hits", [(0, 10), (3, 10), (12, 0), (56, 48), (900, 30), (950, 960)])
@pytest.mark.parametrize("people", [(1000, 1000), (1000, 4000)])
def test_ratio_of_shares_is_that_of_statsmodels(hits, people):
    ratio = share_ratio(hits[0], people[0], hits[1], people[1])
    low, high = confint_proportions_2indep(
        hits[0], people[0], hits[1], people[1], method="score", compare="ratio"
    )
    if hits[0] > 0:
        assert ratio.low == pytest.approx(low, rel=1e-4)
    if hits[1] > 0:
        assert ratio.high == pytest.approx(high, rel=1e-4)


def test_no_hits_of_the_treated_is_at_most_all_less():
    ratio = share_ratio(0, 1000, 10, 1000)
    assert (ratio.value, ratio.low) == (0, 0)
    assert ratio.high == pytest.approx(0.38, abs=0.01)


@settings(max_examples=200, deadline=None)
@given(
    st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
)
def test_ratios_of_shares_are_possible_and_agree_with_the_difference(treated, control):
    if not treated[0] and not control[0]:
        with pytest.raises(CannotTellError):
            share_ratio(*treated, *control)
        return
    ratio = share_ratio(*treated, *control)
    assert 0 <= ratio.low <= ratio.value <= ratio.high
    # Both are of the same score test at no effect.
    gap = share_difference(*treated, *control)
    if abs(gap.low) > 1e-6 and abs(gap.high) > 1e-6:
        assert (gap.low > 0) == (ratio.low > 1)
        assert (gap.high < 0) == (ratio.high < 1)


def test_relative_effects_of_means_stay_possible_and_open_ends_are_given():
    loss = estimate(-0.9, 0.1, 1000)
    assert relative(loss, 1.0, 0.05, at_least=-1.0).low == -1.0
    assert relative(loss, 1.0, 0.05).low < -1.0
    gain = relative(estimate(9.5, 1.0, 1000), 0.5, 0.3, at_least=-1.0)
    assert (gain.high, gain.low > 0) == (float("inf"), True)
    with pytest.raises(CannotTellError):
        relative(estimate(0.1, 1.0, 1000), 0.5, 0.3, at_least=-1.0)
