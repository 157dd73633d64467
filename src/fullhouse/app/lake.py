"""Upkeep of the lake."""

from collections.abc import Sequence
from datetime import datetime

from fullhouse.app.use_case import use_case
from fullhouse.control import record
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.request import request
from fullhouse.core.tables import ALL, Table
from fullhouse.lake import Compaction, TableStatus, Vacuum, compact, status, vacuum
from fullhouse.workspace.context import Context


@request
class ShowLake:
    """Look at tables, all without names, now or `at` a time (UTC)."""

    tables: tuple[str, ...] = ()
    at: datetime | None = None


@request
class CompactLake:
    """Rewrite small files of tables, all without names, into large ones."""

    tables: tuple[str, ...] = ()


@request
class VacuumLake:
    """Remove files of snapshots older than `keep_days` days; `dry_run`: only count them."""

    tables: tuple[str, ...] = ()
    keep_days: int = 7
    dry_run: bool = False


@use_case
def lake_status(context: Context, request: ShowLake | None = None) -> list[TableStatus]:
    """The state of each table that was ever written."""
    asked = request or ShowLake()
    return status(context.lake, _tables(asked.tables), at=asked.at)


@use_case
def lake_compact(context: Context, request: CompactLake | None = None) -> list[Compaction]:
    """The files of each table before and after small ones were joined; no row changes."""
    done = compact(context.lake, _tables((request or CompactLake()).tables))
    record(context.control, "lake.compact", {d.name: d.files_removed for d in done})
    return done


@use_case
def lake_vacuum(context: Context, request: VacuumLake | None = None) -> list[Vacuum]:
    """The files of old snapshots that were removed, or would be, by table."""
    asked = request or VacuumLake()
    done = vacuum(
        context.lake, _tables(asked.tables), keep_days=asked.keep_days, dry_run=asked.dry_run
    )
    if not asked.dry_run:
        record(context.control, "lake.vacuum", {d.name: d.files for d in done})
    return done


def _tables(names: Sequence[str]) -> tuple[Table, ...]:
    for name in names:
        if name not in ALL:
            raise InputError(f"No table {name!r} in the lake.{did_you_mean(name, ALL)}")
    return tuple(ALL[name] for name in (names or ALL))
