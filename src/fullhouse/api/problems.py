"""Errors as they are sent: problem details of RFC 9457, with a type that never changes.

A tenant gets our sentences, which hold nothing of a rival or of the machine; what could, such as
the name of a damaged file, is the house's alone. Nobody gets a traceback.
"""

import json
import logging
import secrets
import traceback
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from fullhouse.core.errors import (
    CancelledError,
    CannotTellError,
    ConflictError,
    DamagedError,
    FullhouseError,
    InputError,
    NotFoundError,
    StorageError,
    UnsupportedError,
)
from fullhouse.core.values import as_json

MEDIA = "application/problem+json"
WHERE = "/problems/"
log = logging.getLogger("fullhouse.api")

ABSENT = "There is no such thing, or it is not yours."

STATUS: tuple[tuple[type[FullhouseError], int, str], ...] = (
    (NotFoundError, 404, "not_found"),
    (InputError, 422, "not_valid"),
    (ConflictError, 409, "conflict"),
    (CancelledError, 409, "cancelled"),
    (CannotTellError, 422, "cannot_tell"),
    (UnsupportedError, 501, "unsupported"),
    (StorageError, 507, "storage"),
    (DamagedError, 500, "damaged"),
    (FullhouseError, 500, "failed"),
)
"""The status of each class of error, and the code of those that have none of their own."""

CODES: Mapping[str, int] = {
    "house_only": 403,
    "release_failed": 500,
    "release_failed_paid": 500,
    "reservation_closed": 409,
    "erased_meanwhile": 409,
}

TITLES: Mapping[int, str] = {
    400: "This cannot be read",
    401: "Say who you are",
    402: "The budget does not reach",
    403: "This is not for you",
    404: "Nothing is here",
    405: "Not with this method",
    406: "Not in this form",
    409: "Something came between",
    413: "This is too much",
    415: "Not of this kind",
    422: "This cannot be done as it was asked",
    428: "Something is missing",
    429: "Too many requests",
    500: "The house has failed",
    501: "The house cannot do this",
    503: "The house is busy",
    507: "The house has no room",
}


class ProblemError(Exception):
    """An error of the door itself: its status and code, and its sentence."""

    def __init__(
        self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.headers = headers or {}


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    facts: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An error as an answer."""
    body: dict[str, Any] = {
        "type": f"{WHERE}{code}",
        "title": TITLES.get(status, "An error"),
        "status": status,
        "detail": detail,
        "code": code,
    }
    if facts:
        body["facts"] = as_json(dict(facts))
    text = json.dumps(body, ensure_ascii=False, default=str).encode("utf-8", "replace")
    return Response(text, status, dict(headers or {}), MEDIA)


def problem_of(error: Exception, *, for_house: bool, addressed: bool = True) -> Response:
    """An error of a use case as an answer, to the house or to anyone else.

    `addressed`: the address itself names what may not be there, and not the body alone.
    """
    if isinstance(error, ProblemError):
        return problem(error.status, error.code, error.detail, headers=error.headers)
    if not isinstance(error, FullhouseError):
        return unforeseen(error)
    status, code = status_of(error)
    if status == 404 and not addressed:
        status, code = 422, "not_valid"
    if for_house:
        return problem(status, code, str(error), facts=error.reason.facts)
    if status == 404:
        # The same bytes for a rival's as for what never was.
        return problem(404, "not_found", ABSENT)
    if status >= 500 and code not in CODES:
        return problem(status, code, "The house could not do this. Tell the house.")
    return problem(status, code, str(error))


def status_of(error: FullhouseError) -> tuple[int, str]:
    """The status and the code of an error."""
    # By name: their modules load much that a mistake in a film's name needs none of.
    match type(error).__name__:
        case "BudgetError":
            return 402, error.code or "budget"
        case "PolicyError":
            return 403, error.code or "policy"
    status, code = next((s, c) for kind, s, c in STATUS if isinstance(error, kind))
    return CODES.get(error.code, status), error.code or code


def unforeseen(error: BaseException) -> Response:
    """A bug of ours as an answer: a number to find it by in the server's log, and no more."""
    incident = secrets.token_hex(6)
    # Where it happened, and not what was said: a message may hold somebody's data.
    stack = "".join(traceback.format_tb(error.__traceback__))
    log.error("incident %s: %s\n%s", incident, type(error).__name__, stack)
    return problem(
        500, "internal", f"Something went wrong here. Tell the house incident {incident}."
    )
