"""Stratified ratios and tests against slow, obvious references."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom
from scipy.stats.contingency import relative_risk

from fullhouse.stats import association, log_difference, risk_ratio
from fullhouse.stats.mantel_haenszel import case_cohort_ratio

CELLS = st.tuples(*(st.integers(0, 30) for _ in range(4)))


def _arrays(strata):
    """Strata of (a, b, c, d): with the trait in and out, without it in and out."""
    t = np.array(strata, dtype=float)
    a, b, c, d = t.T
    return a, a + b, c, c + d


def _slow(strata):
    numerator = denominator = spread = 0.0
    for a, b, c, d in strata:
        n1, n0, n = a + b, c + d, a + b + c + d
        if n1 and n0:
            numerator += a * n0 / n
            denominator += c * n1 / n
            spread += ((a + c) * n1 * n0 - a * c * n) / n**2
    if numerator == 0 or denominator == 0:
        return None
    return numerator / denominator, math.sqrt(spread / (numerator * denominator))


def _exact(strata):
    """Two-sided p of the conditional test: the sum of hypergeometrics, convolved."""
    null, observed = np.ones(1), 0
    for a, b, c, d in strata:
        n1, cases, n = a + b, a + c, a + b + c + d
        if n1 and c + d:
            null = np.convolve(null, hypergeom(n, n1, cases).pmf(np.arange(cases + 1)))
            observed += a
    return min(1.0, 2 * min(null[observed:].sum(), null[: observed + 1].sum()))


@given(st.lists(CELLS, min_size=1, max_size=8))
def test_ratio_and_error_are_those_of_greenland_and_robins(strata):
    result, slow = risk_ratio(*_arrays(strata)), _slow(strata)
    if slow is None:
        assert np.isnan(result.log_se)
    else:
        assert result.ratio == pytest.approx(slow[0])
        assert result.log_se == pytest.approx(slow[1], abs=1e-9)
        assert result.low <= result.ratio * (1 + 1e-12)
        assert result.ratio <= result.high * (1 + 1e-12)


@given(CELLS.filter(lambda t: t[0] and t[2] and t[1] + t[3]))
def test_one_stratum_is_the_plain_risk_ratio(cells):
    a, n1, c, n0 = _arrays([cells])
    result = risk_ratio(a, n1, c, n0)
    plain = relative_risk(int(a[0]), int(n1[0]), int(c[0]), int(n0[0]))
    low, high = plain.confidence_interval(0.95)
    assert result.ratio == pytest.approx(plain.relative_risk)
    assert (result.low, result.high) == (pytest.approx(low), pytest.approx(high))


@given(st.lists(CELLS, min_size=1, max_size=6), st.integers(1, 40), st.integers(0, 40))
def test_strata_with_people_on_one_side_only_do_not_matter(strata, people, cases):
    lonely = [
        (min(cases, people), people - min(cases, people), 0, 0),
        (0, 0, 0, people),
        (0, cases, 0, people),
    ]
    for what in (risk_ratio, association):
        one, two = what(*_arrays(strata)), what(*_arrays(strata + lonely))
        for name in vars(one):
            assert getattr(one, name) == pytest.approx(getattr(two, name), nan_ok=True)


@settings(max_examples=300)
@given(st.lists(st.tuples(*(st.integers(0, 60) for _ in range(4))), min_size=1, max_size=6))
def test_p_is_that_of_the_exact_conditional_test_where_counts_are_small(strata):
    result = association(*_arrays(strata))
    if result.variance > 0 and result.least < 20:
        assert result.p == pytest.approx(_exact(strata), rel=1e-5, abs=1e-14)


@pytest.mark.slow
@settings(max_examples=300)
@given(st.lists(st.tuples(*(st.integers(0, 400) for _ in range(4))), min_size=1, max_size=6))
def test_p_is_close_to_the_exact_one_where_counts_are_large(strata):
    result = association(*_arrays(strata))
    exact = _exact(strata)
    if result.least >= 20 and exact > 1e-6:
        assert 0.95 * exact <= result.p <= (2 if exact > 1e-3 else 5) * exact


@pytest.mark.parametrize(
    "strata",
    [
        # A gamma law's tails cannot be computed here: its shape is too large.
        [(700, 4300, 500, 4500), (4300, 700, 4500, 500), (120, 880, 100, 901)],
        [(300, 700, 200, 800), (700, 300, 810, 190)],
    ],
)
def test_p_is_close_to_the_exact_one_where_next_to_nothing_is_skewed(strata):
    assert association(*_arrays(strata)).p == pytest.approx(_exact(strata), rel=0.05)


def test_normal_tail_would_be_far_too_thin_with_five_expected():
    # 100 of 100,000 have the outcome, 5 % the trait; 16 are seen where 5 are expected.
    strata = [(16, 4984, 84, 94916)]
    result = association(*_arrays(strata))
    assert result.expected == pytest.approx(5)
    assert result.p == pytest.approx(_exact(strata), rel=1e-4)
    assert math.erfc(math.sqrt(result.chi2 / 2)) < result.p / 50


def test_far_off_with_few_expected_is_quick_and_next_to_nothing():
    strata = [(5000, 5000, 0, 10_000_000)] * 50
    assert association(*_arrays(strata)).p < 1e-100


def test_nobody_with_the_trait_gives_zero_and_a_poisson_bound():
    result = risk_ratio(*_arrays([(0, 100, 50, 450)]))
    assert (result.ratio, result.low) == (0, 0)
    assert result.high == pytest.approx(3.689 / 10, rel=1e-3)
    assert np.isnan(result.log_se)


def test_nobody_without_the_trait_gives_infinity_and_a_lower_bound():
    result = risk_ratio(*_arrays([(50, 450, 0, 100)]))
    assert np.isinf(result.ratio)
    assert np.isinf(result.high)
    assert result.low == pytest.approx(10 / 3.689, rel=1e-3)


@pytest.mark.parametrize("cells", [(0, 0, 0, 0), (0, 9, 0, 9), (3, 4, 0, 0)])
def test_what_cannot_be_computed_is_nan_and_not_one(cells):
    assert np.isnan(risk_ratio(*_arrays([cells])).ratio)
    assert np.isnan(association(*_arrays([cells])).p)


@pytest.mark.parametrize("true", [1.0, 2.3])
def test_intervals_hold_the_truth_as_often_as_they_promise(true):
    g = np.random.default_rng(5)
    runs, n1, n0 = 4000, np.array([300.0, 200, 80]), np.array([900.0, 300, 60])
    risk = np.array([0.01, 0.04, 0.12])
    a = g.binomial(n1.astype(int), risk * true, (runs, 3)).astype(float)
    c = g.binomial(n0.astype(int), risk, (runs, 3)).astype(float)
    shape = (runs, 3)
    result = risk_ratio(a, np.broadcast_to(n1, shape), c, np.broadcast_to(n0, shape))
    held = np.mean((result.low <= true) & (true <= result.high))
    assert 0.94 < held < 0.965  # 0.95, with five standard errors of 4,000 runs


def test_difference_holds_whatever_the_dependence():
    g = np.random.default_rng(6)
    runs, n = 3000, 400
    held = {}
    for name, shared in (("same draws", 1.0), ("apart", 0.0)):
        base = g.binomial(n, 0.2, (2, runs)).astype(float)
        other = np.where(shared, base, g.binomial(n, 0.2, (2, runs))).astype(float)
        size = np.full((runs, 1), float(n))
        one = risk_ratio(base[0][:, None], size, base[1][:, None], size)
        two = risk_ratio(other[0][:, None], size, other[1][:, None], size)
        _, low, high = log_difference(one, two)
        held[name] = np.mean((low <= 1) & (high >= 1))
    assert held["same draws"] == 1
    assert held["apart"] > 0.95


def test_many_traits_at_once_are_each_as_if_alone():
    g = np.random.default_rng(7)
    tables = g.integers(0, 20, (50, 4, 5)).astype(float)
    a, b, c, d = (tables[:, i] for i in range(4))
    together = risk_ratio(a, a + b, c, c + d)
    for i in range(50):
        alone = risk_ratio(a[i], a[i] + b[i], c[i], c[i] + d[i])
        assert together.ratio[i] == pytest.approx(alone.ratio, nan_ok=True)


def test_statsmodels_agrees():
    tables = pytest.importorskip("statsmodels.stats.contingency_tables")
    strata = [(12, 30, 8, 60), (5, 50, 9, 100), (20, 10, 14, 18)]
    theirs = tables.StratifiedTable([np.array([[a, b], [c, d]]) for a, b, c, d in strata])
    ours = risk_ratio(*_arrays(strata))
    assert ours.ratio == pytest.approx(theirs.riskratio_pooled)
    chi2 = theirs.test_null_odds(correction=False).statistic
    assert association(*_arrays(strata)).chi2 == pytest.approx(chi2)


def _drawn(g, runs, strata, people, ratio, risk, shares):
    """Runs of strata of people with cases by risk, and how many of each kind were drawn."""
    size = g.integers(people // 2, people * 2, (runs, strata))
    held = g.uniform(0.1, 0.6, strata)
    n1 = g.binomial(size, held)
    own = np.minimum(risk * np.exp(g.normal(0, 0.5, strata)), 0.9 / ratio)
    with_, without = g.binomial(n1, own * ratio), g.binomial(size - n1, own)
    others = n1 - with_, size - n1 - without
    a, c = (g.binomial(x, shares[0]) for x in (with_, without))
    b, d = (g.binomial(x, shares[1]) for x in others)
    return tuple(x.astype(float) for x in (a, b, c, d))


@pytest.mark.parametrize(
    ("strata", "people", "ratio", "risk", "shares"),
    [
        (5, 4000, 1.0, 0.02, (1.0, 0.1)),
        (5, 4000, 2.0, 0.02, (1.0, 0.1)),
        (200, 40, 2.0, 0.05, (1.0, 0.2)),
        (400, 25, 1.5, 0.05, (0.6, 0.3)),
        (6, 2000, 1.8, 0.2, (0.2, 0.1)),
        (300, 30, 1.8, 0.2, (0.3, 0.3)),
        (10, 1000, 0.5, 0.1, (1.0, 1.0)),
    ],
    ids=["null", "two", "thin", "thin, both drawn", "common", "thin and common", "everybody"],
)
def test_intervals_hold_the_true_ratio(strata, people, ratio, risk, shares):
    g = np.random.default_rng(strata)
    result = case_cohort_ratio(
        *_drawn(g, 3000, strata, people, ratio, risk, shares),
        case_share=shares[0],
        other_share=shares[1],
    )
    held = np.mean((result.low <= ratio) & (ratio <= result.high))
    assert 0.94 <= held <= 0.96 + 0.004  # 3,000 intervals: standard error .004
    spread = np.log(result.ratio).std()
    assert np.sqrt(np.mean(result.log_se**2)) == pytest.approx(spread, rel=0.06)
    assert abs(np.log(result.ratio / ratio).mean()) < 4 * spread / 3000**0.5 + spread**2


def test_with_everybody_drawn_it_is_the_risk_ratio():
    g = np.random.default_rng(3)
    a, b, c, d = _drawn(g, 20, 4, 20_000, 1.7, 0.05, (1, 1))
    weighted = case_cohort_ratio(a, b, c, d, case_share=1, other_share=1)
    plain = risk_ratio(a, a + b, c, c + d)
    assert weighted.ratio == pytest.approx(plain.ratio)
    assert weighted.log_se == pytest.approx(plain.log_se, rel=0.02)


def test_nobody_on_one_side_is_bounded_and_nobody_at_all_is_no_number():
    none = np.zeros(1)
    some, many = np.array([20.0]), np.array([500.0])
    zero = case_cohort_ratio(none, many, some, many, case_share=1, other_share=0.1)
    assert (float(zero.ratio), float(zero.low)) == (0, 0)
    assert 0 < zero.high < 1
    endless = case_cohort_ratio(some, many, none, many, case_share=1, other_share=0.1)
    assert endless.ratio == np.inf
    assert endless.low > 1
    nothing = case_cohort_ratio(none, none, some, many, case_share=1, other_share=0.1)
    assert np.isnan(nothing.ratio)
    assert np.isnan(nothing.log_se)
