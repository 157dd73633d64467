"""An error as a page."""

import logging
import secrets

from fullhouse.core.errors import (
    CannotTellError,
    ConflictError,
    FullhouseError,
    InputError,
    NotFoundError,
)
from fullhouse.web.language import say
from fullhouse.web.visit import NotHereError, Page

log = logging.getLogger("fullhouse.web")


def problem_page(problem: Exception) -> Page:
    """An error as a page: its sentence, and a way on; of a bug no more than its number."""
    match problem:
        case NotHereError():
            return _problem(404, say("Nothing is here, or it is not for you."))
        case CannotTellError():
            return _problem(422, str(problem), code="cannot_tell")
        case ConflictError():
            return _problem(409, str(problem))
        case NotFoundError():
            return _problem(404, str(problem))
        case InputError():
            return _problem(422, str(problem))
        case FullhouseError() if problem.code in ("release_failed", "release_failed_paid"):
            return _problem(500, str(problem))
        case FullhouseError():
            log.error("a page failed", exc_info=problem)
            return _problem(500, say("The house could not do this. Tell the house."))
    incident = secrets.token_hex(6)
    log.error("incident %s", incident, exc_info=problem)
    sentence = say("Something went wrong here. Tell the house incident {incident}.",
                   incident=incident)  # fmt: skip
    return _problem(500, sentence)


def _problem(status: int, sentence: str, *, code: str = "") -> Page:
    titles = {
        404: say("Not here"),
        409: say("Something came between"),
        422: say("This cannot be done as it was asked"),
        500: say("The house has failed"),
    }
    title = say("The data cannot tell") if code == "cannot_tell" else titles[status]
    facts = {"sentence": sentence, "cannot_tell": code == "cannot_tell"}
    return Page("problem.html", title, facts, {"title": title, "detail": sentence}, status=status)
