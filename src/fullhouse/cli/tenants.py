"""The house's side of the clean room: `tenant`, `user`, `policy` and `ledger`."""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from fullhouse import app
from fullhouse.cli.room import As, opened_as
from fullhouse.cli.show import (
    Film,
    Json,
    Rows,
    Where,
    done,
    opened,
    out,
    say_json,
    table,
)
from fullhouse.core.values import HOUSE, as_json

if TYPE_CHECKING:
    from fullhouse.app import Context
    from fullhouse.cleanroom.ledger import LedgerEntry

T = TypeVar("T")

tenants = typer.Typer(help="Studios that work through the clean room.", no_args_is_help=True)
titles = typer.Typer(help="Films that a tenant works on.", no_args_is_help=True)
users = typer.Typer(help="Who may do what.", no_args_is_help=True)
policy = typer.Typer(help="What tenants may ask, and at what price.", no_args_is_help=True)
tenants.add_typer(titles, name="title")


def _done(
    where: str, json: bool, verb: "Callable[[Context, Any], T]", request: Any,
    sentence: Callable[[T], str],
) -> None:  # fmt: skip
    """Do something in a workspace, and print what became of it as JSON or in a sentence."""
    with opened(where, quiet=json) as context:
        result: Any = verb(context, request)
    done(as_json(asdict(result)), sentence(result), json=json)


@tenants.command("add")
def tenant_add(
    name: Annotated[str, typer.Argument(metavar="TENANT", help="Its name, such as lion.")],
    label: Annotated[str, typer.Option(help="How its name is written.")] = "",
    where: Where = ".",
    json: Json = False,
) -> None:
    """Admit a studio; give it a title and a user next."""
    request = app.AddTenant(name, label)
    _done(where, json, app.tenant_add, request, lambda t: f"Added tenant {t.tenant}.")


@tenants.command("list")
def tenant_list(where: Where = ".", json: Json = False) -> None:
    """List tenants with their titles and users."""
    with opened(where, quiet=json) as context:
        listed = app.tenant_list(context)
    if json:
        say_json({"tenants": [as_json(asdict(t)) for t in listed]})
        return
    rows = [
        (t.tenant, t.label, t.status, ", ".join(t.titles),
         ", ".join(f"{u.name} ({u.role})" for u in t.users))
        for t in listed
    ]  # fmt: skip
    table(rows, ("tenant", "name", "status", "titles", "users"))


@tenants.command("suspend")
def tenant_suspend(
    name: Annotated[str, typer.Argument(metavar="TENANT", help="Its name.")],
    resume: Annotated[bool, typer.Option("--resume", help="Let it ask again.")] = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Let a tenant ask nothing any more; what it spent stays spent."""
    request = app.SuspendTenant(name, resume)
    _done(where, json, app.tenant_suspend, request, lambda t: f"{t.tenant} is {t.status}.")


@titles.command("add")
def title_add(
    tenant: Annotated[str, typer.Argument(metavar="TENANT", help="Its name.")],
    film: Film,
    secret: Annotated[
        bool, typer.Option("--secret", help="No other tenant learns that it exists.")
    ] = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Give a tenant a title to work on."""
    _done(
        where,
        json,
        app.tenant_title,
        app.AddTitle(tenant, film, secret),
        lambda t: f"{t.tenant} works on {t.film}{', in secret' if t.secret else ''}.",
    )


@users.command("add")
def user_add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The user's name.")],
    role: Annotated[
        str,
        typer.Argument(
            metavar="ROLE",
            help="Of a tenant: owner, marketer, viewer. Of a partner: channel, exhibitor."
            " Of the house: operator, privacy, auditor.",
        ),
    ],
    tenant: Annotated[
        str | None, typer.Option(metavar="TENANT", help="Whose user; the house's without it.")
    ] = None,
    who: As = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Give somebody a role; a known user gets the new one."""
    with opened(where, quiet=json) if who is None else opened_as(where, who, quiet=json) as context:
        user = app.user_add(context, app.AddUser(tenant or context.tenant, name, role))
    if json:
        say_json(asdict(user))
        return
    out.print(f"{user.name} is {user.role} of {user.tenant}.")


@users.command("list")
def user_list(
    tenant: Annotated[
        str | None, typer.Option(metavar="TENANT", help="Whose users; the house's without it.")
    ] = None,
    who: As = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """List users: their roles, whether they may come in, and how many keys they have."""
    with opened(where, quiet=json) if who is None else opened_as(where, who, quiet=json) as context:
        listed = app.user_list(context, app.ListUsers(tenant))
    if json:
        say_json(as_json(asdict(listed)))
        return
    rows = [
        (u.name, u.role, "suspended" if u.suspended else "active", str(u.keys), f"{u.at:%Y-%m-%d}")
        for u in listed.users
    ]
    table(rows, ("user", "role", "status", "good keys", "role since"))


@users.command("suspend")
def user_suspend(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The user's name.")],
    tenant: Annotated[
        str | None, typer.Option(metavar="TENANT", help="Whose user; the house's without it.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Let the user in again.")] = False,
    who: As = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Let a user do nothing for a while: sessions end at once, keys open nothing meanwhile."""
    with opened(where, quiet=json) if who is None else opened_as(where, who, quiet=json) as context:
        user = app.user_suspend(context, app.SuspendUser(name, tenant, resume))
    if json:
        say_json(asdict(user))
        return
    out.print(f"{user.name} of {user.tenant} is {'suspended' if user.suspended else 'active'}.")


@users.command("remove")
def user_remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The user's name.")],
    tenant: Annotated[
        str | None, typer.Option(metavar="TENANT", help="Whose user; the house's without it.")
    ] = None,
    who: As = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Let a user in no more; every key of the user ends at once."""
    with opened(where, quiet=json) if who is None else opened_as(where, who, quiet=json) as context:
        user = app.user_remove(context, app.RemoveUser(name, tenant)).user
    if json:
        say_json(asdict(user))
        return
    out.print(f"{user.name} is no user of {user.tenant} any more.")


@users.command("password")
def user_password(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The user's name.")],
    tenant: Annotated[
        str | None, typer.Option(metavar="TENANT", help="Whose user; the house's without it.")
    ] = None,
    who: As = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Make a link by which a user sets a password, once and within a day."""
    with opened(where, quiet=json) if who is None else opened_as(where, who, quiet=json) as context:
        link = app.password_link(context, app.MakeLink(name, tenant))
    if json:
        say_json(as_json(asdict(link)))
        return
    out.print(f"/password?token={link.text}", markup=False, soft_wrap=True)
    out.print(f"Send it to {name}: it sets a password once, within {link.hours} hours.")


@users.command("email")
def user_email(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The user's name.")],
    email: Annotated[str, typer.Argument(metavar="E-MAIL", help="As the provider has it.")],
    tenant: Annotated[
        str, typer.Option(metavar="TENANT", help="Whose user; the house's without it.")
    ] = HOUSE,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Let whoever the provider knows by an e-mail address come in as a user."""
    request = app.SetEmail(name, email, tenant)
    _done(
        where, json, app.user_email, request, lambda u: f"{u.name} of {tenant} comes in as {email}."
    )


@policy.command("check")
def policy_check(
    new: Annotated[
        bool, typer.Option("--new", help="First write a policy for a house that has none.")
    ] = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Say what the policy allows, and how wide answers will be."""
    with opened(where, quiet=json) as context:
        facts = app.policy_check(context, app.CheckPolicy(write=new))
    if json:
        say_json(as_json(asdict(facts)))
        return
    from fullhouse.view.words.release import policy_rows, policy_sentences

    for line in policy_sentences(facts):
        out.print(line, markup=False, soft_wrap=True)
    table(*policy_rows(facts))


def ledger(
    tenant: Annotated[
        str | None, typer.Option("--tenant", metavar="TENANT", help="Only this tenant's.")
    ] = None,
    epoch: Annotated[
        str | None, typer.Option(metavar="EPOCH", help="Only this epoch's, such as 2026.")
    ] = None,
    rows: Rows = 20,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Show the privacy budget: who spent it on what, and what is left; exit 1 when unsound."""
    with opened(where, quiet=json) as context:
        shown = app.ledger_show(context, app.ShowLedger(tenant, epoch, rows or 2**31))
    if json:
        say_json(as_json(asdict(shown)))
    else:
        from fullhouse.view.words.release import rho_words

        budgets = [
            (s.tenant, s.epoch, s.budget.scope, s.budget.name, rho_words(s.budget.spent),
             rho_words(s.budget.cap), rho_words(s.budget.left))
            for s in shown.budgets
        ]  # fmt: skip
        table(budgets, ("tenant", "epoch", "budget", "of", "spent ρ", "of ρ", "left ρ"))
        table(_spendings(shown.entries), ("at (UTC)", "tenant", "title", "question", "ρ", "by"))
        out.print(f"Spent since ever: {rho_words(shown.spent)} ρ.")
    if shown.disagreements:
        out.print(f"Rows and budgets disagree: {', '.join(shown.disagreements)}.", markup=False)
        raise typer.Exit(1)


def _spendings(entries: Iterable["LedgerEntry"]) -> list[tuple[str, ...]]:
    """A row for each spending: what was reserved for it and given back stands in one."""
    from fullhouse.view.words.release import rho_words

    spent: dict[str, int] = {}
    rows = {}
    for entry in entries:
        spent[entry.reservation] = spent.get(entry.reservation, 0) + entry.rho
        rows[entry.reservation] = (
            f"{entry.at:%Y-%m-%d %H:%M}", entry.tenant, entry.title, entry.kind, entry.actor,
        )  # fmt: skip
    return [(*row[:4], rho_words(max(spent[key], 0)), row[4]) for key, row in rows.items()]
