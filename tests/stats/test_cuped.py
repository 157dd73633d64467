"""CUPED: against least squares, against theory, and over A/A runs."""

import numpy as np
import pytest

from fullhouse.core.errors import InputError
from fullhouse.stats.arms import difference, stratified, sums
from fullhouse.stats.cuped import Joint, adjusted, adjustment, columns_of, joint


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


def test_no_effect_is_found_as_often_as_it_says():
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
