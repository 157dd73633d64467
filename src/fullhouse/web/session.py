"""What the pages need of sessions: `fullhouse.access.sessions.Sessions` has all of it."""

from collections.abc import Mapping
from typing import Protocol

from fullhouse.access.principal import Principal
from fullhouse.access.sessions import COOKIE, OpenSession, SignedIn

__all__ = ["COOKIE", "MONTHS", "OpenSession", "Sessions", "SignedIn"]
MONTHS = 60 * 60 * 24 * 180


class Sessions(Protocol):
    """Sessions of people at a browser, as the pages use them."""

    @property
    def fields(self) -> tuple[str, ...]:
        """What the page of signing in asks for."""

    def principal(self, cookie: str) -> Principal | None:
        """Whose session a cookie is at this moment; None for whatever opens nothing."""

    def sign_in(self, given: Mapping[str, str], *, address: str) -> SignedIn:
        """A new session; an InputError that says no more than that it did not work."""

    def redeem(self, token: str, password: str) -> SignedIn:
        """A session by the one-time text that sets a password."""

    def sign_out(self, cookie: str) -> None:
        """End a session at once."""

    def open_sessions(self, principal: Principal) -> tuple[OpenSession, ...]:
        """The sessions of a user that are open, the newest first."""

    def end_all(self, principal: Principal, *, but: str = "") -> None:
        """End every session of a user, but the one of a cookie."""

    def change_password(self, cookie: str, old: str, new: str, *, address: str) -> SignedIn:
        """Another password for whose session it is, who gives the old one; all others end."""

    def csrf_token(self, cookie: str) -> str:
        """What the forms of a session hold."""

    def check_csrf(self, cookie: str, token: str) -> bool:
        """Whether a form is of this session."""
