"""CSV and TSV: fast where a piece is well formed, line by line and forgiving where it is not."""

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from fullhouse.core.errors import InputError
from fullhouse.feeds.feed import Feed
from fullhouse.feeds.files import READ, File
from fullhouse.feeds.piece import BEGINNING, UNPARSEABLE, Bad, Piece, Start, numbered, unreadable
from fullhouse.feeds.text import FIRST, LONGEST_LINE, CutReader, decoded, shortened

# A field of a line that may stand may stand too; a feed's own are looked at later.
csv.field_size_limit(LONGEST_LINE)
_LONGEST = 100
"""A quoted field that is not closed within so many lines is taken for a stray quote."""


class Dialect:
    """How a delimited file is written."""

    def __init__(self, feed: Feed, format_: str) -> None:
        tab = "\t" if format_ == "tsv" else ","
        self.delimiter = (feed.delimiter or tab).encode()
        self.quote = feed.quote.encode()

    def split(self, line: str, delimiter: str) -> list[str]:
        """The fields of one record; `csv.Error` where its quotes are out of place."""
        reader = csv.reader(
            [line],
            delimiter=delimiter,
            quotechar=self.quote.decode() or None,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            strict=True,
        )
        return next(reader, [])


@dataclass(frozen=True)
class Layout:
    """What a piece is parsed by; `delimiter` is one byte that stands for the dialect's."""

    dialect: Dialect
    columns: Sequence[str]
    wanted: Sequence[str]
    delimiter: bytes = b","


def header(file: File, feed: Feed, format_: str) -> list[str]:
    """The names of the columns, from the feed or the first line."""
    if feed.names:
        return list(feed.names)
    dialect = Dialect(feed, format_)
    with file.plain() as stream:
        first = next(_record_blocks(_lines(stream, feed), dialect), b"")
    line, _ = _first_line(first.lstrip(b"\r\n"))
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise InputError(f"{file.path}: the header is not {feed.encoding}.") from None
    marked, delimiter = _one_byte(text.encode(), dialect.delimiter)
    try:
        names = [n.strip() for n in dialect.split(marked.decode(), delimiter.decode())]
    except csv.Error as problem:
        raise InputError(f"{file.path}: the header cannot be read: {problem}.") from None
    return names


def pieces(
    file: File,
    feed: Feed,
    format_: str,
    wanted: Sequence[str],
    *,
    read: int = READ,
    start: Start = BEGINNING,
) -> Iterator[Piece]:
    """The file piece by piece, in the file's order; only the wanted columns, all as text.

    Pieces before the one of `start` are cut, and not parsed.
    """
    dialect = Dialect(feed, format_)
    layout = Layout(dialect, _distinct(header(file, feed, format_)), wanted)
    resumes = start.cut != FIRST
    skip = feed.header and not resumes
    left, last = 0 if resumes else start.piece, start.before
    with file.plain() as stream:
        plain = file.compression is None
        reader = CutReader(stream, feed.encoding, start.cut, plain=plain, read=read)
        for records in _record_blocks(shortened(reader.blocks()), dialect, read):
            body, cut = records, reader.after(records)
            if skip:
                stripped = body.lstrip(b"\r\n")
                _, rows_at = _first_line(stripped)
                body, skip = stripped[rows_at:], False
            if not body.strip(b"\r\n"):
                continue
            if left:
                left -= 1
                continue
            piece = replace(_parse(body, layout, last), cut=cut)
            last = piece.last
            yield piece


def _distinct(names: list[str]) -> list[str]:
    """The names with a number after one that comes again: no feed reads those."""
    seen: Counter[str] = Counter()
    distinct = []
    for name in names:
        distinct.append(f"{name}\0{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return distinct


def _lines(stream: Any, feed: Feed) -> Iterator[bytes]:
    return shortened(decoded(stream, feed.encoding))


def _first_line(records: bytes) -> tuple[bytes, int]:
    end = records.find(b"\n")
    if end < 0:
        return records.rstrip(b"\r"), len(records)
    return records[:end].rstrip(b"\r"), end + 1


def _record_blocks(blocks: Iterator[bytes], dialect: Dialect, read: int = READ) -> Iterator[bytes]:
    """The bytes cut after the end of a record, as far as quotes show."""
    rest = b""
    for block in blocks:
        rest += block
        while len(rest) >= read:
            cut = _cut(rest, dialect.quote)
            if cut == 0 and len(rest) < 4 * read:
                break
            if cut == 0:
                # No end of a record in four blocks: a quote that is never closed.
                cut = rest.rfind(b"\n") + 1
            yield rest[:cut]
            rest = rest[cut:]
            if len(rest) < read:
                break
    if rest:
        yield rest


def _cut(records: bytes, quote: bytes) -> int:
    """Where the last record ends that ends outside quotes; 0 when none does."""
    end = len(records)
    inside = bool(quote) and records.count(quote) % 2 == 1
    while True:
        newline = records.rfind(b"\n", 0, end)
        if newline < 0:
            return 0
        if quote and records.count(quote, newline, end) % 2 == 1:
            inside = not inside
        if not inside:
            return newline + 1
        end = newline


def _parse(records: bytes, layout: Layout, last: int) -> Piece:
    marked, delimiter = _one_byte(records, layout.dialect.delimiter)
    layout = replace(layout, delimiter=delimiter)
    if _is_utf8(records) and _well_formed(marked, delimiter, layout.dialect.quote):
        piece = _fast(marked, layout, last)
        if piece is not None:
            return piece
    return _slow(marked, layout, last)


def _is_utf8(records: bytes) -> bool:
    if records.isascii():
        return True
    try:
        records.decode()
    except UnicodeDecodeError:
        return False
    return True


def _one_byte(records: bytes, delimiter: bytes) -> tuple[bytes, bytes]:
    """The bytes with a delimiter of one byte; a longer one is replaced by one that is unused."""
    if len(delimiter) == 1:
        return records, delimiter
    for code in (0x1F, 0x1E, 0x1D, 0x1C, *range(1, 9)):
        if bytes([code]) not in records:
            return records.replace(delimiter, bytes([code])), bytes([code])
    return records, b"\x1f"


def _well_formed(records: bytes, delimiter: bytes, quote: bytes) -> bool:
    """Whether every quote opens after a delimiter or line, and closes before one.

    Arrow loses rows without a word where one does not (seen with pyarrow 23).
    """
    if not quote or quote not in records:
        return True
    data = np.frombuffer(records, dtype=np.uint8)
    at = np.flatnonzero(data == quote[0])
    if len(at) % 2:
        return False
    padded = np.concatenate(([10], data, [10])).astype(np.uint8)
    around = np.zeros(256, dtype=bool)
    around[[10, 13, delimiter[0]]] = True
    opens, closes = at[0::2], at[1::2]
    again = np.zeros(len(opens), dtype=bool)
    again[1:] = opens[1:] == closes[:-1] + 1
    doubled = np.append(again[1:], [False])
    return bool(
        (around[padded[opens]] | again).all() and (around[padded[closes + 2]] | doubled).all()
    )


def _fast(records: bytes, layout: Layout, last: int) -> Piece | None:
    skipped: list[tuple[int, bytes]] = []

    def skip(row: Any) -> str:
        skipped.append((row.number, row.text.encode()))
        return "skip"

    quote = layout.dialect.quote.decode() or False
    try:
        rows = pyarrow.csv.read_csv(
            pa.BufferReader(records),
            # Only one thread numbers the rows that it skips.
            pyarrow.csv.ReadOptions(
                use_threads=False, column_names=list(layout.columns), block_size=len(records) + 1
            ),
            pyarrow.csv.ParseOptions(
                delimiter=layout.delimiter.decode(),
                quote_char=quote,
                newlines_in_values=True,
                invalid_row_handler=skip,
            ),
            pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(layout.columns, pa.string()),
                include_columns=list(layout.wanted),
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except (pa.ArrowInvalid, UnicodeDecodeError):
        return None
    total = rows.num_rows + len(skipped)
    bad = tuple(_wrong_count(last + number, text, layout) for number, text in skipped)
    numbers = (
        np.setdiff1d(np.arange(1, total + 1), np.array([n for n, _ in skipped], dtype=np.int64))
        if skipped
        else np.arange(1, total + 1)
    )
    restored = _restored(rows.select(list(layout.wanted)), layout)
    return Piece(numbered(restored, pa.array(numbers + last, pa.int64())), bad, last + total)


def _restored(rows: pa.Table, layout: Layout) -> pa.Table:
    """A long delimiter that stood inside quotes, put back."""
    if len(layout.dialect.delimiter) == 1:
        return rows
    stand_in, written = layout.delimiter.decode(), layout.dialect.delimiter.decode()
    for i, name in enumerate(rows.column_names):
        rows = rows.set_column(
            i, name, pc.replace_substring(rows[name], pattern=stand_in, replacement=written)
        )
    return rows


def _slow(records: bytes, layout: Layout, last: int) -> Piece:
    """Record by record: one that cannot be read costs its first line, and no other."""
    lines = records.split(b"\n")
    if lines and not lines[-1]:
        lines.pop()
    places = [layout.columns.index(name) for name in layout.wanted]
    values: list[list[str | None]] = [[] for _ in layout.wanted]
    numbers: list[int] = []
    bad: list[Bad] = []
    i, row = 0, last
    while i < len(lines):
        if not lines[i].strip(b"\r"):
            i += 1
            continue
        row += 1
        fields, used = _record(lines, i, layout)
        line = lines[i]
        i += used
        if fields is None:
            bad.append(_unread(row, line))
        elif len(fields) != len(layout.columns):
            bad.append(_wrong_count(row, b"\n".join(lines[i - used : i]).rstrip(b"\r"), layout))
        else:
            numbers.append(row)
            for column, place in zip(values, places, strict=True):
                column.append(fields[place] or None)
    rows = pa.table(
        {
            name: pa.array(column, pa.string())
            for name, column in zip(layout.wanted, values, strict=True)
        }
    )
    restored = _restored(rows, layout)
    return Piece(numbered(restored, pa.array(numbers, pa.int64())), tuple(bad), row)


def _record(lines: Sequence[bytes], i: int, layout: Layout) -> tuple[list[str] | None, int]:
    """The fields of the record that begins in a line, None when it cannot be read; its lines."""
    taken = b""
    for used in range(1, min(_LONGEST, len(lines) - i) + 1):
        taken += lines[i + used - 1] + b"\n"
        try:
            text = taken[:-1].removesuffix(b"\r").decode()
        except UnicodeDecodeError:
            return None, 1
        try:
            return layout.dialect.split(text, layout.delimiter.decode()), used
        except csv.Error as problem:
            if "unexpected end" not in str(problem):
                break
    return None, 1


def _unread(row: int, line: bytes) -> Bad:
    if _is_utf8(line):
        return Bad(row, UNPARSEABLE, "a quote is out of place or never closed", len(line))
    return unreadable(row, line)


def _wrong_count(row: int, text: bytes, layout: Layout) -> Bad:
    delimiter = layout.delimiter
    try:
        count = len(layout.dialect.split(text.decode(), delimiter.decode()))
    except csv.Error:
        count = text.count(delimiter) + 1
    return Bad(row, UNPARSEABLE, f"{count} fields instead of {len(layout.columns)}", len(text))
