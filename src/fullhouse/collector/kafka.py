"""Kafka as a second way in: messages of topics, committed only after they are on the disk.

A message of a topic is a message of a client library as JSON, or a batch of them. A crash between
the disk and the commit has messages read again, which are known by their ids.
"""

import json
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from fullhouse.app.collector import collector_door, collector_folder, collector_suppression
from fullhouse.collector.door import REFRESH_SECONDS
from fullhouse.collector.intake import Arrival, Intake, instant
from fullhouse.collector.request import NoJsonError, batch_of
from fullhouse.control.suppression import account_digest, spellings
from fullhouse.core.errors import InputError
from fullhouse.feeds import wal
from fullhouse.workspace.context import Context

MOST_MESSAGES = 1_000
"""Messages that are written down with one sync."""
POLL_SECONDS = 0.5


def consume(
    house: Context,
    source: str,
    topics: Sequence[str],
    options: Mapping[str, Any],
    *,
    stopped: threading.Event,
) -> int:
    """Take messages of topics as events of a source until stopped; how many there were.

    `options` are librdkafka's; the group is `fullhouse-SOURCE` where they name none.
    """
    try:
        from confluent_kafka import Consumer, KafkaError, KafkaException
    except ImportError:
        raise InputError("Kafka needs its package: install fullhouse[kafka].") from None
    own = {"group.id": f"fullhouse-{source}", "auto.offset.reset": "earliest"}
    # Whatever the options say: an offset is committed when its message is on the disk.
    consumer = Consumer({**own, **options, "enable.auto.commit": False})
    consumer.subscribe(list(topics))
    writer = wal.Writer(collector_folder(house), seconds=house.settings.collector_seconds)
    taken = 0
    intake, looked = _intake(house, source), time.monotonic()
    try:
        while not stopped.is_set():
            writer.seal_when_due()
            messages = consumer.consume(MOST_MESSAGES, POLL_SECONDS)
            good = []
            for message in messages:
                if (problem := message.error()) is None:
                    good.append(message)
                elif problem.code() != KafkaError._PARTITION_EOF:
                    raise KafkaException(problem)
            if not good:
                continue
            if time.monotonic() - looked > REFRESH_SECONDS:
                intake, looked = _intake(house, source), time.monotonic()
            lines = b"".join(_lines(intake, message.value() or b"", house) for message in good)
            writer.append(wal.record(lines))
            consumer.commit(asynchronous=False)
            taken += len(good)
    finally:
        writer.seal()
        consumer.close()
    return taken


def options_of(texts: Sequence[str]) -> dict[str, str]:
    """Options written NAME=VALUE."""
    options = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise InputError(f"An option of Kafka is written NAME=VALUE, not {text!r}.")
        options[name] = value
    return options


def _lines(intake: Intake, value: bytes, house: Context) -> bytes:
    try:
        sent = batch_of(value)
    except NoJsonError:
        sent = batch_of(json.dumps(f"{len(value)} bytes that are no JSON").encode())
    arrival = Arrival(house.now, instant(sent.sent_at))
    return b"".join(intake.take(message, arrival) for message in sent.messages)


def _intake(house: Context, source: str) -> Intake:
    """The source as it is declared now, and who was erased until now."""
    door = collector_door(house)
    if source not in door.sources:
        known = ", ".join(door.sources) or "none yet"
        raise InputError(f"The collector knows no source {source!r}. There are {known}.")
    digests = collector_suppression(house).digests()

    def suppressed(account: str) -> bool:
        return any(account_digest(house.key, source, s) in digests for s in spellings(account))

    return Intake(door.sources[source], door.hashers[source], suppressed if digests else None)
