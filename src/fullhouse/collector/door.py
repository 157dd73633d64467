"""The collector's door: one raw ASGI app for every client library that sends events.

200 is answered when a message is on the disk, and only then.
"""

import asyncio
import errno
import json
import logging
import re
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, TypeAlias

from fullhouse import app
from fullhouse.app.collector import (
    collector_door,
    collector_folder,
    collector_suppression,
)
from fullhouse.collector import snowplow
from fullhouse.collector.intake import LARGEST_MESSAGE, Arrival, Intake, instant
from fullhouse.collector.log import MOST_WAITING, GroupCommit
from fullhouse.collector.request import (
    LARGEST_BATCH,
    LARGEST_BODY,
    NoJsonError,
    Sent,
    TooLargeError,
    basic_key,
    batch_of,
    first_given,
    pixel_message,
    query_of,
    snowplow_of,
    unpacked,
)
from fullhouse.collector.sender_settings import rudder_settings, segment_settings
from fullhouse.control.collector import key_digest
from fullhouse.control.suppression import account_digest, spellings
from fullhouse.core.errors import FullhouseError
from fullhouse.core.values import as_json
from fullhouse.feeds import wal
from fullhouse.workspace.context import Context

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

REFRESH_SECONDS = 1.0
"""How often keys, feeds and erased people are looked up; a new key is looked up at once."""
LOOK_SECONDS = 0.2
MOST_DRAINED = 64 << 20
"""Bytes of a body that is too large that are read, so that its sender reads the answer."""
GIF = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
    b"\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
OK = b'{"success":true}'
_SETTINGS = re.compile(r"/v1/projects/([^/]+)/settings")
_SINGLES = {
    **{name: name for name in ("track", "identify", "page", "screen", "group", "alias")},
    "t": "track", "i": "identify", "p": "page", "s": "screen", "g": "group", "a": "alias",
}  # fmt: skip
_OWN = ("/beacon/v1/batch", "/sourceConfig", "/com.snowplowanalytics.snowplow/tp2", "/i")
_JSON, _GIF, _TEXT = b"application/json", b"image/gif", b"text/plain"
_log = logging.getLogger("fullhouse.collector")


@dataclass(frozen=True)
class Reply:
    """What a client is told."""

    status: int
    body: bytes = OK
    content: bytes = _JSON
    retry_after: int | None = None


def _wrong(status: int, message: str, *, retry_after: int | None = None) -> Reply:
    body = json.dumps({"success": False, "message": message}).encode()
    return Reply(status, body, retry_after=retry_after)


_UNKNOWN_KEY = _wrong(401, "This write key is not known.")
_DISABLED = _wrong(404, "This source is disabled.")
_NO_JSON = _wrong(400, "The body is no JSON.")
_TOO_LARGE = _wrong(413, "The body is too large: 500 KB a batch, 32 KB a message, 4,000 KB in all.")
_NOT_HERE = _wrong(404, "There is nothing at this address.")
_BUSY = _wrong(429, "Too much waits for the disk. Send this again.", retry_after=1)
_BACKLOG = _wrong(429, "Too much waits for the lake. Send this again.", retry_after=30)
_FULL = _wrong(503, "The events cannot be written down now. Send them again.", retry_after=10)


@dataclass
class Request:
    """A request as far as every route needs it."""

    at: datetime
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[bytes, bytes]
    scheme: str = "http"
    root: str = ""

    def key(self, *others: str) -> str:
        """The write key: of Basic credentials, of a header, of the address, else of the body."""
        header = self.headers.get(b"x-write-key", b"") or self.headers.get(b"writekey", b"")
        return first_given(
            (
                basic_key(self.headers.get(b"authorization", b"")),
                header.decode("latin-1"),
                self.query.get("writeKey", ""),
                *others,
            )
        )


class Collector:
    """An ASGI app; `close` it when it is not served any more, unless its server has a lifespan."""

    def __init__(self, house: Context, *, moves: bool = True) -> None:
        self._house = house
        self._folder = collector_folder(house)
        seconds = house.settings.collector_seconds
        self._log = GroupCommit(wal.Writer(self._folder, seconds=seconds))
        self._door = collector_door(house)
        self._suppression = collector_suppression(house)
        self._suppressed: frozenset[str] = frozenset()
        self._intakes: dict[str, Intake] = {}
        self._rules = lru_cache(maxsize=10_000)(key_digest)
        self._refreshed = 0.0
        self._unknown: dict[str, float] = {}
        """Keys that nobody has, and when that was last looked up."""
        self._refreshing = asyncio.Lock()
        self._keeping: asyncio.Task[None] | None = None
        self._is_behind = False
        self._mover = Mover(house) if moves else None
        self._read()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Reply one request."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["type"] != "http":
            return
        if self._keeping is None:
            self._keeping = asyncio.create_task(self._keep())
        request = _request(scope, self._house.now)
        origin = request.headers.get(b"origin")
        if request.method == "OPTIONS":
            await _send(send, Reply(200, b""), origin, _preflight(request))
            return
        try:
            answer = await self._answer(request, receive)
        except _GoneError:
            return
        except FullhouseError as problem:
            _log.error("collector: %s", problem)
            answer = _FULL
        await _send(send, answer, origin)

    def close(self) -> None:
        """Seal what was written, and stop moving."""
        if self._keeping is not None:
            self._keeping.cancel()
            self._keeping = None
        if self._mover is not None:
            self._mover.stop()
        self._log.close()

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._keeping = asyncio.create_task(self._keep())
                await send({"type": "lifespan.startup.complete"})
            else:
                await asyncio.to_thread(self.close)
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _answer(self, request: Request, receive: Receive) -> Reply:
        path = request.path.rstrip("/")
        if request.method in ("GET", "HEAD"):
            return await self._get(request, path)
        if request.method != "POST":
            return _NOT_HERE
        kind = path.removeprefix("/v1/")
        if path.startswith("/v1/") and kind in ("batch", "b"):
            return await self._post(request, receive, LARGEST_BATCH, None)
        if path in ("/v1/import", "/beacon/v1/batch"):
            return await self._post(request, receive, LARGEST_BODY, None)
        if path.startswith("/v1/") and kind in _SINGLES:
            return await self._post(request, receive, LARGEST_MESSAGE, _SINGLES[kind])
        if path == "/com.snowplowanalytics.snowplow/tp2":
            return await self._snowplow(request, receive)
        if kind == "m":  # analytics-next reports on itself
            return Reply(200)
        return _NOT_HERE

    async def _get(self, request: Request, path: str) -> Reply:
        if path.startswith("/pixel/v1/") and (type_ := path.removeprefix("/pixel/v1/")) in (
            "track",
            "page",
        ):
            sent = Sent([pixel_message(request.query)])
            answer = await self._take(request, request.key(), sent, type_)
            return Reply(200, GIF, _GIF) if answer.status == 200 else answer
        if path == "/i":
            return await self._snowplow_events(request, [dict(request.query)], pixel=True)
        if (match := _SETTINGS.fullmatch(path)) is not None:
            source, _ = await self._source(match[1])
            base = _base(request) + request.root
            return _NOT_HERE if source is None else Reply(200, segment_settings(match[1], base))
        if path == "/sourceConfig":
            key = request.key()
            source, enabled = await self._source(key)
            if source is None:
                return _UNKNOWN_KEY
            return Reply(200, rudder_settings(key, source, enabled=enabled, at=request.at))
        if path in ("/healthz", "/health"):
            return Reply(200, b'{"status":"ok"}')
        return _NOT_HERE

    async def _post(
        self, request: Request, receive: Receive, most: int, type_: str | None
    ) -> Reply:
        if (full := self._pressure()) is not None:
            await _body(receive, MOST_DRAINED)
            return full
        try:
            body = await _body(receive, LARGEST_BODY)
            body = unpacked(body, request.headers.get(b"content-encoding", b"").lower(), most)
            if len(body) > most:
                return _TOO_LARGE
            sent = batch_of(body)
        except TooLargeError:
            return _TOO_LARGE
        except NoJsonError:
            return _NO_JSON
        return await self._take(request, request.key(sent.key), sent, type_)

    async def _take(self, request: Request, key: str, sent: Sent, type_: str | None) -> Reply:
        source, enabled = await self._source(key)
        if source is None:
            return _UNKNOWN_KEY
        if not enabled:
            return _DISABLED
        clock = sent.sent_at or request.headers.get(b"sentat", b"").decode("latin-1")
        arrival = Arrival(request.at, instant(clock), type_ if len(sent.messages) == 1 else None)
        intake = self._intakes[source]
        if "check" in request.query:
            return await self._check(intake, sent.messages, arrival)
        lines = b"".join([intake.take(m, arrival) for m in sent.messages])
        return await self._append(lines)

    async def _snowplow(self, request: Request, receive: Receive) -> Reply:
        if (full := self._pressure()) is not None:
            await _body(receive, MOST_DRAINED)
            return full
        try:
            body = await _body(receive, LARGEST_BODY)
            encoding = request.headers.get(b"content-encoding", b"").lower()
            events = snowplow_of(unpacked(body, encoding, LARGEST_BODY))
        except TooLargeError:
            return _TOO_LARGE
        except NoJsonError:
            return _NO_JSON
        return await self._snowplow_events(request, events)

    async def _snowplow_events(
        self, request: Request, events: list[dict[str, Any]], *, pixel: bool = False
    ) -> Reply:
        """Take the events of Snowplow trackers, which send no key: their app id is it."""
        app_id = first_given(str(e.get("aid") or "") for e in events)
        messages = [snowplow.message_of(event) for event in events]
        answer = await self._take(request, request.key(app_id), Sent(messages), None)
        if answer.status != 200 or "check" in request.query:
            return answer
        return Reply(200, GIF, _GIF) if pixel else Reply(200, b"ok", _TEXT)

    async def _append(self, lines: bytes) -> Reply:
        if not lines:
            return Reply(200)
        try:
            await self._log.append(wal.record(lines))
        except OSError as problem:
            full = problem.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            _log.error("collector: %s: %s", "disk full" if full else "cannot write", problem)
            return _FULL
        return Reply(200)

    async def _check(self, intake: Intake, messages: list[bytes], arrival: Arrival) -> Reply:
        lines = tuple(intake.take(m, arrival) for m in messages)
        request = app.CheckCollected(lines)
        rows = await asyncio.to_thread(app.collector_check, self._house, request)
        body = {
            "success": True,
            "messages": len(messages),
            "rows": as_json([vars(r) for r in rows]),
        }
        return Reply(200, json.dumps(body, ensure_ascii=False).encode())

    def _pressure(self) -> Reply | None:
        if self._log.waiting_bytes > MOST_WAITING:
            return _BUSY
        return _BACKLOG if self._is_behind else None

    async def _source(self, key: str) -> tuple[str | None, bool]:
        """The source of a write key and whether it is enabled; None for a key that nobody has."""
        if not key:
            return None, False
        digest = self._rules(key)
        source = self._door.keys.get(digest)
        if source is None and time.monotonic() - self._unknown.get(digest, -1e9) > REFRESH_SECONDS:
            # A client drops what is answered with 401: a key made a moment ago must be known.
            await self._refresh()
            source = self._door.keys.get(digest)
            if source is None:
                if len(self._unknown) > 10_000:
                    self._unknown.clear()
                self._unknown[digest] = time.monotonic()
        if source not in self._intakes:
            return None, False
        return source, self._door.enabled.get(source, False)

    async def _refresh(self) -> None:
        """Look up what is true now; those who wait for a look that began later share it."""
        asked = time.monotonic()
        async with self._refreshing:
            if self._refreshed < asked:
                await asyncio.to_thread(self._read)

    def _read(self) -> None:
        """Look up keys, feeds and erased people."""
        began = time.monotonic()
        door = collector_door(self._house)
        self._suppressed = self._suppression.digests()
        same = self._door.sources
        for source, rules in door.sources.items():
            numbers = [r.number for r in rules.rules]
            known = source in same and [r.number for r in same[source].rules] == numbers
            if source not in self._intakes or not known:
                is_suppressed = partial(self._is_suppressed, source)
                self._intakes[source] = Intake(rules, door.hashers[source], is_suppressed)
        self._door = door
        self._refreshed = began
        most = self._house.settings.collector_backlog_mb << 20
        self._is_behind = wal.waiting_bytes(self._folder) > most

    def _is_suppressed(self, source: str, account: str) -> bool:
        if not self._suppressed:
            return False
        key = self._house.key
        return any(account_digest(key, source, s) in self._suppressed for s in spellings(account))

    async def _keep(self) -> None:
        """Seal segments that are due, and look up what may have changed."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            with suppress(OSError):
                await self._log.seal_when_due()
            if time.monotonic() - self._refreshed > REFRESH_SECONDS:
                try:
                    await self._refresh()
                except Exception:
                    _log.exception("collector: keys and feeds stay as they were")
                    self._refreshed = time.monotonic()


def owns(path: str) -> bool:
    """Whether an address is the collector's, where it shares a host with the API."""
    path = path.rstrip("/")
    kind = path.removeprefix("/v1/")
    return (
        path in _OWN
        or path.startswith("/pixel/v1/")
        or _SETTINGS.fullmatch(path) is not None
        or (path.startswith("/v1/") and (kind in _SINGLES or kind in ("batch", "b", "m", "import")))
    )


class Room:
    """The collector before another ASGI app, which gets every request that is not its own."""

    def __init__(self, collector: Collector, other: Any) -> None:
        self._collector, self._other = collector, other

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request to the one that it is for; the collector ends with the other one."""
        if scope["type"] == "http" and owns(scope["path"]):
            await self._collector(scope, receive, send)
            return
        try:
            await self._other(scope, receive, send)
        finally:
            if scope["type"] == "lifespan":
                await asyncio.to_thread(self._collector.close)


class Mover:
    """Moves sealed segments into the lake in a thread of its own, for as long as it lives."""

    def __init__(self, house: Context) -> None:
        self._house = house
        self._folder = collector_folder(house)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="collector-mover", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop after the segments that are on their way."""
        self._stopped.set()
        self._thread.join(timeout=60)

    def _run(self) -> None:
        wait = LOOK_SECONDS
        while not self._stopped.wait(wait):
            wait = LOOK_SECONDS
            try:
                if wal.sealed(self._folder):
                    app.collector_move(self._house)
            except Exception:
                # Segments stay where they are, and are tried again: nothing of them is lost.
                _log.exception("collector: segments could not be moved into the lake")
                wait = 5.0


class _GoneError(Exception):
    """The client went away before its request was whole."""


def _request(scope: Scope, now: datetime) -> Request:
    path, root = scope["path"], scope.get("root_path", "")
    if root and path.startswith(root):
        path = path[len(root) :]
    return Request(
        now,
        scope["method"],
        path,
        query_of(scope["query_string"]) if scope["query_string"] else {},
        dict(scope["headers"]),
        scope.get("scheme", "http"),
        root,
    )


async def _body(receive: Receive, most: int) -> bytes:
    """The body; an error when it is larger than `most`, after it was read."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _GoneError
        part = message.get("body", b"")
        size += len(part)
        if size <= most:
            parts.append(part)
        if not message.get("more_body", False) or size > MOST_DRAINED:
            break
    if size > most:
        raise TooLargeError
    return b"".join(parts) if len(parts) != 1 else parts[0]


async def _send(
    send: Send,
    answer: Reply,
    origin: bytes | None,
    more: Iterable[tuple[bytes, bytes]] = (),
) -> None:
    headers = [
        (b"content-type", answer.content),
        (b"content-length", b"%d" % len(answer.body)),
        *more,
    ]
    if answer.retry_after is not None:
        headers.append((b"retry-after", b"%d" % answer.retry_after))
    if origin is not None:
        # No cookie says who somebody is here: any site may send, as with the vendors' own doors.
        headers += [
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-credentials", b"true"),
            (b"vary", b"origin"),
        ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


def _preflight(request: Request) -> list[tuple[bytes, bytes]]:
    asked = request.headers.get(b"access-control-request-headers", b"authorization, content-type")
    return [
        (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
        (b"access-control-allow-headers", asked),
        (b"access-control-max-age", b"86400"),
    ]


def _base(request: Request) -> str:
    """The scheme and host under which the client sees this collector."""
    host = request.headers.get(b"host", b"localhost").decode("latin-1")
    scheme = request.headers.get(b"x-forwarded-proto", request.scheme.encode()).decode("latin-1")
    return f"{scheme}://{host}"
