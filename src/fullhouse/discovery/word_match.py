"""Which traits a film's own words point to, each with the words, so that a person can judge.

Words alone are a guess. A score is near 1 where a rare word of the film, in its title or as
a keyword, is all that a category is called, and small where the word is common among films
('home'), stands under many categories ('winter'), or is a part of the name ('winter wipers').
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt
from typing import Literal

from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.discovery.card import WordMatch
from fullhouse.discovery.word_links import (
    COMMON,
    PARTS,
    CategoryPath,
    Embedding,
    Term,
    TraitWords,
    WordLink,
    links_to,
    trait_words,
    weighted_words,
)
from fullhouse.sample.words import FilmWords, WordSpace, word_space, words_in
from fullhouse.traits.names import plain
from fullhouse.traits.trait import Trait

ABOVE = 0.7
"""What a match of the level above a category's own is worth: 'Dogs' in 'Dogs › Toys'."""

GENRE = 0.6
"""What it is worth that a film is of a genre: thousands of others are."""

TITLE_WORD = 0.8
"""What a word in the titles of products is worth against the name of a category."""

ALIKE = 8
"""Traits at most for the same words of the film: 'winter' is in the name of dozens."""

LEAST = 0.05
"""Matches with a lower score are noise and left out."""


@dataclass(frozen=True)
class Given:
    """Names of traits put in and taken out, and words (in the form compared) likewise."""

    plus: frozenset[str]
    plus_words: Mapping[str, str]
    out: frozenset[str]
    out_words: frozenset[str]


@dataclass(frozen=True)
class _Scored:
    """A trait with its score, the pairs behind it, and the film's words in them."""

    trait: Trait
    score: float
    pairs: tuple[tuple[str, str], ...] = ()
    keys: frozenset[str] = frozenset()
    plus: bool = False
    path: CategoryPath = ()


def match_traits(
    film: FilmWords,
    traits: Sequence[Trait],
    *,
    space: WordSpace | None = None,
    plus: Sequence[str] = (),
    minus: Sequence[str] = (),
    embedding: Embedding | None = None,
    most: int = 25,
) -> tuple[WordMatch, ...]:
    """The traits that a film's words point to, highest score first, then by name.

    `space` has how common words are among films; without it all but a few are taken for rare.
    `plus` puts traits in by name, or takes a word for one of the film's; it is never cut off by
    `most`. `minus` takes out traits and the words they are called by, or a word. A category below
    one that the same words match as well adds nothing and is left out. Only built traits match.
    A film without meaningful words has no matches.
    """
    space = space or word_space([])
    known = trait_words(t for t in traits if t.built)
    given = given_words(plus, minus, traits, known, {k for k, _ in _words(film)})
    words = weighted_words(film, space, given.plus_words, given.out_words)
    links = links_to(words, known.terms, given.out_words, embedding)
    scored = [_best(t, film, space, known, links) for t in known.traits if t.name not in given.out]
    matches = [_match(f) for f in _few_alike(_adding([f for f in scored if f.score >= LEAST]))]
    forced = _forced(traits, scored, given)
    chosen = [m for m in matches if m.trait not in forced]
    always = [*forced.values(), *(m for m in chosen if m.given)]
    others = sorted((m for m in chosen if not m.given), key=_order)
    return tuple(sorted(always + others[: max(most - len(always), 0)], key=_order))


def vocabulary(films: Iterable[FilmWords], traits: Iterable[Trait]) -> frozenset[str]:
    """Every word that `match_traits` may look up in an embedding, to load only those."""
    texts = {word for f in films for pair in _words(f) for word in pair}
    terms = trait_words(t for t in traits if t.built).terms
    return frozenset(texts | {word for t in terms for word in (t.key, t.spelt)})


def _words(film: FilmWords) -> list[tuple[str, str]]:
    return [pair for part in PARTS for pair in words_in(film.text(part))]


def _best(
    trait: Trait,
    film: FilmWords,
    space: WordSpace,
    known: TraitWords,
    links: Mapping[Term, WordLink],
) -> _Scored:
    """The best of a trait's paths, or that the film is of its genre."""
    scored = [_along(trait, path, known, links) for path in known.paths[trait.name]]
    if "genre" in trait.definition:
        wanted = {plain(g): g for g in trait.definition["genre"]}
        scored += [
            _of_genre(trait, wanted[plain(g)], film, space)
            for g in film.genres
            if plain(g) in wanted
        ]
    return max(scored, key=lambda f: f.score)


def _of_genre(trait: Trait, genre: str, film: FilmWords, space: WordSpace) -> _Scored:
    keys = frozenset(k for k, _ in words_in(genre))
    share = min((space.share(k, without=film.film) for k in keys), default=1.0)
    score = max(GENRE * min(1.0, log(1 / share) / log(1 / COMMON)), LEAST)
    return _Scored(trait, round(score, 6), ((genre, genre),), keys)


def _along(
    trait: Trait, path: CategoryPath, known: TraitWords, links: Mapping[Term, WordLink]
) -> _Scored:
    """The matches along a path together, as if each were there by chance: 1 - (1 - a)(1 - b)..."""
    kind = TITLE_WORD if "word" in trait.definition else 1.0
    parts = []
    for above, level in enumerate(reversed(path)):
        here = [(known.weight[t], links[t]) for t in level if t in links]
        every = sum(known.weight[t] for t in level)
        worth = (
            kind * ABOVE**above * sqrt(sum(w * k.cover for w, k in here) / every) if here else 0.0
        )
        parts += [(worth * w * k.strength, k) for w, k in here]
    # Each word once on both sides: 'Dogs › Dog Food' counts dog once.
    used: dict[str, WordLink] = {}
    score, taken = 0.0, set[str]()
    for part, link in sorted(parts, key=lambda p: (-p[0], p[1].word.key, p[1].spelt)):
        if link.word.key not in used and link.spelt not in taken:
            used[link.word.key] = link
            taken.add(link.spelt)
            score = 1 - (1 - score) * (1 - part)
    return _Scored(
        trait,
        round(score, 6),
        tuple((k.word.spelt, k.spelt) for k in used.values()),
        frozenset(used),
        any(k.word.plus for k in used.values()),
        path,
    )


def _adding(scored: Sequence[_Scored]) -> list[_Scored]:
    """Without the categories below one that the same words match as well."""
    by_path = {f.path: f for f in scored if "category" in f.trait.definition}

    def adds(one: _Scored) -> bool:
        above = (by_path.get(one.path[:n]) for n in range(1, len(one.path)))
        return not any(u and one.keys <= u.keys and one.score <= u.score for u in above)

    return [f for f in scored if "category" not in f.trait.definition or adds(f)]


def _few_alike(scored: Sequence[_Scored]) -> list[_Scored]:
    """The best few for each set of the film's words; all of those a person asked for."""
    count: Counter[frozenset[str]] = Counter()
    few = []
    for one in sorted(scored, key=lambda f: (-f.score, f.trait.name)):
        count[one.keys] += 1
        if one.plus or count[one.keys] <= ALIKE:
            few.append(one)
    return few


def _forced(
    traits: Sequence[Trait], scored: Sequence[_Scored], given: Given
) -> dict[str, WordMatch]:
    """The traits that a person named, with the pairs of words there are."""
    pairs = {f.trait.name: f.pairs for f in scored}
    return {
        t.name: WordMatch(t.name, t.label, 1.0, pairs.get(t.name, ()), "plus")
        for t in traits
        if t.name in given.plus
    }


def _match(one: _Scored) -> WordMatch:
    given: Literal["plus", ""] = "plus" if one.plus else ""
    return WordMatch(one.trait.name, one.trait.label, one.score, one.pairs, given)


def _order(match: WordMatch) -> tuple[float, str]:
    return (-match.score, match.trait)


def given_words(
    plus: Sequence[str],
    minus: Sequence[str],
    traits: Sequence[Trait],
    known: TraitWords,
    film: Collection[str],
) -> Given:
    """What `plus` and `minus` name: each a trait, or a word that a trait has (or the `film`).

    Taking out a trait takes out the words of its own level too: without `word:bones`, 'bones' is
    not matched elsewhere.
    """
    names = {t.name: t for t in traits}
    keys = {t.key for t in known.terms} | {p for t in known.terms for p, _ in words_in(t.spelt)}
    put_in = [_named("plus", text, names, keys, known) for text in plus]
    taken_out = [_named("minus", text, names, keys | set(film), known) for text in minus]
    own = {
        term.key for name, _ in taken_out for path in known.paths.get(name, ()) for term in path[-1]
    }
    given = Given(
        plus=frozenset(n for n, _ in put_in if n),
        plus_words={k: s for _, words in put_in for k, s in words.items()},
        out=frozenset(n for n, _ in taken_out if n),
        out_words=frozenset(own | {k for _, words in taken_out for k in words}),
    )
    both = (given.plus & given.out) | (given.plus_words.keys() & given.out_words)
    if both:
        raise InputError(f"{min(both)!r} is given both as plus and as minus.")
    return given


def _named(
    option: str,
    text: str,
    names: Mapping[str, Trait],
    keys: Collection[str],
    known: TraitWords,
) -> tuple[str, dict[str, str]]:
    """The name of a trait, or the words it is, by the form in which they are compared."""
    if text in names:
        if option == "plus" and not names[text].built:
            raise InputError(
                f"{option} {text!r}: too few people have that trait for it to be built."
            )
        return text, {}
    words = {} if ":" in text else dict(words_in(text))
    if words and all(k in keys for k in words):
        return "", words
    if ":" in text:
        raise InputError(f"{option}: no trait {text!r}.{did_you_mean(text, names)}")
    spelt = {t.spelt for t in known.terms}
    near = did_you_mean(text.casefold(), spelt) or did_you_mean(text, names)
    raise InputError(
        f"{option} {text!r} is neither a trait, such as {next(iter(names), 'buys:pets')!r}, nor a"
        f" word that one has.{near}"
    )
