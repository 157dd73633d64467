"""JSON Lines and Parquet, piece by piece; and any file by its format."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.engine import DuckDBEngine
from fullhouse.engine.raw import json_fields, json_names, json_objects
from fullhouse.feeds import delimited
from fullhouse.feeds.feed import Feed
from fullhouse.feeds.files import READ, File
from fullhouse.feeds.piece import UNPARSEABLE, WRONG_ENCODING, Bad, Piece, numbered

_PARQUET_ROWS = 1 << 16


def format_of(file: File, feed: Feed) -> str:
    """The format of a file: the feed's, else that of the file's name."""
    format_ = feed.format or file.format
    if format_ is None:
        raise InputError(
            f"{file.path}: the name shows no format; set 'format' in the feed to"
            " csv, tsv, jsonl or parquet."
        )
    return format_


def pieces(file: File, feed: Feed, engine: DuckDBEngine) -> Iterator[Piece]:
    """The file piece by piece, in the file's order; only the columns that the feed reads.

    Texts, but for Parquet, whose own types stay.
    """
    match format_of(file, feed):
        case "parquet":
            yield from _parquet(file, feed)
        case "jsonl":
            yield from _lines(file, feed, engine)
        case format_:
            yield from delimited.pieces(file, feed, format_, feed.raw)


def check_columns(file: File, feed: Feed) -> list[str]:
    """The columns that a file has, after a check that those the feed reads are among them.

    JSON Lines has no header: every field may be absent, and no names are returned.
    """
    format_ = format_of(file, feed)
    if format_ == "jsonl":
        return []
    if format_ == "parquet":
        with file.open() as stream:
            names = list(_parquet_file(file, stream).schema_arrow.names)
    elif file_is_empty(file):
        return []
    else:
        names = delimited.header(file, feed, format_)
    for column in feed.raw:
        if column not in names:
            raise InputError(
                f"{file.path} has no column {column!r}.{did_you_mean(column, names)}"
                f" It has: {', '.join(names)}."
            )
    return names


def json_columns(file: File, engine: DuckDBEngine) -> list[str]:
    """The names of the fields in the first lines of a JSON Lines file."""
    with file.plain() as stream:
        block = bytes(stream.read(1 << 20))
    lines = _split(block.decode(errors="replace").encode())
    good = lines.filter(json_objects(engine, lines))
    return json_names(engine, good)


def file_is_empty(file: File) -> bool:
    """Whether there is not one byte in the file."""
    with file.plain() as stream:
        return not stream.read(1)


def _parquet_file(file: File, stream: object) -> pq.ParquetFile:
    try:
        # Arrow's own buffering ahead keeps all it ever read: 1 GB after 40 million rows.
        return pq.ParquetFile(stream, pre_buffer=False, buffer_size=1 << 20)
    except (pa.ArrowInvalid, OSError) as problem:
        raise InputError(f"{file.path} is not a Parquet file: {problem}") from None


def _parquet(file: File, feed: Feed) -> Iterator[Piece]:
    last = 0
    with file.open() as stream:
        source = _parquet_file(file, stream)
        try:
            for batch in source.iter_batches(batch_size=_PARQUET_ROWS, columns=feed.raw):
                rows = _plain(pa.Table.from_batches([batch]).select(feed.raw))
                numbers = pa.array(np.arange(last + 1, last + 1 + batch.num_rows), pa.int64())
                last += batch.num_rows
                yield Piece(numbered(rows, numbers), (), last)
        except (pa.ArrowInvalid, OSError) as problem:
            raise InputError(f"{file.path} is broken after row {last}: {problem}") from None


def _plain(rows: pa.Table) -> pa.Table:
    """The rows in types that DuckDB and Ibis know: plain texts, times in microseconds."""
    for i, field in enumerate(rows.schema):
        kind = field.type
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
        if (
            pa.types.is_null(kind)
            or pa.types.is_large_string(kind)
            or pa.types.is_string_view(kind)
        ):
            kind = pa.string()
        if pa.types.is_timestamp(kind):
            kind = pa.timestamp("us", tz=kind.tz)
        if kind != field.type:
            rows = rows.set_column(i, field.name, rows[i].cast(kind, safe=False))
    return rows


def _lines(file: File, feed: Feed, engine: DuckDBEngine) -> Iterator[Piece]:
    last = 0
    with file.plain() as stream:
        for block in _whole_lines(stream):
            if block.strip():
                piece = _parse(block, feed, engine, last)
                last = piece.last
                yield piece


def _whole_lines(stream: object) -> Iterator[bytes]:
    rest = b""
    while block := bytes(stream.read(READ)):  # type: ignore[attr-defined]  # Arrow's or a file's
        rest += block
        cut = rest.rfind(b"\n") + 1
        if cut:
            yield rest[:cut]
            rest = rest[cut:]
    if rest:
        yield rest


def _split(block: bytes) -> pa.ChunkedArray:
    whole = pa.array([block.replace(b"\r\n", b"\n")], pa.large_binary())
    lines = pc.split_pattern(whole, b"\n").flatten().cast(pa.binary())
    return pa.chunked_array([lines.filter(pc.greater(pc.binary_length(lines), 0))]).cast(
        pa.string(), safe=False
    )


def _parse(block: bytes, feed: Feed, engine: DuckDBEngine, last: int) -> Piece:
    bad: list[Bad] = []
    if last == 0:
        block = block.removeprefix(b"\xef\xbb\xbf")
    try:
        text = block if feed.encoding == "utf-8" else block.decode(feed.encoding).encode()
        if not text.isascii():
            text.decode()
        undecodable: list[int] = []
    except UnicodeDecodeError:
        text, undecodable, bad = _decoded(block, feed.encoding, last)
    lines = _split(text)
    numbers = pa.array(np.arange(last + 1, last + 1 + len(lines)), pa.int64())
    good = json_objects(engine, lines)
    undecoded = set(undecodable)
    for number, line in zip(
        numbers.filter(pc.invert(good)).to_pylist(),
        lines.filter(pc.invert(good)).to_pylist(),
        strict=True,
    ):
        if number not in undecoded:
            bad.append(Bad(number, UNPARSEABLE, "not a JSON object", line))
    fields = json_fields(engine, lines.filter(good), feed.raw)
    empty = pa.scalar(None, pa.string())
    rows = pa.table(
        {
            name: pc.if_else(pc.equal(column, ""), empty, column)
            for name, column in zip(feed.raw, fields, strict=True)
        }
    )
    good_numbers = numbers.filter(good.combine_chunks())
    return Piece(numbered(rows, good_numbers), tuple(bad), last + len(lines))


def _decoded(block: bytes, encoding: str, last: int) -> tuple[bytes, list[int], list[Bad]]:
    """The lines with those that are not in the encoding replaced by a word that is no JSON."""
    lines: list[bytes] = []
    bad: list[Bad] = []
    for line in block.replace(b"\r\n", b"\n").split(b"\n"):
        if not line:
            continue
        try:
            lines.append(line.decode(encoding).encode())
        except UnicodeDecodeError:
            lines.append(b"?")
            number = last + len(lines)
            detail = "not the encoding that the feed declares"
            bad.append(Bad(number, WRONG_ENCODING, detail, line.decode(errors="replace")))
    return b"\n".join(lines), [b.row for b in bad], bad
