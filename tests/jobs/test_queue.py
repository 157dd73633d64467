"""The queue in the control database, the same on SQLite and PostgreSQL."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert

from fullhouse.control import Control
from fullhouse.control import jobs as queue
from fullhouse.control.job import Job, NewJob
from fullhouse.control.schema import JobRow
from fullhouse.core.errors import ConflictError, InputError
from tests.jobs.conftest import Clock

LEASE = queue.LEASE.total_seconds()


def add(
    control: Control, *, tenant: str = "house", kind: str = "work", dedupe: str | None = None,
    after: float = 0, most_tries: int = 3,
) -> Job:  # fmt: skip
    new = NewJob(
        tenant, "ann", kind, '{"n": 1}', dedupe, control.clock() + timedelta(seconds=after),
        most_tries,
    )  # fmt: skip
    with replace(control, tenant=tenant).begin() as connection:
        return queue.enqueue(connection, new, now=control.clock())


def now(control: Control, job: Job) -> Job:
    return queue.find_job(replace(control, tenant=job.tenant), job.id)


def taken(control: Control, worker: str = "one") -> Job:
    job = queue.claim(control, worker)
    assert job is not None
    return job


def test_a_job_is_claimed_once_and_finished_with_its_result(control: Control) -> None:
    job = add(control)
    assert (job.status, job.tries, job.has_result, job.request) == ("queued", 0, False, '{"n": 1}')
    claimed = taken(control)
    assert (claimed.id, claimed.status, claimed.tries, claimed.worker) == (
        job.id, "running", 1, "one",
    )  # fmt: skip
    assert queue.claim(control, "two") is None
    assert queue.finish(control, claimed, b"result")
    done = now(control, job)
    assert (done.status, done.share, done.has_result, done.worker) == ("finished", 1.0, True, None)
    assert queue.job_result(control, job.id) == b"result"
    assert queue.claim(control, "one") is None


def test_a_job_is_there_only_when_the_callers_transaction_commits(control: Control) -> None:
    new = NewJob("house", "ann", "work", "null")
    connection = control.connect()
    queue.enqueue(connection, new, now=control.clock())
    connection.close()
    assert queue.claim(control, "one") is None
    with control.begin() as connection:
        queue.enqueue(connection, new, now=control.clock())
    assert queue.claim(control, "one") is not None


def test_a_job_waits_for_its_time(control: Control, clock: Clock) -> None:
    add(control, after=60)
    assert queue.claim(control, "one") is None
    clock.move(60)
    assert queue.claim(control, "one") is not None


def test_a_key_is_one_open_job_of_a_tenant(control: Control) -> None:
    first = add(control, dedupe="nightly")
    assert add(control, dedupe="nightly").id == first.id
    assert add(control, dedupe="nightly", tenant="wolf", after=9).id != first.id
    claimed = taken(control)
    assert add(control, dedupe="nightly").id == first.id
    queue.cancel(control, claimed.id)
    assert add(control, dedupe="nightly").id == first.id
    queue.finish(control, claimed, None)
    assert add(control, dedupe="nightly").id != first.id


def test_of_many_who_queue_the_same_key_at_once_all_get_the_same_job(control: Control) -> None:
    with ThreadPoolExecutor(4) as pool:
        ids = list(pool.map(lambda _: add(control, dedupe="once").id, range(12)))
    assert len(set(ids)) == 1
    assert len(queue.list_jobs(control)) == 1


def test_of_two_workers_that_race_for_one_job_one_gets_it(control: Control) -> None:
    for _ in range(5):
        add(control)
        with ThreadPoolExecutor(2) as pool:
            got = list(pool.map(lambda name: queue.claim(control, name), ("one", "two")))
        (job,) = [job for job in got if job is not None]
        assert queue.finish(control, job, None)


def test_workers_that_race_for_many_jobs_get_each_once(control: Control) -> None:
    ids = {add(control).id for _ in range(30)}

    def work(name: str) -> list[str]:
        done = []
        while (job := queue.claim(control, name)) is not None:
            assert queue.finish(control, job, None)
            done.append(job.id)
        return done

    with ThreadPoolExecutor(3) as pool:
        done = [id_ for some in pool.map(work, "abc") for id_ in some]
    assert Counter(done) == Counter(ids)


def test_signs_of_life_keep_a_job_and_silence_loses_it(control: Control, clock: Clock) -> None:
    job = add(control)
    claimed = taken(control)
    for _ in range(3):
        clock.move(LEASE * 0.9)
        assert queue.hold(control, claimed, share=0.25, step="counting") == "running"
        assert queue.claim(control, "two") is None
    assert (now(control, job).share, now(control, job).step) == (0.25, "counting")
    clock.move(LEASE + 1)
    again = taken(control, "two")
    assert (again.id, again.tries, again.share) == (job.id, 2, 0.0)


def test_a_worker_that_wakes_late_changes_nothing(control: Control, clock: Clock) -> None:
    add(control)
    late = taken(control, "one")
    clock.move(LEASE + 1)
    holder = taken(control, "two")
    before = now(control, holder)
    assert queue.hold(control, late, share=0.9, step="late") is None
    assert not queue.finish(control, late, b"late")
    assert not queue.fail(control, late, "late", retry_in=None)
    assert not queue.fail(control, late, "late", retry_in=timedelta(0))
    assert not queue.give_back(control, late)
    assert not queue.stop(control, late)
    assert now(control, holder) == before
    assert queue.finish(control, holder, b"right")
    assert not queue.finish(control, late, b"late")
    assert queue.job_result(control, holder.id) == b"right"


def test_a_late_worker_may_end_its_job_while_nobody_else_has_it(
    control: Control, clock: Clock
) -> None:
    add(control)
    claimed = taken(control)
    clock.move(10 * LEASE)
    assert queue.finish(control, claimed, b"done")


def test_a_failure_is_tried_again_later_and_fails_at_the_cap(
    control: Control, clock: Clock
) -> None:
    job = add(control, most_tries=2)
    assert queue.fail(control, taken(control), "No disk.", retry_in=timedelta(seconds=10))
    waiting = now(control, job)
    assert (waiting.status, waiting.error, waiting.ended_at) == ("queued", "No disk.", None)
    assert queue.claim(control, "one") is None
    clock.move(10)
    assert queue.fail(control, taken(control), "Still none.", retry_in=timedelta(seconds=10))
    failed = now(control, job)
    assert (failed.status, failed.error, failed.tries) == ("failed", "Still none.", 2)
    assert failed.ended_at == clock.at


def test_a_job_whose_workers_die_fails_at_the_cap(control: Control, clock: Clock) -> None:
    job = add(control, most_tries=2)
    for _ in range(2):
        taken(control)
        clock.move(LEASE + 1)
    assert queue.claim(control, "one") is None
    failed = now(control, job)
    assert (failed.status, failed.error) == ("failed", queue.WORKER_DIED)


def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_is_stopped(
    control: Control, clock: Clock
) -> None:
    waiting = add(control, after=60)
    queue.cancel(control, waiting.id)
    assert now(control, waiting).status == "cancelled"
    job = add(control)
    claimed = taken(control)
    queue.cancel(control, job.id)
    assert queue.hold(control, claimed, share=0, step="") == "cancelling"
    assert queue.stop(control, claimed)
    assert now(control, job).status == "cancelled"
    queue.cancel(control, job.id)
    clock.move(3_600)
    assert queue.claim(control, "one") is None


def test_a_cancelled_job_of_a_dead_worker_is_not_begun_again(
    control: Control, clock: Clock
) -> None:
    job = add(control)
    taken(control)
    queue.cancel(control, job.id)
    clock.move(LEASE + 1)
    assert queue.claim(control, "two") is None
    assert now(control, job).status == "cancelled"


def test_what_is_given_back_counts_as_no_try(control: Control) -> None:
    job = add(control, most_tries=1)
    assert queue.give_back(control, taken(control))
    assert (now(control, job).status, now(control, job).tries) == ("queued", 0)
    assert taken(control, "two").tries == 1


def test_only_what_failed_or_was_cancelled_is_tried_again(control: Control) -> None:
    job = add(control, dedupe="key")
    assert not queue.retry(control, job.id)
    claimed = taken(control)
    assert not queue.retry(control, job.id)
    queue.fail(control, claimed, "Broken.", retry_in=None)
    assert queue.retry(control, job.id)
    assert (now(control, job).status, now(control, job).error) == ("queued", "Broken.")
    claimed = taken(control)
    assert claimed.tries == 1
    queue.fail(control, claimed, "Broken.", retry_in=None)
    other = add(control, dedupe="key")
    with pytest.raises(ConflictError, match="same dedupe key"):
        queue.retry(control, job.id)
    queue.finish(control, taken(control), None)
    assert not queue.retry(control, other.id)


def test_a_tenant_with_a_thousand_jobs_does_not_keep_others_waiting(
    control: Control, clock: Clock
) -> None:
    many = [{**vars(NewJob("wolf", "ann", "work", "null")), "id": f"{n:04}"} for n in range(1_000)]
    common = {"status": "queued", "queued_at": clock.at, "run_at": clock.at, "tries": 0}
    common |= {"share": 0.0, "step": "", "error": ""}
    with control.begin() as connection:
        connection.execute(insert(JobRow), [{**row, **common} for row in many])
    for _ in range(5):
        clock.move(1)
        queue.finish(control, taken(control), None)
    for _ in range(3):
        add(control, tenant="lion")
        add(control, tenant="bear")
    order = []
    for _ in range(9):
        clock.move(1)
        order.append(taken(control).tenant)
    assert order == ["bear", "lion", "wolf"] * 3


def test_a_tenant_sees_and_stops_its_own_jobs_only(control: Control) -> None:
    lion, wolf = replace(control, tenant="lion"), replace(control, tenant="wolf")
    job = add(control, tenant="wolf")
    assert [j.id for j in queue.list_jobs(wolf)] == [job.id]
    assert queue.list_jobs(lion) == []
    with pytest.raises(InputError, match="No job"):
        queue.find_job(lion, job.id)
    queue.cancel(lion, job.id)
    assert now(control, job).status == "queued"
    queue.finish(control, taken(control), b"secret")
    assert queue.job_result(lion, job.id) is None
    queue.cancel(wolf, job.id)
    assert not queue.retry(lion, job.id)


def test_jobs_that_ended_long_ago_are_forgotten(control: Control, clock: Clock) -> None:
    add(control)
    queue.finish(control, taken(control), None)
    open_ = add(control, after=10**8)
    clock.move(90 * 86_400 + 1)
    assert queue.forget_ended(control) == 1
    assert [job.id for job in queue.list_jobs(control)] == [open_.id]


def test_jobs_are_counted_by_status(control: Control) -> None:
    add(control, tenant="wolf")
    add(control)
    taken(control)
    assert queue.job_counts(control) == {"queued": 1, "running": 1}


def test_the_job_that_waits_longest_is_of_any_tenant_and_one_of_later_does_not_wait(
    control: Control, clock: Clock
) -> None:
    add(control, after=3600)
    assert queue.oldest_due(control) is None
    due = add(control, tenant="wolf", after=60)
    clock.move(61)
    add(control)
    assert queue.oldest_due(control) == due.run_at
    taken(control)
    taken(control)
    assert queue.oldest_due(control) is None
