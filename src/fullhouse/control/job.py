"""Work that waits to be done, and when to do it again: the nouns of the queue."""

from dataclasses import dataclass
from datetime import datetime

QUEUED = "queued"
RUNNING = "running"
CANCELLING = "cancelling"
"""Somebody wants it to stop; it does at its next step."""
FINISHED = "finished"
FAILED = "failed"
CANCELLED = "cancelled"

HELD = (RUNNING, CANCELLING)
"""A worker has it."""
OPEN = (QUEUED, *HELD)
ENDED = (FINISHED, FAILED, CANCELLED)
STATUSES = (*OPEN, *ENDED)

TRIES = 3
"""How often a job is begun at most, unless it says otherwise."""


@dataclass(frozen=True)
class NewJob:
    """What is to be done for whom: a use case by its name, and its request as JSON.

    Of the open jobs of a tenant, at most one has a given `dedupe`. Without `run_at` it is due at
    once. It may do no more than `scopes` allow: the verbs of the key or session it was asked with.
    """

    tenant: str
    actor: str
    kind: str
    request: str
    dedupe: str | None = None
    run_at: datetime | None = None
    most_tries: int = TRIES
    scopes: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Job:
    """A job as it stands in the queue. Times are UTC; `share` is how much is done, of 1.

    `worker` holds it until `lease_until`. `error` is the sentence of its last failure.
    """

    tenant: str
    id: str
    kind: str
    request: str
    actor: str
    status: str
    dedupe: str | None
    queued_at: datetime
    run_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    worker: str | None
    lease_until: datetime | None
    tries: int
    most_tries: int
    share: float
    step: str
    error: str
    scopes: tuple[str, ...] | None
    has_result: bool


@dataclass(frozen=True)
class Schedule:
    """A use case that is asked for again and again: by a cron expression, or every so often.

    Of `cron` (in the market's time zone) and `every_seconds`, one is set.
    """

    tenant: str
    name: str
    actor: str
    kind: str
    request: str
    cron: str | None
    every_seconds: int | None
    next_at: datetime
    last_job: str | None = None
    scopes: tuple[str, ...] | None = None
