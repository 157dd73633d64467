"""Films of a workspace: import sets, add and set facts, list, show, and settle doubtful pairs."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from fullhouse import control, films
from fullhouse.app.use_case import use_case
from fullhouse.core.errors import InputError
from fullhouse.core.request import request
from fullhouse.core.tabular import Listing
from fullhouse.films import EVERYWHERE, FilmSet, Imported, SetLink
from fullhouse.films.catalogue import (
    Doubt,
    FilmList,
    FilmView,
    UnmatchedFilm,
    doubts,
    list_films,
    show_film,
)
from fullhouse.films.store import value
from fullhouse.workspace.context import Context


@request
class ImportFilms:
    """A set that a reader read, or a file in the plain form."""

    source: FilmSet | Path
    strict: bool = False
    simulated: bool = False


@use_case
def film_import(context: Context, request: ImportFilms) -> Imported:
    """Take a set of films with their grosses and signals; twice writes nothing.

    With `strict` a set with any problem is refused whole. A simulated workspace takes only what
    is said to be `simulated`, and another one nothing that is.
    """
    control.check_writable(context.control)
    source = request.source
    film_set = source if isinstance(source, FilmSet) else film_read(source)
    if context.settings.simulated and not request.simulated:
        raise InputError(
            f"This workspace is simulated, and {film_set.file} is not said to be. Take real films"
            " into another workspace."
        )
    if request.simulated and not context.settings.simulated:
        raise InputError(
            f"{film_set.file} is said to be simulated, and this workspace is not. Take it into a"
            " simulated one."
        )
    if request.strict and film_set.problems:
        first = film_set.problems[0]
        raise InputError(
            code="film_problems",
            file=film_set.file,
            problems=len(film_set.problems),
            row=first.row,
            problem=first.problem,
            given=first.given,
        )
    from fullhouse.talent.store import suppressed, without_names  # a list need not wait for it

    film_set = without_names(film_set, suppressed(context.control, context.key))
    imported = films.import_set(context.lake, context.control, film_set, at=context.now)
    if not imported.already:
        record: dict[str, object] = {
            "set": imported.set,
            "file": imported.file,
            "entries": imported.entries,
        }
        control.record(context.control, "film.import", record)
    return imported


def film_read(
    path: str | Path, *, territory: str | None = None, currency: str | None = None
) -> FilmSet:
    """What a file in the plain form holds; `territory` and `currency` where it has none."""
    from fullhouse.films import plain

    return plain.read(Path(path), territory=territory, currency=currency)


@request
class AddFilm:
    """A title, its opening, and facts known from a day on (today) in a market (the workspace's).

    A value is text as on the command line ('Comedy|Drama', '12000000 USD'), or as FIELDS types it.
    """

    title: str
    opening: date | None = None
    territory: str | None = None
    values: Mapping[str, Any] | None = None
    known_on: date | None = None


@use_case
def film_add(context: Context, request: AddFilm) -> str:
    """Add a film by hand; its id."""
    control.check_writable(context.control)
    if not request.title.strip():
        raise InputError("A film needs a title.")
    territory = request.territory or context.settings.territory
    films.check_territory(territory)
    film = films.add_film(
        context.lake,
        context.control,
        request.title.strip(),
        request.opening,
        _values(context, request.values or {}),
        territory=territory,
        known_on=request.known_on or context.today,
        at=context.now,
    )
    control.record(context.control, "film.add", {"film": film})
    return film


@request
class SetFilm:
    """Facts of a film, known from a day on (today) in a market (the workspace's)."""

    film: str
    values: Mapping[str, Any]
    territory: str | None = None
    known_on: date | None = None


@use_case
def film_set(context: Context, request: SetFilm) -> str:
    """State facts of a film; earlier views stay as they were. Its id."""
    control.check_writable(context.control)
    territory = context.settings.territory if request.territory is None else request.territory
    if territory != EVERYWHERE:
        films.check_territory(territory)
    if not request.values:
        raise InputError("Nothing to set: give field=value, such as theaters=3100.")
    film = films.find(films.links(context.control), request.film)
    values = _values(context, request.values)
    films.state(
        context.lake,
        film,
        values,
        territory=territory,
        known_on=request.known_on or context.today,
        at=context.now,
    )
    record: dict[str, object] = {"film": film, "fields": sorted(values)}
    control.record(context.control, "film.set", record)
    return film


@request
class ListFilms:
    """Films whose title or id holds a text, of a market, that open in a year; the first `most`."""

    search: str | None = None
    territory: str | None = None
    year: int | None = None
    most: int | None = None


@use_case
def film_list(context: Context, request: ListFilms) -> FilmList:
    """How many films fit, and the first of them by opening, the latest first."""
    if request.territory:
        films.check_territory(request.territory)
    return list_films(
        films.listed_links(context),
        search=request.search,
        territory=request.territory,
        year=request.year,
        most=request.most,
    )


@request
class ShowFilm:
    """A film in a market (the workspace's), as known on a day (today)."""

    film: str
    territory: str | None = None
    as_of: date | None = None


@use_case
def film_show(context: Context, request: ShowFilm) -> FilmView:
    """What was known of a film for a territory on a day; nothing that came later."""
    territory = request.territory or context.settings.territory
    films.check_territory(territory)
    return show_film(
        context.lake,
        films.links(context.control),
        request.film,
        territory=territory,
        as_of=request.as_of or context.today,
    )


@request
class ListUnmatched:
    """Films of the feeds that no film of the catalogue is, as known in a market on a day."""

    territory: str | None = None
    as_of: date | None = None


@use_case
def film_unmatched(
    context: Context, request: ListUnmatched | None = None
) -> Listing[UnmatchedFilm]:
    """The films of the feeds that match no film of the catalogue by title and year, by slug.

    What is known of them comes from the feeds alone: no opening day, no budget, no gross.
    """
    asked = request or ListUnmatched()
    territory = asked.territory or context.settings.territory
    films.check_territory(territory)
    rows = films.facts(
        context.lake, territory, asked.as_of or context.today, fields=("title", "opening")
    )
    known: dict[str, dict[str, Any]] = {}
    for row in rows.select(["film", "field", "value"]).to_pylist():
        known.setdefault(row["film"], {})[row["field"]] = value(row["field"], row["value"])
    from fullhouse.traits.film_traits import unmatched  # no other case here needs the traits

    return Listing(unmatched(context.lake, known))


@use_case
def film_review(context: Context) -> Listing[Doubt]:
    """Entries that may be a film that was here before, the likeliest first."""
    return Listing(doubts(films.links(context.control)))


@request
class AcceptFilm:
    """An entry of a set, and the film that it is; without one it is a film of its own."""

    set: str
    set_id: str
    film: str | None = None


@use_case
def film_accept(context: Context, request: AcceptFilm) -> SetLink:
    """Settle which film an entry is; the link as it is now."""
    control.check_writable(context.control)
    link = films.accept(
        context.lake,
        context.control,
        request.set,
        request.set_id,
        request.film,
        at=context.now,
    )
    record: dict[str, object] = {"set": link.set, "set_id": link.set_id, "film": link.film}
    control.record(context.control, "film.accept", record)
    return link


def _values(context: Context, given: Mapping[str, Any]) -> dict[str, Any]:
    values = {
        films.check_field(field): films.parse_value(field, value)
        if isinstance(value, str)
        else films.check_value(field, value)
        for field, value in given.items()
    }
    if values.get("talent"):
        from fullhouse.talent.store import suppressed, visible  # a list need not wait for it

        hidden = suppressed(context.control, context.key)
        values["talent"] = visible(values["talent"], hidden)
    return values
