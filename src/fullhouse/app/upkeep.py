"""Upkeep: whether a workspace is sound; its tables, old files, audit log and runs."""

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from fullhouse.app.use_case import faults_in_words, use_case
from fullhouse.control import audit_log, check_writable, record
from fullhouse.control.control import shows_all_rows
from fullhouse.control.run import Run
from fullhouse.control.suppression import pending_erasures, suppressed_digests
from fullhouse.core import settings as settings_
from fullhouse.core.brief import Brief
from fullhouse.core.errors import FullhouseError, InputError, did_you_mean
from fullhouse.core.request import request
from fullhouse.core.tables import ALL, Table
from fullhouse.core.tabular import Listing
from fullhouse.core.values import check_rows
from fullhouse.lake import Compaction, Place, TableStatus, Vacuum, compact, status, vacuum
from fullhouse.lake.verify import check_files
from fullhouse.workspace import runs
from fullhouse.workspace.cache_files import one_at_a_time
from fullhouse.workspace.context import Context, init_house, open_house

if TYPE_CHECKING:
    from fullhouse.erasure import Overdue

LEAST_FREE_BYTES = 1_000_000_000
"""A disk with less free space than this is a fault: one ingest may need as much to spill."""


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
class RetainLake:
    """Remove, or count, the rows that are older than the settings allow."""

    dry_run: bool = False


@request
class ListAudit:
    """The newest rows of the audit log, at most so many."""

    rows: int = 20

    def __post_init__(self) -> None:
        check_rows(self.rows)


@dataclass(frozen=True)
class AuditEntry(Brief):
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

    def __post_init__(self) -> None:
        check_rows(self.rows)


@request
class ShowRun:
    """A run by its id, or by the first characters of it."""

    id: str


@request
class CancelRun:
    """Stop a run at its next step."""

    id: str


@dataclass(frozen=True)
class HealthCheck:
    """One thing that was looked at: a code of the result, its facts, and whether it is sound."""

    name: str
    ok: bool
    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Health:
    """All checks of a workspace, in the order in which one rests on the other."""

    place: str
    checks: tuple[HealthCheck, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is at fault."""
        return all(check.ok for check in self.checks)


@use_case
def audit(context: Context, request: ListAudit | None = None) -> Listing[AuditEntry]:
    """What was done to the workspace, the newest first."""
    rows = audit_log(context.control, most=(request or ListAudit()).rows)
    return Listing(AuditEntry(row.at, row.actor, row.action, row.detail) for row in rows)


@use_case
def lake_status(context: Context, request: ShowLake | None = None) -> Listing[TableStatus]:
    """The state of tables: version, rows, files, bytes and when they changed."""
    wanted = request or ShowLake()
    if wanted.at is not None:
        context.day_asked(wanted.at.date())
    return Listing(status(context.lake, _tables(wanted.tables), at=wanted.at))


@use_case
def lake_compact(context: Context, request: CompactLake | None = None) -> Listing[Compaction]:
    """What was rewritten of each table; no row changes."""
    check_writable(context.control)
    done = compact(context.lake, _tables((request or CompactLake()).tables))
    record(context.control, "lake.compact", {d.name: d.files_removed for d in done})
    return Listing(done)


@use_case
def lake_vacuum(context: Context, request: VacuumLake | None = None) -> Listing[Vacuum]:
    """The files that were removed of each table, or would be."""
    check_writable(context.control)
    wanted = request or VacuumLake()
    tables = _tables(wanted.tables)
    done = vacuum(context.lake, tables, keep_days=wanted.keep_days, dry_run=wanted.dry_run)
    if not wanted.dry_run:
        record(context.control, "lake.vacuum", {d.name: d.files for d in done})
    return Listing(done)


@use_case
def lake_retain(context: Context, request: RetainLake | None = None) -> "tuple[Overdue, ...]":
    """What was older than the settings allow and went, with every byte of it; or would go."""
    from fullhouse.erasure.retain import overdue, retain  # here: it brings most of the stages

    check_writable(context.control)
    if (request or RetainLake()).dry_run:
        return overdue(context.lake, context.settings, today=context.today)
    with one_at_a_time(context.place, "erasing"):
        gone = retain(context.lake, context.settings, today=context.today)
    if gone:
        record(context.control, "lake.retain", {g.table: g.rows for g in gone})
    return gone


@use_case
def run_list(context: Context, request: ListRuns | None = None) -> Listing[Run]:
    """Runs, the newest first; one whose process is gone has crashed."""
    wanted = request or ListRuns()
    return Listing(runs.runs(context, most=wanted.rows, status=wanted.status))


@use_case
def run_show(context: Context, request: ShowRun) -> Run:
    """A run: what was asked, from which table versions, and how far it is."""
    return runs.run(context, request.id)


@use_case
def run_cancel(context: Context, request: CancelRun) -> Run:
    """The run as it is after it was asked to stop; one that ended stays as it ended."""
    check_writable(context.control)
    stopped = runs.cancel(context, request.id)
    record(context.control, "run.cancel", {"run": stopped.id, "kind": stopped.kind})
    return stopped


def workspace_health(where: str = ".", *, environment: Mapping[str, str] = os.environ) -> Health:
    """What stands in the way of work: settings, key, lake, control database, engine, disk.

    Needs no workspace that can be opened: settings that cannot be read are a result, not an error.
    """
    place = Place.of(where)
    try:
        context = open_house(where, environment=environment)
    except InputError as problem:
        return Health(place.root, (_fault("settings", problem),))
    with context:
        checks = (
            HealthCheck("settings", True, "settings_read", {"changed": _changed(context)}),
            _tried("key", lambda: _key(context)),
            _tried("lake", lambda: _lake(context)),
            _tried("house", lambda: _house(context)),
            _tried("control", lambda: _control(context)),
            _tried("erasure", lambda: _erasure(context)),
            _tried("retention", lambda: _retention(context)),
            _tried("engine", lambda: _engine(context)),
            _tried("disk", lambda: _disk(context)),
            _tried("removals", lambda: _removals(context)),
        )
    return Health(place.root, checks)


def check_control(context: Context) -> HealthCheck:
    """Whether the control database is open, and its second lock holds this process."""
    return _tried("control", lambda: _control(context))


def new_house(
    where: str, *, simulated: bool = False, environment: Mapping[str, str] = os.environ
) -> Context:
    """Make a workspace in an empty folder or at an object-store URL.

    An `InputError` where one stands there, around it, or where the folder holds other files.
    """
    with faults_in_words():
        _check_new_place(where)
        return init_house(where, simulated=simulated, environment=environment)


def _check_new_place(where: str) -> None:
    place = Place.of(where)
    if not place.is_local:
        return
    folder = place.path
    for parent in folder.parents:
        if (parent / settings_.FILE).is_file():
            raise InputError(
                f"{folder} is inside the workspace {parent}; make the new one beside it, not in it."
            )
    if folder.is_file():
        raise InputError(f"{folder} is a file; a workspace needs a folder of its own.")
    if not folder.is_dir() or (folder / settings_.FILE).is_file():
        return
    others = sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))
    if others:
        raise InputError(
            f"{folder} holds other files ({', '.join(others[:3])}{' …' if others[3:] else ''});"
            f" a workspace needs an empty folder, such as {folder / 'house'}."
        )


def _tables(names: tuple[str, ...]) -> tuple[Table, ...]:
    for name in names:
        if name not in ALL:
            raise InputError(f"No table {name!r} in the lake.{did_you_mean(name, ALL)}")
    return tuple(ALL[name] for name in (names or ALL))


def _tried(name: str, check: Callable[[], HealthCheck]) -> HealthCheck:
    # Whatever a library raises is a finding here: to go on to the next check is the purpose.
    try:
        return check()
    except Exception as problem:
        return _fault(name, problem)


def _fault(name: str, problem: Exception) -> HealthCheck:
    first = str(problem).strip().splitlines() or [type(problem).__name__]
    kind = "refused" if isinstance(problem, FullhouseError) else type(problem).__name__
    return HealthCheck(name, False, "fault", {"kind": kind, "reason": first[0]})


def _changed(context: Context) -> int:
    text = (context.place.read(settings_.FILE) or b"").decode()
    origins = settings_.origins(text, context.environment)
    return sum(origin.origin != "default" for origin in origins)


def _key(context: Context) -> HealthCheck:
    return HealthCheck("key", True, "key_present", {"bytes": len(context.key)})


def _lake(context: Context) -> HealthCheck:
    tables = status(context.lake, tuple(ALL.values()))
    for table in tables:
        check_files(context.lake, ALL[table.name])
    rows = sum(table.rows for table in tables)
    return HealthCheck("lake", True, "lake_read", {"tables": len(tables), "rows": rows})


def _house(context: Context) -> HealthCheck:
    house = context.workspace.house
    if house is None:
        return HealthCheck("house", True, "house_untied")
    return HealthCheck("house", True, "house_tied", {"house": house.lake[:8]})


def _control(context: Context) -> HealthCheck:
    control = context.control
    if control.dialect == "postgresql" and shows_all_rows(control):
        return HealthCheck("control", False, "control_unlocked")
    return HealthCheck("control", True, "control_open", {"database": control.dialect})


def _erasure(context: Context) -> HealthCheck:
    waiting = len(pending_erasures(context.control))
    if waiting:
        return HealthCheck("erasure", False, "erasures_not_ended", {"erasures": waiting})
    many = len(suppressed_digests(context.control))
    return HealthCheck("erasure", True, "erasures_ended", {"suppressed": many})


def _retention(context: Context) -> HealthCheck:
    from fullhouse.erasure.retain import RULES, overdue

    if not any(getattr(context.settings, setting) for setting in RULES):
        return HealthCheck("retention", True, "retention_none")
    due = overdue(context.lake, context.settings, today=context.today)
    rows = sum(d.rows for d in due)
    code = "retention_due" if due else "retention_met"
    return HealthCheck("retention", True, code, {"rows": rows, "tables": len(due)})


def _engine(context: Context) -> HealthCheck:
    engine = context.engine
    counted = engine.arrow(engine.memory(pa.table({"one": [1, 1]})).count().as_table()).num_rows
    return HealthCheck("engine", counted == 1, "engine_answers", {"engine": engine.name})


def _removals(context: Context) -> HealthCheck:
    """Channels that have accounts of people who left are a fault: the lists must go out."""
    # Imported here: other commands of upkeep need nothing of campaigns.
    from fullhouse.campaigns.removals import removals_due

    due = removals_due(context)
    if not due:
        return HealthCheck("removals", True, "removals_none")
    facts = {"accounts": sum(d.accounts for d in due), "channels": len(due)}
    return HealthCheck("removals", False, "removals_due", facts)


def _disk(context: Context) -> HealthCheck:
    if not context.place.is_local:
        return HealthCheck("disk", True, "disk_remote", {})
    folder = context.place.path
    if not os.access(folder, os.W_OK):
        return HealthCheck("disk", False, "disk_read_only", {})
    free = shutil.disk_usage(folder).free
    code = "disk_free" if free >= LEAST_FREE_BYTES else "disk_full"
    return HealthCheck("disk", code == "disk_free", code, {"free_bytes": free})
