"""Users as those who manage them see them; who goes or is suspended, and what ends with that."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Update, and_, delete, or_, select, update

from fullhouse.access.keys import list_keys, utc
from fullhouse.cleanroom import tenants
from fullhouse.cleanroom.roles import MAY, User
from fullhouse.cleanroom.tenants import find_user
from fullhouse.control.control import Control
from fullhouse.control.schema import (
    AccessKeyRow,
    IdentityRow,
    MemberRow,
    PasswordRow,
    SessionRow,
)
from fullhouse.core.errors import InputError
from fullhouse.core.values import HOUSE


@dataclass(frozen=True)
class UserAccess:
    """A user, since when the role is theirs, and how many of their keys are good."""

    name: str
    role: str
    suspended: bool
    at: datetime
    keys: int


def list_users(control: Control, tenant: str, now: datetime) -> tuple[UserAccess, ...]:
    """The users of a tenant or of the house, by name."""
    good = [key.user for key in list_keys(control, tenant) if key.is_good(now)]
    rows = select(MemberRow).where(MemberRow.tenant == tenant).order_by(MemberRow.name)
    with control.session() as session:
        return tuple(
            UserAccess(r.name, r.role, r.suspended_at is not None, utc(r.at), good.count(r.name))
            for r in session.scalars(rows)
        )


def check_somebody_manages(control: Control, tenant: str, but: str) -> None:
    """An error where without one user nobody could manage a tenant's users, or the house's."""
    verb = "admit" if tenant == HOUSE else "manage"
    with control.session() as session:
        rows = session.execute(
            select(MemberRow.name, MemberRow.role)
            .where(MemberRow.tenant == tenant)
            .where(MemberRow.suspended_at.is_(None))
        ).all()
    able = {name for name, role in rows if verb in MAY[role]}
    if able == {but}:
        role = "operator" if tenant == HOUSE else "owner"
        raise InputError(f"{but} is the last {role}: make somebody else one first.")


def suspend_user(control: Control, tenant: str, name: str, *, resume: bool = False) -> User:
    """Let a user do nothing any more, or again; every session ends, keys open nothing meanwhile."""
    user = tenants.suspend_user(control, tenant, name, resume=resume)
    if not resume:
        with control.session() as session:
            session.execute(ended_sessions(user, control.clock()))
            session.commit()
    return user


def remove_user(control: Control, tenant: str, name: str) -> User:
    """Remove a user of a tenant or of the house, and all that the user could come in by.

    Somebody who gets the same name later gets nothing of the one who had it.
    """
    user, now = find_user(control, tenant, name), control.clock()
    keys = and_(
        AccessKeyRow.tenant == tenant,
        AccessKeyRow.member == name,
        or_(AccessKeyRow.ended_at.is_(None), AccessKeyRow.ended_at > now),
    )
    with control.session() as session:
        session.execute(update(AccessKeyRow).where(keys).values(ended_at=now))
        session.execute(ended_sessions(user, now))
        for row in (PasswordRow, IdentityRow):
            session.execute(delete(row).where(row.tenant == tenant, row.member == name))
        session.execute(
            delete(MemberRow).where(MemberRow.tenant == tenant).where(MemberRow.name == name)
        )
        session.commit()
    return user


def ended_sessions(user: User, now: datetime) -> Update:
    """The statement that ends every session of a user."""
    return (
        update(SessionRow)
        .where(SessionRow.tenant == user.tenant)
        .where(SessionRow.member == user.name)
        .where(SessionRow.ended_at.is_(None))
        .values(ended_at=now)
    )
