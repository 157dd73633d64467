"""What reading raw files needs of DuckDB: JSON fields, and tables held for a moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fullhouse.engine.duckdb import DuckDBEngine

if TYPE_CHECKING:
    import ibis.expr.types as ir

UInts = npt.NDArray[np.uint64]


@contextmanager
def held(engine: DuckDBEngine, table: pa.Table) -> Iterator[ir.Table]:
    """An Arrow table as an Ibis table, let go at the end; `engine.memory` keeps it for ever."""
    expr = engine.memory(table)
    try:
        yield expr
    finally:
        engine.connection.con.unregister(expr.get_name())


def json_objects(engine: DuckDBEngine, lines: pa.ChunkedArray) -> pa.ChunkedArray:
    """Whether each line is a JSON object."""
    query = """
        SELECT CASE WHEN json_valid(line) THEN json_type(line) = 'OBJECT' ELSE false END AS good
        FROM lines
    """
    return _run(engine, query, lines)["good"]


def json_fields(
    engine: DuckDBEngine, lines: pa.ChunkedArray, names: Sequence[str]
) -> list[pa.ChunkedArray]:
    """The named fields of lines that are JSON objects, as texts; a dot reaches into an object.

    All fields come of one parse of each line.
    """
    if not names:
        return []
    if not len(lines):
        return [pa.chunked_array([], pa.string()) for _ in names]
    pointers = [_pointer(name) for name in names]
    query = "SELECT json_extract_string(line, ?) AS text FROM lines"
    values = _run(engine, query, lines, pointers)["text"].combine_chunks()
    flat = values.flatten() if isinstance(values, pa.ListArray) else values.chunk(0).flatten()
    width = len(names)
    return [
        pa.chunked_array([flat.take(pa.array(range(i, len(flat), width)))]) for i in range(width)
    ]


def json_types(engine: DuckDBEngine, lines: pa.ChunkedArray, name: str) -> list[str | None]:
    """What JSON calls a field's value in each line: OBJECT, ARRAY, DOUBLE, or another."""
    query = "SELECT json_type(line, ?) AS type FROM lines"
    return list(_run(engine, query, lines, _pointer(name))["type"].to_pylist())


def json_names(engine: DuckDBEngine, lines: pa.ChunkedArray) -> list[str]:
    """The names of all fields in lines that are JSON objects, one level deep in objects too."""
    query = "SELECT DISTINCT unnest(json_keys(line)) AS name FROM lines ORDER BY name"
    return [str(n) for n in _run(engine, query, lines)["name"].to_pylist()]


def _pointer(name: str) -> str:
    return "/" + name.replace("~", "~0").replace("/", "~1").replace(".", "/")


def _run(engine: DuckDBEngine, query: str, lines: pa.ChunkedArray, *parameters: object) -> pa.Table:
    # A cursor of its own, so that a reading thread and a mapping one do not meet.
    with engine.connection.con.cursor() as cursor:
        cursor.execute("SET preserve_insertion_order = true")
        cursor.register("lines", pa.table({"line": lines}))
        try:
            return cursor.sql(query, params=list(parameters)).to_arrow_table()
        finally:
            cursor.unregister("lines")


def scanned_hashes(
    engine: DuckDBEngine, table: ir.Table, columns: Sequence[str]
) -> Iterator[UInts]:
    """A 64-bit hash of the texts that some columns of each row hold, in no order, bit by bit."""
    inner = engine.connection.compile(table.select(*columns))
    hashed = engine.connection.con.sql(inner).project(_hash(columns))
    for batch in hashed.to_arrow_reader(1_000_000):
        yield batch.column("hash").to_numpy(zero_copy_only=False)


def row_hashes(engine: DuckDBEngine, rows: pa.Table, columns: Sequence[str]) -> UInts:
    """The same hash of each row of a table in memory, in their order."""
    places = pa.array(np.arange(rows.num_rows))
    with held(engine, rows.select(list(columns)).append_column("place", places)) as table:
        held_rows = engine.connection.con.table(table.get_name())
        hashed = held_rows.project(f"place, {_hash(columns)}").to_arrow_table()
    hashes: UInts = np.empty(rows.num_rows, dtype=np.uint64)
    hashes[hashed["place"].to_numpy()] = hashed["hash"].to_numpy()
    return hashes


def _hash(columns: Sequence[str]) -> str:
    return f"hash({', '.join(columns)}) AS hash"
