"""A film as words: its texts, who is in it, how rare each word is, how like two texts are.

English, Chinese and Japanese are cut by one rule. English words lose case, accents and a simple
plural; Chinese, which writes no spaces, is cut into pairs of neighbouring characters. Traditional
and simplified characters are different ones here, apart from a few animals.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from math import log
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_matrix, hstack

from fullhouse.core.arrays import Floats
from fullhouse.traits.names import STOP, plain, tokens

if TYPE_CHECKING:
    from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

PARTS: dict[str, float] = {
    "title": 0.5,
    "overview": 1.0,
    "tagline": 0.5,
    "keywords": 1.0,
    "genres": 0.25,
}
"""What a film's text is made of, and how much each part weighs: a title is short and often a
name, a tag line is a joke, and genres are compared by themselves as well."""

_ALONE = "狗犬猫貓猪豬鸡雞鸭鴨羊鸟鳥鱼魚虎狮獅狼熊猴蛇鹿兔蜂茶酒琴"
ALONE = dict(zip(_ALONE, "狗狗猫猫猪猪鸡鸡鸭鸭羊鸟鸟鱼鱼虎狮狮狼熊猴蛇鹿兔蜂茶酒琴", strict=True))
"""Chinese characters that keep their meaning in longer words, each with the form in which it is
compared. Few: most single characters mean other things elsewhere (马 in 马上, 球 in 地球)."""

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
RUN = re.compile(rf"[{_CJK}]+")
"""Neighbouring Chinese or Japanese characters."""

_NO_MEANING = """
me him she hers himself herself themselves itself each other another any some such here there too
very also while where which whose whom would could should may might must shall does did am being
had having upon onto toward towards among amid within without between both either neither never
ever always yet still even just now again once during until because soon only own
"""
STOPS = STOP | frozenset(_NO_MEANING.split())
"""What titles do not need and synopses are full of, besides the stop words of titles."""

# Particles and pronouns: a pair with one of them straddles two words, or means nothing.
_SMALL = frozenset("的了是在和与與及也就都而被把之其他她它我你您们們这這那一个個不")
_ODD_PLURALS = {
    "children": "child",
    "feet": "foot",
    "geese": "goose",
    "halves": "half",
    "knives": "knife",
    "lives": "life",
    "men": "man",
    "mice": "mouse",
    "shelves": "shelf",
    "teeth": "tooth",
    "thieves": "thief",
    "wives": "wife",
    "wolves": "wolf",
    "women": "woman",
}


@dataclass(frozen=True)
class FilmWords:
    """What is known of a film in words. `parts` has the texts of each of PARTS as they are spelt.

    Talent and genres are as given; they are compared without case. `series` and `predecessor`
    are empty where none is known.
    """

    film: str
    title: str
    opening: date | None = None
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    talent: tuple[str, ...] = ()
    series: str = ""
    predecessor: str = ""

    @property
    def genres(self) -> tuple[str, ...]:
        """Its genres, as they are spelt."""
        return tuple(self.parts.get("genres", ()))

    def text(self, part: str) -> str:
        """All of a part as one text; texts do not run into one another."""
        return " \n ".join(self.parts.get(part, ()))


def film_words(film: str, facts: Mapping[str, Any]) -> FilmWords:
    """A film in words, from its facts by field, as `films.known(...).facts` has them.

    A title in another language counts as title too.

    >>> film_words("hachi-2009", {"title": "Hachi", "keywords": ["dog"]}).parts["keywords"]
    ('dog',)
    """
    title = str(facts.get("title") or film)
    titles = dict.fromkeys(t for t in (facts.get("title"), facts.get("original_title")) if t)
    parts = {"title": tuple(titles)} | {p: _texts(facts.get(p)) for p in PARTS if p != "title"}
    return FilmWords(
        film=film,
        title=title,
        opening=facts.get("opening"),
        parts={part: texts for part, texts in parts.items() if texts},
        talent=_texts(facts.get("talent")),
        series=str(facts.get("series") or ""),
        predecessor=str(facts.get("predecessor") or ""),
    )


def words_in(text: str) -> list[tuple[str, str]]:
    """The meaningful words of a text in order, each as it is compared and as it is spelt.

    >>> words_in("The Puppies' café")
    [('puppy', 'puppies'), ('cafe', 'café')]
    >>> words_in("一只狗等待")
    [('只狗', '只狗'), ('狗等', '狗等'), ('等待', '等待'), ('狗', '狗')]
    """
    plain_text = unicodedata.normalize("NFKC", text).casefold()
    words = [
        (base_form(word), word)
        for word in tokens(RUN.sub(" ", plain_text))
        if len(word) > 1 and word not in STOPS and not any(c.isdigit() for c in word)
    ]
    for run in RUN.findall(plain_text):
        pairs = [run[i : i + 2] for i in range(len(run) - 1)]
        words += [(p, p) for p in pairs if not _SMALL & set(p)]
        words += [(ALONE.get(c, c), c) for c in run if c in ALONE or (run == c and c not in _SMALL)]
    return words


@lru_cache(maxsize=65536)
def base_form(word: str) -> str:
    """An English word without accents and a simple plural, so that both spellings meet.

    It need not be a word: 'movie' and 'movies' are both 'movy'.

    >>> [base_form(w) for w in ("dogs", "puppies", "movie", "boxes", "glass", "children")]
    ['dog', 'puppy', 'movy', 'box', 'glass', 'child']
    """
    bare = unicodedata.normalize("NFKD", word)
    bare = unicodedata.normalize("NFC", "".join(c for c in bare if not unicodedata.combining(c)))
    if bare in _ODD_PLURALS:
        return _ODD_PLURALS[bare]
    if not bare.isascii() or len(bare) < 4:
        return bare
    if re.search(r"(ss|sh|ch|x|zz)es$", bare):
        return bare[:-2]
    if bare.endswith("s") and bare[-2] not in "sui":
        bare = bare[:-1]
    return bare[:-2] + "y" if bare.endswith("ie") and len(bare) > 4 else bare


def grams(word: str) -> tuple[str, ...]:
    """The different runs of 3 to 5 characters of a word whose ends are marked.

    Shorter ones first, in their order in the word: a set's order differs from process to process,
    and with it the last digit of a likeness.

    >>> grams("dog")
    ('<do', 'dog', 'og>', '<dog', 'dog>', '<dog>')
    """
    marked = f"<{word}>"
    runs = [marked[i : i + n] for n in (3, 4, 5) for i in range(len(marked) - n + 1)]
    return tuple(dict.fromkeys(runs)) or (marked,)


def _texts(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    texts = [value] if isinstance(value, str) else list(value)
    return tuple(str(t) for t in texts if str(t).strip())


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
    _words: "CountVectorizer" = field(repr=False)
    _whole: "TfidfTransformer" = field(repr=False)
    _grams: csr_matrix = field(repr=False)
    _part: "TfidfTransformer" = field(repr=False)

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
        # Imported here, as below: it takes seconds and a third of an idle server's memory.
        from sklearn.preprocessing import normalize

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
    from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

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
