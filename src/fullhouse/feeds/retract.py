"""Take the rows of files out again, so that the same files can come in anew.

What is to go is first written down (table `retracted`): from then on, the file counts as new, and
whatever of its rows is still there is taken out by the next ingest of the feed after a crash.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.core.brief import Brief
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.tables import (
    BEGUN,
    CONSENT,
    FEED_TABLES,
    IDENTIFIER,
    INGESTED,
    QUARANTINE,
    RETRACTED,
    RETRACTED_ACCOUNT,
    Table,
)
from fullhouse.core.values import pieces
from fullhouse.feeds.terms import BATCH_DIGITS, Terms
from fullhouse.lake import Lake
from fullhouse.lake.lake import literal
from fullhouse.lake.maintain import delete_where

AT_ONCE = 100
"""Files whose rows are taken out in one commit of each table."""
LEAST_DIGITS = 8
RETRY = ":r"
"""Stands between a file's digits and the name of a retry, in the batch of what came in by it."""


@dataclass(frozen=True)
class LedgerFile(Brief):
    """A file that was begun: what became of its rows, or None while it is not in whole."""

    source: str
    feed: str
    kind: str
    file: str
    digest: str
    content: str
    after: str
    """The digest of the bytes that it goes on from, where it is a file that grew."""
    begun_at: datetime
    read: int | None = None
    written: int | None = None
    known: int | None = None
    quarantined: int | None = None

    @property
    def batch(self) -> str:
        """What the batches of its rows begin with."""
        return self.digest[:BATCH_DIGITS]

    @property
    def table(self) -> Table:
        """Where its rows are."""
        return FEED_TABLES[self.kind]


@dataclass(frozen=True)
class Retraction(Brief):
    """Files whose rows go, or went, and how many rows of each table that are.

    `refusals` of the rows refuse a purpose: without them these people may take part again.
    """

    files: tuple[LedgerFile, ...]
    rows: Mapping[str, int]
    done: bool
    refusals: int = 0

    @property
    def total(self) -> int:
        """Rows of all tables."""
        return sum(self.rows.values())


def ledger(lake: Lake) -> tuple[LedgerFile, ...]:
    """Every file that was begun and not retracted, in the order of beginning."""
    whole: dict[str, dict[str, Any]] = {}
    # A file's own row comes before those of retries, whose digest is the file's and more.
    for row in sorted(lake.read(INGESTED).to_pylist(), key=lambda r: str(r["digest"])):
        digest, _, is_retry = row["digest"].partition(":")
        if not is_retry:
            whole[digest] = row
        elif digest in whole:
            whole[digest]["written"] += row["written"]
            left = whole[digest]["quarantined"] - row["written"]
            whole[digest]["quarantined"] = max(left, 0)
    files = []
    for row in lake.read(BEGUN).to_pylist():
        counts = whole.get(row["digest"], {})
        files.append(
            LedgerFile(
                row["source"],
                row["feed"],
                row["kind"],
                row["file"],
                row["digest"],
                row["content"],
                Terms.from_json(row["terms"]).after,
                row["at"],
                *(counts.get(name) for name in ("read", "written", "known", "quarantined")),
            )
        )
    return tuple(sorted(files, key=lambda f: (f.begun_at, f.source, f.file, f.digest)))


def files_named(files: Sequence[LedgerFile], name: str) -> tuple[LedgerFile, ...]:
    """The files of a feed by its name, one by its batch, or those by a file's name.

    Files that go on from one of them, since it grew, are among them.
    """
    digits = name.partition(":")[0].lower()
    by_batch = [f for f in files if len(digits) >= LEAST_DIGITS and f.digest.startswith(digits)]
    chosen = (
        by_batch or [f for f in files if f.feed == name] or [f for f in files if f.file == name]
    )
    if not chosen:
        known = {word for f in files for word in (f.feed, f.file)}
        raise InputError(code="not_taken_in", name=name, near=did_you_mean(name, known))
    if len({(f.source, f.kind, f.feed) for f in chosen}) > 1:
        feeds = sorted({f"{f.feed} ({f.source}, {f.kind})" for f in chosen})
        raise InputError(f"{name!r} is more than one feed: {', '.join(feeds)}. Name a batch.")
    return _with_later(files, chosen)


def count(lake: Lake, files: Sequence[LedgerFile]) -> Retraction:
    """What retracting files would take out of each table."""
    return Retraction(tuple(files), _rows(lake, files), done=False, refusals=_refusals(lake, files))


def retract(lake: Lake, files: Sequence[LedgerFile], *, now: datetime) -> Retraction:
    """Take the rows of files out of their table, identifiers, quarantine and ledgers."""
    rows, refusals = _rows(lake, files), _refusals(lake, files)
    each = {f.digest: sum(_rows(lake, [f]).values()) for f in files} if len(files) > 1 else {}
    entries = [
        {
            "source": f.source,
            "feed": f.feed,
            "kind": f.kind,
            "digest": f.digest,
            "file": f.file,
            "rows": each.get(f.digest, sum(rows.values())),
            "at": now,
            "batch": f.digest,
        }
        for f in files
    ]
    lake.append_each(RETRACTED, pa.Table.from_pylist(entries, schema=RETRACTED.schema))
    take_out(lake, files)
    return Retraction(tuple(files), rows, done=True, refusals=refusals)


def take_out(lake: Lake, files: Sequence[LedgerFile]) -> None:
    """Delete what is left of files that are written down as retracted; again does no harm."""
    if not files:
        return
    _append_accounts(lake, files)
    for table, condition in _conditions(files):
        delete_where(lake, table, condition)
    # The ledgers last: by them, a retraction that a crash broke off is recognised.
    for table in (INGESTED, BEGUN):
        for some in pieces([f.digest for f in files], AT_ONCE):
            # What stands behind a colon is of a retry; ';' follows it.
            retries = (f"(digest >= '{d}:' AND digest < '{d};')" for d in some)
            own = f"digest IN ({', '.join(map(literal, some))})"
            delete_where(lake, table, " OR ".join([own, *retries]))
    lake.seal(*{f.table.name: f.table for f in files}.values(), IDENTIFIER, QUARANTINE)
    lake.seal(INGESTED, BEGUN, RETRACTED, RETRACTED_ACCOUNT)


def finish_broken_off(lake: Lake) -> None:
    """Take out what a retraction that was broken off has left."""
    take_out(lake.live, broken_off(lake))


def broken_off(lake: Lake) -> tuple[LedgerFile, ...]:
    """The files of a retraction that has not come to its end."""
    if lake.version(RETRACTED) is None:
        return ()
    gone = retracted_digests(lake)
    return tuple(f for f in ledger(lake.live) if f.digest in gone)


def retracted_digests(lake: Lake) -> frozenset[str]:
    """The digests of all files that were ever retracted."""
    return frozenset(lake.live.read(RETRACTED, columns=["digest"])["digest"].to_pylist())


def next_digest(digest: str, retracted: frozenset[str]) -> str:
    """What names the batches of a file, which is another name after each retraction."""
    while digest in retracted:
        digest = hashlib.sha256(f"{digest}\nretracted".encode()).hexdigest()
    return digest


def retry_batch(digest: str) -> str:
    """The batch of the rows of a retry, by the digest of its row in the table `ingested`."""
    file, _, name = digest.partition(RETRY)
    return f"{file[:BATCH_DIGITS]}{RETRY}{name}"


def files_after(lake: Lake, chosen: Sequence[LedgerFile]) -> tuple[LedgerFile, ...]:
    """Files with all that go on from them."""
    return _with_later(ledger(lake), chosen)


def _with_later(
    files: Sequence[LedgerFile], chosen: Iterable[LedgerFile]
) -> tuple[LedgerFile, ...]:
    wanted = {f.digest: f for f in chosen}
    while True:
        contents = {(f.source, f.kind, f.content) for f in wanted.values()}
        later = [
            f for f in files if (f.source, f.kind, f.after) in contents and f.digest not in wanted
        ]
        if not later:
            return tuple(f for f in files if f.digest in wanted)
        wanted |= {f.digest: f for f in later}


def _rows(lake: Lake, files: Sequence[LedgerFile]) -> dict[str, int]:
    """Rows of each table that are of these files, where there are any."""
    counts: dict[str, int] = {}
    for table, files_of in _tables(files).items():
        batches = pa.array(sorted({f.batch for f in files_of}))
        sources = pa.array(sorted({f.source for f in files_of}))
        rows = 0
        inside = pc.field("source").isin(sources)
        for part in lake.live.batches(_TABLES[table], columns=["batch"], where=inside):
            of_file = pc.utf8_slice_codeunits(part.column("batch"), 0, BATCH_DIGITS)
            rows += pc.sum(pc.is_in(of_file, batches)).as_py() or 0
        if rows:
            counts[table] = rows
    return counts


def _refusals(lake: Lake, files: Sequence[LedgerFile]) -> int:
    """Rows of these files that refuse a purpose."""
    batches = pa.array(sorted({f.batch for f in files if f.table == CONSENT}), pa.string())
    refused = 0
    for part in lake.live.batches(CONSENT, columns=["batch", "granted"]) if len(batches) else ():
        of_file = pc.utf8_slice_codeunits(part.column("batch"), 0, BATCH_DIGITS)
        of_file = pc.and_(pc.is_in(of_file, batches), pc.invert(part.column("granted")))
        refused += pc.sum(of_file).as_py() or 0
    return refused


def _append_accounts(lake: Lake, files: Sequence[LedgerFile]) -> None:
    """Write down whose rows go: what they linked is decided anew by the next resolve run."""
    accounts = [_accounts(lake, _TABLES[name], of) for name, of in _tables(files).items()]
    distinct = pa.concat_tables(accounts).group_by(["source", "account"]).aggregate([])
    if distinct.num_rows:
        batch = hashlib.sha256("".join(f.digest for f in files).encode()).hexdigest()
        batches = pa.array([batch] * distinct.num_rows, pa.string())
        lake.append(RETRACTED_ACCOUNT, distinct.append_column("batch", batches), batch=batch)


def _accounts(lake: Lake, table: Table, files: Sequence[LedgerFile]) -> pa.Table:
    """The accounts of the rows of some files, each once in a batch of rows."""
    names = ["source", "account"]
    schema = RETRACTED_ACCOUNT.schema
    none = pa.schema([schema.field(name) for name in names]).empty_table()
    if "account" not in table.names:
        return none
    batches = pa.array(sorted({f.batch for f in files}))
    inside = pc.field("source").isin(pa.array(sorted({f.source for f in files})))
    parts = [none]
    for part in lake.live.batches(table, columns=[*names, "batch"], where=inside):
        of_file = pc.utf8_slice_codeunits(part.column("batch"), 0, BATCH_DIGITS)
        rows = pa.table(part.filter(pc.is_in(of_file, batches))).select(names)
        parts.append(rows.group_by(names).aggregate([]).cast(none.schema))
    return pa.concat_tables(parts)


_TABLES = {t.name: t for t in (*FEED_TABLES.values(), IDENTIFIER, QUARANTINE)}


def _tables(files: Sequence[LedgerFile]) -> dict[str, list[LedgerFile]]:
    tables: dict[str, list[LedgerFile]] = {}
    for file in files:
        for table in (file.table, IDENTIFIER, QUARANTINE):
            tables.setdefault(table.name, []).append(file)
    return tables


def _conditions(files: Sequence[LedgerFile]) -> Iterator[tuple[Table, str]]:
    for name, files_of in _tables(files).items():
        for source in sorted({f.source for f in files_of}):
            batches = sorted({f.batch for f in files_of if f.source == source})
            for some in pieces(batches, AT_ONCE):
                # 'g' follows whatever stands behind the digits of a digest.
                ranges = " OR ".join(f"(batch >= '{b}' AND batch < '{b}g')" for b in some)
                yield _TABLES[name], f"source = {literal(source)} AND ({ranges})"
