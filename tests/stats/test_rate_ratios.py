"""Ratios of rates over strata: a slow exact reference, and how often they hold the truth."""

from itertools import product
from math import inf, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from fullhouse.stats import rate_ratios
from fullhouse.stats.rate_ratios import chance_below, rate_ratio

COUNTS = st.lists(
    st.tuples(st.integers(0, 9), st.integers(1, 50), st.integers(0, 9), st.integers(1, 50)),
    min_size=1,
    max_size=4,
)


def test_one_stratum_has_the_interval_of_clopper_and_pearson() -> None:
    result = rate_ratio(np.array([12]), np.array([200]), np.array([9]), np.array([900]))
    assert result is not None
    ends = binomtest(12, 21).proportion_ci(0.95, method="exact")
    for value, share in ((result.low, ends.low), (result.high, ends.high)):
        assert value == pytest.approx(share / (1 - share) * 900 / 200, rel=1e-4)
    assert result.ratio == pytest.approx((12 / 200) / (9 / 900), rel=1e-4)


@settings(max_examples=40, deadline=None)
@given(COUNTS)
def test_the_sides_can_be_exchanged(rows: list[tuple[int, int, int, int]]) -> None:
    x1, n1, x0, n0 = (np.array(c) for c in zip(*rows, strict=True))
    one, other = rate_ratio(x1, n1, x0, n0), rate_ratio(x0, n0, x1, n1)
    if one is None or other is None:
        assert one is other is None
        assert not (x1 + x0).any()
        return
    assert one.low <= one.ratio <= one.high
    for a, b in ((one.ratio, other.ratio), (one.low, other.high), (one.high, other.low)):
        assert a == pytest.approx(inf if b == 0 else 0 if b == inf else 1 / b, rel=1e-3)


def test_chances_are_those_of_every_outcome_counted_out() -> None:
    total, share = np.array([3, 5, 2]), np.array([0.1, 0.6, 0.35])
    slow = np.zeros(11)
    for each in product(range(4), range(6), range(3)):
        slow[sum(each)] += np.prod(binom.pmf(each, total, share))
    for x in range(12):
        assert chance_below(x, total, share) == pytest.approx(slow[:x].sum(), abs=1e-12)


@pytest.mark.parametrize("mean", [8, 60])
def test_with_many_outcomes_tails_are_near_the_exact_ones(
    mean: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    total = np.array([500, 300, 150])
    share = np.array([0.5, 1.0, 2.0]) * mean / 850
    exact = [chance_below(x, total, share) for x in range(951)]
    monkeypatch.setattr(rate_ratios, "EXACT_UP_TO", 0)
    for tail in (0.0125, 0.025):
        x = int(np.searchsorted(exact, tail))
        assert chance_below(x, total, share) == pytest.approx(exact[x], rel=0.12)
        x = int(np.searchsorted(exact, 1 - tail))
        assert 1 - chance_below(x, total, share) == pytest.approx(1 - exact[x], rel=0.12)


@pytest.mark.parametrize("truth", [1.0, 4.0])
def test_the_interval_holds_the_truth_as_often_as_it_says(truth: float) -> None:
    g, draws, held = np.random.default_rng(5), 300, 0
    n1, n0, base = np.array([400, 90, 30]), np.array([3_000, 500, 60]), np.array([1, 5, 20]) / 1e3
    for _ in range(draws):
        result = rate_ratio(g.poisson(n1 * base * truth), n1, g.poisson(n0 * base), n0)
        held += result is not None and result.low <= truth <= result.high
    # At least .95, less five standard deviations of so many draws.
    assert held / draws >= 0.95 - 5 * sqrt(0.95 * 0.05 / draws)
