"""Killed at any moment and started again, a command gives the lake of one clean run."""

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from fullhouse.core.tables import IDENTIFIER, PURCHASE

CHILD = """
import sys
from dataclasses import replace
from datetime import UTC, datetime
from fullhouse import app

root, feed, *files = sys.argv[1:]
with app.open_house(root) as workspace:
    context = replace(workspace, clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    app.ingest(context, app.IngestFiles(feed, files))
"""
ROWS = 120


def _start(house: Any, *files: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "FULLHOUSE_CHUNK_ROWS": "20"}
    arguments = [str(house.root), str(house.feed()), *files]
    return subprocess.Popen([sys.executable, "-c", CHILD, *arguments], env=environment)


def _rows(first: int) -> list[dict[str, str]]:
    """Of every fate, in every chunk: good, refused, known, taken by another, unparseable."""
    odd = {3: {"count": "x"}, 7: {"tel": "1,2"}}
    return [
        {
            "order_id": f"o{i - 30 if i % 20 in (9, 11) else i}",
            "count": "7" if i % 20 == 11 else "2",
            "mail": f"a{i % 50}@x.com",
            **odd.get(i % 20, {}),
        }
        for i in range(first, first + ROWS)
    ]


def _commits(house: Any) -> int:
    return len(list(Path(house.root).glob("lake/*/_delta_log/*.json")))


def _kill_when(child: subprocess.Popen[bytes], due: Callable[[], bool]) -> bool:
    """Whether the child was killed, and not through before."""
    until = time.monotonic() + 120
    while not due():
        if child.poll() is not None:
            return False
        assert time.monotonic() < until
        time.sleep(0.001)
    child.kill()
    return child.wait() == -9


@pytest.fixture
def clean(new_house: Callable[[], Any], orders: Callable[..., str]) -> Any:
    house = new_house()
    file = house.write("a.csv", orders(*_rows(0)))
    house.ingest(file, chunk_rows=20)
    return house


def _same(house: Any, clean: Any) -> None:
    assert house.content() == clean.content()
    with house.open() as workspace:
        ids = workspace.lake.read(PURCHASE)["event_id"].to_pylist()
    assert len(ids) == len(set(ids))


@pytest.mark.slow
def test_killed_between_commits_and_started_again(
    new_house: Callable[[], Any], orders: Callable[..., str], clean: Any
) -> None:
    """Twice in one file, each time some commits later."""
    house = new_house()
    file = house.write("a.csv", orders(*_rows(0)))
    for more in (4, 7):
        goal = _commits(house) + more
        killed = _kill_when(_start(house, file), lambda goal=goal: _commits(house) >= goal)
        assert killed
    house.ingest(file, chunk_rows=20)
    _same(house, clean)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_killed_at_any_moment(
    new_house: Callable[[], Any], orders: Callable[..., str], clean: Any, seed: int
) -> None:
    """At a random moment after the first commit, in the middle of whatever."""
    house = new_house()
    file = house.write("a.csv", orders(*_rows(0)))
    chance = random.Random(seed)
    for _ in range(3):
        start: list[float] = []
        before, wait = _commits(house), chance.uniform(0, 1.5)

        def due(before: int = before, wait: float = wait, start: list[float] = start) -> bool:
            if not start and _commits(house) > before:
                start.append(time.monotonic())
            return bool(start) and time.monotonic() > start[0] + wait

        _kill_when(_start(house, file), due)
    house.ingest(file, chunk_rows=20)
    _same(house, clean)


@pytest.mark.slow
def test_two_at_once_both_land(new_house: Callable[[], Any], orders: Callable[..., str]) -> None:
    """Two files that share a third of their event ids, into one lake."""
    house = new_house()
    first = house.write("a.csv", orders(*({"order_id": f"o{i}"} for i in range(120))))
    second = house.write("b.csv", orders(*({"order_id": f"o{i}"} for i in range(80, 200))))
    children = [_start(house, first), _start(house, second)]
    assert [c.wait(400) for c in children] == [0, 0]
    ids = [r["event_id"] for r in house.rows(PURCHASE)]
    assert sorted(ids) == sorted(f"o{i}" for i in range(200))


def test_two_that_looked_before_either_wrote_do_not_both_write(
    new_house: Callable[[], Any], orders: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both look up the same event id, both find it free, then both write."""
    house = new_house()
    files = [house.write(f"{i}.csv", orders({"count": str(i + 1)})) for i in range(2)]
    house.ingest(house.write("first.csv", orders({"order_id": "first"})))
    module = import_module("fullhouse.feeds.commit")
    real, both, checked = module.row_outcomes, threading.Barrier(2), set()

    def slow(*arguments: Any, **options: Any) -> Any:
        result = real(*arguments, **options)
        if threading.get_ident() not in checked:
            checked.add(threading.get_ident())
            both.wait(300)
        return result

    monkeypatch.setattr(module, "row_outcomes", slow)
    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(house.ingest, files))
    assert sorted(r.written for r in reports) == [0, 1]
    assert [r.quarantined for r in reports if r.quarantined] == [{"duplicate_event_id": 1}]
    assert [r["event_id"] for r in house.rows(PURCHASE)] == ["first", "o1"]


@pytest.mark.slow
def test_the_same_file_twice_at_once_lands_once(
    new_house: Callable[[], Any], orders: Callable[..., str], clean: Any
) -> None:
    house = new_house()
    file = house.write("a.csv", orders(*_rows(0)))
    children = [_start(house, file), _start(house, file)]
    assert [c.wait(400) for c in children] == [0, 0]
    _same(house, clean)
    assert len(house.rows(IDENTIFIER)) == len(clean.rows(IDENTIFIER))
