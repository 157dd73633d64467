from math import exp
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from fullhouse.discovery.film import least_affinity, verdict_on_film


def row(
    ratio: float = 1.0, error: float = 0.1, verdict: str = "no_association", persons: int = 10
) -> Any:
    """A tested trait of which only what decides is known."""
    reach = 1.959964 * error
    low, high = ratio * exp(-reach), ratio * exp(reach)
    return SimpleNamespace(q=0.9, low=low, high=high, verdict=verdict, persons=persons)


def test_nothing_is_an_answer_only_where_nearly_every_doubling_is_ruled_out() -> None:
    sure, open_ = row(), row(error=0.6, verdict="cannot_tell")
    assert verdict_on_film([], [sure] * 9 + [open_], 100, 1.0) == "no_audience"
    assert verdict_on_film([], [sure] * 8 + [open_] * 2, 100, 1.0) == "cannot_tell"
    assert verdict_on_film([], [], 100, 1.0) == "cannot_tell"


def test_audiences_of_comparable_films_alone_never_say_that_a_film_has_none() -> None:
    """An error of .1 over all is one of .25 over a sixth of them: 2.8 of these are a doubling."""
    assert verdict_on_film([], [row()], 100, 1.0) == "no_audience"
    assert verdict_on_film([], [row()], 100, 0.17) == "no_audience"
    assert verdict_on_film([], [row()], 100, 0.16) == "cannot_tell"
    assert verdict_on_film([], [row()], 100, 0.0) == "cannot_tell"
    whole, part = least_affinity([row()], 100), least_affinity([row()], 100, interest=0.25)
    assert part == pytest.approx(whole**2)
    assert least_affinity([row()], 100, interest=0.0) is None


def test_a_trait_too_rare_to_plan_for_keeps_no_answer_open() -> None:
    rare = row(error=0.6, verdict="cannot_tell", persons=9)
    assert verdict_on_film([], [row()] * 9 + [rare] * 9, 1_000, 1.0) == "no_audience"
    assert verdict_on_film([], [rare] * 9, 1_000, 1.0) == "cannot_tell"
    assert least_affinity([row(), rare], 1_000) == least_affinity([row()], 1_000)


@given(st.floats(0.02, 0.6), st.integers(1, 2_000))
def test_the_least_affinity_is_detected_four_times_in_five(error: float, traits: int) -> None:
    least = least_affinity([row(error=error)] * traits, 100)
    assert least is not None
    needed = norm.isf(0.05 / (2 * traits))
    power = norm.sf(needed - np.log(least) / error)
    assert power == pytest.approx(0.8, abs=1e-6)


def test_the_least_affinity_is_unknown_where_nothing_was_tested() -> None:
    assert least_affinity([], 100) is None
