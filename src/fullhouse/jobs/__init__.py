"""Jobs: work that is asked for now and done later, by a worker, at least once.

For whoever serves requests (the API, the web):

    with context.control.begin() as connection:      # with whatever else belongs together
        job = jobs.enqueue(connection, context, "film_report", app.ReportFilm("wick"))
    job = jobs.submit(context, "traits_build", app.BuildTraits())     # in a transaction of its own
    jobs.find(context, job.id).status                                 # JobStatus
    jobs.result(context, job.id)                                      # what the use case returned
    for status in jobs.events(context, job.id, stop=stop): ...        # at each change, to its end
    jobs.cancel(context, job.id)

    stop = threading.Event()
    Worker(context).run(stop)                        # in a thread; the house's context
"""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from threading import Event
from typing import Any

from sqlalchemy import Connection

from fullhouse.app.jobs import (
    CancelJob,
    JobStatus,
    ShowJob,
    check_key,
    job_cancel,
    job_show,
    new_job,
    status_of,
)
from fullhouse.control import jobs as queue
from fullhouse.control.job import ENDED, TRIES
from fullhouse.core.stored import from_bytes
from fullhouse.jobs.worker import Worker
from fullhouse.workspace.context import Context

__all__ = [
    "JobStatus",
    "Worker",
    "cancel",
    "counts",
    "enqueue",
    "events",
    "find",
    "has_ended",
    "result",
    "submit",
]


def enqueue(
    connection: Connection,
    context: Context,
    kind: str,
    request: object = None,
    *,
    dedupe: str | None = None,
    run_at: datetime | None = None,
    most_tries: int = TRIES,
) -> JobStatus:
    """A job of the context's tenant and actor, queued in the caller's transaction.

    `kind` is the name of a use case of `fullhouse.app`, `request` its request. A tenant's job may
    only be a use case for tenants. While another job of the tenant with the same `dedupe` is open,
    that one is returned.

    Whether whoever asks may do this is for the caller to look at first; the job runs under the
    same scopes, where that is looked at again. It can be begun more than once, as when a worker's
    machine goes down: its use case must be safe to run again, as all of the product are.
    """
    new = replace(
        new_job(context, kind, request),
        dedupe=check_key(dedupe),
        run_at=run_at,
        most_tries=most_tries,
    )
    return status_of(queue.enqueue(connection, new, now=context.now))


def submit(context: Context, kind: str, request: object = None, **options: Any) -> JobStatus:
    """As `enqueue`, in a transaction of its own."""
    with context.control.begin() as connection:
        return enqueue(connection, context, kind, request, **options)


def find(context: Context, id_: str) -> JobStatus:
    """A job of the context's tenant by its id, or by the first characters of it."""
    return job_show(context, ShowJob(id_))


def cancel(context: Context, id_: str) -> JobStatus:
    """Take a job out of the queue, or ask its worker to stop at its next step of progress."""
    return job_cancel(context, CancelJob(id_))


def result(context: Context, id_: str) -> Any:
    """What the use case of a finished job returned; None before that.

    None, too, for a result that cannot be stored: `has_result` of the job says which it is.
    """
    data = queue.job_result(context.control, find(context, id_).id)
    return None if data is None else from_bytes(data)


def has_ended(job: JobStatus) -> bool:
    """Whether nothing will change any more, unless it is tried again."""
    return job.status in ENDED


def events(
    context: Context, id_: str, *, stop: Event | None = None, every_seconds: float = 0.5
) -> Iterator[JobStatus | None]:
    """A job at each change, first as it is now and last as it ended; for server-sent events.

    None after each look that showed no change, so that the caller can see whether its reader is
    still there. Ends early when `stop` is set.
    """
    last = None
    while True:
        job = find(context, id_)
        yield job if job != last else None
        if has_ended(job):
            return
        last = job
        if stop is None:
            time.sleep(every_seconds)
        elif stop.wait(every_seconds):
            return


def counts(context: Context) -> dict[str, int]:
    """How many jobs of all tenants there are by status: for metrics, of the house alone."""
    return dict(queue.job_counts(context.control))
