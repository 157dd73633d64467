"""The rows that a counted block becomes: bitmaps by trait, and each person's traits."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from pyroaring import BitMap
from scipy.sparse import csr_array

from fullhouse.core.arrays import Flags, Integers
from fullhouse.core.tables import PERSON_TRAIT, TRAIT_BITMAP
from fullhouse.core.values import BLOCK_BITS
from fullhouse.traits.blocks import SIZE, locals_of
from fullhouse.traits.roaring import serialize_all
from fullhouse.traits.tally import Tally
from fullhouse.traits.trait import EVERYONE, KINDS


def person_rows(
    build: int, block: int, counted: Tally, columns: Integers, built: Flags
) -> pa.Table:
    """A row of `person_trait` for every person of the base in a block.

    `columns` are the candidates of each person that are not about items, -1 for none, ascending
    and after those of the pairs; `built` says which candidates are built.
    """
    traits, events, ends = _merge(counted, columns, built)
    size = len(counted.persons)
    offsets = pa.array(np.concatenate([[0], ends]), pa.int32())
    found = {
        "build": pa.array(np.full(size, build, np.int64)),
        "block": pa.array(np.full(size, block, np.int32)),
        "person": pa.array(counted.persons.astype(np.int64)),
        "traits": pa.ListArray.from_arrays(offsets, pa.array(traits)),
        "events": pa.ListArray.from_arrays(offsets, pa.array(events)),
    }
    found |= {k: pa.array(counted.kinds[:, n]) for n, k in enumerate(KINDS)}
    return pa.table(found).cast(PERSON_TRAIT.schema)


def _merge(counted: Tally, columns: Integers, built: Flags) -> tuple[Integers, Integers, Integers]:
    """Traits and events person after person, and where each person's end."""
    local, trait, behind = _with_few(counted)
    keep = built[trait]
    if not keep.all():
        local, trait, behind = local[keep], trait[keep], behind[keep]
    own = (columns >= 0) & built[columns]
    here = locals_of(counted.persons)
    first = np.bincount(local, minlength=1 << BLOCK_BITS)[here]
    second = own.sum(axis=1)
    ends = np.cumsum(first + second)
    if not columns.shape[1] or not own.any():
        return trait, behind, ends
    traits = np.empty(len(trait) + int(second.sum()), np.int32)
    events = np.zeros(len(traits), np.int32)
    # Each person's pairs are followed by that person's columns: both are in order already.
    before = np.repeat(np.cumsum(second) - second, first)
    at = np.arange(len(trait)) + before
    traits[at], events[at] = trait, behind
    after = np.repeat(np.cumsum(first), second) + np.arange(int(second.sum()))
    traits[after] = columns[own]
    events[after] = _behind(counted, columns)[own]
    return traits, events, ends


def _with_few(counted: Tally) -> tuple[Integers, Integers, Integers]:
    if not len(counted.few_local):
        return counted.local, counted.trait, counted.events
    local = np.concatenate([counted.local, counted.few_local])
    trait = np.concatenate([counted.trait, counted.few_trait])
    order = np.lexsort((trait, local))
    behind = np.concatenate([counted.events, counted.few_events])
    return local[order], trait[order], behind[order]


def _behind(counted: Tally, columns: Integers) -> Integers:
    found = np.zeros(columns.shape, np.int32)
    found[:, : counted.behind.shape[1]] = counted.behind
    return found


def bitmaps(
    block: int, counted: Tally, columns: Integers, built: Flags
) -> Iterator[tuple[int, int, bytes]]:
    """(trait, persons, bitmap) of every built trait that somebody in a block has, and of all."""
    yield EVERYONE, len(counted.persons), BitMap(counted.persons.astype(np.uint32)).serialize()
    yield from _serialized(block, counted.local, counted.trait, built)
    own = (columns >= 0) & built[columns]
    here = np.repeat(locals_of(counted.persons), own.sum(axis=1))
    yield from _serialized(block, here, columns[own], built)


def _serialized(
    block: int, local: Integers, trait: Integers, built: Flags
) -> Iterator[tuple[int, int, bytes]]:
    """Pairs person after person, turned to trait after trait: a transposition, not a sort."""
    if not len(local):
        return
    ends = np.cumsum(np.bincount(local, minlength=SIZE))
    rows = np.concatenate([[0], ends]).astype(np.int32)
    ones = np.ones(len(local), np.bool_)
    turned = csr_array((ones, trait, rows), shape=(SIZE, len(built))).tocsc()
    yield from _grouped(block, turned.indices, np.repeat(
        np.arange(len(built), dtype=np.int32), np.diff(turned.indptr)), built)  # fmt: skip


def _grouped(
    block: int, local: Integers, trait: Integers, built: Flags
) -> Iterator[tuple[int, int, bytes]]:
    """Bitmaps of pairs that are trait after trait, persons ascending in each."""
    if not len(local):
        return
    starts = np.append(np.flatnonzero(np.diff(trait, prepend=-1)), len(trait))
    ids = local.astype(np.uint32) | np.uint32(block << BLOCK_BITS)
    sizes = np.diff(starts).tolist()
    for number, n, data in zip(
        trait[starts[:-1]].tolist(), sizes, serialize_all(ids, starts), strict=True
    ):
        if built[number]:
            yield number, n, data


def bitmap_table(build: int, rows: list[tuple[int, int, int, bytes]]) -> pa.Table:
    """Rows of `trait_bitmap` from (trait, block, persons, bitmap), by trait and block."""
    rows.sort(key=lambda r: r[:2])
    return pa.table(
        {
            "build": pa.array(np.full(len(rows), build, np.int64)),
            "trait": pa.array([r[0] for r in rows], pa.int32()),
            "block": pa.array([r[1] for r in rows], pa.int32()),
            "persons": pa.array([r[2] for r in rows], pa.int64()),
            "bitmap": pa.array([r[3] for r in rows], pa.binary()),
        }
    ).cast(TRAIT_BITMAP.schema)
