"""Names of NumPy arrays by what they hold; shapes stand in the docstrings that use them."""

from typing import Any

import numpy as np
import numpy.typing as npt

from fullhouse.core.values import key_words

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
"""Numbers in single precision, where there are many of them."""
Ints = npt.NDArray[np.int64]
Ints32 = npt.NDArray[np.int32]
"""Whole numbers in four bytes, such as strata, trait ids and columns."""
Integers = npt.NDArray[np.integer[Any]]
"""Whole numbers of any width, as they come from Arrow or a memory-mapped file."""
Uints = npt.NDArray[np.uint32]
"""Persons' ids, or 32 bits drawn for each of them."""
PackedBits = npt.NDArray[np.uint8]
"""Eight flags a byte, the first in the lowest bit."""
Flags = npt.NDArray[np.bool_]
AnyArray = npt.NDArray[Any]


def keyed_bits(persons: npt.NDArray[np.integer], key: bytes) -> npt.NDArray[np.uint32]:
    """32 evenly spread bits for each person, the same on every engine and machine.

    Everything that decides by chance (samples, splits, holdouts) uses these bits and no other.
    Two rounds of MurmurHash3's 32-bit finaliser over the id, each keyed by half of a SHA-256 of
    `key`; only 32-bit integer arithmetic, so that `engine.keyed` can say the same in SQL.
    """
    first, second = key_words(key)
    mixed = _fmix32(persons.astype(np.uint32) ^ np.uint32(first))
    return _fmix32(mixed ^ np.uint32(second))


def _fmix32(h: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    h = (h ^ (h >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return h ^ (h >> np.uint32(16))
