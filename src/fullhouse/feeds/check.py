"""A first look at files through a feed, which writes nothing."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pyarrow as pa

from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.settings import Settings
from fullhouse.engine import DuckDBEngine
from fullhouse.feeds.chunk import Chunk, chunks
from fullhouse.feeds.commit import Job
from fullhouse.feeds.feed import Feed
from fullhouse.feeds.files import File
from fullhouse.feeds.identify import Hasher
from fullhouse.feeds.ingest import MEMORY, prepare
from fullhouse.feeds.piece import ROW, Piece
from fullhouse.feeds.quarantine import quarantine_rows
from fullhouse.feeds.records import check_columns, format_of, json_columns, pieces
from fullhouse.feeds.special import special_category
from fullhouse.feeds.terms import Terms

FIRST = 1_000
"""Rows of each file that a check maps."""


@dataclass(frozen=True)
class FileCheck:
    """What a check found in the first rows of a file.

    `problems` are (row, reason, detail); `error` says why the file cannot be read at all.
    """

    file: str
    read: int = 0
    good: int = 0
    refused: dict[str, int] | None = None
    problems: tuple[tuple[int, str, str], ...] = ()
    invalid_identifiers: dict[str, int] | None = None
    error: str | None = None


@dataclass(frozen=True)
class Check:
    """What a check found: each file, the first mapped rows of all, and remarks."""

    feed: str
    kind: str
    files: tuple[FileCheck, ...]
    rows: pa.Table
    notes: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether every file can be read and every row looked at would be taken."""
        return all(f.error is None and not f.refused for f in self.files)

    def to_dict(self) -> dict[str, Any]:
        """The check for programs."""
        return {
            "feed": self.feed,
            "kind": self.kind,
            "ok": self.ok,
            "files": [dict(vars(f)) for f in self.files],
            "rows": self.rows.to_pylist(),
            "notes": list(self.notes),
        }


def check(
    feed: Feed,
    files: Sequence[File],
    *,
    key: bytes,
    settings: Settings,
    now: datetime,
    show: int = 5,
) -> Check:
    """Map the first rows of each file, and tell every problem. Looks at no lake.

    So what only the lake knows (unknown accounts, event ids that are taken) is not found out.
    """
    found: list[FileCheck] = []
    shown: list[pa.Table] = []
    notes = _notes(feed, settings)
    with DuckDBEngine(memory_limit=MEMORY, threads=settings.threads) as engine:
        for file in files:
            try:
                one, rows, remarks = _check_file(engine, feed, file, settings, key=key, now=now)
            except InputError as problem:
                found.append(FileCheck(file.name, error=str(problem)))
                continue
            found.append(one)
            shown.append(rows)
            notes += [n for n in remarks if n not in notes]
    columns = [c for c in feed.table.names if c != "batch"]
    empty = feed.table.schema.empty_table().select(columns)
    rows = pa.concat_tables([empty, *(s.cast(empty.schema) for s in shown)]).slice(0, show)
    return Check(feed.name, feed.kind, tuple(found), rows, tuple(notes))


def _check_file(
    engine: DuckDBEngine, feed: Feed, file: File, settings: Settings, *, key: bytes, now: datetime
) -> tuple[FileCheck, pa.Table, list[str]]:
    columns = check_columns(file, feed)
    terms = replace(Terms.of(feed, settings, now=now), unknown_account="accept")
    hasher = Hasher(key, terms.phone_region)
    job = Job(feed, terms, hasher, file.name, "", "0" * 64, columns, by_id=False)
    notes = _json_notes(engine, feed, file)
    try:
        chunk = next(chunks(_first(pieces(file, feed, engine)), FIRST), None)
    except (OSError, pa.ArrowInvalid) as problem:
        raise InputError(f"{file.path} cannot be read: {problem}") from None
    chunk = chunk or _nothing(feed)
    if not chunk.read:
        notes.append(f"{file.name} holds no rows.")
    ready = prepare(engine, None, job, chunk)
    refused = quarantine_rows(
        feed,
        terms,
        hasher,
        file=file.name,
        batch="",
        raw=ready.raw,
        bad=chunk.bad,
        refused=ready.refused,
        columns=columns,
    ).to_pylist()
    notes += _column_notes(feed, columns)
    return (
        FileCheck(
            file.name,
            chunk.read,
            ready.rows.num_rows,
            dict(Counter(r["reason"] for r in refused).most_common()),
            tuple((r["row"], r["reason"], r["detail"]) for r in refused),
            ready.invalid,
        ),
        ready.rows.drop_columns([ROW]),
        notes,
    )


def _first(found: Iterator[Piece]) -> Iterator[Piece]:
    """Pieces until the rows to be looked at are there; the rest of the file is left alone."""
    for piece in found:
        yield piece
        if piece.last >= FIRST:
            return


def _nothing(feed: Feed) -> Chunk:
    rows = pa.table({c: pa.array([], pa.string()) for c in feed.raw} | {ROW: pa.array([], "int64")})
    return Chunk(0, rows, (), 0)


def _notes(feed: Feed, settings: Settings) -> list[str]:
    notes = []
    if feed.is_event and "event_id" not in feed.columns:
        notes.append(
            "The feed maps no event_id: its rows are known by their file, and the same rows in"
            " another file come in again."
        )
    if not feed.is_event and "at" not in feed.targets:
        notes.append(
            "The feed gives no 'at': its rows count from the moment when their file is begun."
        )
    if feed.time_zone is None and "at" in feed.columns:
        notes.append(f"The feed names no time zone: times are read as {settings.time_zone}.")
    notes += [f"Column {c!r} is read for: {why}" for c, why in feed.special.items()]
    return notes


def _column_notes(feed: Feed, columns: Sequence[str]) -> list[str]:
    notes = []
    for column in columns:
        category = special_category(column)
        if category and column not in feed.raw:
            notes.append(f"Column {column!r} looks like {category}: it is not read.")
    unread = [c for c in columns if c not in feed.raw and not special_category(c)]
    if unread:
        notes.append(f"Not read: {', '.join(unread)}.")
    return notes


def _json_notes(engine: DuckDBEngine, feed: Feed, file: File) -> list[str]:
    """Fields that no line at the beginning has, for a format that has no header."""
    if format_of(file, feed) != "jsonl":
        return []
    known = json_columns(file, engine)
    missing = [c for c in feed.raw if c.split(".")[0] not in known]
    return [
        f"No line at the beginning of {file.name} has the field {c!r}.{did_you_mean(c, known)}"
        for c in missing
    ] + _column_notes(feed, known)
