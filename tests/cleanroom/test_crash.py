"""Killed at any moment: no answer without its row, no row lost, and budgets still add up."""

import multiprocessing
import os
import random
import signal
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select

from fullhouse.cleanroom import gate, ledger, log
from fullhouse.cleanroom.noise import opendp
from fullhouse.cleanroom.question import Count
from fullhouse.control.schema import ReleasedRow
from fullhouse.workspace.context import Context, open_house
from tests.cleanroom.conftest import DAY, make_house
from tests.conftest import new_database

LATER = datetime(2036, 1, 1, tzinfo=UTC)
ENVIRONMENT = {"FULLHOUSE_KEY": "0" * 64}


def opened(folder: Path, url: str) -> Context:
    control = {"FULLHOUSE_CONTROL": url} if url else {}
    house = open_house(str(folder), environment=ENVIRONMENT | control, today=DAY)
    return replace(house, tenant="lion", actor="ann")


def ask_and_die(folder: Path, url: str, number: int, moment: int) -> None:
    """Ask, and end by SIGKILL at the moment-th step of the database; at 0 never."""
    lion = opened(folder, url)
    steps = 0

    def step(*_: Any) -> None:
        nonlocal steps
        steps += 1
        if steps == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    database = lion.control.database
    for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(database, name, step)
    gate.ask(lion, Count("books", precision=200 + number))
    os._exit(min(steps, 200))


def check(folder: Path, url: str) -> int:
    """The answers there are; an error where budget, answers and log do not agree."""
    lion = opened(folder, url)
    control = lion.control
    try:
        ledger.give_back_stale(control, now=LATER)
        with control.connect() as connection:
            answers = {r.reservation: r for r in connection.execute(select(ReleasedRow.__table__))}
        settled = {e.reservation for e in ledger.entries(control) if e.step == "settle"}
        reserved = {e.reservation: e.rho for e in ledger.entries(control) if e.step == "reserve"}
        assert set(answers) == settled
        assert ledger.spent(control) == sum(reserved[r] for r in settled)
        assert ledger.disagreements(control) == ()
        leaves = [e for e in log.entries(control) if e.kind == "release.count"]
        assert sorted(e.position for e in leaves) == sorted(r.position for r in answers.values())
        assert log.verify(replace(control, tenant="house")) == []
        return len(answers)
    finally:
        control.dispose()


def run(folder: Path, url: str, number: int, moment: int) -> int | None:
    # Not a fork of this process: the lake's threads would not come along.
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(["tests.cleanroom.test_crash"])
    process = server.Process(target=ask_and_die, args=(folder, url, number, moment))
    process.start()
    process.join(300)
    return process.exitcode


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str]:
    url = ""
    if request.param == "postgresql":
        url = new_database(request.getfixturevalue("postgres"))
    make_house(tmp_path / "house", url).close()
    opendp()
    return tmp_path / "house", url


@pytest.mark.slow
def test_a_process_that_is_killed_leaves_no_answer_without_its_row(place):
    folder, url = place
    assert run(folder, url, 98, 0)
    steps = run(folder, url, 99, 0)  # the first one makes the rows of budgets and log, too
    assert steps is not None
    assert steps > 20
    assert check(folder, url) == 2
    moments = sorted({round(1 + i * (steps - 1) / 9) for i in range(10)})
    for number, moment in enumerate(moments, start=1):
        assert run(folder, url, number, moment) == -signal.SIGKILL, moment
        check(folder, url)
    # One that died before its commit can be asked again, and then is paid.
    before = check(folder, url)
    assert run(folder, url, 1, 0) is not None
    assert check(folder, url) == before + 1


@pytest.mark.slow
def test_fifty_moments_at_random_leave_budget_answers_and_log_in_agreement(place):
    folder, url = place
    steps = run(folder, url, 0, 0)
    assert steps is not None
    drawn = random.Random(14)
    for number in range(1, 51):
        run(folder, url, number, drawn.randint(1, steps + 3))
        check(folder, url)
    assert 1 <= check(folder, url) <= 51


def test_a_reservation_of_a_live_process_is_not_given_back_before_its_time():
    assert timedelta(minutes=5) <= ledger.STALE_AFTER
