"""Ids as texts, made for whole arrays at once."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fullhouse.core.arrays import Ints
from fullhouse_sim.draws import stream

_BITS = 40
_LETTERS = np.frombuffer(b"0123456789abcdefghjkmnpqrstvwxyz", np.uint8)
"""Base 32 without the letters that are misread."""


def scrambled(numbers: npt.NDArray[np.integer], seed: int, what: str) -> Ints:
    """Numbers below 2**40, one to one, in no order that says anything; and of no other number."""
    g = stream(seed, "code", what)
    first, second = (g.integers(2**39, 2**40, 2) | 1).astype(np.uint64)
    mask = np.uint64(2**_BITS - 1)
    x = (numbers.astype(np.uint64) * first + second) & mask
    x ^= x >> np.uint64(_BITS // 2)
    x = x * second & mask
    x ^= x >> np.uint64(_BITS // 2)
    numbers_out: Ints = x.astype(np.int64)
    return numbers_out


def letters(prefix: str, numbers: Ints) -> pa.Array:
    """A prefix and eight letters or digits for each number below 2**40."""
    shifts = np.arange(_BITS - 5, -1, -5)
    return _texts(prefix, _LETTERS[(numbers[:, None] >> shifts) & 31])


def digits(prefix: str, numbers: Ints, width: int) -> pa.Array:
    """A prefix and so many digits for each number, with zeros before."""
    characters = np.empty((len(numbers), width), np.uint8)
    rest = numbers.astype(np.uint64)
    for place in range(width - 1, -1, -1):
        rest, digit = np.divmod(rest, np.uint64(10))
        characters[:, place] = digit
    return _texts(prefix, characters + np.uint8(ord("0")))


def chosen(texts: pa.Array, which: npt.NDArray[Any]) -> pa.Array:
    """The texts at some positions."""
    return texts.take(pa.array(which.astype(np.int64)))


def _texts(prefix: str, rest: npt.NDArray[np.uint8]) -> pa.Array:
    count = len(rest)
    start = np.frombuffer(prefix.encode(), np.uint8)
    whole = np.concatenate([np.broadcast_to(start, (count, len(start))), rest], axis=1)
    ends = np.arange(count + 1, dtype=np.int32) * whole.shape[1]
    return pa.StringArray.from_buffers(count, pa.py_buffer(ends), pa.py_buffer(whole.tobytes()))
