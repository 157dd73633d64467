"""Schedules as rows: what is due is queued exactly once, however many workers look."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from fullhouse.control.control import Control
from fullhouse.control.job import NewJob, Schedule
from fullhouse.control.jobs import enqueue, writing
from fullhouse.control.schema import JobScheduleRow
from fullhouse.core.errors import InputError, did_you_mean

SHORTEST = 1
"""Seconds between two jobs of a schedule, at least."""
MOST_DUE = 100
"""So many schedules are looked at in one go."""

_COLUMNS = (
    "tenant", "name", "actor", "kind", "request", "cron", "every_seconds", "next_at", "last_job",
    "scopes",
)  # fmt: skip
_SCHEDULE = tuple(getattr(JobScheduleRow, name) for name in _COLUMNS)

Next = Callable[[Schedule, datetime], datetime]


def next_time(schedule: Schedule, after: datetime, zone: str) -> datetime:
    """When a schedule is due next after a moment, UTC.

    A cron expression is in the market's time: what falls into the hour that is skipped in spring
    is due at the end of it. What was missed is not made up for.
    """
    if schedule.cron is None:
        every = timedelta(seconds=schedule.every_seconds or SHORTEST)
        missed = max(0, (after - schedule.next_at) // every)
        return schedule.next_at + (missed + 1) * every
    return _cron(schedule.cron, after.astimezone(ZoneInfo(zone)))


def check_times(cron: str | None, every_seconds: int | None) -> None:
    """An error unless it is said, once, and readably, when a schedule is due."""
    if (cron is None) == (every_seconds is None):
        raise InputError("Say when: either with a cron expression or every how many seconds.")
    if every_seconds is not None and every_seconds < SHORTEST:
        raise InputError(f"Every {every_seconds} seconds is too often; {SHORTEST} is the least.")
    if cron is not None:
        _cron(cron, datetime.now(UTC))


def add_schedule(control: Control, schedule: Schedule) -> None:
    """Write a schedule of the tenant down; an error where it has one of that name."""
    values = {name: getattr(schedule, name) for name in _COLUMNS}
    values["scopes"] = None if schedule.scopes is None else list(schedule.scopes)
    try:
        with writing(control) as connection:
            connection.execute(insert(JobScheduleRow).values(**values))
    except IntegrityError:
        raise InputError(
            f"There is a schedule {schedule.name!r} already. Delete it first, or take another name."
        ) from None


def list_schedules(control: Control) -> list[Schedule]:
    """The schedules of the tenant, by name."""
    with control.connect() as connection:
        rows = connection.execute(control.own(*_SCHEDULE).order_by(JobScheduleRow.name))
        return [_schedule(row) for row in rows]


def delete_schedule(control: Control, name: str) -> None:
    """Delete a schedule of the tenant; jobs that it queued stay."""
    one = delete(JobScheduleRow).where(
        JobScheduleRow.tenant == control.tenant, JobScheduleRow.name == name
    )
    with writing(control) as connection:
        if connection.execute(one).rowcount:
            return
    names = [schedule.name for schedule in list_schedules(control)]
    raise InputError(f"No schedule {name!r}.{did_you_mean(name, names)}")


def enqueue_due(control: Control, following: Next) -> int:
    """Queue a job of each schedule that is due, of any tenant; how many are queued by this look.

    Whoever moves a schedule on queues its job, in the same transaction. While the last job of a
    schedule is open, no second one is queued.
    """
    now = control.clock()
    due = select(*_SCHEDULE).where(JobScheduleRow.next_at <= now).limit(MOST_DUE)
    with control.connect() as connection:
        schedules = [_schedule(row) for row in connection.execute(due)]
    return sum(_enqueue_one(control, schedule, following(schedule, now)) for schedule in schedules)


def _enqueue_one(control: Control, schedule: Schedule, following: datetime) -> int:
    now = control.clock()
    one = (
        JobScheduleRow.tenant == schedule.tenant,
        JobScheduleRow.name == schedule.name,
    )
    moved = update(JobScheduleRow).where(*one, JobScheduleRow.next_at == schedule.next_at)
    new = NewJob(
        tenant=schedule.tenant,
        actor=schedule.actor,
        kind=schedule.kind,
        request=schedule.request,
        dedupe=f"schedule:{schedule.name}",
        scopes=schedule.scopes,
    )
    with writing(control) as connection:
        if not connection.execute(moved.values(next_at=following)).rowcount:
            return 0
        job = enqueue(connection, new, now=now)
        connection.execute(update(JobScheduleRow).where(*one).values(last_job=job.id))
    return int(job.id != schedule.last_job)


def _cron(expression: str, after: datetime) -> datetime:
    # Imported here: only who has schedules needs it.
    from cronsim import CronSim, CronSimError

    try:
        return next(CronSim(expression, after)).astimezone(UTC)
    except (CronSimError, StopIteration):
        raise InputError(
            f"{expression!r} is no time of a schedule. It is written as cron does: minute, hour,"
            " day of month, month, day of week; '30 6 * * 1-5' is at 6:30 on weekdays."
        ) from None


def _schedule(row: Any) -> Schedule:
    values = dict(zip(_COLUMNS, row, strict=True))
    if values["next_at"].tzinfo is None:
        values["next_at"] = values["next_at"].replace(tzinfo=UTC)
    values["scopes"] = None if values["scopes"] is None else tuple(values["scopes"])
    return Schedule(**values)
