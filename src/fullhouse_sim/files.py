"""Files of a feed, written piece by piece: the same pieces give the same bytes."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from fullhouse.core.errors import InputError

# Arrow's own zlib: the same on every machine that has the same Arrow, and no time in the header.
_GZIP = pa.Codec("gzip", compression_level=1)
_PLAIN_CSV = pa.csv.WriteOptions(include_header=False, quoting_style="none")
_QUOTED_CSV = pa.csv.WriteOptions(include_header=False, quoting_style="needed")


class File(Protocol):
    """Something that takes tables one after another."""

    rows: int

    def write(self, table: pa.Table) -> None:
        """Append a table's rows."""

    def close(self) -> None:
        """Finish the file."""


def open_file(path: Path, schema: pa.Schema, *, header: bool = True) -> File:
    """A new file by its name: .parquet, .csv, .csv.gz or .jsonl.gz; texts hold no line breaks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.name.endswith(".parquet"):
        return _Parquet(path, schema)
    if path.name.endswith((".csv", ".csv.gz", ".jsonl.gz")):
        return _Lines(path, schema, header=header)
    raise InputError(f"A simulated file cannot be called {path.name!r}.")


def write_file(path: Path, table: pa.Table) -> int:
    """One table as a file; its rows."""
    file = open_file(path, table.schema)
    file.write(table)
    file.close()
    return file.rows


def join_parts(parts: Sequence[Path], path: Path) -> None:
    """One file of the parts, which are then gone; parts are packed one by one, or plain text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as whole:
        for part in parts:
            whole.write(part.read_bytes())
            part.unlink()


class _Parquet:
    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.rows = 0
        self._writer = pa.parquet.ParquetWriter(
            path, schema, compression="zstd", compression_level=1, store_schema=False
        )

    def write(self, table: pa.Table) -> None:
        self.rows += table.num_rows
        self._writer.write_table(table, row_group_size=max(1, table.num_rows))

    def close(self) -> None:
        self._writer.close()


class _Lines:
    """CSV, or JSON Lines; where the name ends in .gz, each piece is packed by itself."""

    def __init__(self, path: Path, schema: pa.Schema, *, header: bool) -> None:
        self.rows = 0
        self._packed = path.name.endswith(".gz")
        self._json = ".jsonl" in path.name
        self._file = path.open("wb")
        if header and not self._json:
            self._put((",".join(schema.names) + "\n").encode())

    def write(self, table: pa.Table) -> None:
        self.rows += table.num_rows
        if table.num_rows:
            self._put(_json_lines(table) if self._json else _csv_lines(table))

    def close(self) -> None:
        self._file.close()

    def _put(self, data: bytes | memoryview) -> None:
        self._file.write(_GZIP.compress(data, asbytes=True) if self._packed else data)


def _csv_lines(table: pa.Table) -> memoryview:
    sink = pa.BufferOutputStream()
    try:
        pa.csv.write_csv(table, sink, _PLAIN_CSV)
    except pa.ArrowInvalid:  # a text with a comma or a quotation mark
        sink = pa.BufferOutputStream()
        pa.csv.write_csv(table, sink, _QUOTED_CSV)
    return memoryview(sink.getvalue())


def _json_lines(table: pa.Table) -> bytes:
    """One object a line; texts hold nothing that JSON must escape but quotation marks."""
    parts: list[pa.Array | pa.Scalar] = []
    for i, name in enumerate(table.column_names):
        parts.append(pa.scalar(("{" if i == 0 else ", ") + json.dumps(name) + ": "))
        parts.append(_as_json(table[name].combine_chunks()))
    lines = pc.binary_join_element_wise(*parts, pa.scalar("}\n"), pa.scalar(""))
    return "".join(lines.to_pylist()).encode()


def _as_json(column: pa.Array) -> pa.Array:
    text = column.cast(pa.string())
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        text = pc.replace_substring(text, '"', '\\"')
        text = pc.binary_join_element_wise(pa.scalar('"'), text, pa.scalar('"'), pa.scalar(""))
    return pc.fill_null(text, "null")
