"""What stands around every request: headers, a bound on bodies, a count, a line, and a span.

The line, the metrics and the span hold the route as it is written, never what was asked for, by
whom, or from where.
"""

import json
import logging
import secrets
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fullhouse.api.limits import Limits
from fullhouse.api.problems import ProblemError
from fullhouse.control.job import STATUSES
from fullhouse.core.tracing import Span, span

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Strict-Transport-Security": "max-age=63072000",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
"""What every answer says where it says nothing else."""

LONG_BODIES = frozenset({"/v1/files"})
"""Where a body is a file."""

access = logging.getLogger("fullhouse.access")


@dataclass
class Metrics:
    """What is counted, for Prometheus; by tenant only where the house wants that."""

    by_tenant: bool = False
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    def __post_init__(self) -> None:
        labels = ["route", "method", "status", *(["tenant"] if self.by_tenant else [])]
        self.requests = Counter(
            "fullhouse_requests", "Requests answered.", labels, registry=self.registry
        )
        self.seconds = Histogram(
            "fullhouse_request_seconds",
            "How long requests took.",
            ["route", "method"],
            buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.3, 0.5, 1, 3, 10, 60),
            registry=self.registry,
        )
        self.inside = Gauge(
            "fullhouse_requests_inside", "Requests being answered.", registry=self.registry
        )

        self.jobs = Gauge(
            "fullhouse_jobs", "Jobs of the last 90 days.", ["status"], registry=self.registry
        )
        self.waiting = Gauge(
            "fullhouse_jobs_oldest_due_seconds",
            "How long the job that has waited longest could have been begun.",
            registry=self.registry,
        )

    def count_jobs(self, by_status: Mapping[str, int], waiting_seconds: float) -> None:
        """Set what is known of the queue: the jobs of all tenants together."""
        for status in STATUSES:
            self.jobs.labels(status).set(by_status.get(status, 0))
        self.waiting.set(waiting_seconds)

    def text(self) -> bytes:
        """All of it as Prometheus reads it."""
        return generate_latest(self.registry)


class Guard:
    """The ASGI application around all others of the server."""

    def __init__(self, app: ASGIApp, *, limits: Limits, metrics: Metrics) -> None:
        self._app, self._limits, self._metrics = app, limits, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen: MutableMapping[str, Any] = {"status": 500}
        request_id = secrets.token_hex(8)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                headers["X-Request-Id"] = request_id
            await send(message)

        self._metrics.inside.inc()
        start = perf_counter()
        with span("request", serves=True) as timed:
            try:
                await self._app(scope, self._bounded(scope, receive), sending)
            finally:
                self._metrics.inside.dec()
                self._note(scope, seen["status"], perf_counter() - start, request_id, timed)

    def _bounded(self, scope: Scope, receive: Receive) -> Receive:
        is_file = scope["path"] in LONG_BODIES
        most = self._limits.file_bytes if is_file else self._limits.body_bytes
        received = 0

        async def bounded() -> Message:
            nonlocal received
            message = await receive()
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > most:
                    raise ProblemError(413, "too_large", f"A body has at most {most} bytes here.")
            return message

        return bounded

    def _note(
        self, scope: Scope, status: int, seconds: float, request_id: str, timed: Span
    ) -> None:
        route = scope.get("fullhouse.route", "other")
        method = scope["method"] if scope["method"] in METHODS else "other"
        labels = [route, method, str(status)]
        if self._metrics.by_tenant:
            labels.append(scope.get("fullhouse.tenant", ""))
        self._metrics.requests.labels(*labels).inc()
        self._metrics.seconds.labels(route, method).observe(seconds)
        line = {
            "request": request_id,
            "method": method,
            "route": route,
            "status": status,
            "ms": round(seconds * 1000, 1),
        }
        access.info("%s", json.dumps(line))
        timed.note(
            f"{method} {route}",
            http__request__method=method,
            http__route=route,
            http__response__status_code=status,
            fullhouse__request=request_id,
        )


METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
