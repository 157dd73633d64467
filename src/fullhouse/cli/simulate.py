"""`fullhouse simulate DIR` and `fullhouse simulate respond DIR DELIVERIES`."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from fullhouse.cli.show import Json, out, parse_day, progress, say_json, table

LABEL = "All of it is simulated: no person, film, cinema or shop in it is real."

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the market.")]


class _MarketByDefault(TyperGroup):
    """`simulate DIR` is `simulate market DIR`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, "-h", "--help"):
            args = ["market", *args]
        return super().parse_args(ctx, args)


commands = typer.Typer(
    help="A market with known truth, for demos, teaching and tests: simulate DIR.",
    no_args_is_help=True,
    cls=_MarketByDefault,
)


@commands.command()
def market(
    folder: Folder,
    people: Annotated[int, typer.Option(help="How many people.")] = 200_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 7,
    films: Annotated[int, typer.Option(help="Past films.")] = 300,
    days: Annotated[int, typer.Option(help="Days of events.")] = 365,
    scenario: Annotated[str, typer.Option(help="What is hidden in it.")] = "hidden-audience",
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; by itself: cores.")] = None,
    json: Json = False,
) -> None:
    """Write the feeds of a simulated market, and beside them the truth."""
    from fullhouse_sim.market import Market
    from fullhouse_sim.write import simulate

    request = Market(people, seed, scenario, films, days)
    with progress("Simulating", quiet=json) as step:
        simulated = simulate(request, folder, workers=workers, progress=step)
    if json:
        say_json(simulated.to_dict() | {"label": LABEL})
        return
    rows = [(f.path, f.files, f.rows) for f in simulated.feeds]
    total = (sum(f.files for f in simulated.feeds), sum(f.rows for f in simulated.feeds))
    table([*rows, ("all", *total)], ("simulated", "files", "rows"))
    out.print(LABEL)
    first = simulated.feeds[0]
    take = f"fullhouse ingest {folder / first.declaration} {folder / first.path} -w house"
    start = f"Take a feed in: fullhouse init house --simulated && {take}"
    out.print(start, markup=False, soft_wrap=True)
    out.print(f"What is true stands in {folder / 'truth'}.", markup=False, soft_wrap=True)


@commands.command()
def respond(
    folder: Folder,
    deliveries: Annotated[
        list[Path],
        typer.Argument(metavar="DELIVERIES", help="CSV or Parquet; several are played together."),
    ],
    to: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="By itself: DIR/respond.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="Write nothing later than this day.")
    ] = None,
    json: Json = False,
) -> None:
    """Play a campaign forward: impressions, clicks, marks and tickets, and what it changed."""
    from fullhouse_sim.respond import respond as play
    from fullhouse_sim.write import read_market

    market_settings = read_market(folder)
    with progress("Playing the campaign", quiet=json):
        day = parse_day(until, "--until")
        response = play(market_settings, folder, deliveries, to, until=day)
    if json:
        say_json(response.to_dict() | {"simulated": True, "label": LABEL})
        return
    columns = ("group", "people", "reached", "impressions", "tickets", "without", "incremental",
               "marks (without)")  # fmt: skip
    rows = [
        (f"{e.kind}: {e.name}", e.people, e.reached, e.impressions, e.tickets, e.tickets_without,
         e.incremental, f"{e.marks:,} ({e.marks_without:,})")
        for e in response.effects if e.kind != "city"
    ]  # fmt: skip
    table(rows, columns, title=f"{response.film}: true effect of the campaign")
    kinds = ("impressions", "clicks", "sales", "marks", "trailers")
    written = ", ".join(f"{getattr(response, kind):,} {kind}" for kind in kinds)
    out.print(f"Wrote {written} to {response.folder}.", markup=False, soft_wrap=True)
    out.print(LABEL)
