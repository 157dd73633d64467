"""`fullhouse consent`: withdraw and grant, by the operator's hand."""

from typing import TYPE_CHECKING, Annotated

import typer

from fullhouse import app
from fullhouse.cli.show import Json, Where, opened, out, say_json
from fullhouse.core.values import as_json

if TYPE_CHECKING:
    from fullhouse.consent import Statement

commands = typer.Typer(help="Write down a grant or a withdrawal of consent.", no_args_is_help=True)

Source = Annotated[str, typer.Option("--source", metavar="SOURCE", help="The account's source.")]
Account = Annotated[
    str, typer.Option("--account", metavar="ACCOUNT", help="As its source names it.")
]


@commands.command()
def withdraw(
    *,
    source: Source,
    account: Account,
    purpose: Annotated[
        str | None, typer.Option("--purpose", metavar="PURPOSE", help="One purpose; every one.")
    ] = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Take an account's consent back; it counts at once."""
    with opened(where, quiet=json, doing="Writing") as context:
        stated = app.consent_withdraw(context, app.WithdrawConsent(source, account, purpose))
        due = app.campaign_removals_due(context)
    _say(stated, json, sum(d.accounts for d in due))


@commands.command()
def grant(
    *,
    source: Source,
    account: Account,
    purpose: Annotated[str, typer.Option("--purpose", metavar="PURPOSE", help="What it is for.")],
    where: Where = ".",
    json: Json = False,
) -> None:
    """Write down an account's consent to a purpose."""
    with opened(where, quiet=json, doing="Writing") as context:
        stated = app.consent_grant(context, app.GrantConsent(source, account, purpose))
    _say(stated, json, 0)


def _say(stated: "Statement", json: bool, due: int) -> None:
    from fullhouse.view.words.plan import removals_due_words

    if json:
        say_json(as_json({**vars(stated), "removals_due": due}))
        return
    verb = "grants" if stated.granted else "refuses"
    purposes = ", ".join(stated.purposes)
    out.print(
        f"Account {stated.account} of {stated.source} {verb} {purposes} from now on.",
        markup=False,
        soft_wrap=True,
    )
    if not stated.known:
        out.print(
            "[bold]The house has no account of that name yet:[/] look at the spelling. What was"
            " written counts as soon as it comes.",
            soft_wrap=True,
        )
    if due:
        out.print(removals_due_words(due), markup=False, soft_wrap=True)
