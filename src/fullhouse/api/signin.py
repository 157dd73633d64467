"""Sign-in by the house's own provider (OpenID Connect), and the page of a link for a password.

The code flow with PKCE, state and nonce, by Authlib. It is mounted at `/sign-in`, before the web
app: `/sign-in/oidc` sends the browser to the provider, `/sign-in/oidc/callback` is where it comes
back, `/sign-in/password` is what a one-time link opens.
"""

import hmac
import logging
from collections.abc import Awaitable, Callable
from html import escape
from typing import Any
from urllib.parse import urlsplit

from anyio import to_thread
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from fullhouse.access.identities import grants, user_of_claims
from fullhouse.access.sessions import COOKIE, LONGEST, Sessions, SignedIn
from fullhouse.cleanroom.tenants import check_active
from fullhouse.core.errors import InputError
from fullhouse.core.values import HOUSE
from fullhouse.workspace.context import Context

SECRET_VARIABLE = "FULLHOUSE_OIDC_SECRET"  # noqa: S105 -- its name
STATE_SECONDS = 600
SCOPE = "openid profile email"

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
NOBODY = "You are known to the provider, and no user here: ask the house."
FAILED = "The provider's answer does not fit what was asked. Start again at /sign-in."
AWAY = "The provider does not answer. Try again in a while."

log = logging.getLogger("fullhouse.signin")


def sign_in_app(house: Context, sessions: Sessions, *, secure: bool | None = None) -> Starlette:
    """What is mounted at `/sign-in`; without a provider in the settings, the link's page alone.

    Without `secure`, cookies are for encrypted connections alone where the browser came by one.
    """
    routes = [Route("/password", _password(sessions, secure=secure), methods=["GET", "POST"])]
    if house.settings.oidc_issuer:
        client = _client(house)
        routes += [
            Route("/oidc", _leave(client)),
            Route("/oidc/callback", _callback(client, house, sessions, secure=secure)),
        ]
    key = hmac.new(house.key, b"fullhouse provider state", "sha256").hexdigest()
    state = Middleware(
        SessionMiddleware,
        secret_key=key,
        session_cookie="fullhouse_provider",
        max_age=STATE_SECONDS,
        same_site="lax",
        https_only=bool(secure),
        path="/sign-in",
    )
    return Starlette(routes=routes, middleware=[state])


def _client(house: Context) -> Any:
    from authlib.integrations.starlette_client import OAuth

    settings = house.settings
    if not settings.oidc_client:
        raise InputError("Setting 'oidc_issuer' names a provider; 'oidc_client' must be set, too.")
    grants(settings)  # a mistake in them is said at the start, not at a sign-in
    oauth = OAuth()
    oauth.register(
        "house",
        client_id=settings.oidc_client,
        client_secret=house.environment.get(SECRET_VARIABLE) or None,
        server_metadata_url=f"{settings.oidc_issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={"scope": SCOPE, "code_challenge_method": "S256"},
    )
    return oauth.house


def _leave(client: Any) -> Callable[[Request], Awaitable[Response]]:
    from httpx import HTTPError

    async def leave(request: Request) -> Response:
        here = request.url
        back = f"{here.scheme}://{here.netloc}{here.path}/callback"
        try:
            answer: Response = await client.authorize_redirect(request, back)
        except HTTPError:
            log.warning("the provider could not be reached")
            return _page(AWAY, 502)
        return answer

    return leave


def _callback(
    client: Any, house: Context, sessions: Sessions, *, secure: bool | None
) -> Callable[[Request], Awaitable[Response]]:
    from authlib.common.errors import AuthlibBaseError
    from httpx import HTTPError
    from joserfc.errors import JoseError

    async def callback(request: Request) -> Response:
        try:
            token = await client.authorize_access_token(request)
        except HTTPError:
            log.warning("the provider could not be reached")
            return _page(AWAY, 502)
        except (AuthlibBaseError, JoseError, KeyError, ValueError) as problem:
            log.warning("a provider's answer was refused: %s", type(problem).__name__)
            return _page(FAILED, 403)
        finally:
            request.session.clear()
        claims = token.get("userinfo") or {}
        begun = await to_thread.run_sync(_begun, house, sessions, dict(claims))
        if begun is None:
            return _page(NOBODY, 403)
        return entered(begun, secure=request.url.scheme == "https" if secure is None else secure)

    return callback


def _begun(house: Context, sessions: Sessions, claims: dict[str, Any]) -> SignedIn | None:
    user = user_of_claims(house.control, claims, house.settings)
    if user is None:
        return None
    if user.tenant != HOUSE:
        try:
            check_active(house.control, user.tenant)
        except InputError:
            return None
    return sessions.begin(user, "oidc")


def _password(
    sessions: Sessions, *, secure: bool | None
) -> Callable[[Request], Awaitable[Response]]:
    async def password(request: Request) -> Response:
        if request.method == "GET":
            return _form(request.query_params.get("token", ""))
        # Another site's form would sign somebody in as whoever made it.
        origin = request.headers.get("origin", "")
        if origin and urlsplit(origin).netloc != request.url.netloc:
            return _page(FAILED, 403)
        fields = await request.form(max_files=0, max_fields=5)
        token, new = (str(fields.get(name, "")) for name in ("token", "password"))
        try:
            begun = await to_thread.run_sync(sessions.redeem, token, new)
        except InputError as problem:
            return _form(token, str(problem))
        return entered(begun, secure=request.url.scheme == "https" if secure is None else secure)

    return password


def entered(begun: SignedIn, *, secure: bool) -> Response:
    """The way into the house, with the session's cookie."""
    answer = RedirectResponse("/", 303, headers=HEADERS)
    seconds = int(LONGEST.total_seconds())
    answer.set_cookie(
        COOKIE, begun.cookie, max_age=seconds, httponly=True, secure=secure, samesite="lax"
    )
    return answer


def _form(token: str, problem: str = "") -> Response:
    alert = f'<p role="alert">{escape(problem)}</p>' if problem else ""
    return _page(
        f"""{alert}<form method="post">
<input type="hidden" name="token" value="{escape(token)}">
<label for="password">New password</label>
<input id="password" name="password" type="password" autocomplete="new-password" required autofocus>
<button>Set it and sign in</button></form>""",
        422 if problem else 200,
        markup=True,
    )


def _page(text: str, status: int, *, markup: bool = False) -> Response:
    body = text if markup else f'<p role="alert">{escape(text)}</p>'
    return HTMLResponse(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Sign in</title>'
        f"<main><h1>Sign in</h1>{body}</main></html>",
        status,
        headers=HEADERS,
    )
