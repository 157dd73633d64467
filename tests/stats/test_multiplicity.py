"""Benjamini–Hochberg."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from fullhouse.stats import benjamini_hochberg


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_q_is_that_of_scipy(p):
    np.testing.assert_allclose(benjamini_hochberg(np.array(p)), false_discovery_control(p))


@given(st.lists(st.one_of(st.floats(0, 1), st.just(np.nan)), max_size=40))
def test_what_was_not_tested_neither_counts_nor_gets_a_q(p):
    all_of_them = np.array(p, dtype=float)
    q = benjamini_hochberg(all_of_them)
    tested = ~np.isnan(all_of_them)
    assert np.isnan(q[~tested]).all()
    np.testing.assert_allclose(q[tested], benjamini_hochberg(all_of_them[tested]))
