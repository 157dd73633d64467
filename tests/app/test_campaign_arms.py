"""People by block, put together and taken apart as plain sets are."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fullhouse.campaigns.account_files import units_of
from fullhouse.core.person_sets import by_block, inside, only, union, without
from fullhouse.measurement.campaign_data import Counted, household_sums, households_of

people = st.sets(st.integers(0, 3 << 20), max_size=40)


def blocks(some):
    return by_block(np.array(sorted(some), dtype=np.int64))


def plain(blocks):
    assert all(x >> 20 == b for b, people in blocks.items() for x in people)
    return {x for people in blocks.values() for x in people}


@given(people, people)
def test_they_are_as_plain_sets(one, two):
    a, b = blocks(one), blocks(two)
    assert plain(a) == one
    assert plain(union(a, b)) == one | two
    assert plain(only(a, b)) == one & two
    assert plain(without(a, b)) == one - two
    assert inside(a, b) == len(one & two)
    assert plain(a) == one, "nothing was changed in place"


def test_households_count_once_with_what_their_people_did_together():
    units = units_of(np.array([3, 8, 2_000_000, 11, 12]), np.array([0, 0, 0, 1, 1]))
    assert plain(households_of(units, blocks({8, 11, 12, 40}))) == {3, 11, 40}
    did = Counted(np.array([3, 8, 12, 40]), np.array([1.0, 2.0, -1.0, 5.0]))
    sums = household_sums(units, did)
    together = dict(zip(sums.person.tolist(), sums.value.tolist(), strict=True))
    assert together == {3: 3.0, 11: -1.0, 40: 5.0}
