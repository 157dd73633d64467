"""What links accounts: identifiers that few of them share, and pairs that a model linked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from fullhouse.engine import Scratch

if TYPE_CHECKING:
    import ibis.expr.types as ir

SHARD_ROWS = 8_000_000
"""Identifier rows grouped at a time: the hash table of more would not fit in a small memory."""


@dataclass(frozen=True)
class Links:
    """Edges between nodes, and the identifiers that link nobody."""

    edges: list[ir.Table]
    refused: pa.Table


def by_identifier(
    scratch: Scratch,
    identifiers: ir.Table,
    accounts: ir.Table,
    *,
    most: int,
    shard_rows: int = SHARD_ROWS,
) -> Links:
    """Edges (a, b) from each account to the smallest node that shares an identifier with it.

    An identifier that more than `most` accounts share links nobody, and is returned as refused:
    (kind, digest, accounts), in order.
    """
    shards = -(-scratch.count(identifiers) // shard_rows)
    edges, refused = [], []
    for low, high in digest_ranges(max(shards, 1)):
        inside = identifiers
        if low is not None:
            inside = inside.filter(inside.digest >= low)
        if high is not None:
            inside = inside.filter(inside.digest < high)
        part, too_many = _shard(scratch, inside, accounts, most)
        edges.append(part)
        refused.append(too_many)
    order = [("kind", "ascending"), ("digest", "ascending")]
    return Links(edges, pa.concat_tables(refused).sort_by(order))


def by_model(scratch: Scratch, pairs: ir.Table, accounts: ir.Table) -> ir.Table:
    """Edges (a, b) of the pairs of accounts that a model linked; unknown accounts link nobody."""
    first = accounts.select(source_a="source", account_a="account", a="node")
    second = accounts.select(source_b="source", account_b="account", b="node")
    joined = pairs.join(first, ["source_a", "account_a"]).join(second, ["source_b", "account_b"])
    return scratch.keep(joined.filter(joined.a != joined.b).select("a", "b").distinct())


def digest_ranges(shards: int) -> list[tuple[str | None, str | None]]:
    """Ranges of hexadecimal digests, from and below, that together cover every text."""
    cuts = [f"{65536 * i // shards:04x}" for i in range(1, shards)]
    return list(zip([None, *cuts], [*cuts, None], strict=True))


def _shard(
    scratch: Scratch, identifiers: ir.Table, accounts: ir.Table, most: int
) -> tuple[ir.Table, pa.Table]:
    # Most identifiers belong to one account: only the others are looked at closely.
    counted = identifiers.group_by("kind", "digest").aggregate(rows=identifiers.count())
    several = identifiers.semi_join(counted.filter(counted.rows > 1), ["kind", "digest"])
    # Distinct: a feed that is loaded twice does not make an identifier shared.
    named = scratch.keep(several.select("kind", "digest", "source", "account").distinct())
    shared = scratch.keep(named.group_by("kind", "digest").aggregate(accounts=named.count()))
    refused = scratch.engine.arrow(shared.filter(shared.accounts > most))
    few = shared.filter(shared.accounts.between(2, most)).select("kind", "digest")
    linking = named.semi_join(few, ["kind", "digest"])
    rows = scratch.keep(
        linking.join(accounts, ["source", "account"]).select("kind", "digest", "node")
    )
    lowest = rows.group_by("kind", "digest").aggregate(low=rows.node.min())
    joined = rows.join(lowest, ["kind", "digest"])
    pairs = joined.filter(joined.node != joined.low).select(a="node", b="low")
    edges = scratch.keep(pairs.distinct())
    scratch.forget(named, shared, rows)
    return edges, refused
