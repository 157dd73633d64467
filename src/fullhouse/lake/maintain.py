"""Keep the tables healthy: what they hold, small files into large ones, old files away.

And take rows out of a table so that no byte of them is left: `fence`, `delete_rows`, `purge`.
"""

import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote, urlsplit

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError

from fullhouse.core.brief import Brief
from fullhouse.core.errors import ConflictError, InputError
from fullhouse.core.tables import Table
from fullhouse.lake.lake import (
    ERASED,
    FENCES,
    TRIES,
    WRITER,
    WRITERS,
    Lake,
    commit_time,
    configuration,
    is_erased,
    literal,
    total,
    version_at,
)
from fullhouse.lake.place import Place, Stored

TICK_SECONDS = 0.02
"""Longer than two files of a local disk can have the same time."""
AT_ONCE = 500
"""Values in one condition."""

LEAST_RETENTION_DAYS = 1
"""Vacuuming younger files could take away what a running reader still needs."""


@dataclass(frozen=True)
class TableStatus(Brief):
    """What a table holds now. `bytes_stored` counts its live files, not those of old versions."""

    name: str
    version: int
    rows: int
    files: int
    bytes_stored: int
    changed_at: datetime


@dataclass(frozen=True)
class Compaction(Brief):
    """What compacting a table did."""

    name: str
    files_removed: int
    files_added: int


@dataclass(frozen=True)
class Vacuum(Brief):
    """The files of old versions that a vacuum removed, or would remove."""

    name: str
    files: int


def status(
    lake: Lake, tables: tuple[Table, ...], *, at: datetime | None = None
) -> list[TableStatus]:
    """The state of every table that was ever written, now or as it stood at a time."""
    statuses = []
    for table, delta in _existing(lake, tables):
        if at is not None:
            version = version_at(delta, at)
            if version is None:
                continue
            delta.load_as_version(version)
        files = pa.table(delta.get_add_actions(flatten=True))
        statuses.append(
            TableStatus(
                table.name,
                delta.version(),
                total(files["num_records"]),
                files.num_rows,
                total(files["size_bytes"]),
                commit_time(next(h for h in delta.history() if h["version"] == delta.version())),
            )
        )
    return statuses


def compact(lake: Lake, tables: tuple[Table, ...]) -> list[Compaction]:
    """Rewrite small files of each table into large ones, in a commit that changes no row."""
    done = []
    for table, delta in _existing(lake, tables):
        try:
            metrics = delta.optimize.compact(writer_properties=WRITERS.get(table.name, WRITER))
        except CommitFailedError as problem:
            raise ConflictError(code="table_changed", table=table.name) from problem
        lake.written.add(table.name)
        lake.committed.add(table.name)
        done.append(Compaction(table.name, metrics["numFilesRemoved"], metrics["numFilesAdded"]))
    return done


def vacuum(
    lake: Lake, tables: tuple[Table, ...], *, keep_days: int, dry_run: bool = False
) -> list[Vacuum]:
    """Remove files that no version of the last `keep_days` days needs.

    Older snapshots can no longer be read afterwards.
    """
    if keep_days < LEAST_RETENTION_DAYS:
        raise InputError(
            f"Vacuum must keep at least {LEAST_RETENTION_DAYS} day, not {keep_days}:"
            " a running reader may still need younger files."
        )
    return [
        Vacuum(
            table.name,
            len(
                delta.vacuum(
                    retention_hours=24 * keep_days,
                    dry_run=dry_run,
                    enforce_retention_duration=False,
                )
            ),
        )
        for table, delta in _existing(lake, tables)
    ]


def _existing(lake: Lake, tables: tuple[Table, ...]) -> Iterator[tuple[Table, DeltaTable]]:
    for table in tables:
        # Upkeep is of the newest version, whatever this use reads.
        delta = lake.live.open(table)
        if delta is not None:
            yield table, delta


def fence(lake: Lake, table: Table) -> float | None:
    """Make every commit fail that was begun before now; when that was, by the store's own clock.

    A change of a table's metadata is in conflict with whatever is on its way. None before the
    table's first write.
    """
    if lake.place.is_local:
        # The times of files tick: what was written before is then older than the fence.
        time.sleep(TICK_SECONDS)
    for _ in range(TRIES):
        delta = lake.live.open(table)
        if delta is None:
            return None
        fences = int(delta.metadata().configuration.get(FENCES) or 0) + 1
        properties = {**configuration(table), FENCES: str(fences)}
        try:
            delta.alter.set_table_properties(properties, raise_if_not_exists=False)
        except CommitFailedError:
            continue
        log = f"_delta_log/{delta.version():020}.json"
        return next((f.changed for f in _files(lake, table) if f.name == log), 0.0)
    raise ConflictError(code="table_changed", table=table.name)


def delete_rows(
    lake: Lake, table: Table, column: str, values: Sequence[str | int], **equal: str | int
) -> int:
    """Delete the rows that have one of some values in a column, and others as stated; how many."""
    rest = "".join(f" AND {name} = {literal(value)}" for name, value in equal.items())
    some = [values[i : i + AT_ONCE] for i in range(0, len(values), AT_ONCE)]
    return sum(
        delete_where(lake, table, f"{column} IN ({', '.join(map(literal, part))}){rest}")
        for part in some
    )


def delete_where(lake: Lake, table: Table, condition: str) -> int:
    """Delete the rows for which an SQL condition holds; how many.

    As a replacement of these rows by none: the library's own delete writes types of text that
    Arrow cannot compare when it reads them.
    """

    def once(delta: DeltaTable) -> int:
        before = delta.count()
        write_deltalake(
            delta,
            table.schema.empty_table(),
            mode="overwrite",
            predicate=condition,
            writer_properties=WRITERS.get(table.name, WRITER),
        )
        return before - delta.count()

    return _again(lake, table, once)


def purge(lake: Lake, table: Table, *, fenced: float) -> int:
    """Remove what the newest version of a fenced table does not need; how many files went.

    Files of older versions and such as nobody committed go; a checkpoint takes the place of the
    log so far, whose entries stay as empty ones: a writer that comes late finds the fence behind
    them, and none can commit into a gap. Older versions can be read no more.
    """
    place = Place(lake.uri(table))
    removed = _again(lake, table, _vacuum_all)
    listed = list(_files(lake, table))
    if fence(lake, table) is None:
        return 0
    delta = lake.live.open(table)
    assert delta is not None
    live = {_relative(uri, place) for uri in delta.file_uris()}
    for file in listed:
        is_log = file.name.startswith("_delta_log/")
        part = is_log and file.name.endswith(".tmp")
        if file.changed < fenced and (part or (not is_log and file.name not in live)):
            place.remove(file.name)
            removed += 1
    delta.create_checkpoint()
    # Listed again: a commit of somebody else's may stand between the first list and the checkpoint.
    return removed + _empty_log(place, list(_files(lake, table)), delta.version())


def _vacuum_all(delta: DeltaTable) -> int:
    """Remove the files that a commit took out, however young: not such as are on their way."""
    files = delta.vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)
    return len(files)


def _empty_log(place: Place, files: Sequence[Stored], newest: int) -> int:
    removed = 0
    for file in files:
        folder, _, name = file.name.rpartition("/")
        if folder != "_delta_log" or not name[:20].isdigit() or int(name[:20]) >= newest:
            continue
        if not name.endswith(".json"):
            place.remove(file.name)
            removed += 1
            continue
        log = place.read(file.name)
        if log is not None and not is_erased(log):
            info = {"operation": ERASED, "timestamp": _timestamp(log, file)}
            place.write(file.name, json.dumps({"commitInfo": info}).encode() + b"\n")
            removed += 1
    return removed


def _timestamp(log: bytes, file: Stored) -> int:
    commits = [json.loads(line) for line in log.splitlines() if line.strip()]
    times = [c["commitInfo"].get("timestamp") for c in commits if "commitInfo" in c]
    return next((int(t) for t in times if t is not None), int(file.changed * 1000))


def _again(lake: Lake, table: Table, once: Callable[[DeltaTable], int]) -> int:
    for _ in range(TRIES):
        delta = lake.live.open(table)
        if delta is None:
            return 0
        lake.written.add(table.name)
        try:
            rows = once(delta)
        except CommitFailedError:
            continue
        if rows:
            lake.committed.add(table.name)
        return rows
    raise ConflictError(code="table_changed", table=table.name)


def _files(lake: Lake, table: Table) -> Iterator[Stored]:
    return Place(lake.uri(table)).files()


def _relative(uri: str, place: Place) -> str:
    """The name of a live file below its table, as a listing has it."""
    if not place.is_local:
        return uri.removeprefix(place.root).lstrip("/")
    path = unquote(urlsplit(uri).path) if "://" in uri else uri
    return os.path.relpath(path, place.root)
