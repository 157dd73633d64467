"""Users who go: with them at once all that they could be known by."""

from sqlalchemy import and_, delete, or_, update

from fullhouse.cleanroom.roles import User
from fullhouse.cleanroom.tenants import find_user
from fullhouse.control.control import Control
from fullhouse.control.schema import AccessKeyRow, MemberRow


def remove_user(control: Control, tenant: str, name: str) -> User:
    """Remove a user of a tenant or of the house, and end every key.

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
        session.execute(
            delete(MemberRow).where(MemberRow.tenant == tenant).where(MemberRow.name == name)
        )
        session.commit()
    return user
