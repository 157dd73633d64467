"""People counted in cells, whom slots reach, and the caps that hold over cells.

A cell's size comes from the people themselves (bitmaps or arrays of ids), not from a formula that
takes audiences for independent. Inside a cell a line's impressions fall on everybody alike: that
is the only assumption.
"""

from collections.abc import Sequence

import numpy as np

from fullhouse.core.arrays import Flags, Floats, Integers
from fullhouse.planning.problem import AudienceCells, PlanRows, Slots

MOST_SETS = 30


def cells(
    audiences: Sequence[Flags],
    channels: Sequence[Flags],
    city: Integers,
    expected: Floats,
    weight: Floats | None = None,
) -> AudienceCells:
    """People counted by cell. All arguments run over people.

    `weight` is how many each stands for, where they are a sample; `expected` are tickets of each.
    """
    sets = [*audiences, *channels]
    if len(sets) > MOST_SETS:
        raise ValueError(f"at most {MOST_SETS} audiences and channels together, not {len(sets)}")
    weight = np.ones(len(city)) if weight is None else weight
    code = np.asarray(city, dtype=np.int64) << len(sets)
    for i, flags in enumerate(sets):
        code |= flags.astype(np.int64) << i
    kinds, of_person = np.unique(code, return_inverse=True)
    bits = (kinds[:, None] >> np.arange(len(sets))) & 1 == 1
    size = len(kinds)
    return AudienceCells(
        bits[:, : len(audiences)],
        bits[:, len(audiences) :],
        kinds >> len(sets),
        np.bincount(of_person, weight, minlength=size).astype(np.float64),
        np.bincount(of_person, weight * expected, minlength=size).astype(np.float64),
    )


def reach(slots: Slots, cells_: AudienceCells, spend: Floats) -> tuple[Floats, float, float]:
    """People reached by each slot alone; by all together; and impressions a person reached.

    A channel reaches `limit` of whom it addresses; on those, impressions of a slot are Poisson. A
    person is missed by all slots with the product of the chances to be missed by each; slots of
    one channel reach the same `limit` of a cell's people.
    """
    rates = slots.rates(spend)
    within = rates / slots.limit
    alone = slots.addressed * slots.limit * -np.expm1(-within)
    missed = np.ones(len(cells_))
    for channel in np.unique(slots.channel):
        of_channel = slots.channel == channel
        limit = float(slots.limit[of_channel][0])
        hits = (within[of_channel, None] * slots.reaches[of_channel]).sum(0)
        missed *= 1 - limit * -np.expm1(-hits)
    every = float((cells_.persons * (1 - missed)).sum())
    impressions = float((spend / slots.unit_price).sum())
    return alone, every, impressions / every if every else 0.0


def cap_rows(slots: Slots) -> PlanRows:
    """In no week is anybody shown more on a channel than its cap, whatever audiences they are in.

    A slot alone keeps to it by its `most`: so in each cell, channel and week the shares of their
    most that slots spend add up to 1 at most. A set of slots that meet in a cell within a larger
    set that meet in another needs no row of its own.
    """
    rows: list[Floats] = []
    places = np.c_[slots.channel, slots.city, slots.week]
    for place in np.unique(places, axis=0):
        here = np.flatnonzero((places == place).all(axis=1) & (slots.most > 0))
        for together in _largest(slots.reaches[here]):
            row = np.zeros(len(slots))
            row[here[together]] = 1 / slots.most[here[together]]
            rows.append(row)
    matrix = np.array(rows).reshape(len(rows), len(slots))
    return PlanRows(matrix, np.ones(len(rows)))


def _largest(reaches: Flags) -> Flags:
    """The sets (rows) of two slots or more that meet in a cell and lie within no other such set."""
    # As one number a cell: many times faster to compare than rows are.
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
    largest: Flags = sets[~within.any(axis=1)]
    return largest
