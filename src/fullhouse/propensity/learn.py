"""Fit people's film preferences on past films, each treated as if nobody had seen it yet.

Past films are split into folds. For the films of a fold, people's features are made from the
marks of the other folds only, and a film's own events are taken from their activity: so what is
fitted is how to predict a film that nobody has marked, and nothing of a film scores itself.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_array, diags_array

from fullhouse.core.arrays import Floats, Integers, Singles, keyed_bits
from fullhouse.core.errors import CannotTellError
from fullhouse.core.person_sets import PersonSet
from fullhouse.propensity.features import (
    KNOTS,
    PRIOR_MARKS,
    Scale,
    columns,
    knots_of,
    preference_of,
)
from fullhouse.propensity.logistic import Fit, fit_levels
from fullhouse.propensity.training import (
    FilmSimilarity,
    TrainingSample,
    best_ridge,
    draw,
    weights_of,
)
from fullhouse.sample.words import FilmWords
from fullhouse.traits.blocks import Blocks
from fullhouse.traits.film_traits import film_traits
from fullhouse.traits.trait import KINDS, Trait

FOLDS = 5
LEAST_FILMS = 20
"""Past films with viewers from which anything can be fitted: four a fold."""
LEAST_VIEWERS = 30
"""Viewers of a past film in the sample that it takes to learn from it."""
MOST_FILMS = 400
"""Past films that the shared weights are fitted on; all serve as past films of a person."""
MOST_SEEN, MOST_UNSEEN = 400, 800
"""People of one film in the pooled regression: a few shared weights need no more."""
TRAIT_RIDGE = 100.0
"""A trait's weight is shrunk by half when so many people who mark films have it."""
RIDGE = 10.0


@dataclass(frozen=True)
class FilmFeatures:
    """What a set of past films says of films not among them, for everybody in the sample.

    Matrices have a row for each person and a column for each predicted film; `weights`
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
        sums: Singles = np.stack(
            [self.film[rows, film], self.marks[rows], self.facts[rows, film],
             self.baskets[rows, film]], axis=1,
        )  # fmt: skip
        return sums


@dataclass(frozen=True)
class FilmPairs:
    """People and past films: features as if nobody had seen the film, and whether they saw it.

    `person` are rows of the sample, `weight` how many people of the base each stands for.
    """

    person: Integers
    film: Integers
    x: Floats
    outcome: Floats
    weight: Floats
    fold: Integers


@dataclass(frozen=True)
class PreferenceModel:
    """Film preferences of people: enough to predict any film from its description."""

    sample: TrainingSample
    content: tuple[FilmWords, ...]
    similarity: FilmSimilarity
    ridge: float
    knots: tuple[tuple[float, ...], ...]
    fit: Fit
    centre: Floats
    spread: Floats
    pairs: FilmPairs = field(repr=False)


def learn(
    blocks: Blocks,
    base: PersonSet,
    traits: Sequence[Trait],
    films: Mapping[str, FilmWords],
    *,
    key: bytes,
    ticket_buyers: Mapping[str, PersonSet] | None = None,
    most_films: int = MOST_FILMS,
) -> PreferenceModel:
    """Fit preferences on past films, by slug, each with its description before release.

    The outcome is who bought a ticket where `ticket_buyers` are given, by film, and who saw it
    anywhere else. The key draws people and deals films into folds; the same key learns the same.
    """
    known = film_traits(traits)
    slugs = sorted(f for f in films if f in known)
    sample = draw(blocks, base, traits, slugs, key=key, ticket_buyers=ticket_buyers)
    content = tuple(films[s] for s in slugs)
    learnable = _learnable(sample, key, most_films)
    similarity = FilmSimilarity.of(content)
    among = similarity.between(content, content)
    ridge = best_ridge(among, _gram(sample.marks))
    knots = knots_of(sample.sheet.activity, sample.weight)
    fold_of = np.arange(len(learnable)) % FOLDS
    parts = []
    for fold in range(FOLDS):
        in_fold = learnable[fold_of == fold]
        parts.append(_pairs(sample, among, in_fold, fold, ridge, knots, key))
    pairs = FilmPairs(*(np.concatenate([getattr(p, n) for p in parts]) for n in _PAIRS))
    centre, spread = pairs.x.mean(0), pairs.x.std(0) + 1e-6
    fit = fit_pairs(pairs, np.arange(len(pairs.outcome)), centre, spread, len(slugs))
    return PreferenceModel(sample, content, similarity, ridge, knots, fit, centre, spread, pairs)


def fit_pairs(pairs: FilmPairs, rows: Integers, centre: Floats, spread: Floats, films: int) -> Fit:
    """The shared weights from some pairs; each film has as much say as people of it are here."""
    film, outcome = pairs.film[rows], pairs.outcome[rows]
    share = np.bincount(film, outcome, films) / np.maximum(
        np.bincount(film, outcome * pairs.weight[rows], films), 1e-9
    )
    w = pairs.weight[rows] * share[film]
    x = (pairs.x[rows] - centre) / spread
    return fit_levels(x, outcome, w, film, films, ridge=RIDGE)


def activity_columns(width: int) -> Floats:
    """1 for the features that are activity alone, 0 for the others."""
    active = np.zeros(width)
    active[: len(KINDS) * (1 + KNOTS)] = 1
    return active


def activity_fit(preferences: PreferenceModel) -> Floats:
    """The weights of the standardised features, fitted with activity alone; 0 for the others."""
    pairs, active = preferences.pairs, activity_columns(preferences.pairs.x.shape[1])
    # A column whose spread is endless is none: its weight stays 0.
    spread = np.where(active > 0, preferences.spread, np.inf)
    rows = np.arange(len(pairs.outcome))
    fit = fit_pairs(pairs, rows, preferences.centre, spread, len(preferences.content))
    weights: Floats = fit.weights * active
    return weights


def film_features(
    sample: TrainingSample, past: Integers, between: Floats, among: Floats, ridge: float
) -> FilmFeatures:
    """What the past films (columns of the sample's marks) say of others.

    `between` is the similarity of the past films (rows) and the others, `among` of the past films.
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
    return FilmFeatures(weights, per_mark, of_traits, film, many, parts[0], parts[1], starts)


def _from_traits(
    sample: TrainingSample, film: Singles, marks: Singles, per_mark: Floats
) -> tuple[Floats, list[Singles], Floats]:
    """Preference regressed on facts and baskets, so that it reaches people who marked no film."""
    preference = np.stack(
        [preference_of(film[:, i], marks, float(per_mark[i])) for i in range(film.shape[1])], axis=1
    ).astype(np.float64)
    x = sample.sheet.has[:, sample.facts].astype(np.float64)
    trust = (marks / (marks + PRIOR_MARKS)).astype(np.float64)
    total = max(float(trust.sum()), 1e-9)
    mean_x, mean_t = np.asarray(x.T @ trust).ravel() / total, trust @ preference / total
    gram = (x.T @ diags_array(trust) @ x).toarray() - total * np.outer(mean_x, mean_x)
    right = x.T @ (trust[:, None] * preference) - total * np.outer(mean_x, mean_t)
    ridge = TRAIT_RIDGE * np.eye(len(mean_x))
    weights = cho_solve(cho_factor(gram + ridge), right) if len(mean_x) else right
    each = [np.where(kind[:, None], weights, 0.0) for kind in (sample.is_fact, ~sample.is_fact)]
    starts = np.stack([-(mean_x @ weights_of_kind) for weights_of_kind in each])
    parts = [
        np.asarray(x @ weights_of_kind + start, dtype=np.float32)
        for weights_of_kind, start in zip(each, starts, strict=True)
    ]
    return weights, parts, starts


_PAIRS = ("person", "film", "x", "outcome", "weight", "fold")


def _pairs(
    sample: TrainingSample,
    among: Floats,
    in_fold: Integers,
    fold: int,
    ridge: float,
    knots: tuple[tuple[float, ...], ...],
    key: bytes,
) -> FilmPairs:
    """The pairs of one fold, with features from the films that are not in it."""
    past = np.setdiff1d(np.arange(len(among)), in_fold)
    features = film_features(
        sample, past, among[np.ix_(past, in_fold)], among[np.ix_(past, past)], ridge
    )
    columns_of_films: list[list[npt.NDArray[Any]]] = []
    for i, film in enumerate(in_fold):
        rows, outcome, weight = _drawn(sample, int(film), key)
        scale = Scale(float(features.per_mark[i]), knots)
        activity = sample.activity_without(int(film))[:, rows]
        x = columns(features.sums(rows, i), activity, scale).astype(np.float64)
        many = len(rows)
        columns_of_films.append(
            [rows, np.full(many, film), x, outcome, weight, np.full(many, fold)]
        )
    return FilmPairs(*(np.concatenate(c) for c in zip(*columns_of_films, strict=True)))


def _drawn(sample: TrainingSample, film: int, key: bytes) -> tuple[Integers, Floats, Floats]:
    """Rows of the sample for one film, whether each saw it, and how many each stands for."""
    saw = sample.saw[:, [film]].toarray()[:, 0] > 0
    bits = keyed_bits(sample.sheet.persons, key + sample.films[film].slug.encode()) / 2**32
    rates = [min(1.0, most / max(int(n), 1)) for most, n in
             ((MOST_UNSEEN, (~saw).sum()), (MOST_SEEN, saw.sum()))]  # fmt: skip
    rate = np.where(saw, rates[1], rates[0])
    rows = np.flatnonzero(bits < rate)
    return rows, saw[rows].astype(np.float64), sample.weight[rows] / rate[rows]


def _learnable(sample: TrainingSample, key: bytes, most: int) -> Integers:
    """Films with viewers enough, in an order by the key."""
    viewers = np.asarray(sample.saw.sum(0)).ravel()
    enough = [i for i in range(len(viewers)) if viewers[i] >= LEAST_VIEWERS]
    if len(enough) < LEAST_FILMS:
        raise CannotTellError(
            code="too_few_films_watched",
            films=len(enough),
            viewers=LEAST_VIEWERS,
            needed=LEAST_FILMS,
        )
    order = sorted(
        enough, key=lambda i: hashlib.sha256(key + sample.films[i].slug.encode()).digest()
    )
    return np.array(order[:most], dtype=np.int64)


def _gram(marks: csr_array) -> Floats:
    gram: Floats = (marks.T @ marks).toarray().astype(np.float64)
    return gram
