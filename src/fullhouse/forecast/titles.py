"""Which earlier film a title continues, as far as a title can tell."""

import re
import unicodedata
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log

_SMALL = frozenset(["the", "a", "an", "of", "and", "in", "to", "for", "on", "at", "with"])
_NUMBER = re.compile(
    r"\b(?:part|chapter|volume|vol|episode)?\s*(\d{1,2}|ii|iii|iv|v|vi|vii|viii|ix|x|two|three|four)$"
)
NEW_AFTER_DAYS = 200
"""A film that opens sooner after another is taken for the same one, not for its sequel."""


@dataclass(frozen=True)
class Named:
    """A title in the parts by which sequels are recognised."""

    words: tuple[str, ...]
    base: str
    numbered: bool
    has_colon: bool

    @property
    def keys(self) -> tuple[str, ...]:
        """Under what it is looked up."""
        keys = [self.words[0]] if self.words else []
        return (*keys, f"#{self.base}") if len(self.base) > 2 else tuple(keys)


@lru_cache(maxsize=65536)
def named(title: str) -> Named:
    """The parts of a title.

    >>> named("The Hangover Part II").base
    'hangover'
    """
    plain = _plain(title)
    stem = re.split(r":| - ", plain)[0].strip()
    cut = _NUMBER.sub("", stem).strip() or stem
    base = " ".join(w for w in cut.split() if w not in ("the", "a", "an"))
    words = tuple(w for w in re.findall(r"\w+", plain) if w not in _SMALL)
    return Named(words, base, cut != stem, ":" in title)


class Titles:
    """The titles of a market, to look up which film another may continue, as known on a day.

    `stated[film]` lists (day known, title), oldest first.
    """

    def __init__(self, stated: Mapping[str, Sequence[tuple[int, str]]]) -> None:
        self._titles = {f: [(day, named(t)) for day, t in titles] for f, titles in stated.items()}
        self._films: dict[str, list[str]] = defaultdict(list)
        days: dict[str, list[int]] = defaultdict(list)
        for film, titles in self._titles.items():
            for key in {k for _, n in titles for k in n.keys}:
                self._films[key].append(film)
            first: dict[str, int] = {}
            for day, name in titles:
                for word in name.words:
                    first.setdefault(word, day)
            for word, day in first.items():
                days[word].append(day)
        self._word_days = {word: sorted(d) for word, d in days.items()}
        self._film_days = sorted(titles[0][0] for titles in self._titles.values() if titles)

    def at(self, film: str, on: int) -> Named | None:
        """A film's title as known on a day."""
        newest = None
        for day, name in self._titles.get(film, ()):
            if day > on:
                break
            newest = name
        return newest

    def alike(self, film: str, on: int) -> list[str]:
        """Films that this title may continue, whenever they open."""
        own = self.at(film, on)
        if own is None:
            return []
        others = {other for key in own.keys for other in self._films.get(key, ())} - {film}
        return sorted(
            o for o in others if (name := self.at(o, on)) is not None and continues(own, name)
        )

    def rarity(self, film: str, other: str, on: int) -> float:
        """How telling it is that two titles begin alike: -log share of titles, over the words.

        "I Am" begins many titles, "Harry Potter" few. Only titles known on the day are counted:
        the sequels that a series is still to have would tell how it did.
        """
        own, earlier = self.at(film, on), self.at(other, on)
        if own is None or earlier is None:
            return 0.0
        titles = bisect_right(self._film_days, on)
        shared = _common_start(own.words, earlier.words)
        return sum(log(titles / bisect_right(self._word_days[w], on)) for w in shared)


def continues(own: Named, other: Named) -> bool:
    """Whether one title may continue another: the same base, or the same first words."""
    if own.base == other.base and len(own.base) > 2:
        return True
    shared = _common_start(own.words, other.words)
    if len(shared) < 2:
        return False
    return not all(w.isdigit() for w in shared)


def _common_start(a: Sequence[str], b: Sequence[str]) -> list[str]:
    shared = []
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        shared.append(x)
    return shared


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKD", text.lower().replace("’", "").replace("'", ""))
    text = "".join(c for c in text if not unicodedata.combining(c)).replace("&", " and ")
    return re.sub(r"\s+", " ", re.sub(r"[^\w: -]+", " ", text)).strip()


def words_of(texts: Iterable[str]) -> set[str]:
    """The words of several texts, small ones apart."""
    return {w for t in texts for w in re.findall(r"\w+", _plain(t)) if w not in _SMALL}
