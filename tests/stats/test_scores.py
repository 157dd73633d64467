"""Scores of forecasts against slow references and closed forms."""

import math
from itertools import pairwise
from statistics import NormalDist, median

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.forecast import LEVELS, PROBABILITIES, Range
from fullhouse.stats import scores as s
from fullhouse.stats.scores import qini, qini_curve

P = np.array(PROBABILITIES)
Z = np.array([NormalDist().inv_cdf(p) for p in PROBABILITIES])


def lognormal(mu, sigma):
    return np.exp(np.asarray(mu)[:, None] + np.asarray(sigma)[:, None] * Z)


@pytest.fixture(scope="module")
def honest():
    """4,000 log-normal forecasts whose truths are drawn from themselves."""
    rng = np.random.default_rng(7)
    mu, sigma = rng.normal(15, 1.5, 4000), rng.uniform(0.2, 1.0, 4000)
    return lognormal(mu, sigma), np.exp(rng.normal(mu, sigma))


rows = st.lists(
    st.tuples(
        st.lists(st.floats(0.01, 1e9), min_size=len(P), max_size=len(P)).map(sorted),
        st.floats(0.01, 1e9),
    ),
    min_size=1,
    max_size=5,
).map(lambda r: (np.array([q for q, _ in r]), np.array([y for _, y in r])))


@given(rows)
def test_pinball_is_what_the_definition_says(drawn):
    q, y = drawn
    loss = s.pinball(q, y, P)
    for i in range(len(y)):
        for k, p in enumerate(PROBABILITIES):
            gap = y[i] - q[i, k]
            assert loss[i, k] == pytest.approx(p * gap if gap >= 0 else (1 - p) * -gap)


def test_crps_of_a_normal_forecast_is_the_closed_form():
    rng = np.random.default_rng(3)
    for sigma in (0.5, 1.0, 2.0):
        y = rng.normal(size=20_000)
        exact = sigma * (
            (y / sigma) * (2 * s.ndtr(y / sigma) - 1)
            + 2 * np.exp(-((y / sigma) ** 2) / 2) / math.sqrt(2 * math.pi)
            - 1 / math.sqrt(math.pi)
        )
        scores = s.crps(np.tile(sigma * Z, (len(y), 1)), y, P)
        assert scores.mean() == pytest.approx(exact.mean(), rel=0.005)
        assert np.abs(scores - exact).max() < 0.02 * max(1, sigma)


def test_crps_of_a_log_normal_forecast_is_the_closed_form():
    # Baran and Lerch (2015): y(2F(y) - 1) - 2 exp(mu + s²/2) (F(log y - s²) + F(s/√2) - 1).
    sigma, y = 0.6, np.exp(np.random.default_rng(4).normal(0, 0.6, 20_000))
    tail = s.ndtr((np.log(y) - sigma**2) / sigma) + s.ndtr(sigma / math.sqrt(2)) - 1
    exact = y * (2 * s.ndtr(np.log(y) / sigma) - 1) - 2 * math.exp(sigma**2 / 2) * tail
    scores = s.crps(lognormal(np.zeros(len(y)), np.full(len(y), sigma)), y, P)
    assert scores.mean() == pytest.approx(exact.mean(), rel=0.01)


def test_crps_of_a_certain_amount_is_its_absolute_error():
    q = np.full((3, len(P)), 10.0)
    assert s.crps(q, np.array([4.0, 10.0, 25.0]), P).tolist() == pytest.approx([6, 0, 15])


def test_weights_share_out_everything():
    assert s.weights(P).sum() == pytest.approx(1)
    assert s.weights(P)[[0, 1, 10]] == pytest.approx([0.0375, 0.0375, 0.05])


def test_an_honest_forecast_scores_better_than_narrower_and_wider_ones(honest):
    q, y = honest
    middle = q[:, [10]]
    own = s.crps(q, y, P).mean()
    for factor in (0.6, 1.5):
        assert own < s.crps(middle * (q / middle) ** factor, y, P).mean()


@given(rows, st.sampled_from(LEVELS))
def test_coverage_counts_the_truths_inside_ends_included(drawn, level):
    q, y = drawn
    inside = 0
    for i in range(len(y)):
        low, high = Range("total", tuple(q[i])).between(level)
        inside += low <= y[i] <= high
    covered = s.coverage(q, y, P, level)
    assert (covered.n, round(covered.share * covered.n)) == (len(y), inside)


def test_an_honest_forecast_is_covered_as_promised(honest):
    for level in LEVELS:
        covered = s.coverage(*honest, P, level)
        assert covered.low <= level <= covered.high


def test_pit_of_honest_forecasts_is_uniform_also_in_the_tails(honest):
    u = np.sort(s.pit(*honest, P))
    grid = (np.arange(len(u)) + 0.5) / len(u)
    assert np.abs(u - grid).max() < 1.63 / math.sqrt(len(u)), "Kolmogorov–Smirnov at 1 %"
    assert u[0] < 0.001
    assert u[-1] > 0.999


def test_pit_of_a_log_normal_forecast_is_exact_everywhere():
    y = np.exp(np.linspace(-4, 4, 81))
    pit = s.pit(lognormal(np.zeros(81), np.ones(81)), y, P)
    assert pit == pytest.approx([NormalDist().cdf(math.log(v)) for v in y], abs=1e-12)


@given(
    # Whole amounts, so that no two have the same logarithm: `passes` treats ties another way.
    st.lists(st.integers(1, 10**9), min_size=len(P), max_size=len(P), unique=True).map(sorted),
    st.floats(0.01, 1e10),
)
def test_pit_and_passing_are_complements(quantiles, amount):
    pit = s.pit(np.array([quantiles]), np.array([amount]), P)[0]
    passes = Range("total", tuple(quantiles)).passes(amount)
    assert pit == pytest.approx(1 - passes, abs=1e-6)


@pytest.mark.parametrize(
    ("quantiles", "truth", "expected"),
    [
        ([5.0] * 21, 4.0, 0.0),
        ([5.0] * 21, 5.0, 0.5),
        ([5.0] * 21, 6.0, 1.0),
        ([5.0] * 10 + list(range(6, 17)), 5.0, (0.025 + 0.45) / 2),
        ([5.0] * 10 + list(range(6, 17)), 5.0 + 1e-9, 0.45),
        ([1.0] * 11 + [2.0] * 10, 2.0 + 1e-9, 0.975),
        ([1.0] * 11 + [2.0] * 10, 1.0 - 1e-9, 0.025),
        ([0.0] * 5 + list(range(1, 17)), 0.0, (0.025 + 0.2) / 2),
    ],
    ids=[
        "below certain",
        "at certain",
        "above certain",
        "on an atom",
        "just above an atom",
        "above ties at the top",
        "below ties at the bottom",
        "on an atom at nothing",
    ],
)
def test_pit_on_equal_quantiles(quantiles, truth, expected):
    assert s.pit(np.array([quantiles]), np.array([truth]), P)[0] == pytest.approx(expected)


tied = st.tuples(
    st.lists(st.integers(1, 4).map(float), min_size=len(P), max_size=len(P)).map(sorted),
    st.sampled_from([0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0]),
).map(lambda r: (np.array([r[0]]), np.array([r[1]])))


@given(rows | tied)
def test_pit_is_a_probability_and_rises_with_the_truth(drawn):
    q, y = drawn
    u, more = s.pit(q, y, P), s.pit(q, y * 1.01, P)
    assert ((u >= 0) & (u <= 1)).all()
    assert (more >= u - 1e-12).all()


@pytest.mark.slow
@given(rows)
def test_reliability_counts_truths_at_or_below_each_quantile(drawn):
    q, y = drawn
    diagram = s.reliability(q, y, P)
    for k in range(len(P)):
        hits = sum(y[i] <= q[i, k] for i in range(len(y)))
        exact = binomtest(int(hits), len(y)).proportion_ci(method="exact")
        assert diagram.observed[k] == pytest.approx(hits / len(y))
        assert (diagram.low[k], diagram.high[k]) == pytest.approx((exact.low, exact.high), abs=1e-9)


def test_reliability_of_honest_forecasts_lies_on_the_diagonal(honest):
    diagram = s.reliability(*honest, P)
    assert np.abs(diagram.observed - P).max() < 0.025


def test_reliability_of_nothing_says_nothing():
    diagram = s.reliability(np.empty((0, len(P))), np.empty(0), P)
    assert diagram.n == 0
    assert np.isnan(diagram.observed).all()
    assert (diagram.low.tolist(), diagram.high.tolist()) == ([0.0] * len(P), [1.0] * len(P))


def test_errors_of_the_median_against_plain_python(honest):
    q, y = honest[0][:50], honest[1][:50]
    logs = [math.log(m / t) for m, t in zip(q[:, 10], y, strict=True)]
    mean = sum(math.log(t) for t in y) / 50
    around = sum((math.log(t) - mean) ** 2 for t in y)
    errors = [abs(m - t) / t for m, t in zip(q[:, 10], y, strict=True)]
    assert s.median_error(q, y, P) == pytest.approx(median(errors))
    assert s.log_rmse(q, y, P) == pytest.approx(math.sqrt(sum(e * e for e in logs) / 50))
    assert s.log_bias(q, y, P) == pytest.approx(sum(logs) / 50)
    assert s.r2_log(q, y, P) == pytest.approx(1 - sum(e * e for e in logs) / around)


def test_figures_do_not_depend_on_the_currency_except_crps(honest):
    q, y = honest
    one, other = s.scores(q, y, P), s.scores(7 * q, 7 * y, P)
    for name in ("median_error", "log_rmse", "log_bias", "r2_log", "log_crps", "spread"):
        assert getattr(one, name) == pytest.approx(getattr(other, name)), name
    assert other.crps == pytest.approx(7 * one.crps)
    assert one.coverage == other.coverage


def test_intervals_are_as_wide_as_the_number_of_independent_forecasts_says(honest):
    q, y = honest[0][:60], honest[1][:60]
    few = s.scores(q, y, P, independent=12).coverage[0.8]
    assert few.share == s.scores(q, y, P).coverage[0.8].share
    assert (few.low, few.high) == pytest.approx(
        [float(x[0]) for x in s.interval(np.array([12 * few.share]), 12)]
    )
    assert s.reliability(q, y, P, independent=12).independent == 12
    assert (s.reliability(q, y, P, independent=12).low <= s.reliability(q, y, P).low).all()


def test_spread_is_upper_over_lower_end():
    q = lognormal(np.zeros(1), np.ones(1))
    assert s.spread(q, P)[0] == pytest.approx(math.exp(2 * NormalDist().inv_cdf(0.9)))


def test_one_truth_has_no_variance_to_explain():
    q, y = lognormal(np.zeros(1), np.ones(1)), np.array([2.0])
    assert math.isnan(s.r2_log(q, y, P))


@pytest.mark.parametrize(
    ("quantiles", "truth", "match"),
    [
        (np.ones((2, 21)), np.ones(3), "outcomes at 21"),
        (np.full((1, 21), np.nan), np.ones(1), "finite"),
        (np.ones((1, 21)), np.array([np.inf]), "finite"),
        (np.arange(21, 0, -1.0)[None], np.ones(1), "must not fall"),
        (np.empty((0, 21)), np.empty(0), "no forecasts"),
        (np.ones((1, 21)), np.zeros(1), "above 0"),
    ],
    ids=["shapes", "missing quantile", "missing truth", "crossing", "empty", "nothing taken"],
)
def test_what_cannot_be_computed_is_an_error(quantiles, truth, match):
    with pytest.raises(ValueError, match=match):
        s.scores(quantiles, truth, P)


def test_a_level_without_its_quantiles_is_an_error():
    with pytest.raises(ValueError, match=r"no quantile at probability 0\.005"):
        s.coverage(np.ones((1, 21)), np.ones(1), P, 0.99)


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


def test_the_best_order_scores_one_and_a_random_one_zero():
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
