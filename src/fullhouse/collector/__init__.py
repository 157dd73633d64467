"""The collector: events of unmodified client libraries, on the disk before they are answered."""

from collections.abc import Callable
from typing import Any

from fullhouse.collector.door import Collector, Room
from fullhouse.workspace.context import Context


def collector_app(house: Context, *, moves: bool = True) -> Collector:
    """The collector as an ASGI app, to be served alone or mounted in another one.

    It moves what it takes into the lake by itself, unless another process does (`moves`). A server
    that gives it no lifespan calls its `close()`, which seals what was written.
    """
    return Collector(house, moves=moves)


def collector_room(collector: Collector) -> Callable[[Any], Room]:
    """The collector as a middleware: what is not its own goes on to the app behind it."""
    return lambda other: Room(collector, other)


__all__ = ["Collector", "collector_app", "collector_room"]
