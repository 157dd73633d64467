"""The index of shares, with people as the units."""

import numpy as np
import pytest

from fullhouse.stats import Moments, share_index


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
