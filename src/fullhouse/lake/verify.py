"""Whether tables are what they were: against their marks, their logs and their files."""

import os
from collections.abc import Iterator, Mapping
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from fullhouse.core.errors import DamagedError
from fullhouse.core.tables import Mark, Table
from fullhouse.lake.lake import Lake
from fullhouse.lake.place import Place

LIBRARIES = ("duckdb", "_duckdb", "pyarrow", "deltalake", "_internal", "builtins")
NOT_DAMAGE = ("Permission denied", "No space left", "Read-only", "Too many open files")


def reading_fault(problem: Exception, place: Place) -> DamagedError | None:
    """What a library's error says of a file of the lake; None where it is about something else."""
    reason = (str(problem).strip().splitlines() or [""])[0]
    if type(problem).__module__.split(".")[0] not in LIBRARIES or any(
        word in reason for word in NOT_DAMAGE
    ):
        return None
    own = place.root in str(problem) or str(getattr(problem, "filename", "")).startswith(place.root)
    if not own and "arquet" not in reason:
        return None
    return DamagedError(code="lake_unreadable", reason=reason[:300])


def log_faults(place: Place, marks: Mapping[str, Mark]) -> Iterator[DamagedError]:
    """What can be seen of lost commits by the names and sizes of the log files alone.

    Of tables in a folder only: in an object store, a list for each table takes too long.
    """
    if not place.is_local:
        return
    for name, mark in marks.items():
        sizes, checkpoint = _log(f"{place.root}/{name}/_delta_log")
        newest = max(sizes, default=checkpoint)
        if newest < 0:
            yield DamagedError(code="table_log_lost", table=name, rows=mark.rows)
        elif newest < mark.version:
            lost = {"newest": newest, "version": mark.version, "rows": mark.rows}
            yield DamagedError(code="table_behind", table=name, **lost)
        missing = [v for v in range(checkpoint + 1, newest) if v not in sizes]
        empty = [v for v, size in sorted(sizes.items()) if not size and v > checkpoint]
        if missing or empty:
            yield DamagedError(code="table_log_damaged", table=name, version=(missing + empty)[0])


def _log(folder: str) -> tuple[dict[int, int], int]:
    """Bytes of each commit in a local table's log, and the newest checkpoint (-1: none)."""
    sizes: dict[int, int] = {}
    checkpoint = -1
    try:
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return sizes, checkpoint
    for entry in entries:
        number, rest = entry.name[:20], entry.name[20:]
        if not number.isdigit():
            continue
        if rest.startswith(".checkpoint"):
            checkpoint = max(checkpoint, int(number))
        elif rest == ".json":
            sizes[int(number)] = entry.stat().st_size
    return sizes, checkpoint


def table_mark(lake: Lake, table: Table) -> Mark | None:
    """The newest version of a table with its rows; None before its first write."""
    delta = lake.live.open(table)
    return None if delta is None else Mark(delta.version(), rows_of(delta))


def rows_of(delta: DeltaTable) -> int:
    """The rows of a table's version, as its log has them."""
    files = pa.table(delta.get_add_actions(flatten=True))
    return int(pc.sum(files["num_records"]).as_py() or 0) if files.num_rows else 0


def table_fault(lake: Lake, table: Table, mark: Mark) -> DamagedError | None:
    """What shows that a table lost commits it once had, or a file of its newest version."""
    delta = lake.live.open(table)
    if delta is None:
        return DamagedError(code="table_log_lost", table=table.name, rows=mark.rows)
    return mark_fault(lake, table, delta, mark) or next(file_faults(lake, table, delta), None)


def mark_fault(lake: Lake, table: Table, delta: DeltaTable, mark: Mark) -> DamagedError | None:
    """What shows that an open table is behind its mark, or is other than it was there."""
    newest = delta.version()
    if newest < mark.version:
        lost = {"newest": newest, "version": mark.version, "rows": mark.rows}
        return DamagedError(code="table_behind", table=table.name, **lost)
    rows: int | None = rows_of(delta) if newest == mark.version else None
    if rows is None:
        try:
            rows = rows_of(DeltaTable(lake.uri(table), version=mark.version))
        except DeltaError:
            # Its log was cleared since, by an erasure or a checkpoint: the later rows count.
            return None
    if rows == mark.rows:
        return None
    facts = {"version": mark.version, "rows": rows, "expected": mark.rows}
    return DamagedError(code="table_rows_other", table=table.name, **facts)


def file_faults(lake: Lake, table: Table, delta: DeltaTable) -> Iterator[DamagedError]:
    """The data files of a local table that are missing, or have another size than its log says."""
    if not lake.place.is_local:
        return
    files = pa.table(delta.get_add_actions(flatten=True))
    for name, size in zip(files["path"].to_pylist(), files["size_bytes"].to_pylist(), strict=True):
        path = f"{lake.uri(table)}/{unquote(name)}"
        try:
            held = os.stat(path).st_size
        except OSError:
            yield DamagedError(code="data_file_missing", table=table.name, file=name)
            continue
        if held != size:
            facts = {"file": name, "bytes": held, "expected": size}
            yield DamagedError(code="data_file_cut", table=table.name, **facts)
