"""Every account the house knows of, each as a node of the graph of accounts."""

from collections.abc import Mapping
from functools import reduce

import ibis
import ibis.expr.types as ir

from fullhouse.core.tables import ACCOUNT_TABLE, EVENT_TABLES, IDENTIFIER, Snapshot, Table
from fullhouse.engine import Scratch
from fullhouse.people.number import numbered

MENTIONS: tuple[Table, ...] = (ACCOUNT_TABLE, IDENTIFIER, *EVENT_TABLES.values())
"""The tables that make an account exist by naming it."""


def unseen(scratch: Scratch, snapshots: Mapping[str, Snapshot], known: ir.Table) -> ir.Table:
    """The accounts that some table names and `known` does not: kept rows (source, account)."""
    written = [snapshots[t.name] for t in MENTIONS if snapshots[t.name].uris]
    if not written:
        return known.select("source", "account").limit(0)
    named = [scratch.engine.scan(s).select("source", "account") for s in written]
    # One distinct over all: one hash table instead of one for each of the tables.
    every = reduce(ir.Table.union, named).distinct()
    return scratch.keep(every.anti_join(known, ["source", "account"]))


def numbered_nodes(scratch: Scratch, fresh: ir.Table, rows: int, *, start: int) -> ir.Table:
    """Kept rows (source, account, node) of the fresh accounts, numbered by source and account.

    A known account's node is its person, which is below `start`; so the smallest node of a
    component is its smallest earlier person, where it has one.
    """
    ranked = numbered(scratch, fresh, rows, by=["source", "account"], start=start)
    return scratch.keep(ranked.select("source", "account", node="number"))


def all_nodes(known: ir.Table, fresh: ir.Table) -> ir.Table:
    """Known and fresh accounts with their nodes."""
    return ibis.union(known.select("source", "account", node="person"), fresh)
