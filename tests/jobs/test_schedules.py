"""Schedules: when they are due, and that each time is queued once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fullhouse.control import Control
from fullhouse.control import job_schedules as schedules
from fullhouse.control import jobs as queue
from fullhouse.control.job import Schedule
from fullhouse.core.errors import InputError
from tests.jobs.conftest import START, Clock

NEW_YORK = "America/New_York"


def every(seconds: int, *, name: str = "often", tenant: str = "house") -> Schedule:
    return Schedule(tenant, name, "ann", "work", "null", None, seconds, START)


def following(schedule: Schedule, now: datetime) -> datetime:
    return schedules.next_time(schedule, now, NEW_YORK)


def look(control: Control) -> int:
    return schedules.enqueue_due(control, following)


def work(control: Control) -> int:
    """All that is due, done."""
    number = 0
    while (job := queue.claim(control, "one")) is not None:
        queue.finish(control, job, None)
        number += 1
    return number


def test_each_time_is_queued_once_and_missed_times_are_one(control: Control, clock: Clock) -> None:
    schedules.add_schedule(control, every(60))
    assert [look(control), look(control), work(control)] == [1, 0, 1]
    clock.move(59)
    assert look(control) == 0
    clock.move(1)
    assert [look(control), work(control)] == [1, 1]
    clock.move(600 + 7)
    assert [look(control), look(control), work(control)] == [1, 0, 1]
    (left,) = schedules.list_schedules(control)
    assert left.next_at == START + timedelta(seconds=720)


def test_while_the_last_job_is_open_no_second_one_is_queued(control: Control, clock: Clock) -> None:
    schedules.add_schedule(control, every(60))
    assert look(control) == 1
    clock.move(60)
    assert look(control) == 0
    (first,) = queue.list_jobs(control)
    assert schedules.list_schedules(control)[0].last_job == first.id
    assert work(control) == 1
    clock.move(60)
    assert look(control) == 1


def test_many_workers_that_look_at_once_queue_one_job(control: Control, clock: Clock) -> None:
    schedules.add_schedule(control, every(60))
    schedules.add_schedule(control, every(60, tenant="wolf"))
    for _ in range(4):
        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(lambda _: look(control), range(4))) == 2
        assert work(control) == 2
        clock.move(60)


def test_a_job_of_a_schedule_is_its_tenants_and_actors(control: Control) -> None:
    schedules.add_schedule(control, every(60, tenant="wolf"))
    look(control)
    (job,) = queue.list_jobs(replace(control, tenant="wolf"))
    assert (job.tenant, job.actor, job.kind, job.dedupe) == (
        "wolf", "ann", "work", "schedule:often",
    )  # fmt: skip
    assert schedules.list_schedules(control) == []
    with pytest.raises(InputError, match="No schedule 'often'"):
        schedules.delete_schedule(control, "often")


def test_a_name_is_given_once_and_free_again_when_deleted(control: Control) -> None:
    schedules.add_schedule(control, every(60))
    with pytest.raises(InputError, match="There is a schedule 'often' already"):
        schedules.add_schedule(control, every(60))
    with pytest.raises(InputError, match="Did you mean 'often'"):
        schedules.delete_schedule(control, "oftn")
    schedules.delete_schedule(control, "often")
    schedules.add_schedule(control, every(60))


@given(
    seconds=st.integers(1, 100_000),
    since=st.timedeltas(timedelta(0), timedelta(days=400)),
)
def test_the_next_time_is_the_first_later_one_of_the_row(seconds: int, since: timedelta) -> None:
    now = START + since
    due = following(every(seconds), now)
    assert now < due <= now + timedelta(seconds=seconds)
    assert (due - START) % timedelta(seconds=seconds) == timedelta(0)


@given(
    hour=st.integers(0, 23), minute=st.integers(0, 59),
    since=st.timedeltas(timedelta(0), timedelta(days=1_500)),
)  # fmt: skip
def test_once_a_day_is_once_a_day_when_clocks_change_too(
    hour: int, minute: int, since: timedelta
) -> None:
    now = START + since
    daily = replace(every(1), cron=f"{minute} {hour} * * *", every_seconds=None)
    due = following(daily, now)
    assert timedelta(0) < due - now <= timedelta(hours=25)
    local = due.astimezone(ZoneInfo(NEW_YORK))
    assert (local.hour, local.minute) in ((hour, minute), (3, 0))
    after = following(daily, due)
    assert timedelta(hours=22) <= after - due <= timedelta(hours=25, minutes=59)


@pytest.mark.parametrize(
    ("cron", "seconds"),
    [(None, None), ("* * * * *", 5), ("often", None), ("61 * * * *", None), ("0 0 30 2 *", None),
     (None, 0), ("", None)],
)  # fmt: skip
def test_a_time_that_is_none_is_refused_in_a_sentence(
    cron: str | None, seconds: int | None
) -> None:
    with pytest.raises(InputError):
        schedules.check_times(cron, seconds)
