"""A house at a distance: the library's verbs, over its HTTP API.

>>> from fullhouse import Ask, Count
>>> from fullhouse.client import Client
>>> with Client("https://house.example", "fh_…") as lion:  # doctest: +SKIP
...     price = lion.room_price(Ask(Count("buys:books")))
...     answer = lion.room_ask(Ask(Count("buys:books")))

A studio's verbs give the library's own values. Every other verb of the table of routes is called by
its name and gives plain JSON; a file in a request is sent first, and a job is waited for.
"""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import quote

import httpx

from fullhouse.api.row import Row
from fullhouse.api.rows import ROWS
from fullhouse.core.errors import (
    CancelledError,
    CannotTellError,
    ConflictError,
    FullhouseError,
    InputError,
    NotFoundError,
)

if TYPE_CHECKING:
    from fullhouse.app.cleanroom import (
        Ask,
        BudgetStatement,
        FindTraits,
        ReadRelease,
        ReserveLooks,
        SizeRules,
    )
    from fullhouse.app.log import ListLog, LogEntries, MakeConsistency, MakeReceipt, ShowHead
    from fullhouse.cleanroom.release import Answer, GivenAnswer, NamedTraits, Price, RuleSizes
    from fullhouse.cleanroom.tenants import Title

T = TypeVar("T")
TRIES = 8
BUSY = frozenset({429, 502, 503, 504})
OPEN = frozenset({"queued", "running", "cancelling"})
ERRORS: Mapping[int, type[FullhouseError]] = {
    401: InputError,
    402: InputError,
    403: InputError,
    404: NotFoundError,
    409: ConflictError,
    413: InputError,
    422: InputError,
}
ROW_OF: Mapping[str, Row] = {row.name: row for row in ROWS}


class Client:
    """A house's API, with a key; `tenant` is whom one of the house acts for.

    What fails because the house is busy is tried again. An error is the library's, in the house's
    words, with the code that never changes.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        tenant: str | None = None,
        timeout: float = 120.0,
        http: httpx.Client | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        headers = {"Authorization": f"Bearer {key}"}
        if tenant is not None:
            headers["Fullhouse-As"] = tenant
        self._http = http or httpx.Client(base_url=url, timeout=timeout)
        self._headers = headers
        self._sleep = sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def titles(self) -> "list[Title]":
        """The films that you work on."""
        from fullhouse.cleanroom.tenants import Title

        return [_read(Title, item) for item in self.pages("room_statement_titles")]

    def room_price(self, request: "Ask") -> "Price":
        """What a question would cost now; nothing is spent."""
        from fullhouse.cleanroom.release import Price

        return _read(Price, self.call("room_price", request))

    def room_ask(self, request: "Ask") -> "Answer":
        """The answer to a question, as a release; the same question again costs nothing."""
        from fullhouse.cleanroom.release import Answer

        return _read(Answer, self.call("room_ask", request))

    def room_sizes(self, request: "SizeRules") -> "RuleSizes":
        """Free sizes of rules."""
        from fullhouse.cleanroom.release import RuleSizes

        return _read(RuleSizes, self.call("room_sizes", request))

    def room_traits(self, request: "FindTraits | None" = None) -> "NamedTraits":
        """The traits that you may name."""
        from fullhouse.cleanroom.release import NamedTraits

        return _read(NamedTraits, self.call("room_traits", request))

    def room_release(self, request: "ReadRelease") -> "Answer":
        """An answer that you were given before, as the same bytes."""
        from fullhouse.cleanroom.release import Answer

        return _read(Answer, self.call("room_release", request))

    def room_releases(self) -> "list[GivenAnswer]":
        """The answers that you were given, the newest first."""
        from fullhouse.cleanroom.release import GivenAnswer

        return [_read(GivenAnswer, item) for item in self.pages("room_releases_answers")]

    def room_reserve(self, request: "ReserveLooks") -> "BudgetStatement":
        """Set budget aside for a campaign's planned looks."""
        from fullhouse.app.cleanroom import BudgetStatement

        return _read(BudgetStatement, self.call("room_reserve", request))

    def room_statement(self) -> "BudgetStatement":
        """What you have spent since ever, on what, and what is left."""
        from fullhouse.app.cleanroom import BudgetStatement

        return _read(BudgetStatement, self.call("room_statement"))

    def log_head(self, request: "ShowHead | None" = None) -> dict[str, Any]:
        """The signed head that the house published, or that of your own log."""
        return dict(self.call("log_head", request))

    def log_list(self, request: "ListLog | None" = None) -> "LogEntries":
        """What the log holds of you."""
        from fullhouse.app.log import LogEntries

        return _read(LogEntries, self.call("log_list", request))

    def log_receipt(self, request: "MakeReceipt") -> dict[str, Any]:
        """What proves an entry of your log."""
        return dict(self.call("log_receipt", request))

    def log_consistency(self, request: "MakeConsistency") -> dict[str, Any]:
        """What proves that a log only grew."""
        return dict(self.call("log_consistency", request))

    def call(self, verb: str, request: object = None, *, wait: bool = True) -> Any:
        """What a verb of the table of routes gives, as JSON; of a list, its first page.

        Where the house makes a job of it, the job is waited for, and its result is given; without
        `wait`, the job as it is now.
        """
        row = _row(verb)
        answer = self._send(row, request)
        if answer.status_code != 202:
            return answer.json()
        job: dict[str, Any] = answer.json()
        return self.wait(job["id"]) if wait else job

    def pages(self, verb: str, request: object = None) -> Iterator[Any]:
        """Every item of a verb that gives a list, page after page."""
        row, cursor = _row(verb), None
        while True:
            page = self._send(row, request, cursor=cursor).json()
            yield from page["items"]
            cursor = page["next"]
            if cursor is None:
                return

    def wait(self, job: str, *, progress: Callable[[str, float], None] | None = None) -> Any:
        """The result of a job, when it has ended; an error where it failed or was cancelled."""
        pause = 0.1
        while True:
            state = self.request("GET", f"/v1/jobs/{quote(job)}").json()
            if progress is not None:
                progress(state["step"], state["share"])
            if state["status"] not in OPEN:
                break
            self._sleep(pause)
            pause = min(pause * 1.5, 2.0)
        if state["status"] == "cancelled":
            raise CancelledError(f"Job {job} was cancelled.")
        if state["status"] != "finished":
            raise FullhouseError(state["error"] or f"Job {job} failed.")
        if not state["has_result"]:
            return None
        return self.request("GET", f"/v1/jobs/{quote(job)}/result").json()

    def upload(self, path: str | Path) -> str:
        """Send a file, to be named in a request by the id that is given."""
        file = Path(path)
        try:
            body = file.read_bytes()
        except OSError as problem:
            raise InputError(f"Cannot read {file}: {(problem.strerror or '').lower()}.") from None
        sent = self.request("POST", f"/v1/files?name={quote(file.name)}", content=body)
        identifier: str = sent.json()["file"]
        return identifier

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """An answer of the API to any request; an error where it is one.

        A house that is busy is asked again, as long as that changes nothing twice.
        """
        headers = self._headers | options.pop("headers", {})
        again = method == "GET" or "Idempotency-Key" in headers
        for left in reversed(range(TRIES)):
            try:
                answer = self._http.request(method, path, headers=headers, **options)
            except httpx.TransportError as problem:
                if not (again and left):
                    raise FullhouseError(f"The house cannot be reached: {problem}.") from None
                self._sleep(1.0)
                continue
            if answer.status_code not in BUSY or not left or not _may_repeat(answer, again=again):
                break
            self._sleep(float(answer.headers.get("retry-after", "1")))
        if answer.status_code >= 400:
            raise _error(answer)
        return answer

    def _send(self, row: Row, request: object, *, cursor: str | None = None) -> httpx.Response:
        values = {name: self._plain(row, name, v) for name, v in _given(request).items()}
        path = row.path.replace(":path}", "}")
        for name in list(values):
            if f"{{{name}}}" in path:
                path = path.replace(f"{{{name}}}", quote(str(values.pop(name)), safe=""))
        if not row.makes or row.method == "DELETE":
            query = {n: v for n, v in values.items() if v is not None}
            return self.request(
                row.method, path, params=query | ({"cursor": cursor} if cursor else {})
            )
        key = {} if row.keeps_nothing else {"Idempotency-Key": str(uuid.uuid4())}
        return self.request(row.method, path, json=values, headers=key)

    def _plain(self, row: Row, name: str, value: Any) -> Any:
        """A value as it is sent; a file is sent before, and its id stands for it."""
        if name in row.files and value is not None:
            if isinstance(value, tuple | list):
                return [self.upload(file) for file in value]
            return self.upload(value)
        return _plain(value)


def _row(verb: str) -> Row:
    if verb not in ROW_OF:
        raise InputError(f"The API has no {verb!r}. It has {', '.join(sorted(ROW_OF))}.")
    return ROW_OF[verb]


def _given(request: object) -> dict[str, Any]:
    """The fields of a request that differ from what stands there by itself."""
    if request is None:
        return {}
    if isinstance(request, Mapping):
        return dict(request)
    if not is_dataclass(request):
        raise InputError(f"A request is one of the library's, not a {type(request).__name__}.")
    return {
        f.name: getattr(request, f.name)
        for f in fields(request)
        if f.default is MISSING or getattr(request, f.name) != f.default
    }


def _plain(value: Any) -> Any:
    match value:
        case date() | datetime():
            return value.isoformat()
        case Fraction() | Path():
            return str(value)
        case Mapping():
            return {str(k): _plain(v) for k, v in value.items()}
        case tuple() | list():
            return [_plain(v) for v in value]
    if is_dataclass(value):
        kind = getattr(value, "kind", None)
        own = {} if not isinstance(kind, str) else {"kind": kind}
        return own | {name: _plain(v) for name, v in _given(value).items()}
    return value


def _may_repeat(answer: httpx.Response, *, again: bool) -> bool:
    # What was turned away at the door was not begun.
    return again or answer.status_code in (429, 503)


def _error(answer: httpx.Response) -> FullhouseError:
    try:
        problem = answer.json()
        detail, code = str(problem["detail"]), str(problem["code"])
    except (ValueError, KeyError, TypeError):
        return FullhouseError(f"The house answered {answer.status_code} and no reason.")
    kind = CannotTellError if code == "cannot_tell" else ERRORS.get(answer.status_code)
    return (kind or FullhouseError)(detail, code=code)


def _read(kind: type[T], value: Any) -> T:
    """A value of the library, from the JSON that it was sent as."""
    from pydantic import TypeAdapter
    from pydantic_core import to_json

    made: T = TypeAdapter(kind).validate_json(to_json(value))
    return made
