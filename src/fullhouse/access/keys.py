"""API keys: made, known again, rotated and revoked; a program's proof of whose it is.

A key reads `fh_<id>_<secret><checksum>`. Its secret has 256 random bits, so that SHA-256 is enough
to store it by; the checksum lets a search for lost keys, and a slip of the pen, be recognised.
"""

import re
import secrets
from binascii import crc32
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from string import ascii_lowercase, ascii_uppercase, digits

from sqlalchemy import and_, or_, select, update
from sqlalchemy.exc import OperationalError

from fullhouse.access.principal import Principal, scopes_of
from fullhouse.cleanroom.roles import VERBS, User
from fullhouse.cleanroom.tenants import ACTIVE, find_user
from fullhouse.control.control import Control
from fullhouse.control.schema import AccessKeyRow, MemberRow, TenantRow
from fullhouse.core.errors import InputError, NotFoundError, did_you_mean
from fullhouse.core.values import HOUSE

DAYS, MOST_DAYS = 90, 366
"""How long a key is good for without a word, and at most."""

OVERLAP_HOURS, MOST_OVERLAP_HOURS = 24, 30 * 24
"""How long the old key goes on working beside the one that replaces it."""

USED_EVERY = timedelta(minutes=1)
"""That a key was used is written down no oftener."""

_LETTERS = digits + ascii_uppercase + ascii_lowercase
_ID, _SECRET, _CHECK = 12, 43, 6
_FORM = re.compile(rf"fh_([0-9A-Za-z]{{{_ID}}})_[0-9A-Za-z]{{{_SECRET + _CHECK}}}")
_NO_KEY = ("-" * _ID, "0" * 64)
"""Looked up in place of what is no key, so that it takes the same steps."""


@dataclass(frozen=True)
class Key:
    """A key as it is listed; its secret is known to nobody but whom it was shown to."""

    id: str
    tenant: str
    user: str
    label: str
    scopes: tuple[str, ...]
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None
    ended_at: datetime | None

    def is_good(self, now: datetime) -> bool:
        """Whether it opens anything still."""
        return now < self.expires_at and (self.ended_at is None or now < self.ended_at)


def add_key(
    control: Control,
    user: User,
    *,
    label: str = "",
    scopes: Iterable[str] = (),
    days: int = DAYS,
) -> tuple[Key, str]:
    """A new key of a user, and its text, which is never to be had again.

    Without scopes it may do all that the user may now; it never gains what the user gains later.
    """
    if not 1 <= days <= MOST_DAYS:
        raise InputError(f"A key is good for 1 to {MOST_DAYS} days, not {days}.")
    verbs = _checked(user, scopes)
    now = control.clock()
    return _write(control, user, label, verbs, now, now + timedelta(days=days))


def list_keys(control: Control, tenant: str) -> tuple[Key, ...]:
    """The keys of a tenant's users, the newest first, those that have ended included."""
    rows = select(AccessKeyRow).where(AccessKeyRow.tenant == tenant)
    with control.session() as session:
        ordered = rows.order_by(AccessKeyRow.made_at.desc(), AccessKeyRow.id)
        return tuple(_key(row) for row in session.scalars(ordered))


def find_key(control: Control, tenant: str, key: str) -> Key:
    """A key of a tenant's by its id; the same error whether it is another one's or nobody's."""
    with control.session() as session:
        row = session.get(AccessKeyRow, (tenant, key))
    if row is None:
        raise NotFoundError(code="no_key", key=key[:64])
    return _key(row)


def revoke_key(control: Control, tenant: str, key: str) -> Key:
    """End a key at once; one that has ended stays as it is."""
    known, now = find_key(control, tenant, key), control.clock()
    if known.is_good(now):
        _end(control, known, now)
    return find_key(control, tenant, key)


def rotate_key(
    control: Control, tenant: str, key: str, *, overlap_hours: int = OVERLAP_HOURS
) -> tuple[Key, str]:
    """A key in place of another one, which goes on working for some hours, and its text.

    It is for the same user and scopes, and as long as the first one was.
    """
    if not 0 <= overlap_hours <= MOST_OVERLAP_HOURS:
        raise InputError(f"Keys overlap by 0 to {MOST_OVERLAP_HOURS} hours, not {overlap_hours}.")
    known, now = find_key(control, tenant, key), control.clock()
    if not known.is_good(now):
        raise InputError(code="key_ended", key=key)
    user = find_user(control, tenant, known.user)
    good_for = known.expires_at - known.made_at
    made = _write(control, user, known.label, known.scopes, now, now + good_for)
    _end(control, known, now + timedelta(hours=overlap_hours))
    return made


def principal_of_key(control: Control, text: str, now: datetime) -> Principal | None:
    """Whose key a text is, at this moment; None for whatever opens nothing.

    What is no key, unknown, wrong, expired, revoked, of a tenant or user who is suspended or gone
    takes the same steps and gives the same None. A role that was taken away since takes its
    verbs from the key, too.
    """
    asked, digest = _parsed(text)
    known = (
        select(AccessKeyRow, MemberRow.role, TenantRow.status)
        .where(MemberRow.suspended_at.is_(None))
        .outerjoin(
            MemberRow,
            and_(MemberRow.tenant == AccessKeyRow.tenant, MemberRow.name == AccessKeyRow.member),
        )
        .outerjoin(TenantRow, TenantRow.tenant == AccessKeyRow.tenant)
        .where(AccessKeyRow.id == asked)
    )
    # Whose it is turns out here, so that rows of every tenant are looked through.
    every = control.with_all()
    with every.session() as session:
        match = session.execute(known).first()
    row, role, status = (None, None, None) if match is None else match
    same = compare_digest(digest, _NO_KEY[1] if row is None else row.digest)
    if row is None or role is None or not same:
        return None
    key = _key(row)
    if not key.is_good(now) or (key.tenant != HOUSE and status != ACTIVE):
        return None
    _used(every, key, now)
    return Principal(key.tenant, key.user, role, scopes_of(role, frozenset(key.scopes)), "key")


def _checked(user: User, scopes: Iterable[str]) -> tuple[str, ...]:
    allowed = sorted(scopes_of(user.role))
    wanted = tuple(sorted(set(scopes))) or tuple(allowed)
    for scope in wanted:
        if scope not in allowed:
            known = "no verb" if scope not in VERBS else f"nothing that {user.role} may do"
            raise InputError(
                f"{scope!r} is {known}: a key of {user.name}, {user.role}, can have"
                f" {', '.join(allowed)}.{did_you_mean(scope, allowed)}"
            )
    return wanted


def _write(
    control: Control,
    user: User,
    label: str,
    scopes: Sequence[str],
    now: datetime,
    expires_at: datetime,
) -> tuple[Key, str]:
    key = "".join(secrets.choice(_LETTERS) for _ in range(_ID))
    text = _text(key, secrets.token_bytes(32))
    row = AccessKeyRow(
        tenant=user.tenant,
        id=key,
        member=user.name,
        label=label[:100],
        digest=sha256(text.encode()).hexdigest(),
        scopes=list(scopes),
        made_at=now,
        expires_at=expires_at,
    )
    with control.session() as session:
        session.add(row)
        session.commit()
        return _key(row), text


def _end(control: Control, key: Key, at: datetime) -> None:
    """End a key at a moment; never later than it would end anyway."""
    row = and_(
        AccessKeyRow.tenant == key.tenant,
        AccessKeyRow.id == key.id,
        or_(AccessKeyRow.ended_at.is_(None), AccessKeyRow.ended_at > at),
    )
    with control.session() as session:
        session.execute(update(AccessKeyRow).where(row).values(ended_at=at))
        session.commit()


def _used(control: Control, key: Key, now: datetime) -> None:
    before = now - USED_EVERY
    if key.used_at is not None and key.used_at > before:
        return
    row = and_(
        AccessKeyRow.tenant == key.tenant,
        AccessKeyRow.id == key.id,
        or_(AccessKeyRow.used_at.is_(None), AccessKeyRow.used_at <= before),
    )
    try:
        with control.session() as session:
            session.execute(update(AccessKeyRow).where(row).values(used_at=now))
            session.commit()
    except OperationalError:  # the database is locked: a program is not refused for that
        pass


def _text(key: str, secret: bytes) -> str:
    body = f"fh_{key}_{_base62(int.from_bytes(secret), _SECRET)}"
    return body + _checksum(body)


def _checksum(body: str) -> str:
    return _base62(crc32(body.encode()), _CHECK)


def _parsed(text: str) -> tuple[str, str]:
    """The id that a text names, and its digest; for what has not the form of a key, nobody's."""
    form = _FORM.fullmatch(text)
    if form is None or _checksum(text[:-_CHECK]) != text[-_CHECK:]:
        return _NO_KEY
    return form[1], sha256(text.encode()).hexdigest()


def _base62(number: int, length: int) -> str:
    letters = []
    for _ in range(length):
        number, rest = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[rest])
    return "".join(reversed(letters))


def _key(row: AccessKeyRow) -> Key:
    return Key(
        row.id,
        row.tenant,
        row.member,
        row.label,
        tuple(row.scopes),
        utc(row.made_at),
        utc(row.expires_at),
        None if row.used_at is None else utc(row.used_at),
        None if row.ended_at is None else utc(row.ended_at),
    )


def utc(at: datetime) -> datetime:
    """A time as the database gives it: SQLite leaves out the zone, which is UTC."""
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
