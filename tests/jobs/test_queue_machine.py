"""The queue against an obvious model of it, by random steps."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import event, select

from fullhouse.control import Control
from fullhouse.control import jobs as queue
from fullhouse.control.job import Job, NewJob
from fullhouse.control.schema import JobRow
from fullhouse.core.errors import ConflictError
from tests.jobs.conftest import Clock, empty

OPEN = ("queued", "running", "cancelling")


@dataclass
class Row:
    """A job as the model has it."""

    tenant: str
    id: str
    dedupe: str | None
    run_at: datetime
    queued_at: datetime
    cap: int
    started_at: datetime | None = None
    status: str = "queued"
    worker: str | None = None
    lease_until: datetime | None = None
    tries: int = 0


class QueueMachine(RuleBasedStateMachine):
    """Random steps, each done to the queue and to the model."""

    control: Control
    jobs = Bundle("jobs")
    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.clock, self.workers = Clock(), 0
        self.rows: dict[str, Row] = {}
        self.queue = replace(self.control, clock=self.clock)
        empty(self.queue)

    @rule(
        target=jobs,
        tenant=st.sampled_from(["lion", "wolf"]),
        dedupe=st.sampled_from([None, "a", "b"]),
        wait=st.sampled_from([0, 0, 45]),
        cap=st.sampled_from([1, 2]),
    )
    def enqueue(self, tenant: str, dedupe: str | None, wait: int, cap: int) -> str:
        self.clock.move(1)
        run_at = self.clock.at + timedelta(seconds=wait)
        new = NewJob(tenant, "ann", "work", "null", dedupe, run_at, cap)
        with replace(self.queue, tenant=tenant).begin() as connection:
            job = queue.enqueue(connection, new, now=self.clock.at)
        same = [
            r.id for r in self.rows.values()
            if dedupe and (r.tenant, r.dedupe) == (tenant, dedupe) and r.status in OPEN
        ]  # fmt: skip
        if same:
            assert [job.id] == same
        else:
            assert job.id not in self.rows
            self.rows[job.id] = Row(tenant, job.id, dedupe, run_at, self.clock.at, cap)
        return job.id

    def last(self, tenant: str) -> datetime:
        """When a job of the tenant began last."""
        begun = [r.started_at for r in self.rows.values() if r.tenant == tenant and r.started_at]
        return max(begun, default=queue.NEVER)

    @precondition(lambda self: self.rows)
    @rule(target=claims)
    def claim(self) -> Any:
        job = self.claimed()
        return multiple() if job is None else job

    @precondition(lambda self: self.rows)
    @rule(end=st.sampled_from(["finish", "fail", "fail at once", "give back", "die"]))
    def work(self, end: str) -> None:
        """What a worker does at a stretch."""
        job = self.claimed()
        if job is None:
            return
        if end == "finish":
            self.finish(job)
        elif end.startswith("fail"):
            self.fail(job, again=end == "fail")
        elif end == "give back":
            self.give_back(job)
        else:
            self.time_passes(61)

    def claimed(self) -> Job | None:
        self.workers += 1
        job = queue.claim(self.queue, f"w{self.workers}")
        now = self.clock.at
        for row in self.rows.values():
            if row.lease_until is not None and row.lease_until < now:
                over = "cancelled" if row.status == "cancelling" else "failed"
                row.status = over if over == "cancelled" or row.tries >= row.cap else "queued"
                row.worker = row.lease_until = None
        due = [r for r in self.rows.values() if r.status == "queued" and r.run_at <= now]
        if not due:
            assert job is None
            return None
        first = min(due, key=lambda r: (self.last(r.tenant), r.tenant, r.run_at, r.queued_at, r.id))
        assert job is not None
        assert job.id == first.id
        first.status, first.worker, first.tries = "running", job.worker, first.tries + 1
        first.lease_until, first.started_at = now + queue.LEASE, now
        return job

    def held(self, job: Job) -> Row | None:
        row = self.rows[job.id]
        return row if row.worker == job.worker else None

    def ended(self, job: Job, answer: bool, status: str, **changes: Any) -> None:
        row = self.held(job)
        assert answer == (row is not None)
        if row is not None:
            row.status, row.worker, row.lease_until = status, None, None
            for name, value in changes.items():
                setattr(row, name, value)

    @rule(job=claims)
    def hold(self, job: Job) -> None:
        status = queue.hold(self.queue, job, share=0.5, step="half")
        row = self.held(job)
        assert status == (row and row.status)
        if row is not None:
            row.lease_until = self.clock.at + queue.LEASE

    @rule(job=claims)
    def finish(self, job: Job) -> None:
        self.ended(job, queue.finish(self.queue, job, b"r"), "finished")

    @rule(job=claims, again=st.booleans())
    def fail(self, job: Job, again: bool) -> None:
        row, wait = self.rows[job.id], timedelta(seconds=10)
        if not again or job.tries >= row.cap:
            status, changes = "failed", {}
        else:
            status = "cancelled" if row.status == "cancelling" else "queued"
            changes = {"run_at": self.clock.at + wait}
        answer = queue.fail(self.queue, job, "No.", retry_in=wait if again else None)
        self.ended(job, answer, status, **changes)

    @rule(job=claims)
    def give_back(self, job: Job) -> None:
        row = self.rows[job.id]
        status = "cancelled" if row.status == "cancelling" else "queued"
        self.ended(job, queue.give_back(self.queue, job), status, tries=row.tries - 1)

    @rule(id_=jobs)
    def cancel(self, id_: str) -> None:
        row = self.rows[id_]
        queue.cancel(replace(self.queue, tenant=row.tenant), id_)
        row.status = {"queued": "cancelled", "running": "cancelling"}.get(row.status, row.status)

    @rule(id_=jobs)
    def retry(self, id_: str) -> None:
        row = self.rows[id_]
        own = replace(self.queue, tenant=row.tenant)
        taken = row.dedupe and any(
            r.status in OPEN and (r.tenant, r.dedupe) == (row.tenant, row.dedupe)
            for r in self.rows.values()
        )
        if row.status not in ("failed", "cancelled"):
            assert not queue.retry(own, id_)
        elif taken:
            with pytest.raises(ConflictError):
                queue.retry(own, id_)
        else:
            assert queue.retry(own, id_)
            row.status, row.tries, row.run_at = "queued", 0, self.clock.at
            row.started_at = None

    @rule(seconds=st.sampled_from([1, 30, 61]))
    def time_passes(self, seconds: int) -> None:
        self.clock.move(seconds)

    @invariant()
    def the_queue_is_as_the_model(self) -> None:
        columns = (JobRow.id, JobRow.status, JobRow.worker, JobRow.tries)
        with self.queue.connect() as connection:
            stored = sorted(tuple(row) for row in connection.execute(select(*columns)))
        model = ((r.id, r.status, r.worker, r.tries) for r in self.rows.values())
        assert stored == sorted(model)


@contextmanager
def without_sync(control: Control) -> Iterator[None]:
    """Writes that need not outlive a power cut are many times faster."""

    def set_up(connection: Any, _: object) -> None:
        connection.execute("PRAGMA synchronous = OFF")

    if control.dialect != "sqlite":
        yield
        return
    event.listen(control.database, "connect", set_up)
    control.database.dispose()
    try:
        yield
    finally:
        event.remove(control.database, "connect", set_up)
        control.database.dispose()


@pytest.mark.slow
def test_the_queue_does_what_an_obvious_one_does(database: Control) -> None:
    class Machine(QueueMachine):
        control = database

    some = settings(
        max_examples=30,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    with without_sync(database):
        run_state_machine_as_test(Machine, settings=some)
