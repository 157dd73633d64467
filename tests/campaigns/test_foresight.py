"""Power: what can be measured, and what to ask for where it cannot."""

from math import inf

import numpy as np
import pytest

from fullhouse.campaigns.foresight import foresee
from fullhouse.stats.power import rate_sd, smallest_effect


def test_what_it_asks_for_is_enough():
    asked = foresee("a", "line", 200_000, holdout=0.01, rate=0.02, expected=0.004)
    assert not asked.measurable
    assert asked.suggested is not None
    assert f"{asked.suggested:.1%}"[:-2] in asked.says
    better = foresee("a", "line", 200_000, holdout=asked.suggested, rate=0.02, expected=0.004)
    assert better.smallest == pytest.approx(0.004, rel=0.01)


def test_more_people_are_asked_for_where_no_holdout_shows_it():
    few = foresee("a", "line", 10_000, holdout=0.5, rate=0.02, expected=0.001)
    assert few.suggested is None
    people = int(few.says.split(" people")[0].rpartition(" ")[2].replace(",", ""))
    least = smallest_effect(people // 2, people // 2, rate_sd(0.02))
    assert least == pytest.approx(0.001, rel=1e-3)


def test_covariates_narrow_as_theory_says_and_nothing_is_promised_of_nothing():
    plain, less = (
        foresee("a", "whole", 10_000, holdout=0.1, rate=0.02, expected=0.1, rho2=r)
        for r in (0.0, 0.36)
    )
    assert less.smallest == pytest.approx(0.8 * plain.smallest)
    assert plain.says == "can be measured"
    none = foresee("a", "line", 1, holdout=0.1, rate=0.02, expected=0.1)
    assert none.smallest == none.relative == inf
    assert not none.measurable
    assert "expects nothing" in foresee("a", "line", 99, holdout=0.1, rate=0.1, expected=0.0).says


def test_the_effect_is_found_in_four_of_five_runs():
    told = foresee("a", "whole", 20_000, holdout=0.3, rate=0.05, expected=0.01)
    g = np.random.default_rng(1)
    runs = 4000
    treated = g.binomial(told.treated, 0.05 + told.smallest, runs) / told.treated
    held = g.binomial(told.held_out, 0.05, runs) / told.held_out
    se = 0.05 * 0.95 * (1 / told.treated + 1 / told.held_out)
    # The effect itself adds to the variance of the treated, so a little less than 80 %.
    assert np.mean(treated - held > 1.96 * se**0.5) == pytest.approx(0.8, abs=0.03)
