"""Noisy numbers are made to fit, and come no farther from the truth by it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fullhouse.cleanroom.consistent import add_up, onto_sum, sigmas, within

numbers = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30)


@given(numbers, st.floats(-1e6, 1e7), st.floats(1, 1e4), st.floats(1, 1e4))
def test_parts_are_whole_not_negative_and_add_up(parts, total, one, other):
    fitted = add_up(parts, total, of_parts=one, of_total=other)
    assert fitted.dtype == np.int64
    assert (fitted >= 0).all()
    weight = one**2 / (len(parts) * one**2 + other**2)
    target = max(sum(parts) + len(parts) * weight * (total - sum(parts)), 0)
    assert abs(int(fitted.sum()) - target) <= 1 + 1e-6 * abs(target)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=30), st.floats(1, 100))
def test_what_fits_already_stays(parts, spread):
    fitted = add_up([float(p) for p in parts], float(sum(parts)), of_parts=spread, of_total=spread)
    assert fitted.tolist() == parts


@given(numbers, st.floats(0, 1e7))
def test_the_projection_has_the_sum_and_nothing_below_zero(values, total):
    projected = onto_sum(np.array(values), total)
    assert (projected >= 0).all()
    assert np.isclose(projected.sum(), total, rtol=1e-6, atol=1e-3)


def test_least_squares_makes_parts_and_total_as_sharp_as_it_says():
    drawn = np.random.default_rng(3)
    truth = np.array([4_000.0, 9_000.0, 1_000.0, 20_000.0])
    fitted = np.array(
        [
            add_up(
                (truth + drawn.normal(0, 100, 4)).tolist(),
                truth.sum() + drawn.normal(0, 50),
                of_parts=100,
                of_total=50,
            )
            for _ in range(4_000)
        ]
    )
    of_part, of_total = sigmas(4, of_parts=100, of_total=50)
    assert np.isclose((fitted - truth).std(), of_part, rtol=0.03)
    assert np.isclose((fitted.sum(1) - truth.sum()).std(), of_total, rtol=0.05)
    assert of_part < 100
    assert of_total < 50


@given(st.floats(-1e6, 1e6), st.floats(0, 1e5), st.floats(0, 1e5))
def test_a_number_lies_within_what_is_known(value, least, most):
    assert least <= within(value, least=least, most=most) <= max(least, most)
