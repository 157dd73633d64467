"""`fullhouse serve`: the API, the web app, the collector and the look-up, with workers inside."""

import json
import logging
import os
import re
import socket
import sys
from dataclasses import replace
from threading import Event, Thread
from typing import TYPE_CHECKING, Annotated

import typer

from fullhouse.cli.show import AsOf, opened, out
from fullhouse.core.errors import InputError, StorageError
from fullhouse.core.tracing import start_tracing
from fullhouse.core.values import parse_date

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp, Receive, Scope, Send

    from fullhouse.app import Context

COLLECTED = re.compile(
    r"/(?:v1/(?:batch|b|import|track|t|identify|page|p|screen|s|group|g|alias|a|i|m"
    r"|projects/[^/]+/settings)|beacon/v1/.*|pixel/v1/.*|i|sourceConfig"
    r"|com\.snowplowanalytics\.snowplow/.*)/?"
)
"""The addresses that client libraries send events to."""

LOOKUP = "/v1/memberships"
GRACE_SECONDS = 20
BACKLOG = 2048


def serve(
    where: Annotated[str, typer.Argument(metavar="WORKSPACE", help="The house.")] = ".",
    *,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0: any free one.")] = 8080,
    workers: Annotated[
        int, typer.Option(min=0, max=16, help="Jobs at the same time; 0: others do them.")
    ] = 1,
    as_of: AsOf = None,
    metrics_by_tenant: Annotated[
        bool, typer.Option("--metrics-by-tenant", help="Metrics name tenants.")
    ] = False,
) -> None:
    """Serve the API, the web app, the collector and the look-up until asked to end.

    With `--as-of` every day is that one: a simulated market has no tomorrow.
    """
    _log_as_json()
    start_tracing(os.environ)
    with opened(where) as context, _listening(host, port) as listening:
        house = context if as_of is None else replace(context, day=parse_date(as_of))
        try:
            run(house, listening, workers=workers, metrics_by_tenant=metrics_by_tenant)
        except ImportError as problem:
            raise InputError(
                f"The service needs the package {problem.name}: install fullhouse[service]."
            ) from None


def run(
    house: "Context",
    listening: socket.socket,
    *,
    workers: int = 1,
    metrics_by_tenant: bool = False,
) -> None:
    """Serve a house at a socket; on SIGTERM or Ctrl-C, what was begun is finished first."""
    import uvicorn

    from fullhouse.jobs import Worker

    api, rooms = application(house, metrics_by_tenant=metrics_by_tenant)
    warn_unlocked(house)
    stop = Event()
    threads = [
        Thread(target=Worker(house).run, args=(stop,), name=f"worker {n}") for n in range(workers)
    ]
    for thread in threads:
        thread.start()
    name, port = listening.getsockname()[:2]
    out.print(f"Serving at http://{name}:{port}", soft_wrap=True)
    config = uvicorn.Config(
        api,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    try:
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        stop.set()
        rooms.close()
        for thread in threads:
            thread.join()


def warn_unlocked(house: "Context") -> None:
    """A warning in the log where row-level security does not hold the database's role."""
    from fullhouse.app.upkeep import check_control
    from fullhouse.view.words.house import health_sentence

    check = check_control(house)
    if not check.ok:
        words = health_sentence(check.code, check.facts)
        logging.getLogger("fullhouse.serve").warning("control database: %s", words)


def application(house: "Context", *, metrics_by_tenant: bool = False) -> "tuple[FastAPI, Rooms]":
    """Everything that one server serves; its rooms are closed by whoever has it no more."""
    from fullhouse.api.server import create_app

    rooms = Rooms(house)
    api = create_app(
        house,
        rooms=[rooms.around],
        mounts={"/sign-in": rooms.sign_in, "": rooms.web},
        metrics_by_tenant=metrics_by_tenant,
    )
    return api, rooms


class Rooms:
    """The collector and the look-up, which take what is theirs before the API does; and the pages.

    Each opens with its first request: a house that uses none of them keeps no memory for them.
    """

    def __init__(self, house: "Context") -> None:
        self._house = house
        self._open: dict[str, ASGIApp] = {}

    def around(self, app: "ASGIApp") -> "ASGIApp":
        """The application in which these rooms stand before another one."""

        async def entered(scope: "Scope", receive: "Receive", send: "Send") -> None:
            path = scope.get("path", "")
            if scope["type"] == "http" and COLLECTED.fullmatch(path):
                await self._room("collector")(scope, receive, send)
            elif scope["type"] == "http" and path.startswith(LOOKUP):
                await self._room("lookup")(scope, receive, send)
            else:
                await app(scope, receive, send)

        return entered

    async def web(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """The web app."""
        await self._room("web")(scope, receive, send)

    async def sign_in(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Sign-in by the house's provider."""
        await self._room("sign_in")(scope, receive, send)

    def close(self) -> None:
        """Seal what the collector took in, and end what runs in the rooms."""
        for room in self._open.values():
            if hasattr(room, "close"):
                room.close()
        self._open.clear()

    def _room(self, name: str) -> "ASGIApp":
        if name not in self._open:
            make = {
                "collector": self._collector,
                "lookup": self._lookup,
                "sign_in": self._sign_in,
                "web": self._web,
            }
            self._open[name] = make[name]()
        return self._open[name]

    def _web(self) -> "ASGIApp":
        from fullhouse.web import web_app

        return web_app(self._house)

    def _sign_in(self) -> "ASGIApp":
        from fullhouse.access.sessions import Sessions
        from fullhouse.api.signin import sign_in_app

        return sign_in_app(self._house, Sessions(self._house))

    def _collector(self) -> "ASGIApp":
        from fullhouse.collector import collector_app

        return collector_app(self._house)

    def _lookup(self) -> "ASGIApp":
        from fullhouse import app

        return app.lookup_door(self._house)


def _listening(host: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as problem:
        listening.close()
        reason = (problem.strerror or str(problem)).lower()
        raise StorageError(f"Cannot listen at {host}:{port}: {reason}.") from None
    listening.listen(BACKLOG)
    return listening


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        text = record.getMessage()
        line = json.loads(text) if record.name == "fullhouse.access" else {"message": text}
        at = self.formatTime(record, "%Y-%m-%dT%H:%M:%S")
        return json.dumps({"at": at, "level": record.levelname.lower(), "of": record.name} | line)


def _log_as_json() -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json())
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)
