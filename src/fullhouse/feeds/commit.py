"""One chunk into the lake, exactly once, whatever happens in between."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.core.tables import IDENTIFIER, QUARANTINE, Snapshot
from fullhouse.engine import DuckDBEngine
from fullhouse.feeds.chunk import Chunk
from fullhouse.feeds.feed import Feed
from fullhouse.feeds.identify import Hasher
from fullhouse.feeds.known import DUPLICATE, KNOWN, NEW, fates, of_source
from fullhouse.feeds.map import Refusal
from fullhouse.feeds.piece import ROW
from fullhouse.feeds.quarantine import quarantine_rows
from fullhouse.feeds.terms import Terms
from fullhouse.lake import Lake


@dataclass(frozen=True)
class Job:
    """A file on its way into the lake."""

    feed: Feed
    terms: Terms
    hasher: Hasher
    file: str
    digest: str
    content: str
    columns: Sequence[str]
    by_id: bool
    """Whether each row's event id is looked up in the lake."""


@dataclass(frozen=True)
class Ready:
    """A chunk that was mapped: rows to write, refusals, and the raw rows behind (hashed)."""

    chunk: Chunk
    raw: pa.Table
    rows: pa.Table
    refused: tuple[Refusal, ...]
    invalid: dict[str, int]


@dataclass
class Tally:
    """What became of rows: in this run, and (`taken`) in all runs of this file."""

    read: int = 0
    written: int = 0
    known: int = 0
    taken: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    invalid: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Tally") -> None:
        """Add another tally to this one."""
        self.read += other.read
        self.written += other.written
        self.known += other.known
        self.taken += other.taken
        self.quarantined.update(other.quarantined)
        self.invalid.update(other.invalid)


def commit(engine: DuckDBEngine, lake: Lake, job: Job, ready: Ready) -> Tally:
    """Write a chunk: refused rows, rows, rows refused by their id, identifiers.

    Each of the four is one Delta commit under the chunk's batch, and each is known again when it
    is there. What the second one finds out can be found out again from the lake, so a run that
    dies between any two is made good by the next.
    """
    # Half of the digest: the batch stands in every row.
    batch = f"{job.digest[:32]}:{ready.chunk.number}"
    tally = Tally(read=ready.chunk.read)
    tally.invalid.update(ready.invalid)
    _quarantine(lake, job, ready, batch, tally, refused=ready.refused, bad=True)
    if ready.rows.num_rows:
        fate, fresh = _write(engine, lake, job, ready.rows, batch)
        new = int((fate == NEW).sum())
        tally.taken += new
        tally.written += new if fresh else 0
        tally.known += int((fate == KNOWN).sum()) + (0 if fresh else new)
        taken_ids = ready.rows[ROW].to_numpy()[fate == DUPLICATE].tolist()
        duplicates = tuple(Refusal(r, "duplicate_event_id", "event_id") for r in taken_ids)
        _quarantine(lake, job, ready, f"{batch}:id", tally, refused=duplicates)
        _identify(lake, job, ready, fate, batch)
    return tally


def _write(
    engine: DuckDBEngine, lake: Lake, job: Job, rows: pa.Table, batch: str
) -> tuple[npt.NDArray[np.int8], bool]:
    """The fate of each row, and whether it was this run that wrote the new ones."""
    table = job.feed.table
    whole = rows.append_column("batch", pa.repeat(batch, rows.num_rows))
    if not job.by_id:
        fresh = lake.append_checked(table, lambda _: _stream(whole), batch=batch, guard=batch)
        return np.zeros(rows.num_rows, dtype=np.int8), fresh
    found: list[npt.NDArray[np.int8]] = []

    def unknown(snapshot: Snapshot) -> pa.RecordBatchReader:
        found[:] = [fates(engine, of_source(snapshot, job.feed.source), rows, batch=batch)]
        new = found[0] == NEW
        return _stream(whole if new.all() else whole.filter(pa.array(new)))

    fresh = lake.append_checked(table, unknown, batch=batch, guard=f"source/{job.feed.source}")
    if not fresh:
        # Another run wrote this batch, and perhaps died after it: find out again what became of
        # each row. `found` may hold a view from before.
        existing = of_source(lake.snapshot(table), job.feed.source)
        found[:] = [fates(engine, existing, rows, batch=batch)]
    return found[0], fresh


def _stream(rows: pa.Table) -> pa.RecordBatchReader:
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
    bad: bool = False,
) -> None:
    unread = ready.chunk.bad if bad else ()
    if not refused and not unread:
        return
    rows = quarantine_rows(
        job.feed,
        job.terms,
        job.hasher,
        file=job.file,
        batch=batch,
        raw=ready.raw,
        bad=unread,
        refused=refused,
        columns=job.columns,
    )
    lake.append(QUARANTINE, rows, batch=batch)
    tally.quarantined.update(r.reason for r in refused)
    tally.quarantined.update(b.reason for b in unread)


def _identify(lake: Lake, job: Job, ready: Ready, fate: npt.NDArray[np.int8], batch: str) -> None:
    """Write the identifiers of the rows that were written, each once per account and chunk."""
    if not job.feed.identifiers:
        return
    rows = ready.rows.filter(pa.array(fate == NEW))
    places = pc.index_in(rows[ROW], ready.raw[ROW].combine_chunks())
    found = [
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
    together = pa.concat_tables(found)
    together = together.filter(pc.is_valid(together["digest"]))
    if not together.num_rows:
        return
    once = together.group_by(["account", "kind", "digest"]).aggregate([("at", "min")])
    count = once.num_rows
    lake.append(
        IDENTIFIER,
        pa.table(
            {
                "source": pa.repeat(job.feed.source, count),
                "account": once["account"],
                "kind": once["kind"],
                "digest": once["digest"],
                "at": once["at_min"],
                "batch": pa.repeat(batch, count),
            }
        ),
        batch=batch,
    )
