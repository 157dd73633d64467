"""A worker: claims a job, does it in its tenant's context, and writes down how it ended."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from threading import Event, Thread
from typing import Any
from uuid import uuid4

from sqlalchemy.exc import SQLAlchemyError

from fullhouse.app.jobs import perform
from fullhouse.control import jobs as queue
from fullhouse.control.control import Control
from fullhouse.control.job import CANCELLING, Job, Schedule
from fullhouse.control.job_schedules import enqueue_due, next_time
from fullhouse.core.errors import CancelledError, FullhouseError, InputError
from fullhouse.core.stored import to_bytes
from fullhouse.core.tracing import span
from fullhouse.core.values import HOUSE
from fullhouse.workspace.context import Context

LOG = logging.getLogger(__name__)

POLL_SECONDS = 0.5
"""An idle worker looks so often whether something is due."""
WRITE_SECONDS = 1.0
"""Progress is written down at most so often."""
BEATS = 3
"""Signs of life in the time of a lease."""
GRACE_SECONDS = 20.0
"""A worker that is to end finishes its job in this time, or gives it back at its next step."""
FORGET_SECONDS = 3_600.0
RETRY_SECONDS = 10.0
"""Before the second try; twice as long before each one after it."""

LOST, STOPPED = "lost", "stopped"
OUR_ERROR = (
    "Something went wrong on our side. The house finds the reason in its log under job {id}."
)


@dataclass
class Worker:
    """Does jobs of all tenants, one at a time; any number may work on one queue.

    `context` is the house's: each job runs in the same workspace for its own tenant and actor.
    """

    context: Context
    lease: timedelta = queue.LEASE
    poll_seconds: float = POLL_SECONDS
    grace_seconds: float = GRACE_SECONDS
    id: str = field(default_factory=lambda: uuid4().hex)
    _tidied: float = float("-inf")

    def __post_init__(self) -> None:
        if self.context.tenant != HOUSE:
            raise InputError(code="house_only")

    def run(self, stop: Event) -> None:
        """Work until `stop` is set; the job at hand is finished then, or given back."""
        while not stop.is_set():
            try:
                busy = self.step(stop)
            except SQLAlchemyError:  # a database that restarts, or is locked for long
                LOG.exception("worker %s cannot reach the queue", self.id)
                busy = False
            if not busy:
                stop.wait(self.poll_seconds)

    def drain(self, stop: Event | None = None) -> int:
        """Work until nothing is due, or `stop` is set; how many jobs were begun."""
        ending, begun = stop or Event(), 0
        while not ending.is_set() and self.step(ending):
            begun += 1
        return begun

    def step(self, stop: Event | None = None) -> bool:
        """Queue what is scheduled, then do one job; False when none was due."""
        control = self.context.control
        enqueue_due(control, self._following)
        if time.monotonic() - self._tidied > FORGET_SECONDS:
            queue.forget_ended(control)
            self._tidied = time.monotonic()
        job = queue.claim(control, self.id, lease=self.lease)
        if job is None:
            return False
        self._do(job, stop or Event())
        return True

    def _following(self, schedule: Schedule, now: Any) -> Any:
        return next_time(schedule, now, self.context.settings.time_zone)

    def _do(self, job: Job, stop: Event) -> None:
        control = self.context.control
        signs = _Signs(control, job, self.lease, stop, self.grace_seconds)
        context = replace(
            self.context,
            tenant=job.tenant,
            actor=job.actor,
            scopes=None if job.scopes is None else frozenset(job.scopes),
            progress=signs.progress,
            lease=None,
        )
        with span(f"job {job.kind}") as timed:
            timed.note(fullhouse__job=job.id, fullhouse__job__tries=job.tries)
            try:
                with signs.beating():
                    result = perform(context, job.kind, job.request)
            except Exception as problem:
                timed.note(fullhouse__job__ended="failed")
                self._failed(job, signs, problem)
            except BaseException:
                queue.give_back(control, job)
                raise
            else:
                timed.note(fullhouse__job__ended="finished")
                queue.finish(control, job, _stored(job, result))

    def _failed(self, job: Job, signs: "_Signs", problem: Exception) -> None:
        control = self.context.control
        if signs.why == LOST:
            LOG.warning("job %s went to another worker", job.id)
        elif isinstance(problem, CancelledError) and signs.why == STOPPED:
            queue.give_back(control, job)
        elif isinstance(problem, CancelledError):
            queue.stop(control, job)
        else:
            again = None if isinstance(problem, InputError) else _back_off(job.tries)
            queue.fail(control, job, _sentence(job, problem), retry_in=again)


@dataclass
class _Signs:
    """What is heard of a job while it runs, and what it hears: that it is to stop, and why."""

    control: Control
    job: Job
    lease: timedelta
    ending: Event
    grace_seconds: float
    why: str = ""
    share: float = 0.0
    step: str = ""
    _written: float = float("-inf")
    _ends_at: float = float("inf")

    def progress(self, step: str, done: int = 0, total: int | None = None, /) -> None:
        """Write down how far the job is; an error where it is to stop."""
        # Hundredths: a tenant is not told of how many people a share is.
        self.share = round(min(1.0, done / total), 2) if total else 0.0
        self.step = step
        now = time.monotonic()
        if now - self._written >= WRITE_SECONDS:
            self._written = now
            self.beat()
        self._watch_end(now)
        if self.why:
            raise CancelledError(code="job_cancelled", job=self.job.id)

    def beat(self) -> None:
        """Give a sign of life, and hear whether the job is to stop."""
        status = queue.hold(
            self.control, self.job, share=self.share, step=self.step, lease=self.lease
        )
        if status is None:
            self.why = LOST
        elif status == CANCELLING:
            self.why = CANCELLING

    def _watch_end(self, now: float) -> None:
        if self.ending.is_set() and self._ends_at == float("inf"):
            self._ends_at = now + self.grace_seconds
        if now >= self._ends_at and not self.why:
            self.why = STOPPED

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Give signs of life by themselves, also while one step takes long."""
        over = Event()

        def beat() -> None:
            while not over.wait(self.lease.total_seconds() / BEATS):
                try:
                    self.beat()
                except SQLAlchemyError:  # the next one may get through
                    LOG.warning("no sign of life of job %s", self.job.id, exc_info=True)

        thread = Thread(target=beat, name=f"job {self.job.id}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


def _back_off(tries: int) -> timedelta:
    return timedelta(seconds=RETRY_SECONDS * 2 ** (tries - 1))


def _stored(job: Job, result: object) -> bytes | None:
    try:
        return to_bytes(result)
    except TypeError:  # what it did counts; what it returned is of this process alone
        LOG.info("the result of job %s (%s) is not stored", job.id, job.kind)
        return None


def _sentence(job: Job, problem: Exception) -> str:
    """What is said of a failure: of our own errors to a tenant only that it was one."""
    if isinstance(problem, FullhouseError):
        return str(problem)
    LOG.error("job %s (%s) failed", job.id, job.kind, exc_info=problem)
    if job.tenant != HOUSE:
        return OUR_ERROR.format(id=job.id)
    return f"{type(problem).__name__}: {problem}"[:1000]
