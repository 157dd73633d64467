"""What a build is going to do: its candidates in the order of their numbers, and how to count."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from fullhouse.core.arrays import Integers
from fullhouse.core.values import Window
from fullhouse.traits.catalogue import Catalogue, Family
from fullhouse.traits.expand import KIND_OF, VISIT_WORDS, EventTrait
from fullhouse.traits.facts import FactFamily, PersonFact
from fullhouse.traits.kernel import FIFTHS, PRICES, ItemMap, PriceLevels, first_day, item_maps


@dataclass(frozen=True)
class Candidate:
    """A trait before it is known how many have it."""

    name: str
    family: str
    label: str
    basis: str
    definition: dict[str, Any]
    floor: int


@dataclass(frozen=True)
class VisitRule:
    """A trait that the number of events of a kind in a window decides, whatever they are about.

    `bounds` are (trait, fewest, most); with `lapsed` (trait, first day of a longer window), it is
    those with events in the longer window and none in the shorter one.
    """

    kind: str
    first: int | None
    bounds: tuple[int, int, int] | None = None
    lapsed: tuple[int, int | None] | None = None


@dataclass(frozen=True)
class Need:
    """Which columns beside person and item a build asks for."""

    day: bool = False
    source: bool = False
    price: bool = False


@dataclass(frozen=True)
class BuildPlan:
    """Everything a block needs to be counted.

    Candidates are numbered: those counted from items, then visits, price, activity, facts.
    """

    as_of: date
    candidates: list[Candidate]
    maps: list[ItemMap]
    least: Integers
    most: Integers
    visits: list[VisitRule]
    price: PriceLevels | None
    price_least: int
    price_start: int
    active: dict[str, int]
    active_first: int | None
    facts: list[tuple[int, FactFamily]]
    sources: list[str]

    @property
    def need(self) -> Need:
        """The columns of events to read."""
        windows = [m.first_day for m in self.maps] + [g.first for g in self.visits]
        windows += [g.lapsed[1] for g in self.visits if g.lapsed]
        windows += [self.active_first] + ([self.price.first_day] if self.price else [])
        return Need(
            day=any(w is not None for w in windows),
            source=bool(self.active),
            price=self.price is not None,
        )


def make_plan(
    catalogue: Catalogue,
    counted: list[EventTrait],
    facts: list[FactFamily],
    price: PriceLevels | None,
    sources: list[str],
    *,
    items: int,
    kinds: Mapping[str, Any],
    as_of: date,
    floor: int,
) -> BuildPlan:
    """Number every candidate and prepare the kernel's tables."""
    about = [c for c in counted if c.items is not None]
    candidates = [_of_counted(c, floor) for c in about]
    visit_rules: list[VisitRule] = []
    for name, kind in KIND_OF.items():
        family = catalogue.family(name)
        if family is not None and kinds.get(kind):
            visits = [c for c in counted if c.family == name]
            visit_rules += _visit_rules(family, kind, visits, len(candidates), as_of)
            candidates += [_of_counted(c, floor) for c in visits]
            candidates += _lapsed(family, kind, floor)
    price_start = len(candidates)
    spend = catalogue.family("price")
    if price is not None and spend is not None:
        candidates += [_price(p, spend, floor) for p in PRICES]
    busy = catalogue.family("active")
    active: dict[str, int] = {}
    if busy is not None:
        active = {source: len(candidates) + 5 * i for i, source in enumerate(sources)}
        candidates += [_fifth(source, n, busy, floor) for source in active for n in range(5)]
    placed = []
    for family_ in facts:
        placed.append((len(candidates), family_))
        candidates += [_of_fact(f, floor) for f in family_.traits]
    top = np.iinfo(np.int32).max
    return BuildPlan(
        as_of=as_of,
        candidates=candidates,
        maps=item_maps(about, items, as_of),
        least=np.array([c.min_events for c in about], np.int32),
        most=np.array([c.max_events or top for c in about], np.int32),
        visits=visit_rules,
        price=price,
        price_least=spend.min_events if spend else 1,
        price_start=price_start,
        active=active,
        active_first=first_day(busy.window_days, as_of) if busy else None,
        facts=placed,
        sources=sources,
    )


def _of_counted(trait: EventTrait, floor: int) -> Candidate:
    return Candidate(
        trait.name,
        trait.family,
        trait.label,
        trait.kinds[0],
        trait.definition,
        trait.floor or floor,
    )


def _of_fact(fact: PersonFact, floor: int) -> Candidate:
    return Candidate(
        fact.name, fact.family, fact.label, "person", {"fact": fact.family}, fact.floor or floor
    )


def _visit_rules(
    family: Family, kind: str, visits: list[EventTrait], start: int, as_of: date
) -> list[VisitRule]:
    top = int(np.iinfo(np.int32).max)
    rules = [
        VisitRule(
            kind,
            first_day(visit.window_days, as_of),
            (start + n, visit.min_events, visit.max_events or top),
        )
        for n, visit in enumerate(visits)
    ]
    if family.lapsed_days is not None:
        longer = first_day(family.lapsed_days, as_of)
        lapsed = (start + len(visits), longer)
        rules.append(VisitRule(kind, first_day(family.window_days, as_of), lapsed=lapsed))
    return rules


def _lapsed(family: Family, kind: str, floor: int) -> list[Candidate]:
    if family.lapsed_days is None:
        return []
    word = VISIT_WORDS[kind]
    label = f"{word} {Window(family.lapsed_days)}, but not {Window(family.window_days)}"
    definition = {
        "level": "lapsed",
        "from": kind,
        "window_days": family.lapsed_days,
        "none_in_days": family.window_days,
    }
    return [
        Candidate(
            f"{family.name}:lapsed", family.name, label, "person", definition, family.floor or floor
        )
    ]


def _price(level: str, family: Family, floor: int) -> Candidate:
    word = {"low": "lower", "middle": "middle", "high": "upper"}[level]
    definition = {
        "level": level,
        "from": "purchase",
        "window_days": family.window_days,
        "min_events": family.min_events,
    }
    return Candidate(
        f"price:{level}",
        "price",
        f"pays {word}-third prices within the categories bought",
        "person",
        definition,
        family.floor or floor,
    )


def _fifth(source: str, n: int, family: Family, floor: int) -> Candidate:
    word = ("least active", "less active", "middling active", "more active", "most active")[n]
    definition = {"level": FIFTHS[n], "source": source, "window_days": family.window_days}
    return Candidate(
        f"active:{source}:{FIFTHS[n]}",
        "active",
        f"{word} fifth at {source}",
        "person",
        definition,
        family.floor or floor,
    )
