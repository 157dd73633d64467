"""Users by what the house's provider says of somebody: its subject, a verified e-mail, groups."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, update

from fullhouse.cleanroom import tenants
from fullhouse.cleanroom.roles import User, roles_of
from fullhouse.control.control import Control
from fullhouse.control.schema import IdentityRow, MemberRow, TenantRow
from fullhouse.core.errors import InputError
from fullhouse.core.settings import Settings
from fullhouse.core.values import HOUSE

_MAIL = re.compile(r"[^\s@]{1,200}@[^\s@]{1,100}")
_NAME = re.compile(r"[^\w .-]+")


@dataclass(frozen=True)
class Grant:
    """What members of a provider's group are: of which tenant, in which role."""

    group: str
    tenant: str
    role: str


def grants(settings: Settings) -> tuple[Grant, ...]:
    """The groups that the house's settings say something of, written GROUP=TENANT/ROLE."""
    rows = []
    for text in settings.oidc_groups:
        form = re.fullmatch(r"(.+)=([^=/]+)/([^=/]+)", text)
        if form is None or form[3] not in roles_of(form[2]):
            raise InputError(
                f"Setting 'oidc_groups' has entries GROUP=TENANT/ROLE, such as"
                f" lion-marketing=lion/marketer, not {text!r}."
            )
        rows.append(Grant(*form.groups()))
    return tuple(rows)


def set_email(control: Control, user: User, email: str) -> None:
    """Let whoever the provider says has an e-mail address come in as a user.

    For the house alone: whether an address is another tenant's user nobody else may learn.
    """
    plain = email.strip().casefold()
    if not _MAIL.fullmatch(plain):
        raise InputError(f"An e-mail address is NAME@HOST, not {email[:60]!r}.")
    with control.session() as session:
        taken = session.scalars(select(IdentityRow).where(IdentityRow.email == plain)).first()
        if taken is not None and (taken.tenant, taken.member) != (user.tenant, user.name):
            raise InputError(f"{plain} is {taken.member} of {taken.tenant} already.")
        own = (IdentityRow.tenant == user.tenant, IdentityRow.member == user.name)
        session.execute(delete(IdentityRow).where(*own))
        session.add(IdentityRow(tenant=user.tenant, member=user.name, email=plain))
        session.commit()


def user_of_claims(control: Control, claims: Mapping[str, Any], settings: Settings) -> User | None:
    """Who a provider's statement is about; None for whoever is nobody here.

    The issuer's subject counts; an e-mail address binds it once, where the provider has verified
    it. Groups give a role, and make a user, only where the settings say so.
    """
    issuer, subject = claims.get("iss"), claims.get("sub")
    if not isinstance(issuer, str) or not isinstance(subject, str) or not issuer or not subject:
        return None
    every = control.with_all()
    identity = _known(every, issuer, subject) or _bound(every, claims, issuer, subject)
    granted = _granted(grants(settings), claims.get("groups"))
    if identity is None:
        return _made(every, claims, granted) if granted and settings.oidc_create else None
    user = _member(every, *identity)
    if user is not None and user.suspended:
        return None
    if user is None or granted is None or granted.tenant != user.tenant:
        return user
    if granted.role != user.role:
        return tenants.add_user(every, user.tenant, user.name, granted.role)
    return user


def _known(control: Control, issuer: str, subject: str) -> tuple[str, str] | None:
    row = select(IdentityRow.tenant, IdentityRow.member).where(
        IdentityRow.issuer == issuer, IdentityRow.subject == subject
    )
    with control.connect() as connection:
        match = connection.execute(row).first()
    return None if match is None else (match.tenant, match.member)


def _bound(
    control: Control, claims: Mapping[str, Any], issuer: str, subject: str
) -> tuple[str, str] | None:
    """The user of a verified e-mail address whom no subject is bound to yet."""
    email = claims.get("email")
    if claims.get("email_verified") is not True or not isinstance(email, str):
        return None
    free = (
        update(IdentityRow)
        .where(IdentityRow.email == email.strip().casefold())
        .where(IdentityRow.subject.is_(None))
        .values(issuer=issuer, subject=subject)
    )
    with control.begin() as connection:
        bound = connection.execute(free).rowcount
    return _known(control, issuer, subject) if bound else None


def _granted(known: Sequence[Grant], groups: object) -> Grant | None:
    """What somebody's groups give; of several, the first that the settings name."""
    names = set(groups) if isinstance(groups, list) else set()
    return next((grant for grant in known if grant.group in names), None)


def _made(control: Control, claims: Mapping[str, Any], granted: Grant) -> User | None:
    """A new user; never one who has been there, under whatever name the provider gives."""
    wanted = claims.get("preferred_username") or claims.get("name") or claims.get("sub")
    name = _NAME.sub("-", str(wanted)).strip(" -")[:60]
    if not name or _member(control, granted.tenant, name) is not None:
        return None
    if granted.tenant != HOUSE and not _is_tenant(control, granted.tenant):
        return None
    user = tenants.add_user(control, granted.tenant, name, granted.role)
    with control.session() as session:
        session.add(
            IdentityRow(
                tenant=user.tenant, member=user.name, issuer=claims["iss"], subject=claims["sub"]
            )
        )
        session.commit()
    return user


def _member(control: Control, tenant: str, name: str) -> User | None:
    with control.session() as session:
        row = session.get(MemberRow, (tenant, name))
    suspended = row is not None and row.suspended_at is not None
    return None if row is None else User(row.name, row.tenant, row.role, suspended)


def _is_tenant(control: Control, tenant: str) -> bool:
    with control.session() as session:
        return session.get(TenantRow, tenant) is not None
