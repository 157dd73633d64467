"""The `fullhouse` command: parse, call the pipeline, print."""

import sys
from typing import Annotated

import typer

from fullhouse import app
from fullhouse.cli import (
    audience,
    campaign,
    campaign_readout,
    experiment,
    feed,
    film,
    lake,
    people,
    scorebook,
    simulate,
    traits,
)
from fullhouse.cli.backtest import backtest
from fullhouse.cli.daily import daily
from fullhouse.cli.discover import discover
from fullhouse.cli.exhibit import exhibit
from fullhouse.cli.forecast import forecast
from fullhouse.cli.plan import plan
from fullhouse.cli.propensity import look_alike, propensity
from fullhouse.cli.report import report
from fullhouse.cli.show import Json, Where, err, out, say_json, table
from fullhouse.core import settings as settings_
from fullhouse.core.errors import FullhouseError, InputError

commands = typer.Typer(
    name="fullhouse",
    help="Find the audience of a film in the data a house already has.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

commands.add_typer(audience.commands, name="audience")
commands.command()(backtest)
commands.add_typer(campaign.commands, name="campaign")
commands.command()(daily)
commands.command()(discover)
commands.command()(exhibit)
commands.add_typer(experiment.commands, name="experiment")
commands.add_typer(feed.commands, name="feed")
commands.command()(feed.ingest)
commands.command()(feed.quarantine)
commands.add_typer(film.commands, name="film")
commands.command()(forecast)
commands.add_typer(lake.commands, name="lake")
commands.command()(campaign_readout.learned)
commands.command("look-alike")(look_alike)
commands.add_typer(people.commands, name="people")
commands.command()(plan)
commands.command()(propensity)
commands.command()(report)
commands.add_typer(scorebook.commands, name="scorebook")
commands.add_typer(simulate.commands, name="simulate")
commands.add_typer(traits.commands, name="traits")


@commands.command()
def init(
    where: Annotated[str, typer.Argument(metavar="DIR", help="Folder or URL.")],
    simulated: Annotated[
        bool, typer.Option("--simulated", help="For a simulated market: every result says so.")
    ] = False,
) -> None:
    """Make a workspace."""
    with app.init_house(where, simulated=simulated) as workspace:
        out.print(f"Made a workspace in {workspace.place.root}", soft_wrap=True)
        out.print("Keep a backup of fullhouse.key: identifiers match only under the same key.")


@commands.command()
def settings(where: Where = ".", json: Json = False) -> None:
    """Print every setting with its value and where that came from."""
    place = app.open_house(where).place
    rows = settings_.origins((place.read(settings_.FILE) or b"").decode())
    if json:
        say_json([vars(r) for r in rows])
        return
    table(
        [(r.name, settings_.as_toml(r.value), r.origin, r.doc) for r in rows],
        ("setting", "value", "from", "meaning"),
    )


def main() -> None:
    """Run the command; a user's mistake ends in one sentence and exit code 2, a failure in 1."""
    try:
        commands()
    except InputError as problem:
        err.print(f"[bold red]error:[/] {_escape(problem)}", soft_wrap=True)
        sys.exit(2)
    except FullhouseError as problem:
        err.print(f"[bold red]failed:[/] {_escape(problem)}", soft_wrap=True)
        sys.exit(1)


def _escape(problem: Exception) -> str:
    from rich.markup import escape

    return escape(str(problem))
