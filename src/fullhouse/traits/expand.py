"""What a catalogue stands for on the items of a house: the traits counted from events."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fullhouse.core.arrays import Ints32
from fullhouse.core.values import Window
from fullhouse.traits.catalogue import Catalogue, Family, Own
from fullhouse.traits.names import distinct_slugs, film_slug, levels, name_slug, path_slug, plain
from fullhouse.traits.select import Items, path_keys

SEEN = ("view", "ticket")
WANTED = ("want_to_see",)


@dataclass(frozen=True)
class Counted:
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

    counted: list[Counted]
    capped: dict[str, int]


def expand(
    catalogue: Catalogue,
    products: Items,
    films: Items,
    events: Mapping[str, Mapping[int, int]],
) -> Expansion:
    """The traits of the families that count events about items, and the user's own.

    `events` has the number of events of each kind by item up to the as-of date; it decides which
    kinds a house has, and which words and films come under a cap (those with most events, then by
    name).
    """
    capped: dict[str, int] = {}
    seen = tuple(k for k in SEEN if events.get(k))
    found: list[Counted] = []
    if (f := catalogue.family("buys")) is not None and events.get("purchase"):
        found += _buys(f, products)
    if (f := catalogue.family("word")) is not None and events.get("purchase"):
        found += _most(_words(f, products), f, events, capped)
    if (f := catalogue.family("genre")) is not None and seen:
        found += _most(_genres(f, films, seen), f, events, capped)
    if (f := catalogue.family("saw")) is not None and seen:
        found += _most(_films(f, films, seen, events, "saw"), f, events, capped)
    if (f := catalogue.family("wants")) is not None and events.get(WANTED[0]):
        found += _most(_films(f, films, WANTED, events, "wants to see"), f, events, capped)
    found += [_own(o, products, films) for o in catalogue.own]
    for name, kind in (("moviegoer", "ticket"), ("viewer", "view")):
        if (f := catalogue.family(name)) is not None and events.get(kind):
            found += _goers(f, kind)
    return Expansion(found, capped)


def _buys(family: Family, products: Items) -> list[Counted]:
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
            f"bought from {' › '.join(spelt[key])}",
            ("purchase",),
            {"category": [" > ".join(spelt[key])]},
            products.by_path[key],
        )
        for key in sorted(spelt)
    ]


def _words(family: Family, products: Items) -> list[Counted]:
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


def _genres(family: Family, films: Items, kinds: tuple[str, ...]) -> list[Counted]:
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
) -> list[Counted]:
    spelt: dict[str, str] = {}
    for title, year in zip(
        films.table["title"].to_pylist(), films.table["release_year"].to_pylist(), strict=True
    ):
        if title:
            label = title if year is None else f"{title} ({year})"
            spelt[film_slug(title, year)] = min(label, spelt.get(film_slug(title, year), label))
    found = []
    for slug, items in sorted(films.by_film.items()):
        of = tuple(k for k in kinds if any(int(i) in events[k] for i in items))
        if of:
            found.append(_counted(family, slug, f"{verb} {spelt[slug]}", of, {"film": slug}, items))
    return found


def _own(own: Own, products: Items, films: Items) -> Counted:
    parts = [products.select(own.filter)] if "purchase" in own.kind else []
    parts += [films.select(own.filter)] if set(own.kind) - {"purchase"} else []
    return Counted(
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


def _goers(family: Family, kind: str) -> list[Counted]:
    word = "went to the cinema" if kind == "ticket" else "watched"
    often, days = family.frequent or 1, family.window_days
    found: list[tuple[str, int | None, int, int | None, str]]
    found = [(f"{family.name}:frequent", days, often, None, f"{word} at least {often} times")]
    if often > 1:
        found.append((f"{family.name}:occasional", days, 1, often - 1, f"{word} 1–{often - 1}×"))
    if family.recent_days is not None:
        found.append((f"{family.name}:recent", family.recent_days, 1, None, word))
    return [
        Counted(
            name,
            family.name,
            f"{label}{'' if window is None else f' {Window(window)}'}",
            (kind,),
            window,
            least,
            family.floor,
            max_events=most,
        )
        for name, window, least, most, label in found
    ]


def _counted(
    family: Family,
    slug: str,
    label: str,
    kinds: tuple[str, ...],
    filter_: dict[str, Any],
    items: Ints32,
) -> Counted:
    often = f" at least {family.min_events} times" if family.min_events > 1 else ""
    when = f" {Window(family.window_days)}" if family.window_days is not None else ""
    return Counted(
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
    found: list[Counted],
    family: Family,
    events: Mapping[str, Mapping[int, int]],
    capped: dict[str, int],
) -> list[Counted]:
    if family.most is None or len(found) <= family.most:
        return found

    def count(trait: Counted) -> int:
        items: Iterable[int] = [] if trait.items is None else trait.items.tolist()
        return sum(events[k].get(i, 0) for i in items for k in trait.kinds)

    kept = sorted(found, key=lambda t: (-count(t), t.name))[: family.most]
    capped[family.name] = len(found) - len(kept)
    return sorted(kept, key=lambda t: t.name)
