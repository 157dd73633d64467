"""`fullhouse campaign cities`: a campaign drawn by city, where people cannot be."""

from dataclasses import asdict, replace
from typing import Annotated

import typer

from fullhouse import app
from fullhouse.cli.show import AsOf, Json, Where, opened, out, parse_day, progress, say_json, table
from fullhouse.core.values import as_json

commands = typer.Typer(
    help="Draw a campaign by city: one city of each pair of like ones.", no_args_is_help=True
)
Plan = Annotated[str, typer.Argument(metavar="PLAN", help="NAME or NAME@VERSION of a saved plan.")]
Name = Annotated[str, typer.Argument(metavar="CAMPAIGN", help="The campaign's name.")]
Start = Annotated[
    str | None, typer.Option(metavar="DATE", help="First day of the window; the plan's first week.")
]
Weeks = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        help="Weeks of the window; to the plan's or the film's fourth week's end.",
    ),
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
    from fullhouse.view.words.plan import cities_power_words

    request = app.PowerOfCities(plan, parse_day(start, "--start"), weeks, parse_day(as_of))
    with opened(where, quiet=json) as house, progress("Pairing cities", quiet=json) as step:
        paired = app.campaign_cities_power(replace(house, progress=step), request)
    if json:
        say_json(as_json(asdict(paired)))
        return
    rows = [
        (n, a, b, round(paired.before[a]), round(paired.before[b]))
        for n, (a, b) in enumerate(paired.pairs, 1)
    ]
    table(rows, ("pair", "city", "city", "tickets before", "tickets before"))
    out.print(cities_power_words(paired.smallest, paired.films), soft_wrap=True)


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
    """Pair the cities, draw one of each pair to buy media in, and save the draw for good."""
    from fullhouse.view.words.plan import launched_cities_words

    request = app.LaunchCities(plan, name, parse_day(start, "--start"), weeks, parse_day(as_of))
    with opened(where, quiet=json) as house, progress("Pairing cities", quiet=json) as step:
        launched = app.campaign_cities(replace(house, progress=step), request)
    if folder is not None:
        launched = app.write_cities(launched, folder)
    design = launched.design
    if json:
        body = as_json(asdict(launched) | {"file": launched.file and str(launched.file)})
        say_json(body | {"left_out": list(design.left_out)})
        return
    rows = zip(design.treated, design.left_out, strict=True)
    table([(n, *row) for n, row in enumerate(rows, 1)], ("pair", "buy media in", "leave out"))
    for sentence in launched_cities_words(launched):
        out.print(sentence, markup=False, soft_wrap=True)


@commands.command()
def readout(
    campaign: Name,
    *,
    spend: Annotated[
        float | None,
        typer.Option(
            metavar="AMOUNT",
            min=0.0,
            help="Money spent in the treated cities, in the plan's currency.",
        ),
    ] = None,
    as_of: AsOf = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """What it changed: extra tickets in the treated cities, against their pairs."""
    from fullhouse.view.words.readout import city_pairs_sentences

    request = app.ReadCities(campaign, parse_day(as_of), spend)
    with opened(where, quiet=json) as house, progress("Reading", quiet=json) as step:
        read = app.campaign_cities_readout(replace(house, progress=step), request)
    if json:
        say_json(read.to_dict())
        return
    for line in city_pairs_sentences(read):
        out.print(line, markup=False, soft_wrap=True)
