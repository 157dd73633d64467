"""Permuting cities: exact in level, precise where there are many cities."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse.core.errors import CannotTellError
from fullhouse.stats.geo import geo_effect
from fullhouse.stats.geo_permutation import (
    enough_cities,
    least_before,
    permutation_effect,
    permutation_p,
)


def _panel(g, cities=20, days=84, noise=0.05, phi=0.7, tail=3):
    """Sizes, weekdays and a movement in common; each city's own noise depends on itself."""
    own = np.zeros((cities, days))
    for day in range(1, days):
        own[:, day] = phi * own[:, day - 1] + noise * g.standard_t(tail, cities)
    common = np.cumsum(g.normal(0, 0.02, days)) + np.tile([0, 0, 0, 0, 0.5, 0.8, 0.6], days // 7)
    return np.exp(g.normal(5, 1, cities)[:, None] + common + own)


def test_no_effect_is_rejected_as_often_as_the_level():
    g = np.random.default_rng(1)
    runs = 400
    p = [
        permutation_p(_panel(g, 16), g.choice(16, 6, replace=False), 70, seed=run)
        for run in range(runs)
    ]
    for level in (0.1, 0.3):
        assert abs(np.mean(np.array(p) <= level) - level) < 3 * np.sqrt(level * (1 - level) / runs)


@pytest.mark.slow
def test_intervals_cover_the_planted_effect_as_often_as_they_state():
    g, held = np.random.default_rng(2), []
    for run in range(40):
        panel, treated = _panel(g), g.choice(20, 8, replace=False)
        panel[treated, 70:] *= 1.1
        effect = permutation_effect(panel, treated, 70, level=0.8, seed=run)
        assert effect.low < effect.value < effect.high
        held.append(effect.low <= 0.1 <= effect.high)
    assert abs(np.mean(held) - 0.8) < 3 * np.sqrt(0.8 * 0.2 / 40)


def test_many_cities_narrow_the_interval_more_than_one_more_window_does():
    g = np.random.default_rng(3)
    panel, treated = _panel(g, cities=120, days=98), np.arange(0, 120, 3)
    panel[treated, 84:] *= 1.05
    lot = permutation_effect(panel, treated, 84, level=0.9)
    time = geo_effect(panel, treated, 84, 98, level=0.9, placebos=1)
    assert lot.high - lot.low < (time.high - time.low) / time.expected
    assert lot.low < 0.05 < lot.high
    assert lot.p < 0.1


@pytest.mark.slow
@settings(max_examples=8, deadline=None)
@given(
    st.integers(0, 10**6),
    st.floats(1e-3, 1e3),
    st.lists(st.floats(0.1, 10), min_size=14, max_size=14),
    st.floats(-0.5, 1.0),
)
def test_neither_units_nor_days_in_common_nor_sizes_matter(seed, unit, days, effect):
    g = np.random.default_rng(seed)
    panel, treated = _panel(g, 14), np.array([0, 3, 5, 7, 9])
    plain = permutation_effect(panel, treated, 70, level=0.8)
    same = panel * unit
    same[:, 70:] *= np.array(days).mean()
    again = permutation_effect(same, treated, 70, level=0.8)
    assert (again.value, again.low, again.high) == pytest.approx(
        (plain.value, plain.low, plain.high), abs=2e-3
    )
    moved = panel.copy()
    moved[treated, 70:] *= 1 + effect
    other = permutation_effect(moved, treated, 70, level=0.8)
    assert 1 + other.value == pytest.approx((1 + plain.value) * (1 + effect), rel=1e-2)


def test_one_odd_city_does_not_decide():
    g = np.random.default_rng(4)
    panel, treated = _panel(g, 24), np.arange(8)
    plain = permutation_effect(panel, treated, 70, level=0.9)
    panel[0, 70:] *= 50
    odd = permutation_effect(panel, treated, 70, level=0.9)
    assert abs(odd.value - plain.value) < 0.05
    panel[0, 70:] = 0
    assert abs(permutation_effect(panel, treated, 70, level=0.9).value - plain.value) < 0.05


def test_few_cities_or_lots_are_left_to_windows_in_time():
    assert not enough_cities(4, 30)
    assert not enough_cities(30, 4)
    assert enough_cities(5, 5)
    assert (least_before(14, 1), least_before(2, 7), least_before(40, 1)) == (28, 4, 40)
    g = np.random.default_rng(5)
    with pytest.raises(CannotTellError, match="too few for a level"):
        permutation_effect(_panel(g, 10), np.arange(5), 70, level=0.995)
