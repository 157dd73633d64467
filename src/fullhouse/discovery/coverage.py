"""How many people audiences hold, exactly; and the few that together hold most, and few others.

In the portfolio every audience that is added costs the people it newly reaches. So the one is taken
that adds most

    new likely people - price × new people,  price = `margin` × the base's share of likely people

and none when that is not above 0 for any: those that it adds are then hardly denser than
everybody. People who are reached already count neither for it nor against it, so overlap is
worth nothing.

Without a price this is greedy cover, which reaches at least 1 - 1/e of what any so-many audiences
can (Nemhauser, Wolsey and Fisher, Mathematical Programming 14, 1978). With a price no such bound
holds: two audiences may be worth their common others only together. In 1,000 random cases of six
audiences, three of them to be taken, greedy lost 0.8 % of what the best choices were worth in
all; in one case of eighty it got less than 1 - 1/e.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from pyroaring import BitMap
from scipy.sparse import csc_array

from fullhouse.core.arrays import Flags, Floats
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.person_sets import PersonSet, ids_of, inside, size
from fullhouse.discovery.card import Card, CardOverlap, Obvious, Pick
from fullhouse.discovery.columns import ObviousTraits
from fullhouse.sample.analysis_sample import AnalysisSample
from fullhouse.traits.film_traits import BASKETS, any_of, base_rule

GOING = ("frequent", "occasional", "recent")
"""Levels of `moviegoer` of people who go to the cinema at all."""
COMBINED = 6
"""Cards whose overlaps are counted in every combination."""


@dataclass(frozen=True)
class ExactCounts:
    """The parts of the obvious audience and all of it, everyone, and cards with exact counts."""

    obvious: tuple[Obvious, ...]
    obvious_people: int
    everyone: int
    cards: tuple[Card, ...]


def exact_counts(
    sample: AnalysisSample, obvious: ObviousTraits, cards: Sequence[Card]
) -> ExactCounts:
    """Exact numbers of people for cards and the obvious audience, from the bitmaps.

    Counts are of all people of the house who take part in analytics: those who could show a
    card's trait are its `base_people`, whether or not the film's own source knows them.
    """
    levels = [f"moviegoer:{level}" for level in GOING]
    known = [t.name for t in sample.traits if t.name in levels]
    bases = list(dict.fromkeys(base_of(sample, c) for c in cards))
    whole = [] if obvious.rule is None else [obvious.rule]
    rules = ["everyone", *(p.rule for p in obvious.parts), *whole, *bases, *(c.rule for c in cards)]
    rules += [any_of(known)] if known else []
    people = iter(sample.people(*rules))
    everyone = size(next(people))
    parts = tuple(Obvious(p.name, p.rule, size(next(people))) for p in obvious.parts)
    obvious_people = next(people) if whole else {}
    by_base = {rule: size(next(people)) for rule in bases}
    holders = [next(people) for _ in cards]
    moviegoers = next(people) if known else {}
    exact = tuple(
        exact_card(c, who, by_base[base_of(sample, c)], moviegoers, obvious_people)
        for c, who in zip(cards, holders, strict=True)
    )
    overlapping = with_overlaps(exact, holders)
    return ExactCounts(parts, size(obvious_people), everyone, overlapping)


def base_of(sample: AnalysisSample, card: Card) -> str:
    """The rule of those who could show a card's trait."""
    if card.family in BASKETS:
        return base_rule(["purchase"], sample.sources)
    families = card.family.split(" and ")
    known = [[t.name for t in sample.traits if t.family == f] for f in families]
    return " & ".join(any_of(names) for names in known if names) or "everyone"


def combinations(
    sample: AnalysisSample, cards: Sequence[Card]
) -> tuple[tuple[tuple[str, ...], int], ...]:
    """How many people are in exactly which of the first cards, most people first."""
    first = cards[:COMBINED]
    if not first:
        return ()
    counts: dict[tuple[str, ...], int] = {}
    people = sample.people(*(c.rule for c in first))
    for block in {b for members in people for b in members}:
        numbers = [ids_of(p.get(block, BitMap())) for p in people]
        every = np.unique(np.concatenate(numbers))
        code = np.zeros(len(every), dtype=np.int64)
        for i, who in enumerate(numbers):
            code[np.searchsorted(every, who)] |= 1 << i
        for value, number in zip(*np.unique(code, return_counts=True), strict=True):
            cards_of = tuple(c.id for i, c in enumerate(first) if value >> i & 1)
            counts[cards_of] = counts.get(cards_of, 0) + int(number)
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def exact_card(
    card: Card, members: PersonSet, base: int, moviegoers: PersonSet, obvious: PersonSet
) -> Card:
    """A card with the counts of its people, of so many who could show its trait."""
    persons = size(members)
    share = persons / base if base else 0.0
    return replace(
        card,
        persons=persons,
        base_people=base,
        not_moviegoers=persons - inside(members, moviegoers),
        extra=persons - inside(members, obvious),
        share=share,
        size=share,
        rank=card.unobviousness * share * card.strength,
    )


def with_overlaps(cards: Sequence[Card], holders: Sequence[PersonSet]) -> tuple[Card, ...]:
    """Cards in order of rank, each with how many of its people are in which other one."""
    result = []
    for card, members in zip(cards, holders, strict=True):
        others = [
            CardOverlap(other.id, both := inside(members, theirs), both / max(1, card.persons))
            for other, theirs in zip(cards, holders, strict=True)
            if other.id != card.id
        ]
        shared = sorted((o for o in others if o.persons), key=lambda o: (-o.persons, o.card))
        result.append(replace(card, overlap=tuple(shared)))
    return tuple(sorted(result, key=lambda c: (-c.rank, c.id)))


MARGIN = 1.2
"""How much denser than everybody the people must be that an audience adds."""
MOST = 6
ENOUGH = 0.9
"""Share of the likely people after which nothing is added."""


def portfolio(
    masks: Flags,
    names: Sequence[str],
    rules: Sequence[str],
    *,
    seed: Flags,
    weight: Floats,
    margin: float = MARGIN,
    most: int = MOST,
    enough: float = ENOUGH,
) -> tuple[Pick, ...]:
    """The audiences in the order taken, each with what it adds to those before it.

    `masks` has one row for each person, one column for each audience; the likely people are the
    `seed`, and each person stands for `weight` people. Order of people does not matter; of equal
    audiences the first is taken.
    """
    _check(masks, names, rules, seed, weight)
    columns = csc_array(masks, dtype=np.float64).T.tocsr()
    likely = weight * seed
    every, all_likely = float(weight.sum()), float(likely.sum())
    if not all_likely > 0:
        raise CannotTellError("A portfolio needs likely people; there are none.")
    price = margin * all_likely / every
    sizes, holds = columns @ weight, columns @ likely
    left = np.ones(len(weight), dtype=bool)
    picks: list[Pick] = []
    while len(picks) < min(most, len(names)):
        new, new_likely = columns @ (weight * left), columns @ (likely * left)
        worth = new_likely - price * new
        # Rounded, so that equal audiences stay equal in whatever order people are added up.
        best = int(np.argmax((worth / all_likely).round(9)))
        if worth[best] <= 1e-9 * all_likely:
            break
        left &= ~masks[:, best]
        covered = 1 - float((likely * left).sum()) / all_likely
        reached = 1 - float((weight * left).sum()) / every
        whole = round(sizes[best]), round(holds[best])
        added = round(new[best]), round(new_likely[best])
        picks.append(Pick(names[best], rules[best], *whole, *added, covered, reached))
        if covered >= enough:
            break
    return tuple(picks)


def _check(
    masks: Flags, names: Sequence[str], rules: Sequence[str], seed: Flags, weight: Floats
) -> None:
    people = len(weight)
    if masks.shape != (people, len(names)) or len(rules) != len(names) or len(seed) != people:
        raise InputError(
            f"A portfolio needs a flag for each of {people:,} people and {len(names)} audiences,"
            f" a rule for each audience and a flag for who is likely, not {masks.shape} flags,"
            f" {len(rules)} rules and {len(seed):,} flags."
        )
    if not (np.isfinite(weight).all() and (weight >= 0).all()):
        raise InputError("A portfolio needs weights of 0 or more; some are negative or NaN.")
