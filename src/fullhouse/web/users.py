"""Who is let in: users with their roles, and the keys of programs. A studio's own, or the house's.

Texts that open something are on the page that follows their making, and on no other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import RedirectResponse, Response

from fullhouse import app
from fullhouse.access.keys import DAYS, OVERLAP_HOURS, Key
from fullhouse.access.principal import scopes_of
from fullhouse.access.users import UserAccess
from fullhouse.cleanroom.roles import VERBS
from fullhouse.core.errors import InputError
from fullhouse.core.values import HOUSE
from fullhouse.web.language import say
from fullhouse.web.pages import link
from fullhouse.web.visit import NotHereError, Page, Visit
from fullhouse.workspace.context import Context

ADDRESS = "/account/users"
HOUSE_ADDRESS = "/house/users"


@dataclass(frozen=True)
class ShownOnce:
    """A text that opens something: what it is for, and how long it is good."""

    what: str
    text: str
    hint: str


def own_users(visit: Visit) -> Page | Response:
    """The users and keys of a studio, for those of its users who may manage them."""
    if not visit.may("manage"):
        raise NotHereError
    made = users_of(visit, visit.studio, visit.who.tenant, ADDRESS)
    if isinstance(made, Response):
        return made
    data = {name: made[name] for name in ("users", "keys")}
    tables = {"keys": key_rows(made["keys"])}
    title = say("Users and keys")
    return Page("users.html", title, made, data, user_rows(made["users"]), "account",
                tables=tables)  # fmt: skip


def users_of(
    visit: Visit, context: Context, tenant: str, address: str
) -> dict[str, Any] | Response:
    """What the page of a tenant's users shows, after what was decided on it."""
    once: ShownOnce | None = None
    if visit.request.method == "POST":
        once = _decide(visit, context, tenant)
        if once is None:
            return RedirectResponse(_address(address, tenant), 303)
    listed = app.user_list(context, app.ListUsers(tenant))
    keys = app.key_list(context, app.ListKeys(tenant)).keys
    named, key_id = visit.query.get("user", ""), visit.query.get("key", "")
    chosen = next((user for user in listed.users if user.name == named), None)
    key = next((k for k in keys if k.id == key_id), None)
    return {
        "address": address,
        "tenant": tenant,
        "users": listed.users,
        "roles": listed.roles,
        "keys": keys,
        "now": context.now,
        "chosen": chosen,
        "verbs": sorted(scopes_of(chosen.role)) if chosen else (),
        "key": key,
        "once": once,
        "days": DAYS,
        "hours": OVERLAP_HOURS,
        "decides": visit.may("admit" if context.tenant == HOUSE else "manage"),
        "is_self": chosen is not None
        and (chosen.name, tenant) == (visit.who.user, visit.who.tenant),
        "link_to": lambda **what: _address(address, tenant, **what),
    }


def user_rows(users: Sequence[UserAccess]) -> list[Mapping[str, Any]]:
    """A row for each user."""
    return [
        {"user": u.name, "role": u.role, "suspended": u.suspended, "since": u.at, "keys": u.keys}
        for u in users
    ]


def key_rows(keys: Sequence[Key]) -> list[Mapping[str, Any]]:
    """A row for each key; what opens something is in none."""
    return [
        {"key": k.id, "user": k.user, "label": k.label, "may": " ".join(k.scopes),
         "made": k.made_at, "until": k.expires_at, "used": k.used_at, "ended": k.ended_at}
        for k in keys
    ]  # fmt: skip


def _decide(visit: Visit, context: Context, tenant: str) -> ShownOnce | None:
    """Do what a form of the page asks for; what is to be shown once, where there is any."""
    name = visit.typed("name")
    match visit.typed("do"):
        case "add":
            known = {u.name for u in app.user_list(context, app.ListUsers(tenant)).users}
            if name in known:
                raise InputError(say("There is a user {name} already.", name=name))
            app.user_add(context, app.AddUser(tenant, name, visit.typed("role")))
            return _password_link(context, tenant, name)
        case "role":
            _one_of_them(context, tenant, name)
            app.user_add(context, app.AddUser(tenant, name, visit.typed("role")))
        case "suspend" | "resume" as what:
            app.user_suspend(context, app.SuspendUser(name, tenant, what == "resume"))
        case "remove":
            if visit.typed("again") != name:
                raise InputError(say("Type the name once more, to remove the user."))
            app.user_remove(context, app.RemoveUser(name, tenant))
        case "link":
            return _password_link(context, tenant, name)
        case "key":
            scopes = tuple(v for v in VERBS if visit.form.get(f"may-{v}"))
            if not scopes:
                raise InputError(say("Say what the key may do."))
            made = app.key_add(context, app.AddKey(
                name, tenant, visit.typed("label"), scopes, _whole(visit, "days", say("Days"))
            ))  # fmt: skip
            return _key_text(made)
        case "rotate":
            hours = _whole(visit, "hours", say("Hours"))
            return _key_text(app.key_rotate(context, app.RotateKey(name, tenant, hours)))
        case "revoke":
            app.key_revoke(context, app.RevokeKey(name, tenant))
        case other:
            raise InputError(say("Nothing is called {given} here.", given=repr(other[:40])))
    return None


def _one_of_them(context: Context, tenant: str, name: str) -> None:
    """An error for a user who is none: another role makes nobody."""
    if name not in {u.name for u in app.user_list(context, app.ListUsers(tenant)).users}:
        raise InputError(say("There is no user {name}.", name=name[:60]))


def _password_link(context: Context, tenant: str, name: str) -> ShownOnce:
    made = app.password_link(context, app.MakeLink(name, tenant))
    return ShownOnce(
        say("By this {name} sets a password:", name=name),
        made.text,
        say("It works once, within {hours} hours, on the page “Set a password”.",
            hours=made.hours),
    )  # fmt: skip


def _key_text(made: app.KeyMade) -> ShownOnce:
    return ShownOnce(
        say("The key of {name}:", name=made.key.user),
        made.text,
        say("A program sends it as: Authorization: Bearer KEY. Nobody can show it again."),
    )


def _whole(visit: Visit, name: str, what: str) -> int:
    given = visit.typed(name)
    if not (given.isascii() and given.isdigit() and len(given) <= 6):
        raise InputError(say("{what} is a whole number, not {given}.", what=what,
                             given=repr(given[:20])))  # fmt: skip
    return int(given)


def _address(address: str, tenant: str, **what: str) -> str:
    studio = {"studio": tenant} if address == HOUSE_ADDRESS else {}
    return link(address, **studio, **what)


PAGES = [(ADDRESS, own_users, "GET POST")]
"""Address, function and methods of each page."""
