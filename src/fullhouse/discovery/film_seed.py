"""Whose interest stands for the likely audience of a film: its own, or that of films like it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from fullhouse.audiences import to_text
from fullhouse.core.errors import CannotTellError
from fullhouse.core.person_sets import PersonSet, size
from fullhouse.discovery import Outcome, outcome_of
from fullhouse.discovery.card import ComparableFilm, Seed
from fullhouse.discovery.comparable import PastAudience, Together, comparable_films
from fullhouse.discovery.discover import compare
from fullhouse.discovery.judge import LEAST_OUTCOME
from fullhouse.discovery.outcome import OwnEvents, own_events
from fullhouse.discovery.together import beyond_typical
from fullhouse.sample.film_house import FilmHouse, KnownFilm
from fullhouse.sample.film_traits import FilmTraits, any_of, base_rule
from fullhouse.traits import Trait

ENOUGH = 4_000
"""With so many people of its own interest a film needs no other film's audience: a trait that one
in twenty of them has stands out at a ratio of 1.3 (200 people, log error .07, three and a half
deviations from 1)."""


@dataclass(frozen=True)
class Wanted:
    """The likely audience: the outcome with its own events, and what it is made of."""

    outcome: Outcome
    own: OwnEvents
    traits: tuple[Trait, ...]
    interest: PersonSet
    used: tuple[Seed, ...]


def own_interest(house: FilmHouse, film: KnownFilm) -> FilmTraits | None:
    """The film's own traits where enough people have them to tell anything."""
    mine = house.film_traits.get(film.slug or "")
    if mine is None or not mine.both:
        return None
    (people,) = house.people(any_of([t.name for t in mine.both]))
    return mine if size(people) >= LEAST_OUTCOME else None


def comps_of(
    house: FilmHouse,
    film: KnownFilm,
    interest: FilmTraits | None,
    chosen: Sequence[str] = (),
) -> tuple[ComparableFilm, ...]:
    """Past films whose audiences may stand in for this one's, chosen here or by the user."""
    past = [
        PastAudience(k.film, house.words[k.film], k.opening, seen.persons, (seen.name,))
        for k in house.films.values()
        if k.slug and k.film != film.film and (seen := house.film_traits[k.slug].saw)
    ]
    opened = [p for p in past if p.opening is not None and p.opening <= house.day]
    together = _together(house, interest, opened) if interest else None
    ids = tuple(house.find(c).film for c in chosen)
    find = partial(
        comparable_films,
        house.words[film.film],
        past,
        as_of=house.day,
        together=together,
        space=house.space,
    )
    try:
        return find(chosen=ids)
    except CannotTellError:
        # Audiences too small are no answer to a user who chose them; else the film's own interest
        # may do without.
        if ids:
            raise
        return ()


def wanted(
    house: FilmHouse,
    film: KnownFilm,
    interest: FilmTraits | None,
    comps: Sequence[ComparableFilm],
    *,
    by_user: bool,
) -> Wanted | None:
    """The likely audience of a film; None where there is neither interest nor a film like it."""
    parts: list[Trait] = []
    used: list[Seed] = []
    mine: PersonSet = {}
    if interest is not None:
        parts += interest.both
        rule = any_of([t.name for t in interest.both])
        (mine,) = house.people(rule)
        used.append(Seed("interest", rule, size(mine), _interest_words(house, film, interest)))
    own = size(mine)
    seen = [house.film_traits[house.films[c.film].slug or ""].saw for c in comps if c.used]
    audiences = [t for t in seen if t is not None]
    if audiences and (own < ENOUGH or by_user):
        rule = any_of([t.name for t in audiences])
        (people,) = house.people(rule)
        parts += audiences
        why = "chosen by you" if by_user else "audiences of films like it"
        used.append(Seed("comps", rule, size(people), why))
    if not parts:
        return None
    outcome = outcome_for(house, parts)
    return Wanted(
        outcome,
        own_events(house.context.engine, house.context.lake, house.population.build, outcome),
        tuple(parts),
        mine,
        tuple(used),
    )


def outcome_for(house: FilmHouse, parts: Sequence[Trait]) -> Outcome:
    """The outcome of having any of some traits."""
    plan = house.population.plan(any_of([t.name for t in parts]))
    text = to_text(plan.rule)
    (people,) = house.people(text)
    return outcome_of(text, plan.rule, house.population.catalogue, people)


def _together(
    house: FilmHouse, interest: FilmTraits, past: Sequence[PastAudience]
) -> dict[str, Together]:
    """How much each past film's audience goes with the film's own interest, activity apart."""
    outcome = outcome_for(house, interest.both)
    build, context = house.population.build, house.context
    own = own_events(context.engine, context.lake, build, outcome)
    names = {p.traits[0]: p.film for p in past}
    (base,) = house.people(base_rule(outcome.kinds, house.sources))
    traits = [t for t in house.traits if t.name in names]
    found = compare(build, (outcome, own), traits=traits, base=base, blocks=house.blocks)
    return beyond_typical({names[r.trait]: r for r in found.rows})


def _interest_words(house: FilmHouse, film: KnownFilm, interest: FilmTraits) -> str:
    opened = film.opening is not None and film.opening <= house.day
    told = []
    if interest.wants:
        told.append(f"{interest.wants.persons:,} marked it “want to see”")
    if interest.saw:
        what = "saw it" if opened else "bought a ticket or watched its trailer"
        told.append(f"{interest.saw.persons:,} {what}")
    return " and ".join(told)
