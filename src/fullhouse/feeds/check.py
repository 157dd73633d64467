"""A first look at files through a feed, which writes nothing."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pyarrow as pa

from fullhouse.consent import near_purpose
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.settings import Settings
from fullhouse.engine import DuckDBEngine
from fullhouse.feeds.feed import Feed
from fullhouse.feeds.files import File
from fullhouse.feeds.identify import Hasher, special_category
from fullhouse.feeds.ingest import MEMORY, prepare
from fullhouse.feeds.job import Job
from fullhouse.feeds.piece import ROW, Chunk, Piece, chunks
from fullhouse.feeds.quarantine import quarantine_rows
from fullhouse.feeds.records import (
    check_columns,
    format_of,
    json_columns,
    parse_lines,
    pieces,
)
from fullhouse.feeds.refusals import check_feed_purposes
from fullhouse.feeds.report import FeedCheck, FeedNote, FileCheck
from fullhouse.feeds.terms import Terms

FIRST = 1_000
"""Rows of each file that a check maps."""


def check(
    feed: Feed,
    files: Sequence[File],
    *,
    key: bytes,
    settings: Settings,
    now: datetime,
    rows: int = 5,
) -> FeedCheck:
    """The first rows of each file as mapped, and every problem. Looks at no lake.

    So what only the lake knows (unknown accounts, event ids that are taken) is not reported.
    """
    checks: list[FileCheck] = []
    mapped: list[pa.Table] = []
    check_feed_purposes(feed, settings)
    notes = _notes(feed, settings)
    with DuckDBEngine(memory_limit=MEMORY, threads=settings.threads) as engine:
        for file in files:
            try:
                one, mapped_rows, remarks = _check_file(
                    engine, feed, file, settings, key=key, now=now
                )
            except InputError as problem:
                checks.append(FileCheck(file.name, error=str(problem)))
                continue
            checks.append(one)
            mapped.append(mapped_rows)
            notes += [n for n in remarks if n not in notes]
    columns = [c for c in feed.table.names if c != "batch"]
    empty = feed.table.schema.empty_table().select(columns)
    mapped_rows = pa.concat_tables([empty, *(s.cast(empty.schema) for s in mapped)]).slice(0, rows)
    return FeedCheck(feed.name, feed.kind, tuple(checks), mapped_rows, tuple(notes))


def check_lines(
    feed: Feed, lines: Sequence[bytes], *, key: bytes, settings: Settings, now: datetime
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Lines of the collector as the feed maps them, and the refused ones, each with its `row`.

    A row is the number of its line, from 1. Looks at no lake, and writes nothing.
    """
    terms = replace(Terms.of(feed, settings, now=now), unknown_account="accept")
    hasher = Hasher(key, terms.phone_region)
    job = Job(feed, terms, hasher, "", "", "0" * 64, by_id=False, collected=True)
    with DuckDBEngine(memory_limit=MEMORY, threads=settings.threads) as engine:
        piece = parse_lines(b"\n".join(lines) + b"\n", feed, engine)
        chunk = Chunk(0, piece.rows, piece.bad, piece.last)
        ready = prepare(engine, None, job, chunk)
    refused = quarantine_rows(
        feed, terms, hasher, file="", batch="", raw=ready.raw, bad=piece.bad, refused=ready.refused
    )
    rows = ready.rows.rename_columns(["row" if c == ROW else c for c in ready.rows.column_names])
    return rows.to_pylist(), refused.select(["row", "reason", "detail"]).to_pylist()


def _check_file(
    engine: DuckDBEngine, feed: Feed, file: File, settings: Settings, *, key: bytes, now: datetime
) -> tuple[FileCheck, pa.Table, list[FeedNote]]:
    columns = check_columns(file, feed)
    terms = replace(Terms.of(feed, settings, now=now), unknown_account="accept")
    hasher = Hasher(key, terms.phone_region)
    job = Job(feed, terms, hasher, file.name, "", "0" * 64, by_id=False)
    notes = _json_notes(engine, feed, file)
    try:
        chunk = next(chunks(_first(pieces(file, feed, engine)), FIRST), None)
    except (OSError, pa.ArrowInvalid) as problem:
        raise InputError(f"{file.path} cannot be read: {problem}") from None
    chunk = chunk or _nothing(feed)
    if not chunk.read:
        notes.append(FeedNote("no_rows", {"file": file.name}))
    ready = prepare(engine, None, job, chunk)
    refused = quarantine_rows(
        feed,
        terms,
        hasher,
        file=hasher.file_name(file.name),
        batch="",
        raw=ready.raw,
        bad=chunk.bad,
        refused=ready.refused,
    ).to_pylist()
    notes += _column_notes(feed, columns)
    notes += _purpose_notes(ready.refusals, terms)
    return (
        FileCheck(
            file.name,
            chunk.read,
            ready.rows.num_rows,
            dict(Counter(r["reason"] for r in refused).most_common()),
            tuple((r["row"], r["reason"], r["detail"]) for r in refused),
            ready.invalid,
            dict(ready.dropped),
        ),
        ready.rows.drop_columns([ROW]),
        notes,
    )


def _first(stream: Iterator[Piece]) -> Iterator[Piece]:
    """Pieces until the rows to be looked at are there; the rest of the file is left alone."""
    for piece in stream:
        yield piece
        if piece.last >= FIRST:
            return


def _nothing(feed: Feed) -> Chunk:
    rows = pa.table({c: pa.array([], pa.string()) for c in feed.raw} | {ROW: pa.array([], "int64")})
    return Chunk(0, rows, (), 0)


def _notes(feed: Feed, settings: Settings) -> list[FeedNote]:
    notes = []
    if feed.is_event and "event_id" not in feed.columns:
        notes.append(FeedNote("no_event_id"))
    if not feed.is_event and "at" not in feed.targets:
        notes.append(FeedNote("no_time"))
    if feed.time_zone is None and "at" in feed.columns:
        notes.append(FeedNote("no_time_zone", {"time_zone": settings.time_zone}))
    special = feed.special.items()
    notes += [FeedNote("special_column", {"column": c, "purpose": p}) for c, p in special]
    return notes


def _purpose_notes(refused: pa.Table | None, terms: Terms) -> list[FeedNote]:
    """A note for each purpose that nobody knows, with the one that may be meant."""
    given = set() if refused is None else set(refused["purpose"].to_pylist()) - {None}
    known = ", ".join(terms.purposes)
    return [
        FeedNote(
            "unknown_purpose",
            {"purpose": p, "near": near_purpose(p, terms.purposes), "known": known},
        )
        for p in sorted(given - set(terms.purposes))
    ]


def _column_notes(feed: Feed, columns: Sequence[str]) -> list[FeedNote]:
    notes = []
    for column in columns:
        category = special_category(column)
        if category and column not in feed.raw:
            notes.append(FeedNote("withheld_column", {"column": column, "category": category}))
    unread = [c for c in columns if c not in feed.raw and not special_category(c)]
    if unread:
        notes.append(FeedNote("columns_not_read", {"columns": unread}))
    return notes


def _json_notes(engine: DuckDBEngine, feed: Feed, file: File) -> list[FeedNote]:
    """Fields that no line at the beginning has, for a format that has no header."""
    if format_of(file, feed) != "jsonl":
        return []
    known = json_columns(file, feed, engine)
    missing = [c for c in feed.raw if c.split(".")[0] not in known]
    return [
        FeedNote("no_such_field", {"file": file.name, "field": c, "near": did_you_mean(c, known)})
        for c in missing
    ] + _column_notes(feed, known)
