"""Write a build: bitmaps, person rows and traits first, the row that makes it visible last."""

import json
from collections.abc import Mapping, Sequence

import pyarrow as pa
from pyroaring import BitMap

from fullhouse.core.tables import TRAIT, TRAIT_BITMAP, TRAIT_BUILD
from fullhouse.lake import Lake
from fullhouse.traits.trait import Build, Trait


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
