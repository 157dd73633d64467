"""Which past films' audiences stand in for a film's own, and why.

A past film is used by itself only on evidence: it shares talent or the series, people interested
in the film went to it markedly oftener than others as active, or their texts are more alike than
chance makes any. Otherwise it is shown, not used. A person who knows better names the films.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from fullhouse.core.arrays import Floats
from fullhouse.core.errors import CannotTellError, InputError, did_you_mean
from fullhouse.discovery.card import ComparableFilm, Estimate
from fullhouse.discovery.judge import FALSE_DISCOVERIES, LEAST_OUTCOME
from fullhouse.discovery.likeness import SERIES, Likeness, likenesses, text_threshold
from fullhouse.sample.film_words import FilmWords
from fullhouse.sample.word_space import WordSpace, word_space
from fullhouse.stats import benjamini_hochberg
from fullhouse.traits.names import plain

TOGETHER = 1.2
"""The lower end of a co-attendance that speaks for a film lies above this: what is left of
activity within strata, and a common liking of cinema, make smaller ones."""

STRONG = 3.0
"""A co-attendance whose lower end is this counts as much as a sequel does."""


@dataclass(frozen=True)
class PastAudience:
    """A past film and its audience: how many people, and the traits that hold them (saw:SLUG)."""

    film: str
    words: FilmWords
    opening: date | None
    people: int
    traits: tuple[str, ...]


@dataclass(frozen=True)
class Together:
    """How much oftener those interested in a film went to a past one, activity held equal.

    `p` is of the ratio being 1; None where it could not be tested.
    """

    ratio: Estimate
    p: float | None


@dataclass(frozen=True)
class _Compared:
    """A past film with all that speaks for and against it."""

    past: PastAudience
    likeness: Likeness
    alike: bool
    together: Estimate
    q: float

    @property
    def goes_with(self) -> bool:
        """Whether those interested in the film went to it markedly oftener."""
        low = self.together.low
        return self.q <= FALSE_DISCOVERIES and low is not None and low > TOGETHER

    @property
    def avoided(self) -> bool:
        """Whether they went to it less."""
        return self.together.high is not None and self.together.high < 1

    @property
    def evidence(self) -> bool:
        """Whether anything speaks for it."""
        return self.strong or self.alike

    @property
    def strong(self) -> bool:
        """Whether people or an audience in common speak for it, and not its words alone."""
        return self.likeness.series or bool(self.likeness.names) or self.goes_with

    @property
    def good(self) -> bool:
        """Whether it is used without being asked for."""
        return self.evidence and not self.avoided and self.past.people > 0

    @property
    def total(self) -> float:
        """Likeness of content and of audience together, as if either alone would do."""
        low = max(self.together.low or 1.0, 1.0)
        audience = min(math.log(low) / math.log(STRONG), 1.0) if self.goes_with else 0.0
        return 1 - (1 - self.likeness.blend) * (1 - SERIES * audience)


def comparable_films(
    film: FilmWords,
    past: Sequence[PastAudience],
    *,
    as_of: date,
    chosen: Sequence[str] = (),
    together: Mapping[str, Together] | None = None,
    space: WordSpace | None = None,
    most: int = 8,
) -> tuple[ComparableFilm, ...]:
    """The comparable films: those that are used, then as many that are not; each by likeness.

    Only films that opened by `as_of`; equally like ones by their ids. Those that `chosen` names
    are used in place of the automatic ones, whatever speaks for them. At most `most` are used;
    of those not used `why` begins with the reason. `space` says how rare words and names are; by
    default it is fitted on the films at hand. With a given one, a further past film changes the
    likeness of no other, unless a co-attendance is no longer significant among more.
    CannotTellError where the films used have fewer than 32 people, each film's added up.
    """
    others = {p.film: p for p in sorted(past, key=lambda p: p.film) if p.film != film.film}
    named = [_named(name, film, others, as_of).film for name in dict.fromkeys(chosen)]
    opened = [p for p in others.values() if p.opening is not None and p.opening <= as_of]
    space = space or word_space([film, *(p.words for p in opened)])
    compared = _compared(film, opened, together or {}, space)
    if named:
        rows = [_row(film, c, space, "you named it") for c in compared if c.past.film in named]
    else:
        good = [c for c in compared if c.good]
        # An audience that is shared, or made by the same people, says more than like words: a
        # film that only reads alike would dilute it.
        good = _balanced([c for c in good if c.strong] or good)
        rest = sorted([c for c in compared if c not in good[:most]], key=_order)
        rows = [_row(film, c, space) for c in good[:most]]
        rows += [_row(film, c, space, _why_not(c), used=False) for c in rest[:most]]
    _enough(film, [r for r in rows if r.used])
    return tuple(rows)


def predicted_likeness(
    target: FilmWords, past: Sequence[FilmWords], *, space: WordSpace | None = None
) -> Floats:
    """How like each past film is to one, from 0 to 1, by what is known before either is seen.

    0.25 text (its cosine / 0.25, at most 1) + 0.30 genres in common + 0.25 exp(-years apart / 10)
    + 0.20 talent; the same series makes up 0.6 of what is missing to 1. What is not known of both
    adds nothing. See `likeness.WEIGHTS` for where the numbers come from. Without a `space` it is
    fitted on these films, and each of them has a say in how rare words and names are.
    """
    space = space or word_space([target, *past])
    return np.array([found.blend for found in likenesses(target, past, space)], dtype=np.float64)


def _compared(
    film: FilmWords,
    past: Sequence[PastAudience],
    together: Mapping[str, Together],
    space: WordSpace,
) -> list[_Compared]:
    words = [p.words for p in past]
    least = text_threshold(words, space)
    none = Together(Estimate(), None)
    both = [together.get(p.film, none) for p in past]
    p = np.array([t.p if t.p is not None else math.nan for t in both], dtype=np.float64)
    found = [
        _Compared(one, like, like.text is not None and like.text > least, with_it.ratio, float(q))
        for one, like, with_it, q in zip(
            past,
            likenesses(film, words, space),
            both,
            benjamini_hochberg(p),
            strict=True,
        )
    ]
    return sorted(found, key=_order)


def _order(one: _Compared) -> tuple[float, str]:
    return (-round(one.total, 9), one.past.film)


def _named(
    name: str, film: FilmWords, others: Mapping[str, PastAudience], as_of: date
) -> PastAudience:
    if name == film.film:
        raise InputError(f"{name!r} is the film itself: a comparable film is another one.")
    if name not in others:
        raise InputError(f"No past film {name!r}.{did_you_mean(name, others)}")
    found = others[name]
    if found.opening is None:
        raise InputError(
            f"{name!r} cannot be a comparable film: the day it opened is not known. Give it with"
            " its facts."
        )
    if found.opening > as_of:
        raise InputError(
            f"{name!r} cannot be a comparable film: it opens on {found.opening}, after the as-of"
            f" date {as_of}."
        )
    return found


def _row(
    film: FilmWords, one: _Compared, space: WordSpace, *why: str, used: bool = True
) -> ComparableFilm:
    return ComparableFilm(
        film=one.past.film,
        title=one.past.words.title,
        opening=one.past.opening,
        people=one.past.people,
        likeness=round(one.total, 6),
        text=one.likeness.text,
        talent=one.likeness.talent,
        together=one.together,
        why=(*why, *_why(film, one, space)),
        used=used,
    )


def _why(film: FilmWords, one: _Compared, space: WordSpace) -> list[str]:
    """All that the two have in common, the strongest kind first."""
    found, like = [], one.likeness
    if like.series:
        name = film.series or one.past.words.series
        found.append(f"the same series: {name}" if name else "the same series")
    if like.names:
        found.append(f"both with {', '.join(like.names)}")
    if one.goes_with:
        found.append(_seen(one.together))
    shared = space.shared(film, one.past.words) if like.text else ()
    if shared:
        found.append(f"{'texts alike' if one.alike else 'both texts'}: {', '.join(shared)}")
    theirs = {plain(g) for g in one.past.words.genres}
    genres = [g for g in film.genres if plain(g) in theirs]
    if genres:
        found.append(f"both {', '.join(g.lower() for g in genres)}")
    return found


def _balanced(good: Sequence[_Compared]) -> list[_Compared]:
    """The films in order, without those whose audience outweighs all more alike ones together.

    The audiences are put together: one that is less like the film would drown those more like.
    """
    kept: list[_Compared] = []
    for each in good:
        enough = max(LEAST_OUTCOME, sum(c.past.people for c in kept))
        if not kept or each.past.people <= enough:
            kept.append(each)
    return kept


def _why_not(one: _Compared) -> str:
    if one.avoided:
        return f"not used: {_seen(one.together)}"
    if one.evidence and not one.past.people:
        return "not used: nobody here is known to have seen it"
    if one.evidence:
        return "not used: others are more alike, and are enough or would be outweighed"
    if one.together.value is None:
        return "not used: no series or talent in common, and texts no more alike than by chance"
    return (
        "not used: no series or talent in common, texts no more alike than by chance, and not"
        f" surely {TOGETHER} times as often {_BY}"
    )


_BY = "by those who want to see this film as by others as active"


def _seen(ratio: Estimate) -> str:
    low, high = (f"{end:.2g}" if end is not None else "any" for end in (ratio.low, ratio.high))
    return f"seen {ratio.value or 0:.2g} times as often {_BY} ({low}–{high})"


def _enough(film: FilmWords, used: Sequence[ComparableFilm]) -> None:
    people = sum(f.people for f in used)
    if used and people < LEAST_OUTCOME:
        raise CannotTellError(
            f"The comparable films of {film.title} ({', '.join(f.film for f in used)}) have"
            f" {people} people together: with fewer than {LEAST_OUTCOME} not even a trait that half"
            " of them have could be told from one twice as common. Naming further past films, or a"
            " feed with older views or tickets, would do."
        )
