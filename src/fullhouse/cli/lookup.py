"""`fullhouse lookup`: build, check and ask the file of who is in which audience."""

from typing import Annotated

import typer

from fullhouse import app
from fullhouse.cli.show import Json, Where, channels_text, opened, out, say_json, table
from fullhouse.core.values import as_json

commands = typer.Typer(
    help="Which audiences an account is in, for the house's own ad servers.", no_args_is_help=True
)


@commands.command()
def build(
    *,
    campaign: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Lines of this campaign; of all.")
    ] = None,
    audience: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="This audience, NAME or NAME@VERSION; all."),
    ] = None,
    channels: Annotated[
        str | None, typer.Option(metavar="FILE", help="TOML, as campaigns were launched with.")
    ] = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Write the look-up file anew; servers go over to it within a second."""
    request = app.BuildLookup(tuple(campaign or ()), tuple(audience or ()), channels_text(channels))
    with opened(where, quiet=json, doing="Building") as context:
        built = app.lookup_build(context, request)
    if json:
        say_json(as_json(vars(built)))
        return
    table(
        [(s.id, s.channel or None, s.first, s.last, s.persons) for s in built.segments],
        ("segment", "channel", "from", "to", "people"),
    )
    out.print(
        f"{built.accounts:,} accounts of {built.persons:,} people, {built.bytes / 1e6:,.1f} MB.",
        soft_wrap=True,
    )
    if built.ambiguous:
        out.print(
            f"Left out are the people of {built.ambiguous:,} accounts that are spelt with blanks"
            " and without, as two people's."
        )


@commands.command()
def check(where: Where = ".", json: Json = False) -> None:
    """Check every byte of the look-up file, and what has changed since it was built."""
    with opened(where, quiet=json) as context:
        state = app.lookup_check(context)
    built = state.built
    if json:
        counts = {"withheld": state.withheld, "erased": state.erased}
        answered = [segment.id for segment in state.answered]
        value = {"file": str(state.file), "built": vars(built), **counts, "answered": answered}
        say_json(as_json(value))
        return
    out.print(
        f"{state.file} is sound: built {built.at:%Y-%m-%d %H:%M} UTC, {built.accounts:,} accounts"
        f" of {built.persons:,} people.",
        markup=False,
        soft_wrap=True,
    )
    out.print(f"Segments answered today: {len(state.answered)} of {len(built.segments)}.")
    out.print(
        f"Since then {state.withheld:,} people are withheld, and {state.erased:,} accounts erased."
    )


@commands.command()
def show(
    *,
    source: Annotated[str, typer.Option(metavar="SOURCE", help="The account's source.")],
    account: Annotated[str, typer.Option(metavar="ACCOUNT", help="As its source names it.")],
    where: Where = ".",
    json: Json = False,
) -> None:
    """Which segments an account is in now; an unknown account is in none."""
    with opened(where, quiet=json) as context:
        segments = app.lookup_show(context, app.LookUp(source, account))
    if json:
        say_json(as_json({"segments": [vars(s) for s in segments]}))
        return
    if not segments:
        out.print("In nothing.")
        return
    table(
        [(s.id, s.audience, s.channel or None, s.film or None) for s in segments],
        ("segment", "audience", "channel", "film"),
    )
