"""Tenants, their titles and users: added, listed, suspended, and looked up as one of them sees."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from fullhouse.cleanroom.roles import PARTNER_ROLES, TENANT_ROLES, User, roles_of
from fullhouse.control.control import Control
from fullhouse.control.schema import MemberRow, TenantRow, TitleRow
from fullhouse.core.brief import Brief
from fullhouse.core.errors import InputError, NotFoundError, did_you_mean
from fullhouse.core.values import HOUSE, check_name, check_slug

ACTIVE, SUSPENDED = "active", "suspended"


@dataclass(frozen=True)
class Tenant(Brief):
    """A studio: active, or suspended and then unable to ask anything."""

    tenant: str
    label: str
    status: str
    at: datetime
    titles: tuple[str, ...] = ()
    users: tuple[User, ...] = ()


@dataclass(frozen=True)
class Title(Brief):
    """A film that a tenant works on."""

    tenant: str
    film: str
    secret: bool
    at: datetime


def add_tenant(control: Control, name: str, label: str = "") -> Tenant:
    """A new tenant under a name that is its for ever."""
    check_slug(name, what="The name of a tenant")
    if name == HOUSE:
        raise InputError(f"{HOUSE!r} is the house itself; a tenant needs another name.")
    row = {"tenant": name, "label": label or name, "status": ACTIVE, "at": control.clock()}
    try:
        with control.session() as session:
            session.add(TenantRow(**row))
            session.commit()
    except IntegrityError:
        raise InputError(f"There is a tenant {name!r} already.") from None
    return find_tenant(control, name)


def tenants(control: Control) -> tuple[Tenant, ...]:
    """Every tenant with its titles and users, for the house alone."""
    with control.session() as session:
        names = list(session.scalars(select(TenantRow.tenant).order_by(TenantRow.tenant)))
    return tuple(find_tenant(control, name) for name in names)


def find_tenant(control: Control, name: str) -> Tenant:
    """A tenant by name, for the house; an error when there is none."""
    with control.session() as session:
        row = session.get(TenantRow, name)
        if row is None:
            known = list(session.scalars(select(TenantRow.tenant)))
            raise NotFoundError(code="no_tenant", tenant=name, near=did_you_mean(name, known))
        films = session.scalars(
            select(TitleRow.film).where(TitleRow.tenant == name).order_by(TitleRow.film)
        )
        members = session.scalars(
            select(MemberRow).where(MemberRow.tenant == name).order_by(MemberRow.name)
        )
        users = tuple(map(_user, members))
        return Tenant(row.tenant, row.label, row.status, row.at, tuple(films), users)


def suspend_tenant(control: Control, name: str, *, resume: bool = False) -> Tenant:
    """Let a tenant ask nothing any more, or again."""
    find_tenant(control, name)
    with control.session() as session:
        status = ACTIVE if resume else SUSPENDED
        session.execute(update(TenantRow).where(TenantRow.tenant == name).values(status=status))
        session.commit()
    return find_tenant(control, name)


def add_title(control: Control, tenant: str, film: str, *, secret: bool = False) -> Title:
    """A film that a tenant works on from now on; a secret one is hidden from every other tenant."""
    if any(user.role in PARTNER_ROLES for user in find_tenant(control, tenant).users):
        raise InputError(f"{tenant} is a channel or an exhibitor, which works on no title.")
    with control.session() as session:
        others = list(
            session.scalars(
                select(TitleRow).where(TitleRow.film == film).where(TitleRow.tenant != tenant)
            )
        )
        if secret and others:
            raise InputError(
                f"{film} is a title of another tenant, so it cannot be secret: that one knows it."
            )
        if any(row.secret for row in others):
            raise InputError(f"{film} is a secret title of another tenant.")
        session.add(TitleRow(tenant=tenant, film=film, secret=secret, at=control.clock()))
        try:
            session.commit()
        except IntegrityError:
            raise InputError(f"{film} is a title of {tenant} already.") from None
    return next(t for t in titles(control, tenant) if t.film == film)


def titles(control: Control, tenant: str) -> tuple[Title, ...]:
    """The titles of one tenant."""
    query = select(TitleRow).where(TitleRow.tenant == tenant).order_by(TitleRow.film)
    with control.session() as session:
        return tuple(Title(r.tenant, r.film, r.secret, r.at) for r in session.scalars(query))


def hidden_films(control: Control, tenant: str) -> frozenset[str]:
    """Films that a tenant must not learn of: the secret titles of all others."""
    query = select(TitleRow.film).where(TitleRow.secret).where(TitleRow.tenant != tenant)
    with control.with_all().connect() as connection:
        return frozenset(connection.scalars(query))


def titles_of_others(control: Control, tenant: str) -> frozenset[str]:
    """Films that are titles of other tenants; for the house, of any."""
    query = select(TitleRow.film).where(TitleRow.tenant != tenant)
    with control.connect() as connection:
        return frozenset(connection.scalars(query))


def films_of_one_tenant(control: Control, tenant: str) -> frozenset[str]:
    """The titles of a tenant that are no other tenant's, too."""
    with control.with_all().session() as session:
        rows = [(r.tenant, r.film) for r in session.scalars(select(TitleRow))]
    others = {film for owner, film in rows if owner != tenant}
    return frozenset(film for owner, film in rows if owner == tenant and film not in others)


def own_title(control: Control, tenant: str, film: str) -> str:
    """The id of a tenant's own title.

    Any other film gives the same error in the same words, after the same look-up, whether it
    exists, is a rival's, is secret, or is nothing at all.
    """
    own = [title.film for title in titles(control, tenant)]
    if film in own:
        return film
    raise NotFoundError(
        f"No title {film!r} of yours.{did_you_mean(film, own)} Ask the house to add it to your"
        " titles."
    )


def add_user(control: Control, tenant: str, name: str, role: str) -> User:
    """A user of a tenant, or of the house, with one role; a known one gets the new role."""
    if tenant != HOUSE:
        find_tenant(control, tenant)
    check_name(name, what="The name of a user")
    if ":" in name:
        raise InputError(f"The name of a user has no ':', unlike {name!r}.")
    if role not in roles_of(tenant):
        raise InputError(
            f"A user of {'the house' if tenant == HOUSE else 'a tenant'} is"
            f" {', '.join(roles_of(tenant))}, not {role!r}.{did_you_mean(role, roles_of(tenant))}"
        )
    _check_kind(control, tenant, role)
    with control.session() as session:
        session.merge(MemberRow(tenant=tenant, name=name, role=role, at=control.clock()))
        session.commit()
    return find_user(control, tenant, name)


def tenant_roles(control: Control, tenant: str) -> tuple[str, ...]:
    """The roles that users of a tenant can have: a studio's or a partner's, by those it has."""
    if tenant == HOUSE:
        return roles_of(tenant)
    known = {user.role in PARTNER_ROLES for user in find_tenant(control, tenant).users}
    if titles(control, tenant):
        known.add(False)
    studios, partners = (() if known - {kind} else roles for kind, roles in (
        (False, TENANT_ROLES), (True, PARTNER_ROLES)))  # fmt: skip
    return (*studios, *partners)


def suspend_user(control: Control, tenant: str, name: str, *, resume: bool = False) -> User:
    """Let a user do nothing any more, or again; name, role and keys stay."""
    find_user(control, tenant, name)
    own = (MemberRow.tenant == tenant, MemberRow.name == name)
    at = None if resume else control.clock()
    with control.session() as session:
        session.execute(update(MemberRow).where(*own).values(suspended_at=at))
        session.commit()
    return find_user(control, tenant, name)


def _user(row: MemberRow) -> User:
    return User(row.name, row.tenant, row.role, row.suspended_at is not None)


def _check_kind(control: Control, tenant: str, role: str) -> None:
    """An error where a studio would get a partner's user, or a partner a studio's."""
    if tenant == HOUSE:
        return
    is_partner = role in PARTNER_ROLES
    if role not in tenant_roles(control, tenant):
        raise InputError(
            f"{tenant} is {'a studio' if is_partner else 'a partner'}: its users are"
            f" {', '.join(TENANT_ROLES if is_partner else PARTNER_ROLES)}. Add a tenant of its own"
            f" for {'a channel or an exhibitor' if is_partner else 'a studio'}."
        )


def find_user(control: Control, tenant: str, name: str) -> User:
    """A user of a tenant by name; an error that says no more than that there is none."""
    with control.session() as session:
        row = session.get(MemberRow, (tenant, name))
    if row is None:
        raise NotFoundError(f"No user {name!r} of yours.")
    return _user(row)


def check_active(control: Control, tenant: str) -> None:
    """An error when a tenant is suspended, or is none."""
    with control.session() as session:
        row = session.get(TenantRow, tenant)
    if row is None:
        raise InputError(f"There is no tenant {tenant!r}.")
    if row.status != ACTIVE:
        raise InputError("Your access is suspended. Ask the house.")
