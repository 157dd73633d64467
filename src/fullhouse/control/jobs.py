"""The queue of jobs: the same statements on SQLite and PostgreSQL.

A job is begun at least once: whoever claims it holds a lease, and only who still holds it can end
it. What a worker that died held is claimed again when its lease has run out.
"""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, case, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from fullhouse.control.control import Control
from fullhouse.control.job import (
    CANCELLED,
    CANCELLING,
    ENDED,
    FAILED,
    FINISHED,
    HELD,
    OPEN,
    QUEUED,
    RUNNING,
    Job,
    NewJob,
)
from fullhouse.control.schema import JobRow
from fullhouse.core.errors import ConflictError, InputError, NotFoundError, did_you_mean

LEASE = timedelta(seconds=60)
"""So long a worker holds a job without a sign of life."""
KEEP_DAYS = 90
"""Jobs that ended longer ago are forgotten."""
CUT = 250
"""A step is written down in so many characters."""
AT_ONCE = 100
"""So many jobs of dead workers are given back in one go."""
NEVER = datetime(1, 1, 1, tzinfo=UTC)
AGAIN = 5
"""A dedupe key can be freed while somebody looks whose it is: so often it is tried again."""

WORKER_DIED = "Its worker stopped without a word, and it has been begun often enough."

_COLUMNS = (
    "tenant", "id", "kind", "request", "actor", "status", "dedupe", "queued_at", "run_at",
    "started_at", "ended_at", "worker", "lease_until", "tries", "most_tries", "share", "step",
    "error", "scopes",
)  # fmt: skip
_COLUMN = tuple(getattr(JobRow, name) for name in _COLUMNS)
_JOB = (*_COLUMN, JobRow.result.is_not(None).label("has_result"))
_TIMES = ("queued_at", "run_at", "started_at", "ended_at", "lease_until")


@contextmanager
def writing(control: Control) -> Iterator[Connection]:
    """A transaction that writes: on SQLite, nobody else does from its beginning on."""
    with control.begin() as connection:
        if control.dialect == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection


def enqueue(connection: Connection, new: NewJob, *, now: datetime) -> Job:
    """Queue a job in the caller's transaction: it is there when that commits, and only then.

    While another job of the tenant with its dedupe key is open, that one is returned instead.
    """
    values = {
        "tenant": new.tenant, "id": secrets.token_hex(8), "kind": new.kind, "actor": new.actor,
        "request": new.request, "status": QUEUED, "dedupe": new.dedupe,
        "queued_at": now,
        "run_at": _utc(new.run_at) or now, "tries": 0, "most_tries": new.most_tries,
        "share": 0.0, "step": "", "error": "",
        "scopes": None if new.scopes is None else list(new.scopes),
    }  # fmt: skip
    kind: Any = {"sqlite": sqlite, "postgresql": postgresql}[connection.dialect.name]
    insert = kind.insert(JobRow).values(**values).on_conflict_do_nothing().returning(*_COLUMN)
    same = select(*_COLUMN).where(
        JobRow.tenant == new.tenant, JobRow.dedupe == new.dedupe, JobRow.status.in_(OPEN)
    )
    for _ in range(AGAIN):
        row = connection.execute(insert).one_or_none() or connection.execute(same).first()
        if row is not None:
            return _job(row)
    raise ConflictError(
        f"Another job {new.dedupe!r} was queued and ended at the same moment; this one was not"
        " queued. Try again."
    )


def claim(control: Control, worker: str, *, lease: timedelta = LEASE) -> Job | None:
    """Take the job whose turn it is, of any tenant; None when none is due.

    Tenants take turns, so that a thousand jobs of one do not keep another's waiting.
    What dead workers held is given back first; what they began too often has failed.
    """
    now = control.clock()
    due = and_(JobRow.status == QUEUED, JobRow.run_at <= now)
    late = and_(JobRow.status.in_(HELD), JobRow.lease_until < now)
    with control.connect() as connection:  # an idle worker locks nothing
        if connection.execute(select(JobRow.id).where(or_(due, late)).limit(1)).first() is None:
            return None
    with writing(control) as connection:
        _free_late(connection, late, now)
        key = _first_due(connection, due)
        if key is None:
            return None
        taken = update(JobRow).where(JobRow.tenant == key.tenant, JobRow.id == key.id)
        taken = taken.values(
            status=RUNNING, worker=worker, lease_until=now + lease, started_at=now,
            tries=JobRow.tries + 1, share=0.0, step="",
        )  # fmt: skip
        return _job(connection.execute(taken.returning(*_COLUMN)).one())


def hold(
    control: Control, job: Job, *, share: float, step: str, lease: timedelta = LEASE
) -> str | None:
    """A sign of life of the job's worker; the job's status, or None when it lost the job."""
    values = {"lease_until": control.clock() + lease, "share": share, "step": step[:CUT]}
    with writing(control) as connection:
        held = _held(job).values(**values).returning(JobRow.status)
        status: str | None = connection.scalar(held)
    return status


def finish(control: Control, job: Job, result: bytes | None) -> bool:
    """Write down that a job is done, and its result; False when its worker had lost it."""
    return _end(
        control, job, status=FINISHED, result=result, ended_at=control.clock(), share=1.0, error=""
    )


def fail(control: Control, job: Job, error: str, *, retry_in: timedelta | None) -> bool:
    """Write down a failure: the job is due again after a while, or has failed for good.

    It has when nothing is to be tried again, or it was often enough. False when its worker had
    lost it.
    """
    now = control.clock()
    if retry_in is None or job.tries >= job.most_tries:
        return _end(control, job, status=FAILED, error=error, ended_at=now)
    stop = JobRow.status == CANCELLING
    return _end(
        control, job, status=case((stop, CANCELLED), else_=QUEUED), error=error,
        ended_at=case((stop, now), else_=None), run_at=now + retry_in,
    )  # fmt: skip


def stop(control: Control, job: Job) -> bool:
    """Write down that a job stopped because somebody wanted it to; False: it was lost."""
    return _end(control, job, status=CANCELLED, ended_at=control.clock())


def give_back(control: Control, job: Job) -> bool:
    """Let another worker do it, as if it had not been begun; False when it was lost."""
    stop = JobRow.status == CANCELLING
    return _end(
        control, job, status=case((stop, CANCELLED), else_=QUEUED), tries=JobRow.tries - 1,
        ended_at=case((stop, control.clock()), else_=None),
    )  # fmt: skip


def cancel(control: Control, id_: str) -> None:
    """Take a job of the tenant out of the queue, or ask its worker to stop at the next step."""
    queued = JobRow.status == QUEUED
    wanted = _own(control, id_).where(JobRow.status.in_((QUEUED, RUNNING)))
    with writing(control) as connection:
        connection.execute(
            wanted.values(
                status=case((queued, CANCELLED), else_=CANCELLING),
                ended_at=case((queued, control.clock()), else_=None),
            )
        )


def retry(control: Control, id_: str) -> bool:
    """Queue a job of the tenant again that has failed or was cancelled; False for any other."""
    again = _own(control, id_).where(JobRow.status.in_((FAILED, CANCELLED)))
    try:
        with writing(control) as connection:
            values = again.values(
                status=QUEUED, run_at=control.clock(), ended_at=None, started_at=None, tries=0,
                share=0.0, step="",
            )  # fmt: skip
            return bool(connection.execute(values).rowcount)
    except IntegrityError:
        raise ConflictError(
            f"Another job with the same dedupe key as {id_} is open; it does the same."
        ) from None


def list_jobs(
    control: Control, *, most: int = 20, status: str | None = None, kind: str | None = None
) -> list[Job]:
    """The newest jobs of the tenant, newest first."""
    query = control.own(*_JOB).order_by(JobRow.queued_at.desc(), JobRow.id).limit(most)
    if status is not None:
        query = query.where(JobRow.status == status)
    if kind is not None:
        query = query.where(JobRow.kind == kind)
    with control.connect() as connection:
        return [_job(row) for row in connection.execute(query)]


def find_job(control: Control, id_: str) -> Job:
    """A job of the tenant by its id, or by the first characters of one; an error with near ids."""
    with control.connect() as connection:
        begins = control.own(*_JOB).where(JobRow.id.startswith(id_, autoescape=True)).limit(2)
        rows = connection.execute(begins).all() if id_ else []
        if len(rows) == 1:
            return _job(rows[0])
        if rows:
            raise InputError(f"More than one job begins with {id_!r}; give more of its id.")
        newest = control.own(JobRow.id).order_by(JobRow.queued_at.desc()).limit(200)
        ids = list(connection.scalars(newest))
    raise NotFoundError(f"No job {id_!r}.{did_you_mean(id_, ids)}")


def job_result(control: Control, id_: str) -> bytes | None:
    """The stored result of a job of the tenant, by its whole id."""
    with control.connect() as connection:
        data: bytes | None = connection.scalar(control.own(JobRow.result).where(JobRow.id == id_))
    return data


def job_counts(control: Control) -> Mapping[str, int]:
    """How many jobs of all tenants there are by status."""
    with control.connect() as connection:
        query = select(JobRow.status, func.count()).group_by(JobRow.status)
        return {row[0]: row[1] for row in connection.execute(query)}


def oldest_due(control: Control) -> datetime | None:
    """Since when the job of any tenant that has waited longest could have been begun."""
    due = select(func.min(JobRow.run_at)).where(
        JobRow.status == QUEUED, JobRow.run_at <= control.clock()
    )
    with control.connect() as connection:
        at: datetime | None = connection.scalar(due)
    return None if at is None else at.replace(tzinfo=at.tzinfo or UTC)


def forget_ended(control: Control) -> int:
    """Remove the jobs of all tenants that ended long ago; how many."""
    before = control.clock() - timedelta(days=KEEP_DAYS)
    old = delete(JobRow).where(JobRow.status.in_(ENDED), JobRow.ended_at < before)
    with writing(control) as connection:
        return int(connection.execute(old).rowcount)


def _first_due(connection: Connection, due: Any) -> Any:
    """The key of the next job: of the tenant whose last one began longest ago, the oldest."""
    begun = aliased(JobRow)
    last = select(func.max(begun.started_at)).where(begun.tenant == JobRow.tenant).scalar_subquery()
    turns = select(JobRow.tenant).where(due).group_by(JobRow.tenant)
    for tenant in connection.scalars(
        turns.order_by(func.coalesce(last, NEVER), JobRow.tenant)
    ).all():
        first = select(JobRow.tenant, JobRow.id).where(due, JobRow.tenant == tenant)
        first = first.order_by(JobRow.run_at, JobRow.queued_at, JobRow.id).limit(1)
        key = connection.execute(first.with_for_update(skip_locked=True)).one_or_none()
        if key is not None:
            return key
    return None


def _free_late(connection: Connection, late: Any, now: datetime) -> None:
    """Give back what workers held that gave no sign of life; what was begun too often failed."""
    held = select(*_COLUMN).where(late).limit(AT_ONCE).with_for_update(skip_locked=True)
    for row in connection.execute(held).all():
        values: dict[str, Any] = {"worker": None, "lease_until": None}
        if row.status == CANCELLING:
            values |= {"status": CANCELLED, "ended_at": now}
        elif row.tries >= row.most_tries:
            values |= {"status": FAILED, "ended_at": now, "error": WORKER_DIED}
        else:
            values |= {"status": QUEUED}
        one = update(JobRow).where(JobRow.tenant == row.tenant, JobRow.id == row.id)
        connection.execute(one.values(**values))


def _end(control: Control, job: Job, **values: Any) -> bool:
    with writing(control) as connection:
        done = _held(job).values(worker=None, lease_until=None, **values)
        return connection.execute(done).rowcount == 1


def _held(job: Job) -> Any:
    """The row of a job, where it is still with the worker that claimed it."""
    one = update(JobRow).where(JobRow.tenant == job.tenant, JobRow.id == job.id)
    return one.where(JobRow.worker == job.worker, JobRow.status.in_(HELD))


def _own(control: Control, id_: str) -> Any:
    return update(JobRow).where(JobRow.tenant == control.tenant, JobRow.id == id_)


def _job(row: Any) -> Job:
    # An open job has no result, and is read without the column for it.
    values = dict(zip((*_COLUMNS, "has_result"), (*row, False), strict=False))
    values |= {name: _utc(values[name]) for name in _TIMES}
    values["scopes"] = None if values["scopes"] is None else tuple(values["scopes"])
    return Job(**values)


def _utc(at: datetime | None) -> datetime | None:
    return at if at is None or at.tzinfo else at.replace(tzinfo=UTC)
