"""Keep the tables healthy: what they hold, small files into large ones, old files away."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from fullhouse.core.errors import InputError
from fullhouse.core.tables import Table
from fullhouse.lake.lake import WRITER, Lake, commit_time, version_at

LEAST_RETENTION_DAYS = 1
"""Vacuuming younger files could take away what a running reader still needs."""


@dataclass(frozen=True)
class TableStatus:
    """What a table holds now. `bytes_stored` counts its live files, not those of old versions."""

    name: str
    version: int
    rows: int
    files: int
    bytes_stored: int
    changed_at: datetime


@dataclass(frozen=True)
class Compaction:
    """What compacting a table did."""

    name: str
    files_removed: int
    files_added: int


@dataclass(frozen=True)
class Vacuum:
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
                pc.sum(files["num_records"]).as_py() or 0,
                files.num_rows,
                pc.sum(files["size_bytes"]).as_py() or 0,
                commit_time(next(h for h in delta.history() if h["version"] == delta.version())),
            )
        )
    return statuses


def compact(lake: Lake, tables: tuple[Table, ...]) -> list[Compaction]:
    """Rewrite small files of each table into large ones, in a commit that changes no row."""
    done = []
    for table, delta in _existing(lake, tables):
        metrics = delta.optimize.compact(writer_properties=WRITER)
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
