"""`fullhouse key`: what programs show that they may come in."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from fullhouse import app
from fullhouse.cli.room import opened_for
from fullhouse.cli.show import Json, Where, done, opened, out, say_json, table
from fullhouse.core.values import as_json

if TYPE_CHECKING:
    from fullhouse.app import KeyMade

commands = typer.Typer(help="Keys of programs.", no_args_is_help=True)

control = typer.Typer(help="The control database.", no_args_is_help=True)

Tenant = Annotated[
    str | None,
    typer.Option(metavar="TENANT", help="Whose; the house's own without it."),
]
As = Annotated[
    str | None,
    typer.Option("--as", metavar="TENANT/USER", help="As this owner, for the tenant's own users."),
]
KeyId = Annotated[str, typer.Argument(metavar="KEY", help="Its id, as key list shows it.")]


@commands.command()
def add(
    user: Annotated[str, typer.Argument(metavar="USER", help="For whom it speaks.")],
    tenant: Tenant = None,
    label: Annotated[str, typer.Option(help="What it is for.")] = "",
    scope: Annotated[
        list[str] | None,
        typer.Option(metavar="VERB", help="What it may do; again for more. All the user may."),
    ] = None,
    days: Annotated[int, typer.Option(help="How long it is good for.")] = 90,
    who: As = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Make a key; it is shown this once."""
    request = app.AddKey(user, tenant, label, tuple(scope or ()), days)
    with opened_for(where, who, quiet=json) as context:
        _show(app.key_add(context, request), json=json)


@commands.command("list")
def list_(tenant: Tenant = None, who: As = None, where: Where = ".", json: Json = False) -> None:
    """List the keys of a tenant's users, or of the house's."""
    with opened_for(where, who, quiet=json) as context:
        listed = app.key_list(context, app.ListKeys(tenant))
        now = context.now
    if json:
        say_json({"tenant": listed.tenant, "keys": [as_json(asdict(k)) for k in listed.keys]})
        return
    rows = [
        (k.id, k.user, k.label, " ".join(k.scopes), f"{k.expires_at:%Y-%m-%d}",
         "-" if k.used_at is None else f"{k.used_at:%Y-%m-%d %H:%M}",
         "good" if k.is_good(now) else "ended")
        for k in listed.keys
    ]  # fmt: skip
    table(rows, ("key", "user", "label", "may", "until", "last used (UTC)", "state"))


@commands.command()
def revoke(
    key: KeyId, tenant: Tenant = None, who: As = None, where: Where = ".", json: Json = False
) -> None:
    """End a key at once."""
    with opened_for(where, who, quiet=json) as context:
        _show(app.key_revoke(context, app.RevokeKey(key, tenant)), json=json)


@commands.command()
def rotate(
    key: KeyId,
    tenant: Tenant = None,
    overlap_hours: Annotated[int, typer.Option(help="How long the old key goes on working.")] = 24,
    who: As = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Make a key in place of another one; it is shown this once."""
    with opened_for(where, who, quiet=json) as context:
        _show(app.key_rotate(context, app.RotateKey(key, tenant, overlap_hours)), json=json)


@control.command()
def grant(
    role: Annotated[str, typer.Argument(metavar="ROLE", help="Such as fullhouse_service.")],
    where: Where = ".",
    json: Json = False,
) -> None:
    """Let a role of PostgreSQL work on the rows, each tenant's apart; for the service."""
    with opened(where, quiet=json) as context:
        app.control_grant(context, app.GrantControl(role))
    sentence = f"{role} may work on the rows, and owns nothing. Let the service connect as it."
    done({"role": role}, sentence, json=json)


def _show(made: "KeyMade", *, json: bool) -> None:
    key = made.key
    if json:
        say_json(as_json(asdict(key)) | ({"text": made.text} if made.text else {}))
        return
    if not made.text:
        out.print(f"Key {key.id} has ended.")
        return
    out.print(made.text, markup=False, soft_wrap=True)
    out.print(
        f"It speaks for {key.user} of {key.tenant}, may {', '.join(key.scopes)}, and is good until"
        f" {key.expires_at:%Y-%m-%d %H:%M} UTC. Keep it: it cannot be shown again.",
        markup=False,
        soft_wrap=True,
    )
