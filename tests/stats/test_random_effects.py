"""Log ratios pooled with random effects."""

import numpy as np
import pytest

from fullhouse.stats.random_effects import random_effects


def test_the_mean_and_the_spread_are_those_of_a_published_example() -> None:
    """BCG vaccine trials (Colditz 1994): DerSimonian and Laird give -0.714 (0.179), tau2 0.309."""
    logs = np.array([
        -0.8893, -1.5854, -1.3481, -1.4416, -0.2175, -0.7861, -1.6209, 0.0120, -0.4694, -1.3713,
        -0.3394, 0.4459, -0.0173,
    ])  # fmt: skip
    variances = np.array([
        0.3256, 0.1946, 0.4154, 0.0200, 0.0512, 0.0069, 0.2230, 0.0040, 0.0564, 0.0730, 0.0124,
        0.5325, 0.0714,
    ])  # fmt: skip
    result = random_effects(logs, np.sqrt(variances))
    assert result.mean == pytest.approx(-0.714, abs=0.001)
    assert result.error == pytest.approx(0.179, abs=0.001)
    assert result.between == pytest.approx(0.309, abs=0.001)
    mean, low, high = result.mean_interval()
    assert low < mean < high
    assert result.new_interval()[1] < low


def test_studies_that_agree_are_pooled_by_their_errors_alone() -> None:
    result = random_effects(np.array([0.2, 0.2, 0.2]), np.array([0.1, 0.2, 0.3]))
    assert result.between == 0
    assert result.mean == pytest.approx(0.2)
    assert result.error == pytest.approx((100 + 25 + 100 / 9) ** -0.5)
