"""The look-up over HTTP, as a plain ASGI application: a framework's route takes ten times as long.

For the house's own ad servers, which show a key. No answer and no log names an account.
"""

import asyncio
import hashlib
import json
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import parse_qs, unquote

from fullhouse.core.errors import FullhouseError
from fullhouse.core.values import as_json
from fullhouse.lookup.build import lookup_path
from fullhouse.lookup.file import AccountSegment
from fullhouse.lookup.memberships import Answer, Memberships
from fullhouse.workspace.context import Context

ROUTE = "/v1/memberships"
OPENRTB = "openrtb"
MOST_ACCOUNTS = 1_000
MOST_BYTES = 1 << 20
KEY_SECONDS = 1.0
"""A key that was taken back is refused after so long at the latest."""
MOST_KEYS = 1_024

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
KeyCheck: TypeAlias = Callable[[str], int]
"""What a key may: 200 look up, 403 something else, 401 nothing."""

PROBLEMS = {
    400: "The request cannot be read",
    401: "A key is needed",
    403: "This key may not look up",
    404: "There is nothing here",
    405: "This is asked otherwise",
    413: "Too much at once",
    503: "Nobody can be looked up just now",
}


class _RefusedError(Exception):
    """A request that is answered with a problem."""

    def __init__(self, status: int, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers


class LookupApp:
    """Answers under `/v1/memberships`; `close` ends its thread."""

    def __init__(self, memberships: Memberships, key_check: KeyCheck) -> None:
        self.memberships = memberships
        self._key_check = key_check
        self._keys: dict[bytes, tuple[float, int]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            return
        parts = _path_of(scope)
        # Whatever writes down requests gets to see no account.
        scope["fullhouse.route"] = ROUTE
        scope["path"], scope["raw_path"] = f"{ROUTE}/-", f"{ROUTE}/-".encode()
        try:
            await self._check_key(scope)
            if not self.memberships.is_fresh:
                await asyncio.to_thread(self._wake)
            body = await self._answer(scope, receive, parts)
            status, extra, kind = 200, {}, b"application/json"
        except _RefusedError as problem:
            status, extra, kind = problem.status, problem.headers, b"application/problem+json"
            body = _problem(status, problem.detail)
        except FullhouseError as problem:
            status, extra, kind = 503, {"retry-after": "1"}, b"application/problem+json"
            body = _problem(status, str(problem))
        headers = [
            (b"content-type", kind),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            *((name.replace("_", "-").encode(), value.encode()) for name, value in extra.items()),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def beside(self, others: App) -> App:
        """An application that answers look-ups here, and hands everything else on."""

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            path = scope.get("path", "")
            own = scope["type"] == "http" and (path == ROUTE or path.startswith(f"{ROUTE}/"))
            await (self if own else others)(scope, receive, send)

        return answer

    def close(self) -> None:
        """Look at the house no more."""
        self.memberships.close()

    def _wake(self) -> None:
        self.memberships.start()
        self.memberships.look()

    async def _answer(self, scope: Scope, receive: Receive, parts: list[str]) -> bytes:
        method = scope["method"]
        if not parts:
            if method == "GET":
                return self._about()
            if method == "POST":
                return self._batch(await _json_of(receive))
            raise _RefusedError(405, "Ask by GET or POST.", allow="GET, POST")
        if parts == [OPENRTB]:
            if method != "POST":
                raise _RefusedError(405, "Ask by POST, with a bid request.", allow="POST")
            return _openrtb(self.memberships.of(*_user_of(await _json_of(receive))))
        if len(parts) != 2 or not all(parts):
            raise _RefusedError(404, f"Ask for {ROUTE}/SOURCE/ACCOUNT.")
        if method != "GET":
            raise _RefusedError(405, "Ask by GET.", allow="GET")
        query = scope["query_string"]
        if query and parse_qs(query.decode("latin-1")).get("form") == [OPENRTB]:
            return _openrtb(self.memberships.of(*parts))
        return b'{"segments":' + self.memberships.ids_json(*parts) + b"}"

    def _batch(self, body: Any) -> bytes:
        accounts = body.get("accounts") if isinstance(body, dict) else None
        if not isinstance(accounts, list):
            raise _RefusedError(400, 'The body is {"accounts": [{"source": S, "account": A}, …]}.')
        if len(accounts) > MOST_ACCOUNTS:
            raise _RefusedError(413, f"At most {MOST_ACCOUNTS} accounts at once.")
        named = [_account_of(each) for each in accounts]
        ids = self.memberships.ids_json
        return b'{"memberships":[' + b",".join([ids(*each) for each in named]) + b"]}"

    def _about(self) -> bytes:
        """What can be looked up, for who sets up an ad server."""
        built = self.memberships.built
        segments = [segment_json(each) for each in built.segments]
        return json.dumps(
            {"build": built.id, "built_at": built.at.isoformat(), "segments": segments}
        ).encode()

    async def _check_key(self, scope: Scope) -> None:
        text = _key_of(scope)
        if not text:
            raise _RefusedError(
                401, "Send a key: Authorization: Bearer KEY.", www_authenticate="Bearer"
            )
        digest = hashlib.sha256(text.encode()).digest()
        now = time.monotonic()
        known = self._keys.get(digest)
        if known is None or now - known[0] > KEY_SECONDS:
            if len(self._keys) >= MOST_KEYS:
                self._keys.clear()
            known = now, await asyncio.to_thread(self._key_check, text)
            self._keys[digest] = known
        if known[1] == 401:
            raise _RefusedError(
                401, "This key is not known, or not any more.", www_authenticate="Bearer"
            )
        if known[1] != 200:
            raise _RefusedError(403, "The key needs the scope 'lookup', and must be the house's.")


def lookup_app(house: Context, key_check: KeyCheck, *, path: Path | None = None) -> LookupApp:
    """The look-up of a house as an ASGI application, to be mounted under `/v1/memberships`."""
    return LookupApp(Memberships(house, path or lookup_path(house)), key_check)


def segment_json(segment: AccountSegment) -> dict[str, Any]:
    """A segment as JSON, without what says nothing."""
    return {k: v for k, v in as_json(vars(segment)).items() if v not in ("", None, [], ())}


def _path_of(scope: Scope) -> list[str]:
    """The parts of the path after the route, decoded; an account may have a slash in it."""
    raw = scope.get("raw_path")
    text = raw.decode("latin-1").partition("?")[0] if raw is not None else scope["path"]
    rest = text.partition(ROUTE)[2].strip("/") if ROUTE in text else text.strip("/")
    if not rest:
        return []
    source, slash, account = rest.partition("/")
    parts = [source, account] if slash else [source]
    return [unquote(part) for part in parts] if raw is not None else parts


def _key_of(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"authorization":
            kind, _, text = value.decode("latin-1").partition(" ")
            return text.strip() if kind.lower() == "bearer" else ""
    return ""


async def _json_of(receive: Receive) -> Any:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MOST_BYTES:
            raise _RefusedError(413, f"A body has at most {MOST_BYTES} bytes.")
        if not message.get("more_body"):
            break
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise _RefusedError(400, "The body is not JSON.") from None


def _account_of(value: Any) -> tuple[str, str]:
    source = value.get("source") if isinstance(value, Mapping) else None
    account = value.get("account") if isinstance(value, Mapping) else None
    if not isinstance(source, str) or not isinstance(account, str):
        raise _RefusedError(400, "Each account has a source and an account, both texts.")
    return source, account


def _user_of(body: Any) -> tuple[str, str]:
    """The one account of a bid request's user: `user.eids` with one `uids`, its source ours."""
    try:
        [eid] = body["user"]["eids"]
        [uid] = eid["uids"]
        return _account_of({"source": eid["source"], "account": uid["id"]})
    except (KeyError, TypeError, ValueError):
        # Of two accounts one may be of somebody who is held out: who is asked for must be one.
        raise _RefusedError(
            400, "The bid request names one account: user.eids with one source and one uids.id."
        ) from None


def _openrtb(answer: Answer) -> bytes:
    """The user of an OpenRTB 2.6 bid request, with its data."""
    segments = [{"id": segment.id, "name": segment.audience} for segment in answer]
    data = [{"id": "fullhouse", "name": "Fullhouse", "segment": segments}] if segments else []
    return json.dumps({"user": {"data": data}}, ensure_ascii=False).encode()


def _problem(status: int, detail: str) -> bytes:
    title = PROBLEMS[status]
    body = {
        "type": f"/problems/lookup-{status}",
        "title": title,
        "status": status,
        "detail": detail,
    }
    return json.dumps(body, ensure_ascii=False).encode()
