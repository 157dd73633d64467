"""Builds, traits and bitmaps in the lake: read, written and deleted."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import reduce
from operator import and_

import pyarrow as pa
import pyarrow.compute as pc
from pyroaring import BitMap

from fullhouse.core.cache import Cache
from fullhouse.core.errors import InputError, NotFoundError, did_you_mean
from fullhouse.core.tables import ITEM_TRAIT, PERSON_TRAIT, TRAIT, TRAIT_BITMAP, TRAIT_BUILD
from fullhouse.lake import Lake
from fullhouse.traits.trait import EVERYONE, Build, Trait

MOST_TRAITS = 50_000
"""Traits of builds that are in memory for the next look."""

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
    every = builds(lake)
    build = newest(every, as_of=as_of)
    if build is not None:
        return build
    if every:
        first = min(b.as_of for b in every)
        raise InputError(code="no_build_by_then", as_of=as_of, earliest=first)
    raise InputError(code="no_traits")


def newest(builds: Sequence[Build], *, as_of: date | None = None) -> Build | None:
    """Of some builds the one whose date is latest, then the highest number; None without any."""
    by_then = [b for b in builds if as_of is None or b.as_of <= as_of]
    return max(by_then, key=lambda b: (b.as_of, b.id), default=None)


def build_numbered(lake: Lake, number: int) -> Build:
    """The build of that number; an error with the numbers there are when there is none."""
    by_number = {b.id: b for b in builds(lake)}
    if number not in by_number:
        known = ", ".join(map(str, by_number)) or "none"
        raise NotFoundError(f"No trait build {number}. There are: {known}.")
    return by_number[number]


def traits_of(lake: Lake, build: Build) -> list[Trait]:
    """All traits of a build by number, built and not built.

    Read once for each version of the table: thousands of definitions take longer to parse than a
    count takes.
    """
    key = (lake.uri(TRAIT), lake.version(TRAIT), build.id)
    known = _TRAITS.get(key)
    if known is None:
        known = _read_traits(lake, build)
        _TRAITS.put(key, known, len(known))
    return list(known)


_TRAITS: Cache[list[Trait]] = Cache(MOST_TRAITS)


def _read_traits(lake: Lake, build: Build) -> list[Trait]:
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
    by_name = {t.name: t for t in traits}
    if name not in by_name:
        raise NotFoundError(f"No trait {name!r}.{did_you_mean(name, by_name)}")
    return by_name[name]


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
        by_block: dict[int, dict[int, BitMap]] = {b: {} for b in some}
        for block, trait, data in zip(
            rows["block"].to_pylist(), rows["trait"].to_pylist(), rows["bitmap"], strict=True
        ):
            by_block[block][trait] = BitMap.deserialize(data.as_py())
        for block in some:
            yield block, {t: by_block[block].get(t, BitMap()) for t in wanted}


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


def write_bitmaps(
    lake: Lake, build: int, bitmaps: Mapping[int, Mapping[int, BitMap]], *, batch: str
) -> None:
    """Append bitmaps given as block → trait → persons; EVERYONE is one of the traits."""
    rows = [
        {"build": build, "trait": t, "block": b, "persons": len(m), "bitmap": m.serialize()}
        for b, maps in sorted(bitmaps.items())
        for t, m in sorted(maps.items())
        if m
    ]
    lake.append(TRAIT_BITMAP, pa.Table.from_pylist(rows, schema=TRAIT_BITMAP.schema), batch=batch)


def write_traits(lake: Lake, build: int, traits: Sequence[Trait], *, batch: str) -> None:
    """Append the traits of a build."""
    rows = [
        {
            "build": build,
            "trait": t.id,
            "name": t.name,
            "family": t.family,
            "label": t.label,
            "basis": t.basis,
            "definition": json.dumps(t.definition, ensure_ascii=False, sort_keys=True),
            "persons": t.persons,
            "by_source": json.dumps(t.by_source, ensure_ascii=False, sort_keys=True),
            "built": t.built,
        }
        for t in traits
    ]
    lake.append(TRAIT, pa.Table.from_pylist(rows, schema=TRAIT.schema), batch=batch)


def finish(lake: Lake, build: Build, *, batch: str) -> None:
    """Append the row without which a build did not happen."""
    row = {"build": build.id} | {k: v for k, v in vars(build).items() if k != "id"}
    lake.append(TRAIT_BUILD, pa.Table.from_pylist([row], schema=TRAIT_BUILD.schema), batch=batch)


def delete_build(lake: Lake, build: Build) -> None:
    """Remove a build with its traits and bitmaps. Its number is not given again.

    What still needs it is the caller's to check. The row that makes a build visible goes first,
    so that a crash in between leaves rows that nothing reads.
    """
    for table in (TRAIT_BUILD, TRAIT, ITEM_TRAIT, TRAIT_BITMAP, PERSON_TRAIT):
        if lake.version(table) is not None:
            lake.replace(table, table.schema.empty_table(), where={"build": build.id})
