"""The events behind traits: which they are, and how many each person has, on any engine."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa

from fullhouse.core.errors import InputError
from fullhouse.core.tables import ITEM_TRAIT, PERSON_EVENT, Snapshot, Table
from fullhouse.core.values import Window
from fullhouse.engine import Engine
from fullhouse.engine.expr import ibis
from fullhouse.lake import Lake
from fullhouse.traits.select import FILTERS
from fullhouse.traits.store import traits_of
from fullhouse.traits.trait import KINDS, Build, Trait

if TYPE_CHECKING:
    import ibis.expr.types as ir

COLUMNS = ("kind", "block", "person", "source", "day", "item", "quantity")
LONG_AGO = date(1900, 1, 1)
NEVER = date(9999, 12, 31)


def matching_events(engine: Engine, lake: Lake, build: Build, traits: Sequence[Trait]) -> ir.Table:
    """The person events that any of the traits counts, each once, as the build read them.

    That is: of its kinds, about its items, inside its window, on or before the build's date.
    Columns kind, block, person, source, day, item, quantity. Traits on the basis of 'person'
    count no single events and match none.
    """
    events = _events(engine, lake, build)
    some = _by_item(engine, lake, build, [t for t in traits if is_narrow(t)])
    some = some.group_by("of", "number").aggregate(first=some.first.min())
    wide = _windows(engine, build, [t for t in traits if not is_narrow(t)])
    wide = wide.group_by("of").aggregate(first_of_any=wide.first.min())
    hit = events.left_join(some, [events.kind == some.of, events["item"] == some.number])
    hit = hit.select(*COLUMNS, "first")
    hit = hit.left_join(wide, hit.kind == wide.of).select(*COLUMNS, "first", "first_of_any")
    first = ibis.least(hit.first.fill_null(NEVER), hit.first_of_any.fill_null(NEVER))
    return hit.filter(hit.day >= first).select(*COLUMNS)


def trait_counts(engine: Engine, lake: Lake, build: Build, events: ir.Table) -> ir.Table:
    """(person, trait, events): how many of these events each built counted trait has.

    Inside each trait's own window and before any minimum count; a refund counts -1.
    """
    traits = [t for t in traits_of(lake, build) if t.built]
    some = _by_item(engine, lake, build, [t for t in traits if is_narrow(t)])
    wide = _windows(engine, build, [t for t in traits if not is_narrow(t)])
    hit = events.join(some, [events["item"] == some.number, events.kind == some.of])
    hit = hit.select("person", "day", "quantity", "trait", "first")
    any_ = events.join(wide, events.kind == wide.of)
    hit = hit.union(any_.select("person", "day", "quantity", "trait", "first"))
    hit = hit.filter(hit.day >= hit.first)
    hit = hit.mutate(one=ibis.ifelse(hit.quantity < 0, -1, 1))
    counted = hit.group_by("person", "trait").aggregate(events=hit.one.sum().cast("int64"))
    return counted.select("person", "trait", "events")


def is_narrow(trait: Trait) -> bool:
    """Whether its events must be about certain items; those are in `item_trait`."""
    return any(f in trait.definition for f in FILTERS)


def _by_item(engine: Engine, lake: Lake, build: Build, traits: Sequence[Trait]) -> ir.Table:
    """(of, number, trait, first) for every kind, item and trait that counts it from a first day."""
    windows = _windows(engine, build, traits)
    items = engine.scan(lake.snapshot(ITEM_TRAIT))
    items = items.filter(items.build == build.id).select(number=items["item"], about=items.trait)
    joined = items.join(windows, items.about == windows.trait)
    return joined.select("of", "number", "trait", "first")


def _windows(engine: Engine, build: Build, traits: Sequence[Trait]) -> ir.Table:
    """(of, trait, first): the kinds a trait counts and the first day of its window."""
    rows = [
        (kind, t.id, Window(t.definition["window_days"]).first_day(build.as_of) or LONG_AGO)
        for t in traits
        if t.basis in KINDS
        for kind in t.definition["kinds"]
    ]
    table = {
        "of": pa.array([r[0] for r in rows], pa.string()),
        "trait": pa.array([r[1] for r in rows], pa.int32()),
        "first": pa.array([r[2] for r in rows], pa.date32()),
    }
    return engine.memory(pa.table(table))


def _events(engine: Engine, lake: Lake, build: Build) -> ir.Table:
    events = engine.scan(_snapshot(lake, build, PERSON_EVENT)).select(*COLUMNS)
    return events.filter(events.day <= ibis.literal(build.as_of))


def _snapshot(lake: Lake, build: Build, table: Table) -> Snapshot:
    version = json.loads(build.inputs)[table.name]
    if version < 0:
        return Snapshot(table, -1, lake.uri(table), ())
    try:
        return lake.snapshot(table, version=version)
    except InputError:
        raise InputError(
            code="build_inputs_gone", build=build.id, table=table.name, as_of=build.as_of
        ) from None
