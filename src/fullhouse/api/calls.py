"""What happens at a row's route: read what was sent, call the use case, send what it gave."""

from collections.abc import Awaitable, Callable
from hmac import digest as keyed_digest

from starlette.requests import Request
from starlette.responses import Response

from fullhouse.api import answers, files, once
from fullhouse.api.contract import contract_of
from fullhouse.api.door import Door
from fullhouse.api.problems import ProblemError, problem_of
from fullhouse.api.row import Row
from fullhouse.api.work import begin
from fullhouse.workspace.context import Context

KEY = "Idempotency-Key"
MOST_KEY = 200
Endpoint = Callable[[Request], Awaitable[Response]]


def endpoint(door: Door, row: Row) -> Endpoint:
    """The function of a row's route."""

    async def answer(request: Request) -> Response:
        request.scope["fullhouse.route"] = row.path
        for_house = False
        try:
            principal = await door.principal(request)
            for_house = principal.is_house
            context = door.context(row, principal, request)
            whose = context.tenant
            if whose != principal.tenant:
                await door.slots.run(whose, lambda: door.note_look(principal, whose))
            return await _answer(door, row, context, request)
        except Exception as error:  # whatever it is becomes an answer, and a line in the log
            return problem_of(error, for_house=for_house, addressed="{" in row.path)

    return answer


async def _answer(door: Door, row: Row, context: Context, request: Request) -> Response:
    form = answers.JSON if row.work else answers.chosen_form(request, row)
    paging = answers.paging_of(request, door.limits) if row.lists else None
    body = await _body(request) if row.method in ("POST", "PATCH", "PUT") else None
    queried = {k: request.query_params.getlist(k) for k in request.query_params}
    if row.lists:
        queried = {k: v for k, v in queried.items() if k not in ("limit", "cursor")}
    if body is not None and queried:
        raise ProblemError(422, "not_valid", "What is asked stands in the body, not in the query.")
    path = {name: str(value) for name, value in request.path_params.items()}

    def work() -> Response:
        contract = contract_of(row)
        asked = contract.read(
            path, queried if body is None else body, lambda file: files.path_of(context, file)
        )
        if row.work or (row.later and "respond-async" in request.headers.get("prefer", "")):
            return begin(context, row, asked)
        return answers.answer(contract, contract.call(context, asked), form, request, paging)

    key = request.headers.get(KEY)
    if key is not None and row.makes and not row.keeps_nothing:
        if not 1 <= len(key) <= MOST_KEY:
            raise ProblemError(422, "not_valid", f"{KEY} has 1 to {MOST_KEY} characters.")
        words = f"{context.actor} {row.method} {request.url.path} ".encode() + (body or b"")
        asked = keyed_digest(context.key, words, "sha256").hex()
        return await door.slots.run(context.tenant, lambda: once.answer(context, key, asked, work))
    response = await door.slots.run(context.tenant, work)
    return answers.with_etag(response, request) if row.method == "GET" else response


async def _body(request: Request) -> bytes:
    body = await request.body()
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip()
    if body and kind.lower() != "application/json":
        raise ProblemError(415, "media_type", "A body is sent as application/json.")
    return body
