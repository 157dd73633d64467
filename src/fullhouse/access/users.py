"""Users who go, and what ends with them: keys, passwords, sessions, what a provider knows."""

from datetime import datetime

from sqlalchemy import Update, and_, delete, or_, update

from fullhouse.cleanroom.roles import User
from fullhouse.cleanroom.tenants import find_user
from fullhouse.control.control import Control
from fullhouse.control.schema import (
    AccessKeyRow,
    IdentityRow,
    MemberRow,
    PasswordRow,
    SessionRow,
)


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
