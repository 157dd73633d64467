"""What arms bought, with noise: nobody counts for more than a person, intervals hold."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from fullhouse.cleanroom import readouts
from fullhouse.cleanroom.noise import NANO, nano, price, sigma
from fullhouse.cleanroom.readouts import ArmSales, Bounds, exact_sums, look_prices, read_privately
from fullhouse.core.errors import InputError

RHO = nano(0.02)


def sales(rng, people, share, *, mean=2.0):
    buyers = int(rng.binomial(people, share))
    tickets = 1 + rng.poisson(mean - 1, buyers)
    cents = (tickets * rng.lognormal(6.9, 0.35, buyers)).astype(np.int64)
    return ArmSales(tickets, cents, people - buyers)


@given(st.integers(0, 10**6), st.integers(0, 10**9), st.integers(1, 1000), st.integers(1, 100_000))
@settings(deadline=None)
def test_nobody_moves_the_sums_by_more_than_the_norm(tickets, cents, most, most_cents) -> None:
    bounds = Bounds(most, most_cents)
    one = exact_sums(ArmSales(np.array([tickets]), np.array([cents]), 0), bounds)
    squared = sum((one[name] * unit) ** 2 for name, unit in bounds.units.items())
    assert squared <= bounds.l2**2 * (1 + 1e-15)
    nobody = exact_sums(ArmSales(np.zeros(0, int), np.zeros(0, int), 0), bounds)
    assert set(nobody.values()) == {0}


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 10**5)), max_size=30), st.integers(0, 9)
)
@settings(deadline=None)
def test_sums_are_exact_and_in_any_order(bought, others) -> None:
    tickets, cents = (np.array([b[i] for b in bought], dtype=np.int64) for i in (0, 1))
    bounds = Bounds(5, 10_000)
    one = exact_sums(ArmSales(tickets, cents, others), bounds)
    two = exact_sums(ArmSales(tickets[::-1], cents[::-1], others), bounds)
    assert one == two
    assert one["tickets"] == sum(min(t, 5) for t, _ in bought)
    assert one["cents_squared"] == sum(min(c, 10_000) ** 2 for _, c in bought)
    assert one["people"] == len(bought) + others
    assert one["clamped_tickets"] == sum(t > 5 for t, _ in bought)
    assert one["cut_cents"] == sum(min(max(c - 10_000, 0), 90_000) for _, c in bought)


def coverage(rng, people, control_people, runs, rho=RHO):
    """How often intervals of tickets and money hold the expected difference of clamped sums."""
    bounds = Bounds()
    # Of buyers alone: far more precise than any run.
    each = exact_sums(sales(rng, 1_000_000, 1.0), bounds)
    truth = {o: each[o] / 1_000_000 * (0.06 - 0.05) for o in ("tickets", "cents")}
    inside = {"tickets": 0, "cents": 0}
    for _ in range(runs):
        arms = {"treated": sales(rng, people, 0.06), "control": sales(rng, control_people, 0.05)}
        result = read_privately(arms, rho, control="control", bounds=bounds)
        for e in result.effects:
            inside[e.outcome] += e.low <= truth[e.outcome] <= e.high
    return inside


@pytest.mark.parametrize(
    ("people", "control_people"), [(200_000, 50_000), (20_000, 20_000), (5_000, 5_000)]
)
def test_intervals_hold_the_truth_with_the_noise_in(people, control_people) -> None:
    runs = 400
    inside = coverage(np.random.default_rng(people), people, control_people, runs)
    for outcome, number in inside.items():
        # A true coverage of 93 to 97 % leaves these ends once in 10,000 at most.
        assert binom.ppf(1e-4, runs, 0.93) <= number <= binom.isf(1e-4, runs, 0.97), outcome


def test_an_interval_without_the_noise_would_not_hold() -> None:
    # The control: the same sums with the sampling error alone.
    rng, inside = np.random.default_rng(2), 0
    for _ in range(300):
        arms = {"treated": sales(rng, 5_000, 0.05), "control": sales(rng, 5_000, 0.05)}
        e = read_privately(arms, RHO, control="control").effects[0]
        sampling = sqrt(e.se**2 - e.noise_se**2)
        inside += abs(e.value) <= 1.96 * sampling
    assert inside < binom.ppf(1e-4, 300, 0.93)


def test_a_reader_sees_what_clamping_cut_off() -> None:
    rng = np.random.default_rng(3)
    tickets = 1 + rng.poisson(8, 50_000)
    arm = ArmSales(tickets, tickets * 1_000, 450_000)
    arms = {"a": arm, "control": ArmSales(tickets // 4, tickets // 4 * 1_000, 450_000)}
    result = read_privately(arms, nano(0.5), control="control", bounds=Bounds(6, 20_000))
    shown = next(a for a in result.arms if a.arm == "a")
    cut = int(np.maximum(tickets - 6, 0).sum())
    slack = 5 * shown.cut_tickets.sigma
    assert shown.cut_tickets.value == pytest.approx(cut, abs=slack)
    assert shown.tickets.value + shown.cut_tickets.value == pytest.approx(
        tickets.sum(), abs=2 * slack
    )
    assert shown.clamped_tickets.value == pytest.approx((tickets > 6).sum(), abs=200)
    effect = next(e for e in result.effects if e.outcome == "tickets")
    lost = cut / 500_000
    assert effect.bias_low - 0.02 <= lost <= effect.bias_high + 0.02
    assert effect.bias_low > 0


def test_the_norm_is_what_the_price_is_paid_for() -> None:
    bounds = Bounds()
    assert price(sigma(RHO, bounds.l2), bounds.l2) <= RHO
    assert bounds.l2 <= 3.5 * readouts.FINE


@given(st.integers(1_000_000, 10**12), st.integers(1, 200))
def test_the_reserve_pays_for_every_planned_look_and_nothing_is_left(reserved, looks) -> None:
    prices = look_prices(reserved, looks)
    assert len(prices) == looks
    assert sum(prices) == reserved
    assert all(p >= 1 for p in prices)
    left = reserved
    for each in prices:
        assert left >= each
        left -= each
    assert prices[-1] >= max(prices[:-1], default=0)


def test_intervals_for_all_looks_are_wider_than_for_one() -> None:
    rng = np.random.default_rng(4)
    arms = {"t": sales(rng, 50_000, 0.05), "control": sales(rng, 50_000, 0.05)}
    for e in read_privately(arms, RHO, control="control", share_observed=0.5).effects:
        assert e.always_low < e.low < e.high < e.always_high


def test_an_arm_too_small_to_compare_hears_how_many_would_do() -> None:
    rng = np.random.default_rng(5)
    arms = {"t": sales(rng, 40, 0.5), "control": sales(rng, 50_000, 0.05)}
    result = read_privately(arms, nano(0.001), control="control")
    assert result.effects == ()
    assert [n.arm for n in result.notes] == ["t"]
    assert result.notes[0].needed > 500
    small_control = read_privately(
        {"t": arms["control"], "control": arms["t"]}, nano(0.001), control="control"
    )
    assert small_control.effects == ()


def test_a_hundred_million_people_can_be_counted() -> None:
    arm = ArmSales(np.full(1000, 10), np.full(1000, 20_000), 100_000_000)
    result = read_privately({"a": arm, "control": arm}, RHO, control="control")
    assert result.arms[0].people.value == pytest.approx(100_001_000, abs=500)


@pytest.mark.parametrize(
    "call",
    [
        lambda: Bounds(0, 5),
        lambda: Bounds(5, 10**9),
        lambda: ArmSales(np.zeros(2, int), np.zeros(3, int), 0),
        lambda: ArmSales(np.zeros(2, int), np.zeros(2, int), -1),
        lambda: look_prices(NANO, 0),
        lambda: look_prices(3, 10),
        lambda: read_privately({}, RHO, control="control"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(call) -> None:
    with pytest.raises(InputError):
        call()
