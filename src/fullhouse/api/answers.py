"""How a result is sent: in pages, as JSON, a table or a page of HTML, with an ETag."""

import base64
import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib import import_module
from typing import Any

import pyarrow as pa
from starlette.requests import Request
from starlette.responses import Response

from fullhouse.api.contract import Contract, rows_of
from fullhouse.api.limits import Limits
from fullhouse.api.problems import ProblemError
from fullhouse.api.row import Row
from fullhouse.core.values import plain_cell

JSON, CSV, HTML = "application/json", "text/csv", "text/html"
ARROW = "application/vnd.apache.arrow.stream"
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
"""A page of a report holds its style and pictures, and runs nothing."""


@dataclass(frozen=True)
class Paging:
    """Which part of a list was asked for: at most so many after a cursor."""

    limit: int
    cursor: str = ""


def forms_of(row: Row) -> tuple[str, ...]:
    """The kinds of content that a row can answer with, the first where nobody says."""
    return (JSON, *((CSV, ARROW) if row.lists else ()), *((HTML,) if row.page else ()))


def chosen_form(request: Request, row: Row) -> str:
    """The kind of content that was asked for, the best that there is."""
    wanted = request.headers.get("accept", "*/*")
    weighed = []
    for i, part in enumerate(wanted.split(",")):
        kind, *options = (p.strip().lower() for p in part.split(";"))
        weight = next((o[2:] for o in options if o.startswith("q=")), "1")
        try:
            weighed.append((-float(weight), i, kind))
        except ValueError:
            continue
    for least, _, kind in sorted(weighed):
        for form in forms_of(row):
            matches = kind in ("*/*", form) or kind == f"{form.partition('/')[0]}/*"
            if matches and least < 0:
                return form
    raise ProblemError(406, "not_acceptable", f"This comes as {', '.join(forms_of(row))}.")


def paging_of(request: Request, limits: Limits) -> Paging:
    """Which page was asked for."""
    text = request.query_params.get("limit", str(limits.page))
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= limits.most_page):
        raise ProblemError(422, "not_valid", f"'limit' is a number from 1 to {limits.most_page}.")
    return Paging(int(text), request.query_params.get("cursor", ""))


def page_of(
    contract: Contract, items: Sequence[Any], asked: Paging
) -> tuple[Sequence[Any], str | None]:
    """The items after a cursor, and the cursor of those after them.

    A cursor names the item before it by its place and its digest: where something was added or
    taken out meanwhile, no item comes twice or is left out.
    """
    start = _place(contract, items, asked.cursor) if asked.cursor else 0
    page = items[start : start + asked.limit]
    after = start + len(page)
    if after >= len(items) or not page:
        return page, None
    mark = json.dumps([after, _digest(contract, page[-1])])
    return page, base64.urlsafe_b64encode(mark.encode()).decode().rstrip("=")


def answer(
    contract: Contract, result: Any, form: str, request: Request, paging: Paging | None
) -> Response:
    """A result in the kind of content that was chosen."""
    row = contract.row
    if form == HTML:
        return _page(row, result)
    cursor = None
    if row.lists and paging is not None:
        result, cursor = page_of(contract, list(result), paging)
    headers = {}
    if cursor is not None:
        link = request.url.include_query_params(cursor=cursor)
        headers["Link"] = f'<{link.path}?{link.query}>; rel="next"'
    if form == CSV:
        return Response(_csv(rows_of(result)), row.status, headers, f"{CSV}; charset=utf-8")
    if form == ARROW:
        return Response(_arrow(rows_of(result)), row.status, headers, ARROW)
    if row.lists:
        items = b",".join(contract.json(item) for item in result)
        body = b'{"items":[' + items + b'],"next":' + json.dumps(cursor).encode() + b"}"
    else:
        body = contract.json(result)
    return Response(body, row.status, headers, JSON)


def with_etag(response: Response, request: Request) -> Response:
    """An answer to a GET with its ETag; without its body where the asker has it."""
    tag = f'"{sha256(bytes(response.body)).hexdigest()[:32]}"'
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Authorization, Accept, Fullhouse-As"
    known = [t.strip().removeprefix("W/") for t in
             request.headers.get("if-none-match", "").split(",")]  # fmt: skip
    if tag in known or known == ["*"]:
        kept = {k: v for k, v in response.headers.items() if not k.startswith("content-")}
        return Response(status_code=304, headers=kept)
    return response


def _page(row: Row, result: Any) -> Response:
    module, _, name = row.page.rpartition(":")
    text: str = getattr(import_module(module), name)(result)
    headers = {"Content-Security-Policy": PAGE_POLICY}
    return Response(text, row.status, headers, f"{HTML}; charset=utf-8")


def pack_page(pack: Any) -> str:
    """The page of a partner's pack, as it was handed over."""
    page: str = pack.page
    return page


def daily_page(daily: Any) -> str:
    """The page of a film's day."""
    from fullhouse.view.daily_page import daily_page as page

    return page(daily, made_on=daily.as_of)


def _place(contract: Contract, items: Sequence[Any], cursor: str) -> int:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        after, digest = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        place = int(after)
    except (ValueError, TypeError, RecursionError):
        raise ProblemError(422, "cursor", "This cursor was not made here.") from None
    if 0 < place <= len(items) and _digest(contract, items[place - 1]) == digest:
        return place
    for i, item in enumerate(items):
        if _digest(contract, item) == digest:
            return i + 1
    raise ProblemError(422, "cursor", "What this cursor was after is gone. Begin anew.")


def _digest(contract: Contract, item: Any) -> str:
    return sha256(contract.json(item)).hexdigest()[:16]


def _csv(rows: Sequence[dict[str, Any]]) -> str:
    """Rows as CSV: no text in them is taken for a formula by a spreadsheet."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(plain_cell(name) for name in names)
    for row in rows:
        writer.writerow([_cell(row.get(name)) for name in names])
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, list | dict):
        return json.dumps(value, default=str, ensure_ascii=False)
    return "" if value is None else plain_cell(value)


def _arrow(rows: Sequence[dict[str, Any]]) -> bytes:
    """Rows as an Arrow IPC stream; what is not plain stands there as JSON."""
    plain = [
        {n: json.dumps(v, default=str) if isinstance(v, dict) else v for n, v in row.items()}
        for row in rows
    ]
    try:
        table = pa.Table.from_pylist(plain)
    except (pa.ArrowInvalid, pa.ArrowTypeError):  # a column of different kinds
        table = pa.Table.from_pylist([{n: _text(v) for n, v in row.items()} for row in plain])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    body: bytes = sink.getvalue().to_pybytes()
    return body


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, default=str)
