"""One chunk into the lake, exactly once, whatever happens in between."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.core.tables import CONSENT, IDENTIFIER, QUARANTINE, Snapshot
from fullhouse.engine import DuckDBEngine
from fullhouse.engine.expr import ibis
from fullhouse.engine.raw import held
from fullhouse.feeds.event_ids import EventIds
from fullhouse.feeds.job import Job, Ready, Refusal, Tally
from fullhouse.feeds.piece import ROW, Bad
from fullhouse.feeds.quarantine import quarantine_rows
from fullhouse.feeds.refusals import counted_refusals
from fullhouse.feeds.resume import DUPLICATES, IDENTIFIERS, marks
from fullhouse.lake import Lake

NEW, KNOWN, DUPLICATE, SUPPRESSED = 0, 1, 2, 3
"""What becomes of a row: written; there already, the same; its id is taken by something else; its
account was erased."""


def of_source(snapshot: Snapshot, source: str) -> Snapshot:
    """A snapshot with the files of one source only."""
    inside = f"/source={source}/"
    return replace(snapshot, uris=tuple(u for u in snapshot.uris if inside in u))


def row_outcomes(
    engine: DuckDBEngine,
    existing: Snapshot,
    rows: pa.Table,
    *,
    batch: str,
    event_ids: EventIds | None = None,
    ids_only: bool = False,
) -> npt.NDArray[np.int8]:
    """What becomes of each row, by its `event_id`, beside the rows of its source in the lake.

    With `ids_only`, a row whose id is there is known, whatever else it says. Of rows that share
    an id, the one in the lake counts, else the first in the file. Rows that the same batch wrote
    earlier do not count as existing, so that a run after a crash comes to the same answer.
    """
    ids = rows["event_id"]
    asked = ids if event_ids is None else event_ids.maybe(engine, existing, ids)
    hits = _hits(engine, existing, asked)
    if not len(hits) and pc.count_distinct(ids).as_py() == len(ids):
        return np.zeros(len(ids), dtype=np.int8)
    compared = rows.select(["event_id", ROW]) if ids_only else rows
    return _compared(engine, existing, compared, hits, batch)


def unknown_accounts(
    engine: DuckDBEngine, accounts: Snapshot, rows: pa.Table
) -> npt.NDArray[np.bool_]:
    """Which rows are of accounts that no account feed of their source named."""
    if not accounts.uris:
        return np.ones(rows.num_rows, dtype=bool)
    with held(engine, pa.table({"account": rows["account"].unique()})) as wanted:
        named = engine.scan(accounts)
        known = engine.arrow(wanted.semi_join(named.select("account"), "account"))
    named_rows: pa.ChunkedArray = pc.is_in(rows["account"], known["account"].combine_chunks())
    known_rows: npt.NDArray[np.bool_] = np.asarray(named_rows.to_numpy(), dtype=bool)
    return ~known_rows


def _hits(engine: DuckDBEngine, existing: Snapshot, ids: pa.ChunkedArray) -> pa.Array:
    """Those of some event ids that the lake has; reads that one column only."""
    if not existing.uris or not len(ids):
        return pa.array([], pa.string())
    with held(engine, pa.table({"event_id": ids})) as wanted:
        lake = engine.scan(existing).select("event_id")
        # The chunk is the small side, on which the hash table is built.
        matches = engine.arrow(lake.semi_join(wanted, "event_id").distinct())
    return matches["event_id"].combine_chunks()


def _compared(
    engine: DuckDBEngine, existing: Snapshot, rows: pa.Table, hits: pa.Array, batch: str
) -> npt.NDArray[np.int8]:
    columns = [c for c in rows.column_names if c not in (ROW, "source", "batch")]
    others = _others(engine, existing, hits, columns, batch)
    with held(engine, rows.select([*columns, ROW])) as chunk, held(engine, others) as taken:
        first = chunk.group_by("event_id").agg(first=chunk[ROW].min())
        leaders = chunk.join(first, chunk[ROW] == first["first"]).select(chunk)
        first_rows = leaders.anti_join(taken, "event_id").select(*columns, leader=leaders[ROW])
        there = taken.select(*columns, leader=ibis.literal(-1, type="int64"))
        accepted = first_rows.union(there).rename({f"their_{c}": c for c in columns})
        pairs = chunk.left_join(accepted, chunk["event_id"] == accepted["their_event_id"])
        alike = reduce(
            lambda a, b: a & b, (pairs[c].identical_to(pairs[f"their_{c}"]) for c in columns)
        )
        outcome = ibis.cases(
            (pairs["leader"] == pairs[ROW], NEW), (alike, KNOWN), else_=DUPLICATE
        ).cast("int8")
        outcomes = engine.arrow(pairs.select(row=pairs[ROW], outcome=outcome).order_by("row"))
    order = np.argsort(rows[ROW].to_numpy(), kind="stable")
    answer = np.empty(rows.num_rows, dtype=np.int8)
    answer[order] = outcomes["outcome"].to_numpy()
    return answer


def _others(
    engine: DuckDBEngine, existing: Snapshot, hits: pa.Array, columns: Sequence[str], batch: str
) -> pa.Table:
    """The rows of the lake that other batches wrote under these ids."""
    if not len(hits):
        return existing.table.schema.empty_table().select(columns)
    with held(engine, pa.table({"event_id": hits})) as wanted:
        lake = engine.scan(existing)
        others = lake.filter(lake["batch"] != batch).semi_join(wanted, "event_id")
        return engine.arrow(others.select(*columns))


def commit(engine: DuckDBEngine, lake: Lake, job: Job, ready: Ready) -> Tally:
    """Write a chunk: refused rows, rows, rows refused by their id, identifiers.

    Each of the four is one Delta commit under the chunk's batch, and each is known again when it
    is there. What the second one determines can be determined again from the lake, so a run that
    dies between any two is made good by the next.
    """
    batch = job.batch(ready.chunk.number)
    tally = Tally(read=ready.chunk.read)
    tally.invalid.update(ready.invalid)
    tally.dropped.update(ready.dropped)
    _quarantine(
        lake, job, ready, batch, tally, refused=ready.refused, unread=ready.chunk.bad,
        accounts=ready.accounts,
    )  # fmt: skip
    if ready.rows.num_rows:
        outcome, fresh = _write(engine, lake, job, ready, batch)
        new = int((outcome == NEW).sum())
        tally.taken += new
        tally.written += new if fresh else 0
        tally.known += int((outcome == KNOWN).sum()) + (0 if fresh else new)
        tally.suppressed += int((outcome == SUPPRESSED).sum())
        taken_ids = ready.rows[ROW].to_numpy()[outcome == DUPLICATE].tolist()
        duplicates = tuple(Refusal(r, "duplicate_event_id", "event_id") for r in taken_ids)
        accounts = accounts_by_row(ready.rows, taken_ids)
        _quarantine(lake, job, ready, f"{batch}:id", tally, refused=duplicates, accounts=accounts)
        _identify(engine, lake, job, ready, outcome, batch)
        _count_refusals(lake, job, ready, taken_ids, batch, tally)
    else:
        _count_refusals(lake, job, ready, [], batch, tally)
    return tally


def _count_refusals(
    lake: Lake, job: Job, ready: Ready, duplicates: Sequence[int], batch: str, tally: Tally
) -> None:
    """Write the refusals of consent among the refused rows; see `refusals`."""
    if job.feed.table is not CONSENT:
        return
    parts = [] if ready.refusals is None else [ready.refusals]
    if duplicates:
        parts.append(ready.rows.filter(pc.is_in(ready.rows[ROW], pa.array(duplicates, pa.int64()))))
    if not parts:
        return
    rows = counted_refusals(job, pa.concat_tables(parts))
    tally.refusals += rows.num_rows
    if not rows.num_rows:
        return

    def allowed(_: Snapshot) -> pa.Table:
        gone = suppressed_rows(job, rows)
        return rows if gone is None else rows.filter(pa.array(~gone))

    named = f"{batch}:refusals"
    lake.append_checked(CONSENT, allowed, batch=named, guard=named)


def _write(
    engine: DuckDBEngine, lake: Lake, job: Job, ready: Ready, batch: str
) -> tuple[npt.NDArray[np.int8], bool]:
    """The outcome of each row, and whether it was this run that wrote the new ones."""
    table, rows = job.feed.table, ready.rows
    whole = rows.append_column("batch", pa.repeat(batch, rows.num_rows))
    outcomes: list[npt.NDArray[np.int8]] = []

    def unknown(snapshot: Snapshot) -> pa.RecordBatchReader:
        # Who is suppressed is asked after the snapshot was taken: an erasure that begins later
        # changes the table's metadata, so that this commit fails and is tried again.
        outcomes[:] = [_outcomes(engine, snapshot, job, rows, batch)]
        new = outcomes[0] == NEW
        return streamed(whole if new.all() else whole.filter(pa.array(new)))

    guard = f"source/{job.feed.source}" if job.by_id else batch
    fresh = lake.append_checked(
        table,
        unknown,
        batch=batch,
        guard=guard,
        marks=lambda: marks(ready.chunk.end, batch, _expected(job, outcomes[0])),
        left_out=lambda: int((outcomes[0] == SUPPRESSED).sum()),
    )
    if not fresh:
        # Another run wrote this batch, and perhaps died after it: find out again what became of
        # each row. `outcomes` may hold a view from before.
        outcomes[:] = [_outcomes(engine, lake.snapshot(table), job, rows, batch)]
    return outcomes[0], fresh


def _expected(job: Job, outcome: npt.NDArray[np.int8]) -> int | None:
    """Which commits follow that of a chunk's rows; None where that is not known yet."""
    if job.feed.table is CONSENT:
        return None
    duplicates = DUPLICATES if (outcome == DUPLICATE).any() else 0
    named = IDENTIFIERS if job.feed.identifiers and (outcome == NEW).any() else 0
    return duplicates + named


def _outcomes(
    engine: DuckDBEngine, snapshot: Snapshot, job: Job, rows: pa.Table, batch: str
) -> npt.NDArray[np.int8]:
    outcome = np.zeros(rows.num_rows, dtype=np.int8)
    if job.by_id:
        existing = of_source(snapshot, job.feed.source)
        outcome = row_outcomes(
            engine, existing, rows, batch=batch, event_ids=job.event_ids, ids_only=job.collected
        )
    gone = suppressed_rows(job, rows)
    if gone is not None:
        outcome[gone] = SUPPRESSED
    return outcome


def suppressed_rows(job: Job, rows: pa.Table) -> npt.NDArray[np.bool_] | None:
    """Which rows are of accounts that were erased; None where nobody was, or none are named."""
    if job.suppression is None or "account" not in rows.column_names:
        return None
    named = rows["account"].unique().to_pylist()
    gone = job.suppression.of(job.feed.source, named)
    if not gone:
        return None
    mask: pa.ChunkedArray = pc.is_in(rows["account"], pa.array(sorted(gone)))
    return np.asarray(mask.to_numpy(), dtype=bool)


def accounts_by_row(rows: pa.Table, numbers: Sequence[int]) -> dict[int, str]:
    """The account of each of some rows."""
    if not numbers or "account" not in rows.column_names:
        return {}
    chosen = rows.filter(pc.is_in(rows[ROW], pa.array(numbers, pa.int64())))
    return dict(zip(chosen[ROW].to_pylist(), chosen["account"].to_pylist(), strict=True))


def streamed(rows: pa.Table) -> pa.RecordBatchReader:
    """The rows bit by bit: writing them whole takes 200 MB more for a million."""
    return rows.drop_columns([ROW]).to_reader(max_chunksize=1 << 16)


def _quarantine(
    lake: Lake,
    job: Job,
    ready: Ready,
    batch: str,
    tally: Tally,
    *,
    refused: Sequence[Refusal],
    unread: Sequence[Bad] = (),
    accounts: Mapping[int, str],
) -> None:
    """Write refused rows, but for those of accounts that were erased, which are counted."""
    if not refused and not unread:
        return
    left: list[list[Refusal]] = []

    def rows(_: Snapshot) -> pa.Table:
        left[:] = [not_suppressed(job, refused, accounts)]
        return quarantine_rows(
            job.feed,
            job.terms,
            job.hasher,
            file=job.file,
            batch=batch,
            raw=ready.raw,
            bad=unread,
            refused=left[0],
        )

    if not lake.append_checked(
        QUARANTINE,
        rows,
        batch=batch,
        guard=batch,
        marks=lambda: marks(ready.chunk.end, batch),
        left_out=lambda: len(refused) - len(left[0]),
    ):
        left[:] = [not_suppressed(job, refused, accounts)]
    tally.quarantined.update(r.reason for r in left[0])
    tally.quarantined.update(b.reason for b in unread)
    tally.suppressed += len(refused) - len(left[0])


def not_suppressed(
    job: Job, refused: Sequence[Refusal], accounts: Mapping[int, str]
) -> list[Refusal]:
    """The refused rows but those of accounts that were erased."""
    if job.suppression is None:
        return list(refused)
    gone = job.suppression.of(job.feed.source, accounts.values())
    return [r for r in refused if accounts.get(r.row) not in gone]


def _identify(
    engine: DuckDBEngine,
    lake: Lake,
    job: Job,
    ready: Ready,
    outcome: npt.NDArray[np.int8],
    batch: str,
) -> None:
    """Write the identifiers of the rows that were written, each once per account and file.

    Not once for all files: each can be retracted, and then its own go.
    """
    if not job.feed.identifiers:
        return
    named = identifier_rows(job, ready, ready.rows.filter(pa.array(outcome == NEW)), batch)
    if job.identified is not None:
        named = job.identified.new(engine, named)
    # Later chunks name hardly anybody new; that they are written whole is a commit all the same.
    if not named.num_rows and not ready.chunk.number:
        return

    def allowed(_: Snapshot) -> pa.Table:
        gone = suppressed_rows(job, named)
        return named if gone is None else named.filter(pa.array(~gone))

    lake.append_checked(IDENTIFIER, allowed, batch=batch, guard=batch)


def identifier_rows(job: Job, ready: Ready, rows: pa.Table, batch: str) -> pa.Table:
    """The identifiers of some rows of a chunk, each once per account."""
    places = pc.index_in(rows[ROW], ready.raw[ROW].combine_chunks())
    parts = [
        pa.table(
            {
                "account": rows["account"],
                "kind": pa.repeat(kind, rows.num_rows),
                "digest": ready.raw[column].take(places),
                "at": rows["at"],
            }
        )
        for column, kind in job.feed.identifier_columns.items()
    ]
    together = pa.concat_tables(parts)
    together = together.filter(pc.is_valid(together["digest"]))
    once = together.group_by(["account", "kind", "digest"]).aggregate([("at", "min")])
    count = once.num_rows
    return pa.table(
        {
            "source": pa.repeat(job.feed.source, count),
            "account": once["account"],
            "kind": once["kind"],
            "digest": once["digest"],
            "at": once["at_min"],
            "batch": pa.repeat(batch, count),
        }
    )
