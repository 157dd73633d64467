"""Sets of persons by block of their ids, and their algebra: the one place for both."""

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from fullhouse.core.arrays import Integers, Uints
from fullhouse.core.values import BLOCK_BITS, BLOCK_SIZE

PersonSet = Mapping[int, BitMap]
"""Whole person ids under the number of their block, `person >> BLOCK_BITS`.

A block may be missing or empty: both mean that it has nobody. Sets are shared between results,
so a bitmap is never changed in place once it is part of one.
"""

BlockSets = dict[int, BitMap]
"""A person set that is being put together."""

LOW = np.uint32(BLOCK_SIZE - 1)
"""`person & LOW` is a person's place within their block."""


def size(people: PersonSet) -> int:
    """How many persons there are, over all blocks."""
    return sum(len(p) for p in people.values())


def union(*sets: PersonSet) -> BlockSets:
    """Who is in any of some sets."""
    blocks: dict[int, list[BitMap]] = {}
    for people in sets:
        for block, here in people.items():
            blocks.setdefault(block, []).append(here)
    return {b: here[0] if len(here) == 1 else BitMap.union(*here) for b, here in blocks.items()}


def only(people: PersonSet, part: PersonSet) -> BlockSets:
    """Who is in both sets."""
    return {b: p & part[b] for b, p in people.items() if b in part}


def without(people: PersonSet, part: PersonSet) -> BlockSets:
    """Who is in the first set and not in the second."""
    return {b: p - part[b] if b in part else p for b, p in people.items()}


def inside(people: PersonSet, part: PersonSet) -> int:
    """How many persons are in both sets, without building what they share."""
    return sum(p.intersection_cardinality(part[b]) for b, p in people.items() if b in part)


def is_inside(people: PersonSet, whole: PersonSet) -> bool:
    """Whether nobody of the first set is missing from the second."""
    return all(not p or (b in whole and p.issubset(whole[b])) for b, p in people.items())


def arm_people(lines: Iterable[Mapping[str, PersonSet]], state: str) -> PersonSet:
    """Everybody in a state in any of some lines."""
    return union(*(states.get(state, {}) for states in lines))


def by_block(persons: Integers) -> BlockSets:
    """Persons, in any order and as often as may be, as a set."""
    if len(persons) > 1 and (persons[1:] < persons[:-1]).any():
        # Sorted first: a bitmap takes ascending ids several times faster.
        persons = np.sort(persons)
    numbers, first = np.unique(persons >> BLOCK_BITS, return_index=True)
    parts = np.split(persons, first[1:]) if len(numbers) else []
    return {int(b): BitMap(p.astype(np.uint32)) for b, p in zip(numbers, parts, strict=True)}


def cut_by_block(people: BitMap) -> BlockSets:
    """One bitmap over all ids, cut at the ends of the blocks; blocks with nobody are left out."""
    if not people:
        return {}
    blocks = range(people.min() >> BLOCK_BITS, (people.max() >> BLOCK_BITS) + 1)
    parts = ((b, people & BitMap(range(b * BLOCK_SIZE, (b + 1) * BLOCK_SIZE))) for b in blocks)
    return {b: part for b, part in parts if part}


def ids_of(people: BitMap) -> Uints:
    """The ids of one bitmap, ascending."""
    return np.asarray(people.to_array(), dtype=np.uint32)


def low_ids_of(people: BitMap) -> Uints:
    """The places of people within their block, ascending."""
    return ids_of(people) & LOW


def persons_of(people: PersonSet) -> npt.NDArray[np.int64]:
    """The ids of a whole set, ascending."""
    parts = [ids_of(p).astype(np.int64) for _, p in sorted(people.items())]
    return np.concatenate([np.zeros(0, np.int64), *parts])
