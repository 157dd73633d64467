"""JSON Lines and Parquet, piece by piece; and any file by its format."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from math import isfinite

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.engine import DuckDBEngine
from fullhouse.engine.raw import json_fields, json_names, json_objects, json_types
from fullhouse.feeds import delimited, parquet
from fullhouse.feeds.feed import Feed
from fullhouse.feeds.files import File, check_text
from fullhouse.feeds.piece import (
    BAD_VALUE,
    BEGINNING,
    UNPARSEABLE,
    Bad,
    Piece,
    Start,
    numbered,
    unreadable,
)
from fullhouse.feeds.text import FIRST, CutReader, decoded, json_lines, shortened

_ODD = r"^[{\[]|^-?\d[\d.]*([eE]|\.0$)"
"""Texts behind which an object, an array or a number with a point may stand."""
_EXACT = 2.0**53
_SHOWN_NAMES, _SHOWN_LETTERS = 50, 60


def format_of(file: File, feed: Feed) -> str:
    """The format of a file: the feed's, else that of the file's name."""
    format_ = feed.format or file.format
    if format_ is None:
        raise InputError(
            f"{file.path}: the name shows no format; set 'format' in the feed to"
            " csv, tsv, jsonl or parquet."
        )
    return format_


def pieces(
    file: File, feed: Feed, engine: DuckDBEngine, start: Start = BEGINNING
) -> Iterator[Piece]:
    """The file piece by piece, in the file's order; only the columns that the feed reads.

    Texts, but for Parquet, whose own types stay. They begin with the piece that `start` is in.
    """
    match format_of(file, feed):
        case "parquet":
            yield from parquet.pieces(file, feed, start)
        case "jsonl":
            yield from _lines(file, feed, engine, start)
        case format_:
            yield from delimited.pieces(file, feed, format_, feed.raw, start=start)


def check_columns(file: File, feed: Feed) -> list[str]:
    """The columns that a file has, after a check that those the feed reads are among them.

    JSON Lines has no header: every field may be absent, and no names are returned.
    """
    format_ = format_of(file, feed)
    if format_ != "parquet":
        check_text(file)
    if format_ == "jsonl":
        return []
    if format_ == "parquet":
        names = parquet.names(file)
    elif file_is_empty(file):
        return []
    else:
        names = delimited.header(file, feed, format_)
    counts = Counter(names)
    for column in feed.raw:
        if counts[column] > 1:
            raise InputError(
                f"{file.path} has the column {column!r} twice, and the feed reads it: give the"
                " columns names of their own (for CSV, with 'names')."
            )
    for column in feed.raw:
        if not counts[column]:
            near = did_you_mean(column, names)
            raise InputError(f"{file.path} has no column {column!r}.{near}{_listed(names)}")
    return names


def _listed(names: list[str]) -> str:
    some = [n[:_SHOWN_LETTERS] for n in names[:_SHOWN_NAMES] if n]
    more = f" and {len(names) - _SHOWN_NAMES:,} more" if len(names) > _SHOWN_NAMES else ""
    return f" It has: {', '.join(some)}{more}." if some else " Its first line names none."


def json_columns(file: File, feed: Feed, engine: DuckDBEngine) -> list[str]:
    """The names of the fields in the first lines of a JSON Lines file."""
    with file.plain() as stream:
        block = next(json_lines(decoded(stream, feed.encoding)), b"")
    lines, _ = _texts(block[: block.rfind(b"\n", 0, 1 << 20) + 1] or block, 0)
    good = lines.filter(json_objects(engine, lines))
    return json_names(engine, good)


def file_is_empty(file: File) -> bool:
    """Whether there is not one byte in the file."""
    with file.plain() as stream:
        return not stream.read(1)


def _lines(file: File, feed: Feed, engine: DuckDBEngine, start: Start) -> Iterator[Piece]:
    resumes = start.cut != FIRST
    left, last = 0 if resumes else start.piece, start.before
    with file.plain() as stream:
        plain = file.compression is None
        reader = CutReader(stream, feed.encoding, start.cut, plain=plain, json=True)
        lines = reader.blocks()
        for block in shortened(lines) if resumes else json_lines(lines):
            cut = reader.after(block)
            if not block.strip():
                continue
            if left:
                left -= 1
            else:
                piece = replace(parse_lines(block, feed, engine, last), cut=cut)
                last = piece.last
                yield piece


def _split(block: bytes) -> pa.Array:
    whole = pa.array([block.replace(b"\r\n", b"\n")], pa.large_binary())
    lines = pc.split_pattern(whole, b"\n").flatten().cast(pa.binary())
    return lines.filter(pc.greater(pc.binary_length(lines), 0))


def _texts(block: bytes, last: int) -> tuple[pa.ChunkedArray, list[Bad]]:
    """The lines as texts; in place of those that are none, a word that is no JSON."""
    lines = _split(block)
    try:
        return pa.chunked_array([lines.cast(pa.string())]), []
    except pa.ArrowInvalid:
        pass
    texts: list[str] = []
    bad: list[Bad] = []
    for line in lines.to_pylist():
        try:
            texts.append(line.decode())
        except UnicodeDecodeError:
            texts.append("?")
            bad.append(unreadable(last + len(texts), line))
    return pa.chunked_array([pa.array(texts, pa.string())]), bad


def parse_lines(block: bytes, feed: Feed, engine: DuckDBEngine, last: int = 0) -> Piece:
    """Lines of JSON, numbered from `last` on: the fields that the feed reads."""
    lines, bad = _texts(block, last)
    numbers = np.arange(last + 1, last + 1 + len(lines))
    good = json_objects(engine, lines)
    unread = {b.row for b in bad}
    odd_lines = pc.invert(good)
    for number, size in zip(
        numbers[np.asarray(odd_lines)].tolist(),
        pc.binary_length(lines.filter(odd_lines)).to_pylist(),
        strict=True,
    ):
        if number not in unread:
            bad.append(Bad(number, UNPARSEABLE, "not a JSON object", size))
    lines, numbers = lines.filter(good), numbers[np.asarray(good)]
    columns = {}
    keep = np.ones(len(lines), dtype=bool)
    for name, column in zip(feed.raw, json_fields(engine, lines, feed.raw), strict=True):
        columns[name], nested = _plain(engine, lines, name, column)
        for place in nested:
            if keep[place]:
                detail = f"{name}: an object, and no plain value; a field of it is {name}.FIELD"
                bad.append(Bad(int(numbers[place]), BAD_VALUE, detail, 0))
            keep[place] = False
    rows = numbered(
        pa.table(columns) if columns else pa.table({}), pa.array(numbers, pa.int64())
    ).filter(pa.array(keep))
    return Piece(rows, tuple(sorted(bad, key=lambda b: b.row)), int(last + len(good)))


def _plain(
    engine: DuckDBEngine, lines: pa.ChunkedArray, name: str, column: pa.ChunkedArray
) -> tuple[pa.ChunkedArray, list[int]]:
    """A field's texts, numbers as one would write an id, and the rows in which it is an object."""
    empty = pa.scalar(None, pa.string())
    column = pc.if_else(pc.equal(column, ""), empty, column)
    odd = np.flatnonzero(pc.fill_null(pc.match_substring_regex(column, _ODD), False))
    if not len(odd):
        return column, []
    places = pa.array(odd)
    kinds = json_types(engine, lines.take(places), name)
    texts: list[str | None] = column.to_pylist()
    nested = []
    for place, kind in zip(odd.tolist(), kinds, strict=True):
        text = texts[place] or ""
        if kind == "DOUBLE":
            texts[place] = _number(text)
        elif kind == "OBJECT" or (kind == "ARRAY" and "{" in text):
            nested.append(place)
    return pa.chunked_array([pa.array(texts, pa.string())]), nested


def _number(text: str) -> str:
    """A number of JSON: whole ones without a point, 1e5 and 100000.0 as 100000.

    One beyond 2**53 has lost digits already, and shows it: it can be no id.
    """
    number = float(text)
    if not isfinite(number):
        return "9e+999"
    if number.is_integer():
        return str(int(number)) if abs(number) < _EXACT else f"{number:.16e}"
    return text
