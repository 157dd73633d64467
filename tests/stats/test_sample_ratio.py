"""Whether arms hold the people they should, and were alike before."""

import numpy as np
import pytest
from scipy import stats

from fullhouse.core.errors import InputError
from fullhouse.stats.sample_ratio import (
    balance,
    inverse_of,
    lost_people,
    sample_ratio,
    sequential_sample_ratio,
)


def test_two_arms_are_tested_exactly_and_more_by_chi_squared():
    assert sample_ratio([40, 70], [1, 1]).p == pytest.approx(stats.binomtest(40, 110).pvalue)
    check = sample_ratio([300, 350, 310], [1, 1, 1])
    assert check.p == pytest.approx(stats.chisquare([300, 350, 310]).pvalue)
    assert sample_ratio([9, 1, 0], [1, 1, 1]).p < sample_ratio([4, 3, 3], [1, 1, 1]).p == 1.0


@pytest.mark.parametrize("shares", [[0.9, 0.1], [1, 1, 1], [0.98, 0.01, 0.01]])
def test_sound_experiments_pass(shares):
    g = np.random.default_rng(1)
    share = np.array(shares) / sum(shares)
    p = [sample_ratio(g.multinomial(500, share).tolist(), shares).p for _ in range(400)]
    assert np.mean(np.array(p) <= 0.1) < 0.1 + 3 * np.sqrt(0.09 / 400)


def test_loss_of_one_percent_is_caught_by_the_log_of_assignments():
    g = np.random.default_rng(2)
    for _ in range(100):
        assigned = [int(x) for x in g.multinomial(200_000, [0.5, 0.5])]
        observed = [assigned[0], int(g.binomial(assigned[1], 0.99))]
        assert not lost_people(assigned, observed).passed


def test_same_loss_in_both_arms_passes():
    g = np.random.default_rng(3)
    p = [
        lost_people([2000, 500], [int(g.binomial(n, 0.95)) for n in (2000, 500)]).p
        for _ in range(400)
    ]
    assert np.mean(np.array(p) <= 0.1) < 0.1 + 3 * np.sqrt(0.09 / 400)
    assert lost_people([10, 10], [10, 10]).p == 1.0
    assert lost_people([500, 500, 500], [500, 500, 400]).p < 1e-10


def test_lost_people_is_twice_the_smaller_exact_tail():
    one_sided = stats.fisher_exact([[1, 29], [9, 31]], alternative="less").pvalue
    assert lost_people([30, 40], [29, 31]).p == pytest.approx(2 * one_sided)
    assert lost_people([40, 30], [31, 29]).p == pytest.approx(2 * one_sided)


def test_looked_at_daily_alarms_seldom_and_catches():
    g = np.random.default_rng(4)
    false = [
        sequential_sample_ratio(
            np.cumsum(g.multinomial(500, [0.5, 0.5], 28), 0).tolist(), [1, 1], concentration=100
        )[-1]
        <= 0.1
        for _ in range(400)
    ]
    assert np.mean(false) < 0.1 + 3 * np.sqrt(0.09 / 400)
    rows = np.cumsum(g.multinomial(50_000, [0.51, 0.49], 28), 0).tolist()
    p = sequential_sample_ratio(rows, [1, 1])
    assert p[-1] < 1e-6
    assert p == sorted(p, reverse=True)


def test_balance_is_one_test_of_all_covariates():
    g, p = np.random.default_rng(5), []
    turn = g.normal(size=(4, 4))
    for _ in range(400):
        x = g.exponential(size=(600, 4)) @ turn
        x = np.column_stack([x, x[:, 0], np.ones(600)])
        arm = g.integers(0, 3, 600)
        arms = [x[arm == a] for a in range(3)]
        within = np.concatenate([a - a.mean(0) for a in arms])
        check = balance(
            np.array([a.mean(0) for a in arms]), [len(a) for a in arms], within.T @ within / 597
        )
        p.append(check.p)
    assert abs(np.mean(np.array(p) <= 0.1) - 0.1) < 3 * np.sqrt(0.09 / 400)


def test_inverse_leaves_out_what_does_not_vary():
    x = np.random.default_rng(6).normal(size=(50, 2)) * [1, 1000]
    s = np.cov(np.column_stack([x, x[:, 0] + x[:, 1], np.ones(50)]).T)
    inverse, rank = inverse_of(s)
    assert rank == 2
    assert s @ inverse @ s == pytest.approx(s, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    "make",
    [
        lambda: sample_ratio([1, 2], [1, 1, 1]),
        lambda: sample_ratio([1, 2], [1, 0]),
        lambda: sample_ratio([0, 0], [1, 1]),
        lambda: lost_people([5, 5], [5, 6]),
        lambda: sequential_sample_ratio([[5, 5], [4, 6]], [1, 1]),
    ],
)
def test_mistakes_are_errors(make):
    with pytest.raises(InputError):
        make()
