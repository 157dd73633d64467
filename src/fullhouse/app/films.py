"""Films of a workspace: import sets, add and set facts, list, show, and settle doubtful pairs."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from fullhouse import control, films
from fullhouse.core.errors import InputError
from fullhouse.films import EVERYWHERE, RETIRED, Film, FilmSet, Imported, Link
from fullhouse.workspace.context import Context


@dataclass(frozen=True)
class Listed:
    """One film of the list: `opening` is a territory's, else the first anywhere."""

    film: str
    title: str
    opening: date | None
    territories: tuple[str, ...]
    sets: tuple[str, ...]


@dataclass(frozen=True)
class Said:
    """A fact as it is shown: its value, since when it was known, who says so."""

    field: str
    value: Any
    known_on: date
    origin: str
    territory: str


@dataclass(frozen=True)
class Run:
    """What a film took in a territory, as far as known: days, sum, first and last day."""

    days: int
    gross: float
    currency: str
    first: date
    last: date


@dataclass(frozen=True)
class Interest:
    """Signals of one kind, as far as known."""

    kind: str
    days: int
    first: date
    last: date
    last_value: float


@dataclass(frozen=True)
class Shown:
    """A film as of a day: what was known, each with its origin; what it took; its signals."""

    known: Film
    facts: tuple[Said, ...]
    links: tuple[Link, ...]
    run: Run | None
    signals: tuple[Interest, ...]


@dataclass(frozen=True)
class Doubt:
    """An entry that may be a film that was here: to be accepted as that one or as its own."""

    link: Link
    candidate: str
    candidate_title: str
    candidate_opening: date | None


def film_import(
    context: Context,
    film_set: FilmSet | str | Path,
    *,
    at: datetime,
    strict: bool = False,
    simulated: bool = False,
) -> Imported:
    """Take a set that a reader read, or a file in the plain form; twice writes nothing.

    With `strict` a set with any problem is refused whole. A simulated workspace takes only what
    is said to be `simulated`, and another one nothing that is.
    """
    if not isinstance(film_set, FilmSet):
        film_set = film_read(film_set)
    if context.settings.simulated and not simulated:
        raise InputError(
            f"This workspace is simulated (setting 'simulated'), and {film_set.file} is not said"
            " to be. Take real films into another workspace."
        )
    if simulated and not context.settings.simulated:
        raise InputError(
            f"{film_set.file} is said to be simulated, and this workspace is not."
            " Take it into one that says so: fullhouse init DIR --simulated"
        )
    if strict and film_set.problems:
        first = film_set.problems[0]
        raise InputError(
            f"{film_set.file} has {len(film_set.problems):,} problems, the first in row"
            f" {first.row:,}: {first.problem}: {first.given}. Nothing was written (strict)."
        )
    done = films.take(context.lake, context.control, film_set, at=at)
    if not done.already:
        told: dict[str, object] = {"set": done.set, "file": done.file, "entries": done.entries}
        control.record(context.control, "film.import", told)
    return done


def film_read(
    path: str | Path, *, territory: str | None = None, currency: str | None = None
) -> FilmSet:
    """What a file in the plain form says; `territory` and `currency` where it does not say."""
    from fullhouse.films import plain

    return plain.read(Path(path), territory=territory, currency=currency)


def film_add(
    context: Context,
    title: str,
    *,
    opening: date | None,
    territory: str,
    known_on: date,
    at: datetime,
    values: Mapping[str, Any] | None = None,
) -> str:
    """Add a film by hand, with facts known from a day on; its id.

    A value is text as on the command line ('Comedy|Drama', '12000000 USD'), or as FIELDS types it.
    """
    if not title.strip():
        raise InputError("A film needs a title.")
    films.check_territory(territory)
    film = films.add(
        context.lake,
        context.control,
        title.strip(),
        opening,
        _values(values or {}),
        territory=territory,
        known_on=known_on,
        at=at,
    )
    control.record(context.control, "film.add", {"film": film})
    return film


def film_set(
    context: Context,
    film: str,
    values: Mapping[str, Any],
    *,
    territory: str,
    known_on: date,
    at: datetime,
) -> str:
    """State facts of a film, known from a day on; earlier views stay as they were. Its id."""
    if territory != EVERYWHERE:
        films.check_territory(territory)
    if not values:
        raise InputError("Nothing to set: give field=value, such as theaters=3100.")
    found = films.find(films.links(context.control), film)
    parsed = _values(values)
    films.state(context.lake, found, parsed, territory=territory, known_on=known_on, at=at)
    told: dict[str, object] = {"film": found, "fields": sorted(parsed)}
    control.record(context.control, "film.set", told)
    return found


def film_list(
    context: Context,
    *,
    search: str | None = None,
    territory: str | None = None,
    year: int | None = None,
    most: int | None = None,
) -> tuple[int, list[Listed]]:
    """How many films fit, and the first of them by opening, the latest first."""
    if territory:
        films.check_territory(territory)
    by_film: dict[str, list[Link]] = defaultdict(list)
    for link in films.links(context.control):
        if link.set != RETIRED:
            by_film[link.film].append(link)
    wanted = (search or "").casefold()
    found = []
    for film, links in by_film.items():
        places = tuple(sorted({k.territory for k in links if k.territory}))
        titles = [t for k in links for t in (k.title, k.other_title) if t]
        if territory and territory not in places:
            continue
        if wanted and not any(wanted in t.casefold() for t in (*titles, film)):
            continue
        # A territory's own day goes before the first day anywhere.
        dated = sorted(
            (k.territory != territory, not k.territory, k.opening) for k in links if k.opening
        )
        opening = dated[0][2] if dated else None
        if year and (opening is None or opening.year != year):
            continue
        sets = tuple(sorted({k.set for k in links}))
        found.append(Listed(film, titles[0], opening, places, sets))
    found.sort(key=lambda f: (-(f.opening or date.min).toordinal(), f.film))
    return len(found), found[: most or None]


def film_show(context: Context, film: str, *, territory: str, as_of: date) -> Shown:
    """What was known of a film for a territory on a day; nothing that came later."""
    films.check_territory(territory)
    links = films.links(context.control)
    name = films.find(links, film)
    lake = context.lake
    known = films.known(lake, name, territory, as_of)
    rows = films.facts(lake, territory, as_of, films=[name]).to_pylist()
    facts = tuple(
        Said(r["field"], known.facts[r["field"]], r["known_on"], r["origin"], r["territory"])
        for r in rows
    )
    own = tuple(k for k in links if k.film == name and k.set != RETIRED)
    return Shown(known, facts, own, _run(context, known), _interest(context, known))


def film_review(context: Context) -> list[Doubt]:
    """Entries that may be a film that was here before, the likeliest first."""
    links = films.links(context.control)
    first = {k.film: k for k in reversed(links) if k.set != RETIRED}
    found = []
    for link in links:
        if link.status == "review" and link.candidate:
            candidate = films.find(links, link.candidate)
            other = first[candidate]
            found.append(Doubt(link, candidate, other.title, other.opening))
    return sorted(found, key=lambda d: (-(d.link.score or 0), d.link.film))


def film_accept(
    context: Context, set_name: str, set_id: str, *, film: str | None, at: datetime
) -> Link:
    """Settle that an entry is `film`, or with None a film of its own; the link as it is now."""
    link = films.accept(context.lake, context.control, set_name, set_id, film, at=at)
    told: dict[str, object] = {"set": set_name, "set_id": set_id, "film": link.film}
    control.record(context.control, "film.accept", told)
    return link


def _values(given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        films.check_field(field): films.parse_value(field, value)
        if isinstance(value, str)
        else films.check_value(field, value)
        for field, value in given.items()
    }


def _run(context: Context, film: Film) -> Run | None:
    rows = films.grosses(context.lake, film.territory, film.as_of, films=[film.film])
    if rows.num_rows == 0:
        return None
    days = pc.min_max(rows["day"]).as_py()
    currencies = pc.unique(rows["currency"]).to_pylist()
    if len(currencies) > 1:
        raise InputError(
            f"The days of {film.film} are in {' and '.join(sorted(currencies))}: no sum is told."
        )
    gross = float(pc.sum(rows["gross"]).as_py())
    return Run(rows.num_rows, gross, currencies[0], days["min"], days["max"])


def _interest(context: Context, film: Film) -> tuple[Interest, ...]:
    rows = films.signals(context.lake, film.territory, film.as_of, films=[film.film])
    by_kind: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows.to_pylist():
        by_kind[row["kind"]].append(row)
    return tuple(
        Interest(kind, len(r), r[0]["day"], r[-1]["day"], r[-1]["value"])
        for kind, r in sorted(by_kind.items())
    )
