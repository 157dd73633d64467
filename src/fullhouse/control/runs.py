"""Begin, follow, end and find runs. Only the tenant's own are seen."""

import re
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import InternalError, OperationalError

from fullhouse.control.control import Control
from fullhouse.control.run import CANCELLING, CRASHED, FINISHED, OPEN, RUNNING, Run
from fullhouse.control.schema import JobRow, RunRow
from fullhouse.core.errors import InputError, NotFoundError, did_you_mean
from fullhouse.core.values import HOUSE, in_utc

KEEP_DAYS = 90
"""Runs that began longer ago are forgotten."""

COLUMNS = (
    "id", "kind", "request", "digest", "versions", "actor", "status", "started_at", "heard_at",
    "seconds", "process", "step", "done", "total", "error",
)  # fmt: skip
CUT = 250
"""A step is said in so many characters."""


def begin_run(
    control: Control, id_: str, *, kind: str, request: str, digest: str, process: str
) -> bool:
    """Write down that something is being computed; runs of long ago go.

    False in a workspace that can only be read.
    """
    now = control.clock()
    row = RunRow(
        tenant=control.tenant, id=id_, kind=kind, request=request, digest=digest, versions={},
        actor=control.actor, status=RUNNING, started_at=now, heard_at=now, seconds=None,
        process=process, step="", done=0, total=None, error="", result=None,
    )  # fmt: skip
    old = delete(RunRow).where(
        RunRow.tenant == control.tenant, RunRow.started_at < now - timedelta(days=KEEP_DAYS)
    )
    try:
        with control.session() as session:
            session.execute(old)
            session.add(row)
            session.commit()
    except (OperationalError, InternalError) as problem:
        # SQLite and PostgreSQL say it in their own words.
        if re.search("read-?only", str(problem.orig)):
            return False
        raise
    return True


def follow_run(control: Control, id_: str, step: str, done: int, total: int | None) -> bool:
    """Write down how far a run is; False when it is to stop."""
    values = {"step": step[:CUT], "done": done, "total": total} if step else {}
    with control.begin() as connection:
        connection.execute(_one(control, id_).values(heard_at=control.clock(), **values))
        status = connection.scalar(control.own(RunRow.status).where(RunRow.id == id_))
    return bool(status == RUNNING)


def end_run(
    control: Control,
    id_: str,
    status: str,
    *,
    seconds: float,
    versions: Mapping[str, int],
    result: bytes | None = None,
    error: str = "",
) -> None:
    """Write down how a run ended. Of results of one request only the newest is held."""
    values: dict[str, Any] = {
        "status": status,
        "heard_at": control.clock(),
        "seconds": seconds,
        "versions": dict(versions),
        "result": result,
        "error": error,
    }
    with control.begin() as connection:
        connection.execute(_one(control, id_).values(**values))
        if result is not None:
            digest = connection.scalar(control.own(RunRow.digest).where(RunRow.id == id_))
            older = update(RunRow).where(
                RunRow.tenant == control.tenant, RunRow.digest == digest, RunRow.id != id_
            )
            connection.execute(older.values(result=None))


def finished_run(control: Control, digest: str) -> Run | None:
    """The newest finished run of a digest whose result is held."""
    query = _runs(control).where(
        RunRow.digest == digest, RunRow.status == FINISHED, RunRow.result.is_not(None)
    )
    with control.connect() as connection:
        row = connection.execute(query.order_by(RunRow.started_at.desc()).limit(1)).one_or_none()
    return None if row is None else _run(row)


def run_result(control: Control, id_: str) -> bytes | None:
    """The stored result of a run."""
    with control.connect() as connection:
        data: bytes | None = connection.scalar(control.own(RunRow.result).where(RunRow.id == id_))
    return data


def forget_results(control: Control, tables: Collection[str]) -> int:
    """Forget the stored results of every tenant that were computed from some tables; how many.

    And those of the house's jobs: of a job it is not written down what was read for it.
    """
    forgotten = 0
    with control.begin() as connection:
        query = select(RunRow.tenant, RunRow.id, RunRow.versions)
        for row in connection.execute(query.where(RunRow.result.is_not(None))).all():
            if not set(tables).isdisjoint(row.versions):
                one = update(RunRow).where(RunRow.tenant == row.tenant, RunRow.id == row.id)
                forgotten += connection.execute(one.values(result=None)).rowcount
        jobs = update(JobRow).where(JobRow.tenant == HOUSE, JobRow.result.is_not(None))
        forgotten += connection.execute(jobs.values(result=None)).rowcount
    return forgotten


def list_runs(control: Control, *, most: int = 20, status: str | None = None) -> list[Run]:
    """The newest runs, newest first."""
    query = _runs(control).order_by(RunRow.started_at.desc(), RunRow.id).limit(most)
    if status is not None:
        query = query.where(RunRow.status == status)
    with control.connect() as connection:
        return [_run(row) for row in connection.execute(query)]


def open_runs(control: Control) -> list[Run]:
    """The runs that are not ended, as far as is written down."""
    with control.connect() as connection:
        rows = connection.execute(_runs(control).where(RunRow.status.in_(OPEN)))
        return [_run(row) for row in rows]


def find_run(control: Control, id_: str) -> Run:
    """A run by its id, or by the first characters of one; an error with near ids."""
    with control.connect() as connection:
        query = _runs(control).where(RunRow.id.startswith(id_, autoescape=True)).limit(2)
        rows = connection.execute(query).all() if id_ else []
        if len(rows) == 1:
            return _run(rows[0])
        if rows:
            raise InputError(f"More than one run begins with {id_!r}; give more of its id.")
        newest = control.own(RunRow.id).order_by(RunRow.started_at.desc()).limit(200)
        ids = list(connection.scalars(newest))
    raise NotFoundError(f"No run {id_!r}.{did_you_mean(id_, ids)}")


def request_stop(control: Control, id_: str) -> bool:
    """Ask a running run to stop at its next step; False when it runs no more."""
    running = _one(control, id_).where(RunRow.status == RUNNING)
    with control.begin() as connection:
        return connection.execute(running.values(status=CANCELLING)).rowcount == 1


def mark_crashed(control: Control, id_: str) -> None:
    """Write down that the process of an open run is gone."""
    still = _one(control, id_).where(RunRow.status.in_(OPEN))
    with control.begin() as connection:
        connection.execute(still.values(status=CRASHED))


def _one(control: Control, id_: str) -> Any:
    return update(RunRow).where(RunRow.tenant == control.tenant, RunRow.id == id_)


def _runs(control: Control) -> Any:
    columns = (getattr(RunRow, name) for name in COLUMNS)
    return control.own(*columns, func.coalesce(func.length(RunRow.result), 0))


def _run(row: Any) -> Run:
    values = dict(zip((*COLUMNS, "result_bytes"), row, strict=True))
    for name in ("started_at", "heard_at"):
        values[name] = in_utc(values[name])
    return Run(**values)
