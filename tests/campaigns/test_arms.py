"""Arms: keyed, stable, balanced, and a global holdout that is in none of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullhouse.campaigns.arms import Draw, assign, balance, cut_of
from fullhouse.core.errors import InputError

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


def test_of_each_stratum_the_share_is_held_out_and_of_all_together():
    strata = PEOPLE % 7
    arms = assign(PEOPLE, key=KEY, campaign="c", holdout=0.13, strata=strata)
    for stratum in range(7):
        members = strata == stratum
        assert abs(arms.held_out[members].sum() - members.sum() * 0.13) < 1
    assert abs(arms.held_out.sum() - len(PEOPLE) * 0.13) < 1
    # And order is nothing: shuffled people keep their arms.
    order = np.random.default_rng(1).permutation(len(PEOPLE))
    again = assign(PEOPLE[order], key=KEY, campaign="c", holdout=0.13, strata=strata[order])
    assert (again.held_out == arms.held_out[order]).all()


@given(st.integers(0, 2**20), st.integers(1, 60), st.floats(0, 0.9))
def test_those_with_the_least_bits_of_each_stratum_are_held_out(seed, most, holdout):
    """Against sorting; bits are few, so that many are alike and the least units go first."""
    g = np.random.default_rng(seed)
    n = 200
    bits, strata = g.integers(0, most, n).astype(np.uint32), np.sort(g.integers(0, 9, n))[::-1]
    start = float(g.random())
    cut = cut_of([(bits[:70], strata[:70]), (bits[70:], strata[70:])], holdout=holdout, start=start)
    first, cut = cut.held_out(bits[:70], strata[:70])
    second, _ = cut.held_out(bits[70:], strata[70:])
    counted, expected = 0, set()
    for stratum in range(9):
        members = sorted(np.flatnonzero(strata == stratum), key=lambda i: (bits[i], i))
        many = int((counted + len(members)) * holdout + start) - int(counted * holdout + start)
        expected |= set(members[:many])
        counted += len(members)
    assert set(np.flatnonzero(np.r_[first, second])) == expected


def test_somebody_alone_in_a_stratum_is_held_out_as_often_as_anybody():
    """Rounding each stratum by itself would never hold out one of three."""
    strata = PEOPLE // 3
    arms = assign(PEOPLE, key=KEY, campaign="c", holdout=0.1, strata=strata)
    assert arms.held_out.sum() == pytest.approx(0.1 * len(PEOPLE), abs=1)
    out = [
        assign(PEOPLE[:5], key=KEY, campaign=str(c), holdout=0.1, strata=PEOPLE[:5]).held_out
        for c in range(2000)
    ]
    assert np.mean(out, axis=0) == pytest.approx(np.full(5, 0.1), abs=4 * (0.09 / 2000) ** 0.5)


def test_the_global_holdout_is_the_same_by_person_and_spares_the_household():
    household = PEOPLE // 3
    one = assign(PEOPLE, key=KEY, campaign="c", holdout=0.3, global_holdout=0.1)
    two = assign(PEOPLE, key=KEY, campaign="c", holdout=0.3, global_holdout=0.1, units=household)
    assert not (one.always_out & ~two.always_out).any()
    any_of = np.bincount(household, one.always_out) > 0
    assert (two.always_out == any_of[household]).all()


def test_channels_withhold_independently():
    draw = Draw(KEY, "c", 0.2, channel_holdout=0.3)
    push, email = draw.withheld(PEOPLE, "push"), draw.withheld(PEOPLE, "email")
    n = len(PEOPLE)
    for share, flags in ((0.3, push), (0.3, email), (0.09, push & email)):
        assert flags.mean() == pytest.approx(share, abs=4 * (share * (1 - share) / n) ** 0.5)
    out = draw.held_out(PEOPLE)
    assert push[out].mean() == pytest.approx(0.3, abs=4 * (0.21 / out.sum()) ** 0.5)


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
