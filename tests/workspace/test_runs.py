"""What was computed is looked up, as long as nothing that it rests on has changed."""

import multiprocessing
import os
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread

import numpy as np
import pyarrow as pa
import pytest

from fullhouse.control.run import CANCELLED, CRASHED, FAILED, FINISHED, RUNNING
from fullhouse.control.runs import begin_run
from fullhouse.core import settings
from fullhouse.core.errors import CancelledError, CannotTellError, InputError
from fullhouse.core.request import request
from fullhouse.core.tables import PERSON_MERGE, REFUSED_IDENTIFIER
from fullhouse.lake import Vacuum
from fullhouse.workspace import runs as runs_
from fullhouse.workspace.context import Context, init_house, open_house
from fullhouse.workspace.runs import cancel, is_gone, remembered, run, runs, this_process


@request
class CountMerges:
    """How many merges there are."""

    name: str = "all"
    as_of: date | None = None


def merges(merged: int) -> pa.Table:
    row = {"run": 1, "kept": 0, "merged": merged, "at": datetime(2025, 1, 1, tzinfo=UTC)}
    return pa.Table.from_pylist([row], schema=PERSON_MERGE.schema)


class Counter:
    """Counts merges, and how often it had to."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, context: Context) -> Vacuum:
        self.times += 1
        context.progress("Counting", 1, 2)
        return Vacuum("person_merge", context.lake.read(PERSON_MERGE).num_rows)


@pytest.fixture
def house(tmp_path: Path):
    with init_house(str(tmp_path / "house"), environment={}) as context:
        context.lake.append(PERSON_MERGE, merges(1), batch="1")
        yield replace(context, day=date(2025, 3, 1))


@pytest.fixture
def counter() -> Counter:
    return Counter()


def ask(context: Context, counter: Counter, wanted: object = None, **more: object) -> int:
    return remembered(context, wanted or CountMerges(), Vacuum, counter, **more).files


def test_asking_twice_computes_once(house: Context, counter: Counter) -> None:
    assert [ask(house, counter), ask(house, counter)] == [1, 1]
    assert counter.times == 1
    with open_house(house.place.root, environment={}) as other:
        assert ask(replace(other, day=house.day), counter) == 1
    assert counter.times == 1, "another process of the workspace looks it up, too"
    (row,) = runs(house)
    assert (row.kind, row.status, row.versions) == ("CountMerges", FINISHED, {"person_merge": 1})
    assert (row.step, row.done, row.total, row.actor) == ("Counting", 1, 2, "operator")
    assert row.request == '{"name":"all","as_of":null}'
    assert row.result_bytes > 0
    assert row.seconds is not None


def test_a_table_that_was_read_and_changed_makes_it_new(house: Context, counter: Counter) -> None:
    ask(house, counter)
    empty = REFUSED_IDENTIFIER.schema.empty_table()
    house.lake.append(REFUSED_IDENTIFIER, empty, batch="another table")
    assert (ask(house, counter), counter.times) == (1, 1)
    house.lake.append(PERSON_MERGE, merges(2), batch="2")
    assert (ask(house, counter), counter.times) == (2, 2)


def test_a_use_that_reads_older_versions_gets_no_newer_result(
    house: Context, counter: Counter
) -> None:
    with house.leased() as before:
        before.lake.version(PERSON_MERGE)
        house.lake.append(PERSON_MERGE, merges(2), batch="2")
        assert ask(house, counter) == 2
        assert ask(before, counter) == 1
    assert counter.times == 2


@pytest.mark.parametrize(
    ("changes", "more"),
    [
        ({"tenant": "studio"}, {}),
        ({"day": date(2025, 3, 2)}, {}),
        ({}, {"wanted": CountMerges("some")}),
        ({}, {"inputs": "three campaigns"}),
    ],
    ids=["tenant", "day", "request", "inputs"],
)
def test_another_question_has_another_answer(
    house: Context, counter: Counter, changes: dict[str, object], more: dict[str, object]
) -> None:
    ask(house, counter)
    ask(replace(house, **changes), counter, **more)
    assert counter.times == 2


def test_other_code_or_other_settings_make_it_new(
    house: Context, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(house, counter)
    monkeypatch.setattr(runs_, "computing_digest", lambda: "other")
    ask(house, counter)
    assert counter.times == 2
    for variable, times in (("FULLHOUSE_THREADS", 2), ("FULLHOUSE_TRAIT_FLOOR", 3)):
        house.workspace.settings = settings.load(None, {variable: "1"})
        ask(house, counter)
        assert counter.times == times


def test_with_a_day_of_its_own_a_request_holds_on_later_days(
    house: Context, counter: Counter
) -> None:
    later, wanted = replace(house, day=date(2025, 3, 2)), CountMerges(as_of="2025-02-01")
    ask(house, counter, wanted)
    ask(later, counter, wanted)
    assert counter.times == 1
    ask(house, counter, wanted, daily=True)
    ask(later, counter, wanted, daily=True)
    assert counter.times == 3


def test_an_outer_result_rests_on_what_the_inner_one_read(house: Context, counter: Counter) -> None:
    def outer(context: Context) -> Vacuum:
        return Vacuum("outer", ask(context, counter) * 10)

    wanted = CountMerges("outer")
    ask(house, counter)
    assert remembered(house, wanted, Vacuum, outer).files == 10
    assert counter.times == 1, "the inner one was there"
    assert runs(house)[0].versions == {"person_merge": 1}
    house.lake.append(PERSON_MERGE, merges(2), batch="2")
    assert remembered(house, wanted, Vacuum, outer).files == 20


@dataclass(frozen=True)
class Local:
    """Of a test: it cannot be stored."""


def test_the_first_answer_is_the_stored_one(house: Context) -> None:
    array = np.arange(3)

    def compute(_: Context) -> dict[str, object]:
        return {"array": array, "pair": (1, None)}

    first = remembered(house, CountMerges(), dict, compute)
    assert first["array"] is not array
    np.testing.assert_array_equal(first["array"], array)
    assert first["pair"] == (1, None)
    with pytest.raises(TypeError, match="Local"):
        remembered(house, CountMerges("local"), Local, lambda _: Local())
    with pytest.raises(TypeError, match="not <class 'int'>"):
        remembered(house, CountMerges("wrong"), int, lambda _: "text")
    assert [r.status for r in runs(house, status=FAILED)] == [FAILED, FAILED]


def test_an_error_is_written_down_and_not_held(house: Context) -> None:
    def compute(_: Context) -> Vacuum:
        raise CannotTellError("Too few films.")

    for _ in range(2):
        with pytest.raises(CannotTellError):
            remembered(house, CountMerges(), Vacuum, compute)
    assert [(r.status, r.error) for r in runs(house)] == [(FAILED, "Too few films.")] * 2


def test_threads_that_ask_the_same_at_once_compute_it_once(
    house: Context, counter: Counter
) -> None:
    start, answers = Barrier(6), []

    def slow(context: Context) -> Vacuum:
        time.sleep(0.05)
        return counter(context)

    def asking() -> None:
        start.wait()
        answers.append(remembered(house, CountMerges(), Vacuum, slow).files)

    threads = [Thread(target=asking) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (answers, counter.times) == ([1] * 6, 1)


def test_a_cancelled_run_stops_at_its_next_step(
    house: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs_, "EVERY_SECONDS", 0.0)
    reached = []

    def compute(context: Context) -> Vacuum:
        context.progress("first")
        (open_run,) = runs(house, status=RUNNING)
        assert cancel(house, open_run.id[:8]).status == "cancelling"
        context.progress("second")
        reached.append("second")
        return Vacuum("", 0)

    with pytest.raises(CancelledError):
        remembered(house, CountMerges(), Vacuum, compute)
    assert not reached
    (row,) = runs(house)
    assert (row.status, row.step) == (CANCELLED, "second")
    assert cancel(house, row.id).status == CANCELLED, "what ended stays as it ended"


def test_progress_is_written_at_most_once_a_second(
    house: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    reports: list[str] = []
    written: list[str] = []
    follow = runs_.follow_run

    def counted(control: object, id_: str, step: str, *rest: object) -> bool:
        written.append(step)
        return follow(control, id_, step, *rest)

    monkeypatch.setattr(runs_, "follow_run", counted)

    def compute(context: Context) -> Vacuum:
        for n in range(100):
            context.progress(f"step {n}")
        return Vacuum("", 0)

    heard = replace(house, progress=lambda step, *_: reports.append(step))
    remembered(heard, CountMerges(), Vacuum, compute)
    assert len(reports) == 100, "whoever looks on hears every step"
    assert written == ["step 0"]


@pytest.mark.slow
def test_a_run_whose_process_is_gone_is_marked_by_the_next_look(house: Context) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "from fullhouse.workspace.runs import *; print(this_process())"],
        capture_output=True,
        text=True,
        check=True,
    )
    fields = {"kind": "K", "request": "{}", "digest": "d"}
    begin_run(house.control, "gone", process=ended.stdout.strip(), **fields)
    begin_run(house.control, "here", process=this_process(), **fields)
    old = replace(house, clock=lambda: datetime.now(UTC) - timedelta(minutes=20))
    begin_run(old.control, "far", process="another machine:1:2", **fields)
    begin_run(house.control, "near", process="another machine:1:2", **fields)
    status = {r.id: r.status for r in runs(house)}
    assert status == {"gone": CRASHED, "here": RUNNING, "far": CRASHED, "near": RUNNING}


def test_a_process_number_that_was_given_again_is_another_process() -> None:
    host, number, started = this_process().rsplit(":", 2)
    assert not is_gone(this_process())
    assert is_gone(f"{host}:{number}:{int(started) - 1}")


def test_runs_of_long_ago_go(house: Context, counter: Counter) -> None:
    old = replace(house, clock=lambda: datetime.now(UTC) - timedelta(days=100))
    ask(old, counter)
    ask(house, counter, CountMerges("new"))
    assert [r.request for r in runs(house)] == ['{"name":"new","as_of":null}']


def test_of_one_request_only_the_newest_result_is_held(house: Context, counter: Counter) -> None:
    ask(house, counter)
    house.lake.append(PERSON_MERGE, merges(2), batch="2")
    ask(house, counter)
    assert [r.result_bytes > 0 for r in runs(house)] == [True, False]


def test_a_run_is_named_by_its_first_characters(house: Context, counter: Counter) -> None:
    ask(house, counter)
    (row,) = runs(house)
    assert run(house, row.id[:6]).id == row.id
    with pytest.raises(InputError, match="No run 'zz'"):
        run(house, "zz")
    with pytest.raises(InputError, match="No run"):
        run(replace(house, tenant="studio"), row.id)


def test_where_nothing_can_be_written_all_is_computed(
    house: Context, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy import event

    @event.listens_for(house.control.database, "connect")
    def read_only(connection: object, _: object) -> None:
        connection.execute("PRAGMA query_only = ON")  # type: ignore[attr-defined]

    house.control.database.dispose()
    assert [ask(house, counter), ask(house, counter)] == [1, 1]
    assert counter.times == 2
    assert runs(house) == []


def compute_and_die(where: str) -> None:
    def compute(_: Context) -> Vacuum:
        os._exit(9)

    remembered(open_house(where, environment={}), CountMerges(), Vacuum, compute)


@pytest.mark.slow
def test_after_a_crash_the_next_one_computes(house: Context, counter: Counter) -> None:
    process = multiprocessing.get_context("spawn").Process(
        target=compute_and_die, args=(house.place.root,)
    )
    process.start()
    process.join(300)
    assert process.exitcode == 9
    assert ask(house, counter) == 1
    assert {r.status for r in runs(house)} == {CRASHED, FINISHED}
