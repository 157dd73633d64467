"""Whom film people know already: fans of the genre and of the talent, core moviegoers."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property

from fullhouse.audiences.forms import quote
from fullhouse.sample.analysis_sample import AnalysisSample, KnownFilm
from fullhouse.sample.film_traits import FACTS, PLACES, any_of
from fullhouse.sample.outcome import LikelyAudience
from fullhouse.traits.names import name_slug
from fullhouse.traits.trait import Trait

DEMOGRAPHICS = (*FACTS, *PLACES)
"""Families of facts that are adjusted for, but those that a trait is made of."""

HABITS = ("moviegoer", "viewer")
"""Families of levels of going out and of watching."""

CORE = "moviegoer:frequent"


@dataclass(frozen=True)
class ObviousPart:
    """One part of the obvious audience: anyone with any of some traits."""

    name: str
    traits: tuple[Trait, ...]

    @property
    def rule(self) -> str:
        """The part in the audience language."""
        return any_of([quote(t.name) for t in self.traits])


@dataclass(frozen=True)
class ObviousTraits:
    """The traits that are obvious about a film.

    `genres` are the film's own, `talent` films seen or wanted that share people or a series with
    it, `core` who goes all the time: these three are the obvious audience. `tastes` are all
    genres, `habits` all levels of going out and watching, `facts` demographics: these are
    adjusted for too, but are no audience of their own.
    """

    genres: tuple[Trait, ...] = ()
    talent: tuple[Trait, ...] = ()
    core: tuple[Trait, ...] = ()
    tastes: tuple[Trait, ...] = ()
    habits: tuple[Trait, ...] = ()
    facts: tuple[Trait, ...] = ()

    @cached_property
    def parts(self) -> tuple[ObviousPart, ...]:
        """The parts of the obvious audience that there are."""
        named = (
            ("fans of the genre", self.genres),
            ("fans of the talent or series", self.talent),
            ("core moviegoers", self.core),
        )
        return tuple(ObviousPart(name, traits) for name, traits in named if traits)

    @property
    def rule(self) -> str | None:
        """The obvious audience in the audience language; None when nothing is obvious."""
        return " | ".join(quote(t.name) for t in self.audience) or None

    @property
    def audience(self) -> tuple[Trait, ...]:
        """Traits of which any makes a person obvious."""
        return self.genres + self.talent + self.core


def obvious_traits(
    traits: Iterable[Trait],
    *,
    genres: Collection[str] = (),
    talent_films: Collection[str] = (),
    seed: Collection[str] = (),
) -> ObviousTraits:
    """The obvious among built traits, by name.

    `genres` are spelt as in the film's own record; `talent_films` are slugs of films; `seed`
    names the traits that the seed is made of, which predict nothing.
    """
    built = [t for t in traits if t.built and t.name not in seed]
    of_film = {name_slug(g) for g in genres}
    tastes = tuple(t for t in built if t.family == "genre")
    return ObviousTraits(
        genres=tuple(t for t in tastes if t.slug in of_film),
        talent=tuple(
            t
            for t in built
            if t.family in ("saw", "wants") and t.definition.get("film") in talent_films
        ),
        core=tuple(t for t in built if t.name == CORE),
        tastes=tastes,
        habits=tuple(t for t in built if t.family in HABITS),
        facts=tuple(t for t in built if t.family in DEMOGRAPHICS),
    )


def obvious_of(sample: AnalysisSample, film: KnownFilm, audience: LikelyAudience) -> ObviousTraits:
    """Fans of the film's genres and talent; the audience's own films are no talent of its."""
    talent = {n.casefold() for n in film.facts.get("talent") or ()}
    series = film.facts.get("series")
    own_films = {t.definition["film"] for t in audience.traits} | {film.slug}
    related = {
        k.slug
        for k in sample.films.values()
        if k.slug
        and k.slug not in own_films
        and (
            talent & {n.casefold() for n in k.facts.get("talent") or ()}
            or (series and k.facts.get("series") == series)
        )
    }
    return obvious_traits(
        sample.traits,
        genres=film.facts.get("genres") or (),
        talent_films={s for s in related if s},
        seed={t.name for t in (*audience.outcome.traits, *audience.outcome.about)},
    )
