"""The people that a tenant's questions are about: what names of traits the tenant may use."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from fullhouse import audiences
from fullhouse.audiences import BuiltTraits, Name, Population, Rule, Saved
from fullhouse.audiences.population import read
from fullhouse.audiences.rule import And, Not, Or
from fullhouse.cleanroom.policy import HOUSE_FILE, WHO, Policy, PolicyError, PolicyOrigin
from fullhouse.cleanroom.question import (
    Breakdown,
    Count,
    Describe,
    Overlap,
    Question,
    RuleReader,
    TicketsByCity,
    leaves_of,
    question_day,
    rules_of,
)
from fullhouse.cleanroom.tenants import hidden_films
from fullhouse.control.control import Control
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.tables import TRAIT
from fullhouse.films import identity
from fullhouse.traits import Trait
from fullhouse.traits.film_traits import film_slug_in
from fullhouse.traits.names import film_slug, without_year
from fullhouse.workspace.context import Context

BYTES_OF_A_TRAIT = 1_000


@dataclass(frozen=True)
class CleanRoom:
    """A tenant's view of the people: all of them to compute with, and the traits it may name.

    The traits it may name have no sizes: a suggestion must not be in their order.
    """

    population: Population
    visible: BuiltTraits
    every: BuiltTraits
    sensitive: frozenset[str]
    policy: Policy

    @property
    def reader(self) -> RuleReader:
        """How this tenant's rules are read."""
        return RuleReader(self._read, self._names)

    @property
    def families(self) -> frozenset[str]:
        """The families of traits that the tenant may name."""
        return frozenset(t.family for t in self.visible.traits)

    def of_family(self, family: str) -> tuple[str, ...]:
        """The full names of a family's traits, in their order."""
        plain = family.strip().lower()
        names = tuple(sorted(t.name for t in self.visible.traits if t.family == plain))
        if not names:
            if plain in {t.family for t in self.every.traits}:
                raise self._forbidden(plain, plain)
            known = self.families
            hint = did_you_mean(plain, known) or f" There are {', '.join(sorted(known))}."
            raise InputError(f"No family {family!r} of traits.{hint}")
        return names

    def check_families(self, question: Question) -> None:
        """An error for a family that is none, or that no tenant may name; before anything is paid.

        Once it is computed, what a stage says is released for the full price.
        """
        if isinstance(question, Describe):
            for family in question.families:
                self.of_family(family)

    def sources(self, question: Question) -> frozenset[str]:
        """The sources whose facts a question draws on; of a question about everyone, all."""
        every = frozenset(self.policy.sources) - {""}
        if not isinstance(question, Count | Breakdown | Overlap):
            return every
        names = {n for text in rules_of(question) for n in self._named(text)}
        if isinstance(question, Breakdown):
            names |= set(self.of_family(question.by))
        by_name = {t.name: t.by_source for t in self.population.catalogue.traits}
        involved = frozenset(s for n in names for s in by_name.get(n, {}))
        return involved or every

    def _named(self, text: str) -> set[str]:
        return {n for leaf in leaves_of(self._read(text)) if isinstance(leaf, Name)
                for n in self._names(leaf.text)}  # fmt: skip

    def _read(self, text: str) -> Rule:
        return _pinned(read(text), self.population)

    def _names(self, text: str) -> tuple[str, ...]:
        for trait in _stands_for(self.every, text):
            if trait.name in self.sensitive:
                raise self._forbidden(trait.name, trait.family)
        return tuple(t.name for t in self.visible.find(text).traits)

    def _forbidden(self, name: str, family: str) -> PolicyError:
        key = "sensitive.families" if family in self.policy["sensitive.families"] else (
            "sensitive.traits"
        )  # fmt: skip
        origin = self.policy.origins.get(key, PolicyOrigin(HOUSE_FILE, 0))
        return PolicyError(
            code="policy_trait", trait=name, file=origin.file, line=origin.line, key=key, who=WHO
        )


def room(context: Context, policy: Policy, question: Question) -> CleanRoom:
    """What a tenant's question is asked of: the newest build as of its day."""
    population = audiences.population(context, as_of=question_day(question, context.today))
    hidden = hidden_traits(context, population.catalogue.traits, tenant=context.tenant)
    lake, build = context.lake, population.build
    key = ("room", lake.uri(TRAIT), lake.version(TRAIT), build.id, policy.digest, hidden)
    names = context.workspace.models.get(key)
    if names is None:
        names = _nameable(population.catalogue.traits, policy, hidden)
        context.workspace.models.put(key, names, BYTES_OF_A_TRAIT * len(names[0].traits))
    visible, every, sensitive = names
    return CleanRoom(population, visible, every, sensitive, policy)


def _nameable(
    traits: Iterable[Trait], policy: Policy, hidden: frozenset[str]
) -> tuple[BuiltTraits, BuiltTraits, frozenset[str]]:
    """The traits that a tenant may name; those that exist for it; and which of those it may not."""
    every = [
        replace(trait, persons=0, by_source={})
        for trait in traits
        if trait.built and trait.name not in hidden
    ]
    allowed = [t for t in every if policy.allows_trait(t.name, t.family)]
    sensitive = frozenset(t.name for t in every) - frozenset(t.name for t in allowed)
    return BuiltTraits(allowed), BuiltTraits(every), sensitive


def house_control(context: Context) -> Control:
    """The control database as the house sees it: what is known of films is the house's."""
    return context.workspace.control


def hidden_traits(context: Context, traits: Iterable[Trait], *, tenant: str) -> frozenset[str]:
    """Traits of films that a tenant must not learn of; for the house, of any secret film."""
    listed = list(traits)
    hidden = hidden_films(house_control(context), tenant)
    if not hidden:
        return frozenset()
    known = {film for t in listed if (film := _film_of(t)) is not None}
    slugs, titles = set(hidden), {without_year(film) for film in hidden}
    for link in identity.links(house_control(context)):
        if link.film in hidden:
            for title in filter(None, (link.title, link.other_title)):
                name = film_slug_in(known, link.film, title, link.year)
                slugs |= {name} if name else set()
                titles.add(film_slug(title, None))
    # A search gives no year, so that another film of that title is hidden there as well.
    return frozenset(t.name for t in listed if _film_of(t) in slugs or _title_of(t) in titles)


def _film_of(trait: Trait) -> str | None:
    """The name under which a film's traits stand, of a trait that is a film's."""
    of_film = trait.slug if trait.family in ("saw", "wants", "trailer") else None
    film: str | None = trait.definition.get("film", of_film)
    return film


def _title_of(trait: Trait) -> str | None:
    """The title that people searched for, of a trait of searches."""
    searched = trait.slug if trait.family == "searched" else None
    title: str | None = trait.definition.get("title", searched)
    return title


def _stands_for(traits: BuiltTraits, text: str) -> tuple[Trait, ...]:
    try:
        return traits.find(text).traits
    except InputError:
        return ()


def _pinned(rule: Rule, population: Population) -> Rule:
    """The rule with the version of each saved audience that it uses."""
    match rule:
        case Saved(name, None):
            return Saved(name, population.saved(rule).version)
        case Not(part):
            return Not(_pinned(part, population))
        case And(parts):
            return And(tuple(_pinned(p, population) for p in parts))
        case Or(parts):
            return Or(tuple(_pinned(p, population) for p in parts))
    return rule


def needs_people(question: Question) -> bool:
    """Whether a question is about rules over traits, and so about one trait build."""
    return isinstance(question, Count | Breakdown | Describe | Overlap | TicketsByCity)
