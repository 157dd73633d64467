"""Upkeep: what the tables hold, small files into large ones, old files away; runs and their end."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fullhouse.app.use_case import use_case
from fullhouse.control import audit_log, record
from fullhouse.control.run import Run
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.request import request
from fullhouse.core.tables import ALL, Table
from fullhouse.lake import Compaction, TableStatus, Vacuum, compact, status, vacuum
from fullhouse.workspace import runs
from fullhouse.workspace.context import Context


@request
class ShowLake:
    """The tables named, or all that were ever written, now or as they stood at a time (UTC)."""

    tables: tuple[str, ...] = ()
    at: datetime | None = None


@request
class CompactLake:
    """Rewrite small files of the tables named, or of all, into large ones."""

    tables: tuple[str, ...] = ()


@request
class VacuumLake:
    """Remove, or count, the files of snapshots older than `keep_days` days."""

    tables: tuple[str, ...] = ()
    keep_days: int = 7
    dry_run: bool = False


@request
class ListAudit:
    """The newest rows of the audit log, at most so many."""

    rows: int = 20


@dataclass(frozen=True)
class AuditEntry:
    """Something that was done to the workspace: when (UTC), by whom, what, and its details."""

    at: datetime
    actor: str
    action: str
    detail: Mapping[str, Any]


@request
class ListRuns:
    """The newest runs, of one status where one is given."""

    rows: int = 20
    status: str | None = None


@request
class ShowRun:
    """A run by its id, or by the first characters of it."""

    id: str


@request
class CancelRun:
    """Stop a run at its next step."""

    id: str


@use_case
def audit(context: Context, request: ListAudit | None = None) -> tuple[AuditEntry, ...]:
    """What was done to the workspace, the newest first."""
    rows = audit_log(context.control, most=(request or ListAudit()).rows)
    return tuple(AuditEntry(row.at, row.actor, row.action, row.detail) for row in rows)


@use_case
def lake_status(context: Context, request: ShowLake | None = None) -> list[TableStatus]:
    """The state of tables: version, rows, files, bytes and when they changed."""
    wanted = request or ShowLake()
    return status(context.lake, _tables(wanted.tables), at=wanted.at)


@use_case
def lake_compact(context: Context, request: CompactLake | None = None) -> list[Compaction]:
    """What was rewritten of each table; no row changes."""
    done = compact(context.lake, _tables((request or CompactLake()).tables))
    record(context.control, "lake.compact", {d.name: d.files_removed for d in done})
    return done


@use_case
def lake_vacuum(context: Context, request: VacuumLake | None = None) -> list[Vacuum]:
    """The files that were removed of each table, or would be."""
    wanted = request or VacuumLake()
    tables = _tables(wanted.tables)
    done = vacuum(context.lake, tables, keep_days=wanted.keep_days, dry_run=wanted.dry_run)
    if not wanted.dry_run:
        record(context.control, "lake.vacuum", {d.name: d.files for d in done})
    return done


@use_case
def run_list(context: Context, request: ListRuns | None = None) -> list[Run]:
    """Runs, the newest first; one whose process is gone has crashed."""
    wanted = request or ListRuns()
    return runs.runs(context, most=wanted.rows, status=wanted.status)


@use_case
def run_show(context: Context, request: ShowRun) -> Run:
    """A run: what was asked, from which table versions, and how far it is."""
    return runs.run(context, request.id)


@use_case
def run_cancel(context: Context, request: CancelRun) -> Run:
    """The run as it is after it was asked to stop; one that ended stays as it ended."""
    stopped = runs.cancel(context, request.id)
    record(context.control, "run.cancel", {"run": stopped.id, "kind": stopped.kind})
    return stopped


def _tables(names: tuple[str, ...]) -> tuple[Table, ...]:
    for name in names:
        if name not in ALL:
            raise InputError(f"No table {name!r} in the lake.{did_you_mean(name, ALL)}")
    return tuple(ALL[name] for name in (names or ALL))
