"""Which traits are a film's, and which source's accounts could show a trait at all."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from fullhouse.core.tables import EVENT_TABLES, ITEM
from fullhouse.core.values import slug
from fullhouse.films.catalogue import UnmatchedFilm
from fullhouse.lake import Lake
from fullhouse.traits.names import film_slug
from fullhouse.traits.trait import EVENT_KINDS, KINDS, Trait

FACTS = ("gender", "age", "household", "income", "education", "occupation")
"""Demographic families of which a trait may be an audience."""
BASKETS = ("buys", "word", "own", "price")
PLACES = ("city", "region", "country")
OTHERS_AT_LEAST = 8
"""Films of a placebo: of so many, no single one's own audience decides."""


@dataclass(frozen=True)
class FilmTraits:
    """A film's traits: who marked it "want to see", and who saw it or bought a ticket."""

    slug: str
    wants: Trait | None = None
    saw: Trait | None = None

    @property
    def both(self) -> tuple[Trait, ...]:
        """Those that there are."""
        return tuple(t for t in (self.wants, self.saw) if t is not None)


def kinds_of(trait: Trait) -> tuple[str, ...]:
    """The kinds of event that a trait counts, of those that make up activity; none for a fact."""
    counted = trait.definition.get("kinds", [trait.basis])
    return tuple(k for k in counted if k in KINDS) if trait.basis in EVENT_KINDS else ()


def film_traits(traits: Iterable[Trait]) -> dict[str, FilmTraits]:
    """The built traits of each film, by its slug."""
    by_film: dict[str, dict[str, Trait]] = defaultdict(dict)
    for trait in traits:
        if trait.built and trait.family in ("wants", "saw") and "film" in trait.definition:
            by_film[trait.definition["film"]][trait.family] = trait
    return {film: FilmTraits(film, **families) for film, families in by_film.items()}


def film_slug_in(known: Collection[str], film: str, title: str, year: int | None) -> str | None:
    """Under which slug a film's traits stand: its id, or its title with a year next to its own.

    A house's feed may give the year of the first release anywhere.
    """
    if film in known:
        return film
    name = slug(title.replace("'", "").replace("’", ""))
    years = [year, year - 1, year + 1] if year else []
    return next((f"{name}-{y}" for y in years if f"{name}-{y}" in known), None)


def unmatched(lake: Lake, known: Mapping[str, Mapping[str, Any]]) -> list[UnmatchedFilm]:
    """The films of the feeds that are none of the known ones, each with its title and opening."""
    feeds: dict[str, tuple[str, int | None, set[str]]] = {}
    columns = ["source", "kind", "title", "release_year"]
    for row in lake.read(ITEM, columns=columns).to_pylist():
        if row["kind"] == "film" and row["title"]:
            name = film_slug(row["title"], row["release_year"])
            film = feeds.setdefault(name, (row["title"], row["release_year"], set()))
            film[2].add(row["source"])
    matched, titles = set(), defaultdict(list)
    for film_id, facts in known.items():
        title, opening = str(facts.get("title") or film_id), facts.get("opening")
        matched.add(film_slug_in(feeds, film_id, title, opening and opening.year))
        titles[film_slug(title, None)].append(film_id)
    return [
        UnmatchedFilm(
            name, title, year, tuple(sorted(sources)), tuple(titles[film_slug(title, None)])
        )
        for name, (title, year, sources) in sorted(feeds.items())
        if name not in matched
    ]


def sources_of(lake: Lake) -> dict[str, tuple[str, ...]]:
    """The sources that have events of each of KINDS, from the names of the tables' parts."""
    sources = {}
    for kind in KINDS:
        uris = lake.snapshot(EVENT_TABLES[kind]).uris
        parts = {p for uri in uris for p in uri.split("/") if p.startswith("source=")}
        sources[kind] = tuple(sorted(unquote(p.removeprefix("source=")) for p in parts))
    return sources


def base_rule(kinds: Iterable[str], sources: Mapping[str, Sequence[str]]) -> str:
    """The rule of those who have an account where events of some kinds come from."""
    names = sorted({s for k in kinds for s in sources.get(k, ())})
    return any_of([f"source:{slug(n)}" for n in names]) if names else "everyone"


def any_of(names: Sequence[str]) -> str:
    """The rule of those who have any of some traits.

    >>> any_of(["saw:up-2009", "wants:up-2009"])
    '(saw:up-2009 | wants:up-2009)'
    """
    return names[0] if len(names) == 1 else f"({' | '.join(names)})"


def placebo_films(
    films: Mapping[str, FilmTraits], seed: Sequence[Trait], without: Collection[str], key: bytes
) -> list[Trait]:
    """Traits of other films, of the seed's families, drawn by the key to about the seed's size.

    What goes with having seen just any films as often is activity or a habit of film people, not
    this film's audience. Each family is drawn to its share, from eight films at least.
    """
    names = [f for f in films if f not in without]
    order = sorted(names, key=lambda n: hashlib.sha256(key + n.encode()).digest())
    chosen: list[Trait] = []
    for family in ("wants", "saw"):
        wanted = sum(t.persons for t in seed if t.family == family)
        if not wanted:
            continue
        others = [t for n in order if (t := getattr(films[n], family)) is not None]
        people = 0
        for count, trait in enumerate(others):
            if people >= wanted and count >= OTHERS_AT_LEAST:
                break
            chosen.append(trait)
            people += trait.persons
    return chosen


def basket_traits(traits: Iterable[Trait]) -> list[Trait]:
    """Built traits that are counted from purchases only, and what is paid."""
    return [
        t
        for t in traits
        if t.built
        and t.family in BASKETS
        and (kinds_of(t) == ("purchase",) or t.definition.get("from") == "purchase")
    ]


def fact_traits(traits: Iterable[Trait]) -> dict[str, list[Trait]]:
    """Built demographic traits that may be an audience, by family."""
    by_family: dict[str, list[Trait]] = defaultdict(list)
    for trait in traits:
        if trait.built and trait.family in FACTS:
            by_family[trait.family].append(trait)
    return dict(by_family)
