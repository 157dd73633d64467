"""People as one bit each, whatever their number: whom a stream of accounts belongs to."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from fullhouse.core.arrays import PackedBits
from fullhouse.core.values import BLOCK_BITS


def bits_of(blocks: Mapping[int, PackedBits]) -> PackedBits:
    """One array for all blocks, from each block's packed bits; 12.5 MB for 100 million people."""
    size = 1 << (BLOCK_BITS - 3)
    out = np.zeros((max(blocks, default=0) + 1) * size, np.uint8)
    for block, words in blocks.items():
        out[block * size : (block + 1) * size] = words
    return out


def among(persons: npt.NDArray[np.int64], bits: PackedBits) -> npt.NDArray[np.bool_]:
    """Which of some persons are in it."""
    inside = persons < len(bits) * 8
    at = np.where(inside, persons, 0)
    found: npt.NDArray[np.bool_] = inside & (bits[at >> 3] >> (at & 7).astype(np.uint8) & 1 == 1)
    return found


def mark(bits: PackedBits, persons: npt.NDArray[np.int64]) -> None:
    """Put some persons in it."""
    np.bitwise_or.at(bits, persons >> 3, np.left_shift(1, persons & 7).astype(np.uint8))
