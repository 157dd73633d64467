"""Every account of the house as a node of the graph of accounts, numbered alike on every engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from fullhouse.core.tables import ACCOUNT_TABLE, EVENT_TABLES, IDENTIFIER, Snapshot, Table
from fullhouse.engine import Scratch
from fullhouse.engine.expr import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir

BUCKET_ROWS = 4_000_000
"""Rows numbered by one window: a single window over all would be one task on a cluster."""
_SAMPLES_PER_BUCKET = 200


def numbered(
    scratch: Scratch,
    table: ir.Table,
    rows: int,
    *,
    by: Sequence[str],
    start: int,
    bucket_rows: int = BUCKET_ROWS,
) -> ir.Table:
    """The table with `number`: `start`, `start` + 1, ... in the order of the columns `by`.

    The columns together must be unique, and are compared as bytes or integers. The rows are cut
    into ranges, each numbered on its own; a random sample chooses the cuts, which cannot move a
    number, only even out the work.
    """
    cuts = _cuts(scratch, table, rows, by, -(-rows // bucket_rows))
    cut = table.mutate(bucket=_bucket([table[c] for c in by], cuts))
    if cuts:
        cut = scratch.keep(cut)
    counts = scratch.engine.arrow(cut.group_by("bucket").aggregate(rows=cut.count()))
    first = scratch.engine.memory(_offsets(counts, start))
    window = ibis.window(group_by="bucket", order_by=[cut[c] for c in by])
    within = cut.mutate(within=ibis.row_number().over(window).cast("int64"))
    joined = within.join(first, within.bucket == first.of_bucket)
    return joined.select(*table.columns, number=joined.within + joined.first)


def _cuts(
    scratch: Scratch, table: ir.Table, rows: int, by: Sequence[str], buckets: int
) -> list[tuple[Any, ...]]:
    if buckets < 2:
        return []
    share = min(1.0, buckets * _SAMPLES_PER_BUCKET / rows)
    sample = scratch.engine.arrow(table.select(*by).filter(ibis.random() < share))
    points = sorted({tuple(row.values()) for row in sample.to_pylist()})
    return sorted({points[len(points) * i // buckets] for i in range(1, buckets)} if points else ())


def _bucket(columns: list[ir.Column], cuts: Sequence[tuple[Any, ...]]) -> ir.IntegerColumn:
    """How many cuts lie at or below a row."""
    if not cuts:
        return ibis.literal(0, "int32")
    branches = [(_before(columns, cut), ibis.literal(i, "int32")) for i, cut in enumerate(cuts)]
    return ibis.cases(*branches, else_=ibis.literal(len(cuts), "int32"))


def _before(columns: list[ir.Column], cut: tuple[Any, ...]) -> ir.BooleanColumn:
    first, *rest = columns
    if not rest:
        return first < cut[0]
    return (first < cut[0]) | ((first == cut[0]) & _before(rest, cut[1:]))


def _offsets(counts: pa.Table, start: int) -> pa.Table:
    buckets = sorted(zip(counts["bucket"].to_pylist(), counts["rows"].to_pylist(), strict=True))
    firsts = [start]
    for _, rows in buckets:
        firsts.append(firsts[-1] + rows)
    return pa.table(
        {
            "of_bucket": pa.array([b for b, _ in buckets], pa.int32()),
            "first": pa.array(firsts[:-1], pa.int64()),
        }
    )


MENTIONS: tuple[Table, ...] = (ACCOUNT_TABLE, IDENTIFIER, *EVENT_TABLES.values())
"""The tables that make an account exist by naming it."""


def unseen(scratch: Scratch, snapshots: Mapping[str, Snapshot], known: ir.Table) -> ir.Table:
    """The accounts that some table names and `known` does not: kept rows (source, account)."""
    named = _named(scratch, snapshots)
    if named is None:
        return known.select("source", "account").limit(0)
    # One distinct over all: one hash table instead of one for each of the tables.
    return scratch.keep(named.distinct().anti_join(known, ["source", "account"]))


def unnamed(scratch: Scratch, snapshots: Mapping[str, Snapshot], accounts: ir.Table) -> ir.Table:
    """Those of some accounts that no table names any more: kept rows, with their columns."""
    named = _named(scratch, snapshots)
    if named is None or not scratch.count(accounts):
        return accounts
    named = scratch.keep(named.semi_join(accounts, ["source", "account"]).distinct())
    if not scratch.count(named):
        return accounts
    return scratch.keep(accounts.anti_join(named, ["source", "account"]))


def _named(scratch: Scratch, snapshots: Mapping[str, Snapshot]) -> ir.Table | None:
    """Every source and account that a row of any table names; None while there are none."""
    written = [snapshots[t.name] for t in MENTIONS if snapshots[t.name].uris]
    if not written:
        return None
    named = [scratch.engine.scan(s).select("source", "account") for s in written]
    return reduce(lambda one, two: one.union(two), named)


def numbered_nodes(scratch: Scratch, fresh: ir.Table, rows: int, *, start: int) -> ir.Table:
    """Kept rows of the accounts to decide on, with `node`, numbered by source and account.

    Any other account's node is its person, which is below `start`; so the smallest node of a
    component is its smallest earlier person, where it has one.
    """
    ranked = numbered(scratch, fresh, rows, by=["source", "account"], start=start)
    return scratch.keep(ranked.rename(node="number"))


def all_nodes(settled: ir.Table, fresh: ir.Table) -> ir.Table:
    """Settled and fresh accounts with their nodes."""
    known = settled.select("source", "account", node="person")
    return ibis.union(known, fresh.select("source", "account", "node"))
