"""Set algebra on blocks, against plain sets of ints; dense and sparse forms mixed at random."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from fullhouse.audiences.kernel import (
    Kernel,
    Set,
    as_bitmap,
    as_ids,
    as_words,
    compact,
    load,
    sample_key,
)
from fullhouse.audiences.rule import All, KeyedRange, Node, Some
from fullhouse.core.arrays import keyed_bits

BLOCK = 3
START = BLOCK << 20
KEY = b"key"


def oracle(node: Node, sets: list[set[int]]) -> set[int]:
    """The slow, obvious meaning of a plan."""
    if isinstance(node, int):
        return sets[node]
    if isinstance(node, Some):
        return set().union(*(oracle(p, sets) for p in node.parts))
    people = set.intersection(*(oracle(p, sets) for p in node.parts))
    for part in node.minus:
        people = people - oracle(part, sets)
    for chance in node.ranges:
        key = sample_key(KEY, chance.salt)
        bits = {p: int(keyed_bits(np.array([p]), key)[0]) for p in people}
        people = {p for p in people if (chance.low <= bits[p] < chance.high) != chance.inverse}
    return people


ids = st.sets(st.integers(START, START + 40) | st.integers(START, START + (1 << 20) - 1))
ranges = st.builds(
    KeyedRange, st.integers(0, 2**31), st.integers(2**31, 2**32), st.just("s"), st.booleans()
)
nodes: st.SearchStrategy[Node] = st.recursive(
    st.integers(0, 4),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map(lambda p: Some(tuple(p))),
        st.builds(
            All,
            st.lists(inner, min_size=1, max_size=4).map(tuple),
            st.lists(inner, max_size=3).map(tuple),
            st.lists(ranges, max_size=1).map(tuple),
        ),
    ),
    max_leaves=9,
)


forms = st.sampled_from(["words", "roaring", "mixed"])


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(nodes, st.lists(st.tuples(ids, st.booleans()), min_size=5, max_size=5), forms)
def test_plans_mean_what_sets_of_ints_say(
    node: Node, given_sets: list[tuple[set[int], bool]], form: str
) -> None:
    plain = [s for s, _ in given_sets]
    # Words for a few people too: the form must never change the answer.
    sets: list[Set] = [
        as_words(BitMap(s)) if form == "words" or (form == "mixed" and dense) else BitMap(s)
        for s, dense in given_sets
    ]
    before = [set(as_ids(s, BLOCK).tolist()) for s in sets]
    wanted = oracle(node, plain)
    kernel = Kernel(KEY)
    assert kernel.count(node, sets, BLOCK) == len(wanted)
    people = kernel.evaluate(node, sets, BLOCK)
    assert set(as_ids(people, BLOCK).tolist()) == wanted
    assert kernel.size(people) == len(wanted)
    assert [set(as_ids(s, BLOCK).tolist()) for s in sets] == before


@pytest.mark.parametrize("share", [0.0, 0.001, 0.062, 0.0626, 0.1, 0.5, 0.97, 1.0])
@pytest.mark.parametrize("optimised", [False, True])
def test_every_form_holds_the_same_people(share: float, optimised: bool) -> None:
    chosen = np.random.default_rng(1).random(1 << 20) < share
    people = BitMap((np.flatnonzero(chosen) + START).astype(np.uint32))
    if optimised:
        people.run_optimize()
    for form in (load(people.serialize()), load(memoryview(people.serialize())), compact(people)):
        assert as_bitmap(form, BLOCK) == people
        assert as_bitmap(as_words(as_bitmap(form, BLOCK)), BLOCK) == people
        assert Kernel().size(form) == len(people)
        assert np.array_equal(as_ids(form, BLOCK), np.array(people.to_array(), np.uint32))


def test_containers_of_exactly_4096_are_read_as_the_arrays_they_are() -> None:
    people = BitMap()
    for container in range(16):
        start = START + (container << 16)
        people.update(BitMap(range(start, start + 3 * 4096, 3)))
    assert len(people.serialize()) == 8 + 8 * 16 + (1 << 17)
    assert as_bitmap(load(people.serialize()), BLOCK) == people


def test_words_are_not_copied_from_what_was_read() -> None:
    dense = BitMap(range(START, START + (1 << 20), 3))
    data = dense.serialize()
    words = load(data)
    assert isinstance(words, np.ndarray)
    assert np.shares_memory(words, np.frombuffer(data, np.uint8))
    assert not words.flags.writeable


def test_a_nested_result_outlives_the_next_part() -> None:
    numbers = [set(range(START + i, START + 5000, i)) for i in range(2, 7)]
    sets: list[Set] = [as_words(BitMap(s)) for s in numbers]
    for outer in (All, Some):
        node = outer((Some((0, 2)), All((1, 3)), Some((4, 1))))
        assert Kernel().count(node, sets, BLOCK) == len(oracle(node, numbers))
