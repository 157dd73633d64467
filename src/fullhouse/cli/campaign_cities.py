"""`fullhouse campaign cities`: a campaign drawn by city, where people cannot be."""

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from fullhouse.cli.show import Json, Where, opened, out, progress, say_json, table
from fullhouse.core.values import as_json, parse_date

commands = typer.Typer(
    help="Draw a campaign by city: one city of each pair of like ones.", no_args_is_help=True
)
Plan = Annotated[str, typer.Argument(metavar="PLAN", help="NAME or NAME@VERSION of a saved plan.")]
Name = Annotated[str, typer.Argument(metavar="CAMPAIGN", help="The campaign's name.")]
Start = Annotated[
    str | None, typer.Option(metavar="DAY", help="First day of the window; the plan's first week.")
]
Weeks = Annotated[
    int | None,
    typer.Option(min=1, help="Weeks of the window; to the plan's or the film's fourth week's end."),
]
AsOf = Annotated[
    str | None, typer.Option("--as-of", help="With what was known on this day (today).")
]


@commands.command()
def power(
    plan: Plan,
    *,
    start: Start = None,
    weeks: Weeks = None,
    as_of: AsOf = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Before the launch: the pairs, and the smallest effect that they can show."""
    from fullhouse.app.city_campaigns import campaign_cities_power

    with opened(where, quiet=json) as workspace, progress("Pairing cities", quiet=json):
        found = campaign_cities_power(
            workspace,
            plan,
            start=_day(start, "--start"),
            weeks=weeks,
            as_of=_day(as_of, "--as-of"),
        )
    if json:
        say_json(as_json(asdict(found)))
        return
    rows = [
        (n, a, b, round(found.before[a]), round(found.before[b]))
        for n, (a, b) in enumerate(found.pairs, 1)
    ]
    table(rows, ("pair", "city", "city", "tickets before", "tickets before"))
    out.print(_shown(found.smallest, found.films), soft_wrap=True)


@commands.command()
def launch(
    plan: Plan,
    *,
    name: Annotated[str, typer.Option(metavar="NAME", help="The campaign's name, used once.")],
    start: Start = None,
    weeks: Weeks = None,
    folder: Annotated[
        str | None, typer.Option("--out", metavar="DIR", help="Write DIR/cities.csv.")
    ] = None,
    as_of: AsOf = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Pair the cities, draw one of each pair to buy media in, and keep the draw for ever."""
    from fullhouse.app.city_campaigns import campaign_cities

    with opened(where, quiet=json) as workspace, progress("Pairing cities", quiet=json):
        done = campaign_cities(
            workspace,
            plan,
            name=name,
            start=_day(start, "--start"),
            weeks=weeks,
            as_of=_day(as_of, "--as-of"),
            folder=None if folder is None else Path(folder),
        )
    if json:
        told = as_json(asdict(done) | {"file": done.file and str(done.file)})
        say_json(told | {"left_out": list(done.design.left_out)})
        return
    rows = zip(done.design.treated, done.design.left_out, strict=True)
    table([(n, *row) for n, row in enumerate(rows, 1)], ("pair", "buy media in", "leave out"))
    again = "It stood already: no city was changed. " if done.resumed else ""
    out.print(
        f"{again}Tickets count from {done.first} to {done.last}."
        f" {_shown(done.smallest, done.films)}",
        soft_wrap=True,
    )
    if done.not_paired:
        out.print(
            f"Not in the test, for few tickets or no partner: {', '.join(done.not_paired)}.",
            markup=False,
            soft_wrap=True,
        )


@commands.command()
def readout(
    campaign: Name,
    *,
    spend: Annotated[
        float | None,
        typer.Option(min=0.0, help="Money spent in the treated cities, in the plan's currency."),
    ] = None,
    as_of: AsOf = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """What it really changed: tickets won in the treated cities, against their pairs."""
    from fullhouse.app.city_campaigns import campaign_cities_readout
    from fullhouse.measurement.city_pairs import say_city_pairs

    with opened(where, quiet=json) as workspace, progress("Reading", quiet=json):
        found = campaign_cities_readout(
            workspace, campaign, as_of=_day(as_of, "--as-of"), spend=spend
        )
    if json:
        say_json(found.to_dict())
        return
    for line in say_city_pairs(found):
        out.print(line, markup=False, soft_wrap=True)


def _day(text: str | None, what: str) -> date | None:
    return None if text is None else parse_date(text, what=what)


def _shown(smallest: float | None, films: int) -> str:
    if not films:
        return (
            "What this can show is not known: no past film's days all lie in the house's past of"
            " tickets."
        )
    if smallest is None:
        return (
            f"On {films} past films it would have shown no effect, of whatever size, in 20 % of"
            " draws or more: too few tickets."
        )
    return (
        f"On {films} past films an effect of {100 * smallest:.0f} % would have been found in 80 %"
        " of draws, at 95 %. A smaller effect may be there and not be seen."
    )
