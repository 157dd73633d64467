"""Kill -9 under load: whatever was answered is in the lake once, after clients sent it again."""

import json
import os
import threading
import time
from pathlib import Path

import pytest

from benchmarks.collector import kill_at_random
from fullhouse import app
from fullhouse.core.tables import ACCOUNT_TABLE, ACTIVITY, TRAILER_VIEW
from fullhouse.feeds import wal
from fullhouse.workspace.context import Context, init_house, open_house

KILLS = 6


def _message(id_: str) -> dict[str, object]:
    if id_.endswith("-2"):
        return {"type": "identify", "userId": id_, "messageId": id_, "traits": {"gender": "M"}}
    return {
        "type": "track", "event": "trailer_view", "userId": "u", "messageId": id_,
        "properties": {"film": "f"},
    }  # fmt: skip


@pytest.mark.slow
def test_what_was_answered_is_in_the_lake_once_after_kills_at_any_moment(tmp_path: Path) -> None:
    house = _house(tmp_path)
    key = app.collector_key(house, app.NewWriteKey("site")).key
    house.close()
    answered = kill_at_random(house.place.root, key, _message, kills=KILLS, seed=7, most_alive=2.0)
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


def test_a_segment_is_handed_over_when_it_is_asked_for_a_moment_after_it_was_begun(
    tmp_path: Path,
) -> None:
    for _ in range(20):
        writer = wal.Writer(tmp_path, seconds=3600)
        writer.append(wal.record(b"1\t{}\n"))
        asking = threading.Thread(target=wal.ask_to_seal, args=(tmp_path,))
        asking.start()
        while asking.is_alive():
            writer.seal_when_due()
            asking.join(0.01)
            assert time.time() - writer._opened < 5
    assert len(wal.sealed(tmp_path)) == 20


def _house(tmp_path: Path) -> Context:
    house = init_house(str(tmp_path / "house"))
    app.collector_declare(house, app.DeclareSource("site"))
    return house
