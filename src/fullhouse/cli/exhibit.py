"""`fullhouse exhibit`: what a film will draw in a city or cinema, for those who schedule it."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from fullhouse import app
from fullhouse.cli.show import (
    Film,
    Json,
    KnownOn,
    Territory,
    Where,
    opened,
    out,
    parse_day,
    progress,
    say_json,
)
from fullhouse.core.errors import InputError

if TYPE_CHECKING:
    from fullhouse.exhibit.pack import Demand, Exhibit
    from fullhouse.planning.plan import Amount

MOST_CITIES = 20


City = Annotated[
    str | None, typer.Option(metavar="NAME", help="City of the pack; without it, all cities.")
]
Cinema = Annotated[str | None, typer.Option(metavar="ID", help="One cinema of the city.")]
Seats = Annotated[int, typer.Option(help="Seats of a showing.")]
Goal = Annotated[float, typer.Option(help="Share of the seats to fill.")]
Minimum = Annotated[int, typer.Option(help="No count of fewer people or tickets is shown.")]
File = Annotated[
    list[str] | None,
    typer.Option("--out", help="File ending in .html, .csv or .json; repeatable."),
]


def exhibit(
    film: Film,
    *,
    city: City = None,
    cinema: Cinema = None,
    seats: Seats = 120,
    goal: Goal = 0.3,
    minimum: Minimum = 50,
    as_of: KnownOn = None,
    territory: Territory = None,
    file: File = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """What a film will draw in a city or cinema: audiences near, admissions, showings."""
    files = [app.check_out(f, "exhibit") for f in file or ()]
    if city is None and cinema is not None:
        raise InputError("--cinema is one of a city: name the city with --city.")
    if city is None and any(f.suffix.lower() == ".html" for f in files):
        raise InputError("A page is of one city: name it with --city.")
    day = parse_day(as_of)
    with opened(where, quiet=json) as context, progress("Reading", quiet=json) as step:
        own = replace(context, progress=step)
        pack: Exhibit | Demand
        if city is None:
            pack = app.exhibit_cities(
                own, app.ExhibitCities(film, territory, day, seats, goal, minimum)
            )
        else:
            pack = app.exhibit_film(
                own, app.ExhibitFilm(film, city, cinema, territory, day, seats, goal, minimum)
            )
        written = app.write_exhibit(pack, files)
    if json:
        say_json(pack.to_dict())
        return
    _say(pack)
    for path in written:
        out.print(f"Wrote {path}", markup=False, soft_wrap=True)


def _say(pack: "Exhibit | Demand") -> None:
    from fullhouse.exhibit.pack import Demand
    from fullhouse.view.words.exhibit import basis_lines, headline, other_words, source_words

    lines = [*basis_lines(pack), source_words(pack.source)]
    if isinstance(pack, Demand):
        out.print(_cities(pack))
        if len(pack.cities) > MOST_CITIES:
            more = len(pack.cities) - MOST_CITIES
            lines.insert(0, f"{more:,} more cities, and all cinemas, are in --json and --out.")
    else:
        for view in _tables(pack):
            out.print(view)
        if pack.other_dayparts:
            lines.insert(0, other_words(pack, pack.other_dayparts))
        lines.append(
            f"A count under {pack.minimum:,}, or that would give one away, is not shown: it is “-”."
        )
        lines.append(headline(pack))
    for line in lines:
        out.print(line, markup=False, soft_wrap=True)


def _cities(pack: "Demand") -> Table:
    view = _table(
        f"“{pack.title}” by city: the week of {pack.first} and the whole run (80 %)",
        ("city", f"{pack.first}", "whole run", "showings", "cinemas"),
    )
    for c in pack.cities[:MOST_CITIES]:
        view.add_row(
            escape(c.city),
            _amount(c.week),
            _amount(c.run),
            _count(c.showings),
            _count(len(c.cinemas)),
        )
    view.add_section()
    view.add_row("all cities", _amount(pack.week), _amount(pack.total), "", "")
    return view


def _tables(pack: "Exhibit") -> list[Table]:
    near = _table(f"“{pack.title}” in {pack.place}: who is near", ("audience", "people", "tickets"))
    for a in pack.audiences:
        near.add_row(escape(a.name), _count(a.people), _count(a.tickets))
    weeks = _table("Admissions expected", ("week of", "admissions (80 %)"))
    for w in pack.weeks:
        weeks.add_row(f"{w.week}", _amount(w.admissions))
    films = _table(
        "Comparable films there", ("film", "opened", "first week", "whole run", "showings")
    )
    for f in pack.films:
        films.add_row(
            escape(f.title), f"{f.opening}", _count(f.first_week), _count(f.whole_run),
            _count(f.showings),
        )  # fmt: skip
    parts = _table(
        f"Showings of {pack.seats:,} seats that fill {pack.goal:.0%}, in the first week",
        ("part of the week", "admissions", "showings"),
    )
    for d in pack.dayparts:
        parts.add_row(d.name, _count(d.admissions), _count(d.showings))
    return [view for view in (near, weeks, films, parts) if view.row_count]


def _table(title: str, columns: tuple[str, ...]) -> Table:
    view = Table(box=SIMPLE_HEAD, title=escape(title), title_justify="left")
    for k, name in enumerate(columns):
        view.add_column(name, justify="right" if k else "left", no_wrap=k > 0,
                        overflow="fold")  # fmt: skip
    return view


def _amount(amount: "Amount | None") -> str:
    return "-" if amount is None else f"{amount.middle:,.0f} ({amount.low:,.0f}–{amount.high:,.0f})"


def _count(count: float | None) -> str:
    return "-" if count is None else f"{count:,.0f}"
