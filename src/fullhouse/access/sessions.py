"""Sessions of people at a browser: begun by a password or a provider, known by a signed cookie.

The cookie holds a random token and the house's signature; the database holds the token's digest.
The token of a form is bound to the session, so that no other site's form does anything.
"""

import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest

from sqlalchemy import and_, delete, select, update
from sqlalchemy.exc import OperationalError

from fullhouse.access import backoff, passwords
from fullhouse.access.keys import utc
from fullhouse.access.passwords import token_digest
from fullhouse.access.principal import Principal, scopes_of
from fullhouse.access.users import ended_sessions
from fullhouse.cleanroom import log
from fullhouse.cleanroom.roles import User
from fullhouse.cleanroom.tenants import ACTIVE
from fullhouse.control.control import Control, record
from fullhouse.control.schema import MemberRow, SessionRow, TenantRow
from fullhouse.core.errors import InputError
from fullhouse.core.values import HOUSE
from fullhouse.workspace.context import Context

COOKIE = "fullhouse_session"
IDLE, LONGEST = timedelta(hours=2), timedelta(hours=12)
"""A session ends when nothing was asked for so long, and so long after it began whatever is."""

FORGOTTEN = timedelta(days=30)
"""Rows of sessions that are older go at the user's next sign-in."""

SEEN_EVERY = timedelta(minutes=1)
"""That a session is used is written down no oftener."""

LOOKED_EVERY = timedelta(hours=1)
"""That one of the house looks at a tenant's objects is written down no oftener."""

REFUSED = "That did not work. Look at the studio, the name and the password, or wait and try again."
"""The one answer to whatever is wrong: it says of nothing whether it exists."""

_FORM = re.compile(r"([\w-]{43})\.([0-9a-f]{64})", re.ASCII)
_NOBODY = "0" * 64


@dataclass(frozen=True)
class SignedIn:
    """A session that began: the text of its cookie, and who it is."""

    cookie: str
    principal: Principal


@dataclass(frozen=True)
class OpenSession:
    """A session as its user sees it listed."""

    id: str
    how: str
    began_at: datetime
    seen_at: datetime


@dataclass(frozen=True)
class Sessions:
    """The sessions of a house."""

    house: Context

    @property
    def control(self) -> Control:
        """The control database with everybody in sight: whose a session is turns out here."""
        return self.house.control.with_all()

    @property
    def fields(self) -> tuple[str, ...]:
        """What a page of signing in asks for."""
        return ("studio", "name", "password")

    def sign_in(self, given: Mapping[str, str], *, address: str) -> SignedIn:
        """A new session of whom the fields of a page name."""
        return self.enter(*(given.get(name, "") for name in self.fields), address=address)

    def enter(self, tenant: str, user: str, password: str, *, address: str) -> SignedIn:
        """A new session by a password; an InputError that says no more than that it failed.

        Unknown tenants and users, wrong passwords, suspended tenants and those who must wait get
        the same answer; who must wait gets it at once, whoever it is.
        """
        now, account = self.house.now, f"{tenant}/{user}"
        if not backoff.attempt(self.house.control, account, address, now):
            raise InputError(REFUSED)
        known = passwords.verify(self.house.control, tenant, user, password)
        if known is None:
            digest = sha256(account.encode()).hexdigest()[:16]
            record(self.house.control, "sign_in.refused", {"account": digest})
            raise InputError(REFUSED)
        backoff.succeeded(self.house.control, account, address, now)
        return self.begin(known, "password")

    def begin(self, user: User, how: str) -> SignedIn:
        """A new session of a user who proved to be there."""
        token, now = secrets.token_urlsafe(32), self.house.now
        row = SessionRow(
            tenant=user.tenant,
            id=secrets.token_hex(8),
            digest=token_digest(token),
            member=user.name,
            role=user.role,
            how=how,
            began_at=now,
            seen_at=now,
        )
        old = and_(
            SessionRow.tenant == user.tenant,
            SessionRow.member == user.name,
            SessionRow.began_at < now - FORGOTTEN,
        )
        principal = Principal(user.tenant, user.name, user.role, scopes_of(user.role), how)
        own = principal.context(self.house).control
        with self.control.together() as one:
            with one.session() as session:
                session.execute(delete(SessionRow).where(old))
                session.add(row)
                session.commit()
            record(replace(own, joined=one.joined), "sign_in", {"user": user.name, "how": how})
        return SignedIn(f"{token}.{self._signature(token)}", principal)

    def principal(self, cookie: str) -> Principal | None:
        """Whose session a cookie is at this moment; None for whatever opens nothing.

        A session ends with its user, and when the user's role becomes another one.
        """
        row = self._row(self._token(cookie))
        if row is None:
            return None
        now = self.house.now
        if now >= utc(row.seen_at) + SEEN_EVERY:
            self._seen(row, now)
        return Principal(row.tenant, row.member, row.role, scopes_of(row.role), row.how)

    def sign_out(self, cookie: str) -> None:
        """End a session at once."""
        row = self._row(self._token(cookie))
        if row is not None:
            self._end(row.tenant, row.member, row.id)

    def csrf_token(self, cookie: str) -> str:
        """What the forms of a session hold."""
        return self._keyed("form", self._token(cookie))

    def check_csrf(self, cookie: str, token: str) -> bool:
        """Whether a form is of this session."""
        return compare_digest(self.csrf_token(cookie).encode(), token.encode())

    def open_sessions(self, principal: Principal) -> tuple[OpenSession, ...]:
        """The sessions of a user that are open, the newest first."""
        rows = (
            select(SessionRow)
            .where(SessionRow.tenant == principal.tenant)
            .where(SessionRow.member == principal.user)
            .order_by(SessionRow.began_at.desc(), SessionRow.id)
        )
        with self.control.session() as session:
            return tuple(
                OpenSession(row.id, row.how, utc(row.began_at), utc(row.seen_at))
                for row in session.scalars(rows)
                if self._is_open(row)
            )

    def end(self, principal: Principal, session: str) -> None:
        """End one of a user's own sessions; nothing happens for one that is another's or none."""
        self._end(principal.tenant, principal.user, session)

    def end_all(self, principal: Principal, *, but: str = "") -> None:
        """End every session of a user, but the one of a cookie."""
        statement = ended_sessions(User(principal.user, principal.tenant, ""), self.house.now)
        if token := self._token(but):
            statement = statement.where(SessionRow.digest != token_digest(token))
        with self.control.session() as session:
            session.execute(statement)
            session.commit()

    def change_password(self, cookie: str, old: str, new: str, *, address: str) -> SignedIn:
        """Another password for whose session it is, who gives the old one; the session's successor.

        Every other session of the user ends.
        """
        who = self.principal(cookie)
        if who is None:
            raise InputError("Sign in first.")
        return self.begin(self.replace_password(who, old, new, address=address), "password")

    def replace_password(self, who: Principal, old: str, new: str, *, address: str) -> User:
        """Another password for a user, who gives the old one; every session of the user ends."""
        account = f"{who.tenant}/{who.user}"
        if not backoff.attempt(self.house.control, account, address, self.house.now):
            raise InputError("That is not the password. Wait, and try again.")
        known = passwords.verify(self.house.control, who.tenant, who.user, old)
        if known is None:
            raise InputError("That is not the password. Wait, and try again.")
        backoff.succeeded(self.house.control, account, address, self.house.now)
        with who.context(self.house).control.together() as one:
            passwords.change(one, known, new)
            record(one, "password.change", {"user": who.user})
        return known

    def redeem(self, token: str, password: str) -> SignedIn:
        """A session by the one-time text that sets a password."""
        user = passwords.redeem(self.house.control, token, password)
        return self.begin(user, "password")

    def _token(self, cookie: str) -> str:
        """The token of a cookie that the house signed; what nobody has for any other."""
        form = _FORM.fullmatch(cookie)
        token, signature = form.groups() if form else ("", "")
        same = compare_digest(self._signature(token).encode(), signature.encode())
        return token if same else ""

    def _row(self, token: str) -> SessionRow | None:
        known = (
            select(SessionRow, MemberRow.role, TenantRow.status)
            .outerjoin(
                MemberRow,
                and_(MemberRow.tenant == SessionRow.tenant, MemberRow.name == SessionRow.member),
            )
            .outerjoin(TenantRow, TenantRow.tenant == SessionRow.tenant)
            .where(SessionRow.digest == token_digest(token))
            .where(MemberRow.suspended_at.is_(None))
        )
        with self.control.session() as session:
            match = session.execute(known).first()
        row, role, status = (None, None, None) if match is None else match
        same = compare_digest(token_digest(token), _NOBODY if row is None else row.digest)
        if row is None or not same or role != row.role or not self._is_open(row):
            return None
        return row if row.tenant == HOUSE or status == ACTIVE else None

    def _is_open(self, row: SessionRow) -> bool:
        now = self.house.now
        fresh = now < utc(row.seen_at) + IDLE and now < utc(row.began_at) + LONGEST
        return fresh and row.ended_at is None

    def _seen(self, row: SessionRow, now: datetime) -> None:
        own = and_(SessionRow.tenant == row.tenant, SessionRow.id == row.id)
        try:
            with self.control.session() as session:
                session.execute(update(SessionRow).where(own).values(seen_at=now))
                session.commit()
        except OperationalError:  # the database is locked: a person is not signed out for that
            pass

    def _end(self, tenant: str, member: str, session_id: str) -> None:
        statement = ended_sessions(User(member, tenant, ""), self.house.now)
        with self.control.session() as session:
            session.execute(statement.where(SessionRow.id == session_id))
            session.commit()

    def _signature(self, token: str) -> str:
        return self._keyed("cookie", token)

    def _keyed(self, purpose: str, token: str) -> str:
        """HMAC under a key of its own for each purpose, which follows from the house's key."""
        key = hmac.digest(self.house.key, f"fullhouse session {purpose}".encode(), "sha256")
        return hmac.new(key, token.encode(), "sha256").hexdigest()


def note_look(house: Context, principal: Principal, tenant: str) -> None:
    """Write into a tenant's log that one of the house looks at its objects; once an hour."""
    acting = principal.context(house, tenant=tenant)
    with acting.control.session() as session:
        if session.get(TenantRow, tenant) is None:  # what is none has no log
            return
    after = house.now - LOOKED_EVERY
    recent = log.entries(acting.control, most=200)
    if any(
        leaf.kind == "house.look" and utc(leaf.at) > after and f'"{acting.actor}"' in leaf.body
        for leaf in recent
    ):
        return
    detail = {"role": principal.role, "how": principal.how}
    with acting.control.begin() as connection:
        log.append(connection, log.LogLeaf(tenant, "house.look", acting.actor, house.now, detail))
    record(house.control, "house.look", {"tenant": tenant, "user": principal.user})
