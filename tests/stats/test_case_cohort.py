"""The case-cohort ratio: what it stands for, and how often its interval holds the truth."""

import numpy as np
import pytest

from fullhouse.stats.case_cohort import case_cohort_ratio
from fullhouse.stats.mantel_haenszel import risk_ratio


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
    mine = case_cohort_ratio(a, b, c, d, case_share=1, other_share=1)
    plain = risk_ratio(a, a + b, c, c + d)
    assert mine.ratio == pytest.approx(plain.ratio)
    assert mine.log_se == pytest.approx(plain.log_se, rel=0.02)


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
