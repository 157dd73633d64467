"""What the pages need of sign-in: who a cookie stands for, and a token for its forms."""

from dataclasses import dataclass
from typing import Protocol

from fullhouse.access.principal import Principal

COOKIE = "fullhouse_session"
MONTHS = 60 * 60 * 24 * 180


@dataclass(frozen=True)
class SignedIn:
    """A session that began: the text of its cookie, and who it is."""

    cookie: str
    principal: Principal


class Sessions(Protocol):
    """Sessions of people at a browser, as the pages use them."""

    def principal(self, cookie: str) -> Principal | None:
        """Whose session a cookie is at this moment; None for whatever opens nothing."""

    def sign_in(self, tenant: str, user: str, password: str, *, address: str) -> SignedIn:
        """A new session; an InputError that says no more than that it did not work."""

    def sign_out(self, cookie: str) -> None:
        """End a session at once."""

    def csrf_token(self, cookie: str) -> str:
        """What the forms of a session hold."""

    def check_csrf(self, cookie: str, token: str) -> bool:
        """Whether a form is of this session."""
