"""Lay person data out: items numbered, events by kind and block of persons."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import TYPE_CHECKING

from fullhouse.core.errors import ConflictError
from fullhouse.core.tables import (
    ACCOUNT_PERSON,
    EVENT_TABLES,
    FILM,
    ITEM,
    PERSON_EVENT,
    PRODUCT,
    Table,
)
from fullhouse.core.values import BLOCK_BITS
from fullhouse.engine import Engine
from fullhouse.engine.expr import ibis
from fullhouse.lake import Lake
from fullhouse.traits.items import nullable, number_items, purchase_id
from fullhouse.traits.trait import KINDS

if TYPE_CHECKING:
    import ibis.expr.types as ir

INPUTS: tuple[Table, ...] = (ACCOUNT_PERSON, PRODUCT, FILM, *(EVENT_TABLES[k] for k in KINDS))
NOTE = "fullhouse.layout"
"""Under this name the last commit of a layout keeps its report and the versions it read."""
EVENTS_AT_ONCE = 20_000_000
"""Blocks are laid out together until they hold about so many events; each pass reads them all."""


@dataclass(frozen=True)
class Layout:
    """What a layout holds: items, and events by kind and source, with and without a person.

    `left_out` counts the events whose account no resolve run has seen yet.
    """

    items: int
    events: dict[str, int]
    left_out: dict[str, int]
    versions: dict[str, int]
    reused: bool = False


def lay_out(engine: Engine, lake: Lake) -> Layout:
    """Write ITEM and PERSON_EVENT from the events and the accounts' persons.

    Nothing is written, and `reused` is set, when the tables read have the versions of the last
    layout. An event whose account has no person is left out and counted.
    """
    versions = versions_of(lake, INPUTS)
    current = _current(lake, versions)
    if current is not None:
        return current
    items = number_items(engine, lake, lake.read(ITEM))
    lake.replace(ITEM, items)
    events = {k: engine.scan(lake.snapshot(EVENT_TABLES[k])) for k in KINDS}
    total = _by_source(engine, events)
    persons = _persons(engine, lake)
    parts = [
        _of_source(events[kind], kind, source, persons, engine, lake)
        for kind, source in (k.split(" ", 1) for k in total)
    ]
    groups = list(_groups(_blocks(engine, persons), sum(total.values())))
    version = lake.replace(PERSON_EVENT, PERSON_EVENT.schema.empty_table())
    for first, last in groups if parts else ():
        rows = parts[0] if len(parts) == 1 else ibis.union(*parts)
        # By person: it packs better, and counting a block then only has to check an order.
        some = rows.filter(rows.block.between(first, last)).order_by(["kind", "person"])
        part = engine.batches(some)
        lake.append(PERSON_EVENT, part, batch=f"layout {version} block {first}")
    written = version + len(groups) if parts else version
    if lake.live.version(PERSON_EVENT) != written:
        raise ConflictError("Another process laid out the same data meanwhile; run it again.")
    return _finish(engine, lake, items.num_rows, total, versions)


def versions_of(lake: Lake, tables: Iterable[Table]) -> dict[str, int]:
    """The newest version of each table; -1 before its first write."""
    return {t.name: -1 if (v := lake.version(t)) is None else v for t in tables}


def _current(lake: Lake, versions: Mapping[str, int]) -> Layout | None:
    note = lake.metadata(PERSON_EVENT).get(NOTE)
    if note is None:
        return None
    known = {f.name for f in fields(Layout)}
    layout = Layout(**{k: v for k, v in json.loads(note).items() if k in known})
    return replace(layout, reused=True) if layout.versions == versions else None


def _finish(
    engine: Engine, lake: Lake, items: int, total: dict[str, int], versions: dict[str, int]
) -> Layout:
    laid = engine.scan(lake.snapshot(PERSON_EVENT))
    counted = engine.arrow(laid.group_by(["kind", "source"]).aggregate(n=laid.count()))
    events = {f"{r['kind']} {r['source']}": r["n"] for r in counted.to_pylist()}
    left_out = {k: n - events.get(k, 0) for k, n in sorted(total.items()) if n > events.get(k, 0)}
    layout = Layout(items, dict(sorted(events.items())), left_out, versions)
    # A commit of its own, and the last: a layout that crashed before it is done again.
    batch = f"layout {lake.version(PERSON_EVENT)} done"
    note = {NOTE: json.dumps(asdict(layout))}
    lake.append(PERSON_EVENT, PERSON_EVENT.schema.empty_table(), batch=batch, metadata=note)
    return layout


def _persons(engine: Engine, lake: Lake) -> ir.Table:
    accounts = engine.scan(lake.snapshot(ACCOUNT_PERSON))
    return accounts.select(
        "source", "account", "person", block=(accounts.person >> BLOCK_BITS).cast("int32")
    )


def _of_source(
    events: ir.Table, kind: str, source: str, persons: ir.Table, engine: Engine, lake: Lake
) -> ir.Table:
    """The events of one kind and source in the columns of PERSON_EVENT.

    Source by source: joined on the source too, DuckDB 2.0 took it as a reason to join persons
    with items first, and 5 million purchases spilled 70 GB.
    """
    of = "product" if kind == "purchase" else "film"
    item = engine.scan(lake.snapshot(ITEM))
    item = item.filter(item.kind == of, item.source == source).select("item", "id")
    persons = persons.filter(persons.source == source).drop("source")
    events = events.filter(events.source == source)
    named = events.mutate(id=purchase_id(events) if kind == "purchase" else events.film)
    plain = named.select("account", "day", "id", **_measures(named, kind))
    known = plain.join(persons, "account").join(item, "id")
    known = known.mutate(kind=ibis.literal(kind), source=ibis.literal(source))
    return nullable(known.select(PERSON_EVENT.names))


def _measures(events: ir.Table, kind: str) -> dict[str, ir.Value]:
    quantity = events.quantity if kind in ("purchase", "ticket") else ibis.literal(1.0)
    if kind == "ticket":
        quantity = ibis.ifelse(events.refunded.fill_null(False), -quantity.abs(), quantity)
    priced = kind in ("purchase", "ticket")
    return {
        "quantity": quantity,
        "unit_price": events.unit_price if priced else ibis.null("float64"),
        "currency": events.currency if priced else ibis.null("string"),
        "city": events.city if kind == "ticket" else ibis.null("string"),
    }


def _by_source(engine: Engine, events: Mapping[str, ir.Table]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for kind, rows in events.items():
        counted = engine.arrow(rows.group_by("source").aggregate(n=rows.count()))
        counts |= {f"{kind} {r['source']}": r["n"] for r in counted.to_pylist()}
    return counts


def _blocks(engine: Engine, persons: ir.Table) -> list[int]:
    numbers: list[int] = engine.arrow(persons.select("block").distinct())["block"].to_pylist()
    return sorted(numbers)


def _groups(blocks: list[int], events: int) -> Iterator[tuple[int, int]]:
    """First and last block of each pass."""
    passes = -(-events // EVENTS_AT_ONCE)
    size = max(1, len(blocks) // max(1, passes))
    for start in range(0, len(blocks), size):
        yield blocks[start], blocks[min(start + size, len(blocks)) - 1]
