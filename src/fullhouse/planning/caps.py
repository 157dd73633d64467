"""A channel's cap for somebody in several audiences: rows that hold over cells."""

import numpy as np

from fullhouse.core.arrays import Flags, Floats
from fullhouse.planning.cells import Slots
from fullhouse.planning.optimise import Rows


def cap_rows(slots: Slots) -> Rows:
    """In no week is anybody shown more on a channel than its cap, whatever audiences they are in.

    A slot alone keeps to it by its `most`: so in each cell, channel and week the shares of their
    most that slots spend add up to 1 at most. A set of slots that meet in a cell within a larger
    set that meet in another needs no row of its own.
    """
    found: list[Floats] = []
    places = np.c_[slots.channel, slots.city, slots.week]
    for place in np.unique(places, axis=0):
        mine = np.flatnonzero((places == place).all(axis=1) & (slots.most > 0))
        for together in _largest(slots.reaches[mine]):
            row = np.zeros(len(slots))
            row[mine[together]] = 1 / slots.most[mine[together]]
            found.append(row)
    matrix = np.array(found).reshape(len(found), len(slots))
    return Rows(matrix, np.ones(len(found)), ("",) * len(found))


def _largest(reaches: Flags) -> Flags:
    """The sets (rows) of two slots or more that meet in a cell and lie within no other such set."""
    # As one number a cell: many times faster to tell apart than rows are.
    packed = np.packbits(reaches, axis=0)
    code = np.zeros(packed.shape[1], dtype=np.uint64)
    for byte in packed:
        code = (code << np.uint64(8)) | byte
    _, first = np.unique(code, return_index=True)
    sets = reaches.T[first]
    sets = sets[sets.sum(axis=1) >= 2]
    sizes = sets.sum(axis=1)
    common = sets.astype(np.int64) @ sets.T.astype(np.int64)
    within = (common == sizes[:, None]) & (sizes[None] > sizes[:, None])
    found: Flags = sets[~within.any(axis=1)]
    return found
