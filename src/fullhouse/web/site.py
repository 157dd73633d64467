"""The site: every page's address, and what stands around each request.

Who asks is known before a page's function is called, and a form is checked; a page that is none,
or is another one's, gives the same answer. An error becomes a page with its sentence and a way on.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache
from urllib.parse import quote, urlsplit

import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from fullhouse import app
from fullhouse.core.errors import InputError
from fullhouse.core.values import HOUSE
from fullhouse.web import account, pages
from fullhouse.web.language import LANGUAGES, chosen, say, speaking
from fullhouse.web.problems import problem_page
from fullhouse.web.session import COOKIE, MONTHS, Sessions
from fullhouse.web.static import static_file
from fullhouse.web.visit import NotHereError, Page, SignInError, Visit
from fullhouse.web.words import titled
from fullhouse.workspace.context import Context

Handler = Callable[[Visit], Page | Response]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
    "Vary": "Cookie, Accept, Accept-Language, HX-Request",
}
FORMS = ("json", "csv")
MOST_FORM = 200_000
"""Bytes of a form."""

THEMES = ("auto", "light", "dark")


def web_app(house: Context, sessions: Sessions | None = None) -> ASGIApp:
    """The web app of a house, to be mounted at the root of its server, behind the API.

    Without other sessions, people sign in with studio, name and password.
    """
    from fullhouse.access.sessions import Sessions as OwnSessions
    from fullhouse.web import builder, console, outlook, partners, studio, users

    opened: Sessions = sessions or OwnSessions(house)

    def route(path: str, handler: Handler, *methods: str) -> Route:
        return Route(path, _endpoint(house, opened, handler), methods=list(methods or ("GET",)))

    rows: Sequence[tuple[str, Handler, str]] = [
        ("/", _home, "GET"),
        ("/sign-in", lambda visit: _sign_in(visit, opened), "GET POST"),
        ("/password", lambda visit: _set_password(visit, opened), "GET POST"),
        ("/sign-out", lambda visit: _sign_out(visit, opened), "POST"),
        ("/settings", _settings, "POST"),
        (account.ADDRESS, lambda visit: account.signing_in(visit, opened), "GET"),
        ("/account/sign-in/end", lambda visit: account.end_others(visit, opened), "POST"),
        ("/account/sign-in/password", lambda visit: _change_password(visit, opened), "POST"),
        *outlook.PAGES,
        *studio.PAGES,
        *builder.PAGES,
        *users.PAGES,
        *partners.PAGES,
        *console.PAGES,
    ]
    routes = [route(path, handler, *methods.split()) for path, handler, methods in rows]
    app = Starlette(
        routes=[*routes, Route("/static/{name}", static_file)],
        exception_handlers={HTTPException: _no_page(house, opened)},
    )
    return _Around(app)


class _Around:
    """Headers of every answer; and `.json` or `.csv` behind an address, which names its form."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and "/static/" not in scope["path"]:
            stem, dot, form = scope["path"].rpartition(".")
            if dot and form in FORMS:
                scope = {**scope, "path": stem, "fullhouse.form": form}
        await self._app(scope, receive, send)


def _endpoint(
    house: Context, sessions: Sessions, handler: Handler
) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        form = await _form(request)
        if isinstance(form, Response):
            return form
        return await anyio.to_thread.run_sync(_answer, request, house, sessions, handler, form)

    return answer


async def _form(request: Request) -> Response | dict[str, str]:
    """The fields of a form of text; what is too long or of another kind is refused unread."""
    if request.method != "POST":
        return {}
    kind = request.headers.get("content-type", "").partition(";")[0]
    length = request.headers.get("content-length", "")
    if kind != "application/x-www-form-urlencoded":
        return Response("This form is of another kind.", 415, media_type="text/plain")
    if not length.isascii() or not length.isdigit() or int(length) > MOST_FORM:
        return Response("This form is too long.", 413, media_type="text/plain")
    fields = await request.form(max_fields=200)
    return {name: value for name, value in fields.items() if isinstance(value, str)}


def _answer(
    request: Request, house: Context, sessions: Sessions, handler: Handler, form: dict[str, str]
) -> Response:
    visit = _visit(request, house, sessions, form)
    with speaking(visit.language), titled(cache(lambda: _names(visit))):
        try:
            if request.method == "POST":
                _check_form(visit, sessions)
            response = _sent(visit, handler(visit))
        except SignInError:
            response = _to_sign_in(visit)
        except Exception as problem:  # whatever it is becomes a page
            response = _sent(visit, problem_page(problem))
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _names(visit: Visit) -> dict[str, str]:
    """What a studio's own titles are called; nobody else's pages know them."""
    if visit.principal is None or visit.principal.tenant == HOUSE or visit.is_partner:
        return {}
    own = app.studio_titles(visit.studio).titles
    return {title.film: title.title for title in own if title.title != title.film}


def _sent(visit: Visit, made: Page | Response) -> Response:
    return pages.answer(visit, made) if isinstance(made, Page) else made


def _visit(request: Request, house: Context, sessions: Sessions, form: dict[str, str]) -> Visit:
    cookie = request.cookies.get(COOKIE, "")
    principal = sessions.principal(cookie) if cookie else None
    if principal is not None:
        request.scope["fullhouse.tenant"] = principal.tenant
    theme = request.cookies.get("theme", "auto")
    return Visit(
        request,
        house,
        principal,
        sessions.csrf_token(cookie) if principal else "",
        chosen(request.cookies.get("language"), request.headers.get("accept-language", "")),
        theme if theme in THEMES else "auto",
        form,
    )


def _check_form(visit: Visit, sessions: Sessions) -> None:
    """An error for a form of another site, or of another session."""
    headers = visit.request.headers
    origin = headers.get("origin")
    host = urlsplit(origin).netloc if origin else ""
    crossed = headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none")
    if crossed or (origin and host != headers.get("host")):
        raise InputError(say("This form came from another site, so nothing was done."))
    if visit.principal is not None:
        cookie = visit.request.cookies.get(COOKIE, "")
        if not sessions.check_csrf(cookie, visit.typed("csrf")):
            raise InputError(say("This form is of an earlier session. Open the page again."))


def _no_page(
    house: Context, sessions: Sessions
) -> Callable[[Request, Exception], Awaitable[Response]]:
    def nothing(_: Visit) -> Page:
        raise NotHereError

    async def answer(request: Request, problem: Exception) -> Response:
        if isinstance(problem, HTTPException) and problem.status_code != 404:
            return Response(problem.detail, problem.status_code, problem.headers, "text/plain")
        request.scope["method"] = "GET"
        return await anyio.to_thread.run_sync(_answer, request, house, sessions, nothing, {})

    return answer


def _home(visit: Visit) -> Page | Response:
    if visit.who.tenant == HOUSE:
        return RedirectResponse("/house", 303)
    if visit.is_partner:
        return RedirectResponse("/packs", 303)
    from fullhouse.web import studio

    return studio.slate(visit)


def _sign_in(visit: Visit, sessions: Sessions) -> Page | Response:
    onward = _own_address(visit.typed("next", "/"))
    if visit.request.method == "GET":
        if visit.principal is not None:
            return RedirectResponse(onward, 303)
        return _sign_in_page(visit, sessions, onward)
    client = visit.request.client
    given = {n: visit.form.get(n, "") for n in sessions.fields}
    given |= {n: v.strip() for n, v in given.items() if n != "password"}
    try:
        begun = sessions.sign_in(given, address=client.host if client else "")
    except InputError as problem:
        return _sign_in_page(visit, sessions, onward, str(problem), given)
    response = RedirectResponse(onward, 303)
    _set_cookie(visit, response, COOKIE, begun.cookie)
    return response


def _sign_in_page(
    visit: Visit,
    sessions: Sessions,
    onward: str,
    problem: str = "",
    given: Mapping[str, str] | None = None,
) -> Page:
    labels = {
        "studio": say("Studio"),
        "name": say("Name"),
        "password": say("Password"),
    }
    shown = {n: v for n, v in (given or {}).items() if n in ("studio", "name")}
    fields = [(name, labels[name], shown.get(name, "")) for name in sessions.fields]
    provider = bool(visit.house.settings.oidc_issuer)
    facts = {"next": onward, "problem": problem, "fields": fields, "provider": provider}
    return Page("sign_in.html", say("Sign in"), facts, status=422 if problem else 200)


def _set_password(visit: Visit, sessions: Sessions) -> Page | Response:
    """The first password of a user, or a new one, by the one-time text that the house gave."""
    problem = ""
    if visit.request.method == "POST":
        password = visit.form.get("password", "")
        if password != visit.form.get("again", ""):
            problem = say("The two passwords differ.")
        else:
            try:
                begun = sessions.redeem(visit.typed("token"), password)
            except InputError as refused:
                problem = str(refused)
            else:
                response = RedirectResponse("/", 303)
                _set_cookie(visit, response, COOKIE, begun.cookie)
                return response
    facts = {"problem": problem}
    return Page("password.html", say("Set a password"), facts, status=422 if problem else 200)


def _change_password(visit: Visit, sessions: Sessions) -> Page | Response:
    """Another password; the session that follows stands in the place of this one."""
    changed = account.change_password(visit, sessions)
    if isinstance(changed, Page):
        return changed
    response = RedirectResponse(f"{account.ADDRESS}?done=changed", 303)
    _set_cookie(visit, response, COOKIE, changed)
    return response


def _sign_out(visit: Visit, sessions: Sessions) -> Response:
    sessions.sign_out(visit.request.cookies.get(COOKIE, ""))
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(COOKIE, path="/")
    # What the browser remembers of the pages goes as well.
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def _settings(visit: Visit) -> Response:
    response = RedirectResponse(_own_address(visit.typed("next", "/")), 303)
    for name, values in (("language", LANGUAGES), ("theme", THEMES)):
        if visit.typed(name) in values:
            _set_cookie(visit, response, name, visit.typed(name), lasts=MONTHS)
    return response


def _to_sign_in(visit: Visit) -> Response:
    query = visit.request.url.query
    here = visit.path + (f"?{query}" if query else "")
    onward = "" if visit.request.method != "GET" or here == "/" else f"?next={quote(here)}"
    address = f"/sign-in{onward}"
    if "hx-request" in visit.request.headers:
        return Response("", 204, {"HX-Redirect": address})
    return RedirectResponse(address, 303)


def _own_address(text: str) -> str:
    """An address of this site, whatever was sent."""
    is_own = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable()
    return text if is_own else "/"


def _set_cookie(
    visit: Visit, response: Response, name: str, value: str, *, lasts: int | None = None
) -> None:
    response.set_cookie(
        name,
        value,
        max_age=lasts,
        httponly=True,
        samesite="lax",
        secure=visit.request.url.scheme == "https",
        path="/",
    )
