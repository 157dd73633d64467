"""Cities: the prediction, the moved window, the interval, on made-up autocorrelated days."""

import numpy as np
import pytest
from scipy.optimize import minimize

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.stats.geo import _weights, cities_p, geo_effect, geo_p, shift_p


def _panel(g, cities=12, days=70, rho=0.6):
    """Two common waves, and a noise of each city's own in which neighbouring days go together."""
    own = np.zeros((cities, days))
    step = g.normal(0, 0.05, (cities, days))
    own[:, 0] = step[:, 0]
    for d in range(1, days):
        own[:, d] = rho * own[:, d - 1] + np.sqrt(1 - rho**2) * step[:, d]
    week = 0.2 * np.sin(np.arange(days) * 2 * np.pi / 7)
    slow = 0.2 * np.sin(np.arange(days) / 9)
    common = np.outer(g.uniform(0.5, 1.5, cities), week) + np.outer(g.uniform(0, 1, cities), slow)
    return g.uniform(500, 5000, cities)[:, None] * (1 + common + own)


def test_weights_are_the_nearest_mean_of_cities():
    g = np.random.default_rng(1)
    controls, own = g.normal(1, 0.1, (5, 40)), g.normal(1, 0.1, 40)
    result = _weights(controls, own)
    slow = minimize(
        lambda w: ((own - w @ controls) ** 2).sum(),
        np.full(5, 0.2),
        bounds=[(0, 1)] * 5,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        tol=1e-12,
    )
    assert result.sum() == pytest.approx(1)
    assert (result >= 0).all()
    assert result == pytest.approx(slow.x, abs=2e-3)


def test_windows_are_counted_as_they_look():
    g = np.random.default_rng(2)
    panel = _panel(g)
    base = panel / panel[:, :60].mean(1, keepdims=True)
    own, controls = base[0], base[1:]
    null = own.copy()
    null[60:] -= 0.03
    null /= null.mean()
    others = controls / controls.mean(1, keepdims=True)
    left = null - _weights(others, null) @ others
    moved = [abs(left[k : k + 10].sum()) for k in range(61)]
    as_much = sum(m >= moved[60] for m in moved)
    assert shift_p(own, controls, 60, 0.03) == pytest.approx((1 + as_much) / 62)


def test_level_holds_though_neighbouring_days_go_together():
    g, p, naive = np.random.default_rng(3), [], []
    for _ in range(400):
        panel = _panel(g)
        start = int(g.integers(30, 57))
        chosen = g.choice(12, 2, replace=False)
        p.append(geo_p(panel, chosen, start, start + 14))
        base = panel / panel[:, :start].mean(1, keepdims=True)
        own = base[chosen].mean(0)
        gap = own - np.delete(base, chosen, 0).mean(0)
        z = gap[start : start + 14].mean() / gap[:start].std() * np.sqrt(14)
        naive.append(abs(z) > 1.645)
    assert abs(np.mean(np.array(p) <= 0.1 + 1e-12) - 0.1) < 3 * np.sqrt(0.09 / 400)
    assert np.mean(naive) > 0.2


def test_moved_to_other_cities_the_level_is_exact():
    g, p = np.random.default_rng(4), []
    for _ in range(300):
        chosen = g.choice(12, 1)
        p.append(cities_p(_panel(g, days=30), chosen, 23, 30)[0])
    # 11 other cities: p comes in twelfths, so 1/12 of the runs have p <= 1/12.
    assert abs(np.mean(np.array(p) <= 1 / 12 + 1e-9) - 1 / 12) < 3 * np.sqrt(0.076 / 300)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_interval_holds_what_was_put_in(level):
    g, held = np.random.default_rng(5), []
    for _ in range(30):
        panel = _panel(g, cities=8, days=50)
        added = 0.1 * panel[:2, :40].mean(1, keepdims=True)
        panel[:2, 40:] += added
        result = geo_effect(panel, np.array([0, 1]), 40, 50, level=level, placebos=1)
        held.append(result.low <= 10 * added.sum() <= result.high)
        assert result.low <= result.units <= result.high
        assert (result.low > 0 or result.high < 0) == (result.p <= 1 - level + 1e-9)
    assert np.mean(held) > level - 3 * np.sqrt(level * (1 - level) / 30)


def test_noisy_cities_do_not_set_the_scale():
    panel = _panel(np.random.default_rng(9), cities=16, rho=0.0)
    panel[8:] *= np.random.default_rng(10).lognormal(0, 0.5, panel[8:].shape)
    panel[0, 50:] *= 1.15
    assert cities_p(panel, np.array([0]), 50, 60)[0] == pytest.approx(1 / 16)


def test_effect_is_the_units_beyond_the_prediction_and_scales_with_them():
    panel = _panel(np.random.default_rng(6))
    result = geo_effect(panel, np.array([3]), 50, 60, placebos=20)
    more = geo_effect(panel * 7, np.array([3]), 50, 60, placebos=20)
    assert result.units + result.expected == pytest.approx(panel[3, 50:60].sum())
    assert (more.units, more.low) == pytest.approx((7 * result.units, 7 * result.low))
    later = panel.copy()
    later[:, 60:] = 1e6
    assert geo_effect(later, np.array([3]), 50, 60, placebos=20).p == result.p


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"treated": np.array([], dtype=np.int64)}, InputError, "At least one city"),
        ({"treated": np.arange(11)}, CannotTellError, "too few"),
        ({"start": 65, "end": 80}, InputError, "does not lie"),
        ({"start": 5, "end": 9}, CannotTellError, "days before"),
        ({"level": 0.99}, CannotTellError, "no interval"),
    ],
)
def test_what_cannot_be_computed_is_an_error(change, error, message):
    given = {"treated": np.array([0]), "start": 50, "end": 60} | change
    with pytest.raises(error, match=message):
        geo_effect(_panel(np.random.default_rng(7)), placebos=5, **given)


def test_city_without_sales_is_an_error():
    panel = _panel(np.random.default_rng(8))
    panel[4, :50] = 0
    with pytest.raises(CannotTellError, match="City number 4"):
        geo_effect(panel, np.array([0]), 50, 60)
