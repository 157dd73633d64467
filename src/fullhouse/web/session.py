"""Sessions of people at a browser: who a cookie stands for, and a token for its forms."""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock
from typing import Protocol

from fullhouse.access.keys import principal_of_key
from fullhouse.access.principal import Principal
from fullhouse.access.sessions import COOKIE, SignedIn
from fullhouse.core.errors import InputError
from fullhouse.web.language import say
from fullhouse.workspace.context import Context

__all__ = ["COOKIE", "MONTHS", "KeySessions", "Sessions", "SignedIn"]

MONTHS = 60 * 60 * 24 * 180
LASTS = timedelta(hours=12)
MOST_OPEN = 10_000
MOST_WRONG = 10
"""Tries that fail from one address within `WRONG_FOR`, after which no more are looked at."""
WRONG_FOR = timedelta(minutes=5)


class Sessions(Protocol):
    """Sessions of people at a browser, as the pages use them."""

    @property
    def fields(self) -> tuple[str, ...]:
        """What the page of signing in asks for: of `studio`, `name`, `password` and `key`."""

    def principal(self, cookie: str) -> Principal | None:
        """Whose session a cookie is at this moment; None for whatever opens nothing."""

    def sign_in(self, given: Mapping[str, str], *, address: str) -> SignedIn:
        """A new session; an InputError that says no more than that it did not work."""

    def sign_out(self, cookie: str) -> None:
        """End a session at once."""

    def csrf_token(self, cookie: str) -> str:
        """What the forms of a session hold."""

    def check_csrf(self, cookie: str, token: str) -> bool:
        """Whether a form is of this session."""


@dataclass(frozen=True)
class _Open:
    key: str = field(repr=False)
    until: datetime


class KeySessions:
    """Sessions of one server that an API key opens; each request looks at the key anew.

    The cookie is chance and holds nothing of the key: a session ends with its key, with the user's
    role, when the tenant is suspended, after some hours, and when the server stops.
    """

    fields: tuple[str, ...] = ("key",)

    def __init__(self, house: Context) -> None:
        self._house, self._lock = house, Lock()
        self._open: dict[str, _Open] = {}
        self._wrong: dict[str, list[datetime]] = {}
        self._secret = secrets.token_bytes(32)

    def principal(self, cookie: str) -> Principal | None:
        """Whose session a cookie is at this moment."""
        with self._lock:
            session = self._open.get(_digest(cookie))
        now = self._house.now
        if session is None or now >= session.until:
            return None
        return principal_of_key(self._house.control, session.key, now)

    def sign_in(self, given: Mapping[str, str], *, address: str) -> SignedIn:
        """A session of whoever shows a key that is good."""
        now = self._house.now
        with self._lock:
            wrong = [at for at in self._wrong.get(address, []) if now - at < WRONG_FOR]
            self._wrong[address] = wrong
            if len(wrong) >= MOST_WRONG:
                raise InputError(say("Too many tries that failed. Wait for five minutes."))
        principal = principal_of_key(self._house.control, given.get("key", ""), now)
        if principal is None:
            with self._lock:
                self._wrong[address].append(now)
            raise InputError(say("This key opens nothing. It may have expired or been ended."))
        cookie = secrets.token_urlsafe(32)
        with self._lock:
            self._open = {c: s for c, s in self._open.items() if now < s.until}
            if len(self._open) >= MOST_OPEN:
                raise InputError(say("Too many people are signed in. Try again later."))
            self._open[_digest(cookie)] = _Open(given["key"], now + LASTS)
        return SignedIn(cookie, principal)

    def sign_out(self, cookie: str) -> None:
        """End a session at once."""
        with self._lock:
            self._open.pop(_digest(cookie), None)

    def csrf_token(self, cookie: str) -> str:
        """What the forms of a session hold."""
        return hmac.new(self._secret, cookie.encode(), sha256).hexdigest()

    def check_csrf(self, cookie: str, token: str) -> bool:
        """Whether a form is of this session."""
        return hmac.compare_digest(self.csrf_token(cookie).encode(), token.encode())


def _digest(cookie: str) -> str:
    return sha256(cookie.encode()).hexdigest()
