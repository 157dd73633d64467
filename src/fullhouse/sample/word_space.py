"""The space of words of some films: how rare each word is, and how like two films' texts are."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.preprocessing import normalize

from fullhouse.core.arrays import Floats
from fullhouse.sample.film_words import PARTS, FilmWords, grams, words_in
from fullhouse.traits.names import plain

WHOLE_WORDS = 0.75
"""Share of whole words in a text likeness; the rest is parts of words (3 to 5 characters), by
which 'garden' and 'gardening' are alike."""


@dataclass(frozen=True)
class WordSpace:
    """How rare each word and name is among some films: what makes a likeness of two meaningful.

    It is fitted once and fixed: what is compared later changes nothing in it. Words that were in
    none of its texts are not compared as text.
    """

    films: Mapping[str, frozenset[str]] = field(repr=False)
    counted: Mapping[str, int] = field(repr=False)
    named: Mapping[str, int] = field(repr=False)
    _words: CountVectorizer = field(repr=False)
    _whole: TfidfTransformer = field(repr=False)
    _grams: csr_matrix = field(repr=False)
    _part: TfidfTransformer = field(repr=False)

    def share(self, word: str, *, without: str = "") -> float:
        """About which share of films have a word, in the form in which it is compared.

        The film named `without` is not counted. With few films it tends to one in a hundred.
        """
        own = self.films.get(without)
        had = self.counted.get(word, 0) - (1 if own is not None and word in own else 0)
        films = len(self.films) - (own is not None)
        return (had + 0.01 * _FEW) / (films + _FEW)

    def rarity(self, name: str) -> float:
        """How rare it is for a film to have a name among its talent; 1 for one that none has."""
        films = len(self.films) + 2
        return log(films / (self.named.get(name, 0) + 1)) / log(films)

    def vectors(self, films: Sequence[FilmWords]) -> csr_matrix:
        """A row of length 1 for each film; a row of zeros where its texts have no words."""
        if not films:
            return csr_matrix((0, sum(self._grams.shape)))
        texts = [f.text(part) for f in films for part in PARTS]
        counts = self._words.transform(texts).astype(np.float64)
        weights = np.tile(list(PARTS.values()), len(films))
        owner = np.repeat(np.arange(len(films)), len(PARTS))
        add = csr_matrix((weights, (owner, np.arange(len(texts)))), (len(films), len(texts)))
        whole = normalize(add @ self._whole.transform(counts))
        part = normalize(add @ self._part.transform(counts @ self._grams))
        both = hstack([whole * np.sqrt(WHOLE_WORDS), part * np.sqrt(1 - WHOLE_WORDS)])
        return normalize(both.tocsr())

    def similarity(self, films: Sequence[FilmWords], others: Sequence[FilmWords]) -> Floats:
        """The cosine of the texts of each film (rows) and each other (columns), from 0 to 1.

        NaN where one of them has no meaningful words: then nothing is known, which is not 0.
        """
        first, second = self.vectors(films), self.vectors(others)
        cosines: Floats = np.clip((first @ second.T).toarray(), 0.0, 1.0)
        cosines[np.diff(first.indptr) == 0, :] = np.nan
        cosines[:, np.diff(second.indptr) == 0] = np.nan
        return cosines

    def shared(self, film: FilmWords, other: FilmWords, *, most: int = 3) -> tuple[str, ...]:
        """The words, as the first film spells them, that two films' texts share; rarest first."""
        theirs = {w for part in PARTS for w, _ in words_in(other.text(part))}
        spelt: dict[str, str] = {}
        for part in ("keywords", "overview", "title", "tagline"):
            for word, as_spelt in words_in(film.text(part)):
                if word in theirs:
                    spelt.setdefault(word, as_spelt)
        order = sorted(spelt, key=lambda w: (self.counted.get(w, 0), w))
        return tuple(spelt[w] for w in order[:most])


_FEW = 20
"""So many films weigh as much as the prior of a word before any film is read."""


def word_space(films: Iterable[FilmWords], texts: Iterable[str] = ()) -> WordSpace:
    """The space of some films' words; `texts` (names of traits) add words that no film has.

    The order of the films changes nothing but the last digit of a likeness.
    """
    known = {f.film: f for f in films}
    ordered = [known[k] for k in sorted(known)]
    every = [f.text(p) for f in ordered for p in PARTS]
    words = CountVectorizer(analyzer=_analyse)
    counts = words.fit_transform([*every, *texts, "fullhouse"]).astype(np.float64)
    names = [str(n) for n in words.get_feature_names_out()]
    # A document is a film, not one of its parts; names of traits would make their words common.
    size = (len(ordered), len(every))
    owner = np.repeat(np.arange(len(ordered)), len(PARTS))
    whole = csr_matrix((np.ones(size[1]), (owner, np.arange(size[1]))), size) @ counts[: size[1]]
    if not ordered:
        whole = csr_matrix((1, len(names)), dtype=np.float64)
    grams = _grams_of(names)
    have = [frozenset(names[i] for i in row.indices) for row in whole] if ordered else []
    return WordSpace(
        films=dict(zip((f.film for f in ordered), have, strict=True)),
        counted=Counter(w for words_of in have for w in words_of),
        named=Counter(n for f in ordered for n in {plain(t) for t in f.talent}),
        _words=words,
        _whole=TfidfTransformer(sublinear_tf=True).fit(whole),
        _grams=grams,
        _part=TfidfTransformer(sublinear_tf=True).fit(whole @ grams),
    )


def _analyse(text: str) -> list[str]:
    return [word for word, _ in words_in(text)]


def _grams_of(words: Sequence[str]) -> csr_matrix:
    """Which runs of 3 to 5 characters each word has, ends marked; Chinese pairs stay whole."""
    number: dict[str, int] = {}
    rows, columns = [], []
    for row, word in enumerate(words):
        for gram in grams(word):
            rows.append(row)
            columns.append(number.setdefault(gram, len(number)))
    return csr_matrix((np.ones(len(rows)), (rows, columns)), (len(words), max(len(number), 1)))
