"""Which word of a film meets which of a trait: the same, one spelt nearly so, or of like sense.

Words that mean the like are an optional extra, from a static word-embedding model of the user's
(GloVe, word2vec, fastText's .vec): a file of words with a vector each. It needs no other package,
gives the same numbers everywhere, and can be read for just the words at hand. A
sentence-transformers folder is not read: it needs PyTorch, a gigabyte of packages, for texts of
which the words alone are compared here.
"""

import gzip
import re
import unicodedata
import zipfile
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from math import log, sqrt
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from fullhouse.core.arrays import Singles
from fullhouse.core.errors import InputError
from fullhouse.sample.words import ALONE, RUN, FilmWords, WordSpace, grams, words_in
from fullhouse.traits.names import levels
from fullhouse.traits.trait import Trait

FORMATS = (
    "'word v1 v2 ...' a line, with or without a line 'words dimensions' before (.txt, .vec, also"
    " as .gz), or .npz with the arrays 'words' and 'vectors'"
)


@dataclass(frozen=True)
class Embedding:
    """Words and their vectors, each of length 1; one row a word, in the order of the file."""

    words: tuple[str, ...]
    vectors: Singles = field(repr=False)

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {w: i for i, w in reversed(list(enumerate(self.words)))}

    def __contains__(self, word: str) -> bool:
        return word in self._rows

    def rows(self, words: Sequence[str]) -> Singles:
        """The vectors of words that are all in it, one row each."""
        rows: Singles = self.vectors[[self._rows[w] for w in words]]
        return rows

    def vector(self, words: Iterable[str]) -> Singles | None:
        """The mean direction of those of some words that are in it; None when none is."""
        known = [w for w in words if w in self]
        if not known:
            return None
        mean = self.rows(known).mean(axis=0)
        length = float(np.linalg.norm(mean))
        return None if length == 0 else (mean / length).astype(np.float32)


def load_embedding(path: Path | str, *, wanted: Collection[str] | None = None) -> Embedding:
    """The words and vectors of a model; of `wanted` words only, where they are given.

    Singles take 4 bytes a number, of wanted words only. Words are as the file spells them; the
    first of two alike counts. A vector of zeros means nothing and is left out.
    """
    path = Path(path)
    if path.is_dir():
        raise InputError(f"{path} is a folder: a word embedding is one file of {FORMATS}.")
    if not path.is_file():
        raise InputError(f"There is no file {path}: a word embedding is one file of {FORMATS}.")
    keep = None if wanted is None else frozenset(wanted)
    words, vectors = _npz(path, keep) if path.suffix == ".npz" else _text(path, keep)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    nonzero = np.flatnonzero(length[:, 0] > 0)
    return Embedding(tuple(words[i] for i in nonzero), vectors[nonzero] / length[nonzero])


def _text(path: Path, keep: frozenset[str] | None) -> tuple[list[str], Singles]:
    words: dict[str, None] = {}
    rows: list[Singles] = []
    size, lines = 0, 0
    for number, line in _lines(path):
        count = line.count(" ")
        if number == 1 and count == 1 and all(c.isdigit() for c in line.split(" ")):
            size = int(line.split(" ")[1])
            continue
        size, lines = size or count, lines + 1
        word, *numbers = line.rsplit(" ", size)
        if count < max(size, 2) or any(map(_is_number, word.split(" ")[1:])):
            raise InputError(
                f"{path.name}, line {number}: a word and {max(size, 2)} numbers were expected, not"
                f" {count}. A word embedding is {FORMATS}."
            )
        if word in words or (keep is not None and word not in keep):
            continue
        rows.append(_numbers(numbers, path, number))
        words[word] = None
    if not lines:
        raise InputError(f"{path.name} has no words. A word embedding is {FORMATS}.")
    return list(words), np.array(rows, dtype=np.float32).reshape(len(rows), size)


def _is_number(text: str) -> bool:
    """Some models have words with blanks in them ('. . .'): what is a number is none of a word."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def _numbers(texts: Sequence[str], path: Path, number: int) -> Singles:
    try:
        vector = np.array(texts, dtype=np.float32)
    except ValueError as problem:
        raise InputError(f"{path.name}, line {number}: {problem}.") from None
    if not np.isfinite(vector).all():
        raise InputError(f"{path.name}, line {number}: a number is not finite.")
    return vector


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8", newline="\n") as lines:
            for number, line in enumerate(lines, start=1):
                if text := line.strip(" \r\n\t"):
                    yield number, text
    except (OSError, EOFError, UnicodeDecodeError) as problem:
        raise InputError(
            f"{path.name} cannot be read as text ({problem}). A word embedding is {FORMATS}."
        ) from None


def _npz(path: Path, keep: frozenset[str] | None) -> tuple[list[str], Singles]:
    try:
        with np.load(path, allow_pickle=False) as file:
            words, vectors = file["words"], file["vectors"]
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as problem:
        raise InputError(
            f"{path.name} is not a word embedding: {problem}. It is one file of {FORMATS}."
        ) from None
    if vectors.ndim != 2 or words.shape != (len(vectors),) or not len(words):
        raise InputError(
            f"{path.name}: 'vectors' must have a row for each of 'words', one at least;"
            f" it has the shape {vectors.shape} for {words.shape[0] if words.ndim else 0} words."
        )
    if vectors.dtype.kind not in "fiu" or not np.isfinite(vectors).all():
        raise InputError(f"{path.name}: 'vectors' must be finite numbers.")
    first: dict[str, int] = {}
    for i, word in enumerate(words.tolist()):
        if keep is None or word in keep:
            first.setdefault(str(word), i)
    return list(first), vectors[list(first.values())].astype(np.float32)


PARTS: dict[str, float] = {
    "keywords": 0.8,
    "title": 0.6,
    "overview": 0.45,
    "tagline": 0.3,
    "genres": 0.3,
}
"""How far a word in a part of the film's text is about what the film is about. A word in several
parts, or twice in one, counts as 1 - (1 - a)(1 - b)..."""

COMMON = 0.02
"""A word that at most this share of films have has full weight; commoner ones, less."""

_GENERIC = """
life love man woman year young old story find home world family friend day time live way boy girl
people film movy meet become take make help come go turn face only little big good best first last
生活 爱情 愛情 故事 世界 朋友 男人 女人 一天 人生 家庭
"""
GENERIC = frozenset(_GENERIC.split())
"""Words of films that count as if at least one film in five had them, however few are known."""

NEAR = 0.6
"""Least share (Dice) of common runs of 3 to 5 characters of words that are spelt nearly alike."""

LIKE = 0.6
"""Least cosine of words that mean the like, in an embedding. In GloVe and word2vec, pairs such as
dog and puppy lie above 0.6, unrelated words of one subject mostly below 0.5."""

INDIRECT = 0.75
"""What words that are nearly alike, or mean the like, are worth against the same word."""


@dataclass(frozen=True)
class Term:
    """A word of a trait: as it is compared and as it is spelt; or a `run` of Chinese characters."""

    key: str
    spelt: str
    run: bool = False


CategoryPath: TypeAlias = tuple[tuple[Term, ...], ...]
"""The words of each level, the widest first; what is no category has one level."""


@dataclass(frozen=True)
class TraitWords:
    """Traits that have words, the paths of each by its name, and the weight of each word.

    A word that stands under many different categories ('winter' socks, wipers, gloves) weighs
    less than one that stands in one place, however much is sold there.
    """

    traits: tuple[Trait, ...]
    paths: Mapping[str, tuple[CategoryPath, ...]] = field(repr=False)
    weight: Mapping[Term, float] = field(repr=False)

    @property
    def terms(self) -> tuple[Term, ...]:
        """Every distinct word, in order."""
        return tuple(self.weight)


def trait_words(traits: Iterable[Trait]) -> TraitWords:
    """The words of the traits that are about products or genres, in the order of their names."""
    paths = {t.name: (t, p) for t in traits if (p := _paths(t.definition))}
    ordered = [paths[name] for name in sorted(paths)]
    under: dict[str, set[CategoryPath]] = defaultdict(set)
    terms: set[Term] = set()
    for trait, films_words in ordered:
        for path in films_words:
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


def _stands(path: CategoryPath, under: dict[str, set[CategoryPath]]) -> None:
    """Note under what each word stands first: 'Dogs › Dog Food' has 'dog' in one place."""
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


def _paths(definition: Mapping[str, Any]) -> tuple[CategoryPath, ...]:
    """Any of them makes the trait. What a title or genre must not have means nothing."""
    names = [levels(c) for n in ("category", "category_prefix") for c in _list(definition.get(n))]
    names += [(t,) for n in ("word", "title_any", "genre") for t in _list(definition.get(n))]
    paths = [tuple(terms_in(re.sub("_", " ", level)) for level in path) for path in names]
    return tuple(p for p in paths if any(p))


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


@dataclass(frozen=True)
class FilmWord:
    """A word of the film: how it is spelt, and its weight, from 0 to 1."""

    key: str
    spelt: str
    weight: float
    plus: bool = False


@dataclass(frozen=True)
class WordLink:
    """The film's word that best matches a trait's: how strong, and how much of that it covers."""

    word: FilmWord
    spelt: str
    strength: float
    cover: float = 1.0


def weighted_words(
    film: FilmWords,
    space: WordSpace,
    plus: Mapping[str, str] | None = None,
    out: Collection[str] = (),
) -> dict[str, FilmWord]:
    """The film's words by the form they are compared in: where they stand, and how rare they are.

    `plus` adds words by that form, spelt as given, of full weight; `out` takes some away.
    """
    spelt: dict[str, str] = {}
    missed: dict[str, float] = {}
    for part, weight in PARTS.items():
        words = words_in(film.text(part))
        times = Counter(key for key, _ in words)
        for key, as_spelt in words:
            spelt.setdefault(key, as_spelt)
        for key, count in times.items():
            missed[key] = missed.get(key, 1.0) * (1 - weight) ** min(count, 2)
    words_by_key = {
        k: FilmWord(k, spelt[k], (1 - missed[k]) * _word_weight(k, film, space)) for k in spelt
    }
    words_by_key |= {
        key: FilmWord(key, as_spelt, 1.0, True) for key, as_spelt in (plus or {}).items()
    }
    return {k: s for k, s in words_by_key.items() if k not in out}


def _word_weight(key: str, film: FilmWords, space: WordSpace) -> float:
    share = space.share(key, without=film.film)
    share = max(share, 0.2) if key in GENERIC else share
    # Squared: half the films' word is 1/30 of a rare one, one film in five's a sixth.
    return min(1.0, log(1 / share) / log(1 / COMMON)) ** 2


def links_to(
    film_words: Mapping[str, FilmWord],
    terms: Collection[Term],
    out: frozenset[str],
    embedding: Embedding | None = None,
) -> dict[Term, WordLink]:
    """For each word of a trait, the film's word that is the same, else one spelt nearly so.

    With an embedding, one that means the like where that is stronger.
    """
    links: dict[Term, WordLink] = {}
    by_start: dict[str, list[FilmWord]] = defaultdict(list)
    for one in film_words.values():
        by_start[one.key[:4]].append(one)
    for term in terms:
        if term.key in out:
            continue
        if term.run:
            _add(links, term, _in_run(term, film_words))
        elif term.key in film_words:
            _add(
                links, term, WordLink(film_words[term.key], term.spelt, film_words[term.key].weight)
            )
        else:
            for one in by_start.get(term.key[:4], ()):
                _add(links, term, _nearly(one, term))
    if embedding is not None:
        _add_alike(links, film_words, terms, embedding, out)
    return links


def _add(links: dict[Term, WordLink], term: Term, link: WordLink | None) -> None:
    old = links.get(term)
    if link is not None and (old is None or _order(link) < _order(old)):
        links[term] = link


def _order(link: WordLink) -> tuple[float, str]:
    return (-link.strength * sqrt(link.cover), link.word.key)


def _nearly(one: FilmWord, term: Term) -> WordLink | None:
    """Shorter words than five letters are too often others: plan and plant, car and care."""
    if min(len(one.key), len(term.key)) < 5:
        alike = 0.8 if _verb(one.key, term.key) or _verb(term.key, one.key) else 0.0
    else:
        # Ends do not count: it is endings in which such words differ.
        films_words, theirs = ({g for g in grams(k) if ">" not in g} for k in (one.key, term.key))
        alike = 2 * len(films_words & theirs) / (len(films_words) + len(theirs))
    if alike < NEAR:
        return None
    return WordLink(one, term.spelt, one.weight * alike * INDIRECT)


def _verb(word: str, other: str) -> bool:
    """Whether the other is what one does: knit and knitting, bake and baking, cook and cooking."""
    stems = {word, word + word[-1], word.removesuffix("e")}
    return len(word) == 4 and any(other == stem + "ing" for stem in stems)


def _in_run(term: Term, film_words: Mapping[str, FilmWord]) -> WordLink | None:
    """The longest piece of a Chinese name that the film has: neighbouring pairs hang together."""
    best: WordLink | None = None
    run, start = term.key, 0
    for i in range(len(run)):
        pair = run[i : i + 2]
        if len(pair) == 2 and pair in film_words:
            continue
        best = _longer(best, run[start : i + 1], term, film_words)
        start = i + 1
    if best is not None:
        return best
    alone = [film_words[k] for c in run if (k := ALONE.get(c, c)) in film_words]
    one = max(alone, key=lambda s: (s.weight, s.key), default=None)
    return None if one is None else WordLink(one, term.spelt, one.weight, 1 / len(run))


def _longer(
    best: WordLink | None, piece: str, term: Term, film_words: Mapping[str, FilmWord]
) -> WordLink | None:
    if len(piece) < 2:
        return best
    pairs = [film_words[piece[i : i + 2]] for i in range(len(piece) - 1)]
    rarest = max(pairs, key=lambda s: s.weight)
    one = FilmWord(piece, piece, rarest.weight, any(s.plus for s in pairs))
    link = WordLink(one, term.spelt, one.weight, len(piece) / len(term.key))
    return link if best is None or link.cover > best.cover else best


def _add_alike(
    links: dict[Term, WordLink],
    film_words: Mapping[str, FilmWord],
    terms: Collection[Term],
    embedding: Embedding,
    out: frozenset[str],
) -> None:
    """Add words that mean the like, where they are stronger than what is there."""
    films_words = {o: w for o in film_words.values() if (w := _known(embedding, o.spelt, o.key))}
    theirs = {t: w for t in terms if t.key not in out and (w := _known(embedding, t.spelt, t.key))}
    if not films_words or not theirs:
        return
    films, terms = list(films_words), list(theirs)
    cosine = embedding.rows(list(films_words.values())) @ embedding.rows(list(theirs.values())).T
    for i, j in np.argwhere(cosine >= LIKE):
        one, term = films[i], terms[j]
        strength = one.weight * float(cosine[i, j]) * INDIRECT
        _add(links, term, WordLink(one, term.spelt, strength))


def _known(embedding: Embedding, *spellings: str) -> str | None:
    return next((s for s in spellings if s in embedding), None)
