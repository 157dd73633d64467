"""Benjamini–Hochberg and Holm: against SciPy and statsmodels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.stats.multiplicity import (
    always_valid,
    benjamini_hochberg,
    check_enough,
    holm,
    tuning,
)

some_p = st.lists(st.floats(0, 1), min_size=1, max_size=60)


@given(some_p)
def test_adjusted_for_false_discoveries_is_as_statsmodels_does(p):
    _, expected, _, _ = multipletests(np.array(p), method="fdr_bh")
    np.testing.assert_allclose(benjamini_hochberg(np.array(p)), expected, atol=1e-300)


# Theirs takes a tenth of a second for each.
@pytest.mark.slow
@settings(max_examples=25)
@given(some_p)
def test_adjusted_for_any_false_claim_is_as_statsmodels_does(p):
    _, expected, _, _ = multipletests(np.array(p), method="holm")
    np.testing.assert_allclose(holm(np.array(p)), expected)


@given(st.lists(st.one_of(st.floats(0, 1), st.just(np.nan)), max_size=40))
def test_a_test_that_was_not_made_neither_counts_nor_gets_a_q(p):
    values = np.array(p, dtype=float)
    q = benjamini_hochberg(values)
    tested = ~np.isnan(values)
    assert np.isnan(q[~tested]).all()
    np.testing.assert_allclose(q[tested], benjamini_hochberg(values[tested]))


def test_a_p_that_could_not_be_computed_is_not_adjusted():
    with pytest.raises(InputError, match="could not be computed"):
        holm(np.array([np.nan]))


def test_no_look_finds_anything_more_often_than_it_says():
    g, n, looks = np.random.default_rng(1), 2000, 200
    ever = []
    for _ in range(400):
        y = g.exponential(size=n) - 1
        at = np.arange(1, looks + 1) * n // looks
        means, squares = np.cumsum(y)[at - 1] / at, np.cumsum(y * y)[at - 1] / at
        se = np.sqrt((squares - means**2) / at)
        late = at >= 100
        interval = [
            always_valid(float(m), float(s), share=float(k / n), level=0.9).p <= 0.1
            for m, s, k in zip(means[late], se[late], at[late], strict=True)
        ]
        ever.append(any(interval))
    assert np.mean(ever) < 0.1 + 3 * np.sqrt(0.09 / 400)
    assert np.mean(ever) > 0.01


@pytest.mark.parametrize("share", [0.05, 0.5, 1.0, 3.0])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_p_and_interval_agree(share, level):
    edge = always_valid(0.0, 1.0, share=share, level=level).high
    assert always_valid(edge, 1.0, share=share, level=level).p == pytest.approx(1 - level)
    assert always_valid(0.0, 1.0, share=share, level=level).p == 1.0


def test_tightest_where_it_was_tuned():
    def width(share):
        interval = always_valid(0.0, 1.0, share=share)
        return interval.high - interval.low

    grid = np.array([0.25, 0.5, 0.9, 1.0, 1.1, 2.0, 4.0])
    widths = [width(s) for s in grid]
    assert abs(grid[int(np.argmin(widths))] - 1) <= 0.11
    assert 1.4 < width(1.0) / (2 * 1.96) < 1.6


def test_formula_is_that_of_the_paper():
    # mean ± sd × root(2 (n rho² + 1) / (n² rho²) × log(root(n rho² + 1) / alpha))
    n, rho2, alpha = 700, tuning(0.95) / 1000, 0.05
    reach = np.sqrt(2 * (n * rho2 + 1) / (n**2 * rho2) * np.log(np.sqrt(n * rho2 + 1) / alpha))
    assert always_valid(0.0, 1 / np.sqrt(n), share=0.7).high == pytest.approx(reach)


def test_too_few_is_an_error():
    with pytest.raises(CannotTellError, match="at least 100"):
        check_enough(5000, 99)
    with pytest.raises(InputError, match="above 0"):
        always_valid(1.0, 1.0, share=0.0)
    with pytest.raises(CannotTellError, match="spread"):
        always_valid(1.0, 0.0, share=1.0)
