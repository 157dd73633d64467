"""Exact numbers of people for cards and the obvious audience, from the house's bitmaps."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from pyroaring import BitMap

from fullhouse.core.person_sets import PersonSet, ids_of, inside, size
from fullhouse.discovery.card import Card, Obvious, Overlap
from fullhouse.discovery.obvious import ObviousTraits
from fullhouse.sample.analysis_sample import AnalysisSample
from fullhouse.sample.film_traits import BASKETS, any_of, base_rule

GOING = ("frequent", "occasional", "recent")
"""Levels of `moviegoer` that say somebody goes to the cinema at all."""
COMBINED = 6
"""Cards whose overlaps are counted in every combination."""


def counted(
    house: AnalysisSample, obvious: ObviousTraits, cards: Sequence[Card]
) -> tuple[tuple[Obvious, ...], int, tuple[Card, ...]]:
    """The parts of the obvious audience, the whole of it last; everyone; cards with exact counts.

    Counts are of all people of the house who take part in analytics: those who could show a
    card's trait are its `base_people`, whether or not the film's own source knows them.
    """
    parts = [(p.name, p.rule) for p in obvious.parts]
    if obvious.rule is not None:
        parts.append(("the obvious audience", obvious.rule))
    going = [f"moviegoer:{level}" for level in GOING]
    known = [t.name for t in house.traits if t.name in going]
    bases = list(dict.fromkeys(base_of(house, c) for c in cards))
    rules = ["everyone", *(r for _, r in parts), *bases, *(c.rule for c in cards)]
    rules += [any_of(known)] if known else []
    found = iter(house.people(*rules))
    (everyone,) = (size(next(found)),)
    told = [(name, rule, next(found)) for name, rule in parts]
    by_base = {rule: size(next(found)) for rule in bases}
    holders = [next(found) for _ in cards]
    moviegoers = next(found) if known else {}
    obvious_people = told[-1][2] if told else {}
    exact = tuple(
        exact_card(c, mine, by_base[base_of(house, c)], moviegoers, obvious_people)
        for c, mine in zip(cards, holders, strict=True)
    )
    return (
        tuple(Obvious(name, rule, size(people)) for name, rule, people in told),
        everyone,
        with_overlaps(exact, holders),
    )


def base_of(house: AnalysisSample, card: Card) -> str:
    """The rule of those who could show a card's trait."""
    if card.family in BASKETS:
        return base_rule(["purchase"], house.sources)
    families = card.family.split(" and ")
    known = [[t.name for t in house.traits if t.family == f] for f in families]
    return " & ".join(any_of(names) for names in known if names) or "everyone"


def combinations(house: AnalysisSample, cards: Sequence[Card]) -> list[tuple[tuple[str, ...], int]]:
    """How many people are in exactly which of the first cards, most people first."""
    first = cards[:COMBINED]
    if not first:
        return []
    counts: dict[tuple[str, ...], int] = {}
    people = house.people(*(c.rule for c in first))
    for block in {b for mine in people for b in mine}:
        ids = [ids_of(p.get(block, BitMap())) for p in people]
        every = np.unique(np.concatenate(ids))
        code = np.zeros(len(every), dtype=np.int64)
        for i, mine in enumerate(ids):
            code[np.searchsorted(every, mine)] |= 1 << i
        for value, number in zip(*np.unique(code, return_counts=True), strict=True):
            members = tuple(c.id for i, c in enumerate(first) if value >> i & 1)
            counts[members] = counts.get(members, 0) + int(number)
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def exact_card(
    card: Card, mine: PersonSet, base: int, moviegoers: PersonSet, obvious: PersonSet
) -> Card:
    """A card with the counts of its people, of so many who could show its trait."""
    persons = size(mine)
    share = persons / base if base else 0.0
    return replace(
        card,
        persons=persons,
        base_people=base,
        not_moviegoers=persons - inside(mine, moviegoers),
        extra=persons - inside(mine, obvious),
        share=share,
        size=share,
        rank=card.unobviousness * share * card.strength,
    )


def with_overlaps(cards: Sequence[Card], holders: Sequence[PersonSet]) -> tuple[Card, ...]:
    """Cards in order of rank, each with how many of its people are in which other one."""
    found = []
    for card, mine in zip(cards, holders, strict=True):
        others = [
            Overlap(other.id, both := inside(mine, theirs), both / max(1, card.persons))
            for other, theirs in zip(cards, holders, strict=True)
            if other.id != card.id
        ]
        shared = sorted((o for o in others if o.persons), key=lambda o: (-o.persons, o.card))
        found.append(replace(card, overlap=tuple(shared)))
    return tuple(sorted(found, key=lambda c: (-c.rank, c.id)))
