"""Workers: what is done for whom, how it ends, and what stops it."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import update

import fullhouse as fh
from fullhouse import app, jobs
from fullhouse.app.cleanroom import BudgetStatement
from fullhouse.app.use_case import HOUSE_CASES, TENANT_CASES, tenant_case, use_case
from fullhouse.control import jobs as queue
from fullhouse.control.job import NewJob
from fullhouse.control.schema import JobRow, JobScheduleRow
from fullhouse.core.errors import ConflictError, InputError
from fullhouse.core.request import request
from fullhouse.jobs import Worker, worker
from fullhouse.workspace import runs
from fullhouse.workspace.context import Context
from tests.jobs.cases import Note, of_tests, registered, write_note
from tests.jobs.conftest import empty

REACHED, GO = Event(), Event()
SCOPES: list[frozenset[str] | None] = []


@request
class Ask:
    """What a use case of these tests is asked."""

    number: int = 0
    day: date | None = None


@of_tests
@use_case
def twice(context: Context, request: Ask) -> int:
    """Twice the number."""
    return 2 * request.number


@of_tests
@use_case
def breaks(context: Context, request: Ask) -> int:
    """Never: our bug, the user's mistake, or somebody else's change."""
    raise (ValueError("31337 people"), InputError("No such thing."), ConflictError("Busy."))[
        request.number
    ]


@of_tests
@use_case
def waits(context: Context, request: Ask) -> int:
    """A remembered number, in steps, once the test lets it go on."""

    def compute(own: Context) -> int:
        for n in range(request.number):
            own.progress("waiting", n, request.number)
            REACHED.set()
            GO.wait(10)
        return request.number

    return runs.remembered(context, request, int, compute)


@of_tests
@tenant_case
def for_whom(context: Context, request: Ask | None = None) -> BudgetStatement:
    """Whose context it ran in."""
    SCOPES.append(context.scopes)
    return BudgetStatement(f"{context.tenant}/{context.actor}", (), (), (), 0)


@of_tests
@tenant_case
def breaks_for_tenants(context: Context) -> BudgetStatement:
    """Never."""
    raise ValueError("31337 people")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    """An empty house with two tenants, and the use cases of these tests."""
    with (
        registered(twice, breaks, waits, for_whom, breaks_for_tenants, write_note),
        fh.init(str(tmp_path_factory.mktemp("jobs") / "house")) as context,
    ):
        for tenant in ("lion", "wolf"):
            app.tenant_add(context, app.AddTenant(tenant))
            app.user_add(context, app.AddUser(tenant, "ann", "owner"))
            app.user_add(context, app.AddUser(tenant, "vic", "viewer"))
        yield context


@pytest.fixture
def house(made: Context) -> Context:
    """The house with an empty queue."""
    empty(made.control)
    REACHED.clear()
    GO.clear()
    SCOPES.clear()
    return made


@pytest.fixture
def lion(house: Context) -> Context:
    return replace(house, tenant="lion", actor="ann")


def done(context: Context, job: jobs.JobStatus) -> jobs.JobStatus:
    """A job after a worker did all that is due."""
    Worker(replace(context, tenant="house", actor="operator")).drain()
    return jobs.find(context, job.id)


def overdue(context: Context) -> None:
    """Let all that waits for its time be due."""
    with context.control.begin() as connection:
        connection.execute(update(JobRow).values(run_at=context.now - timedelta(hours=1)))


def test_a_worker_runs_a_job_and_stores_its_result(house: Context) -> None:
    job = jobs.submit(house, "twice", Ask(21, date(2026, 11, 29)))
    assert job.request == {"number": 21, "day": "2026-11-29"}
    ended = done(house, job)
    assert (ended.status, ended.share, ended.tries, ended.error) == ("finished", 1.0, 1, "")
    assert jobs.result(house, job.id) == 42


def test_a_job_and_what_belongs_to_it_are_written_together(house: Context) -> None:
    connection = house.control.connect()
    job = jobs.enqueue(connection, house, "twice", Ask(1))
    connection.close()
    with pytest.raises(InputError, match="No job"):
        jobs.find(house, job.id)


def test_a_job_runs_for_its_own_tenant_and_actor(house: Context, lion: Context) -> None:
    job = jobs.submit(lion, "for_whom")
    assert done(lion, job).status == "finished"
    assert jobs.result(lion, job.id).tenant == "lion/ann"
    wolf = replace(lion, tenant="wolf")
    for look in (jobs.find, jobs.result, jobs.cancel):
        with pytest.raises(InputError, match="No job"):
            look(wolf, job.id)


def test_every_use_case_of_the_house_is_refused_as_a_tenants_job(lion: Context) -> None:
    kinds = [case.__name__ for case in HOUSE_CASES]
    assert {"twice", "audit"} <= set(kinds)
    for kind in (*kinds, "nobody_has_this", "Worker", "open_house"):
        with pytest.raises(InputError, match=f"No job {kind!r} for tenants"):
            jobs.submit(lion, kind, Ask(1))
        with pytest.raises(InputError, match="for tenants"):
            app.job_add(lion, app.AddJob(kind))
        with pytest.raises(InputError, match="for tenants"):
            app.schedule_add(lion, app.AddSchedule("s", kind, every_seconds=1))
    assert app.job_list(lion).jobs == ()


def test_a_tenants_row_that_names_a_use_case_of_the_house_does_nothing(
    house: Context, lion: Context, tmp_path: Path
) -> None:
    """However it came into the table."""
    text = f'{{"file": "{tmp_path / "trace"}", "line": "x"}}'
    with house.control.begin() as connection:
        new = NewJob("lion", "ann", "write_note", text)
        row = queue.enqueue(connection, new, now=house.now)
    Worker(house).drain()
    job = jobs.find(lion, row.id)
    assert (job.status, job.has_result) == ("failed", False)
    assert "No job 'write_note' for tenants" in job.error
    assert not (tmp_path / "trace").exists()


def test_the_same_row_of_the_house_is_done(house: Context, tmp_path: Path) -> None:
    """Control of the test before."""
    job = jobs.submit(house, "write_note", Note(tmp_path / "trace", "x"))
    assert done(house, job).status == "finished"
    assert (tmp_path / "trace").read_text() == "x\n"


def test_a_viewer_sees_jobs_and_may_neither_queue_nor_stop_them(lion: Context) -> None:
    vic = replace(lion, actor="vic")
    job = jobs.submit(lion, "for_whom")
    assert app.job_show(vic, app.ShowJob(job.id)).id == job.id
    for verb, asked in (
        (app.job_add, app.AddJob("for_whom")),
        (app.job_cancel, app.CancelJob(job.id)),
        (app.job_retry, app.RetryJob(job.id)),
        (app.schedule_add, app.AddSchedule("s", "for_whom", every_seconds=9)),
    ):
        with pytest.raises(InputError, match="As viewer you may not ask"):
            verb(vic, asked)


def test_a_job_may_do_no_more_than_the_key_it_was_asked_with(house: Context, lion: Context) -> None:
    with pytest.raises(InputError, match="may not ask"):
        app.job_add(replace(lion, scopes=frozenset({"read"})), app.AddJob("for_whom"))
    with pytest.raises(InputError, match="may not run"):
        app.job_add(replace(house, scopes=frozenset({"read"})), app.AddJob("twice"))
    some = replace(lion, scopes=frozenset({"ask", "read"}))
    job = jobs.submit(some, "for_whom")
    app.schedule_add(some, app.AddSchedule("s", "for_whom", every_seconds=1))
    assert done(lion, job).status == "finished"
    with house.control.begin() as connection:
        connection.execute(update(JobScheduleRow).values(next_at=house.now))
    Worker(house).drain()
    assert SCOPES[:2] == [frozenset({"ask", "read"})] * 2


def test_a_request_that_json_does_not_give_back_is_no_job(house: Context) -> None:
    with pytest.raises(InputError, match="request of twice"):
        app.job_add(house, app.AddJob("twice", {"number": "many"}))
    with pytest.raises(InputError, match="request of twice"):
        app.job_add(house, app.AddJob("twice", {"nombre": 1}))
    with pytest.raises(InputError, match=r"No use case 'twoce' for a job\. Did you mean 'twice'"):
        app.job_add(house, app.AddJob("twoce"))


def test_requests_of_all_use_cases_can_be_read(house: Context) -> None:
    """Each is at least asked for in words, with a request that is none of its own."""
    for case in (*HOUSE_CASES, *TENANT_CASES):
        if getattr(app, case.__name__, None) is case:
            with pytest.raises(InputError, match=f"The request of {case.__name__}"):
                app.job_add(house, app.AddJob(case.__name__, {"no such field": 1}))


def test_a_mistake_fails_at_once_with_its_sentence(house: Context) -> None:
    job = done(house, jobs.submit(house, "breaks", Ask(1)))
    assert (job.status, job.error, job.tries) == ("failed", "No such thing.", 1)


def test_a_job_is_a_span_of_its_kind_without_its_request(house: Context, spans: Any) -> None:
    job = done(house, jobs.submit(house, "breaks", Ask(1)))
    (span,) = [s for s in spans() if s.name == "job breaks"]
    assert span.attributes["fullhouse.job.ended"] == "failed"
    assert span.attributes["fullhouse.job"] == job.id
    assert "No such thing" not in span.to_json()


def test_a_failure_is_tried_again_later_each_time_and_fails_at_the_cap(house: Context) -> None:
    job = jobs.submit(house, "breaks", Ask(2), most_tries=3)
    waits = []
    for tries in (1, 2, 3):
        status = done(house, job)
        assert (status.error, status.tries) == ("Busy.", tries)
        waits.append((status.run_at - house.now).total_seconds())
        overdue(house)
    assert status.status == "failed"
    assert 5 < waits[0] < waits[1]
    assert app.job_retry(house, app.RetryJob(job.id)).status == "queued"


def test_a_tenant_does_not_see_the_text_of_our_bugs(
    house: Context, lion: Context, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        job = done(lion, jobs.submit(lion, "breaks_for_tenants", most_tries=1))
    assert job.status == "failed"
    assert "31337" not in job.error
    assert job.id in job.error
    assert "31337" in caplog.text
    own = done(house, jobs.submit(house, "breaks", Ask(0), most_tries=1))
    assert own.error == "ValueError: 31337 people"


def test_a_job_is_cancelled_at_its_next_step_and_so_is_the_run_in_it(
    house: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "WRITE_SECONDS", 0.0)
    job = jobs.submit(house, "waits", Ask(4))
    thread = working(house)
    assert REACHED.wait(60)
    assert jobs.cancel(house, job.id).status == "cancelling"
    GO.set()
    thread.join(120)
    assert jobs.find(house, job.id).status == "cancelled"
    assert app.run_list(house)[0].status == "cancelled"
    assert app.job_retry(house, app.RetryJob(job.id)).status == "queued"
    assert done(house, job).status == "finished"
    assert jobs.result(house, job.id) == 4


def working(house: Context, stop: Event | None = None, **options: Any) -> Thread:
    thread = Thread(target=lambda: Worker(house, **options).drain(stop))
    thread.start()
    return thread


def test_a_worker_that_is_to_end_gives_its_job_back_after_a_while(
    house: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = Event()
    job = jobs.submit(house, "waits", Ask(3))
    thread = working(house, stop, grace_seconds=0.0)
    assert REACHED.wait(60)
    stop.set()
    GO.set()
    thread.join(120)
    status = jobs.find(house, job.id)
    assert (status.status, status.tries) == ("queued", 0)
    assert done(house, job).status == "finished"


def test_a_worker_that_is_to_end_finishes_a_job_that_needs_little_time(house: Context) -> None:
    stop = Event()
    job, other = (jobs.submit(house, "waits", Ask(n)) for n in (5, 6))
    thread = working(house, stop)
    assert REACHED.wait(60)
    stop.set()
    GO.set()
    thread.join(120)
    assert jobs.find(house, job.id).status == "finished"
    assert jobs.find(house, other.id).status == "queued"


def test_a_job_that_another_worker_took_stops_and_changes_nothing(
    house: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "WRITE_SECONDS", 0.0)
    job = jobs.submit(house, "waits", Ask(7))
    thread = working(house)
    assert REACHED.wait(60)
    with house.control.begin() as connection:
        connection.execute(update(JobRow).values(lease_until=house.now - timedelta(hours=1)))
    other = queue.claim(house.control, "other")
    assert other is not None
    GO.set()
    thread.join(120)
    assert (jobs.find(house, job.id).status, jobs.find(house, job.id).tries) == ("running", 2)
    assert queue.finish(house.control, other, None)


def test_signs_of_life_keep_a_long_step_from_being_done_twice(
    house: Context, tmp_path: Path
) -> None:
    lease = timedelta(seconds=1.5)
    job = jobs.submit(house, "waits", Ask(1))
    threads = [working(house, lease=lease)]
    assert REACHED.wait(60)
    for _ in range(6):
        assert not Event().wait(0.5)
        assert queue.claim(house.control, "other", lease=lease) is None
    GO.set()
    threads[0].join(120)
    status = jobs.find(house, job.id)
    assert (status.status, status.tries) == ("finished", 1)


def test_every_change_of_a_job_is_an_event_and_its_end_the_last(house: Context) -> None:
    job = jobs.submit(house, "waits", Ask(2))
    seen: list[Any] = []
    listener = Thread(target=lambda: seen.extend(jobs.events(house, job.id, every_seconds=0.02)))
    listener.start()
    thread = working(house)
    assert REACHED.wait(60)
    while not any(e is not None and e.status == "running" for e in seen):
        assert not Event().wait(0.05)
        if not listener.is_alive():
            break
    GO.set()
    thread.join(120)
    listener.join(120)
    statuses = [e.status for e in seen if e is not None]
    assert statuses[0] in ("queued", "running")
    assert statuses[-1] == "finished"
    assert statuses.count("finished") == 1
    assert list(jobs.events(house, job.id)) == [jobs.find(house, job.id)]


def test_listening_ends_when_it_is_to_stop(house: Context) -> None:
    job, stop = jobs.submit(house, "waits", Ask(2)), Event()
    stop.set()
    assert [e and e.status for e in jobs.events(house, job.id, stop=stop)] == ["queued"]


def test_a_worker_runs_until_it_is_stopped_and_takes_what_comes(house: Context) -> None:
    stop = Event()
    thread = Thread(target=lambda: Worker(house, poll_seconds=0.02).run(stop))
    thread.start()
    job = jobs.submit(house, "twice", Ask(4))
    last = list(jobs.events(house, job.id, every_seconds=0.02))[-1]
    stop.set()
    thread.join(120)
    assert not thread.is_alive()
    assert last is not None
    assert last.status == "finished"


def test_only_the_house_has_workers(lion: Context) -> None:
    with pytest.raises(InputError) as refused:
        Worker(lion)
    assert refused.value.code == "house_only"


def test_jobs_of_all_tenants_are_counted_without_naming_any(house: Context, lion: Context) -> None:
    jobs.submit(house, "twice", Ask(1))
    jobs.submit(lion, "for_whom")
    assert jobs.counts(house) == {"queued": 2}
