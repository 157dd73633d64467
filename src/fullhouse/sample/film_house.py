"""What a house knows of a film and of the films before it, as of a day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ibis
from pyroaring import BitMap

from fullhouse import audiences, films
from fullhouse.app.audiences import audience_population
from fullhouse.app.discover_outcome import CACHE
from fullhouse.audiences import Population
from fullhouse.consent import ANALYTICS
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.person_sets import PersonSet
from fullhouse.core.tables import ITEM, PERSON_EVENT
from fullhouse.discovery import Blocks
from fullhouse.films.known import value
from fullhouse.sample.film_traits import FilmTraits, film_slug_in, film_traits, sources_of
from fullhouse.sample.film_words import FilmWords, film_words
from fullhouse.sample.word_space import WordSpace, word_space
from fullhouse.traits import Trait
from fullhouse.traits.names import film_slug
from fullhouse.workspace.context import Context

TOLD = (
    "title", "original_title", "opening", "genres", "keywords", "overview", "tagline", "talent",
    "series", "predecessor", "distributor", "companies", "language", "countries",
)  # fmt: skip
"""Facts of a film that tell who may like it."""


@dataclass(frozen=True)
class KnownFilm:
    """A film as known on the day: its facts, and the slug under which its traits stand, if any."""

    film: str
    title: str
    opening: date | None
    facts: Mapping[str, Any]
    slug: str | None


@dataclass
class FilmHouse:
    """A workspace as of a day, for one territory: its people, traits and films.

    Nobody in `left_out` is among its people: whom a campaign spoke to tells nothing of taste.
    """

    context: Context
    territory: str
    day: date
    population: Population
    left_out: PersonSet = field(default_factory=dict, repr=False)
    _folder: "TemporaryDirectory[str] | None" = field(default=None, repr=False)

    @cached_property
    def traits(self) -> list[Trait]:
        """The built traits."""
        return [t for t in self.population.catalogue.traits if t.built]

    @cached_property
    def film_traits(self) -> dict[str, FilmTraits]:
        """Who marked and who saw each film, by its slug."""
        return film_traits(self.traits)

    @cached_property
    def sources(self) -> dict[str, tuple[str, ...]]:
        """The sources that have events of each kind."""
        return sources_of(self.context.lake)

    @cached_property
    def films(self) -> dict[str, KnownFilm]:
        """Every film that somebody told of or saw, by id; a fact goes before what a feed says."""
        told = _told(self.context, self.territory, self.day)
        found, taken = {}, set()
        for film, facts in told.items():
            title, opening = str(facts.get("title") or film), facts.get("opening")
            slug = film_slug_in(self.film_traits, film, title, opening and opening.year)
            found[film] = KnownFilm(film, title, opening, facts, slug)
            taken.add(slug)
        feeds = _in_feeds(self.context)
        for slug in self.film_traits:
            if slug not in taken:
                facts = feeds.get(slug, {"title": slug})
                found[slug] = KnownFilm(slug, facts["title"], facts.get("opening"), facts, slug)
        return found

    @cached_property
    def span(self) -> tuple[date | None, date | None]:
        """The first and the last day of the events that are known by the day."""
        laid = self.context.engine.scan(self.context.lake.snapshot(PERSON_EVENT))
        until = min(self.day, self.population.build.as_of)
        known = laid.filter(laid.day <= ibis.literal(until))
        ends = known.aggregate(first=known.day.min(), last=known.day.max())
        row = self.context.engine.arrow(ends).to_pylist()[0]
        return row["first"], row["last"]

    @cached_property
    def words(self) -> dict[str, FilmWords]:
        """What is told of every film, by id."""
        return {
            k.film: film_words(k.film, {**k.facts, "title": k.title, "opening": k.opening})
            for k in self.films.values()
        }

    @cached_property
    def space(self) -> WordSpace:
        """How common words are among those films; one for all that is asked in one go."""
        return word_space(self.words.values())

    @cached_property
    def blocks(self) -> Blocks:
        """The person-major form."""
        # Files are mapped into memory, so they are kept beside a local workspace only.
        place = self.context.place
        if place.is_local:
            return Blocks(self.context.lake, self.population.build, place.path / CACHE)
        self._folder = TemporaryDirectory(prefix="fullhouse-discover-")
        return Blocks(self.context.lake, self.population.build, Path(self._folder.name))

    def find(self, film: str) -> KnownFilm:
        """A film by its id; an error with near names."""
        film = films.renamed(self.context.lake).get(film, film)
        if film in self.films:
            return self.films[film]
        hint = did_you_mean(film, self.films) or (
            " Import films with 'fullhouse film import', or add one with 'fullhouse film add'."
        )
        raise InputError(
            f"No film {film!r} was known in {self.territory} on {self.day}, and nobody in the"
            f" house marked or saw one of that name.{hint}"
        )

    def people(self, *rules: str) -> Sequence[PersonSet]:
        """The people who fit each rule and take part in the population's purpose, by block."""
        plans = [self.population.plan(rule) for rule in rules]
        found: list[dict[int, BitMap]] = [{} for _ in plans]
        for block, sets, _ in audiences.people(self.population, *plans):
            for mine, here in zip(found, sets, strict=True):
                gone = self.left_out.get(block)
                mine[block] = here if gone is None else here - gone
        return found

    def close(self) -> None:
        """Remove what was made for this use alone."""
        if self._folder is not None:
            self._folder.cleanup()

    def __enter__(self) -> "FilmHouse":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def film_house(
    context: Context,
    *,
    territory: str | None = None,
    as_of: date | None = None,
    purpose: str = ANALYTICS,
    left_out: PersonSet | None = None,
) -> FilmHouse:
    """The house as of a day; today where none is given."""
    # The latest day that has begun anywhere.
    today = (datetime.now(UTC) + timedelta(hours=14)).date()
    if as_of is not None and as_of > today:
        raise InputError(f"--as-of {as_of} has not come yet; the latest day that can be asked for"
                         f" is {today}.")  # fmt: skip
    territory = territory or context.settings.territory
    films.check_territory(territory)
    population = audience_population(context, as_of=as_of, purpose=purpose)
    return FilmHouse(context, territory, as_of or today, population, left_out or {})


def _told(context: Context, territory: str, day: date) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    rows = films.facts(context.lake, territory, day, fields=TOLD)
    for row in rows.select(["film", "field", "value"]).to_pylist():
        found.setdefault(row["film"], {})[row["field"]] = value(row["field"], row["value"])
    return found


def _in_feeds(context: Context) -> dict[str, dict[str, Any]]:
    """Title, genres and year of the films of the house's own feeds, by slug."""
    found: dict[str, dict[str, Any]] = {}
    rows = context.lake.read(ITEM, columns=["kind", "title", "genres", "release_year"])
    for row in rows.to_pylist():
        if row["kind"] != "film" or not row["title"]:
            continue
        year, genres = row["release_year"], (row["genres"] or "").split("|")
        facts: dict[str, Any] = {"title": row["title"], "genres": [g for g in genres if g]}
        if year:
            # The last day of the year: a film whose day is unknown is not told early.
            facts["opening"] = date(year, 12, 31)
        found.setdefault(film_slug(row["title"], year), facts)
    return found
