"""Pieces of a raw file, and the chunks of them that are committed together, always cut alike."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TypeVar

import pyarrow as pa

from fullhouse.feeds.text import FIRST, LONGEST_LINE, Cut
from fullhouse.feeds.text import TOO_LONG as TOO_LONG_LINE

ROW = "__row"
"""Name of the column that numbers the rows of a file from 1, blank lines and header left out."""

UNPARSEABLE = "unparseable_row"
WRONG_ENCODING = "wrong_encoding"
TOO_LONG = "too_long"
BAD_VALUE = "bad_value"


@dataclass(frozen=True)
class Bad:
    """A row that could not be read: why, and how long it is. Nothing of what it says is held."""

    row: int
    reason: str
    detail: str
    bytes: int


@dataclass(frozen=True)
class Piece:
    """Consecutive rows of a file; `last` is the number of the last row, good or bad."""

    rows: pa.Table
    bad: tuple[Bad, ...]
    last: int
    cut: Cut = FIRST
    """Where reading goes on behind it, if it can."""


def unreadable(row: int, line: bytes) -> Bad:
    """A row whose bytes are no text."""
    if line.startswith(TOO_LONG_LINE):
        detail = f"a line of more than {LONGEST_LINE:,} bytes"
        return Bad(row, TOO_LONG, detail, LONGEST_LINE)
    return Bad(row, WRONG_ENCODING, "not the encoding that the feed declares", len(line))


def numbered(rows: pa.Table, numbers: pa.Array) -> pa.Table:
    """The rows with their numbers."""
    return rows.append_column(pa.field(ROW, pa.int64()), numbers)


LARGEST = 64 << 20
"""Bytes of raw columns after which a chunk ends early: it takes some ten times that in memory."""

T = TypeVar("T")


@dataclass(frozen=True)
class Start:
    """Where a chunk begins in its file: all that reading needs to go on from there."""

    chunk: int = 0
    """The chunk's number."""
    row: int = 0
    """Rows of the file before it."""
    piece: int = 0
    """The number of the piece that its first row is in."""
    before: int = 0
    """Rows of the file before that piece."""
    cut: Cut = FIRST
    """Where that piece is read from; at the beginning, those before it are read again."""


BEGINNING = Start()


@dataclass(frozen=True)
class Chunk:
    """Consecutive rows of a file, numbered from 0; `read` counts good and bad rows."""

    number: int
    rows: pa.Table
    bad: tuple[Bad, ...]
    read: int
    start: Start = BEGINNING
    end: Start = BEGINNING
    """Where the next chunk begins."""


def chunks(pieces: Iterable[Piece], size: int, start_at: Start = BEGINNING) -> Iterator[Chunk]:
    """The pieces gathered into chunks of `size` rows, the last one shorter.

    A chunk also ends with the piece that brings it over LARGEST bytes. Both depend on nothing
    but the file and the size, so that the same chunks come again after a crash. `pieces` begin
    with the one that the chunk at `start_at` begins in.
    """
    at, last, cut = start_at, start_at.before, start_at.cut
    held: list[Piece] = []
    place = start_at.piece - 1
    for place, piece in enumerate(pieces, start=start_at.piece):
        before, last = last, piece.last
        inside, cut = cut, piece.cut
        held.append(_after(piece, at.row) if before < at.row else piece)
        while last - at.row >= size:
            end = Start(at.chunk + 1, at.row + size, place, before, inside)
            yield _gather(held, at, end)
            at, held = end, [_after(held[-1], end.row)]
        if sum(p.rows.nbytes for p in held) >= LARGEST and last > at.row:
            end = Start(at.chunk + 1, last, place + 1, last, cut)
            yield _gather(held, at, end)
            at, held = end, []
    if last > at.row:
        yield _gather(held, at, Start(at.chunk + 1, last, place + 1, last, cut))


def after(chunk: Chunk, row: int) -> tuple[Chunk, int]:
    """A chunk without its rows up to a number, and how many those are."""
    if row <= 0:
        return chunk, 0
    numbers = [*chunk.rows[ROW].slice(0, 1).to_pylist(), *(b.row for b in chunk.bad)]
    if not numbers or min(numbers) > row:
        return chunk, 0
    skipped = min(row - min(numbers) + 1, chunk.read)
    place = _place(chunk.rows, row)
    bad = tuple(b for b in chunk.bad if b.row > row)
    left = chunk.read - skipped
    return replace(chunk, rows=chunk.rows.slice(place), bad=bad, read=left), skipped


def ahead(items: Iterator[T]) -> Iterator[T]:
    """The items, the next one made in a thread while the last one is used."""
    end = object()
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as pool:
        coming = pool.submit(next, items, end)
        while (item := coming.result()) is not end:
            coming = pool.submit(next, items, end)
            yield item  # type: ignore[misc]  # the end is not an item


def _gather(held: list[Piece], start: Start, end: Start) -> Chunk:
    inside = [_before(p, end.row) if p.last > end.row else p for p in held]
    rows = pa.concat_tables([p.rows for p in inside])
    bad = tuple(b for p in inside for b in p.bad)
    return Chunk(start.chunk, rows, bad, end.row - start.row, start, end)


def _before(piece: Piece, stop: int) -> Piece:
    place = _place(piece.rows, stop)
    return Piece(piece.rows.slice(0, place), tuple(b for b in piece.bad if b.row <= stop), stop)


def _after(piece: Piece, start: int) -> Piece:
    place = _place(piece.rows, start)
    return Piece(piece.rows.slice(place), tuple(b for b in piece.bad if b.row > start), piece.last)


def _place(rows: pa.Table, row: int) -> int:
    """How many of the rows are numbered at most `row`; they ascend."""
    numbers = rows[ROW].combine_chunks().to_numpy()
    return int(numbers.searchsorted(row, side="right"))
