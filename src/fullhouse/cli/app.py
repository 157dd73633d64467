"""The `fullhouse` command: parse, call the pipeline, print."""

import sys
from typing import Annotated

import typer

from fullhouse import pipeline
from fullhouse import settings as settings_
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
from fullhouse.errors import FullhouseError, InputError

app = typer.Typer(
    name="fullhouse",
    help="Find the audience of a film in the data a house already has.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.add_typer(audience.app, name="audience")
app.command()(backtest)
app.add_typer(campaign.app, name="campaign")
app.command()(daily)
app.command()(discover)
app.command()(exhibit)
app.add_typer(experiment.app, name="experiment")
app.add_typer(feed.app, name="feed")
app.command()(feed.ingest)
app.command()(feed.quarantine)
app.add_typer(film.app, name="film")
app.command()(forecast)
app.add_typer(lake.app, name="lake")
app.command()(campaign_readout.learned)
app.command("look-alike")(look_alike)
app.add_typer(people.app, name="people")
app.command()(plan)
app.command()(propensity)
app.command()(report)
app.add_typer(scorebook.app, name="scorebook")
app.add_typer(simulate.app, name="simulate")
app.add_typer(traits.app, name="traits")


@app.command()
def init(
    where: Annotated[str, typer.Argument(metavar="DIR", help="Folder or URL.")],
    simulated: Annotated[
        bool, typer.Option("--simulated", help="For a simulated market: every result says so.")
    ] = False,
) -> None:
    """Make a workspace."""
    with pipeline.init(where, simulated=simulated) as workspace:
        out.print(f"Made a workspace in {workspace.place.root}", soft_wrap=True)
        out.print("Keep a backup of fullhouse.key: identifiers match only under the same key.")


@app.command()
def settings(where: Where = ".", json: Json = False) -> None:
    """Print every setting with its value and where that came from."""
    place = pipeline.open_workspace(where).place
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
        app()
    except InputError as problem:
        err.print(f"[bold red]error:[/] {_escape(problem)}", soft_wrap=True)
        sys.exit(2)
    except FullhouseError as problem:
        err.print(f"[bold red]failed:[/] {_escape(problem)}", soft_wrap=True)
        sys.exit(1)


def _escape(problem: Exception) -> str:
    from rich.markup import escape

    return escape(str(problem))
