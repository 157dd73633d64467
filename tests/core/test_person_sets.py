"""The algebra of person sets against Python's own sets."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from fullhouse.core.person_sets import (
    LOW,
    by_block,
    cut_by_block,
    ids_of,
    inside,
    is_inside,
    low_ids_of,
    only,
    persons_of,
    size,
    union,
    without,
)
from fullhouse.core.values import BLOCK_BITS, BLOCK_SIZE, MAX_PERSON

EDGES = [0, 1, BLOCK_SIZE - 1, BLOCK_SIZE, BLOCK_SIZE + 1, 5 * BLOCK_SIZE, MAX_PERSON]
PEOPLE = st.sets(st.sampled_from(EDGES) | st.integers(0, 4 * BLOCK_SIZE), max_size=30)


def made(people):
    return by_block(np.array(list(people), np.int64))


def flat(people):
    return set(persons_of(people).tolist())


@given(PEOPLE, PEOPLE, PEOPLE)
def test_the_algebra_is_that_of_sets(a, b, c):
    one, two, three = made(a), made(b), made(c)
    assert flat(union(one, two, three)) == a | b | c
    assert flat(only(one, two)) == a & b
    assert flat(without(one, two)) == a - b
    assert inside(one, two) == len(a & b)
    assert is_inside(one, two) == (a <= b)
    assert is_inside(only(one, two), two)
    assert size(one) == len(a)


@given(PEOPLE)
def test_a_block_holds_whole_ids_of_its_own_only(people):
    blocks = made(people)
    assert blocks == cut_by_block(BitMap(people))
    for block, here in blocks.items():
        assert here
        assert set((ids_of(here) >> BLOCK_BITS).tolist()) == {block}
        assert low_ids_of(here).tolist() == [p % BLOCK_SIZE for p in sorted(here)]


@given(st.lists(st.integers(0, 3 * BLOCK_SIZE), max_size=30))
def test_persons_may_come_in_any_order_and_twice(persons):
    for kind in (np.int64, np.uint32, np.uint64):
        blocks = by_block(np.array(persons, kind))
        assert persons_of(blocks).tolist() == sorted(set(persons))


def test_no_set_is_changed_by_what_is_made_of_it():
    one, two = made({1, 2, BLOCK_SIZE}), made({2, 3})
    union(one, two), only(one, two), without(one, two)
    assert (flat(one), flat(two)) == ({1, 2, BLOCK_SIZE}, {2, 3})


def test_an_empty_block_is_the_same_as_none():
    some, none = {0: BitMap([1])}, {0: BitMap()}
    assert is_inside(none, {})
    assert not is_inside(some, none)
    assert size(union(none)) == inside(some, none) == 0
    assert int(LOW) == BLOCK_SIZE - 1
