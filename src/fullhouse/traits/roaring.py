"""Many bitmaps of one block at once, in the portable Roaring format.

pyroaring builds a bitmap from 15 million ids a second; here the ids of all traits of a block are
sorted already, so that almost every bitmap is a header before bytes that are there: ten times
that. A test holds the bytes against pyroaring's own.
"""

import struct
from collections.abc import Iterator

import numpy as np
from pyroaring import BitMap

from fullhouse.core.arrays import Integers

COOKIE = 12346
ARRAY_MAX = 4096
"""A container with more ids than this is a bitmap of 8 KiB."""


def serialize_all(ids: Integers, starts: Integers) -> Iterator[bytes]:
    """The bitmap of each slice ids[starts[i]:starts[i + 1]]; ids ascend within a slice."""
    ids = np.ascontiguousarray(ids, np.uint32)
    low = ids.astype("<u2")
    high = (ids >> np.uint32(16)).astype("<u2")
    cut = np.empty(len(ids) + 1, np.bool_)
    cut[-1] = True
    np.not_equal(high[1:], high[:-1], out=cut[1:-1])
    cut[starts] = True
    edges = np.flatnonzero(cut)
    cards = np.diff(edges)
    heads = np.empty((len(cards), 2), "<u2")
    heads[:, 0], heads[:, 1] = high[edges[:-1]], cards - 1
    first = np.searchsorted(edges, starts)
    dense = np.concatenate([[0], np.cumsum(cards > ARRAY_MAX)])
    bytes_before = np.concatenate([[0], np.cumsum(2 * cards)])
    pairs = zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)
    spans = zip(first[:-1].tolist(), first[1:].tolist(), strict=True)
    for (start, end), (a, b) in zip(pairs, spans, strict=True):
        if dense[b] > dense[a] or start == end:
            yield BitMap(ids[start:end]).serialize()
            continue
        size = b - a
        offsets = bytes_before[a:b] - bytes_before[a] + (8 + 8 * size)
        yield b"".join(
            (
                struct.pack("<II", COOKIE, size),
                heads[a:b].tobytes(),
                offsets.astype("<u4").tobytes(),
                low[start:end].tobytes(),
            )
        )
