"""Which items a definition selects, and the events behind traits: the same on any engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.core.arrays import Ints32
from fullhouse.core.errors import InputError
from fullhouse.core.tables import ITEM_TRAIT, PERSON_EVENT, Snapshot, Table
from fullhouse.core.values import Window
from fullhouse.engine import Engine
from fullhouse.engine.expr import ibis
from fullhouse.lake import Lake
from fullhouse.traits.names import film_slug, levels, matches, plain, title_words
from fullhouse.traits.store import traits_of
from fullhouse.traits.trait import EVENT_KINDS, Build, Trait

FILTERS = (
    "category",
    "category_prefix",
    "title_any",
    "title_none",
    "word",
    "genre",
    "film",
    "films",
    "title",
)
"""What a definition may say of the items that a trait's events are about."""


@dataclass(frozen=True)
class Coded:
    """A text column as codes: distinct texts, and the items of each."""

    texts: list[str]
    items: list[Ints32]

    @classmethod
    def of(cls, items: Ints32, column: pa.ChunkedArray) -> Coded:
        """The items by text; items without one are left out."""
        coded = column.combine_chunks().dictionary_encode()
        codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        order = np.argsort(codes, kind="stable")
        texts = coded.dictionary.to_pylist()
        bounds = np.searchsorted(codes[order], np.arange(len(texts) + 1))
        return cls(texts, [items[order[a:b]] for a, b in pairwise(bounds)])

    def where(self, test: Callable[[str], bool]) -> Ints32:
        """The items whose text passes."""
        return together(i for t, i in zip(self.texts, self.items, strict=True) if test(t))

    def groups(self, keys: Callable[[str], Sequence[Any]]) -> dict[Any, Ints32]:
        """The items under every key of their text."""
        by_key: dict[Any, list[Ints32]] = {}
        for text, items in zip(self.texts, self.items, strict=True):
            for key in keys(text):
                by_key.setdefault(key, []).append(items)
        return {k: together(v) for k, v in by_key.items()}


def together(parts: Any) -> Ints32:
    """The items of all parts, ascending."""
    listed = [p for p in parts if len(p)]
    return np.unique(np.concatenate(listed)) if listed else np.empty(0, np.int32)


def path_keys(category: str) -> list[tuple[str, ...]]:
    """A category path and every path above it, without differences that mean nothing.

    >>> path_keys("Pets > Dogs")
    [('pets',), ('pets', 'dogs')]
    """
    path = tuple(plain(p) for p in levels(category))
    return [path[: n + 1] for n in range(len(path))]


@dataclass(frozen=True)
class Items:
    """The items of one kind, such as product or film, as known on a date."""

    kind: str
    table: pa.Table

    @classmethod
    def of(cls, items: pa.Table, kind: str) -> Items:
        """The items of one kind."""
        return cls(kind, items.filter(pc.field("kind") == kind))

    @cached_property
    def numbers(self) -> Ints32:
        """The items' numbers."""
        numbers: Ints32 = self.table["item"].to_numpy()
        return numbers

    @cached_property
    def categories(self) -> Coded:
        """Items by category text."""
        return Coded.of(self.numbers, self.table["category"])

    @cached_property
    def titles(self) -> Coded:
        """Items by title."""
        return Coded.of(self.numbers, self.table["title"])

    @cached_property
    def by_path(self) -> dict[tuple[str, ...], Ints32]:
        """Items by category path, at every level."""
        return self.categories.groups(path_keys)

    @cached_property
    def by_word(self) -> dict[str, Ints32]:
        """Items by word of the title."""
        return self.titles.groups(lambda t: sorted(title_words(t)))

    @cached_property
    def by_genre(self) -> dict[str, Ints32]:
        """Items by genre."""
        return Coded.of(self.numbers, self.table["genres"]).groups(
            lambda g: [plain(p) for p in g.split("|") if p.strip()]
        )

    @cached_property
    def by_film(self) -> dict[str, Ints32]:
        """Items by the film's slug: title and year."""
        return self._by_film(film_slug)

    @cached_property
    def by_title(self) -> dict[str, Ints32]:
        """Items by the slug of the title alone."""
        return self._by_film(lambda title, _: film_slug(title, None))

    def select(self, filter_: dict[str, Any]) -> Ints32:
        """The items that pass every filter of a definition."""
        items = self.numbers
        for name, wanted in filter_.items():
            if name == "title_none":
                continue
            items = np.intersect1d(items, self._one(name, wanted, filter_), assume_unique=True)
        if "title_none" in filter_ and "title_any" not in filter_:
            items = np.setdiff1d(items, self._with_title(filter_["title_none"], []))
        return items

    def _one(self, name: str, wanted: Any, filter_: dict[str, Any]) -> Ints32:
        empty = np.empty(0, np.int32)
        match name:
            case "category":
                return together(self.by_path.get(path_keys(w)[-1], empty) for w in wanted)
            case "category_prefix":
                starts = tuple(w.casefold() for w in wanted)
                return self.categories.where(lambda t: t.casefold().startswith(starts))
            case "title_any":
                return self._with_title(wanted, filter_.get("title_none", []))
            case "word":
                return self.by_word.get(wanted, empty)
            case "genre":
                return together(self.by_genre.get(plain(w), empty) for w in wanted)
            case "film":
                return self.by_film.get(wanted, empty)
            case "title":
                return self.by_title.get(wanted, empty)
            case "films":
                slugs = [film_slug(w, None) for w in wanted]
                by_year = [self.by_film.get(s, empty) for s in slugs]
                return together(by_year + [self.by_title.get(s, empty) for s in slugs])
        raise ValueError(f"no filter {name!r}")

    def _with_title(self, any_: Sequence[str], none: Sequence[str]) -> Ints32:
        flags = matches(self.titles.texts, any_, none)
        return together(i for hit, i in zip(flags, self.titles.items, strict=True) if hit)

    def _by_film(self, slug: Callable[[str, int | None], str]) -> dict[str, Ints32]:
        by_slug: dict[str, list[int]] = {}
        rows = self.table.filter(pc.is_valid(self.table["title"]))
        for item, title, year in zip(
            rows["item"].to_pylist(),
            rows["title"].to_pylist(),
            rows["release_year"].to_pylist(),
            strict=True,
        ):
            by_slug.setdefault(slug(title, year), []).append(item)
        return {k: np.array(sorted(v), np.int32) for k, v in by_slug.items()}


def about_kind(event_kind: str) -> str:
    """What events of a kind are about: the kind of their items.

    >>> about_kind("purchase"), about_kind("play"), about_kind("trailer_view")
    ('product', 'play', 'film')
    """
    return {"purchase": "product", "play": "play", "search": "search"}.get(event_kind, "film")


@dataclass(frozen=True)
class ItemsByKind:
    """All items of a house as known on a date."""

    table: pa.Table

    def of(self, kind: str) -> Items:
        """The items of one kind."""
        return self._made.setdefault(kind, Items.of(self.table, kind))

    @cached_property
    def _made(self) -> dict[str, Items]:
        return {}

    @property
    def products(self) -> Items:
        """What is bought."""
        return self.of("product")

    @property
    def films(self) -> Items:
        """What is watched, marked or attended."""
        return self.of("film")

    @property
    def plays(self) -> Items:
        """What is played."""
        return self.of("play")

    @property
    def searches(self) -> Items:
        """Titles that searches name."""
        return self.of("search")


if TYPE_CHECKING:
    import ibis.expr.types as ir

COLUMNS = ("kind", "block", "person", "source", "day", "item", "quantity")
LONG_AGO = date(1900, 1, 1)
NEVER = date(9999, 12, 31)


def matching_events(engine: Engine, lake: Lake, build: Build, traits: Sequence[Trait]) -> ir.Table:
    """The person events that any of the traits counts, each once, as the build read them.

    That is: of its kinds, about its items, inside its window, on or before the build's date.
    Columns kind, block, person, source, day, item, quantity. Traits on the basis of 'person'
    count no single events and match none.
    """
    events = _events(engine, lake, build)
    some = _by_item(engine, lake, build, [t for t in traits if is_narrow(t)])
    some = some.group_by("of", "number").aggregate(first=some.first.min())
    wide = _windows(engine, build, [t for t in traits if not is_narrow(t)])
    wide = wide.group_by("of").aggregate(first_of_any=wide.first.min())
    hit = events.left_join(some, [events.kind == some.of, events["item"] == some.number])
    hit = hit.select(*COLUMNS, "first")
    hit = hit.left_join(wide, hit.kind == wide.of).select(*COLUMNS, "first", "first_of_any")
    first = ibis.least(hit.first.fill_null(NEVER), hit.first_of_any.fill_null(NEVER))
    return hit.filter(hit.day >= first).select(*COLUMNS)


def trait_counts(engine: Engine, lake: Lake, build: Build, events: ir.Table) -> ir.Table:
    """(person, trait, events): how many of these events each built counted trait has.

    Inside each trait's own window and before any minimum count; a refund counts -1.
    """
    traits = [t for t in traits_of(lake, build) if t.built]
    some = _by_item(engine, lake, build, [t for t in traits if is_narrow(t)])
    wide = _windows(engine, build, [t for t in traits if not is_narrow(t)])
    hit = events.join(some, [events["item"] == some.number, events.kind == some.of])
    hit = hit.select("person", "day", "quantity", "trait", "first")
    any_ = events.join(wide, events.kind == wide.of)
    hit = hit.union(any_.select("person", "day", "quantity", "trait", "first"))
    hit = hit.filter(hit.day >= hit.first)
    hit = hit.mutate(one=ibis.ifelse(hit.quantity < 0, -1, 1))
    counted = hit.group_by("person", "trait").aggregate(events=hit.one.sum().cast("int64"))
    return counted.select("person", "trait", "events")


def is_narrow(trait: Trait) -> bool:
    """Whether its events must be about certain items; those are in `item_trait`."""
    return any(f in trait.definition for f in FILTERS)


def _by_item(engine: Engine, lake: Lake, build: Build, traits: Sequence[Trait]) -> ir.Table:
    """(of, number, trait, first) for every kind, item and trait that counts it from a first day."""
    windows = _windows(engine, build, traits)
    items = engine.scan(lake.snapshot(ITEM_TRAIT))
    items = items.filter(items.build == build.id).select(number=items["item"], about=items.trait)
    joined = items.join(windows, items.about == windows.trait)
    return joined.select("of", "number", "trait", "first")


def _windows(engine: Engine, build: Build, traits: Sequence[Trait]) -> ir.Table:
    """(of, trait, first): the kinds a trait counts and the first day of its window."""
    rows = [
        (kind, t.id, Window(t.definition["window_days"]).first_day(build.as_of) or LONG_AGO)
        for t in traits
        if t.basis in EVENT_KINDS
        for kind in t.definition["kinds"]
    ]
    table = {
        "of": pa.array([r[0] for r in rows], pa.string()),
        "trait": pa.array([r[1] for r in rows], pa.int32()),
        "first": pa.array([r[2] for r in rows], pa.date32()),
    }
    return engine.memory(pa.table(table))


def _events(engine: Engine, lake: Lake, build: Build) -> ir.Table:
    events = engine.scan(_snapshot(lake, build, PERSON_EVENT)).select(*COLUMNS)
    return events.filter(events.day <= ibis.literal(build.as_of))


def _snapshot(lake: Lake, build: Build, table: Table) -> Snapshot:
    version = json.loads(build.inputs)[table.name]
    if version < 0:
        return Snapshot(table, -1, lake.uri(table), ())
    try:
        return lake.snapshot(table, version=version)
    except InputError:
        raise InputError(
            code="build_inputs_gone", build=build.id, table=table.name, as_of=build.as_of
        ) from None
