"""Power: what can be measured, and what to ask for where it cannot."""

from math import inf

import numpy as np
import pytest

from fullhouse.campaigns.power import power_of_part
from fullhouse.stats.power import rate_sd, smallest_effect


def test_what_it_asks_for_is_enough():
    planned = power_of_part("a", "line", 200_000, holdout=0.01, rate=0.02, expected=0.004)
    assert not planned.measurable
    assert planned.suggested is not None
    better = power_of_part(
        "a", "line", 200_000, holdout=planned.suggested, rate=0.02, expected=0.004
    )
    assert better.smallest == pytest.approx(0.004, rel=0.01)


def test_more_people_are_planned_for_where_no_holdout_shows_it():
    few = power_of_part("a", "line", 10_000, holdout=0.5, rate=0.02, expected=0.001)
    assert few.suggested is None
    least = smallest_effect(few.needed // 2, few.needed // 2, rate_sd(0.02))
    assert least == pytest.approx(0.001, rel=1e-3)


def test_covariates_narrow_as_theory_says_and_nothing_is_promised_of_nothing():
    plain, less = (
        power_of_part("a", "whole", 10_000, holdout=0.1, rate=0.02, expected=0.1, rho2=r)
        for r in (0.0, 0.36)
    )
    assert less.smallest == pytest.approx(0.8 * plain.smallest)
    assert plain.measurable
    none = power_of_part("a", "line", 1, holdout=0.1, rate=0.02, expected=0.1)
    assert none.smallest == none.relative == inf
    assert not none.measurable
    zero = power_of_part("a", "line", 99, holdout=0.1, rate=0.1, expected=0.0)
    assert (zero.measurable, zero.suggested, zero.needed) == (False, None, None)


def test_the_effect_is_detected_in_four_of_five_runs():
    part = power_of_part("a", "whole", 20_000, holdout=0.3, rate=0.05, expected=0.01)
    g = np.random.default_rng(1)
    runs = 4000
    treated = g.binomial(part.treated, 0.05 + part.smallest, runs) / part.treated
    held = g.binomial(part.held_out, 0.05, runs) / part.held_out
    se = 0.05 * 0.95 * (1 / part.treated + 1 / part.held_out)
    # The effect itself adds to the variance of the treated, so a little less than 80 %.
    assert np.mean(treated - held > 1.96 * se**0.5) == pytest.approx(0.8, abs=0.03)
