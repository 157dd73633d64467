"""Upkeep of the lake."""

from collections.abc import Sequence
from datetime import datetime

from fullhouse.control import record
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.tables import ALL, Table
from fullhouse.lake import Compaction, TableStatus, Vacuum, compact, status, vacuum
from fullhouse.workspace.context import Context


def lake_status(
    context: Context, names: Sequence[str] = (), *, at: datetime | None = None
) -> list[TableStatus]:
    """The state of the tables named, or of all that were ever written, now or at a time (UTC)."""
    return status(context.lake, _tables(names), at=at)


def lake_compact(context: Context, names: Sequence[str] = ()) -> list[Compaction]:
    """Rewrite small files into large ones; no row changes."""
    done = compact(context.lake, _tables(names))
    record(context.control, "lake.compact", {d.name: d.files_removed for d in done})
    return done


def lake_vacuum(
    context: Context, names: Sequence[str] = (), *, keep_days: int = 7, dry_run: bool = False
) -> list[Vacuum]:
    """Remove, or count, the files of snapshots older than `keep_days` days."""
    done = vacuum(context.lake, _tables(names), keep_days=keep_days, dry_run=dry_run)
    if not dry_run:
        record(context.control, "lake.vacuum", {d.name: d.files for d in done})
    return done


def _tables(names: Sequence[str]) -> tuple[Table, ...]:
    for name in names:
        if name not in ALL:
            raise InputError(f"No table {name!r} in the lake.{did_you_mean(name, ALL)}")
    return tuple(ALL[name] for name in (names or ALL))
