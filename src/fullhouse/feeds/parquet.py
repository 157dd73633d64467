"""Parquet files: their own types as far as a feed knows what to do with them, in bounded memory."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fullhouse.core.errors import InputError
from fullhouse.feeds.feed import Feed
from fullhouse.feeds.files import MOST_UNPACKED, File, first_line, is_bomb
from fullhouse.feeds.piece import BEGINNING, WRONG_ENCODING, Bad, Piece, Start, numbered

_ROWS = 1 << 16
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000}
# Far outside what a row may say, and inside what every type of time holds.
_FIRST = int(datetime(1000, 1, 1, tzinfo=UTC).timestamp())
_LAST = int(datetime(3000, 1, 1, tzinfo=UTC).timestamp())
_DAY = 86_400


def names(file: File) -> list[str]:
    """The names of a file's columns."""
    with _opened(file) as source:
        return list(source.schema_arrow.names)


def pieces(file: File, feed: Feed, start: Start = BEGINNING) -> Iterator[Piece]:
    """The file piece by piece; only the columns that the feed reads, in types that DuckDB knows.

    Row groups before the piece of `start` are not read.
    """
    with _opened(file) as source:
        groups, last = _groups_from(source, start.before)
        batches = source.iter_batches(batch_size=_ROWS, columns=feed.raw, row_groups=groups)
        while True:
            try:
                batch = next(batches, None)
            except (pa.ArrowException, OSError, ValueError) as problem:
                raise InputError(
                    f"{file.path} is broken after row {last}: {first_line(problem)}"
                ) from None
            if batch is None:
                return
            if last >= start.before:
                yield _piece(file, pa.Table.from_batches([batch]), feed, last)
            last += batch.num_rows


def _groups_from(source: pq.ParquetFile, row: int) -> tuple[list[int], int]:
    """The row groups from which a piece that begins after some rows is cut as it was from the
    first, and the rows before them.

    Batches are cut across groups: so many whole batches must lie before the first group.
    """
    about = source.metadata
    sizes = [about.row_group(i).num_rows for i in range(about.num_row_groups)]
    ends = np.cumsum([0, *sizes]).tolist()
    first = max(i for i, end in enumerate(ends) if end <= row and end % _ROWS == 0)
    return list(range(first, len(sizes))), ends[first]


@contextmanager
def _opened(file: File) -> Iterator[pq.ParquetFile]:
    with file.open() as stream:
        try:
            # Arrow's own buffering ahead keeps all it ever read: 1 GB after 40 million rows.
            source = pq.ParquetFile(stream, pre_buffer=False, buffer_size=1 << 20)
            schema, about = source.schema_arrow, source.metadata
            unpacked = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
        except (pa.ArrowException, OSError, ValueError) as problem:
            raise InputError(f"{file.path} is not a Parquet file: {first_line(problem)}") from None
        if is_bomb(file.size(), max(unpacked, about.num_rows // 8)):
            raise InputError(
                f"{file.path} unpacks to more than {MOST_UNPACKED} times its size, which no file"
                " of rows does. Write it anew without compression if it is one."
            )
        del schema
        yield source


def _piece(file: File, rows: pa.Table, feed: Feed, last: int) -> Piece:
    numbers = np.arange(last + 1, last + 1 + rows.num_rows)
    bad: list[Bad] = []
    columns: dict[str, pa.Array] = {}
    unread = np.zeros(rows.num_rows, dtype=bool)
    for name in feed.raw:
        try:
            columns[name], wrong = _readable(rows[name].combine_chunks())
        except pa.ArrowNotImplementedError:
            raise InputError(
                f"{file.path}: column {name!r} is of type {rows[name].type}, which cannot be"
                " mapped. Write the part that is wanted as a column of its own."
            ) from None
        for place in np.flatnonzero(wrong & ~unread):
            detail = f"{name}: not UTF-8"
            bad.append(Bad(int(numbers[place]), WRONG_ENCODING, detail, 0))
        unread |= wrong
    table = numbered(
        pa.table(columns) if columns else rows.select([]), pa.array(numbers, pa.int64())
    )
    if unread.any():
        table = table.filter(pa.array(~unread))
    return Piece(table, tuple(sorted(bad, key=lambda b: b.row)), last + rows.num_rows)


def _readable(column: Any) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    """A column in a type that DuckDB and Ibis know, and where it could not be read."""
    if isinstance(column, pa.ChunkedArray):
        column = column.chunk(0) if column.num_chunks else pa.array([], column.type)
    fine = np.zeros(len(column), dtype=bool)
    kind, types = column.type, pa.types
    if isinstance(kind, pa.BaseExtensionType):
        if kind.extension_name == "arrow.uuid":
            return pa.array([None if v is None else str(v) for v in column.to_pylist()]), fine
        return _readable(column.storage)
    if types.is_dictionary(kind):
        return _readable(column.cast(kind.value_type))
    if types.is_null(kind):
        return column.cast(pa.string()), fine
    if _is_text(kind):
        return _text(column.cast(pa.large_binary()))
    if types.is_decimal(kind):
        return _exact(column), fine
    if types.is_float16(kind):
        return column.cast(pa.float32()), fine
    if types.is_duration(kind):
        # In seconds, as a view's.
        per = pa.scalar(float({**_PER_SECOND, "ns": 1_000_000_000}[kind.unit]))
        return pc.divide(column.cast(pa.int64()).cast(pa.float64(), safe=False), per), fine
    if types.is_time(kind):
        return column.cast(pa.string()), fine
    if types.is_timestamp(kind):
        return _inside(column, _PER_SECOND.get(kind.unit)).cast(
            pa.timestamp("us", tz=kind.tz), safe=False
        ), fine
    if types.is_date32(kind):
        return _inside(column, 1 / _DAY), fine
    if types.is_date64(kind):
        return _inside(column, 1_000).cast(pa.timestamp("us"), safe=False), fine
    if types.is_list(kind) or types.is_large_list(kind):
        return _listed(column), fine
    if types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind):
        return column, fine
    raise pa.ArrowNotImplementedError(f"no column of {kind} is read")


def _is_text(kind: pa.DataType) -> bool:
    types = pa.types
    return bool(
        types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_string_view(kind)
        or types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_binary_view(kind)
        or types.is_fixed_size_binary(kind)
    )


def _text(column: pa.Array) -> tuple[pa.Array, npt.NDArray[np.bool_]]:
    """Texts, also of columns that do not say that they are; Arrow itself looks at no byte."""
    fine = np.zeros(len(column), dtype=bool)
    try:
        return column.cast(pa.large_string()).cast(pa.string()), fine
    except pa.ArrowInvalid:
        pass
    texts: list[str | None] = []
    for i, value in enumerate(column.to_pylist()):
        try:
            texts.append(None if value is None else value.decode())
        except UnicodeDecodeError:
            texts.append(None)
            fine[i] = True
    return pa.array(texts, pa.string()), fine


def _exact(column: pa.Array) -> pa.Array:
    """Decimals as texts, so that no digit of an id is lost; a whole number has no point."""
    try:
        texts = column.cast(pa.string())
    except pa.ArrowNotImplementedError:
        texts = pa.array([None if v is None else format(v, "f") for v in column.to_pylist()])
    return pc.replace_substring_regex(texts, r"^(-?\d+)\.0+$", r"\1")


def _inside(column: pa.Array, per_second: float | None) -> pa.Array:
    """Times beyond the calendar brought to its edges, where no row may lie either."""
    if per_second is None:  # nanoseconds reach from 1677 to 2262
        return column
    whole = pa.int32() if pa.types.is_date32(column.type) else pa.int64()
    first, last = (pa.scalar(int(edge * per_second), whole) for edge in (_FIRST, _LAST))
    numbers = column.cast(whole)
    numbers = pc.max_element_wise(numbers, first, skip_nulls=False)
    return pc.min_element_wise(numbers, last, skip_nulls=False).cast(column.type)


def _listed(column: pa.Array) -> pa.Array:
    """Lists of plain values as JSON, as JSON Lines would hold them."""
    if pa.types.is_nested(column.type.value_type):
        raise pa.ArrowNotImplementedError(f"no list of {column.type.value_type} is read")
    values = column.to_pylist()
    return pa.array(
        [None if v is None else json.dumps(v, ensure_ascii=False, default=str) for v in values],
        pa.string(),
    )
