"""The analysis sample: people, traits and films of a workspace in one territory, as of a day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from fullhouse import audiences, films
from fullhouse.audiences import Population
from fullhouse.consent import ANALYTICS
from fullhouse.core.errors import NotFoundError, did_you_mean
from fullhouse.core.leftovers import TemporaryFolder
from fullhouse.core.person_sets import PersonSet, without
from fullhouse.core.tables import ITEM, PERSON_EVENT
from fullhouse.engine.expr import ibis
from fullhouse.films.store import value
from fullhouse.sample.outcome import LikelyAudience, Outcome, OwnEvents, outcome_of, own_events
from fullhouse.sample.sheet import Sheet, sheet
from fullhouse.sample.words import FilmWords, WordSpace, film_words, word_space
from fullhouse.traits import Trait
from fullhouse.traits.blocks import Blocks
from fullhouse.traits.film_traits import (
    FilmTraits,
    any_of,
    base_rule,
    film_slug_in,
    film_traits,
    sources_of,
)
from fullhouse.traits.names import film_slug
from fullhouse.workspace.cache_files import cache_folder
from fullhouse.workspace.context import Context

TASTE_FIELDS = (
    "title", "original_title", "opening", "genres", "keywords", "overview", "tagline", "talent",
    "series", "predecessor", "distributor", "companies", "language", "countries",
)  # fmt: skip
"""Facts of a film that predict who may like it."""


@dataclass(frozen=True)
class KnownFilm:
    """A film as known on the day: its facts, and the slug of its traits, if it has any."""

    film: str
    title: str
    opening: date | None
    facts: Mapping[str, Any]
    slug: str | None


@dataclass
class AnalysisSample:
    """A workspace as of a day, for one territory: its people, traits and films.

    Nobody in `left_out` is among its people: whom a campaign contacted shows no natural taste.
    """

    context: Context
    territory: str
    day: date
    population: Population
    left_out: PersonSet = field(default_factory=dict, repr=False)
    _folder: TemporaryFolder | None = field(default=None, repr=False)

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
        """Every film with facts or an audience, by id; a fact takes precedence over a feed."""
        known, slugs = {}, set()
        for film, facts in _facts(self.context, self.territory, self.day).items():
            title, opening = str(facts.get("title") or film), facts.get("opening")
            slug = film_slug_in(self.film_traits, film, title, opening and opening.year)
            known[film] = KnownFilm(film, title, opening, facts, slug)
            slugs.add(slug)
        feeds = _in_feeds(self.context)
        for slug in self.film_traits:
            if slug not in slugs:
                facts = feeds.get(slug, {"title": slug})
                known[slug] = KnownFilm(slug, facts["title"], facts.get("opening"), facts, slug)
        return known

    @cached_property
    def span(self) -> tuple[date | None, date | None]:
        """The first and the last day of the events that are known by the day."""
        events = self.context.engine.scan(self.context.lake.snapshot(PERSON_EVENT))
        until = min(self.day, self.population.build.as_of)
        known = events.filter(events.day <= ibis.literal(until))
        ends = known.aggregate(first=known.day.min(), last=known.day.max())
        row = self.context.engine.arrow(ends).to_pylist()[0]
        return row["first"], row["last"]

    @cached_property
    def words(self) -> dict[str, FilmWords]:
        """Every film in words, by id."""
        return {
            k.film: film_words(k.film, {**k.facts, "title": k.title, "opening": k.opening})
            for k in self.films.values()
        }

    @cached_property
    def space(self) -> WordSpace:
        """How common words are among those films; the same for all questions to this sample."""
        return word_space(self.words.values())

    @cached_property
    def blocks(self) -> Blocks:
        """The person-major form."""
        # Files are mapped into memory, so they lie beside a local workspace only.
        folder = cache_folder(self.context.place)
        if folder is not None:
            return Blocks(self.context.lake, self.population.build, folder)
        self._folder = TemporaryFolder("sample")
        return Blocks(self.context.lake, self.population.build, self._folder.path)

    def find(self, film: str) -> KnownFilm:
        """A film by its id; an error with near names."""
        film = films.renamed(self.context.lake).get(film, film)
        if film in self.films:
            return self.films[film]
        raise NotFoundError(
            f"No film {film!r} was known in {self.territory} on {self.day}, and nobody in the"
            f" house marked or saw one of that name.{did_you_mean(film, self.films)}"
        )

    def people(self, *rules: str) -> Sequence[PersonSet]:
        """The people who fit each rule and take part in the population's purpose, by block."""
        compiled = [self.population.compile(rule) for rule in rules]
        sets, _ = audiences.members_of(self.population, *compiled)
        return [without(people, self.left_out) for people in sets]

    def outcome(self, traits: Sequence[Trait]) -> Outcome:
        """The outcome of having any of some traits."""
        compiled = self.population.compile(any_of([t.name for t in traits]))
        text = audiences.to_text(compiled.rule)
        (people,) = self.people(text)
        return outcome_of(text, compiled.rule, self.population.catalogue, people)

    def own_events(self, outcome: Outcome) -> OwnEvents:
        """The events that make up an outcome."""
        context = self.context
        return own_events(context.engine, context.lake, self.population.build, outcome)

    def sheet(self, base: PersonSet, audience: LikelyAudience) -> Sheet:
        """The people of a base in memory, with a film's likely audience as the seed."""
        return sheet(
            self.blocks,
            base,
            audience.outcome.people,
            audience.own,
            self.traits,
            key=self.population.key,
            interest=audience.interest,
        )

    def likely_sheet(self, audience: LikelyAudience) -> Sheet:
        """The people over whom a film's tickets are shared out: who could be in its audience."""
        (base,) = self.people(base_rule(audience.outcome.kinds, self.sources))
        return self.sheet(base, audience)

    def close(self) -> None:
        """Remove the files of this use alone."""
        if self._folder is not None:
            self._folder.cleanup()

    def __enter__(self) -> "AnalysisSample":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def analysis_sample(
    context: Context,
    *,
    territory: str | None = None,
    as_of: date | None = None,
    purpose: str = ANALYTICS,
    left_out: PersonSet | None = None,
) -> AnalysisSample:
    """The sample as of a day, the context's today where none is given; not of a day to come."""
    day = context.day_asked(as_of)
    territory = territory or context.settings.territory
    films.check_territory(territory)
    population = audiences.population(context, as_of=as_of, purpose=purpose)
    return AnalysisSample(context, territory, day, population, left_out or {})


def _facts(context: Context, territory: str, day: date) -> dict[str, dict[str, Any]]:
    """The facts of each film that were known on the day."""
    known: dict[str, dict[str, Any]] = {}
    rows = films.facts(context.lake, territory, day, fields=TASTE_FIELDS)
    for row in rows.select(["film", "field", "value"]).to_pylist():
        known.setdefault(row["film"], {})[row["field"]] = value(row["field"], row["value"])
    return known


def _in_feeds(context: Context) -> dict[str, dict[str, Any]]:
    """Title, genres and year of the films of the house's own feeds, by slug."""
    by_slug: dict[str, dict[str, Any]] = {}
    rows = context.lake.read(ITEM, columns=["kind", "title", "genres", "release_year"])
    for row in rows.to_pylist():
        if row["kind"] != "film" or not row["title"]:
            continue
        year, genres = row["release_year"], (row["genres"] or "").split("|")
        facts: dict[str, Any] = {"title": row["title"], "genres": [g for g in genres if g]}
        if year:
            # The last day of the year: a film whose day is unknown is not used too early.
            facts["opening"] = date(year, 12, 31)
        by_slug.setdefault(film_slug(row["title"], year), facts)
    return by_slug
