"""People by block, put together and taken apart: who of a campaign is in an arm or a part."""

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from fullhouse.core.values import BLOCK_BITS

PersonSet = Mapping[int, BitMap]
"""Persons by block of their ids: of each block, the low bits of those who are in the set."""


def size(people: PersonSet) -> int:
    """How many persons there are, over all blocks."""
    return sum(len(p) for p in people.values())


def arm_people(lines: Iterable[Mapping[str, PersonSet]], state: str) -> PersonSet:
    """Everybody in a state in any of some lines."""
    return union(*(states.get(state, {}) for states in lines))


def union(*parts: PersonSet) -> PersonSet:
    """Who is in any of some parts."""
    found: dict[int, BitMap] = {}
    for part in parts:
        for block, people in part.items():
            found[block] = found[block] | people if block in found else people
    return found


def inside(people: PersonSet, part: PersonSet) -> int:
    """How many people are in both."""
    return sum(people[b].intersection_cardinality(part[b]) for b in people if b in part)


def without(people: PersonSet, gone: PersonSet) -> PersonSet:
    """Who is among the first and not among the second."""
    return {b: p - gone[b] if b in gone else p for b, p in people.items()}


def only(people: PersonSet, part: PersonSet) -> PersonSet:
    """Who is among both."""
    return {b: p & part[b] for b, p in people.items() if b in part}


def by_block(persons: npt.NDArray[np.int64]) -> PersonSet:
    """Ascending persons by block."""
    numbers, first = np.unique(persons >> BLOCK_BITS, return_index=True)
    parts = np.split(persons, first[1:]) if len(numbers) else []
    return {int(b): BitMap(p.astype(np.uint32)) for b, p in zip(numbers, parts, strict=True)}
