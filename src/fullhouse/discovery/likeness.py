"""How like two films are in what is known of them before anybody has seen either."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fullhouse.sample.film_words import FilmWords
from fullhouse.sample.word_space import WordSpace
from fullhouse.traits.names import plain

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
"""And at least so much: among a few films, all unlike, the likest pair may say nothing."""

MOST_FILMS = 600
"""So many films, evenly chosen, tell how alike texts are by chance: 180,000 pairs."""


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
        found = sum(WEIGHTS[k] * v for k, v in parts.items() if v is not None)
        return 1 - (1 - found) * (1 - SERIES * self.series)


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
    found = space.similarity(some, some)[np.triu_indices(len(some), 1)]
    found = found[~np.isnan(found)]
    return max(float(np.quantile(found, CHANCE)), LEAST_TEXT) if len(found) else LEAST_TEXT


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
    mine = {plain(n): n for n in film.talent}
    theirs = {plain(n) for n in other.talent}
    if not mine or not theirs:
        return None, ()
    weight = {n: space.rarity(n) ** 2 for n in mine.keys() | theirs}
    shared = sorted(mine.keys() & theirs, key=lambda n: (-weight[n], n))
    if not shared:
        return 0.0, ()
    lengths = sum(weight[n] for n in mine) * sum(weight[n] for n in theirs)
    cosine = sum(weight[n] for n in shared) / math.sqrt(lengths)
    return min(cosine, 1.0), tuple(mine[n] for n in shared)


def _jaccard(mine: Sequence[str], theirs: Sequence[str]) -> float | None:
    a, b = {plain(g) for g in mine}, {plain(g) for g in theirs}
    return len(a & b) / len(a | b) if a and b else None


def _same_series(film: FilmWords, other: FilmWords) -> bool:
    if film.series and plain(film.series) == plain(other.series):
        return True
    before = {film.predecessor, film.film} - {""}
    return other.film in before or other.predecessor in before
