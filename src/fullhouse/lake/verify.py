"""Whether tables are what they were: against their marks, their logs and their files."""

import json
import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from fullhouse.core.errors import DamagedError, Reason
from fullhouse.core.tables import Mark, Table
from fullhouse.lake.lake import Lake, dataset_of, total
from fullhouse.lake.place import Place

LIBRARIES = ("duckdb", "_duckdb", "pyarrow", "deltalake", "_internal", "builtins")
LOOKS = 20
LOOK_SECONDS = 0.05
"""A fault counts once two looks in a row find it; there are at most so many, so far apart."""
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
        folder = f"{place.root}/{name}/_delta_log"
        sizes, checkpoint = _log(folder)
        if _gaps(sizes, checkpoint):
            # A list is not of one moment: of two commits made meanwhile it may have the later one.
            sizes, checkpoint = _log(folder)
        newest = max(sizes, default=checkpoint)
        if newest < 0:
            yield DamagedError(code="table_log_lost", table=name, rows=mark.rows)
        elif newest < mark.version:
            lost = {"newest": newest, "version": mark.version, "rows": mark.rows}
            yield DamagedError(code="table_behind", table=name, **lost)
        gaps = _gaps(sizes, checkpoint)
        if gaps:
            yield DamagedError(code="table_log_damaged", table=name, version=gaps[0])


def _gaps(sizes: Mapping[int, int], checkpoint: int) -> list[int]:
    """Commits that are missing from a log, and then those that are empty."""
    newest = max(sizes, default=checkpoint)
    missing = [v for v in range(checkpoint + 1, newest) if v not in sizes]
    return missing + [v for v, size in sorted(sizes.items()) if not size and v > checkpoint]


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
    """The newest version of a table with its rows; None before its first write.

    As two looks in a row have it: who began to read the log before an erasure's checkpoint, and
    went on while it emptied the entries, has read fewer rows than there are.
    """
    before = None
    for _ in range(LOOKS):
        delta = lake.live.open(table)
        mark = None if delta is None else Mark(delta.version(), rows_of(delta))
        if mark is None or mark == before:
            return mark
        before = mark
    return before


def rows_of(delta: DeltaTable) -> int:
    """The rows of a table's version, as its log has them."""
    files = pa.table(delta.get_add_actions(flatten=True))
    return total(files["num_records"]) if files.num_rows else 0


def table_fault(lake: Lake, table: Table, mark: Mark) -> DamagedError | None:
    """What shows that a table lost commits it once had, or a file of its newest version."""

    def look(delta: DeltaTable | None) -> list[DamagedError]:
        if delta is None:
            return [DamagedError(code="table_log_lost", table=table.name, rows=mark.rows)]
        behind = mark_fault(lake, table, delta, mark)
        return [behind] if behind else list(islice(file_faults(lake, table, delta), 1))

    return next(iter(_lasting(lake, table, look)), None)


def _lasting(
    lake: Lake, table: Table, look: Callable[[DeltaTable | None], list[DamagedError]]
) -> list[DamagedError]:
    """The faults that two looks in a row find at one version.

    What others commit between opening a table and looking at its files, and what an erasure takes
    away then, is no loss; what is lost is lost at the next look, too.
    """
    before: object = None
    faults: list[DamagedError] = []
    for _ in range(LOOKS):
        delta = lake.live.open(table)
        faults = look(delta)
        state = None if delta is None else delta.version(), [str(f.reason) for f in faults]
        if not faults or state == before:
            break
        before = state
        time.sleep(LOOK_SECONDS)
    return faults


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
        if rows != mark.rows and lake.is_fenced(table.name, mark.version):
            # It is being cleared: an erasure empties the entries one after the other.
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


def check_files(lake: Lake, table: Table) -> None:
    """An error for the first data file of a local table that is missing or cut."""
    for fault in _lasting(
        lake, table, lambda delta: [] if delta is None else list(file_faults(lake, table, delta))
    ):
        raise fault


@dataclass(frozen=True)
class TableProof:
    """What a deep look at a table came to: its newest version, and everything that is wrong."""

    name: str
    version: int | None
    rows: int
    files: int
    problems: tuple[Reason, ...]


def verify_table(lake: Lake, table: Table, mark: Mark | None, *, full: bool) -> TableProof | None:
    """A table against its mark, its log and its files; with `full`, every page is decoded.

    None for one that never was.
    """
    problems = list(log_faults(lake.place, {table.name: mark or Mark(-1, 0)})) if mark else []
    held: list[DeltaTable | None] = [None]

    def look(delta: DeltaTable | None) -> list[DamagedError]:
        held[0] = delta
        if delta is None:
            return []
        behind = None if mark is None else mark_fault(lake, table, delta, mark)
        missing = list(file_faults(lake, table, delta))
        names = {fault.facts["file"] for fault in missing}
        content = _content_faults(lake, table, delta, names, full=full)
        return [*([behind] if behind else []), *missing, *content]

    try:
        problems += _lasting(lake, table, look)
    except DamagedError as fault:
        return _proof(table, None, [*problems, fault])
    if held[0] is None:
        return _proof(table, None, problems) if problems else None
    return _proof(table, held[0], problems)


def _proof(table: Table, delta: DeltaTable | None, problems: list[DamagedError]) -> TableProof:
    by_text = {str(p.reason): p.reason for p in problems}
    if delta is None:
        return TableProof(table.name, None, 0, 0, tuple(by_text.values()))
    files = len(delta.file_uris())
    return TableProof(table.name, delta.version(), rows_of(delta), files, tuple(by_text.values()))


def _content_faults(
    lake: Lake, table: Table, delta: DeltaTable, missing: Collection[str], *, full: bool
) -> Iterator[DamagedError]:
    """The data files that cannot be read, or hold another number of rows than the log says."""
    if not lake.place.is_local:
        held = dataset_of(delta).count_rows()
        if held != rows_of(delta):
            facts = {"version": delta.version(), "rows": held, "expected": rows_of(delta)}
            yield DamagedError(code="table_rows_other", table=table.name, **facts)
        return
    files = pa.table(delta.get_add_actions(flatten=True))
    for name, rows in zip(files["path"].to_pylist(), files["num_records"].to_pylist(), strict=True):
        if name in missing:
            continue
        path = f"{lake.uri(table)}/{unquote(name)}"
        try:
            held = _rows_in(path, full=full)
        except (OSError, pa.ArrowException) as problem:
            reason = str(problem).splitlines()[0]
            facts = {"table": table.name, "file": name, "reason": reason}
            yield DamagedError(code="data_file_unreadable", **facts)
            continue
        if rows is not None and held != rows:
            facts = {"table": table.name, "file": name, "rows": held, "expected": rows}
            yield DamagedError(code="data_file_rows", **facts)


def _rows_in(path: str, *, full: bool) -> int:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        if full:
            return sum(batch.num_rows for batch in file.iter_batches())
        return int(file.metadata.num_rows)


def drop_lost_files(lake: Lake, table: Table) -> int:
    """Take data files that are missing or cut out of a local table's log; how many were."""
    delta = lake.live.open(table)
    if delta is None:
        return 0
    lost = list(file_faults(lake, table, delta))
    for fault in lost:
        path = f"{lake.uri(table)}/{unquote(fault.facts['file'])}"
        if fault.code == "data_file_cut":
            os.replace(path, f"{path}.damaged")
    if lost:
        delta.repair()
    return len(lost)


def files_at(lake: Lake, table: Table, version: int) -> list[str]:
    """The files of a table that its versions up to one need, log and data, by their names."""
    place = Place(lake.uri(table))
    stored = {file.name for file in place.files()}
    data = set(DeltaTable(lake.uri(table), version=version).get_add_actions()["path"].to_pylist())
    names = set()
    for name in stored:
        folder, _, plain = name.rpartition("/")
        if folder != "_delta_log" or not plain[:20].isdigit() or int(plain[:20]) > version:
            continue
        names.add(name)
        if plain.endswith(".json"):
            for line in (place.read(name) or b"").splitlines():
                if line.startswith(b'{"add"'):
                    data.add(json.loads(line)["add"]["path"])
    return sorted(names | ({unquote(path) for path in data} & stored))
