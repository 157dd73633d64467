"""`fullhouse film`: import, add, set, list, show, review, unmatched, accept."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fullhouse import app
from fullhouse.cli.room import As, opened_as
from fullhouse.cli.show import (
    AsOf,
    Json,
    Rows,
    Where,
    opened,
    out,
    parse_day,
    progress,
    say_json,
    table,
)
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.values import as_json

if TYPE_CHECKING:
    from fullhouse.app import StateTitle
    from fullhouse.films import FilmSet, Imported
    from fullhouse.films.catalogue import FilmView

commands = typer.Typer(help="Films: what was known of them when, and what they took.")

PROBLEMS_SHOWN = 5
KINDS = (
    "us-daily",
    "tmdb",
    "maoyan",
    "trailer-trends",
    "trade-forecasts",
    "budgets",
    "plain",
)
FilmId = Annotated[str, typer.Argument(metavar="FILM", help="Its id; see 'film list'.")]
Territory = Annotated[
    str | None,
    typer.Option("--territory", help="ISO 3166 code of the market; setting territory."),
]
KnownOn = Annotated[
    str | None,
    typer.Option("--known-on", help="First day on which it was known; today unless given."),
]


Kind = Annotated[str, typer.Argument(metavar="KIND", help=f"One of {', '.join(KINDS)}.")]
Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files to read.")]
ImportTerritory = Annotated[
    str | None, typer.Option(help="plain: the market, where the file does not say.")
]
Currency = Annotated[
    str | None, typer.Option(help="plain: the currency, where the file does not say.")
]
Strict = Annotated[bool, typer.Option("--strict", help="Refuse a file that has any problem.")]
Simulated = Annotated[bool, typer.Option("--simulated", help="plain: films of a simulated market.")]


@commands.command(name="import")
def import_(
    kind: Kind,
    files: Files,
    *,
    territory: ImportTerritory = None,
    currency: Currency = None,
    strict: Strict = False,
    simulated: Simulated = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Take films, grosses and signals from files; the same file again writes nothing."""
    if kind not in KINDS:
        hint = did_you_mean(kind, KINDS) or f" There are {', '.join(KINDS)}."
        raise InputError(f"No kind {kind!r} of film files.{hint}")
    if kind != "plain":
        given = {"--territory": territory, "--currency": currency, "--simulated": simulated}
        for name, value in given.items():
            if value:
                raise InputError(f"{name} is for plain files; {kind} says so itself.")
    with opened(where, quiet=json) as workspace:
        with progress("Reading", quiet=json):
            sets = [_read(kind, file, territory, currency) for file in files]
        # Films first, so that days may name them whatever the order of the files.
        sets.sort(key=lambda s: s.grosses.num_rows + s.signals.num_rows + s.forecasts.num_rows > 0)
        with progress("Writing", quiet=json):
            imported = [
                app.film_import(workspace, app.ImportFilms(s, strict=strict, simulated=simulated))
                for s in sets
            ]
    if json:
        say_json({"sets": [_as_json(i) for i in imported]})
        return
    _show_imported(imported)


@commands.command()
def add(
    title: Annotated[str, typer.Argument(help="Title, without the year.")],
    *,
    opening: Annotated[str | None, typer.Option(help="First day in cinemas.")] = None,
    territory: Territory = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="Repeatable.")
    ] = None,
    known_on: KnownOn = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Add a film by hand."""
    day = parse_day(opening, "--opening")
    with opened(where, quiet=json) as workspace:
        film = app.film_add(
            workspace,
            app.AddFilm(
                title,
                opening=day,
                territory=territory,
                values=_pairs(set_ or ()),
                known_on=parse_day(known_on, "--known-on"),
            ),
        )
    if json:
        say_json({"film": film})
        return
    out.print(f"Added [bold]{film}[/].", soft_wrap=True)


@commands.command(name="set")
def set_(
    film: FilmId,
    values: Annotated[list[str], typer.Argument(metavar="FIELD=VALUE...", help="New facts.")],
    *,
    territory: Territory = None,
    known_on: KnownOn = None,
    who: As = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """State facts of a film; what was known before stays in earlier views.

    With --as it is your own title, and only your own forecasts know of it.
    """
    given = parse_day(known_on, "--known-on")
    if who is not None:
        if given is not None:
            raise InputError("--known-on is the house's: what you state of a title counts today.")
        _state(where, who, app.StateTitle(film, _pairs(values), territory=territory), json=json)
        return
    with opened(where, quiet=json) as workspace:
        day = given or workspace.today
        name = app.film_set(
            workspace, app.SetFilm(film, _pairs(values), territory=territory, known_on=day)
        )
    if json:
        say_json({"film": name, "fields": sorted(_pairs(values)), "known_on": day})
        return
    out.print(f"{name}: {', '.join(_pairs(values))} as known from {day} on.", soft_wrap=True)


def _state(where: str, who: str, request: "StateTitle", *, json: bool) -> None:
    with opened_as(where, who, quiet=json) as workspace:
        listed = app.studio_state(workspace, request)
    title = next(t for t in listed.titles if t.film == request.film)
    if json:
        say_json(as_json(asdict(title)))
        return
    names = ", ".join(sorted({i.name for i in title.inputs}))
    out.print(f"{title.film}: {names}, for your own forecasts alone.", soft_wrap=True)


@commands.command(name="list")
def list_(
    *,
    search: Annotated[str | None, typer.Option(help="Text within the title or id.")] = None,
    territory: Annotated[str | None, typer.Option(help="Only films of this market.")] = None,
    year: Annotated[int | None, typer.Option(help="Only films that open in this year.")] = None,
    rows: Rows = 20,
    who: As = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """List films, the latest opening first; with --as your own titles, the next one first."""
    if who is not None:
        if search or year:
            raise InputError("--search and --year are the house's: all of your titles are listed.")
        _own_titles(where, who, territory, json=json)
        return
    with opened(where, quiet=json) as workspace:
        listed = app.film_list(workspace, app.ListFilms(search, territory, year, rows))
    if json:
        say_json({"total": listed.total, "films": [vars(f) for f in listed.films]})
        return
    shown = [
        (f.film, f.title, str(f.opening or "-"), ", ".join(f.territories), ", ".join(f.sets))
        for f in listed.films
    ]
    if shown:
        table(shown, ("film", "title", "opening", "in", "from"))
    out.print(f"{len(shown):,} of {listed.total:,} films.")


def _own_titles(where: str, who: str, territory: str | None, *, json: bool) -> None:
    with opened_as(where, who, quiet=json) as workspace:
        listed = app.studio_titles(workspace, app.ListTitles(territory))
    if json:
        say_json({"titles": [as_json(asdict(t)) for t in listed.titles]})
        return
    rows = [
        (t.film, t.title, str(t.opening or "-"), "secret" if t.secret else "",
         ", ".join(sorted({i.name for i in t.inputs})))
        for t in listed.titles
    ]  # fmt: skip
    table(rows, ("film", "title", "opening", "", "stated by you"))


@commands.command()
def show(
    film: FilmId,
    *,
    territory: Territory = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="What was known on this day.")
    ] = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Show what was known of a film on a day: facts, gross so far, signals."""
    with opened(where, quiet=json) as workspace:
        view = app.film_show(workspace, app.ShowFilm(film, territory, parse_day(as_of, "--as-of")))
    if json:
        say_json(_view_json(view))
        return
    _show_film(view)


@commands.command()
def review(where: Where = ".", json: Json = False) -> None:
    """List entries that may be a film that was here already."""
    with opened(where, quiet=json) as workspace:
        doubts = app.film_review(workspace)
    if json:
        say_json(
            {
                "entries": [
                    {k: getattr(d.link, k) for k in ("set", "set_id", "film", "title", "opening")}
                    | {"score": d.link.score, "candidate": d.candidate}
                    | {
                        "candidate_title": d.candidate_title,
                        "candidate_opening": d.candidate_opening,
                    }
                    for d in doubts
                ]
            }
        )
        return
    if not doubts:
        out.print("No entry waits for a decision.")
        return
    table(
        [
            (
                d.link.set,
                d.link.set_id,
                f"{d.link.title} ({d.link.opening or '?'})",
                f"{d.candidate_title} ({d.candidate_opening or '?'})",
                d.candidate,
                f"{d.link.score or 0:.2f}",
            )
            for d in doubts
        ],
        ("set", "id", "says", "may be", "film", "likeness"),
    )
    out.print("Settle one with: fullhouse film accept SET ID --film FILM, or --new", soft_wrap=True)


@commands.command()
def unmatched(
    *,
    territory: Territory = None,
    as_of: AsOf = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """List films of the feeds that no film of the catalogue is: only their views are known."""
    day = parse_day(as_of)
    with opened(where, quiet=json) as workspace:
        films = app.film_unmatched(workspace, app.ListUnmatched(territory, day))
    if json:
        say_json({"films": [asdict(f) for f in films]})
        return
    if not films:
        out.print("Every film of the feeds is one of the catalogue.")
        return
    table(
        [
            (f.slug, f.title, f.year or "?", ", ".join(f.sources), ", ".join(f.same_title) or "-")
            for f in films
        ],
        ("film", "title", "year", "in", "of the same title"),
    )
    out.print(
        f"Films of the feeds that match none of the catalogue by title and year: {len(films):,}.",
        soft_wrap=True,
    )


@commands.command()
def accept(
    set_name: Annotated[str, typer.Argument(metavar="SET", help="Such as tmdb.")],
    set_id: Annotated[str, typer.Argument(metavar="ID", help="The entry's id in the set.")],
    *,
    film: Annotated[
        str | None, typer.Option("--film", help="The film it is; the candidate unless given.")
    ] = None,
    new: Annotated[bool, typer.Option("--new", help="It is a film of its own.")] = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Settle which film an entry of a set is."""
    if new == (film is not None):
        raise InputError("Give either --film FILM, the film that the entry is, or --new.")
    with opened(where, quiet=json) as workspace:
        link = app.film_accept(workspace, app.AcceptFilm(set_name, set_id, film))
    if json:
        say_json(vars(link))
        return
    out.print(f"{set_name} {set_id} is [bold]{link.film}[/].", soft_wrap=True)


def _read(kind: str, file: Path, territory: str | None, currency: str | None) -> "FilmSet":
    # Imported here: readers load Arrow, and `--help` does not need it.
    from fullhouse.sources import (
        box_office_us,
        budgets,
        maoyan,
        tmdb,
        trade_forecasts,
        trailer_trends,
    )

    if kind == "plain":
        return app.film_read(file, territory=territory, currency=currency)
    readers = {
        "us-daily": box_office_us.read,
        "tmdb": tmdb.read,
        "maoyan": maoyan.read,
        "trailer-trends": trailer_trends.read,
        "trade-forecasts": trade_forecasts.read,
        "budgets": budgets.read,
    }
    return readers[kind](file)


def _pairs(given: Sequence[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in given:
        field, mark, value = text.partition("=")
        if not mark or not field.strip():
            raise InputError(f"A fact is written field=value, such as theaters=3100, not {text!r}.")
        pairs[field.strip()] = value
    return pairs


def _as_json(imported: "Imported") -> dict[str, Any]:
    return vars(imported) | {"problems": [p._asdict() for p in imported.problems]}


def _show_imported(imported: Sequence["Imported"]) -> None:
    # Turned: nine columns are more than a terminal is wide.
    lines = {
        "rows read": "read",
        "films": "entries",
        "known before": "known",
        "matched": "matched",
        "new": "new",
        "to review": "review",
        "facts written": "facts",
        "grosses written": "grosses",
        "signals written": "signals",
        "forecasts by others": "forecasts",
    }
    rows = [(label, *(getattr(d, name) for d in imported)) for label, name in lines.items()]
    table(rows, ("", *(d.file for d in imported)))
    for d in imported:
        if d.already:
            out.print(f"{d.file}: nothing new, it was imported before.", markup=False)
        if d.problems:
            out.print(f"{d.file}: {len(d.problems):,} problems", markup=False)
            table(
                [(str(p.row or "-"), p.problem, p.given) for p in d.problems[:PROBLEMS_SHOWN]],
                ("row", "problem", "given"),
            )
    if any(d.review for d in imported):
        out.print("'fullhouse film review' lists those to review.")


def _view_json(view: "FilmView") -> dict[str, Any]:
    return {
        "film": view.known.film,
        "territory": view.known.territory,
        "as_of": view.known.as_of,
        "facts": [vars(f) for f in view.facts],
        "links": [vars(k) for k in view.links],
        "run": vars(view.run) if view.run else None,
        "signals": [vars(s) for s in view.signals],
    }


def _show_film(view: "FilmView") -> None:
    film = view.known
    title = f"{film.title} ({film.film}) in {film.territory}, as known on {film.as_of}"
    if view.facts:
        rows = [(f.field, _cell(f.value), str(f.known_on), f.origin) for f in view.facts]
        table(rows, ("fact", "value", "known on", "origin"), title=title)
    else:
        out.print(f"{title}: nothing yet.", markup=False, soft_wrap=True)
    if view.run:
        run = view.run
        out.print(
            f"Took {run.gross:,.0f} {run.currency} in {run.days:,} days,"
            f" {run.first} to {run.last}.",
            soft_wrap=True,
        )
    for s in view.signals:
        out.print(
            f"{s.kind}: {s.days:,} values, {s.first} to {s.last}, the last {s.last_value:,.0f}.",
            soft_wrap=True,
        )
    for k in view.links:
        opening = f", {k.opening}" if k.opening else ""
        out.print(f"{k.set} {k.set_id}: {k.title}{opening} ({k.status})", markup=False)


def _cell(value: Any) -> str:
    if value is None:
        return "unknown"
    if isinstance(value, tuple):
        return f"{value[0]:,.0f} {value[1]}"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:,g}" if isinstance(value, float) else str(value)
