"""What a person puts into a film's matches, and takes out: traits by name, or words."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.discovery.trait_words import TraitWords
from fullhouse.sample.film_words import words_in
from fullhouse.traits.trait import Trait


@dataclass(frozen=True)
class Given:
    """Names of traits put in and taken out, and words (in the form compared) likewise."""

    plus: frozenset[str]
    plus_words: Mapping[str, str]
    out: frozenset[str]
    out_words: frozenset[str]


def given_words(
    plus: Sequence[str],
    minus: Sequence[str],
    traits: Sequence[Trait],
    known: TraitWords,
    said: Collection[str],
) -> Given:
    """What `plus` and `minus` name: each a trait, or a word that a trait has (or the film, `said`).

    Taking out a trait takes out the words of its own level too: without `word:bones`, 'bones' is
    not matched elsewhere.
    """
    names = {t.name: t for t in traits}
    keys = {t.key for t in known.terms} | {p for t in known.terms for p, _ in words_in(t.spelt)}
    put_in = [_one("plus", text, names, keys, known) for text in plus]
    taken = [_one("minus", text, names, keys | set(said), known) for text in minus]
    own = {term.key for name, _ in taken for path in known.paths.get(name, ()) for term in path[-1]}
    found = Given(
        plus=frozenset(n for n, _ in put_in if n),
        plus_words={k: s for _, words in put_in for k, s in words.items()},
        out=frozenset(n for n, _ in taken if n),
        out_words=frozenset(own | {k for _, words in taken for k in words}),
    )
    both = (found.plus & found.out) | (found.plus_words.keys() & found.out_words)
    if both:
        raise InputError(f"{min(both)!r} is given both as plus and as minus.")
    return found


def _one(
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
