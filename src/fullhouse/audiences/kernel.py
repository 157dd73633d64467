"""Set algebra on one block of 2**20 person ids.

A set is a Roaring bitmap, or, where the block is dense, its 16,384 packed words: NumPy ands two of
those in 3 µs, Roaring in 11. Mixed operands meet as Roaring. Words are never written to: results
go to scratch buffers, one for each depth of the rule, that stay in the processor's cache.
See docs/decisions/0003-block-kernel.md for the measurements.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from fullhouse.audiences.rule import All, KeyedRange, Node, Some
from fullhouse.core.arrays import keyed_bits
from fullhouse.core.values import BLOCK_BITS

WORDS = 1 << (BLOCK_BITS - 6)
Words: TypeAlias = npt.NDArray[np.uint64]
Set: TypeAlias = BitMap | Words
EMPTY = BitMap()

_CONTAINERS = 1 << (BLOCK_BITS - 16)
_HEAD = 8 + 8 * _CONTAINERS
_COOKIE = np.array([12346, _CONTAINERS], "<u4").tobytes()
_OFFSETS = (_HEAD + 8192 * np.arange(_CONTAINERS)).astype("<u4").tobytes()
_WORDS_FROM = 1 << (BLOCK_BITS - 3)
_BITSET_FROM = 4096
"""Portable Roaring writes a container of up to this many ids as an array."""


class Kernel:
    """Counts and evaluates rules block after block; holds scratch buffers, so one for a thread."""

    def __init__(self, key: bytes = b"") -> None:
        self._key = key
        self._pool: list[Words] = []
        self._spare = np.empty(WORDS, np.uint64)
        self._bits = np.empty(WORDS, np.uint8)

    def count(self, node: Node, sets: Sequence[Set], block: int) -> int:
        """How many people of the block are in a node: the last operation only counts."""
        if isinstance(node, All) and not node.ranges and len(node.parts) + len(node.minus) > 1:
            return self._count_all(node, sets, block)
        return self.size(self.evaluate(node, sets, block))

    def evaluate(self, node: Node, sets: Sequence[Set], block: int, depth: int = 0) -> Set:
        """The people of the block in a node; valid until the next call, and not to be changed."""
        if isinstance(node, int):
            return sets[node]
        if isinstance(node, Some):
            return self._some(node, sets, block, depth)
        return self._all(node, sets, block, depth)

    def size(self, people: Set) -> int:
        """How many people are in a set."""
        if isinstance(people, BitMap):
            return len(people)
        np.bitwise_count(people, out=self._bits)
        return int(np.add.reduce(self._bits, dtype=np.uint32))

    def common(self, left: Set, right: Set, block: int) -> int:
        """How many people are in both sets."""
        if not isinstance(left, BitMap) and not isinstance(right, BitMap):
            np.bitwise_and(left, right, out=self._spare)
            return self.size(self._spare)
        return as_bitmap(left, block).intersection_cardinality(as_bitmap(right, block))

    def _count_all(self, node: All, sets: Sequence[Set], block: int) -> int:
        *minus, last = (*node.minus,) if node.minus else (*node.parts,)
        first = All(node.parts, tuple(minus)) if node.minus else All(tuple(minus))
        people = self._all(first, sets, block, 0)
        if isinstance(people, BitMap) and not people:
            return 0
        other = self.evaluate(last, sets, block, 1)
        both = self.common(people, other, block)
        return self.size(people) - both if node.minus else both

    def _some(self, node: Some, sets: Sequence[Set], block: int, depth: int) -> Set:
        sparse: list[BitMap] = []
        dense: Words | None = None
        out = self._buffer(depth)
        for part in node.parts:
            people = self.evaluate(part, sets, block, depth + 1)
            if isinstance(people, BitMap):
                if people:
                    sparse.append(people)
            elif dense is None:
                # A nested result lives in the next depth's buffer, which the next part reuses.
                dense = people if isinstance(part, int) else _copy(people, out)
            else:
                dense = np.bitwise_or(dense, people, out=out)
        if dense is None:
            return EMPTY if not sparse else sparse[0] if len(sparse) == 1 else BitMap.union(*sparse)
        if not sparse:
            return dense
        return BitMap.union(as_bitmap(dense, block), *sparse)

    def _all(self, node: All, sets: Sequence[Set], block: int, depth: int) -> Set:
        people: Set | None = None
        out = self._buffer(depth)
        for part in node.parts:
            other = self.evaluate(part, sets, block, depth + 1)
            if isinstance(other, BitMap) and not other:
                return EMPTY
            if people is None:
                nested = not isinstance(part, int) and not isinstance(other, BitMap)
                people = _copy(other, out) if nested else other
            elif isinstance(people, BitMap) or isinstance(other, BitMap):
                people = as_bitmap(people, block) & as_bitmap(other, block)
            else:
                people = np.bitwise_and(people, other, out=out)
        assert people is not None
        for part in node.minus:
            if isinstance(people, BitMap) and not people:
                return EMPTY
            people = self._without(people, self.evaluate(part, sets, block, depth + 1), out, block)
        for keyed in node.ranges:
            people = self._in_range(people, keyed, block)
        return people

    def without(self, people: Set, other: Set, block: int) -> Set:
        """The people of a set that are not in another; valid as `evaluate` is."""
        return self._without(people, other, self._buffer(0), block)

    def within(self, people: Set, other: Set, block: int) -> Set:
        """The people in both sets; valid as `evaluate` is."""
        if isinstance(people, BitMap) or isinstance(other, BitMap):
            return as_bitmap(people, block) & as_bitmap(other, block)
        return np.bitwise_and(people, other, out=self._buffer(0))

    def _without(self, people: Set, other: Set, out: Words, block: int) -> Set:
        if isinstance(other, BitMap) and not other:
            return people
        if isinstance(people, BitMap) or isinstance(other, BitMap):
            return as_bitmap(people, block) - as_bitmap(other, block)
        np.invert(other, out=self._spare)
        return np.bitwise_and(people, self._spare, out=out)

    def _in_range(self, people: Set, keyed: KeyedRange, block: int) -> BitMap:
        ids = as_ids(people, block)
        bits = keyed_bits(ids, sample_key(self._key, keyed.salt)).astype(np.uint64)
        inside = (bits >= np.uint64(keyed.low)) & (bits < np.uint64(keyed.high))
        return BitMap(ids[~inside if keyed.inverse else inside])

    def _buffer(self, depth: int) -> Words:
        while len(self._pool) <= depth:
            self._pool.append(np.empty(WORDS, np.uint64))
        return self._pool[depth]


def sample_key(key: bytes, salt: str) -> bytes:
    """The key of the keyed bits that decide samples under a salt."""
    return key + b"\0sample\0" + salt.encode()


def load(data: bytes | memoryview) -> Set:
    """A set from the portable Roaring format: dense blocks as words, without a copy."""
    if len(data) == _HEAD + 8 * WORDS and data[:8] == _COOKIE:
        ids = np.frombuffer(data, "<u2", count=2 * _CONTAINERS, offset=8)[1::2]
        # A bitset only above 4,096 ids; the array of exactly 4,096 has the same length.
        if int(ids.min()) >= _BITSET_FROM:
            return np.frombuffer(data, "<u8", offset=_HEAD)
    return compact(BitMap.deserialize(bytes(data)))


def compact(people: BitMap) -> Set:
    """The set in the form that is faster to count with: as words where the block is dense."""
    return people if len(people) < _WORDS_FROM else as_words(people)


def as_words(people: BitMap) -> Words:
    """A Roaring bitmap of one block as packed words."""
    flags = np.zeros(1 << BLOCK_BITS, np.bool_)
    flags[as_ids(people, 0) & np.uint32((1 << BLOCK_BITS) - 1)] = True
    return np.packbits(flags, bitorder="little").view(np.uint64)


def as_bitmap(people: Set, block: int) -> BitMap:
    """The set as a Roaring bitmap of whole person ids."""
    if isinstance(people, BitMap):
        return people
    containers = people.reshape(_CONTAINERS, -1)
    sizes = np.bitwise_count(containers).sum(axis=1, dtype=np.int64)
    if int(sizes.min()) <= _BITSET_FROM:
        return _mixed(containers, sizes, block)
    about = np.empty((_CONTAINERS, 2), "<u2")
    about[:, 0] = np.arange(block * _CONTAINERS, (block + 1) * _CONTAINERS)
    about[:, 1] = sizes - 1
    return BitMap.deserialize(_COOKIE + about.tobytes() + _OFFSETS + people.tobytes())


def _mixed(containers: Words, sizes: npt.NDArray[np.int64], block: int) -> BitMap:
    """As `as_bitmap`, where some containers have so few people that they are written as arrays."""
    used = np.flatnonzero(sizes)
    about = np.stack([used + block * _CONTAINERS, sizes[used] - 1], axis=1).astype("<u2")
    parts = [
        containers[i].tobytes() if sizes[i] > _BITSET_FROM else _array(containers[i]) for i in used
    ]
    offsets = 8 + 8 * len(used) + np.cumsum([0, *map(len, parts)])[:-1]
    head = np.array([12346, len(used)], "<u4").tobytes()
    return BitMap.deserialize(
        b"".join([head, about.tobytes(), offsets.astype("<u4").tobytes(), *parts])
    )


def _array(container: Words) -> bytes:
    bits = np.unpackbits(container.view(np.uint8), bitorder="little")
    return np.flatnonzero(bits).astype("<u2").tobytes()


def as_ids(people: Set, block: int) -> npt.NDArray[np.uint32]:
    """The person ids of a set, ascending."""
    if isinstance(people, BitMap):
        return np.array(people.to_array(), np.uint32)
    bits = np.unpackbits(people.view(np.uint8), bitorder="little")
    return (np.flatnonzero(bits) + (block << BLOCK_BITS)).astype(np.uint32)


def _copy(people: Set, out: Words) -> Words:
    assert not isinstance(people, BitMap)
    np.copyto(out, people)
    return out
