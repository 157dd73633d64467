"""What a film's audiences are made of: the obvious ones, and the columns that may become a card."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np

from fullhouse.audiences.forms import quote
from fullhouse.core.arrays import Flags, Integers
from fullhouse.discovery.affinity import Affinity
from fullhouse.sample.analysis_sample import AnalysisSample, KnownFilm
from fullhouse.sample.outcome import LikelyAudience
from fullhouse.sample.sheet import Sheet
from fullhouse.traits.film_traits import FACTS, PLACES, any_of, kinds_of
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


WIDE = ((0, 24), (25, 200), (18, 34), (35, 54), (55, 200))
"""Under 25 and over, as the trade cuts them, and the ages that media are bought for."""

OPEN = 200
"""The end of a band that has none."""

FAMILY = "gender and age"


@dataclass(frozen=True)
class AudienceColumn:
    """Some people of a sheet, by row, and what they have in common.

    `kinds` are the kinds of event it shows in; `facts` the demographic families it is made of:
    only people of whom these are known are compared.
    """

    name: str
    label: str
    family: str
    kinds: tuple[str, ...]
    facts: tuple[str, ...]
    rows: Integers = field(repr=False)
    trait: Trait | None = None
    rule: str = ""

    def holders(self, people: int) -> Flags:
        """One flag for each person of the sheet."""
        flags = np.zeros(people, dtype=bool)
        flags[self.rows] = True
        return flags


@dataclass(frozen=True)
class ComparedTraits:
    """One group of traits with the base of those who could show them.

    Who has no account at the shop cannot show what they buy, so what is bought is compared among
    people known to both the shop and the film's own source. `rule` is that base; `affinities`
    (by trait name) are exact counts over it; the sheet's traits include the film traits and facts
    that are adjusted for, `candidates` names those that may become a card.
    """

    rule: str
    sheet: Sheet
    affinities: Mapping[str, Affinity]
    candidates: tuple[str, ...]


def trait_columns(sheet: Sheet, names: Iterable[str]) -> list[AudienceColumn]:
    """The columns of some of a sheet's traits, in the order given."""
    return [_trait_column(sheet, sheet.traits[sheet.column(name)]) for name in names]


def _trait_column(sheet: Sheet, trait: Trait) -> AudienceColumn:
    return AudienceColumn(
        trait.name,
        trait.label,
        trait.family,
        _event_kinds(trait),
        (trait.family,) if trait.family in DEMOGRAPHICS else (),
        sheet.holders(sheet.column(trait.name)),
        trait,
        quote(trait.name),
    )


def _event_kinds(trait: Trait) -> tuple[str, ...]:
    # A level of prices is a fact that only purchases can show.
    kind = trait.definition.get("from")
    return kinds_of(trait) or ((kind,) if kind else ())


@dataclass(frozen=True)
class Ages:
    """A run of age bands, first and last year included."""

    first: int
    last: int
    traits: tuple[Trait, ...]

    @property
    def words(self) -> str:
        """The ages in words.

        >>> Ages(18, 34, ()).words, Ages(25, 200, ()).words, Ages(0, 24, ()).words
        ('aged 18 to 34', 'aged 25 and over', 'under 25')
        """
        if self.first == 0:
            return f"under {self.last + 1}"
        if self.last >= OPEN:
            return f"aged {self.first} and over"
        return f"aged {self.first} to {self.last}"


def quadrants(sheet: Sheet) -> list[AudienceColumn]:
    """Gender by age: each band of the sheet, and the wider ones that its bands add up to.

    Two of the same people are one. Nothing when the sheet has no gender or fewer than two ages.
    """
    genders = [t for t in sheet.traits if t.family == "gender"]
    bands = ages_of([t for t in sheet.traits if t.family == "age"])
    if not genders or len(bands) < 2:
        return []
    runs = {tuple(t.name for t in a.traits): a for a in [*bands, *_wide(bands)]}
    known = sheet.known_in(("gender", "age"))
    columns = []
    for gender in genders:
        flags = np.zeros(len(known), dtype=bool)
        flags[sheet.holders(sheet.column(gender.name))] = True
        columns += [_quadrant(sheet, gender, ages, flags & known) for ages in runs.values()]
    return columns


def ages_of(traits: Sequence[Trait]) -> list[Ages]:
    """Single age bands, youngest first; bands whose name says no years are left out.

    >>> [a.words for a in ages_of([Trait(0, "age:65+", "age", "", "person", {}, 1, {}, True)])]
    ['aged 65 and over']
    """
    matched = ((t, re.fullmatch(r"(\d+)(?:-(\d+)|\+)", t.slug)) for t in traits)
    bands = [Ages(int(m[1]), int(m[2] or OPEN), (t,)) for t, m in matched if m]
    return sorted(bands, key=lambda a: (a.first, a.last))


def _wide(bands: Sequence[Ages]) -> list[Ages]:
    runs = []
    for first, last in WIDE:
        inside = [b for b in bands if b.first >= first and b.last <= last]
        # Bands must add up to the run, without a gap or an overlap and up to both its ends.
        joined = all(a.last + 1 == b.first for a, b in pairwise(inside))
        ends = inside and (first == 0 or inside[0].first == first) and inside[-1].last == last
        if joined and ends:
            runs.append(Ages(first, last, tuple(t for b in inside for t in b.traits)))
    return runs


def _quadrant(sheet: Sheet, gender: Trait, ages: Ages, flags: Flags) -> AudienceColumn:
    aged = np.zeros(len(flags), dtype=bool)
    for trait in ages.traits:
        aged[sheet.holders(sheet.column(trait.name))] = True
    rule = f"{quote(gender.name)} & {any_of([quote(t.name) for t in ages.traits])}"
    label = f"{gender.label} {ages.words}"
    return AudienceColumn(
        rule, label, FAMILY, (), ("gender", "age"), np.flatnonzero(flags & aged), None, rule
    )
