"""What was computed for whom, from which versions, and how far it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from fullhouse.core.brief import Brief

RUNNING = "running"
CANCELLING = "cancelling"
"""Somebody wants it to stop; it does at its next step."""
FINISHED = "finished"
FAILED = "failed"
CANCELLED = "cancelled"
CRASHED = "crashed"
"""Its process went away without a word."""

OPEN = (RUNNING, CANCELLING)


@dataclass(frozen=True)
class Run(Brief):
    """One computation of a request. Times are UTC.

    `versions` are the table versions it read. `step` says what it does, or did last, and that
    `done` of `total` units of it are done. `process` is host, process and its start.
    """

    id: str
    kind: str
    request: str
    digest: str
    versions: Mapping[str, int]
    actor: str
    status: str
    started_at: datetime
    heard_at: datetime
    seconds: float | None
    process: str
    step: str
    done: int
    total: int | None
    error: str
    result_bytes: int
