"""Hashes and proofs of an append-only Merkle tree, as RFC 6962 shapes it.

A tree of n leaves is kept as the hashes of its whole subtrees, about 2 n of them; `Subtrees` gives
the hash of the position-th subtree of 2 ** level leaves. A proof reads a logarithm of them.
"""

from collections.abc import Callable
from hashlib import sha256

Subtrees = Callable[[int, int], bytes]

EMPTY = sha256().digest()
"""The root of a tree without leaves."""


def leaf_hash(body: bytes) -> bytes:
    """The hash of a leaf."""
    return sha256(b"\0" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees beside each other."""
    return sha256(b"\1" + left + right).digest()


def new_nodes(position: int, leaf: bytes, subtrees: Subtrees) -> list[tuple[int, int, bytes]]:
    """The subtrees that a leaf makes whole, the leaf first: level, position, hash."""
    nodes = [(0, position, leaf)]
    level, value = 0, leaf
    while position & 1:
        value = node_hash(subtrees(level, position - 1), value)
        level, position = level + 1, position >> 1
        nodes.append((level, position, value))
    return nodes


def lefts(position: int) -> list[tuple[int, int]]:
    """The subtrees that `new_nodes` reads."""
    needed = []
    level = 0
    while position & 1:
        needed.append((level, position - 1))
        level, position = level + 1, position >> 1
    return needed


def root(size: int, subtrees: Subtrees) -> bytes:
    """The root of the tree of the first `size` leaves."""
    return _hash(0, size, subtrees) if size else EMPTY


def inclusion(position: int, size: int, subtrees: Subtrees) -> list[bytes]:
    """The path by which a leaf's hash leads to the root of the first `size` leaves."""
    if not 0 <= position < size:
        raise ValueError(f"A tree of {size} leaves has none at {position}.")
    return _path(position, 0, size, subtrees)


def consistency(earlier: int, size: int, subtrees: Subtrees) -> list[bytes]:
    """The hashes that show that the first `earlier` of `size` leaves are what they were."""
    if not 0 <= earlier <= size:
        raise ValueError(f"A tree of {size} leaves was never one of {earlier}.")
    return _shared(earlier, 0, size, True, subtrees) if 0 < earlier < size else []


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def _hash(start: int, size: int, subtrees: Subtrees) -> bytes:
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return subtrees(level, start >> level)
    left = _split(size)
    return node_hash(_hash(start, left, subtrees), _hash(start + left, size - left, subtrees))


def _path(position: int, start: int, size: int, subtrees: Subtrees) -> list[bytes]:
    if size == 1:
        return []
    left = _split(size)
    if position < left:
        rest = _path(position, start, left, subtrees)
        return [*rest, _hash(start + left, size - left, subtrees)]
    rest = _path(position - left, start + left, size - left, subtrees)
    return [*rest, _hash(start, left, subtrees)]


def _shared(earlier: int, start: int, size: int, known: bool, subtrees: Subtrees) -> list[bytes]:
    if earlier == size:
        return [] if known else [_hash(start, size, subtrees)]
    left = _split(size)
    if earlier <= left:
        rest = _shared(earlier, start, left, known, subtrees)
        return [*rest, _hash(start + left, size - left, subtrees)]
    rest = _shared(earlier - left, start + left, size - left, False, subtrees)
    return [*rest, _hash(start, left, subtrees)]
