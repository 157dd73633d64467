"""The films of a workspace: listed, shown as of a day, and those that may be one."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from fullhouse.core.brief import Brief
from fullhouse.core.errors import CannotTellError
from fullhouse.films import store
from fullhouse.films.film import RETIRED, Film
from fullhouse.films.identity import SetLink, find
from fullhouse.lake import Lake


@dataclass(frozen=True)
class FilmLine:
    """One film of the list: `opening` is a territory's, else the first anywhere."""

    film: str
    title: str
    opening: date | None
    territories: tuple[str, ...]
    sets: tuple[str, ...]


@dataclass(frozen=True)
class FilmList(Brief):
    """How many films fit, and the first of them by opening, the latest first."""

    total: int
    films: tuple[FilmLine, ...]


@dataclass(frozen=True)
class FilmFact:
    """A fact of a film: its value, since when it was known, who says so."""

    field: str
    value: Any
    known_on: date
    origin: str
    territory: str


@dataclass(frozen=True)
class FilmRun:
    """What a film took in a territory, as far as known: days, sum, first and last day."""

    days: int
    gross: float
    currency: str
    first: date
    last: date


@dataclass(frozen=True)
class FilmSignal:
    """Signals of one kind, as far as known."""

    kind: str
    days: int
    first: date
    last: date
    last_value: float


@dataclass(frozen=True)
class FilmView(Brief):
    """A film as of a day: what was known, each with its origin; what it took; its signals."""

    known: Film
    facts: tuple[FilmFact, ...]
    links: tuple[SetLink, ...]
    run: FilmRun | None
    signals: tuple[FilmSignal, ...]


@dataclass(frozen=True)
class Doubt(Brief):
    """An entry that may be a film that was here: to be accepted as that one or as its own."""

    link: SetLink
    candidate: str
    candidate_title: str
    candidate_opening: date | None


@dataclass(frozen=True)
class UnmatchedFilm(Brief):
    """A film of the house's feeds that is no film of the catalogue, and ones of the same title."""

    slug: str
    title: str
    year: int | None
    sources: tuple[str, ...]
    same_title: tuple[str, ...]


def list_films(
    links: Sequence[SetLink],
    *,
    search: str | None = None,
    territory: str | None = None,
    year: int | None = None,
    most: int | None = None,
) -> FilmList:
    """The films whose title or id holds a text, of a territory, that open in a year."""
    by_film: dict[str, list[SetLink]] = defaultdict(list)
    for link in links:
        if link.set != RETIRED:
            by_film[link.film].append(link)
    lines = [
        line
        for film, own in by_film.items()
        if (line := _line(film, own, (search or "").casefold(), territory, year)) is not None
    ]
    lines.sort(key=lambda f: (-(f.opening or date.min).toordinal(), f.film))
    return FilmList(len(lines), tuple(lines[: most or None]))


def _line(
    film: str, links: Sequence[SetLink], search: str, territory: str | None, year: int | None
) -> FilmLine | None:
    places = tuple(sorted({k.territory for k in links if k.territory}))
    if territory and territory not in places:
        return None
    titles = [t for k in links for t in (k.title, k.other_title) if t]
    if search and not any(search in t.casefold() for t in (*titles, film)):
        return None
    # A territory's own day goes before the first day anywhere.
    dated = sorted(
        (k.territory != territory, not k.territory, k.opening) for k in links if k.opening
    )
    opening = dated[0][2] if dated else None
    if year and (opening is None or opening.year != year):
        return None
    return FilmLine(film, titles[0], opening, places, tuple(sorted({k.set for k in links})))


def show_film(
    lake: Lake, links: Sequence[SetLink], film: str, *, territory: str, as_of: date
) -> FilmView:
    """What was known of a film for a territory on a day; nothing that came later."""
    name = find(links, film)
    known = store.known(lake, name, territory, as_of)
    rows = store.facts(lake, territory, as_of, films=[name]).to_pylist()
    facts = tuple(
        FilmFact(r["field"], known.facts[r["field"]], r["known_on"], r["origin"], r["territory"])
        for r in rows
    )
    own = tuple(k for k in links if k.film == name and k.set != RETIRED)
    return FilmView(known, facts, own, _run(lake, known), _signals(lake, known))


def doubts(links: Sequence[SetLink]) -> list[Doubt]:
    """Entries that may be a film that was here before, the likeliest first."""
    first = {k.film: k for k in reversed(links) if k.set != RETIRED}
    waiting = []
    for link in links:
        if link.status == "review" and link.candidate:
            candidate = find(links, link.candidate)
            other = first[candidate]
            waiting.append(Doubt(link, candidate, other.title, other.opening))
    return sorted(waiting, key=lambda d: (-(d.link.score or 0), d.link.film))


def _run(lake: Lake, film: Film) -> FilmRun | None:
    rows = store.grosses(lake, film.territory, film.as_of, films=[film.film])
    if rows.num_rows == 0:
        return None
    days, grosses = rows["day"].to_pylist(), rows["gross"].to_pylist()
    currencies = sorted(set(rows["currency"].to_pylist()))
    if len(currencies) > 1:
        raise CannotTellError(
            code="several_currencies", territory=film.territory, currencies=currencies
        )
    return FilmRun(len(days), float(sum(grosses)), currencies[0], min(days), max(days))


def _signals(lake: Lake, film: Film) -> tuple[FilmSignal, ...]:
    rows = store.signals(lake, film.territory, film.as_of, films=[film.film])
    by_kind: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows.to_pylist():
        by_kind[row["kind"]].append(row)
    return tuple(
        FilmSignal(kind, len(r), r[0]["day"], r[-1]["day"], r[-1]["value"])
        for kind, r in sorted(by_kind.items())
    )
