"""Kill -9 under load: whatever was answered is in the lake once, after clients sent it again."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from fullhouse import app
from fullhouse.core.tables import ACCOUNT_TABLE, ACTIVITY, TRAILER_VIEW
from fullhouse.feeds import wal
from fullhouse.workspace.context import Context, init_house, open_house

KILLS = 8


class Clients:
    """Clients that send a batch again until it is answered, as the libraries do."""

    def __init__(self, url: str, key: str, *, threads: int = 4) -> None:
        self.answered: list[str] = []
        self.sent = 0
        self._url, self._key = url, key
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._send, args=(n,)) for n in range(threads)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join(timeout=60)

    def _send(self, client: int) -> None:
        number = 0
        with httpx.Client(base_url=self._url, auth=(self._key, ""), timeout=10) as http:
            while not self._stopped.is_set():
                ids = [f"{client}-{number}-{n}" for n in range(3)]
                number += 1
                body = json.dumps({"batch": [_message(i) for i in ids]}).encode()
                while True:
                    try:
                        if http.post("/v1/batch", content=body).status_code == 200:
                            break
                    except httpx.HTTPError:
                        time.sleep(0.05)
                    if self._stopped.is_set():
                        return
                with self._lock:
                    self.answered += ids


def _message(id_: str) -> dict[str, object]:
    if id_.endswith("-2"):
        return {"type": "identify", "userId": id_, "messageId": id_, "traits": {"gender": "M"}}
    return {
        "type": "track", "event": "trailer_view", "userId": "u", "messageId": id_,
        "properties": {"film": "f"},
    }  # fmt: skip


def _start(root: str, port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "fullhouse", "collect", "-w", root, "--port", str(port)]
    environment = {**os.environ, "FULLHOUSE_COLLECTOR_SECONDS": "1"}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200:
                return process
        except httpx.HTTPError:
            time.sleep(0.05)
    process.kill()
    raise TimeoutError("the collector did not start")


def kill_at_random(root: str, key: str, *, kills: int, seed: int, most_alive: float) -> set[str]:
    """The ids that were answered while the collector was killed again and again."""
    chance = random.Random(seed)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    clients = Clients(f"http://127.0.0.1:{port}", key)
    process = _start(root, port)
    try:
        for _ in range(kills):
            time.sleep(chance.uniform(0.05, most_alive))
            process.send_signal(signal.SIGKILL)
            process.wait()
            process = _start(root, port)
        time.sleep(0.5)
        clients.stop()
    finally:
        clients.stop()
        process.kill()
        process.wait()
    return set(clients.answered)


@pytest.mark.slow
def test_what_was_answered_is_in_the_lake_once_after_kills_at_any_moment(tmp_path: Path) -> None:
    house = _house(tmp_path)
    key = app.collector_key(house, app.NewWriteKey("site")).key
    house.close()
    answered = kill_at_random(house.place.root, key, kills=KILLS, seed=7, most_alive=3.0)
    assert len(answered) > 100
    with open_house(house.place.root) as again:
        app.collector_flush(again)
        app.collector_flush(again)
        ids = again.lake.read(ACTIVITY, columns=["event_id"])["event_id"].to_pylist()
        assert len(ids) == len(set(ids)), "an event is there twice"
        assert answered <= set(ids), "an answered event is lost"
        views = again.lake.read(TRAILER_VIEW, columns=["event_id"])["event_id"].to_pylist()
        assert sorted(views) == sorted(i for i in ids if not i.endswith("-2"))
        accounts = again.lake.read(ACCOUNT_TABLE, columns=["account"])["account"].to_pylist()
        assert sorted(accounts) == sorted(i for i in ids if i.endswith("-2"))


def test_a_move_that_was_killed_is_continued_with_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fullhouse.feeds import move as moving

    house = _house(tmp_path)
    folder = tmp_path / "house" / "collector"
    numbers = {f.name: f.number for f in app.collector_feeds(house, app.ShowCollectorFeeds("site"))}
    every, views = numbers["site-activity"], numbers["site-trailer_view"]
    row = {"userId": "u", "type": "track", "timestamp": "2026-01-01T00:00:00Z",
           "receivedAt": "2026-01-01T00:00:00Z", "properties": {"film": "f"}}  # fmt: skip
    writer = wal.Writer(folder, seconds=60)
    lines = [
        b"%d,%d\t%s\n" % (every, views, json.dumps({**row, "messageId": i}).encode()) for i in "abc"
    ]
    writer.append(wal.record(b"".join(lines[:2])) + wal.record(lines[2]))
    writer.seal()
    whole = moving.ingest
    calls: list[str] = []

    def dies(lake: object, feed: object, *args: object, **more: object) -> object:
        calls.append("")
        if len(calls) == 2:
            raise KeyboardInterrupt
        return whole(lake, feed, *args, **more)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(moving, "ingest", dies)
    with pytest.raises(KeyboardInterrupt):
        app.collector_move(house)
    assert len(wal.sealed(folder)) == 1
    monkeypatch.setattr(moving, "ingest", whole)
    app.collector_move(house)
    assert not wal.sealed(folder)
    for table in (ACTIVITY, TRAILER_VIEW):
        rows = house.lake.read(table, columns=["event_id"])["event_id"].to_pylist()
        assert sorted(rows) == ["a", "b", "c"]


def test_a_record_that_is_cut_or_changed_is_passed_over_and_its_neighbours_are_read() -> None:
    first, second, third = (wal.record(b"1\t{%d}\n" % n) for n in range(3))
    data = first + second + third
    assert list(wal.records(data)) == [b"1\t{0}\n", b"1\t{1}\n", b"1\t{2}\n"]
    assert list(wal.records(data[:-1])) == [b"1\t{0}\n", b"1\t{1}\n"]
    broken = first + second.replace(b"{1}", b"{9}") + third
    assert list(wal.records(broken)) == [b"1\t{0}\n", b"1\t{2}\n"]
    assert list(wal.records(first + b"\0" * 50 + third)) == [b"1\t{0}\n", b"1\t{2}\n"]


def test_a_segment_is_left_to_its_writer_while_that_lives(tmp_path: Path) -> None:
    writer = wal.Writer(tmp_path, seconds=60)
    writer.append(wal.record(b"1\t{}\n"))
    assert not wal.sealed(tmp_path)
    os.close(writer._handle)  # as when its process dies
    assert len(wal.sealed(tmp_path)) == 1


def _house(tmp_path: Path) -> Context:
    house = init_house(str(tmp_path / "house"))
    app.collector_declare(house, app.DeclareSource("site"))
    return house
