"""Which items a definition selects: computed once on the small item table, the same everywhere."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.core.arrays import Ints32
from fullhouse.traits.names import film_slug, levels, matches, plain, title_words

FILTERS = (
    "category",
    "category_prefix",
    "title_any",
    "title_none",
    "word",
    "genre",
    "film",
    "films",
)
"""What a definition may say of the items that a trait's events are about."""


@dataclass(frozen=True)
class Coded:
    """A text column as codes: distinct texts, and the items of each."""

    texts: list[str]
    items: list[Ints32]

    @classmethod
    def of(cls, items: Ints32, column: pa.ChunkedArray) -> "Coded":
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
    """The items of one kind, product or film, as known on a date."""

    kind: str
    table: pa.Table

    @classmethod
    def of(cls, items: pa.Table, kind: str) -> "Items":
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
