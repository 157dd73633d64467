"""Passwords: what is one, how it is stored, and the one-time text by which it is set.

A hash by Argon2id with the parameters of argon2-cffi (RFC 9106). The same steps are taken for a
user who is none, or has no password, so that neither the answer nor its time says which.
"""

import re
import secrets
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta
from functools import lru_cache
from hashlib import sha256
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from sqlalchemy import and_, insert, select, update

from fullhouse.access.keys import utc
from fullhouse.access.users import ended_sessions
from fullhouse.cleanroom.roles import User
from fullhouse.cleanroom.tenants import ACTIVE, find_user
from fullhouse.control.control import Control
from fullhouse.control.schema import MemberRow, PasswordRow, TenantRow
from fullhouse.core.errors import InputError
from fullhouse.core.values import HOUSE

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST, LONGEST = 12, 200
"""Letters of a password. No kinds of letters are asked for: that makes them worse, not better."""

TOKEN_HOURS = 24
"""How long a text that sets a password is good for."""

# Words that common passwords of any length are made of, as the published lists of leaks have them.
_COMMON = frozenset(
    """
    password passwort passw0rd letmein welcome admin administrator login changeme secret default
    qwerty qwertyuiop qwertz azerty asdfgh asdfghjkl zxcvbn zxcvbnm qazwsx qazwsxedc
    abc abcd abcdef abcdefgh abcdefghijkl iloveyou loveyou sunshine princess monkey dragon football
    baseball basketball superman batman master shadow michael jordan jennifer charlie daniel
    trustno starwars pokemon naruto computer internet samsung google facebook whatever freedom
    hello hellohello mustang ranger hunter killer soccer hockey george andrew thomas jessica
    michelle nicole ashley family summer winter spring autumn cheese chocolate banana orange
    purple flower butterfly angel lovely babygirl correcthorsebatterystaple fullhouse cinema movie
    movies film films studio test testtest testing guest root user temp temporary pass passpass
    woaini woaiwojia aini wangyut mima nihao
    """.split()  # noqa: SIM905 -- a list of words reads as words
)
_FIGURES = str.maketrans("0134578@$!", "oleastbasi")
_WALKS = (
    "01234567890123456789", "abcdefghijklmnopqrstuvwxyzabc", "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
)  # fmt: skip
SPENT = "This link has been used, or is too old: ask for a new one."
"""The one answer to every text that sets no password."""

_AT_ONCE = BoundedSemaphore(4)
"""Each hash takes 64 MB: so many at a time."""


def check_password(password: str, names: Iterable[str] = ()) -> str:
    """The password as it is hashed; an error that says what would do, never what was given."""
    plain = _plain(password)
    if not SHORTEST <= len(plain) <= LONGEST:
        raise InputError(
            f"A password has {SHORTEST} to {LONGEST} letters, not {len(plain)}: a sentence that"
            " only you would write does."
        )
    folded = plain.casefold()
    if _is_common(folded) or any(_is_name(folded, name.casefold()) for name in names):
        raise InputError(
            "That password is one that is tried first: a common one, a row of keys or letters, or"
            " your own name. Take a sentence that only you would write."
        )
    return plain


def _plain(password: str) -> str:
    """The same text for the same letters, however a keyboard sends them; no space around it."""
    return unicodedata.normalize("NFKC", password).strip()


def _is_common(folded: str) -> bool:
    squeezed = re.sub(r"\s", "", folded)
    if len(set(squeezed)) < 5 or _is_repeated(squeezed):
        return True
    if any(squeezed in walk * 3 or squeezed in walk[::-1] * 3 for walk in _WALKS):
        return True
    # 'P@ssw0rd2026!' is 'password', whatever stands before and behind it.
    for text in (squeezed, squeezed.translate(_FIGURES)):
        if re.sub(r"[\W\d_]+", "", text) in _COMMON:
            return True
        if re.sub(r"^[\W\d_]+|[\W\d_]+$", "", squeezed).translate(_FIGURES) in _COMMON:
            return True
    return False


def _is_repeated(text: str) -> bool:
    """Whether it is a short piece over and over."""
    return any(
        (text[:size] * len(text))[: len(text)] == text for size in range(1, len(text) // 2 + 1)
    )


def _is_name(folded: str, name: str) -> bool:
    rest = folded.replace(name, "") if name else folded
    return rest != folded and len(re.sub(r"[\W\d_]", "", rest)) < SHORTEST // 2


@lru_cache
def hasher() -> "PasswordHasher":
    """What hashes passwords."""
    try:
        from argon2 import PasswordHasher
    except ImportError:
        raise InputError(
            "Passwords need argon2-cffi, which is not installed: pip install 'fullhouse[service]'"
        ) from None
    return PasswordHasher()


@lru_cache
def _nobodys(_: "PasswordHasher") -> str:
    return hasher().hash(secrets.token_hex(16))


def verify(control: Control, tenant: str, name: str, password: str) -> User | None:
    """Whose name and password it is: the same steps, and None, for whatever is wrong with them."""
    from argon2.exceptions import InvalidHashError, VerificationError

    known = (
        select(PasswordRow.hash, MemberRow.role, TenantRow.status)
        .select_from(MemberRow)
        .outerjoin(
            PasswordRow,
            and_(PasswordRow.tenant == MemberRow.tenant, PasswordRow.member == MemberRow.name),
        )
        .outerjoin(TenantRow, TenantRow.tenant == MemberRow.tenant)
        .where(MemberRow.tenant == tenant)
        .where(MemberRow.name == name)
        .where(MemberRow.suspended_at.is_(None))
    )
    with control.with_all().connect() as connection:
        row = connection.execute(known).first()
    stored = _nobodys(hasher()) if row is None or not row.hash else row.hash
    plain = _plain(password[: LONGEST * 4])
    same = False
    with suppress(VerificationError, InvalidHashError), _AT_ONCE:
        same = bool(hasher().verify(stored, plain))
    if row is None or not row.hash or not same:
        return None
    return User(name, tenant, row.role) if tenant == HOUSE or row.status == ACTIVE else None


def make_token(control: Control, user: User) -> str:
    """A text by which a user sets a password, once and for a day; an earlier one ends."""
    text = f"fhp_{secrets.token_urlsafe(32)}"
    now = control.clock()
    row = {"token": token_digest(text), "token_until": now + timedelta(hours=TOKEN_HOURS)}
    own = and_(PasswordRow.tenant == user.tenant, PasswordRow.member == user.name)
    first = {"tenant": user.tenant, "member": user.name, "hash": "", "changed_at": now}
    with control.begin() as connection:
        if connection.execute(update(PasswordRow).where(own).values(**row)).rowcount == 0:
            connection.execute(insert(PasswordRow).values(**first, **row))
    return text


def redeem(control: Control, token: str, password: str) -> User:
    """Set the password of whom a token is for; it is used up, and every session of theirs ends.

    The same error for a token that is wrong, used or too old, and for one of a user who is gone.
    """
    now = control.clock()
    held = select(PasswordRow).where(PasswordRow.token == token_digest(token))
    with control.with_all().session() as session:
        row = session.scalars(held).first()
    if row is None or row.token_until is None or utc(row.token_until) <= now:
        raise InputError(SPENT)
    user = find_user(control.with_all(), row.tenant, row.member)
    if user.suspended:
        raise InputError(SPENT)
    plain = check_password(password, (row.member, row.tenant))
    used = (
        update(PasswordRow)
        .where(PasswordRow.tenant == row.tenant)
        .where(PasswordRow.member == row.member)
        .where(PasswordRow.token == row.token)
        .values(token=None, token_until=None, hash=_hashed(plain), changed_at=now)
    )
    with control.with_all().begin() as connection:
        if connection.execute(used).rowcount != 1:
            raise InputError(SPENT)
        connection.execute(ended_sessions(user, now))
    return user


def change(control: Control, user: User, password: str) -> None:
    """Set another password; every session of the user ends, a new one is for whoever did it."""
    plain, now = check_password(password, (user.name, user.tenant)), control.clock()
    own = and_(PasswordRow.tenant == user.tenant, PasswordRow.member == user.name)
    values = {"hash": _hashed(plain), "changed_at": now, "token": None, "token_until": None}
    with control.session() as session:
        session.execute(update(PasswordRow).where(own).values(**values))
        session.execute(ended_sessions(user, now))
        session.commit()


def _hashed(plain: str) -> str:
    with _AT_ONCE:
        return hasher().hash(plain)


def token_digest(token: str) -> str:
    """What is stored of a token: nobody can come in with it."""
    return sha256(token.encode()).hexdigest()
