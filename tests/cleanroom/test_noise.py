"""Noise costs what it claims, in whole numbers, and comes from OpenDP alone."""

import subprocess
import sys
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse.cleanroom import noise
from fullhouse.core.errors import InputError, UnsupportedError

PRICES = st.integers(1, 10 * noise.NANO)
SENSITIVITIES = st.floats(1e-3, 1e9, allow_nan=False)


@given(PRICES, SENSITIVITIES)
def test_a_price_never_buys_less_noise_than_it_pays_for(rho: int, sensitivity: float) -> None:
    spread = noise.sigma(rho, sensitivity)
    assert noise.price(spread, sensitivity) <= rho
    assert noise.sigma(rho, sensitivity) == pytest.approx(
        sensitivity / sqrt(2 * rho / noise.NANO), rel=1e-12
    )


@given(st.lists(PRICES, min_size=2, max_size=2, unique=True), SENSITIVITIES)
def test_less_noise_costs_more(prices: list[int], sensitivity: float) -> None:
    low, high = sorted(prices)
    wide, narrow = noise.sigma(low, sensitivity), noise.sigma(high, sensitivity)
    assert wide >= narrow
    assert noise.price(wide, sensitivity) <= noise.price(narrow, sensitivity)


@given(PRICES, SENSITIVITIES, st.floats(1.0, 100.0))
def test_who_can_change_more_costs_more(rho: int, sensitivity: float, factor: float) -> None:
    spread = noise.sigma(rho, sensitivity)
    assert noise.price(spread, sensitivity * factor) >= noise.price(spread, sensitivity)
    assert noise.sigma(rho, sensitivity * factor) >= spread


@given(st.integers(1000, 10**12), st.lists(st.integers(1, 50), min_size=1, max_size=8))
def test_parts_of_a_price_add_up_to_it_exactly(rho: int, weights: list[int]) -> None:
    parts = noise.split(rho, *weights)
    assert sum(parts) == rho
    assert all(isinstance(p, int) and p >= 1 for p in parts)


def test_eight_equal_shares_are_the_whole_and_no_float_in_between() -> None:
    assert sum([noise.nano(0.00125)] * 8) == noise.nano(0.01)


@given(st.integers(1, 10**9), st.integers(1, 40), st.integers(1, 2**20))
@settings(deadline=None)
def test_opendp_agrees_on_what_a_selection_costs(rho: int, k: int, sensitivity: int) -> None:
    dp = noise.opendp()
    measure = dp.m.make_noisy_top_k(
        dp.vector_domain(dp.atom_domain(T="i64")),
        dp.linf_distance(T="i64", monotonic=True),
        dp.zero_concentrated_divergence(),
        k=k,
        scale=noise.top_k_scale(rho, k, sensitivity),
    )
    assert measure.map(sensitivity) == pytest.approx(rho / noise.NANO, rel=1e-9)


@given(st.integers(100, 10**9), st.integers(1, 10**6))
@settings(deadline=None)
def test_opendp_agrees_on_what_a_gaussian_costs(rho: int, sensitivity: int) -> None:
    dp = noise.opendp()
    space = dp.atom_domain(T="i64"), dp.absolute_distance(T="i64")
    measure = dp.m.make_gaussian(*space, scale=noise.sigma(rho, sensitivity))
    assert measure.map(sensitivity) == pytest.approx(rho / noise.NANO, rel=1e-9)


@given(
    st.lists(
        st.lists(st.floats(-1e3, 1e3, allow_nan=False), min_size=3, max_size=3),
        min_size=1,
        max_size=6,
    ),
    st.floats(0.5, 20.0),
)
def test_nobody_contributes_more_than_the_bound_after_rounding(
    rows: list[list[float]], l2: float
) -> None:
    values = np.array(rows)
    counted = noise.fixed_point(values, l2)
    assert counted.dtype == np.int64
    assert max(sum(int(c) ** 2 for c in row) for row in counted) <= (l2 * noise.UNIT) ** 2
    short = np.linalg.norm(values, axis=1) <= l2 * (1 - 1e-9)
    # Those within the bound are only rounded, by less than one unit.
    assert np.abs(counted[short] / noise.UNIT - values[short]).max(initial=0) < 1.01 / noise.UNIT


@given(st.lists(st.integers(-(2**40), 2**40), min_size=1, max_size=30), st.integers(1, 10**6))
def test_sums_of_clamped_numbers_are_exact_in_any_order(values: list[int], most: int) -> None:
    clamped = noise.clamp(np.array(values), most)
    assert int(clamped.sum()) == sum(min(max(v, 0), most) for v in values)
    assert int(clamped[::-1].sum()) == int(clamped.sum())


def test_noise_is_whole_unbiased_and_as_wide_as_paid_for() -> None:
    draws = noise.noisy_vector(np.full((100, 100), 7), noise.nano(0.02), l2=1.0)
    assert draws.shape == (100, 100)
    assert draws.dtype == np.int64
    # 4.5 standard errors of a mean and of a variance: false alarms below one in 100,000.
    assert abs(draws.mean() - 7) < 4.5 * 5 / 100
    assert abs(draws.var() / 25 - 1) < 4.5 * sqrt(2 / 10_000)
    single = [noise.noisy(2**50, noise.nano(0.02)) - 2**50 for _ in range(500)]
    assert abs(float(np.mean(single))) < 4.5 * 5 / sqrt(500)


def test_two_draws_differ() -> None:
    zeros = np.zeros(200, dtype=np.int64)
    first, second = (noise.noisy_vector(zeros, noise.nano(0.001), 1.0) for _ in range(2))
    assert (first != second).any()


def test_a_selection_takes_the_clearly_highest_best_first() -> None:
    scores = np.arange(50) * 10_000
    assert noise.noisy_top_k(scores, 3, noise.nano(0.1)).tolist() == [49, 48, 47]
    assert sorted(noise.noisy_top_k(scores[:2], 20, noise.nano(0.1)).tolist()) == [0, 1]
    assert noise.noisy_top_k(scores[:0], 20, noise.nano(0.1)).size == 0


def test_noise_never_comes_from_numpy() -> None:
    state = np.random.get_state()[1].copy()
    np.random.seed(5)
    one = noise.noisy_vector(np.zeros(50, dtype=np.int64), noise.nano(0.0001), 1.0)
    np.random.seed(5)
    two = noise.noisy_vector(np.zeros(50, dtype=np.int64), noise.nano(0.0001), 1.0)
    assert (one != two).any()
    assert len(state)


@pytest.mark.parametrize(
    "call",
    [
        lambda: noise.sigma(0),
        lambda: noise.sigma(-5),
        lambda: noise.sigma(5, 0.0),
        lambda: noise.sigma(5, float("inf")),
        lambda: noise.sigma(0.5),
        lambda: noise.nano(0.0),
        lambda: noise.nano(float("nan")),
        lambda: noise.price(0.0),
        lambda: noise.split(1, 1, 1),
        lambda: noise.split(10, 0),
        lambda: noise.noisy(2**63 - 1, 5),
        lambda: noise.noisy_vector(np.zeros(3), 5, 1.0),
        lambda: noise.clamp(np.zeros(3, dtype=np.int64), 0),
    ],
)
def test_what_cannot_be_noised_is_refused_in_words(call) -> None:
    with pytest.raises(InputError):
        call()


def test_a_house_without_opendp_reads_which_extra_is_missing() -> None:
    # In a process of its own, as the library stays loaded in this one.
    program = (
        "import sys; sys.modules['opendp'] = None; sys.modules['opendp.prelude'] = None\n"
        "from fullhouse.cleanroom import noise\n"
        "from fullhouse.core.errors import UnsupportedError\n"
        "try:\n    noise.noisy(1, 1000)\n"
        "except UnsupportedError as e:\n    print(e)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert "fullhouse[cleanroom]" in done.stdout, done.stderr
    assert issubclass(UnsupportedError, Exception)


def test_a_command_that_needs_no_noise_does_not_load_opendp() -> None:
    program = "import sys, fullhouse.cleanroom.noise; print('opendp' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "False"
