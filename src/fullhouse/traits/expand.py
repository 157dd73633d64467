"""A catalogue expanded over the items of a house: the traits counted from events."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fullhouse.core.arrays import Ints32
from fullhouse.core.values import Window
from fullhouse.traits.catalogue import Catalogue, Family, Own
from fullhouse.traits.names import distinct_slugs, film_slug, levels, name_slug, path_slug, plain
from fullhouse.traits.select import Items, ItemsByKind, about_kind, path_keys

SEEN = ("view", "ticket")
WANTED = ("want_to_see",)
TRAILERS = ("trailer_view",)
KIND_OF = {"moviegoer": "ticket", "viewer": "view", "player": "play"}
"""Families of how often somebody does a thing, and the kind of event that is counted."""
VISIT_WORDS = {"ticket": "went to the cinema", "view": "watched", "play": "played"}


@dataclass(frozen=True)
class EventTrait:
    """A trait that is counted from events, before anything is counted.

    `items` are those its events may be about; None: any. A person has it with at least
    `min_events` and, where given, at most `max_events` events inside the window.
    """

    name: str
    family: str
    label: str
    kinds: tuple[str, ...]
    window_days: int | None
    min_events: int
    floor: int | None
    max_events: int | None = None
    filter: dict[str, Any] = field(default_factory=dict)
    items: Ints32 | None = None

    @property
    def definition(self) -> dict[str, Any]:
        """What is written down of it, enough to find its events again."""
        upper = {} if self.max_events is None else {"max_events": self.max_events}
        return {
            "kind": self.kinds[0],
            "kinds": list(self.kinds),
            "window_days": self.window_days,
            "min_events": self.min_events,
            **upper,
            **self.filter,
        }


@dataclass(frozen=True)
class Expansion:
    """The counted traits in the order of their numbers, and what the caps left out by family."""

    counted: list[EventTrait]
    capped: dict[str, int]


def expand(
    catalogue: Catalogue,
    items: ItemsByKind,
    events: Mapping[str, Mapping[int, int]],
) -> Expansion:
    """The traits of the families that count events about items, and the user's own.

    `events` has the number of events of each kind by item up to the as-of date; it decides which
    kinds a house has, and which words and films come under a cap (those with most events, then by
    name).
    """
    capped: dict[str, int] = {}
    products, films = items.products, items.films
    kinds_seen = tuple(k for k in SEEN if events.get(k))
    traits: list[EventTrait] = []
    if (f := catalogue.family("buys")) is not None and events.get("purchase"):
        traits += _categories(f, products, "purchase", "bought from")
    if (f := catalogue.family("word")) is not None and events.get("purchase"):
        traits += _most(_words(f, products), f, events, capped)
    if (f := catalogue.family("genre")) is not None and kinds_seen:
        traits += _most(_genres(f, films, kinds_seen), f, events, capped)
    if (f := catalogue.family("saw")) is not None and kinds_seen:
        traits += _most(_films(f, films, kinds_seen, events, "saw"), f, events, capped)
    if (f := catalogue.family("wants")) is not None and events.get(WANTED[0]):
        traits += _most(_films(f, films, WANTED, events, "wants to see"), f, events, capped)
    if (f := catalogue.family("trailer")) is not None and events.get(TRAILERS[0]):
        trailers = _films(f, films, TRAILERS, events, "watched a trailer of")
        traits += _most(trailers, f, events, capped)
    if (f := catalogue.family("searched")) is not None and events.get("search"):
        traits += _most(_searches(f, items.searches), f, events, capped)
    if (f := catalogue.family("plays")) is not None and events.get("play"):
        traits += _categories(f, items.plays, "play", "plays")
    traits += [_own(o, items) for o in catalogue.own]
    for name, kind in KIND_OF.items():
        if (f := catalogue.family(name)) is not None and events.get(kind):
            traits += _visits(f, kind)
    return Expansion(traits, capped)


def _categories(family: Family, products: Items, kind: str, verb: str) -> list[EventTrait]:
    spelt: dict[tuple[str, ...], list[str]] = {}
    for text in sorted(products.categories.texts):
        path = levels(text)
        for n, key in enumerate(path_keys(text)):
            spelt.setdefault(key, list(path[: n + 1]))
    slugs = distinct_slugs((" > ".join(key), path_slug(key)) for key in spelt)
    return [
        _counted(
            family,
            slugs[" > ".join(key)],
            f"{verb} {' › '.join(spelt[key])}",
            (kind,),
            {"category": [" > ".join(spelt[key])]},
            products.by_path[key],
        )
        for key in sorted(spelt)
    ]


def _words(family: Family, products: Items) -> list[EventTrait]:
    # A word is its own slug; where two differ only by accents, the later one gets a number.
    slugs = distinct_slugs((w, name_slug(w)) for w in products.by_word)
    return [
        _counted(
            family,
            slugs[word],
            f"bought something with “{word}” in its title",
            ("purchase",),
            {"word": word},
            items,
        )
        for word, items in sorted(products.by_word.items())
    ]


def _searches(family: Family, searches: Items) -> list[EventTrait]:
    # An item of a search stands for a title, without a year: a search gives none.
    spelt = {film_slug(t, None): t for t in sorted(searches.titles.texts, reverse=True)}
    return [
        _counted(
            family, title, f"searched for {spelt[title]}", ("search",), {"title": title}, items
        )
        for title, items in sorted(searches.by_title.items())
    ]


def _genres(family: Family, films: Items, kinds: tuple[str, ...]) -> list[EventTrait]:
    texts = (g for t in films.table["genres"].unique().to_pylist() if t for g in t.split("|"))
    spelt = {plain(g): g.strip() for g in sorted(texts, reverse=True) if g.strip()}
    slugs = distinct_slugs((g, name_slug(g)) for g in spelt)
    return [
        _counted(family, slugs[g], f"saw {spelt[g]} films", kinds, {"genre": [spelt[g]]}, items)
        for g, items in sorted(films.by_genre.items())
    ]


def _films(
    family: Family,
    films: Items,
    kinds: tuple[str, ...],
    events: Mapping[str, Mapping[int, int]],
    verb: str,
) -> list[EventTrait]:
    spelt: dict[str, str] = {}
    for title, year in zip(
        films.table["title"].to_pylist(), films.table["release_year"].to_pylist(), strict=True
    ):
        if title:
            label = title if year is None else f"{title} ({year})"
            spelt[film_slug(title, year)] = min(label, spelt.get(film_slug(title, year), label))
    traits = []
    for slug, items in sorted(films.by_film.items()):
        of = tuple(k for k in kinds if any(int(i) in events[k] for i in items))
        if of:
            traits.append(
                _counted(family, slug, f"{verb} {spelt[slug]}", of, {"film": slug}, items)
            )
    return traits


def _own(own: Own, items: ItemsByKind) -> EventTrait:
    parts = [items.of(about).select(own.filter) for about in sorted({*map(about_kind, own.kind)})]
    return EventTrait(
        f"own:{own.name}",
        "own",
        own.label or own.name.replace("-", " "),
        own.kind,
        own.window_days,
        own.min_events,
        own.floor,
        filter=own.filter,
        items=np.unique(np.concatenate(parts)),
    )


def _visits(family: Family, kind: str) -> list[EventTrait]:
    word = VISIT_WORDS[kind]
    often, days = family.frequent or 1, family.window_days
    levels: list[tuple[str, int | None, int, int | None, str]]
    levels = [(f"{family.name}:frequent", days, often, None, f"{word} at least {often} times")]
    if often > 1:
        levels.append((f"{family.name}:occasional", days, 1, often - 1, f"{word} 1–{often - 1}×"))
    if family.recent_days is not None:
        levels.append((f"{family.name}:recent", family.recent_days, 1, None, word))
    return [
        EventTrait(
            name,
            family.name,
            f"{label}{'' if window is None else f' {Window(window)}'}",
            (kind,),
            window,
            least,
            family.floor,
            max_events=most,
        )
        for name, window, least, most, label in levels
    ]


def _counted(
    family: Family,
    slug: str,
    label: str,
    kinds: tuple[str, ...],
    filter_: dict[str, Any],
    items: Ints32,
) -> EventTrait:
    often = f" at least {family.min_events} times" if family.min_events > 1 else ""
    when = f" {Window(family.window_days)}" if family.window_days is not None else ""
    return EventTrait(
        f"{family.name}:{slug}",
        family.name,
        f"{label}{often}{when}",
        kinds,
        family.window_days,
        family.min_events,
        family.floor,
        filter=filter_,
        items=items,
    )


def _most(
    traits: list[EventTrait],
    family: Family,
    events: Mapping[str, Mapping[int, int]],
    capped: dict[str, int],
) -> list[EventTrait]:
    if family.most is None or len(traits) <= family.most:
        return traits

    def count(trait: EventTrait) -> int:
        items: Iterable[int] = [] if trait.items is None else trait.items.tolist()
        return sum(events[k].get(i, 0) for i in items for k in trait.kinds)

    most_used = sorted(traits, key=lambda t: (-count(t), t.name))[: family.most]
    capped[family.name] = len(traits) - len(most_used)
    return sorted(most_used, key=lambda t: t.name)
