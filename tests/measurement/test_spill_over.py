"""The effect on those reached and the bound on spill-over: against populations that are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.measurement.exposure import effect_on_reached, spill_over_bound
from fullhouse.stats.arms import difference, sums
from fullhouse.stats.figures import Interval

EFFECT = Interval(0.02, -0.01, 0.05)


def test_the_effect_on_those_reached_is_inside_as_often_as_it_says():
    inside, errors = 0, []
    for seed in range(400):
        g = np.random.default_rng(seed)
        t = g.random(4000) < 0.5
        # Those who can be reached buy more anyway: comparing the reached with the rest misleads.
        can, always = g.random(4000) < 0.6, g.random(4000) < 0.1
        reached = always | (can & t)
        y = g.normal(1.0 * can, 1) + 0.3 * reached
        read = effect_on_reached(
            difference(sums(y[t]), sums(y[~t])),
            float(reached[t].mean()),
            held_out_reached=float(reached[~t].mean()),
        )
        inside += read.low <= 0.3 <= read.high
        errors.append(read.value - 0.3)
    assert abs(inside / 400 - 0.95) < 3 * np.sqrt(0.05 * 0.95 / 400)
    assert abs(np.mean(errors)) < 3 * np.std(errors) / 20


def test_with_nobody_of_the_held_out_reached_it_is_what_was_won_over_those_reached():
    result = effect_on_reached(EFFECT, 0.4)
    assert result.value * 0.4 * 1000 == pytest.approx(EFFECT.value * 1000)
    assert (result.low, result.high) == pytest.approx((-0.025, 0.125))


@given(
    st.floats(-1, 1),
    st.floats(0, 1),
    st.floats(0, 0.9),
    st.floats(0, 1),
)
def test_the_bound_holds_the_effect_whatever_part_of_it_spilled_over(effect, reach, share, spilled):
    read = effect * (1 - share * spilled)
    result = spill_over_bound(Interval(read, read - reach, read + reach), share)
    low, high = sorted((result.none.value, result.full.value))
    assert low - 1e-12 <= effect <= high + 1e-12
    assert result.between.low <= effect + 1e-12
    assert result.between.high >= effect - 1e-12
    assert result.between.value == read


def test_without_spill_over_nothing_is_wider():
    result = spill_over_bound(EFFECT, 0.0)
    assert result.none == result.full == result.between == EFFECT


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: effect_on_reached(EFFECT, 0.0), CannotTellError, "reached no more"),
        (
            lambda: effect_on_reached(EFFECT, 0.2, held_out_reached=0.3),
            CannotTellError,
            "reached no more than the held out",
        ),
        (lambda: effect_on_reached(EFFECT, 1.2), InputError, "between 0 and 1"),
        (lambda: spill_over_bound(EFFECT, -0.1), InputError, "between 0 and 1"),
        (lambda: spill_over_bound(EFFECT, float("nan")), InputError, "between 0 and 1"),
        (lambda: spill_over_bound(EFFECT, 1.0), CannotTellError, "nobody is left"),
    ],
)
def test_what_cannot_be_computed_is_an_error(make, error, message):
    with pytest.raises(error, match=message):
        make()
