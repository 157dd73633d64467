"""Who the fans of a property are among the house's people, and how such fans turned up before."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from fullhouse.audiences import (
    And,
    Everyone,
    Name,
    Not,
    Or,
    Population,
    Rule,
    both,
    either,
    members_of,
)
from fullhouse.core.errors import InputError
from fullhouse.core.person_sets import PersonSet, inside, only, size, union, without
from fullhouse.films.importing import key
from fullhouse.greenlight.property import Adaptation, Property, RatioInterval, TraitMatch, Turnout
from fullhouse.stats.mantel_haenszel import risk_ratio
from fullhouse.stats.random_effects import random_effects
from fullhouse.traits import Trait
from fullhouse.traits.names import without_year

FAMILIES = ("buys", "saw", "plays", "searched", "wants", "trailer", "word")
"""Families of traits that can tell fans of a property."""
FILMS = ("saw", "wants", "trailer")
SHORT = 4
"""A title of fewer letters, or of one common word, may be anything: it is to be reviewed."""
LEAST_CAME = 5
"""Fewest fans and fewest others who saw a film from which a ratio is made."""
LEAST_ADAPTATIONS = 3
SOURCES_CROSSED = 3
AS_POPULAR = 2.0
"""A placebo has at most so many times as many fans, or as few."""


def match(one: Property, traits: Iterable[Trait]) -> list[TraitMatch]:
    """The traits that may tell its fans, those that count first, then by people."""
    titles = {key(title) for _, title in one.titles}
    rows = []
    for trait in traits:
        if not trait.built or trait.family not in FAMILIES:
            continue
        why = _why(titles, trait)
        if why is not None:
            rows.append(TraitMatch(trait.name, trait.persons, why))
    return sorted(rows, key=lambda m: (not m.sure, -m.people, m.trait))


def _why(titles: set[str], trait: Trait) -> Literal["title", "words", "short"] | None:
    """How a trait's name is one of the titles, if at all."""
    last = trait.slug.rsplit("/", 1)[-1]
    name = without_year(last) if trait.family in FILMS else last
    own = key(name.replace("-", " "))
    if own in titles:
        # A word in the titles of purchases is no title of its own.
        return "short" if len(own) < SHORT or trait.family == "word" else "title"
    words = f"-{name}-"
    long = [t for t in titles if len(t) >= SHORT]
    joined = words.replace("-", "")
    return "words" if any(t in joined for t in long) and trait.family != "word" else None


def fan_rule(one: Property, matches: Sequence[TraitMatch]) -> str:
    """The rule of its fans: the one that somebody settled, else all traits that are sure."""
    if one.rule:
        return one.rule
    return " or ".join(f"{m.trait}" for m in matches if m.sure)


def without_viewers(rule: Rule, films: Sequence[str]) -> Rule | None:
    """A rule as if nobody had seen some films, by full names; None where nobody is left.

    Who saw an adaptation is no witness of how fans turned up for it. Its viewers themselves stay
    in where another trait tells them: without them no fan would ever have turned up.
    """
    match rule:
        case Name(text) if text in {f"saw:{film}" for film in films}:
            return None
        case Not(part):
            rest = without_viewers(part, films)
            return Everyone() if rest is None else Not(rest)
        case And(parts):
            every = [without_viewers(p, films) for p in parts]
            left = [p for p in every if p is not None]
            return both(*left) if len(left) == len(every) else None
        case Or(parts):
            left = [r for p in parts if (r := without_viewers(p, films)) is not None]
            return either(*left) if left else None
        case _:
            return rule


@dataclass(frozen=True)
class PeopleInStrata:
    """The house's people of one purpose, in strata of like activity.

    `who` finds the people who fit a rule and take part.
    """

    who: Callable[[Rule | str], PersonSet]
    everyone: PersonSet
    strata: tuple[PersonSet, ...]

    @classmethod
    def of(cls, population: Population) -> "PeopleInStrata":
        """Everyone, in strata by how active they are at each source, the three largest crossed."""
        (everyone,), _ = members_of(population, population.compile("everyone"))
        named: dict[str, list[Trait]] = {}
        for trait in population.catalogue.traits:
            if trait.family == "active" and trait.built:
                named.setdefault(trait.slug.rsplit(":", 1)[0], []).append(trait)
        largest = sorted(named, key=lambda s: -sum(t.persons for t in named[s]))[:SOURCES_CROSSED]
        strata: list[PersonSet] = [everyone]
        for source in largest:
            rules = [population.compile(t.name) for t in named[source]]
            levels, _ = members_of(population, *rules)
            rest = without(everyone, union(*levels))
            crossed = [only(s, part) for s in strata for part in (*levels, rest)]
            strata = [s for s in crossed if size(s)]

        def who(rule: Rule | str) -> PersonSet:
            (members,), _ = members_of(population, population.compile(rule))
            return members

        return cls(who, everyone, tuple(strata))


def turnout(
    people: PeopleInStrata, kind: str, fans: dict[str, PersonSet], properties: Sequence[Property]
) -> Turnout | None:
    """How fans turned up for past adaptations; of this kind alone where there are enough of it.

    `fans` are those of every property, the viewers of its own adaptations apart. None where fewer
    than three adaptations can be measured.
    """
    rows = []
    for one in properties:
        for film in one.adaptations:
            row = _adaptation(people, one, film, fans, properties)
            if row is not None:
                rows.append(row)
    own = [r for r in rows if r.kind == kind]
    used = own if len(own) >= LEAST_ADAPTATIONS else rows
    return pooled(used) if len(used) >= LEAST_ADAPTATIONS else None


def _adaptation(
    people: PeopleInStrata,
    one: Property,
    film: str,
    fans: dict[str, PersonSet],
    properties: Sequence[Property],
) -> Adaptation | None:
    own = fans.get(one.id)
    try:
        saw = people.who(f"saw:{film}")
    except InputError:
        return None
    if own is None or not size(own):
        return None
    measured = _ratio(people, own, saw)
    if measured is None:
        return None
    logs = [
        np.log(other[0])
        for p in properties
        if film not in p.adaptations
        and (theirs := fans.get(p.id)) is not None
        and size(own) / AS_POPULAR <= size(theirs) <= size(own) * AS_POPULAR
        and (other := _ratio(people, theirs, saw)) is not None
    ]
    placebo = float(np.exp(np.mean(logs))) if logs else None
    return Adaptation(film, one.id, one.kind, size(own), inside(own, saw), *measured, placebo)


def _ratio(people: PeopleInStrata, fans: PersonSet, saw: PersonSet) -> tuple[float, float] | None:
    """How many times as often fans saw a film as others of like activity, and the log's error."""
    n1 = np.array([inside(fans, s) for s in people.strata], dtype=float)
    n0 = np.array([size(s) for s in people.strata], dtype=float) - n1
    seen = np.array([inside(saw, s) for s in people.strata], dtype=float)
    both = without(saw, without(people.everyone, fans))
    a = np.array([inside(both, s) for s in people.strata], dtype=float)
    c = seen - a
    if a.sum() < LEAST_CAME or c.sum() < LEAST_CAME:
        return None
    ratio = risk_ratio(a, n1, c, n0)
    return float(ratio.ratio), float(ratio.log_se)


def pooled(rows: Sequence[Adaptation]) -> Turnout:
    """The ratios pooled with random effects, and that of a new adaptation."""
    errors = np.array([r.log_error for r in rows])
    result = random_effects(np.log([r.ratio for r in rows]), errors)
    placebos = [np.log(r.placebo) for r in rows if r.placebo is not None]
    placebo = float(np.exp(np.mean(placebos))) if placebos else None
    mean = RatioInterval(*result.mean_interval())
    return Turnout(
        mean,
        RatioInterval(*result.new_interval()),
        float(np.sqrt(result.between)),
        placebo,
        tuple(rows),
        mean.low > max(placebo or 1.0, 1.0),
    )


def beyond(people: PeopleInStrata, fans: PersonSet, genres: Sequence[str]) -> float | None:
    """The share of fans who are outside the usual audience of some genres; None: nobody's known."""
    audience = []
    for genre in genres:
        try:
            audience.append(people.who(f"genre:{genre.casefold().replace(' ', '-')}"))
        except InputError:
            continue
    if not audience or not size(fans):
        return None
    return size(without(fans, union(*audience))) / size(fans)
