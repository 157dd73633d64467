"""Events from Kafka, on librdkafka's own mock cluster: committed only when they are on the disk."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fullhouse import app
from fullhouse.collector.kafka import consume, options_of
from fullhouse.core.errors import InputError
from fullhouse.core.tables import ACTIVITY, QUARANTINE, SEARCH
from fullhouse.feeds import wal
from fullhouse.workspace.context import Context, init_house

kafka = pytest.importorskip("confluent_kafka")


@pytest.fixture(scope="module")
def cluster() -> Iterator[tuple[Any, str]]:
    """A producer whose mock cluster others can connect to, and its address."""
    producer = kafka.Producer({"test.mock.num.brokers": 1})
    metadata = producer.list_topics(timeout=30)
    broker = next(iter(metadata.brokers.values()))
    yield producer, f"{broker.host}:{broker.port}"
    producer.flush(5)


def _search(id_: str) -> dict[str, object]:
    return {
        "type": "track", "event": "search", "userId": "u", "messageId": id_,
        "properties": {"query": "dune"},
    }  # fmt: skip


def _consume_for(house: Context, address: str, seconds: float) -> None:
    stopped = threading.Event()
    timer = threading.Timer(seconds, stopped.set)
    timer.start()
    try:
        options = {"bootstrap.servers": address, "session.timeout.ms": 6000}
        consume(house, "site", ["events"], options, stopped=stopped)
    finally:
        stopped.set()
        timer.cancel()


@pytest.mark.slow
def test_messages_of_a_topic_are_in_the_lake_once_also_when_the_disk_fails_before_the_commit(
    tmp_path: Path, cluster: tuple[Any, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    producer, address = cluster
    house = init_house(str(tmp_path / "house"))
    app.collector_declare(house, app.DeclareSource("site"))
    for n in range(5):
        producer.produce("events", json.dumps(_search(f"k{n}")))
    producer.produce("events", json.dumps({"batch": [_search("k5"), _search("k6")]}))
    producer.produce("events", b"no json")
    producer.flush(10)

    def full(handle: int, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(wal, "_write", full)
        with pytest.raises(OSError, match="No space"):
            _consume_for(house, address, 30)
    _consume_for(house, address, 12)
    app.collector_flush(house)
    ids = house.lake.read(ACTIVITY, columns=["event_id"])["event_id"].to_pylist()
    assert sorted(ids) == [f"k{n}" for n in range(7)]
    assert house.lake.read(SEARCH).num_rows == 7
    assert house.lake.read(QUARANTINE)["reason"].to_pylist() == ["bad_value"]


def test_options_are_names_and_values() -> None:
    assert options_of(["a.b=c=d"]) == {"a.b": "c=d"}
    with pytest.raises(InputError, match="NAME=VALUE"):
        options_of(["a"])
