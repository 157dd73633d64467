"""The mechanisms keep their claims, and the audit sees when they do not."""

import numpy as np
import pytest

from benchmarks import privacy_audit
from benchmarks.privacy_audit import (
    DELTA,
    MECHANISMS,
    audit,
    composition,
    gaussian_epsilon,
    measured_epsilon,
)
from fullhouse.cleanroom.noise import epsilon, nano, opendp


@pytest.mark.slow
@pytest.mark.parametrize("make", MECHANISMS, ids=lambda m: m.__name__)
def test_a_mechanism_keeps_its_claim_and_half_the_noise_is_caught(make) -> None:
    # False alarms below one in 10,000, whatever the noise draws.
    result = audit(make(), 20_000, alpha=1e-4)
    assert result.measured <= result.claimed
    caught = audit_of_half(make())
    assert caught > result.claimed


def audit_of_half(mechanism) -> float:
    draws = [mechanism.draw(there, 12_000, 4 * mechanism.rho_nano) for there in (True, False)]
    return measured_epsilon(*draws, mechanism.delta, alpha=0.05)


def test_an_honest_gaussian_passes_and_one_of_half_the_noise_does_not() -> None:
    rng = np.random.default_rng(1)
    claimed = gaussian_epsilon(privacy_audit.RHO, DELTA)
    for scale, broken in ((1.0, False), (0.5, True)):
        with_person, without = (rng.normal(m, scale, 100_000) for m in (1.0, 0.0))
        assert (measured_epsilon(with_person, without, DELTA) > claimed) is broken


def test_nothing_is_measured_where_nothing_differs() -> None:
    rng = np.random.default_rng(2)
    one, two = rng.normal(size=(2, 50_000))
    assert measured_epsilon(one, two, 0.0, alpha=1e-4) < 0.05


@pytest.mark.parametrize("questions", [1, 7, 120])
def test_the_ledgers_sum_agrees_with_dp_accounting_within_one_percent(questions) -> None:
    ours, theirs = composition(questions)
    assert ours == pytest.approx(theirs, rel=0.01)


@pytest.mark.parametrize("rho", [0.00125, 0.02, 0.6, 5.0])
def test_epsilon_is_no_lower_than_opendps_own_conversion_allows(rho) -> None:
    dp = opendp()
    measure = dp.m.make_gaussian(
        dp.atom_domain(T="i64"), dp.absolute_distance(T="i64"), scale=(2 * rho) ** -0.5
    )
    theirs = dp.c.make_zCDP_to_approxDP(measure).map(1).epsilon(delta=1e-8)
    assert epsilon(nano(rho), 1e-8) == pytest.approx(theirs, rel=0.01)
