"""Map the rows of quarantine again: whose reason is gone comes in, the others say why now.

The rows come in first, then their identifiers, and they leave quarantine last. A row that is in
already, since a retry broke off in between, is recognised by its event id or as the same row.
"""

import json
import re
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.control.suppression import Suppression
from fullhouse.core.brief import Brief
from fullhouse.core.errors import ConflictError
from fullhouse.core.progress import Progress, silent
from fullhouse.core.settings import Settings
from fullhouse.core.tables import (
    ACCOUNT_TABLE,
    BEGUN,
    CONSENT,
    IDENTIFIER,
    INGESTED,
    QUARANTINE,
    Snapshot,
)
from fullhouse.core.values import pieces
from fullhouse.engine import DuckDBEngine
from fullhouse.engine.raw import held
from fullhouse.feeds.commit import (
    DUPLICATE,
    KNOWN,
    NEW,
    SUPPRESSED,
    accounts_by_row,
    identifier_rows,
    not_suppressed,
    of_source,
    row_outcomes,
    streamed,
    suppressed_rows,
)
from fullhouse.feeds.feed import Feed
from fullhouse.feeds.identify import Hasher
from fullhouse.feeds.ingest import MEMORY, prepare_hashed
from fullhouse.feeds.job import Job, Ready, Refusal
from fullhouse.feeds.piece import ROW, Chunk
from fullhouse.feeds.quarantine import LONGEST_VALUE, quarantine_rows
from fullhouse.feeds.refusals import check_feed_purposes, counted_refusals
from fullhouse.feeds.retract import (
    RETRY,
    LedgerFile,
    finish_broken_off,
    next_digest,
    retracted_digests,
    take_out,
)
from fullhouse.feeds.terms import BATCH_DIGITS, Terms, declared_identifiers
from fullhouse.lake import Lake
from fullhouse.lake.lake import TRIES, literal
from fullhouse.lake.maintain import delete_where

AT_ONCE = 20_000
"""Rows of quarantine that are in memory as Python's."""
_SCRUBBED = re.compile(r"(?:email|phone):[0-9a-f]{64}")
_LARGEST_INTEGER = 2**63


@dataclass(frozen=True)
class RetryReport(Brief):
    """What became of a feed's rows in quarantine.

    rows = written + known + suppressed + refused + incomplete. Known are rows that the lake has
    already, suppressed those of accounts that were erased; both leave quarantine. Of incomplete
    ones not all that the feed reads was stored: only the file itself can bring them in.
    """

    feed: str
    rows: int = 0
    written: int = 0
    known: int = 0
    suppressed: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    incomplete: int = 0

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return {**vars(self), "refused": dict(self.refused)}


@dataclass(frozen=True)
class _File:
    """A file that was begun, as far as its rows depend on it."""

    ledger: LedgerFile
    terms: Terms


@dataclass(frozen=True)
class _Run:
    """What all files of one retry share."""

    lake: Lake
    feed: Feed
    key: bytes
    settings: Settings
    now: datetime
    suppression: Suppression | None
    engine: DuckDBEngine
    accounts: int
    retracted: frozenset[str]
    counts: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)


@dataclass
class _Changes:
    """Of one batch of quarantine: rows that leave it, and reason and detail of those that stay."""

    gone: set[int] = field(default_factory=set)
    reasons: dict[int, tuple[str, str]] = field(default_factory=dict)


def retry(
    lake: Lake,
    feed: Feed,
    *,
    key: bytes,
    settings: Settings,
    now: datetime,
    progress: Progress = silent,
    suppression: Suppression | None = None,
) -> RetryReport:
    """Take in the rows of a feed's quarantine that can come in now, each exactly once.

    Doing the same again changes nothing; doing it again after a crash does the rest.
    """
    check_feed_purposes(feed, settings)
    lake = lake.live
    lake.check(feed.table, ACCOUNT_TABLE, IDENTIFIER, QUARANTINE, BEGUN, INGESTED)
    finish_broken_off(lake)
    files = _files(lake, feed)
    version = lake.version(ACCOUNT_TABLE)
    with DuckDBEngine(memory_limit=MEMORY, threads=settings.threads) as engine:
        run = _Run(
            lake, feed, key, settings, now, suppression, engine,
            -1 if version is None else version, retracted_digests(lake),
        )  # fmt: skip
        for batch, rows in _batches(run, files):
            file = files.get(batch[:BATCH_DIGITS])
            run.counts["rows"] += rows
            if file is None:
                run.counts["incomplete"] += rows
            else:
                _retry_batch(run, file, batch)
            progress(feed.name, run.counts["rows"])
    # Before the ledger: what it calls taken in is then known to be in the tables.
    lake.seal(feed.table, IDENTIFIER, QUARANTINE, BEGUN)
    _write_down(run, files)
    _check_not_retracted(run, files)
    counts = {n: run.counts[n] for n in ("rows", "written", "known", "suppressed", "incomplete")}
    return RetryReport(feed.name, refused=dict(run.refused.most_common()), **counts)


def _files(lake: Lake, feed: Feed) -> dict[str, _File]:
    """The files of a feed's source and kind, by what the batches of their rows begin with."""
    same = (pc.field("source") == feed.source) & (pc.field("kind") == feed.kind)
    files = {}
    for row in lake.read(BEGUN, where=same).to_pylist():
        terms = Terms.from_json(row["terms"])
        file = LedgerFile(
            row["source"], row["feed"], row["kind"], row["file"], row["digest"], row["content"],
            terms.after, row["at"],
        )  # fmt: skip
        files[file.batch] = _File(file, terms)
    return files


def _batches(run: _Run, files: Mapping[str, _File]) -> list[tuple[str, int]]:
    """The batches of a feed's rows in quarantine, and the rows of each, as they came."""
    counts: Counter[str] = Counter()
    first: dict[str, int] = {}
    for part in run.lake.batches(QUARANTINE, columns=["batch", "row"], where=_of_feed(run.feed)):
        for batch, row in zip(*(part.column(n).to_pylist() for n in range(2)), strict=True):
            counts[batch] += 1
            first[batch] = min(row, first.get(batch, row))

    def order(batch: str) -> tuple[str, str, int, str]:
        file = files.get(batch[:BATCH_DIGITS])
        begun = "" if file is None else file.ledger.begun_at.isoformat()
        return (begun, batch[:BATCH_DIGITS], first[batch], batch)

    return [(batch, counts[batch]) for batch in sorted(counts, key=order)]


def _of_feed(feed: Feed) -> pc.Expression:
    return (
        (pc.field("source") == feed.source)
        & (pc.field("kind") == feed.kind)
        & (pc.field("feed") == feed.name)
    )


def _retry_batch(run: _Run, file: _File, batch: str) -> None:
    where = _of_feed(run.feed) & (pc.field("batch") == batch)
    rows = run.lake.read(QUARANTINE, where=where).sort_by("row")
    job = _job(run, file)
    declared = _is_declared_alike(run, file, job.terms)
    changes = _Changes()
    for start in range(0, rows.num_rows, AT_ONCE):
        some = rows.slice(start, AT_ONCE).to_pylist()
        whole = {
            r["row"]: v for r in some if declared and (v := _values(run.feed, r["raw"])) is not None
        }
        run.counts["incomplete"] += len(some) - len(whole)
        for raw in _raw_tables(run.feed, whole):
            _retry_rows(run, job, raw, changes)
    _leave(run, batch, changes)


def _job(run: _Run, file: _File) -> Job:
    """The file under the feed and the settings of now."""
    # Rows without a time of their own have that of the file's beginning.
    now = run.now if "at" in run.feed.targets else file.terms.now
    terms = Terms.of(run.feed, run.settings, now=now, accounts=run.accounts)
    ledger = file.ledger
    return Job(
        run.feed, terms, Hasher(run.key, terms.phone_region), ledger.file, ledger.digest,
        ledger.content, run.feed.is_event, run.suppression,
        collected=run.feed.collector is not None,
    )  # fmt: skip


def _is_declared_alike(run: _Run, file: _File, terms: Terms) -> bool:
    """Whether what is a digest in the stored rows is what the feed holds for an identifier now."""
    feed, then = run.feed, file.terms.identifiers
    if then is None:
        own = next_digest(terms.digest(feed, file.ledger.content), run.retracted)
        return own == file.ledger.digest
    now = declared_identifiers(feed)
    if any(i.endswith(":phone") for i in now) and file.terms.phone_region != terms.phone_region:
        return False
    dropped = {i.rpartition(":")[0] for i in set(then) - set(now)}
    return set(now) <= set(then) and dropped.isdisjoint(feed.raw)


def _values(feed: Feed, text: str) -> dict[str, Any] | None:
    """The raw values that the feed reads, or None where one of them was not stored as it was."""
    raw = json.loads(text)
    if not isinstance(raw, dict) or any(name not in raw for name in feed.raw):
        return None
    if set(raw) == {"line", "bytes"} and raw["line"] is None:
        return None
    values = {name: raw[name] for name in feed.raw}
    return values if all(map(_is_whole, values.values())) else None


def _is_whole(value: Any) -> bool:
    match value:
        case None | bool() | float():
            return True
        case int():
            return -_LARGEST_INTEGER <= value < _LARGEST_INTEGER
        case str():
            return len(value) < LONGEST_VALUE and _SCRUBBED.search(value) is None
        case _:
            return False


def _raw_tables(feed: Feed, rows: Mapping[int, Mapping[str, Any]]) -> Iterator[pa.Table]:
    """The rows as tables of raw columns; those whose values are of other types stand apart."""
    by_types: dict[tuple[type, ...], list[int]] = {}
    for number, values in rows.items():
        types = tuple(str if values[c] is None else type(values[c]) for c in feed.raw)
        by_types.setdefault(types, []).append(number)
    arrow = {str: pa.string(), bool: pa.bool_(), int: pa.int64(), float: pa.float64()}
    for types, numbers in by_types.items():
        columns = {
            name: pa.array([rows[n][name] for n in numbers], arrow[kind])
            for name, kind in zip(feed.raw, types, strict=True)
        }
        yield pa.table({**columns, ROW: pa.array(numbers, pa.int64())})


def _retry_rows(run: _Run, job: Job, raw: pa.Table, changes: _Changes) -> None:
    chunk = Chunk(0, raw, (), raw.num_rows)
    ready = prepare_hashed(run.engine, run.lake, job, chunk, {})
    outcome = np.zeros(0, dtype=np.int8)
    if ready.rows.num_rows:
        outcome = _write(run, job, ready)
    numbers = ready.rows[ROW].to_numpy()
    inside = numbers[(outcome == NEW) | (outcome == KNOWN)].tolist()
    taken = numbers[outcome == DUPLICATE].tolist()
    refused = [*ready.refused, *(Refusal(r, "duplicate_event_id", "event_id") for r in taken)]
    left = not_suppressed(job, refused, {**ready.accounts, **accounts_by_row(ready.rows, taken)})
    staying = {r.row for r in left}
    suppressed = [*numbers[outcome == SUPPRESSED].tolist()]
    suppressed += [r.row for r in refused if r.row not in staying]
    _count_refusals(run, job, ready, inside, taken)
    run.counts["written"] += int((outcome == NEW).sum())
    run.counts["known"] += int((outcome == KNOWN).sum())
    run.counts["suppressed"] += len(suppressed)
    run.refused.update(r.reason for r in left)
    changes.gone.update(inside, suppressed)
    again = quarantine_rows(
        job.feed, job.terms, job.hasher, file=job.file, batch="", raw=raw, refused=left
    )
    for row in again.select(["row", "reason", "detail"]).to_pylist():
        changes.reasons[row["row"]] = (row["reason"], row["detail"])


def _write(run: _Run, job: Job, ready: Ready) -> npt.NDArray[np.int8]:
    """What became of each row, of which the new ones are written, with their identifiers."""
    lake, table = run.lake, job.feed.table
    # Never the name of another: what is there already is recognised by its rows.
    batch = f"{job.digest[:BATCH_DIGITS]}{RETRY}{uuid.uuid4().hex}"
    guard = f"source/{job.feed.source}"
    rows = ready.rows
    whole = rows.append_column("batch", pa.repeat(batch, rows.num_rows))
    outcomes = [_outcomes(run, job, lake.snapshot(table), rows, batch)]

    def new(snapshot: Snapshot) -> pa.RecordBatchReader:
        outcomes[:] = [_outcomes(run, job, snapshot, rows, batch)]
        return streamed(whole.filter(pa.array(outcomes[0] == NEW)))

    if (outcomes[0] == NEW).any():
        lake.append_checked(table, new, batch=batch, guard=guard)
    if not job.feed.identifiers:
        return outcomes[0]
    inside = rows.filter(pa.array((outcomes[0] == NEW) | (outcomes[0] == KNOWN)))
    named = identifier_rows(job, ready, inside, batch)

    def missing(snapshot: Snapshot) -> pa.Table:
        gone = suppressed_rows(job, named)
        allowed = named if gone is None else named.filter(pa.array(~gone))
        names = ["account", "kind", "digest"]
        return allowed.filter(
            pa.array(~_is_there(run.engine, of_source(snapshot, job.feed.source), allowed, names))
        )

    if missing(lake.snapshot(IDENTIFIER)).num_rows:
        lake.append_checked(IDENTIFIER, missing, batch=batch, guard=guard)
    return outcomes[0]


def _outcomes(
    run: _Run, job: Job, snapshot: Snapshot, rows: pa.Table, batch: str
) -> npt.NDArray[np.int8]:
    existing = of_source(snapshot, job.feed.source)
    if job.feed.is_event:
        outcome = row_outcomes(run.engine, existing, rows, batch=batch)
    else:
        names = [n for n in rows.column_names if n not in (ROW, "source", "at", "batch")]
        later = "at" not in job.feed.targets
        there = _is_there(run.engine, existing, rows, names, at="later" if later else "same")
        outcome = np.where(there, KNOWN, NEW).astype(np.int8)
    gone = suppressed_rows(job, rows)
    if gone is not None:
        outcome[gone] = SUPPRESSED
    return outcome


def _is_there(
    engine: DuckDBEngine,
    existing: Snapshot,
    rows: pa.Table,
    names: Sequence[str],
    *,
    at: str | None = None,
) -> npt.NDArray[np.bool_]:
    """Which rows the lake has already, alike in some columns; also of the same time, or later."""
    if not existing.uris or not rows.num_rows:
        return np.zeros(rows.num_rows, dtype=bool)
    asked = rows.select([*names, *(["at"] if at else [])])
    asked = asked.append_column("place", pa.array(np.arange(rows.num_rows)))
    with held(engine, asked) as wanted:
        lake = engine.scan(existing)
        alike = [wanted[n].identical_to(lake[n]) for n in names]
        if at == "same":
            alike.append(wanted["at"].identical_to(lake["at"]))
        elif at == "later":
            alike.append(lake["at"] >= wanted["at"])
        match = wanted.semi_join(lake, reduce(lambda a, b: a & b, alike)).select("place")
        places = engine.arrow(match)["place"].to_numpy()
    there = np.zeros(rows.num_rows, dtype=bool)
    there[places] = True
    return there


def _count_refusals(
    run: _Run, job: Job, ready: Ready, inside: Sequence[int], taken: Sequence[int]
) -> None:
    """Of consent: rows that are in speak for themselves; those that are not count as refusals."""
    if job.feed.table is not CONSENT:
        return
    lake, start = run.lake, job.digest[:16]
    names = [f"{start}:{row}:refusal:{p}" for row in inside for p in job.terms.purposes]
    for event_ids in pieces(sorted(_there(run, names)), AT_ONCE):
        listed = ", ".join(map(literal, event_ids))
        delete_where(
            lake, CONSENT, f"source = {literal(job.feed.source)} AND event_id IN ({listed})"
        )
    parts = [] if ready.refusals is None else [ready.refusals]
    parts.append(ready.rows.filter(pc.is_in(ready.rows[ROW], pa.array(taken, pa.int64()))))
    rows = counted_refusals(job, pa.concat_tables(parts))
    gone = suppressed_rows(job, rows)
    rows = rows if gone is None else rows.filter(pa.array(~gone))
    known = pa.array(sorted(_there(run, rows["event_id"].to_pylist())), pa.string())
    rows = rows.filter(pc.invert(pc.is_in(rows["event_id"], known)))
    if rows.num_rows:
        named = f"{job.digest}{RETRY}{uuid.uuid4().hex}:refusals"
        lake.append_checked(CONSENT, lambda _: rows, batch=named, guard=named)


def _there(run: _Run, event_ids: Sequence[str]) -> set[str]:
    """Which events of consent the lake has."""
    there: set[str] = set()
    for some in pieces(event_ids, AT_ONCE):
        inside = (pc.field("source") == run.feed.source) & pc.field("event_id").isin(some)
        there.update(
            run.lake.read(CONSENT, columns=["event_id"], where=inside)["event_id"].to_pylist()
        )
    return there


def _leave(run: _Run, batch: str, changes: _Changes) -> None:
    """Take rows out of one batch of quarantine, and give the others the reasons of now.

    In one commit, and of the rows as they are then: what an erasure took in between stays away.
    """
    lake, where = run.lake, {"source": run.feed.source, "batch": batch}
    inside = (pc.field("source") == run.feed.source) & (pc.field("batch") == batch)
    for _ in range(TRIES):
        version = lake.version(QUARANTINE)
        if version is None:
            return
        before = lake.read(QUARANTINE, where=inside, version=version)
        rows = before.to_pylist()
        after = [
            {**r, "reason": reason, "detail": detail}
            for r in rows
            if r["row"] not in changes.gone
            for reason, detail in [changes.reasons.get(r["row"], (r["reason"], r["detail"]))]
        ]
        if after == rows:
            return
        data = pa.Table.from_pylist(after, schema=QUARANTINE.schema)
        try:
            lake.replace(QUARANTINE, data, where=where, expected=version)
        except ConflictError:
            continue
        return
    raise ConflictError(code="table_changed", table=QUARANTINE.name)


def _write_down(run: _Run, files: Mapping[str, _File]) -> None:
    """One row in the table `ingested` for each retry of a file; also such as broke off."""
    table = run.feed.table
    counts: Counter[str] = Counter()
    of_source_ = pc.field("source") == run.feed.source
    inside = of_source_ & pc.match_substring(pc.field("batch"), RETRY)
    for part in run.lake.batches(table, columns=["batch"], where=inside):
        counts.update(part.column("batch").to_pylist())
    entries = []
    for batch, rows in counts.items():
        file = files.get(batch[:BATCH_DIGITS])
        if file is None or len(batch.partition(":")[0]) != BATCH_DIGITS:
            continue
        digest = file.ledger.digest + batch[BATCH_DIGITS:]
        entries.append(
            {
                "source": run.feed.source,
                "feed": run.feed.name,
                "kind": run.feed.kind,
                "digest": digest,
                "file": file.ledger.file,
                "read": rows,
                "written": rows,
                "known": 0,
                "quarantined": 0,
                "at": run.now,
                "batch": digest,
            }
        )
    if entries:
        run.lake.append_each(INGESTED, pa.Table.from_pylist(entries, schema=INGESTED.schema))
        run.lake.seal(INGESTED)


def _check_not_retracted(run: _Run, files: Mapping[str, _File]) -> None:
    """Whoever retracts a file while its rows are retried has the last of them taken out here."""
    gone = retracted_digests(run.lake) - run.retracted
    retracted = [f.ledger for f in files.values() if f.ledger.digest in gone]
    if retracted:
        take_out(run.lake, retracted)
        raise ConflictError("A file was retracted while its rows were retried; none of them is in.")
