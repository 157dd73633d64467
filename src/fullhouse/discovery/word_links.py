"""Which word of a film meets which of a trait: the same, one spelt nearly so, or of like sense."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import log, sqrt

import numpy as np

from fullhouse.discovery.embedding import Embedding
from fullhouse.discovery.trait_words import Term
from fullhouse.sample.film_words import ALONE, FilmWords, grams, words_in
from fullhouse.sample.word_space import WordSpace

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
"""A word that at most this share of films have tells all it can; of commoner ones, less."""

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
class Said:
    """A word of the film: how it is spelt, and how much it tells, from 0 to 1."""

    key: str
    spelt: str
    telling: float
    plus: bool = False


@dataclass(frozen=True)
class Link:
    """The film's word that best matches a trait's: how strong, and how much of that it covers."""

    said: Said
    spelt: str
    strength: float
    cover: float = 1.0


def said_words(
    film: FilmWords,
    space: WordSpace,
    plus: Mapping[str, str] | None = None,
    out: Collection[str] = (),
) -> dict[str, Said]:
    """The film's words by the form they are compared in: where they stand, and how rare they are.

    `plus` adds words by that form, spelt as given, that tell all they can; `out` takes some away.
    """
    spelt: dict[str, str] = {}
    untold: dict[str, float] = {}
    for part, weight in PARTS.items():
        words = words_in(film.text(part))
        times = Counter(key for key, _ in words)
        for key, as_spelt in words:
            spelt.setdefault(key, as_spelt)
        for key, count in times.items():
            untold[key] = untold.get(key, 1.0) * (1 - weight) ** min(count, 2)
    found = {k: Said(k, spelt[k], (1 - untold[k]) * _telling(k, film, space)) for k in spelt}
    found |= {key: Said(key, as_spelt, 1.0, True) for key, as_spelt in (plus or {}).items()}
    return {k: s for k, s in found.items() if k not in out}


def _telling(key: str, film: FilmWords, space: WordSpace) -> float:
    share = space.share(key, without=film.film)
    share = max(share, 0.2) if key in GENERIC else share
    # Squared: half the films' word is 1/30 of a rare one, one film in five's a sixth.
    return min(1.0, log(1 / share) / log(1 / COMMON)) ** 2


def links_to(
    said: Mapping[str, Said], terms: Collection[Term], out: frozenset[str]
) -> dict[Term, Link]:
    """For each word of a trait, the film's word that is the same, else one spelt nearly so."""
    links: dict[Term, Link] = {}
    by_start: dict[str, list[Said]] = defaultdict(list)
    for one in said.values():
        by_start[one.key[:4]].append(one)
    for term in terms:
        if term.key in out:
            continue
        if term.run:
            _keep(links, term, _in_run(term, said))
        elif term.key in said:
            _keep(links, term, Link(said[term.key], term.spelt, said[term.key].telling))
        else:
            for one in by_start.get(term.key[:4], ()):
                _keep(links, term, _nearly(one, term))
    return links


def _keep(links: dict[Term, Link], term: Term, link: Link | None) -> None:
    old = links.get(term)
    if link is not None and (old is None or _order(link) < _order(old)):
        links[term] = link


def _order(link: Link) -> tuple[float, str]:
    return (-link.strength * sqrt(link.cover), link.said.key)


def _nearly(one: Said, term: Term) -> Link | None:
    """Shorter words than five letters are too often others: plan and plant, car and care."""
    if min(len(one.key), len(term.key)) < 5:
        alike = 0.8 if _verb(one.key, term.key) or _verb(term.key, one.key) else 0.0
    else:
        # Ends do not count: it is endings in which such words differ.
        mine, theirs = ({g for g in grams(k) if ">" not in g} for k in (one.key, term.key))
        alike = 2 * len(mine & theirs) / (len(mine) + len(theirs))
    if alike < NEAR:
        return None
    return Link(one, term.spelt, one.telling * alike * INDIRECT)


def _verb(word: str, other: str) -> bool:
    """Whether the other is what one does: knit and knitting, bake and baking, cook and cooking."""
    stems = {word, word + word[-1], word.removesuffix("e")}
    return len(word) == 4 and any(other == stem + "ing" for stem in stems)


def _in_run(term: Term, said: Mapping[str, Said]) -> Link | None:
    """The longest piece of a Chinese name that the film says: neighbouring pairs hang together."""
    best: Link | None = None
    run, start = term.key, 0
    for i in range(len(run)):
        pair = run[i : i + 2]
        if len(pair) == 2 and pair in said:
            continue
        best = _longer(best, run[start : i + 1], term, said)
        start = i + 1
    if best is not None:
        return best
    alone = [said[k] for c in run if (k := ALONE.get(c, c)) in said]
    one = max(alone, key=lambda s: (s.telling, s.key), default=None)
    return None if one is None else Link(one, term.spelt, one.telling, 1 / len(run))


def _longer(best: Link | None, piece: str, term: Term, said: Mapping[str, Said]) -> Link | None:
    if len(piece) < 2:
        return best
    pairs = [said[piece[i : i + 2]] for i in range(len(piece) - 1)]
    rarest = max(pairs, key=lambda s: s.telling)
    one = Said(piece, piece, rarest.telling, any(s.plus for s in pairs))
    link = Link(one, term.spelt, one.telling, len(piece) / len(term.key))
    return link if best is None or link.cover > best.cover else best


def add_alike(
    links: dict[Term, Link],
    said: Mapping[str, Said],
    terms: Collection[Term],
    embedding: Embedding,
    out: frozenset[str],
) -> None:
    """Add words that mean the like, where they are stronger than what is there."""
    mine = {o: w for o in said.values() if (w := _known(embedding, o.spelt, o.key))}
    theirs = {t: w for t in terms if t.key not in out and (w := _known(embedding, t.spelt, t.key))}
    if not mine or not theirs:
        return
    films, terms = list(mine), list(theirs)
    cosine = embedding.rows(list(mine.values())) @ embedding.rows(list(theirs.values())).T
    for i, j in np.argwhere(cosine >= LIKE):
        one, term = films[i], terms[j]
        strength = one.telling * float(cosine[i, j]) * INDIRECT
        _keep(links, term, Link(one, term.spelt, strength))


def _known(embedding: Embedding, *spellings: str) -> str | None:
    return next((s for s in spellings if s in embedding), None)
