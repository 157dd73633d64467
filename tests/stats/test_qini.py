"""The Qini against a slow version that walks down the people one by one."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.stats.qini import qini, qini_curve


def _slow_curve(y, s, w):
    points = [(0.0, 0.0)]
    for cut in sorted(set(s), reverse=True):
        upto = [i for i in range(len(y)) if s[i] >= cut]
        t = sum(w[i] for i in upto)
        c = len(upto) - t
        y_t, y_c = sum(y[i] * w[i] for i in upto), sum(y[i] * (1 - w[i]) for i in upto)
        points.append((len(upto), y_t - (y_c * t / c if c else 0)))
    return points


def _area(points):
    return sum((x1 - x0) * (y0 + y1) / 2 for (x0, y0), (x1, y1) in pairwise(points))


def _slow_qini(y, s, w):
    ideal = [a if b else -a for a, b in zip(y, w, strict=True)]
    curve, perfect = _slow_curve(y, s, w), _slow_curve(y, ideal, w)
    line = curve[-1][0] * curve[-1][1] / 2
    return (_area(curve) - line) / (_area(perfect) - line)


@given(st.integers(0, 10_000), st.integers(6, 60), st.integers(2, 20))
def test_curve_and_coefficient_are_the_slow_ones(seed, n, kinds):
    g = np.random.default_rng(seed)
    y, w = g.integers(0, 2, n).astype(float), g.integers(0, 2, n).astype(float)
    s = g.integers(0, kinds, n) / kinds
    people, curve = qini_curve(y, s, w)
    slow = _slow_curve(y, s, w)
    assert people.tolist() == [p for p, _ in slow]
    assert curve.tolist() == pytest.approx([v for _, v in slow])
    if 0 < w.sum() < n and 0 < y.sum() < n:
        assert qini(y, s, w) == pytest.approx(_slow_qini(y, s, w))


def test_best_order_is_one_and_luck_is_none():
    g = np.random.default_rng(1)
    y, w = (g.random(4000) < 0.3).astype(float), (g.random(4000) < 0.5).astype(float)
    assert qini(y, y * w - y * (1 - w), w) == pytest.approx(1.0)
    result = [qini(y, g.random(4000), w) for _ in range(200)]
    assert abs(np.mean(result)) < 4 * np.std(result) / np.sqrt(200)
    assert qini(y, np.zeros(4000), w) == pytest.approx(0.0)


def test_order_of_people_does_not_matter():
    g = np.random.default_rng(2)
    y, w, s = (g.integers(0, k, 100).astype(float) for k in (2, 2, 9))
    p = g.permutation(100)
    assert qini(y[p], s[p], w[p]) == pytest.approx(qini(y, s, w))


def test_undefined_is_an_error():
    y, w = np.array([0.0, 1, 0, 1]), np.array([0.0, 0, 1, 1])
    with pytest.raises(CannotTellError, match="both arms"):
        qini(y, y, np.ones(4))
    with pytest.raises(CannotTellError, match="no order"):
        qini(np.zeros(4), y, w)
    with pytest.raises(InputError, match="0 or 1"):
        qini(y * 2, y, w)
    with pytest.raises(InputError, match="finite"):
        qini(y, y * np.nan, w)
