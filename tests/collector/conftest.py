"""One house with a collector behind a real port, for a whole module."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from fullhouse import app
from fullhouse.collector import Collector, collector_app
from fullhouse.collector.serve import _listen
from fullhouse.core.tables import Table
from fullhouse.feeds.move import Moved
from fullhouse.workspace.context import Context, init_house


class Served:
    """A collector behind a port of its own, in a thread."""

    def __init__(self, collector: Collector) -> None:
        self.collector = collector
        listening = _listen("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        config = uvicorn.Config(collector, http="httptools", lifespan="on", log_level="warning")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listening],))
        self._thread.start()
        end = time.monotonic() + 30
        while not self._server.started and time.monotonic() < end:
            time.sleep(0.01)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=30)


@dataclass
class Door:
    """A house, its collector's address and a key of its source `site`."""

    house: Context
    url: str
    key: str
    http: httpx.Client
    served: Served

    def post(self, path: str, body: Any, key: str | None = None, **more: Any) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        auth = (self.key if key is None else key, "")
        return self.http.post(path, content=content, auth=auth, **more)

    def batch(self, *messages: Any, **more: Any) -> httpx.Response:
        return self.post("/v1/batch", {"batch": list(messages)}, **more)

    def check(self, *messages: Any) -> list[dict[str, Any]]:
        answer = self.post("/v1/batch?check=1", {"batch": list(messages)})
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()["rows"]
        return rows

    def flush(self) -> Moved:
        return app.collector_flush(self.house)

    def rows(self, table: Table) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.house.lake.read(table).to_pylist()
        return rows

    def new_source(self, name: str, *feeds: Path) -> str:
        """The key of a source of its own, so that tests do not meet."""
        app.collector_declare(self.house, app.DeclareSource(name, feeds))
        return app.collector_key(self.house, app.NewWriteKey(name)).key


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    environment = {"FULLHOUSE_COLLECTOR_SECONDS": "3600", "FULLHOUSE_THREADS": "2"}
    house = init_house(str(tmp_path_factory.mktemp("house")), environment=environment)
    app.collector_declare(house, app.DeclareSource("site"))
    key = app.collector_key(house, app.NewWriteKey("site", "tests")).key
    served = Served(collector_app(house, moves=False))
    try:
        with httpx.Client(base_url=served.url, timeout=30) as http:
            yield Door(house, served.url, key, http, served)
    finally:
        served.stop()
        house.close()
