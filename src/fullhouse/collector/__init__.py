"""The collector: events of unmodified client libraries, on the disk before they are answered."""

from fullhouse.collector.door import Collector
from fullhouse.workspace.context import Context


def collector_app(house: Context, *, moves: bool = True) -> Collector:
    """The collector as an ASGI app, to be served alone or mounted in another one.

    It moves what it takes into the lake by itself, unless another process does (`moves`). A server
    that gives it no lifespan calls its `close()`, which seals what was written.
    """
    return Collector(house, moves=moves)


__all__ = ["Collector", "collector_app"]
