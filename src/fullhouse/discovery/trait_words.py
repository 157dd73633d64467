"""The words that traits are called by: the levels of a category, a word of titles, a genre."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import log
from typing import Any, TypeAlias

from fullhouse.sample.film_words import RUN, words_in
from fullhouse.traits.names import levels
from fullhouse.traits.trait import Trait


@dataclass(frozen=True)
class Term:
    """A word of a trait: as it is compared and as it is spelt; or a `run` of Chinese characters."""

    key: str
    spelt: str
    run: bool = False


Path: TypeAlias = tuple[tuple[Term, ...], ...]
"""The words of each level, the widest first; what is no category has one level."""


@dataclass(frozen=True)
class TraitWords:
    """Traits that have words, the paths of each by its name, and how telling each word is.

    A word that stands under many different categories ('winter' socks, wipers, gloves) tells
    less than one that stands in one place, however much is sold there.
    """

    traits: tuple[Trait, ...]
    paths: Mapping[str, tuple[Path, ...]] = field(repr=False)
    weight: Mapping[Term, float] = field(repr=False)

    @property
    def terms(self) -> tuple[Term, ...]:
        """Every distinct word, in order."""
        return tuple(self.weight)


def trait_words(traits: Iterable[Trait]) -> TraitWords:
    """The words of the traits that are about products or genres, in the order of their names."""
    paths = {t.name: (t, p) for t in traits if (p := _paths(t.definition))}
    ordered = [paths[name] for name in sorted(paths)]
    under: dict[str, set[Path]] = defaultdict(set)
    terms: set[Term] = set()
    for trait, mine in ordered:
        for path in mine:
            terms.update(t for level in path for t in level)
            if "category" in trait.definition:
                _stands(path, under)
    return TraitWords(
        traits=tuple(t for t, _ in ordered),
        paths={t.name: p for t, p in ordered},
        weight={
            term: 1 / (1 + log(max(len(under[term.key]), 1)))
            for term in sorted(terms, key=lambda t: (t.key, t.spelt, t.run))
        },
    )


def _stands(path: Path, under: dict[str, set[Path]]) -> None:
    """Note under what each word stands first: 'Dogs › Dog Food' says 'dog' in one place."""
    above: set[str] = set()
    for n, level in enumerate(path):
        keys = {t.key for t in level} - above
        for key in keys:
            under[key].add(path[:n])
        above |= keys


@lru_cache(maxsize=65536)
def terms_in(text: str) -> tuple[Term, ...]:
    """The words of a level, each once; of Chinese, whole runs.

    >>> [t.key for t in terms_in("Dog Toys")], [t.key for t in terms_in("狗粮/零食")]
    (['dog', 'toy'], ['狗粮', '零食'])
    """
    plain_text = unicodedata.normalize("NFKC", text).casefold()
    words = {k: Term(k, spelt) for k, spelt in words_in(RUN.sub(" ", plain_text))}
    runs = {r: Term(r, r, run=True) for r in RUN.findall(plain_text)}
    return (*words.values(), *runs.values())


def _paths(definition: Mapping[str, Any]) -> tuple[Path, ...]:
    """Any of them makes the trait. What a title or genre must not have says nothing."""
    found = [levels(c) for n in ("category", "category_prefix") for c in _list(definition.get(n))]
    found += [(t,) for n in ("word", "title_any", "genre") for t in _list(definition.get(n))]
    paths = [tuple(terms_in(re.sub("_", " ", level)) for level in path) for path in found]
    return tuple(p for p in paths if any(p))


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())
