"""Which past films' audiences stand in for a film's own, and why.

A past film is used by itself only on evidence: it shares talent or the series, people interested
in the film went to it markedly oftener than others as active, or their texts are more alike than
chance makes any. Otherwise it is shown, not used. A person who knows better names the films.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import exp, log

import numpy as np
from scipy.special import ndtr

from fullhouse.core.arrays import Floats
from fullhouse.core.errors import CannotTellError, InputError, did_you_mean
from fullhouse.core.person_sets import PersonSet, size
from fullhouse.discovery.affinity import Affinity
from fullhouse.discovery.card import ComparableFilm, RatioEstimate, UnusedReason
from fullhouse.discovery.compare import FALSE_DISCOVERIES, LEAST_OUTCOME, compare
from fullhouse.sample.analysis_sample import AnalysisSample, KnownFilm
from fullhouse.sample.outcome import LikelyAudience, Seed
from fullhouse.sample.words import FilmWords, WordSpace, word_space
from fullhouse.stats import benjamini_hochberg
from fullhouse.stats.mantel_haenszel import Z95
from fullhouse.traits import Trait
from fullhouse.traits.film_traits import FilmTraits, any_of, base_rule
from fullhouse.traits.names import plain

TOGETHER = 1.2
"""The lower end of a co-attendance that counts as evidence lies above this: what is left of
activity within strata, and a common liking of cinema, make smaller ones."""

STRONG = 3.0
"""A co-attendance whose lower end is this counts as much as a sequel does."""


# Of 897 films that 100 MovieLens viewers or more saw and TMDB describes (402,000 pairs), the log of
# how much oftener two were seen by the same people than equally active people see them by chance
# was regressed on text / 0.25, genres and years: 0.31, 0.37 and 0.33 (R² 0.27). Their proportions
# are kept. TMDB 5000 has no cast, so the fifth of talent, and what a series adds, is judgement.
WEIGHTS = {"text": 0.25, "genres": 0.30, "years": 0.25, "talent": 0.20}
"""What each part adds to a likeness."""

FULL_TEXT = 0.25
"""A text cosine that counts fully: 0.1 % of pairs of films in TMDB 5000 have as much (0.24)."""

YEARS = 10.0
"""After so many years between two openings, closeness in time is 1/e."""

SERIES = 0.6
"""The share of what is missing to full likeness that the same series makes up."""

CHANCE = 0.999
"""Two texts are alike when fewer than one pair in a thousand of other films is as alike. Of the
pairs above, those over that quantile were seen by the same people 1.6 times as often as pairs in
general, and 72 % of them over 1.2 times as often as by chance, against 24 % of all pairs; between
the 99th and 99.5th percentile it is 1.2 times and 51 %."""

LEAST_TEXT = 0.2
"""And at least so much: among a few films, all unlike, the likest pair may mean nothing."""

MOST_FILMS = 600
"""So many films, evenly chosen, show how alike texts are by chance: 180,000 pairs."""


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
    """How much oftener those interested in a film went to a past one, adjusted for activity.

    `p` is of the ratio being 1; None where it could not be tested.
    """

    ratio: RatioEstimate
    p: float | None


@dataclass(frozen=True)
class Likeness:
    """What two films have in common. None: it is not known for both.

    `text` and `talent` are cosines, the latter over names weighted by how rare they are; `genres`
    is the share of their genres that both have; `years` is 1 for openings on the same day.
    """

    series: bool
    talent: float | None
    names: tuple[str, ...]
    text: float | None
    genres: float | None
    years: float | None

    @property
    def blend(self) -> float:
        """All of it as one number from 0 to 1; what is not known adds nothing."""
        text = None if self.text is None else min(self.text / FULL_TEXT, 1.0)
        parts = {"text": text, "genres": self.genres, "years": self.years, "talent": self.talent}
        known = sum(WEIGHTS[k] * v for k, v in parts.items() if v is not None)
        return 1 - (1 - known) * (1 - SERIES * self.series)


@dataclass(frozen=True)
class _Candidate:
    """A past film with the evidence for and against it."""

    past: PastAudience
    likeness: Likeness
    alike: bool
    together: RatioEstimate
    q: float

    @property
    def goes_with(self) -> bool:
        """Whether those interested in the film went to it markedly more often."""
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
    own_people: int = 0,
) -> tuple[ComparableFilm, ...]:
    """The comparable films: those that are used, then as many that are not; each by likeness.

    Only films that opened by `as_of`; equally like ones by their ids. Those that `chosen` names
    are used in place of the automatic ones, whatever speaks for them. At most `most` are used;
    those that are not used have the reason. `space` has how rare words and names are; by
    default it is fitted on the films at hand. With a given one, a further past film changes the
    likeness of no other, unless a co-attendance is no longer significant among more.
    `own_people` are those who showed interest in the film itself, which films must not blur.
    CannotTellError where the films used have fewer than 32 people, each film's added up.
    """
    others = {p.film: p for p in sorted(past, key=lambda p: p.film) if p.film != film.film}
    named = [_named(name, film, others, as_of).film for name in dict.fromkeys(chosen)]
    opened = [p for p in others.values() if p.opening is not None and p.opening <= as_of]
    space = space or word_space([film, *(p.words for p in opened)])
    candidates = _candidates(film, opened, together or {}, space)
    if named:
        rows = [_row(film, c, space, by_user=True) for c in candidates if c.past.film in named]
    else:
        good = [c for c in candidates if c.good]
        # An audience that is shared, or made by the same people, is worth more than like words: a
        # film that only reads alike would dilute it.
        good = _balanced([c for c in good if c.strong] or good, own_people)
        rest = sorted([c for c in candidates if c not in good[:most]], key=_order)
        rows = [_row(film, c, space) for c in good[:most]]
        rows += [_row(film, c, space, unused=_unused(c)) for c in rest[:most]]
    _check_enough(film, [r for r in rows if r.used])
    return tuple(rows)


def predicted_likeness(
    target: FilmWords, past: Sequence[FilmWords], *, space: WordSpace | None = None
) -> Floats:
    """How like each past film is to one, from 0 to 1, by what is known before either is seen.

    0.25 text (its cosine / 0.25, at most 1) + 0.30 genres in common + 0.25 exp(-years apart / 10)
    + 0.20 talent; the same series makes up 0.6 of what is missing to 1. What is not known of both
    adds nothing. See `WEIGHTS` for where the numbers come from. Without a `space` it is
    fitted on these films, and each of them has a say in how rare words and names are.
    """
    space = space or word_space([target, *past])
    return np.array([each.blend for each in likenesses(target, past, space)], dtype=np.float64)


def _candidates(
    film: FilmWords,
    past: Sequence[PastAudience],
    together: Mapping[str, Together],
    space: WordSpace,
) -> list[_Candidate]:
    words = [p.words for p in past]
    least = text_threshold(words, space)
    none = Together(RatioEstimate(), None)
    both = [together.get(p.film, none) for p in past]
    p = np.array([t.p if t.p is not None else math.nan for t in both], dtype=np.float64)
    candidates = [
        _Candidate(one, like, like.text is not None and like.text > least, with_it.ratio, float(q))
        for one, like, with_it, q in zip(
            past,
            likenesses(film, words, space),
            both,
            benjamini_hochberg(p),
            strict=True,
        )
    ]
    return sorted(candidates, key=_order)


def _order(one: _Candidate) -> tuple[float, str]:
    return (-round(one.total, 9), one.past.film)


def _named(
    name: str, film: FilmWords, others: Mapping[str, PastAudience], as_of: date
) -> PastAudience:
    if name == film.film:
        raise InputError(f"{name!r} is the film itself: a comparable film is another one.")
    if name not in others:
        raise InputError(f"No past film {name!r}.{did_you_mean(name, others)}")
    past = others[name]
    if past.opening is None:
        raise InputError(
            f"{name!r} cannot be a comparable film: the day it opened is not known. Give it with"
            " its facts."
        )
    if past.opening > as_of:
        raise InputError(
            f"{name!r} cannot be a comparable film: it opens on {past.opening}, after the as-of"
            f" date {as_of}."
        )
    return past


def _row(
    film: FilmWords,
    one: _Candidate,
    space: WordSpace,
    *,
    by_user: bool = False,
    unused: UnusedReason | None = None,
) -> ComparableFilm:
    """A past film with all that the two have in common."""
    like, words = one.likeness, one.past.words
    theirs = {plain(g) for g in words.genres}
    return ComparableFilm(
        film=one.past.film,
        title=words.title,
        opening=one.past.opening,
        people=one.past.people,
        likeness=round(one.total, 6),
        text=like.text,
        talent=like.talent,
        together=one.together,
        same_series=like.series,
        series=(film.series or words.series) if like.series else "",
        names=like.names,
        goes_with=one.goes_with,
        shared_words=space.shared(film, words) if like.text else (),
        texts_alike=one.alike,
        genres=tuple(g for g in film.genres if plain(g) in theirs),
        chosen_by_user=by_user,
        used=unused is None,
        unused=unused,
    )


def _balanced(good: Sequence[_Candidate], own_people: int = 0) -> list[_Candidate]:
    """The films in order of likeness, without those that would blur the audience.

    Audiences are put together, so a less alike one dilutes what is particular to the more alike.
    If a film's audience shows a share t of the log affinities that the likest one's shows, t being
    its likeness ÷ the likest, all together show them at sum(t n) / sqrt(sum(n)) standard errors:
    one that is not nearly as alike as the likest is used only where it raises that markedly, since
    likeness says only a part of who goes (see `WEIGHTS`). And all of its kind together are not
    larger than those who are as alike: who wants the film itself, `own_people`, is likest of all,
    and counts there once they are many enough to be heard alone.
    """
    best = max((c.total for c in good), default=1.0)
    heard = own_people >= HEARD_ALONE
    likest, nearly = 1.0 if own_people else best, NEARLY * (1.0 if heard else best)
    chosen: list[_Candidate] = []
    shown, people = float(own_people), own_people
    close, blurring = own_people if heard else 0, 0
    for each in good:
        n, near = each.past.people, each.total >= nearly
        more = shown + n * each.total / likest
        helps = (
            near or not people or more / math.sqrt(people + n) > WORTH * shown / math.sqrt(people)
        )
        outweighs = not near and blurring + n > max(close, LEAST_OUTCOME)
        if not helps or outweighs:
            continue
        chosen.append(each)
        shown, people = more, people + n
        close, blurring = (close + n, blurring) if near else (close, blurring + n)
    return chosen


def _unused(one: _Candidate) -> UnusedReason:
    """Why a past film is not used."""
    if one.avoided:
        return "avoided"
    if one.evidence:
        return "outweighed" if one.past.people else "no_audience"
    return "unlike" if one.together.value is None else "not_surely_together"


def _check_enough(film: FilmWords, used: Sequence[ComparableFilm]) -> None:
    people = sum(f.people for f in used)
    if used and people < LEAST_OUTCOME:
        raise CannotTellError(
            code="comparable_films_too_small",
            title=film.title,
            films=[f.film for f in used],
            people=people,
            needed=LEAST_OUTCOME,
        )


def likenesses(film: FilmWords, others: Sequence[FilmWords], space: WordSpace) -> list[Likeness]:
    """What a film has in common with each of the others, in their order."""
    if not others:
        return []
    text = space.similarity([film], others)[0]
    return [_likeness(film, o, space, t) for o, t in zip(others, text.tolist(), strict=True)]


def text_threshold(films: Sequence[FilmWords], space: WordSpace) -> float:
    """The text cosine that fewer than one in a thousand pairs of these films reaches by chance."""
    ordered = sorted(films, key=lambda f: f.film)
    places = np.linspace(0, len(ordered) - 1, min(len(ordered), MOST_FILMS)).astype(int)
    some = [ordered[i] for i in places]
    cosines = space.similarity(some, some)[np.triu_indices(len(some), 1)]
    cosines = cosines[~np.isnan(cosines)]
    if not len(cosines):
        return LEAST_TEXT
    return max(float(np.quantile(cosines, CHANCE)), LEAST_TEXT)


def _likeness(film: FilmWords, other: FilmWords, space: WordSpace, text: float) -> Likeness:
    talent, names = _talent(film, other, space)
    both = (film.opening, other.opening)
    years = abs((both[0] - both[1]).days) / 365.25 if both[0] and both[1] else None
    return Likeness(
        series=_same_series(film, other),
        talent=talent,
        names=names,
        text=None if math.isnan(text) else text,
        genres=_jaccard(film.genres, other.genres),
        years=None if years is None else math.exp(-years / YEARS),
    )


def _talent(
    film: FilmWords, other: FilmWords, space: WordSpace
) -> tuple[float | None, tuple[str, ...]]:
    names = {plain(n): n for n in film.talent}
    theirs = {plain(n) for n in other.talent}
    if not names or not theirs:
        return None, ()
    weight = {n: space.rarity(n) ** 2 for n in names.keys() | theirs}
    shared = sorted(names.keys() & theirs, key=lambda n: (-weight[n], n))
    if not shared:
        return 0.0, ()
    lengths = sum(weight[n] for n in names) * sum(weight[n] for n in theirs)
    cosine = sum(weight[n] for n in shared) / math.sqrt(lengths)
    return min(cosine, 1.0), tuple(names[n] for n in shared)


def _jaccard(names: Sequence[str], theirs: Sequence[str]) -> float | None:
    a, b = {plain(g) for g in names}, {plain(g) for g in theirs}
    return len(a & b) / len(a | b) if a and b else None


def _same_series(film: FilmWords, other: FilmWords) -> bool:
    if film.series and plain(film.series) == plain(other.series):
        return True
    before = {film.predecessor, film.film} - {""}
    return other.film in before or other.predecessor in before


HEARD_ALONE = 400
"""Of so many people, a trait that one in twenty has stands out when it is twice as frequent as
elsewhere (20 people, log error .22, three deviations from 1)."""

WORTH = 1.02
"""An audience is used where it raises the power to see what is particular to a film so much."""

NEARLY = 0.8
"""A film with this share of the likest one's likeness stands for the same audience."""

ENOUGH = 4_000
"""With so many people of its own interest a film needs no other film's audience: a trait that one
in twenty of them has stands out at a ratio of 1.3 (200 people, log error .07, three and a half
deviations from 1)."""


def own_interest(sample: AnalysisSample, film: KnownFilm) -> FilmTraits | None:
    """The film's own traits, where enough people have them for any comparison."""
    traits = sample.film_traits.get(film.slug or "")
    if traits is None or not traits.both:
        return None
    (people,) = sample.people(any_of([t.name for t in traits.both]))
    return traits if size(people) >= LEAST_OUTCOME else None


def films_like(
    sample: AnalysisSample, film: KnownFilm, chosen: Sequence[str] = ()
) -> tuple[ComparableFilm, ...]:
    """Past films whose audiences may stand in for this one's, chosen here or by the user."""
    past = [
        PastAudience(k.film, sample.words[k.film], k.opening, saw.persons, (saw.name,))
        for k in sample.films.values()
        if k.slug and k.film != film.film and (saw := sample.film_traits[k.slug].saw)
    ]
    interest = own_interest(sample, film)
    own_people = 0
    if interest is not None:
        (interested,) = sample.people(any_of([t.name for t in interest.both]))
        own_people = size(interested)
    opened = [p for p in past if p.opening is not None and p.opening <= sample.day]
    named = tuple(sample.find(c).film for c in chosen)
    try:
        return comparable_films(
            sample.words[film.film],
            past,
            as_of=sample.day,
            chosen=named,
            together=_together(sample, interest, opened) if interest else None,
            space=sample.space,
            own_people=own_people,
        )
    except CannotTellError:
        # Audiences too small are no answer to a user who chose them; else the film's own interest
        # may do without.
        if named:
            raise
        return ()


def likely_audience(
    sample: AnalysisSample,
    film: KnownFilm,
    comps: Sequence[ComparableFilm] | None = None,
    *,
    by_user: bool = False,
) -> LikelyAudience | None:
    """The likely audience of a film; None where there is neither interest nor a film like it.

    `comps` are those of `films_like` unless they are given; those that a user chose are used
    however many people showed interest in the film itself.
    """
    interest = own_interest(sample, film)
    comps = films_like(sample, film) if comps is None else comps
    traits: list[Trait] = []
    used: list[Seed] = []
    interested: PersonSet = {}
    if interest is not None:
        traits += interest.both
        rule = any_of([t.name for t in interest.both])
        (interested,) = sample.people(rule)
        used.append(_interest_seed(sample, film, interest, rule, size(interested)))
    saw = [sample.film_traits[sample.films[c.film].slug or ""].saw for c in comps if c.used]
    audiences = [t for t in saw if t is not None]
    if audiences and (size(interested) < ENOUGH or by_user):
        rule = any_of([t.name for t in audiences])
        (people,) = sample.people(rule)
        traits += audiences
        used.append(Seed("comps", rule, size(people), chosen_by_user=by_user))
    if not traits:
        return None
    outcome = sample.outcome(traits)
    own = sample.own_events(outcome)
    return LikelyAudience(outcome, own, tuple(traits), interested, tuple(used))


def beyond_typical(rows: Mapping[str, Affinity]) -> dict[str, Together]:
    """Each past film's affinity with the interest ÷ the median of all of them, by film.

    Who wants to see any film has seen any other more often, even at equal activity as far as a
    house sees it: on the simulated market the median is 1.4. What makes two films alike is more
    than that. p is of the quotient being 1, from the interval on the log scale; films without a
    known interval are left out.
    """
    log_ratios = {
        film: (log(r.ratio), (log(r.high) - log(r.low)) / (2 * Z95))
        for film, r in rows.items()
        if r.ratio and r.low and r.high and r.p is not None
    }
    if not log_ratios:
        return {}
    typical = float(np.median([ratio for ratio, _ in log_ratios.values()]))
    return {film: _quotient(ratio - typical, se) for film, (ratio, se) in log_ratios.items()}


def _quotient(gap: float, se: float) -> Together:
    ends = (exp(gap - Z95 * se), exp(gap + Z95 * se))
    p = 2 * float(ndtr(-abs(gap) / se)) if se > 0 else None
    return Together(RatioEstimate(exp(gap), *ends), p)


def _together(
    sample: AnalysisSample, interest: FilmTraits, past: Sequence[PastAudience]
) -> dict[str, Together]:
    """How much each past film's audience goes with the film's own interest, activity apart."""
    outcome = sample.outcome(interest.both)
    films = {p.traits[0]: p.film for p in past}
    (base,) = sample.people(base_rule(outcome.kinds, sample.sources))
    result = compare(
        sample.population.build,
        (outcome, sample.own_events(outcome)),
        traits=[t for t in sample.traits if t.name in films],
        base=base,
        blocks=sample.blocks,
    )
    return beyond_typical({films[r.trait]: r for r in result.rows})


def _interest_seed(
    sample: AnalysisSample, film: KnownFilm, interest: FilmTraits, rule: str, people: int
) -> Seed:
    return Seed(
        "interest",
        rule,
        people,
        wants=interest.wants.persons if interest.wants else None,
        saw=interest.saw.persons if interest.saw else None,
        opened=film.opening is not None and film.opening <= sample.day,
    )
