"""Read builds, traits and bitmaps from the lake."""

import json
from collections.abc import Iterator, Sequence
from datetime import date
from functools import reduce
from operator import and_

import pyarrow as pa
import pyarrow.compute as pc
from pyroaring import BitMap

from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.tables import TRAIT, TRAIT_BITMAP, TRAIT_BUILD
from fullhouse.lake import Lake
from fullhouse.traits.trait import EVERYONE, Build, Trait

BLOCKS_AT_ONCE = 64
"""Bitmaps of this many blocks are in memory together: 67 million people."""


def builds(lake: Lake) -> list[Build]:
    """All finished builds, oldest first."""
    rows = lake.read(TRAIT_BUILD).sort_by("build").to_pylist()
    return [Build(id=r.pop("build"), **r) for r in rows]


def find_build(lake: Lake, *, as_of: date | None = None) -> Build:
    """The newest finished build whose as-of date is not after the one given.

    Newest is the latest as-of date, then the highest number.
    """
    found = builds(lake)
    fitting = [b for b in found if as_of is None or b.as_of <= as_of]
    if fitting:
        return max(fitting, key=lambda b: (b.as_of, b.id))
    if found:
        first = min(b.as_of for b in found)
        raise InputError(
            f"No trait build is as of {as_of} or earlier; the earliest is as of {first}."
            f" Make one with: fullhouse traits build --as-of {as_of}"
        )
    raise InputError("There are no traits yet. Make them with: fullhouse traits build --as-of DATE")


def traits_of(lake: Lake, build: Build) -> list[Trait]:
    """All traits of a build by number, built and not built."""
    rows = lake.read(TRAIT, where=pc.field("build") == build.id).sort_by("trait").to_pylist()
    return [
        Trait(
            id=r["trait"],
            name=r["name"],
            family=r["family"],
            label=r["label"],
            basis=r["basis"],
            definition=json.loads(r["definition"]),
            persons=r["persons"],
            by_source=json.loads(r["by_source"]),
            built=r["built"],
        )
        for r in rows
    ]


def find_trait(traits: Sequence[Trait], name: str) -> Trait:
    """The trait of that name; an error with near names when there is none."""
    found = {t.name: t for t in traits}
    if name not in found:
        raise InputError(f"No trait {name!r}.{did_you_mean(name, found)}")
    return found[name]


def everyone(lake: Lake, build: Build) -> dict[int, BitMap]:
    """Every living person of the build's base, by block, blocks ascending."""
    return {block: maps[EVERYONE] for block, maps in load_blocks(lake, build, [EVERYONE])}


def load_blocks(
    lake: Lake, build: Build, ids: Sequence[int]
) -> Iterator[tuple[int, dict[int, BitMap]]]:
    """The bitmaps of some traits, block after block, for every block of the base.

    A trait that nobody in a block has is there with an empty bitmap. Blocks ascend.
    """
    blocks = _base_blocks(lake, build)
    wanted = sorted(set(ids))
    for start in range(0, len(blocks), BLOCKS_AT_ONCE):
        some = blocks[start : start + BLOCKS_AT_ONCE]
        rows = _bitmaps(lake, build, wanted, some)
        found: dict[int, dict[int, BitMap]] = {b: {} for b in some}
        for block, trait, data in zip(
            rows["block"].to_pylist(), rows["trait"].to_pylist(), rows["bitmap"], strict=True
        ):
            found[block][trait] = BitMap.deserialize(data.as_py())
        for block in some:
            yield block, {t: found[block].get(t, BitMap()) for t in wanted}


def _base_blocks(lake: Lake, build: Build) -> list[int]:
    where = (pc.field("build") == build.id) & (pc.field("trait") == EVERYONE)
    rows = lake.read(TRAIT_BITMAP, columns=["block"], where=where)
    if not rows.num_rows and build.persons:
        raise RuntimeError(f"trait build {build.id} has no rows for EVERYONE in trait_bitmap")
    return sorted(rows["block"].to_pylist())


def _bitmaps(lake: Lake, build: Build, ids: list[int], blocks: list[int]) -> pa.Table:
    # A range as well as the set: file and row-group statistics prune by ranges.
    terms = [pc.field("build") == build.id]
    for column, values in (("block", blocks), ("trait", ids)):
        if not values:
            return TRAIT_BITMAP.schema.empty_table()
        terms += [
            pc.field(column) >= values[0],
            pc.field(column) <= values[-1],
            pc.field(column).isin(pa.array(values, pa.int32())),
        ]
    return lake.read(TRAIT_BITMAP, columns=["block", "trait", "bitmap"], where=reduce(and_, terms))
