"""An arm against the control: against SciPy, against permutations, and over A/A runs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats import proportion
from statsmodels.stats.power import NormalIndPower

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.stats.arms import (
    Joint,
    adjusted,
    adjustment,
    capped,
    columns_of,
    difference,
    heavy,
    joint,
    kurtosis,
    quantile,
    share_difference,
    stratified,
    sums,
)
from fullhouse.stats.figures import Interval, Sums
from fullhouse.stats.power import holdout_share, power_of, rate_sd, smallest_effect
from fullhouse.stats.ratios import cost_each, fieller, relative, return_on_spend


def _spend(g, n, sigma=1.5):
    y = np.zeros(n)
    buyers = g.random(n) < 0.2
    y[buyers] = g.lognormal(0, sigma, buyers.sum())
    return y


@pytest.mark.parametrize(("pooled", "equal"), [(False, False), (True, True)])
def test_difference_is_scipys_t_test(pooled, equal):
    g = np.random.default_rng(1)
    a, b = g.normal(1, 3, 60), g.normal(0, 1, 25)
    result = difference(sums(a), sums(b), pooled=pooled)
    other = stats.ttest_ind(a, b, equal_var=equal)
    if not pooled:
        assert result.df == pytest.approx(other.df)
        assert result.p == pytest.approx(other.pvalue)
        interval = other.confidence_interval()
        assert (result.low, result.high) == pytest.approx((interval.low, interval.high))
    assert result.value / result.se == pytest.approx(other.statistic)


@given(
    st.lists(st.floats(-100, 100), min_size=3, max_size=9),
    st.lists(st.floats(-100, 100), min_size=3, max_size=9),
    st.floats(-50, 50),
)
def test_difference_turns_with_the_arms_and_does_not_care_for_a_common_shift(a, b, shift):
    x, y = np.array(a), np.array(b)
    if x.std() + y.std() < 0.1:
        return
    result, turned = difference(sums(x), sums(y)), difference(sums(y), sums(x))
    moved = difference(sums(x + shift), sums(y + shift))
    assert result.value == pytest.approx(-turned.value)
    assert result.low == pytest.approx(-turned.high)
    assert (moved.value, moved.low) == pytest.approx((result.value, result.low), abs=1e-4)
    assert (result.low > 0 or result.high < 0) == (result.p < 0.05)


def test_strata_with_unequal_shares_do_not_bias():
    g = np.random.default_rng(2)
    cells = [(900, 100, 10.0), (100, 900, 0.0)]
    treated = [g.normal(m + 1, 1, n) for n, _, m in cells]
    control = [g.normal(m, 1, n) for _, n, m in cells]
    result = stratified([sums(t) for t in treated], [sums(c) for c in control])
    naive = difference(sums(np.concatenate(treated)), sums(np.concatenate(control)))
    assert abs(result.value - 1) < 4 * result.se
    assert naive.value > 5


def test_strata_add_up_by_their_people():
    g = np.random.default_rng(12)
    cells = [(g.normal(0, s, n), g.normal(0, s, m)) for n, m, s in ((50, 20, 1.0), (30, 90, 4.0))]
    result = stratified([sums(t) for t, _ in cells], [sums(c) for _, c in cells])
    parts = [difference(sums(t), sums(c)) for t, c in cells]
    share = np.array([70, 120]) / 190
    assert result.value == pytest.approx(share @ [p.value for p in parts])
    assert result.se == pytest.approx(np.sqrt(share**2 @ [p.se**2 for p in parts]))


@pytest.mark.parametrize(("covered", "heavy_one"), [(0.5, False), (0.1, True)])
def test_heavy_tails_keep_the_level(covered, heavy_one):
    g = np.random.default_rng(3)
    p, welch = [], []
    for _ in range(400):
        y, c = _spend(g, 5000), g.random(5000) < covered
        pooled = heavy(kurtosis(y), int(c.sum()))
        p.append(difference(sums(y[~c]), sums(y[c]), pooled=pooled).p)
        welch.append(difference(sums(y[~c]), sums(y[c])).p)
    assert abs(np.mean(np.array(p) <= 0.1) - 0.1) < 3 * np.sqrt(0.09 / 400)
    if heavy_one:
        assert np.mean(np.array(welch) <= 0.1) > 0.1 + 2 * np.sqrt(0.09 / 400)


def test_pooled_p_is_that_of_a_permutation():
    g = np.random.default_rng(4)
    y, c = _spend(g, 2000, 0.5), np.arange(2000) < 400
    y[~c] *= 1.3
    result = difference(sums(y[~c]), sums(y[c]), pooled=True)
    moved = []
    for _ in range(4000):
        z = g.permutation(y)
        moved.append(z[400:].mean() - z[:400].mean())
    assert result.p == pytest.approx(np.mean(np.abs(moved) >= abs(result.value)), abs=0.03)


def test_capped_says_its_cap_and_never_replaces():
    g = np.random.default_rng(5)
    t, c = g.lognormal(0, 1, 5000), g.lognormal(0, 1, 5000)
    t[0] = 1e6
    result = capped(t, c)
    assert result.above == 10
    assert result.effect.value == pytest.approx(
        np.minimum(t, result.cap).mean() - np.minimum(c, result.cap).mean()
    )
    assert capped(np.ones(50), np.ones(50)) is None


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Sums(10, 10.0, 5.0), InputError, "cannot be negative"),
        (lambda: Sums(-1, 0.0, 0.0), InputError, "at least 0 people"),
        (lambda: Sums(2, float("nan"), 1.0), InputError, "finite"),
        (lambda: difference(Sums(1, 1, 1), Sums(9, 1, 1)), CannotTellError, "at least 2 people"),
        (lambda: difference(Sums(9, 0, 0), Sums(9, 0, 0)), CannotTellError, "same value"),
        (lambda: difference(Sums(9, 1, 1), Sums(9, 1, 1), level=95), InputError, "level"),
        (lambda: fieller(1, 0.1, 1, 1), CannotTellError, "not clearly different from 0"),
        (lambda: cost_each(5, Interval(-1, -2, 1)), CannotTellError, "Nothing was won"),
        (lambda: cost_each(0, Interval(1, 0, 2)), InputError, "Spend"),
        (lambda: share_difference(1, 0, 1, 2), CannotTellError, "nobody"),
        (lambda: share_difference(3, 2, 1, 2), InputError, "between 0"),
        (lambda: rate_sd(0.0), InputError, "base rate"),
        (lambda: holdout_share(1000, 0.001, 0.3), CannotTellError, "no holdout shows"),
        (lambda: smallest_effect(1, 9, 1), InputError, "at least 2"),
    ],
)
def test_what_cannot_be_computed_is_an_error(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_fieller_holds_the_ratio_as_often_as_it_says():
    g = np.random.default_rng(7)
    covered = 0
    for _ in range(2000):
        # Below so near 0 that a symmetric interval would be wrong, but seldom refused.
        result = fieller(g.normal(2, 0.5), 0.5, g.normal(6, 1.0), 1.0)
        covered += result.low <= 1 / 3 <= result.high
    assert abs(covered / 2000 - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 2000)


def test_relative_effect_knows_that_both_share_the_control():
    g = np.random.default_rng(8)
    covered = 0
    for _ in range(1000):
        t, c = g.exponential(1.2, 300), g.exponential(1.0, 300)
        control = sums(c)
        result = relative(
            difference(sums(t), control), control.mean, np.sqrt(control.variance / 300)
        )
        covered += result.low <= 0.2 <= result.high
    assert abs(covered / 1000 - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 1000)


def test_cost_has_no_upper_end_where_nothing_may_have_been_won():
    assert cost_each(100, Interval(10, 5, 20)) == Interval(10, 5, 20)
    assert not cost_each(100, Interval(10, -5, 20)).bounded
    assert return_on_spend(100, Interval(50, -10, 200)) == Interval(0.5, -0.1, 2.0)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [  # Newcombe (1998), table II, method 6, and by the score at both ends.
        ((56, 70, 48, 80), 0.0528, 0.3382),
        ((9, 10, 3, 10), 0.1700, 0.8406),
        ((6, 7, 2, 7), 0.0342, 0.8534),
    ],
)
def test_share_difference_is_the_published_one(counts, low, high):
    result = share_difference(*counts)
    assert result.low == pytest.approx(low, abs=1e-3)
    assert result.high == pytest.approx(high, abs=1e-3)


@given(st.integers(0, 30), st.integers(0, 12))
def test_share_difference_is_finite_and_agrees_with_its_p(a, c):
    result = share_difference(a, 30, c, 12)
    assert -1 <= result.low <= result.value <= result.high <= 1
    assert result.high - result.low > 0
    assert (result.low > 1e-9 or result.high < -1e-9) == (result.p < 0.05 - 1e-9)
    turned = share_difference(c, 12, a, 30)
    assert (turned.low, turned.high) == pytest.approx((-result.high, -result.low), abs=1e-6)


def test_share_difference_covers_at_small_counts():
    n, m, p1, p0 = 40, 25, 0.08, 0.04
    a, c = np.arange(n + 1), np.arange(m + 1)
    joint = np.outer(stats.binom.pmf(a, n, p1), stats.binom.pmf(c, m, p0))
    covered = 0.0
    for i, k in zip(*np.nonzero(joint > 1e-6), strict=True):
        result = share_difference(int(i), n, int(k), m)
        covered += joint[i, k] * (result.low <= p1 - p0 <= result.high)
    assert 0.93 < covered <= 1


@pytest.mark.parametrize("counts", [(56, 70, 48, 80), (9, 10, 3, 10), (2, 40, 5, 25)])
def test_share_difference_has_the_score_p_of_statsmodels_and_ends_near_newcombe(counts):
    effect = share_difference(*counts)
    newcombe = proportion.confint_proportions_2indep(*counts, method="newcomb", compare="diff")
    assert (effect.low, effect.high) == pytest.approx(newcombe, abs=0.06)
    score = proportion.test_proportions_2indep(
        *counts, method="score", compare="diff", correction=True
    )
    assert effect.p == pytest.approx(score.pvalue, abs=1e-9)


@pytest.mark.parametrize(("treated", "control"), [(800, 200), (50, 70), (10_000, 10_000)])
def test_power_is_that_of_statsmodels(treated, control):
    sd, effect = 2.0, 0.3
    other = NormalIndPower().power(effect / sd, treated, 0.05, ratio=control / treated)
    assert power_of(effect, treated, control, sd) == pytest.approx(other, abs=1e-9)


def test_power_is_what_runs_show():
    g, sd = np.random.default_rng(9), 2.0
    least = smallest_effect(800, 200, sd, rho2=0.0)
    assert power_of(least, 800, 200, sd) == pytest.approx(0.8, abs=1e-3)
    result = [
        difference(sums(g.normal(least, sd, 800)), sums(g.normal(0, sd, 200))).p < 0.05
        for _ in range(1000)
    ]
    assert abs(np.mean(result) - 0.8) < 3 * np.sqrt(0.16 / 1000)


def test_suggested_holdout_just_shows_the_effect():
    people, effect, sd = 200_000, 0.004, rate_sd(0.05)
    share = holdout_share(people, effect, sd, rho2=0.2)
    covered = round(people * share)
    assert smallest_effect(people - covered, covered, sd, rho2=0.2) == pytest.approx(
        effect, rel=1e-3
    )
    assert share < holdout_share(people, effect, sd)


@given(
    st.lists(st.integers(-40, 400).map(lambda x: x / 8), max_size=30),
    st.lists(st.integers(-40, 400).map(lambda x: x / 8), max_size=30),
    st.tuples(st.integers(0, 40), st.integers(0, 40)),
    st.integers(0, 20).map(lambda x: x / 20),
)
def test_others_are_people_with_0(a, b, others, share):
    t, c = np.array(a), np.array(b)
    full = [np.r_[x, np.zeros(n)] for x, n in zip((t, c), others, strict=True)]
    both, everybody = np.r_[t, c], np.concatenate(full)
    assert sums(t, others[0]) == sums(full[0])
    if not len(everybody):
        return
    assert kurtosis(both, sum(others)) == pytest.approx(kurtosis(everybody))
    assert quantile(both, sum(others), share) == np.quantile(everybody, share)
    if min(map(len, full)) < 2:
        return
    result, slow = capped(t, c, others=others, share=share), capped(*full, share=share)
    assert (result is None) == (slow is None)
    if result is not None:
        assert (result.cap, result.above) == (slow.cap, slow.above)
        assert result.effect.value == pytest.approx(slow.effect.value)
        assert result.effect.se == pytest.approx(slow.effect.se)


def _both(values, arm):
    cells = [joint(values[arm]), joint(values[~arm])]
    by = adjustment(cells)
    return by, *(adjusted(c, by) for c in cells)


def test_theta_is_least_squares_within_arms():
    g = np.random.default_rng(1)
    x = g.normal(size=(500, 3)) @ g.normal(size=(3, 3))
    arm = g.random(500) < 0.4
    y = x @ [1.0, -2.0, 0.5] + 3 * arm + g.normal(size=500)
    by, t, c = _both(np.column_stack([y, x]), arm)
    design = np.column_stack([arm, ~arm, x]).astype(float)
    result, *_ = np.linalg.lstsq(design, y, rcond=None)
    assert by.theta == pytest.approx(result[2:])
    assert t.mean - c.mean == pytest.approx(result[0] - result[1])


def test_moments_of_adjusted_values_are_those_of_the_values():
    g = np.random.default_rng(2)
    values, arm = g.normal(5, 2, size=(300, 2)), np.arange(300) < 100
    by, t, c = _both(values, arm)
    slow = values[:, 0] - by.theta[0] * (values[:, 1] - values[:, 1].mean())
    for result, who in ((t, arm), (c, ~arm)):
        other = sums(slow[who])
        assert (result.total, result.squares) == pytest.approx((other.total, other.squares))


@pytest.mark.parametrize("rho", [0.2, 0.6, 0.9])
def test_interval_keeps_the_root_of_one_minus_rho_squared(rho):
    g, n = np.random.default_rng(3), 20_000
    x = g.normal(size=n)
    y, arm = rho * x + np.sqrt(1 - rho**2) * g.normal(size=n), g.random(n) < 0.5
    by, t, c = _both(np.column_stack([y, x]), arm)
    kept = difference(t, c).se / difference(sums(y[arm]), sums(y[~arm])).se
    # The standard error of a correlation is (1 - rho²) / root n.
    assert kept == pytest.approx(np.sqrt(1 - rho**2), abs=4 * rho * np.sqrt(1 - rho**2) / 140)
    assert by.rho2 == pytest.approx(rho**2, abs=4 * 2 * rho * (1 - rho**2) / np.sqrt(n))


def test_constant_and_copied_covariates_drop_out():
    g = np.random.default_rng(4)
    x, arm = g.normal(size=200), np.arange(200) < 90
    y = x + g.normal(size=200)
    one, t1, _ = _both(np.column_stack([y, x]), arm)
    more, t2, _ = _both(np.column_stack([y, x, 2 * x, np.ones(200)]), arm)
    assert (one.rank, more.rank) == (1, 1)
    assert (more.rho2, t2.total) == pytest.approx((one.rho2, t1.total))


def test_no_effect_is_rejected_as_often_as_the_level():
    g = np.random.default_rng(5)
    p = []
    for _ in range(400):
        x, arm = g.exponential(size=600), g.random(600) < 0.3
        y = x + g.exponential(size=600)
        by, t, c = _both(np.column_stack([y, x, g.normal(size=600)]), arm)
        p.append(stratified([t], [c], fitted=by.rank).p)
    assert abs(np.mean(np.array(p) <= 0.1) - 0.1) < 3 * np.sqrt(0.09 / 400)


def test_negative_variance_is_an_error():
    with pytest.raises(InputError, match="cannot be negative"):
        Joint(5, np.zeros(2), np.diag([1.0, -1.0]))


def test_others_are_people_with_0_in_everything_and_columns_can_be_chosen():
    g = np.random.default_rng(7)
    listed = g.normal(1, 2, (30, 4))
    result, slow = joint(listed, 70), joint(np.concatenate([listed, np.zeros((70, 4))]))
    some, direct = columns_of(result, [2, 0]), joint(listed[:, [2, 0]], 70)
    for one, two in (
        (result, slow),
        (some, direct),
        (joint(listed[:0], 5), joint(np.zeros((5, 4)))),
    ):
        assert one.n == two.n
        assert one.mean == pytest.approx(two.mean)
        assert one.scatter == pytest.approx(two.scatter)
