"""Read one block of persons at a time and count it: who has which candidate, how active all are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from fullhouse.core.arrays import Integers
from fullhouse.core.tables import Snapshot
from fullhouse.core.values import BLOCK_BITS
from fullhouse.engine import Engine
from fullhouse.engine.expr import ibis
from fullhouse.traits.kernel import Columns, Pairs, activity, count_pairs, price_of
from fullhouse.traits.plan import BuildPlan, Need, VisitRule
from fullhouse.traits.trait import EVENT_KINDS, KINDS

if TYPE_CHECKING:
    import ibis.expr.types as ir

SIZE = 1 << BLOCK_BITS
EVENTS_AT_ONCE = 16_000_000
"""A block with more events is cut into ranges of persons, so that memory stays bounded."""


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
    # The condition again: an engine that reads by Delta reads more than those files.
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
    table = engine.arrow(rows.select(**columns))
    return BlockEvents(
        Columns(_numpy(table, "local"), _numpy(table, "item"), _days(table), _maybe(table, "back")),
        _maybe(table, "source"),
        _maybe(table, "price"),
        _maybe(table, "currency"),
    )


def _place(column: ir.StringColumn, values: Sequence[str]) -> ir.IntegerColumn:
    if not values:
        return ibis.literal(-1).cast("int32")
    branches = [(v, ibis.literal(n).cast("int32")) for n, v in enumerate(values)]
    return column.cases(*branches, else_=ibis.literal(-1).cast("int32")).cast("int32")


def _numpy(table: pa.Table, name: str) -> Integers:
    values: Integers = table[name].to_numpy()
    return values


def _maybe(table: pa.Table, name: str) -> Integers | None:
    return _numpy(table, name) if name in table.column_names else None


def _days(table: pa.Table) -> Integers | None:
    if "day" not in table.column_names:
        return None
    days: Integers = table["day"].cast(pa.int32()).to_numpy()
    return days


def locals_of(persons: Integers) -> Integers:
    """Persons as places within their block."""
    places: Integers = (persons & (SIZE - 1)).astype(np.int32)
    return places


@dataclass(frozen=True)
class BlockTally:
    """What was counted in one block: pairs about items, and columns with a row per person.

    Persons are those of the base, ascending; `local` of the pairs is the place in the block.
    `few` are pairs with fewer events than the trait needs: those persons do not have it, and
    discovery takes the events from their activity all the same. `columns` hold candidate numbers,
    -1 for none; `behind` the events behind each.
    """

    persons: Integers
    local: Integers
    trait: Integers
    events: Integers
    few_local: Integers
    few_trait: Integers
    few_events: Integers
    columns: Integers
    behind: Integers
    active: Integers
    kinds: Integers

    def save(self, path: Path) -> None:
        """Put it aside in a file."""
        with path.open("wb") as file:
            for part in vars(self).values():
                np.save(file, part)

    @classmethod
    def load(cls, path: Path) -> BlockTally:
        """Take it back."""
        with path.open("rb") as file:
            return cls(**{f.name: np.load(file) for f in fields(cls)})


Read = Callable[[str, tuple[int, int]], BlockEvents]


def tally(plan: BuildPlan, persons: Integers, read: Read, events: dict[str, int]) -> BlockTally:
    """Count a block; `read` gives its events by kind and range, `events` their number by kind."""
    member = np.zeros(SIZE, np.bool_)
    here = locals_of(persons)
    member[here] = True
    kinds = np.zeros((len(KINDS), SIZE), np.int32)
    active = np.zeros((len(plan.active), SIZE), np.int32)
    visits = np.zeros((len(plan.visits), SIZE), np.int32)
    longer = np.zeros((len(plan.visits), SIZE), np.int32)
    priced, paid = np.zeros(SIZE, np.int64), np.zeros(SIZE, np.int64)
    parts: list[tuple[Pairs, Pairs]] = []
    for within in ranges(sum(events.values())):
        events_of = {k: read(k, within) for k in EVENT_KINDS if events.get(k)}
        columns = {k: f.columns for k, f in events_of.items()}
        parts.append(count_pairs(columns, plan.maps, plan.least, plan.most))
        for n, kind in enumerate(KINDS):
            if kind in columns:
                kinds[n] += activity(columns[kind], SIZE)
        for n, rule in enumerate(plan.visits):
            visits[n] += activity(columns.get(rule.kind), SIZE, first=rule.first)
            if rule.lapsed is not None:
                longer[n] += activity(columns.get(rule.kind), SIZE, first=rule.lapsed[1])
        active += _active_by_source(plan, events_of)
        if plan.price is not None and (bought := events_of.get("purchase")) is not None:
            assert bought.price is not None
            assert bought.currency is not None
            price = np.nan_to_num(bought.price)
            n_, total = plan.price.scores(bought.columns, price, bought.currency, SIZE)
            priced, paid = priced + n_, paid + total
    level, behind = _levels(plan, visits, longer, priced, paid)
    pairs, few = (Pairs.joined(p) for p in zip(*parts, strict=True))
    pairs, few = pairs.take(member[pairs.local]), few.take(member[few.local])
    return BlockTally(
        persons,
        *(pairs.local, pairs.trait, pairs.events),
        *(few.local, few.trait, few.events),
        _stack(level, here),
        _stack(behind, here),
        np.ascontiguousarray(active[:, here].T),
        np.ascontiguousarray(kinds[:, here].T),
    )


def _levels(
    plan: BuildPlan, visits: Integers, longer: Integers, priced: Integers, paid: Integers
) -> tuple[list[Integers], list[Integers]]:
    """Which candidate each person is, by visits and by price, -1 for none; and the events of it."""
    level = [_visited(r, visits[n], longer[n]) for n, r in enumerate(plan.visits)]
    behind = [np.where(c >= 0, _behind(r, visits[n]), 0) for n, (r, c) in
              enumerate(zip(plan.visits, level, strict=True))]  # fmt: skip
    if plan.price is not None:
        place = price_of(priced, paid, plan.price_least)
        level.append(np.where(place >= 0, place + plan.price_start, -1))
        behind.append(np.zeros(SIZE, np.int32))
    return level, behind


def _active_by_source(plan: BuildPlan, events_of: dict[str, BlockEvents]) -> Integers:
    counts = np.zeros((len(plan.active), SIZE), np.int32)
    if not plan.active:
        return counts
    width = len(plan.active) + 1
    for events in events_of.values():
        assert events.source is not None
        columns, source = events.columns, events.source
        sign = None if columns.back is None else np.where(columns.back, -1.0, 1.0)
        key = columns.local.astype(np.int64) * width + source
        if plan.active_first is not None:
            assert columns.day is not None
            inside = columns.day >= plan.active_first
            key, sign = key[inside], None if sign is None else sign[inside]
        key = key + 1  # source -1 goes to column 0
        n = np.bincount(key, weights=sign, minlength=SIZE * width)
        counts += n.reshape(SIZE, width)[:, 1:].T.astype(np.int32)
    return counts


def _visited(rule: VisitRule, visits: Integers, longer: Integers) -> Integers:
    if rule.lapsed is not None:
        return np.where((visits <= 0) & (longer > 0), rule.lapsed[0], -1).astype(np.int32)
    assert rule.bounds is not None
    trait, least, most = rule.bounds
    return np.where((visits >= least) & (visits <= most), trait, -1).astype(np.int32)


def _behind(rule: VisitRule, visits: Integers) -> Integers:
    return visits if rule.lapsed is None else np.zeros_like(visits)


def _stack(columns: Sequence[Integers], rows: Integers) -> Integers:
    if not columns:
        return np.empty((len(rows), 0), np.int32)
    return np.stack([c[rows] for c in columns], axis=1).astype(np.int32)
