"""Benjamini–Hochberg and Holm: against SciPy and statsmodels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from fullhouse.core.errors import InputError
from fullhouse.stats.multiplicity import benjamini_hochberg, holm


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_adjusted_p_is_that_of_statsmodels(p):
    values = np.array(p)
    for adjusted, method in ((benjamini_hochberg(values), "fdr_bh"), (holm(values), "holm")):
        _, expected, _, _ = multipletests(values, method=method)
        np.testing.assert_allclose(adjusted, expected)


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
