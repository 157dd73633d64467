"""Jobs: what a use case is asked to do later, by a worker; and when it is asked again.

A job's kind is the name of a use case, its request that of the use case, as JSON. A tenant's job
is a use case for tenants, and runs in the tenant's own context: it may do nothing more than the
tenant may at that moment.
"""

import inspect
import json
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, Union, get_args, get_origin

from pydantic import TypeAdapter, ValidationError

from fullhouse import app
from fullhouse.app.use_case import HOUSE_CASES, TENANT_CASES, hints_of, tenant_case
from fullhouse.cleanroom import gate
from fullhouse.cleanroom.release import ForTenants
from fullhouse.control.job import STATUSES, TRIES, Job, NewJob, Schedule
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.request import request
from fullhouse.core.values import HOUSE, check_rows, check_slug
from fullhouse.workspace.context import Context

LONGEST_KEY = 128
MOST_REQUEST = 1_000_000
"""Characters of a job's request."""


@request
class ListJobs:
    """The newest jobs, of one status or of one use case where it is given."""

    rows: int = 20
    status: str | None = None
    kind: str | None = None

    def __post_init__(self) -> None:
        check_rows(self.rows)


@request
class ShowJob:
    """A job by its id, or by the first characters of it."""

    id: str


@request
class CancelJob:
    """Take a job out of the queue, or stop it at its next step."""

    id: str


@request
class RetryJob:
    """Queue a job again that has failed or was cancelled."""

    id: str


@request
class AddJob:
    """Ask a use case by its name later: its request as JSON.

    While a job with the same `dedupe` is open, no second one is queued.
    """

    kind: str
    request: Mapping[str, Any] | None = None
    dedupe: str | None = None
    run_at: datetime | None = None
    most_tries: int = TRIES


@request
class AddSchedule:
    """Ask a use case again and again: by a cron expression in the market's time, or every so often.

    Of `cron` and `every_seconds`, one is given.
    """

    name: str
    kind: str
    request: Mapping[str, Any] | None = None
    cron: str | None = None
    every_seconds: int | None = None


@request
class DeleteSchedule:
    """A schedule by its name."""

    name: str


@dataclass(frozen=True)
class JobStatus(ForTenants):
    """Where a job of the asker's own stands. Times are UTC; `share` is how much is done, of 1.

    `error` is the sentence of its last failure. `request` is what the use case was asked.
    """

    id: str
    kind: str
    request: Any
    actor: str
    status: str
    dedupe: str | None
    queued_at: datetime
    run_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    tries: int
    most_tries: int
    share: float
    step: str
    error: str
    has_result: bool


@dataclass(frozen=True)
class JobList(ForTenants):
    """Jobs of the asker's own, the newest first."""

    jobs: tuple[JobStatus, ...]


@dataclass(frozen=True)
class JobSchedule(ForTenants):
    """A schedule of the asker's own, and when it is due next (UTC)."""

    name: str
    actor: str
    kind: str
    request: Any
    cron: str | None
    every_seconds: int | None
    next_at: datetime
    last_job: str | None


@dataclass(frozen=True)
class ScheduleList(ForTenants):
    """The schedules of the asker's own, by name."""

    schedules: tuple[JobSchedule, ...]


@tenant_case
def job_list(context: Context, request: ListJobs | None = None) -> JobList:
    """The newest jobs."""
    from fullhouse.control import jobs

    _check(context, "read")
    asked = request or ListJobs()
    if asked.status is not None and asked.status not in STATUSES:
        raise InputError(f"A job is {', '.join(STATUSES[:-1])} or {STATUSES[-1]}; give one.")
    rows = jobs.list_jobs(context.control, most=asked.rows, status=asked.status, kind=asked.kind)
    return JobList(tuple(status_of(job) for job in rows))


@tenant_case
def job_show(context: Context, request: ShowJob) -> JobStatus:
    """A job: what was asked, how far it is, and how it ended."""
    from fullhouse.control import jobs

    _check(context, "read")
    return status_of(jobs.find_job(context.control, request.id))


@tenant_case
def job_cancel(context: Context, request: CancelJob) -> JobStatus:
    """A job that is to stop, as it is then; one that ended stays as it is."""
    from fullhouse.control import jobs

    _check(context, "ask", house="run")
    job = jobs.find_job(context.control, request.id)
    jobs.cancel(context.control, job.id)
    return status_of(jobs.find_job(context.control, job.id))


@tenant_case
def job_retry(context: Context, request: RetryJob) -> JobStatus:
    """A job that is queued again, as it is then; only one that failed or was cancelled can be."""
    from fullhouse.control import jobs

    _check(context, "ask", house="run")
    job = jobs.find_job(context.control, request.id)
    if not jobs.retry(context.control, job.id):
        raise InputError(
            f"Job {job.id} is {job.status}: only one that failed or was cancelled is tried again."
        )
    return status_of(jobs.find_job(context.control, job.id))


@tenant_case
def job_add(context: Context, request: AddJob) -> JobStatus:
    """The job that was queued, or the open one that has its dedupe key."""
    from fullhouse.control import jobs

    _check(context, "ask", house="run")
    asked = read_request(context, request.kind, json.dumps(request.request))
    new = replace(
        new_job(context, request.kind, asked),
        dedupe=check_key(request.dedupe),
        run_at=request.run_at,
        most_tries=request.most_tries,
    )
    with context.control.begin() as connection:
        return status_of(jobs.enqueue(connection, new, now=context.now))


@tenant_case
def schedule_add(context: Context, request: AddSchedule) -> JobSchedule:
    """The schedule that was written down."""
    from fullhouse.control import job_schedules

    _check(context, "ask", house="run")
    check_slug(request.name, what="the name of a schedule")
    job_schedules.check_times(request.cron, request.every_seconds)
    new = new_job(
        context, request.kind, read_request(context, request.kind, json.dumps(request.request))
    )
    schedule = Schedule(
        tenant=context.tenant,
        name=request.name,
        actor=context.actor,
        kind=new.kind,
        request=new.request,
        cron=request.cron,
        every_seconds=request.every_seconds,
        next_at=context.now,
        scopes=new.scopes,
    )
    first = job_schedules.next_time(schedule, context.now, context.settings.time_zone)
    schedule = replace(schedule, next_at=first)
    job_schedules.add_schedule(context.control, schedule)
    return _schedule_of(schedule)


@tenant_case
def schedule_list(context: Context) -> ScheduleList:
    """The schedules."""
    from fullhouse.control import job_schedules

    _check(context, "read")
    rows = job_schedules.list_schedules(context.control)
    return ScheduleList(tuple(_schedule_of(row) for row in rows))


@tenant_case
def schedule_delete(context: Context, request: DeleteSchedule) -> ScheduleList:
    """The schedules that are left; jobs that were queued stay."""
    from fullhouse.control import job_schedules

    _check(context, "ask", house="run")
    job_schedules.delete_schedule(context.control, request.name)
    rows = job_schedules.list_schedules(context.control)
    return ScheduleList(tuple(_schedule_of(row) for row in rows))


def case_of(context: Context, kind: str) -> Callable[..., Any]:
    """The use case of a name that the context's tenant may have done by a job."""
    module = app.MODULES.get(kind, "")
    verb = getattr(app, kind) if module.startswith("fullhouse.app.") else None
    cases = TENANT_CASES if context.tenant != HOUSE else [*HOUSE_CASES, *TENANT_CASES]
    if verb in cases:
        return cases[cases.index(verb)]
    if context.tenant != HOUSE:
        # The same words for what the house has and for what nobody has.
        names = [case.__name__ for case in TENANT_CASES]
        raise InputError(f"No job {kind!r} for tenants.{did_you_mean(kind, names)}")
    names = [n for n, m in app.MODULES.items() if m.startswith("fullhouse.app.") and n.islower()]
    raise InputError(f"No use case {kind!r} for a job.{did_you_mean(kind, names)}")


def new_job(context: Context, kind: str, asked: object = None) -> NewJob:
    """A job of the context's tenant and actor, checked: the use case, and that its request is JSON.

    What JSON would not give back as it was is refused.
    """
    adapter = _adapter(case_of(context, kind))
    text = "null" if asked is None else adapter.dump_json(asked).decode()
    if len(text) > MOST_REQUEST:
        raise InputError(f"The request of a job is at most {MOST_REQUEST:,} characters as JSON.")
    if read_request(context, kind, text) != asked:
        raise InputError(f"This request of {kind} cannot be written as JSON, so no job can do it.")
    scopes = None if context.scopes is None else tuple(sorted(context.scopes))
    return NewJob(context.tenant, context.actor, kind, text, scopes=scopes)


def read_request(context: Context, kind: str, text: str) -> Any:
    """The request of a use case from JSON; a mistake is an error in a sentence."""
    adapter = _adapter(case_of(context, kind))
    try:
        return adapter.validate_json(text)
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise InputError(f"The request of {kind}: {name or 'it'}: {first['msg']}.") from None


def perform(context: Context, kind: str, text: str) -> Any:
    """What a use case returns for a job's request, in the context of its tenant and actor."""
    verb, asked = case_of(context, kind), read_request(context, kind, text)
    return verb(context) if asked is None else verb(context, asked)


def check_key(dedupe: str | None) -> str | None:
    """A dedupe key that fits."""
    if dedupe is not None and not 0 < len(dedupe) <= LONGEST_KEY:
        raise InputError(f"A dedupe key has 1 to {LONGEST_KEY} characters, not {len(dedupe)}.")
    return dedupe


def status_of(job: Job) -> JobStatus:
    """What its owner sees of a job."""
    names = JobStatus.__dataclass_fields__
    values = {name: getattr(job, name) for name in names}
    return JobStatus(**{**values, "request": json.loads(job.request)})


@cache
def _adapter(verb: Callable[..., Any]) -> TypeAdapter[Any]:
    hints = hints_of(verb)
    parameters = list(inspect.signature(verb).parameters.values())[1:]
    if not parameters:
        return TypeAdapter(None)
    wanted = hints[parameters[0].name]
    optional = parameters[0].default is None and not _takes_none(wanted)
    return TypeAdapter(wanted | None if optional else wanted)


def _takes_none(hint: Any) -> bool:
    return get_origin(hint) in (Union, types.UnionType) and type(None) in get_args(hint)


def _schedule_of(schedule: Schedule) -> JobSchedule:
    values = {name: getattr(schedule, name) for name in JobSchedule.__dataclass_fields__}
    return JobSchedule(**{**values, "request": json.loads(schedule.request)})


def _check(context: Context, verb: str, *, house: str = "read") -> None:
    """An error where whoever acts may not do this: a verb of a tenant's user, one of the house."""
    if context.tenant != HOUSE:
        gate.check_may(context, verb)
    elif context.scopes is not None and house not in context.scopes:
        raise InputError(f"This key or session may not {house}: ask an operator of the house.")
