"""What the lake already knows of a chunk: its event ids, its accounts."""

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

import ibis
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.core.tables import Snapshot
from fullhouse.engine import DuckDBEngine
from fullhouse.engine.raw import held
from fullhouse.feeds.piece import ROW

NEW, KNOWN, DUPLICATE = 0, 1, 2
"""What becomes of a row: written; there already, the same; its id is taken by something else."""


def of_source(snapshot: Snapshot, source: str) -> Snapshot:
    """A snapshot with the files of one source only."""
    inside = f"/source={source}/"
    return replace(snapshot, uris=tuple(u for u in snapshot.uris if inside in u))


def fates(
    engine: DuckDBEngine, existing: Snapshot, rows: pa.Table, *, batch: str
) -> npt.NDArray[np.int8]:
    """What becomes of each row, by its `event_id`, beside the rows of its source in the lake.

    Of rows that share an id, the one in the lake counts, else the first in the file. Rows that
    the same batch wrote earlier do not count as existing, so that a run after a crash comes to
    the same answer.
    """
    hits = _hits(engine, existing, rows["event_id"])
    ids = rows["event_id"]
    if not len(hits) and pc.count_distinct(ids).as_py() == len(ids):
        return np.zeros(len(ids), dtype=np.int8)
    return _compared(engine, existing, rows, hits, batch)


def unknown_accounts(
    engine: DuckDBEngine, accounts: Snapshot, rows: pa.Table
) -> npt.NDArray[np.bool_]:
    """Which rows are of accounts that no account feed of their source named."""
    if not accounts.uris:
        return np.ones(rows.num_rows, dtype=bool)
    with held(engine, pa.table({"account": rows["account"].unique()})) as asked:
        named = engine.scan(accounts)
        known = engine.arrow(asked.semi_join(named.select("account"), "account"))
    found: pa.ChunkedArray = pc.is_in(rows["account"], known["account"].combine_chunks())
    known_rows: npt.NDArray[np.bool_] = np.asarray(found.to_numpy(), dtype=bool)
    return ~known_rows


def _hits(engine: DuckDBEngine, existing: Snapshot, ids: pa.ChunkedArray) -> pa.Array:
    """The event ids of the chunk that the lake has; reads that one column only."""
    if not existing.uris:
        return pa.array([], pa.string())
    with held(engine, pa.table({"event_id": ids})) as asked:
        lake = engine.scan(existing).select("event_id")
        # The chunk is the small side, on which the hash table is built.
        found = engine.arrow(lake.semi_join(asked, "event_id").distinct())
    return found["event_id"].combine_chunks()


def _compared(
    engine: DuckDBEngine, existing: Snapshot, rows: pa.Table, hits: pa.Array, batch: str
) -> npt.NDArray[np.int8]:
    columns = [c for c in rows.column_names if c not in (ROW, "source", "batch")]
    others = _others(engine, existing, hits, columns, batch)
    with held(engine, rows.select([*columns, ROW])) as chunk, held(engine, others) as taken:
        first = chunk.group_by("event_id").agg(first=chunk[ROW].min())
        leaders = chunk.join(first, chunk[ROW] == first["first"]).select(chunk)
        mine = leaders.anti_join(taken, "event_id").select(*columns, leader=leaders[ROW])
        there = taken.select(*columns, leader=ibis.literal(-1, type="int64"))
        accepted = mine.union(there).rename({f"their_{c}": c for c in columns})
        pairs = chunk.left_join(accepted, chunk["event_id"] == accepted["their_event_id"])
        alike = reduce(
            lambda a, b: a & b, (pairs[c].identical_to(pairs[f"their_{c}"]) for c in columns)
        )
        fate = ibis.cases(
            (pairs["leader"] == pairs[ROW], NEW), (alike, KNOWN), else_=DUPLICATE
        ).cast("int8")
        found = engine.arrow(pairs.select(row=pairs[ROW], fate=fate).order_by("row"))
    order = np.argsort(rows[ROW].to_numpy(), kind="stable")
    answer = np.empty(rows.num_rows, dtype=np.int8)
    answer[order] = found["fate"].to_numpy()
    return answer


def _others(
    engine: DuckDBEngine, existing: Snapshot, hits: pa.Array, columns: Sequence[str], batch: str
) -> pa.Table:
    """The rows of the lake that other batches wrote under these ids."""
    if not len(hits):
        return existing.table.schema.empty_table().select(columns)
    with held(engine, pa.table({"event_id": hits})) as asked:
        lake = engine.scan(existing)
        found = lake.filter(lake["batch"] != batch).semi_join(asked, "event_id")
        return engine.arrow(found.select(*columns))
