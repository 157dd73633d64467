"""Learn taste from past films, each treated as if nobody had seen it yet.

Past films are dealt into folds. For the films of a fold, people's features are made from the
marks of the other folds only, and a film's own events are taken from their activity: so what is
learned is how to foretell a film that nobody has marked, and nothing of a film scores itself.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_array, diags_array

from fullhouse.core.arrays import Floats, Integers, Singles
from fullhouse.core.errors import CannotTellError
from fullhouse.core.person_sets import PersonSet
from fullhouse.core.values import keyed_bits
from fullhouse.propensity.features import (
    PRIOR_MARKS,
    Scale,
    columns,
    knots_of,
    taste_of,
)
from fullhouse.propensity.likeness import Likeness, best_ridge, weights_of
from fullhouse.propensity.logistic import Fit, fit_levels
from fullhouse.propensity.sample import Sample, draw
from fullhouse.sample.blocks import Blocks
from fullhouse.sample.film_traits import film_traits
from fullhouse.sample.film_words import FilmWords
from fullhouse.traits.trait import Trait

FOLDS = 5
LEAST_FILMS = 20
"""Past films with viewers from which anything can be learned: four a fold."""
LEAST_VIEWERS = 30
"""Viewers of a past film in the sample that it takes to learn from it."""
MOST_FILMS = 400
"""Past films that the shared weights are learned from; all serve as past films of a person."""
MOST_SEEN, MOST_UNSEEN = 400, 800
"""People of one film in the pooled regression: a few shared weights need no more."""
TRAIT_RIDGE = 100.0
"""A trait's say on taste is half believed when so many people who mark films have it."""
RIDGE = 10.0


@dataclass(frozen=True)
class Told:
    """What a set of past films says of films not among them, for everybody in the sample.

    Matrices have a row for each person and a column for each film that is foretold; `weights`
    are those of the past films (rows), `of_traits` those of the sample's facts and baskets.
    """

    weights: Floats
    per_mark: Floats
    of_traits: Floats
    film: Singles
    marks: Singles
    facts: Singles
    baskets: Singles
    starts: Floats
    """What `facts` and `baskets` (rows) are for somebody of no trait: everybody's mean is 0."""

    def sums(self, rows: Integers, film: int) -> Singles:
        """The first four sums of some people for one film."""
        found: Singles = np.stack(
            [self.film[rows, film], self.marks[rows], self.facts[rows, film],
             self.baskets[rows, film]], axis=1,
        )  # fmt: skip
        return found


@dataclass(frozen=True)
class Pairs:
    """People and past films with what was foretold as if unseen, and whether they saw it.

    `person` are rows of the sample, `weight` how many people of the base each stands for.
    """

    person: Integers
    film: Integers
    x: Floats
    seen: Floats
    weight: Floats
    fold: Integers


@dataclass(frozen=True)
class Taste:
    """What was learned of a house's people: enough to foretell any film from what is told of it."""

    sample: Sample
    told: tuple[FilmWords, ...]
    likeness: Likeness
    ridge: float
    knots: tuple[tuple[float, ...], ...]
    fit: Fit
    centre: Floats
    spread: Floats
    pairs: Pairs = field(repr=False)


def learn(
    blocks: Blocks,
    base: PersonSet,
    traits: Sequence[Trait],
    films: Mapping[str, FilmWords],
    *,
    key: bytes,
    goers: Mapping[str, PersonSet] | None = None,
    most_films: int = MOST_FILMS,
) -> Taste:
    """Learn from past films, given by the slug of their traits with what was told before release.

    What is foretold is who bought a ticket where `goers` say that, by film, and who saw it
    anywhere else. The key draws people and deals films into folds; the same key learns the same.
    """
    known = film_traits(traits)
    slugs = sorted(f for f in films if f in known)
    sample = draw(blocks, base, traits, slugs, key=key, goers=goers)
    told = tuple(films[s] for s in slugs)
    learnable = _learnable(sample, key, most_films)
    likeness = Likeness.of(told)
    among = likeness.between(told, told)
    ridge = best_ridge(among, _gram(sample.marks))
    knots = knots_of(sample.sheet.activity, sample.weight)
    fold_of = np.arange(len(learnable)) % FOLDS
    parts = []
    for fold in range(FOLDS):
        mine = learnable[fold_of == fold]
        parts.append(_pairs(sample, among, mine, fold, ridge, knots, key))
    pairs = Pairs(*(np.concatenate([getattr(p, n) for p in parts]) for n in _PAIRS))
    centre, spread = pairs.x.mean(0), pairs.x.std(0) + 1e-6
    fit = fit_pairs(pairs, np.arange(len(pairs.seen)), centre, spread, len(slugs))
    return Taste(sample, told, likeness, ridge, knots, fit, centre, spread, pairs)


def fit_pairs(pairs: Pairs, rows: Integers, centre: Floats, spread: Floats, films: int) -> Fit:
    """The shared weights from some pairs; each film has as much say as people of it are here."""
    film, seen = pairs.film[rows], pairs.seen[rows]
    share = np.bincount(film, seen, films) / np.maximum(
        np.bincount(film, seen * pairs.weight[rows], films), 1e-9
    )
    w = pairs.weight[rows] * share[film]
    x = (pairs.x[rows] - centre) / spread
    return fit_levels(x, seen, w, film, films, ridge=RIDGE)


def tell(sample: Sample, past: Integers, between: Floats, among: Floats, ridge: float) -> Told:
    """What the past films (columns of the sample's marks) say of others.

    `between` is the likeness of the past films (rows) and the others, `among` of the past films.
    """
    marks = sample.marks[:, past]
    people = np.asarray(marks.T @ sample.weight).ravel()
    alone = np.asarray(marks.sum(0)).ravel()
    weights = weights_of(between, among, ridge, alone)
    per_mark = people @ weights / max(people.sum(), 1e-9)
    film = np.asarray(marks @ weights.astype(np.float32), dtype=np.float32)
    many = np.asarray(marks.sum(1), dtype=np.float32).ravel()
    # A film's weights are of its own size; measured per mark they are of one size for all.
    of_traits, parts, starts = _from_traits(sample, film, many, per_mark)
    return Told(weights, per_mark, of_traits, film, many, parts[0], parts[1], starts)


def _from_traits(
    sample: Sample, film: Singles, marks: Singles, per_mark: Floats
) -> tuple[Floats, list[Singles], Floats]:
    """Taste regressed on facts and baskets, so that it reaches people who marked no film."""
    taste = np.stack(
        [taste_of(film[:, i], marks, float(per_mark[i])) for i in range(film.shape[1])], axis=1
    ).astype(np.float64)
    x = sample.sheet.has[:, sample.facts].astype(np.float64)
    trust = (marks / (marks + PRIOR_MARKS)).astype(np.float64)
    total = max(float(trust.sum()), 1e-9)
    mean_x, mean_t = np.asarray(x.T @ trust).ravel() / total, trust @ taste / total
    gram = (x.T @ diags_array(trust) @ x).toarray() - total * np.outer(mean_x, mean_x)
    right = x.T @ (trust[:, None] * taste) - total * np.outer(mean_x, mean_t)
    ridge = TRAIT_RIDGE * np.eye(len(mean_x))
    weights = cho_solve(cho_factor(gram + ridge), right) if len(mean_x) else right
    each = [np.where(kind[:, None], weights, 0.0) for kind in (sample.is_fact, ~sample.is_fact)]
    starts = np.stack([-(mean_x @ mine) for mine in each])
    parts = [
        np.asarray(x @ mine + start, dtype=np.float32)
        for mine, start in zip(each, starts, strict=True)
    ]
    return weights, parts, starts


_PAIRS = ("person", "film", "x", "seen", "weight", "fold")


def _pairs(
    sample: Sample,
    among: Floats,
    mine: Integers,
    fold: int,
    ridge: float,
    knots: tuple[tuple[float, ...], ...],
    key: bytes,
) -> Pairs:
    """The pairs of one fold, foretold from the films that are not in it."""
    past = np.setdiff1d(np.arange(len(among)), mine)
    told = tell(sample, past, among[np.ix_(past, mine)], among[np.ix_(past, past)], ridge)
    found: list[list[npt.NDArray[Any]]] = []
    for i, film in enumerate(mine):
        rows, seen, weight = _drawn(sample, int(film), key)
        scale = Scale(float(told.per_mark[i]), knots)
        activity = sample.activity_without(int(film))[:, rows]
        x = columns(told.sums(rows, i), activity, scale).astype(np.float64)
        many = len(rows)
        found.append([rows, np.full(many, film), x, seen, weight, np.full(many, fold)])
    return Pairs(*(np.concatenate(c) for c in zip(*found, strict=True)))


def _drawn(sample: Sample, film: int, key: bytes) -> tuple[Integers, Floats, Floats]:
    """Rows of the sample for one film, whether each saw it, and how many each stands for."""
    saw = sample.saw[:, [film]].toarray()[:, 0] > 0
    bits = keyed_bits(sample.sheet.persons, key + sample.films[film].slug.encode()) / 2**32
    rates = [min(1.0, most / max(int(n), 1)) for most, n in
             ((MOST_UNSEEN, (~saw).sum()), (MOST_SEEN, saw.sum()))]  # fmt: skip
    rate = np.where(saw, rates[1], rates[0])
    rows = np.flatnonzero(bits < rate)
    return rows, saw[rows].astype(np.float64), sample.weight[rows] / rate[rows]


def _learnable(sample: Sample, key: bytes, most: int) -> Integers:
    """Films with viewers enough, in an order by the key."""
    viewers = np.asarray(sample.saw.sum(0)).ravel()
    enough = [i for i in range(len(viewers)) if viewers[i] >= LEAST_VIEWERS]
    if len(enough) < LEAST_FILMS:
        raise CannotTellError(
            f"Only {len(enough)} past films have {LEAST_VIEWERS} viewers in this base and something"
            f" told of them; taste is learned from {LEAST_FILMS} at least. More past films, with"
            " their genres and texts, or a wider base would do."
        )
    order = sorted(
        enough, key=lambda i: hashlib.sha256(key + sample.films[i].slug.encode()).digest()
    )
    return np.array(order[:most], dtype=np.int64)


def _gram(marks: csr_array) -> Floats:
    found: Floats = (marks.T @ marks).toarray().astype(np.float64)
    return found
