"""Arms: keyed, stable, balanced, and a global holdout that is in none of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullhouse.activation.arms import assign, balance
from fullhouse.errors import InputError

PEOPLE = np.arange(20_000, dtype=np.int64)
KEY = b"k"


@given(holdout=st.floats(0, 0.9), always=st.floats(0, 0.5), seed=st.integers(0, 2**20))
def test_everybody_is_in_exactly_one_part(holdout, always, seed):
    g = np.random.default_rng(seed)
    people = np.unique(g.integers(0, 10**6, 300))
    strata = g.integers(0, 4, len(people)) if seed % 2 else None
    arms = assign(
        people, key=KEY, campaign="c", holdout=holdout, global_holdout=always, strata=strata
    )
    parts = arms.treated.astype(int) + arms.held_out + arms.always_out
    assert (parts == 1).all()


@given(st.integers(0, 2**20))
def test_an_arm_depends_on_the_person_alone_where_there_are_no_strata(seed):
    some = np.sort(np.random.default_rng(seed).choice(PEOPLE, 500, replace=False))
    every = assign(PEOPLE, key=KEY, campaign="c", holdout=0.2)
    few = assign(some, key=KEY, campaign="c", holdout=0.2)
    assert (few.held_out == every.held_out[some]).all()


def test_shares_are_as_asked_and_campaigns_are_independent():
    one = assign(PEOPLE, key=KEY, campaign="one", holdout=0.2, global_holdout=0.05)
    two = assign(PEOPLE, key=KEY, campaign="two", holdout=0.2, global_holdout=0.05)
    n = len(PEOPLE)
    assert one.always_out.mean() == pytest.approx(0.05, abs=4 * (0.05 * 0.95 / n) ** 0.5)
    assert (one.always_out == two.always_out).all(), "the global holdout is the same for all"
    free = ~one.always_out
    assert one.held_out[free].mean() == pytest.approx(0.2, abs=4 * (0.16 / free.sum()) ** 0.5)
    both = (one.held_out & two.held_out)[free].mean()
    assert both == pytest.approx(0.04, abs=4 * (0.04 / free.sum()) ** 0.5)


def test_strata_are_held_out_to_the_person():
    strata = PEOPLE % 7
    arms = assign(PEOPLE, key=KEY, campaign="c", holdout=0.13, strata=strata)
    for stratum in range(7):
        mine = strata == stratum
        assert arms.held_out[mine].sum() == np.floor(mine.sum() * 0.13 + 0.5)
    # And order is nothing: shuffled people keep their arms.
    order = np.random.default_rng(1).permutation(len(PEOPLE))
    again = assign(PEOPLE[order], key=KEY, campaign="c", holdout=0.13, strata=strata[order])
    assert (again.held_out == arms.held_out[order]).all()


@pytest.mark.parametrize("stratified", [False, True])
def test_a_household_is_never_cut(stratified):
    household = PEOPLE // 3
    strata = PEOPLE % 5 if stratified else None
    arms = assign(
        PEOPLE, key=KEY, campaign="c", holdout=0.3, global_holdout=0.1, units=household,
        strata=strata,
    )  # fmt: skip
    for flags in (arms.treated, arms.held_out, arms.always_out):
        share = np.bincount(household, flags) / np.bincount(household)
        assert set(share) <= {0.0, 1.0}


def test_arms_are_alike_before_the_campaign():
    covariate = np.random.default_rng(3).lognormal(0, 1, len(PEOPLE))
    arms = assign(PEOPLE, key=KEY, campaign="c", holdout=0.5)
    off = balance(arms, {"activity": covariate, "constant": np.ones(len(PEOPLE))})
    assert abs(off["activity"]) < 4 * 2 / len(PEOPLE) ** 0.5
    assert np.isnan(off["constant"])


@pytest.mark.parametrize("share", [-0.1, 1.0, float("nan")])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(InputError, match="holdout must be a share"):
        assign(PEOPLE, key=KEY, campaign="c", holdout=share)
