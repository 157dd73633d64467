"""People by block, put together and taken apart: who of a campaign is in an arm or a part."""

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from fullhouse.pipeline.film_house import People
from fullhouse.values import BLOCK_BITS


def arm_people(lines: Iterable[Mapping[str, Mapping[int, BitMap]]], state: str) -> People:
    """Everybody in a state in any of some lines."""
    return union(*(states.get(state, {}) for states in lines))


def union(*parts: Mapping[int, BitMap]) -> People:
    """Who is in any of some parts."""
    found: People = {}
    for part in parts:
        for block, people in part.items():
            found[block] = found[block] | people if block in found else people
    return found


def inside(people: Mapping[int, BitMap], part: Mapping[int, BitMap]) -> int:
    """How many people are in both."""
    return sum(people[b].intersection_cardinality(part[b]) for b in people if b in part)


def without(people: Mapping[int, BitMap], gone: Mapping[int, BitMap]) -> People:
    """Who is among the first and not among the second."""
    return {b: p - gone[b] if b in gone else p for b, p in people.items()}


def only(people: Mapping[int, BitMap], part: Mapping[int, BitMap]) -> People:
    """Who is among both."""
    return {b: p & part[b] for b, p in people.items() if b in part}


def by_block(persons: npt.NDArray[np.int64]) -> People:
    """Ascending persons by block."""
    numbers, first = np.unique(persons >> BLOCK_BITS, return_index=True)
    parts = np.split(persons, first[1:]) if len(numbers) else []
    return {int(b): BitMap(p.astype(np.uint32)) for b, p in zip(numbers, parts, strict=True)}
