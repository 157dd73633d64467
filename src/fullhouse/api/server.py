"""The application: every row of the table as a route, and what a server says of itself."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from fullhouse.api import document, files, work
from fullhouse.api.calls import endpoint
from fullhouse.api.door import Door
from fullhouse.api.guard import Guard, Metrics
from fullhouse.api.limits import Buckets, Limits, Slots
from fullhouse.api.problems import ProblemError, problem, problem_of
from fullhouse.api.row import Row
from fullhouse.api.rows import ROWS
from fullhouse.control.jobs import job_counts, oldest_due
from fullhouse.workspace.context import Context

METRICS = Row("GET", "/metrics", "metrics", "audit")
DOCUMENT = "/v1/openapi.json"
Answer = Callable[[Request], Awaitable[Response]]


def create_app(
    house: Context,
    *,
    limits: Limits | None = None,
    rows: Sequence[Row] = ROWS,
    rooms: Sequence[Callable[[ASGIApp], ASGIApp]] = (),
    mounts: Mapping[str, ASGIApp] | None = None,
    metrics_by_tenant: bool = False,
) -> FastAPI:
    """The HTTP API of a house; closing the house is its caller's.

    `rooms` are made of the application that they hand on to what is not theirs, such as the
    collector; `mounts` own a path, such as the web app at "".
    """
    limits = limits or Limits()
    door = Door(
        house,
        limits,
        Metrics(metrics_by_tenant),
        Slots(limits),
        Buckets(limits.tenant_rate, limits.tenant_rate * limits.burst_seconds),
        Buckets(limits.key_rate, limits.key_rate * limits.burst_seconds),
        Buckets(limits.refused_rate, 60 * limits.refused_rate),
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        door.is_ready = True
        yield
        door.is_ready = False
        for stop in door.stopping:
            stop()

    api = FastAPI(
        title="Fullhouse",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        # FastAPI's own spans hold paths and parameters, which name films, audiences and people.
        telemetry={
            "tracing": False,
            "metrics": False,
            "logs": False,
            "operation_spans": False,
            "auto_configure": False,
        },
    )
    api.state.door = door
    # A path that is written out comes before one with a place in it.
    for row in sorted(rows, key=lambda row: (":path" in row.path, "{" in row.path)):
        _add(api, row.method, row.path, endpoint(door, row))
    _add_own(api, door, rows)
    api.router.routes.append(Route("/v1/{rest:path}", _absent(api), methods=METHODS))
    for path, mounted in (mounts or {}).items():
        api.mount(path, mounted)
    api.add_exception_handler(ProblemError, _problem)
    api.add_exception_handler(HTTPException, _no_route)
    api.add_middleware(Guard, limits=limits, metrics=door.metrics)
    # Outside: events are many, and bounded by the collector itself.
    for room in rooms:
        api.add_middleware(_Room, room=room)
    return api


class _Room:
    """A room as a middleware: made of the application that it hands on to."""

    def __init__(self, app: ASGIApp, *, room: Callable[[ASGIApp], ASGIApp]) -> None:
        self._room = room(app)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._room(scope, receive, send)


METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def _absent(api: FastAPI) -> Answer:
    """What is answered below /v1 where no route is: which methods an address takes, or nothing."""

    async def absent(request: Request) -> Response:
        taken = {
            method
            for route in api.router.routes
            if isinstance(route, Route) and route.matches(dict(request.scope))[0] is Match.PARTIAL
            for method in route.methods or ()
        }
        if not taken:
            return problem(404, *NO_ROUTE[404])
        return problem(405, *NO_ROUTE[405], headers={"Allow": ", ".join(sorted(taken))})

    return absent


def _add_own(api: FastAPI, door: Door, rows: Sequence[Row]) -> None:
    @cache
    def described() -> JSONResponse:
        return JSONResponse(document.document(rows))

    async def openapi(request: Request) -> Response:
        request.scope["fullhouse.route"] = DOCUMENT
        return await door.slots.run("", described)

    async def healthz(request: Request) -> Response:
        request.scope["fullhouse.route"] = "/healthz"
        return JSONResponse({"status": "ok"})

    async def readyz(request: Request) -> Response:
        request.scope["fullhouse.route"] = "/readyz"
        if not door.is_ready:
            return problem(503, "not_ready", "The server starts, or stops.", headers=SOON)
        try:
            await door.slots.run("", lambda: _look(door.house))
        except Exception:  # whatever it is, the server cannot work
            return problem(503, "not_ready", "The house cannot be read.", headers=SOON)
        return JSONResponse({"status": "ready"})

    async def metrics(request: Request) -> Response:
        request.scope["fullhouse.route"] = METRICS.path
        try:
            principal = await door.principal(request)
            door.context(METRICS, principal, request)
            await door.slots.run("", lambda: _count_jobs(door))
        except Exception as error:  # whatever it is becomes an answer
            return problem_of(error, for_house=False)
        return Response(door.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    async def upload(request: Request) -> Response:
        return await files.upload(door, request)

    async def result(request: Request) -> Response:
        try:
            return await work.result(door, rows, request)
        except Exception as error:  # whatever it is becomes an answer
            return problem_of(error, for_house=False)

    async def events(request: Request) -> Response:
        try:
            return await work.events(door, request)
        except Exception as error:  # whatever it is becomes an answer
            return problem_of(error, for_house=False)

    _add(api, "GET", work.RESULT.path, result)
    _add(api, "GET", work.EVENTS.path, events)
    _add(api, "GET", DOCUMENT, openapi)
    _add(api, "GET", "/healthz", healthz)
    _add(api, "GET", "/readyz", readyz)
    _add(api, "GET", METRICS.path, metrics)
    _add(api, "POST", files.PATH, upload)


SOON = {"Retry-After": "1"}


def _count_jobs(door: Door) -> None:
    control = door.house.control
    since = oldest_due(control)
    waiting = 0.0 if since is None else (control.clock() - since).total_seconds()
    door.metrics.count_jobs(job_counts(control), waiting)


def _look(house: Context) -> None:
    """A look at the control database and at where the lake is."""
    with house.control.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
    _ = house.workspace.house


def _add(api: FastAPI, method: str, path: str, answer: Answer) -> None:
    api.router.routes.append(Route(path, answer, methods=[method]))


async def _problem(_: Request, error: Exception) -> Response:
    return problem_of(error, for_house=False)


async def _no_route(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code, detail = NO_ROUTE.get(error.status_code, ("failed", "This did not work."))
    return problem(error.status_code, code, detail, headers=error.headers)


NO_ROUTE = {
    404: ("no_route", "Nothing has this address."),
    405: ("method", "This address does not take this method."),
}
