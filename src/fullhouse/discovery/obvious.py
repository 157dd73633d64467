"""Whom film people know already: fans of the genre and of the talent, core moviegoers."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property

from fullhouse.audiences.forms import quote
from fullhouse.sample.film_traits import FACTS, PLACES, any_of
from fullhouse.traits.names import name_slug
from fullhouse.traits.trait import Trait

DEMOGRAPHICS = (*FACTS, *PLACES)
"""Families of facts that are held equal, but those that a trait is made of."""

HABITS = ("moviegoer", "viewer")
"""Families of levels of going out and of watching."""

CORE = "moviegoer:frequent"


@dataclass(frozen=True)
class Part:
    """One part of the obvious audience: anyone with any of some traits."""

    name: str
    traits: tuple[Trait, ...]

    @property
    def rule(self) -> str:
        """The part in the audience language."""
        return any_of([quote(t.name) for t in self.traits])


@dataclass(frozen=True)
class ObviousTraits:
    """The traits that say the obvious about a film.

    `genres` are the film's own, `talent` films seen or wanted that share people or a series with
    it, `core` who goes all the time: these three are the obvious audience. `tastes` are all
    genres, `habits` all levels of going out and watching, `facts` demographics: these are held
    equal too, but are no audience of their own.
    """

    genres: tuple[Trait, ...] = ()
    talent: tuple[Trait, ...] = ()
    core: tuple[Trait, ...] = ()
    tastes: tuple[Trait, ...] = ()
    habits: tuple[Trait, ...] = ()
    facts: tuple[Trait, ...] = ()

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The parts of the obvious audience that there are."""
        named = (
            ("fans of the genre", self.genres),
            ("fans of the talent or series", self.talent),
            ("core moviegoers", self.core),
        )
        return tuple(Part(name, traits) for name, traits in named if traits)

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
    """The obvious among built traits, found by name.

    `genres` are spelt as in the film's own record; `talent_films` are slugs of films; `seed`
    names the traits that the seed is made of, which foretell nothing.
    """
    built = [t for t in traits if t.built and t.name not in seed]
    mine = {name_slug(g) for g in genres}
    tastes = tuple(t for t in built if t.family == "genre")
    return ObviousTraits(
        genres=tuple(t for t in tastes if t.slug in mine),
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
