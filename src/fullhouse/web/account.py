"""One's own way in: where one is signed in, ending that elsewhere, and another password."""

from typing import Any

from starlette.responses import RedirectResponse, Response

from fullhouse.core.errors import InputError
from fullhouse.web.language import say
from fullhouse.web.session import COOKIE, Sessions
from fullhouse.web.visit import Page, Visit

ADDRESS = "/account/sign-in"


def signing_in(visit: Visit, sessions: Sessions, problem: str = "") -> Page:
    """The sessions of whoever is signed in, and the form of another password."""
    who = visit.who
    open_ones = sessions.open_sessions(who)
    rows = [{"how": s.how, "began": s.began_at, "seen": s.seen_at} for s in open_ones]
    facts: dict[str, Any] = {
        "sessions": open_ones,
        "others": max(len(open_ones) - 1, 0),
        "has_password": "password" in sessions.fields and who.how == "password",
        "problem": problem,
        "done": visit.query.get("done", ""),
    }
    status = 422 if problem else 200
    title = say("Signing in")
    return Page("signing_in.html", title, facts, rows, rows, "account", status=status)


def end_others(visit: Visit, sessions: Sessions) -> Response:
    """Sign out everywhere but here."""
    sessions.end_all(visit.who, but=visit.request.cookies.get(COOKIE, ""))
    return RedirectResponse(f"{ADDRESS}?done=ended", 303)


def change_password(visit: Visit, sessions: Sessions) -> Page | str:
    """Another password for whoever gives the old one: the cookie of the session that follows."""
    old, new = visit.form.get("old", ""), visit.form.get("new", "")
    if new != visit.form.get("again", ""):
        return signing_in(visit, sessions, say("The two passwords differ."))
    client = visit.request.client
    cookie = visit.request.cookies.get(COOKIE, "")
    try:
        begun = sessions.change_password(cookie, old, new, address=client.host if client else "")
    except InputError as problem:
        return signing_in(visit, sessions, str(problem))
    return begun.cookie
