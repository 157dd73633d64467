"""A launch: who is refused and why, one arm for each person or household, frozen once."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from fullhouse.campaigns.arms import assign
from fullhouse.campaigns.campaign import (
    ALWAYS_OUT,
    HELD_OUT,
    REFUSALS,
    TREATED,
    WITHHELD,
    LineAudience,
    Units,
)
from fullhouse.campaigns.launch import assign_lines
from fullhouse.campaigns.people import count_people, freeze_people, read_people
from fullhouse.lake import Lake, Place

AT = datetime(2025, 7, 1, tzinfo=UTC)
BLOCK = 1 << 20


def _people(ids):
    return {b: BitMap([i for i in ids if i >> 20 == b]) for b in {i >> 20 for i in ids}}


def _ids(blocks):
    return sorted(i for people in blocks.values() for i in people)


ALL = [*range(600), *range(BLOCK, BLOCK + 400)]
LINES = [
    LineAudience("a", _people(ALL[:700]), {"no_consent": _people(ALL[:50]),
                                           "has_ticket": _people(ALL[40:60])}),
    LineAudience("b", _people(ALL[500:]), {"over_cap": _people([ALL[-1]])}),
]  # fmt: skip


def _assigned(**options):
    return assign_lines(LINES, key=b"k", campaign="c", holdout=0.3, global_holdout=0.1, **options)


def test_everybody_of_an_audience_is_in_one_state_and_the_first_reason_counts():
    for line, audience in zip(_assigned(), LINES, strict=True):
        every = [_ids(line.states[s]) for s in (*REFUSALS, TREATED, HELD_OUT, ALWAYS_OUT)]
        assert sorted(i for ids in every for i in ids) == _ids(audience.people)
    assert _ids(_assigned()[0].states["no_consent"]) == ALL[:50]
    assert _ids(_assigned()[0].states["has_ticket"]) == ALL[50:60]


@pytest.mark.parametrize("stratified", [False, True])
def test_somebody_in_two_lines_is_in_one_arm(stratified):
    strata = {b: np.arange(BLOCK) % 3 for b in (0, 1)} if stratified else None
    one, two = _assigned(strata=strata)
    for arm in (TREATED, HELD_OUT, ALWAYS_OUT):
        both = set(_ids(one.states[arm])) & set(ALL[500:700])
        assert both == set(_ids(two.states[arm])) & set(ALL[500:700])
    assert one.eligible == 700 - 60
    assert one.count(HELD_OUT) == pytest.approx(0.27 * one.eligible, abs=4 * 12)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**20))
def test_arms_block_by_block_are_those_of_all_at_once(seed):
    g = np.random.default_rng(seed)
    people = _people(np.unique(g.choice(ALL, 300)).tolist())
    strata = {b: g.integers(0, 5, BLOCK) for b in (0, 1)}
    (line,) = assign_lines(
        [LineAudience("a", people, {})], key=b"k", campaign="c", holdout=0.3, global_holdout=0.1,
        strata=strata,
    )  # fmt: skip
    ids = np.array(_ids(people))
    of = np.array([strata[i >> 20][i & (BLOCK - 1)] for i in ids])
    arms = assign(ids, key=b"k", campaign="c", holdout=0.3, global_holdout=0.1, strata=of)
    assert _ids(line.states[HELD_OUT]) == ids[arms.held_out].tolist()
    assert _ids(line.states[TREATED]) == ids[arms.treated].tolist()
    assert _ids(line.states[ALWAYS_OUT]) == ids[arms.always_out].tolist()


@pytest.mark.parametrize("stratified", [False, True])
def test_a_household_over_two_blocks_is_in_one_arm(stratified):
    # Persons i and BLOCK + i live together.
    units = Units(np.array([*range(400), *range(BLOCK, BLOCK + 400)]), np.tile(np.arange(400), 2))
    strata = {b: np.arange(BLOCK) % 3 for b in (0, 1)} if stratified else None
    for line in _assigned(strata=strata, units=units, channel_holdout=0.2):
        arm = {i: s for s in (HELD_OUT, ALWAYS_OUT) for i in _ids(line.states[s])}
        arm |= {i: "treated arm" for s in (TREATED, WITHHELD) for i in _ids(line.states[s])}
        for i in range(400):
            arms_of_home = {arm.get(i), arm.get(BLOCK + i)} - {None}
            assert len(arms_of_home) <= 1


def test_a_channel_withholds_treated_people_from_all_its_lines_and_moves_no_arm():
    people = _people(ALL)
    lines = [LineAudience(n, people, {}, c) for n, c in (("a", "x"), ("b", "x"), ("c", "y"))]
    options = {"key": b"k", "campaign": "c", "holdout": 0.3}
    plain = assign_lines(lines, **options)
    some = assign_lines(lines, channel_holdout=0.25, **options)
    for one, two in zip(plain, some, strict=True):
        assert two.states[HELD_OUT] == one.states[HELD_OUT]
        both = _ids(two.states[TREATED]) + _ids(two.states[WITHHELD])
        assert sorted(both) == _ids(one.states[TREATED])
        n = one.count(TREATED)
        assert two.count(WITHHELD) == pytest.approx(n / 4, abs=4 * (n * 3 / 16) ** 0.5)
        assert two.eligible == one.eligible
    assert some[0].states[WITHHELD] == some[1].states[WITHHELD] != some[2].states[WITHHELD]


def test_launching_again_changes_nothing(tmp_path):
    lake = Lake(Place.of(str(tmp_path / "lake")))
    assert freeze_people(lake, "c", _assigned(), at=AT, batch="one")
    before = read_people(lake, "c")
    assert not freeze_people(lake, "c", _assigned(), at=AT, batch="one")
    assert read_people(lake, "c") == before
    assert _ids(before["a"][TREATED]) == _ids(_assigned()[0].states[TREATED])
    assert read_people(lake, "other") == {}
    assert set(read_people(lake, "c", [HELD_OUT])["a"]) == {HELD_OUT}
    counts = count_people(lake, "c")
    assert counts["a"][TREATED] == _assigned()[0].count(TREATED)
