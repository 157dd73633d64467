"""One block of persons at a time: its events and its persons, handed over by the engine."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from fullhouse.core.arrays import Integers
from fullhouse.core.tables import Snapshot
from fullhouse.core.values import BLOCK_BITS
from fullhouse.engine import Engine
from fullhouse.traits.kernel import Columns

SIZE = 1 << BLOCK_BITS
EVENTS_AT_ONCE = 16_000_000
"""A block with more events is cut into ranges of persons, so that memory stays bounded."""


@dataclass(frozen=True)
class Need:
    """Which columns beside person and item a build asks for."""

    day: bool = False
    source: bool = False
    price: bool = False


@dataclass(frozen=True)
class BlockEvents:
    """Events of one kind in one block, or in a range of its persons."""

    columns: Columns
    source: Integers | None
    price: Integers | None
    currency: Integers | None


def of_block(snapshot: Snapshot, block: int, *, kind: str | None = None) -> Snapshot:
    """The files of one block alone: cheaper than to let an engine look at all of them."""
    wanted = [f"/block={block}/"] + ([f"/kind={kind}/"] if kind else [])
    return replace(snapshot, uris=tuple(u for u in snapshot.uris if all(w in u for w in wanted)))


def ranges(events: int) -> Iterator[tuple[int, int]]:
    """First and last person within a block of each range that is read together."""
    parts = max(1, -(-events // EVENTS_AT_ONCE))
    edges = [SIZE * n // parts for n in range(parts + 1)]
    for low, high in pairwise(edges):
        yield low, high - 1


def read_events(
    engine: Engine,
    snapshot: Snapshot,
    kind: str,
    block: int,
    within: tuple[int, int],
    *,
    as_of: date,
    need: Need,
    sources: Sequence[str],
    currencies: Sequence[str],
) -> BlockEvents:
    """Events on or before a day; sources and currencies as places in the lists, -1 for others."""
    rows = engine.scan(of_block(snapshot, block, kind=kind))
    # EntryFact again: an engine that reads by Delta reads more than those files.
    rows = rows.filter(rows.kind == kind, rows.block == block, rows.day <= ibis.literal(as_of))
    local = (rows.person & (SIZE - 1)).cast("int32")
    if within != (0, SIZE - 1):
        rows = rows.filter(local.between(*within))
    columns: dict[str, ir.Value] = {"local": local, "item": rows["item"]}
    if kind == "ticket":
        columns["back"] = rows.quantity < 0
    if need.day:
        columns["day"] = rows.day
    if need.source:
        columns["source"] = _place(rows.source, sources)
    if need.price and kind == "purchase":
        columns |= {"price": rows.unit_price, "currency": _place(rows.currency, currencies)}
    found = engine.arrow(rows.select(**columns))
    return BlockEvents(
        Columns(_numpy(found, "local"), _numpy(found, "item"), _days(found), _maybe(found, "back")),
        _maybe(found, "source"),
        _maybe(found, "price"),
        _maybe(found, "currency"),
    )


def _place(column: ir.StringColumn, values: Sequence[str]) -> ir.IntegerColumn:
    if not values:
        return ibis.literal(-1).cast("int32")
    branches = [(v, ibis.literal(n).cast("int32")) for n, v in enumerate(values)]
    return column.cases(*branches, else_=ibis.literal(-1).cast("int32")).cast("int32")


def _numpy(table: pa.Table, name: str) -> Integers:
    found: Integers = table[name].to_numpy()
    return found


def _maybe(table: pa.Table, name: str) -> Integers | None:
    return _numpy(table, name) if name in table.column_names else None


def _days(table: pa.Table) -> Integers | None:
    if "day" not in table.column_names:
        return None
    found: Integers = table["day"].cast(pa.int32()).to_numpy()
    return found


def locals_of(persons: Integers) -> Integers:
    """Persons as places within their block."""
    found: Integers = (persons & (SIZE - 1)).astype(np.int32)
    return found
