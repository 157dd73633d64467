"""Who is let in: keys of programs, users who go, and everybody's own sessions and password.

The house does it for anybody; a tenant's owner for the tenant's own users, and for no others.
Sessions and a password are their user's own business.
"""

from dataclasses import dataclass, field

from fullhouse import control
from fullhouse.access import identities, keys, passwords, users
from fullhouse.access.keys import Key
from fullhouse.access.principal import Principal, scopes_of
from fullhouse.access.sessions import OpenSession, Sessions
from fullhouse.access.users import UserAccess
from fullhouse.app.use_case import tenant_case, use_case
from fullhouse.cleanroom import gate, log, tenants
from fullhouse.cleanroom.release import ForTenants
from fullhouse.cleanroom.roles import HOUSE_ACTOR, User
from fullhouse.cleanroom.tenants import check_active, find_user
from fullhouse.control.control import Control, grant_service
from fullhouse.core.errors import InputError
from fullhouse.core.request import request
from fullhouse.core.values import HOUSE
from fullhouse.workspace.context import Context


@request
class AddKey:
    """A key for a user: what it is for, what it may do (all that the user may), for how long."""

    user: str
    tenant: str | None = None
    label: str = ""
    scopes: tuple[str, ...] = ()
    days: int = keys.DAYS


@request
class ListKeys:
    """The keys of a tenant's users, or of the house's."""

    tenant: str | None = None


@request
class RevokeKey:
    """A key that shall open nothing any more, by its id."""

    key: str
    tenant: str | None = None


@request
class RotateKey:
    """A key that shall be replaced; the old one goes on working for some hours."""

    key: str
    tenant: str | None = None
    overlap_hours: int = keys.OVERLAP_HOURS


@request
class ListUsers:
    """The users of a tenant, or the house's."""

    tenant: str | None = None


@request
class AddUser:
    """A user of a tenant, or of the house, with one role; a known user gets the new role."""

    tenant: str
    name: str
    role: str


@request
class SuspendUser:
    """A user who may do nothing any more; with `resume`, one who may again."""

    user: str
    tenant: str | None = None
    resume: bool = False


@request
class RemoveUser:
    """A user who shall not get in any more."""

    user: str
    tenant: str | None = None


@request
class MakeLink:
    """A user who shall set a password: the first one, or another."""

    user: str
    tenant: str | None = None


@request
class SetEmail:
    """The e-mail address by which the house's provider knows a user."""

    user: str
    email: str
    tenant: str = HOUSE


@request
class EndSession:
    """One of one's own sessions, by its id; without one, all of them."""

    session: str | None = None


@request
class ChangePassword:
    """One's own password, and another one in its place."""

    old: str = field(repr=False)
    new: str = field(repr=False)


@request
class GrantControl:
    """A role of PostgreSQL that the service shall work as."""

    role: str


@dataclass(frozen=True)
class KeyMade(ForTenants):
    """A key, and its text, which is shown this once; without a text, a key that was ended."""

    key: Key
    text: str = ""


@dataclass(frozen=True)
class Keys(ForTenants):
    """The keys of one tenant, the newest first, those that have ended included."""

    tenant: str
    keys: tuple[Key, ...]


@dataclass(frozen=True)
class Users(ForTenants):
    """The users of one tenant, by name, and the roles that they can have."""

    tenant: str
    users: tuple[UserAccess, ...]
    roles: tuple[str, ...]


@dataclass(frozen=True)
class OpenSessions(ForTenants):
    """A user's sessions at a browser that are open, the newest first."""

    user: str
    sessions: tuple[OpenSession, ...]


@dataclass(frozen=True)
class UserRemoved(ForTenants):
    """A user who was removed."""

    user: User


@dataclass(frozen=True)
class LinkMade(ForTenants):
    """A text that sets a user's password, once and for so many hours; it is shown this once."""

    user: User
    text: str
    hours: int


@tenant_case
def key_add(context: Context, request: AddKey) -> KeyMade:
    """Make a key for a user; it is stored as a digest, so that nobody can show it again."""
    tenant = _managed(context, request.tenant)
    user = find_user(context.control, tenant, request.user)
    wanted = frozenset(request.scopes) or scopes_of(user.role)
    _check_gives(context, tenant, wanted)
    with context.control.together() as one:
        key, text = keys.add_key(
            one, user, label=request.label, scopes=request.scopes, days=request.days
        )
        _record(one, context, "key.add", key, scopes=" ".join(key.scopes))
    return KeyMade(key, text)


@tenant_case
def key_list(context: Context, request: ListKeys | None = None) -> Keys:
    """The keys of a tenant's users, or of the house's; no secret is known any more."""
    tenant = _managed(context, None if request is None else request.tenant, writes=False)
    return Keys(tenant, keys.list_keys(context.control, tenant))


@tenant_case
def key_revoke(context: Context, request: RevokeKey) -> KeyMade:
    """End a key at once."""
    tenant = _managed(context, request.tenant)
    with context.control.together() as one:
        key = keys.revoke_key(one, tenant, request.key)
        _record(one, context, "key.revoke", key)
    return KeyMade(key)


@tenant_case
def key_rotate(context: Context, request: RotateKey) -> KeyMade:
    """Make a key in place of another one, which goes on working for a while."""
    tenant = _managed(context, request.tenant)
    old = keys.find_key(context.control, tenant, request.key)
    _check_gives(context, tenant, frozenset(old.scopes))
    with context.control.together() as one:
        key, text = keys.rotate_key(one, tenant, request.key, overlap_hours=request.overlap_hours)
        _record(one, context, "key.rotate", key, replaces=old.id)
    return KeyMade(key, text)


@tenant_case
def user_list(context: Context, request: ListUsers | None = None) -> Users:
    """The users of a tenant, or of the house: their roles, and how many keys they have."""
    tenant = _managed(context, None if request is None else request.tenant, writes=False)
    listed = users.list_users(context.control, tenant, context.now)
    known = tenants.tenant_roles(context.control, tenant)
    return Users(tenant, listed, known)


@tenant_case
def user_add(context: Context, request: AddUser) -> User:
    """Give somebody a role: of a tenant, or of the house; every session of an earlier role ends."""
    tenant = _managed(context, request.tenant)
    _check_gives(context, tenant, scopes_of(request.role))
    if "admit" not in scopes_of(request.role) and "manage" not in scopes_of(request.role):
        _check_leaves(context, tenant, request.name)
    with context.control.together() as one:
        user = tenants.add_user(one, tenant, request.name, request.role)
        _log(one, context, "user.add", tenant, user=user.name, role=user.role)
    return user


@tenant_case
def user_suspend(context: Context, request: SuspendUser) -> User:
    """Let a user do nothing any more, or again: sessions end at once, keys open nothing."""
    tenant = _managed(context, request.tenant)
    if request.resume:
        known = find_user(context.control, tenant, request.user)
        _check_gives(context, tenant, scopes_of(known.role))
    else:
        _check_leaves(context, tenant, request.user)
    action = "user.resume" if request.resume else "user.suspend"
    with context.control.together() as one:
        user = users.suspend_user(one, tenant, request.user, resume=request.resume)
        _log(one, context, action, tenant, user=user.name)
    return user


@tenant_case
def user_remove(context: Context, request: RemoveUser) -> UserRemoved:
    """Remove a user: every key and session ends at once."""
    tenant = _managed(context, request.tenant)
    _check_leaves(context, tenant, request.user)
    with context.control.together() as one:
        user = users.remove_user(one, tenant, request.user)
        _log(one, context, "user.remove", tenant, user=user.name)
    return UserRemoved(user)


@tenant_case
def password_link(context: Context, request: MakeLink) -> LinkMade:
    """Make a text that sets a user's password; the password that there is holds until then."""
    tenant = _managed(context, request.tenant)
    user = find_user(context.control, tenant, request.user)
    _check_gives(context, tenant, scopes_of(user.role))
    with context.control.together() as one:
        text = passwords.make_token(one, user)
        _log(one, context, "password.link", tenant, user=user.name)
    return LinkMade(user, text, passwords.TOKEN_HOURS)


@tenant_case
def session_list(context: Context) -> OpenSessions:
    """List one's own sessions that are open."""
    return _open_sessions(context, _oneself(context))


@tenant_case
def session_end(context: Context, request: EndSession) -> OpenSessions:
    """End one of one's own sessions, or all of them; those that stay open are answered.

    An id that is another user's, or nobody's, ends nothing, and the answer is the same.
    """
    own = _oneself(context, writes=True)
    if request.session is None:
        Sessions(context).end_all(own)
    else:
        Sessions(context).end(own, request.session)
    control.record(context.control, "session.end", {"user": own.user})
    return _open_sessions(context, own)


@tenant_case
def password_change(context: Context, request: ChangePassword) -> OpenSessions:
    """Set another password for oneself, by the one there is; every session of one's own ends.

    Whoever guesses at the old one waits as at a sign-in.
    """
    own = _oneself(context, writes=True)
    Sessions(context).replace_password(
        own, request.old, request.new, address=f"key of {own.tenant}/{own.user}"
    )
    return _open_sessions(context, own)


@use_case
def user_email(context: Context, request: SetEmail) -> User:
    """Let whoever the provider says has an e-mail address come in as a user."""
    _managed(context, request.tenant)
    user = find_user(context.control, request.tenant, request.user)
    _check_gives(context, request.tenant, scopes_of(user.role))
    with context.control.together() as one:
        identities.set_email(one, user, request.email)
        _log(one, context, "user.email", request.tenant, user=user.name)
    return user


@use_case
def control_grant(context: Context, request: GrantControl) -> str:
    """Let a role of PostgreSQL work on the rows of the control database, and own nothing there."""
    grant_service(context.control, request.role)
    control.record(context.control, "control.grant", {"role": request.role})
    return request.role


def _oneself(context: Context, *, writes: bool = False) -> Principal:
    """Who acts, as a user with sessions; an error for one of the house in a tenant's place."""
    if context.actor.startswith(HOUSE_ACTOR):
        raise InputError("Sessions and passwords are their user's own: ask without a tenant.")
    if context.tenant != HOUSE:
        check_active(context.control, context.tenant)
    user = find_user(context.control, context.tenant, context.actor)
    if writes:
        control.check_writable(context.control)
    scopes = scopes_of(user.role, context.scopes)
    return Principal(user.tenant, user.name, user.role, scopes, "key")


def _open_sessions(context: Context, own: Principal) -> OpenSessions:
    return OpenSessions(own.user, Sessions(context).open_sessions(own))


def _managed(context: Context, tenant: str | None, *, writes: bool = True) -> str:
    """Whose users are meant; an error where whoever acts may not manage them.

    Another tenant is refused in the same words whether it exists or not.
    """
    whose = tenant or context.tenant
    if context.tenant == HOUSE:
        needed = "admit" if writes else "audit"
        if context.scopes is not None and needed not in context.scopes:
            raise InputError(f"This key or session may not {needed}: ask an operator of the house.")
    else:
        check_active(context.control, context.tenant)
        gate.check_may(context, "manage")
        if whose != context.tenant:
            raise InputError(f"You manage the users of {context.tenant} alone.")
    if writes:
        control.check_writable(context.control)
    return whose


def _check_gives(context: Context, tenant: str, verbs: frozenset[str]) -> None:
    """An error where somebody would get more than whoever gives it has among one's own.

    An operator of the house admits a tenant's users, who may what no operator may; but no operator
    makes an officer for privacy of oneself, and no key one that opens more than itself.
    """
    more = sorted(verbs - (context.scopes or frozenset()))
    if context.scopes is not None and tenant == context.tenant and more:
        raise InputError(
            f"It would give {', '.join(more)}, which this key or session does not have."
        )


def _check_leaves(context: Context, tenant: str, user: str) -> None:
    """An error where nobody of one's own could manage users any more.

    The house may do so to a studio; and on its own machine, where there is no role to be without.
    """
    if tenant == context.tenant and (tenant != HOUSE or context.scopes is not None):
        users.check_somebody_manages(context.control, tenant, user)


def _record(one: Control, context: Context, action: str, key: Key, **detail: str) -> None:
    _log(one, context, action, key.tenant, user=key.user, key=key.id, **detail)


def _log(one: Control, context: Context, action: str, tenant: str, **detail: str) -> None:
    """In the house's audit log or the tenant's, and in the transparency log of the tenant.

    In the transaction of what was done: nobody gets in, or is shut out, without a row that says so.
    """
    control.record(one, action, {"tenant": tenant, **detail})
    leaf = log.LogLeaf(tenant, action, context.actor, context.now, {"tenant": tenant, **detail})
    with one.begin() as connection:
        log.append(connection, leaf)
