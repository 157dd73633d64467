"""The propensity model of one film: predicted from past films, then pulled to those interested."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from fullhouse.core.arrays import Floats, Integers, keyed_bits
from fullhouse.core.errors import InputError
from fullhouse.propensity.features import SUMS, Scale, columns
from fullhouse.propensity.learn import FilmFeatures, PreferenceModel, film_features
from fullhouse.propensity.logistic import Offset, fit_offset, level_for
from fullhouse.propensity.propensity import PropensityModel
from fullhouse.propensity.training import weights_of
from fullhouse.sample.sheet import Sheet
from fullhouse.sample.words import FilmWords
from fullhouse.traits.film_traits import kinds_of
from fullhouse.traits.trait import KINDS, Trait


def predict(
    preferences: PreferenceModel,
    film: FilmWords,
    *,
    slug: str,
    as_of: date,
    build: int,
    expected_people: float | None = None,
) -> PropensityModel:
    """The model of a film; `slug` is that of its traits, where it has any.

    A film that the preferences were fitted on is predicted from the others. Without
    `expected_people` the level is that of films like it.
    """
    expected = {} if expected_people is None else {slug: expected_people}
    return predict_all(preferences, {slug: film}, as_of=as_of, build=build, expected=expected)[slug]


def predict_all(
    preferences: PreferenceModel,
    films: Mapping[str, FilmWords],
    *,
    as_of: date,
    build: int,
    expected: Mapping[str, float] | None = None,
) -> dict[str, PropensityModel]:
    """The models of films by slug, predicted from past films that are none of them."""
    past = np.array([i for i, f in enumerate(preferences.sample.films) if f.slug not in films])
    others = [preferences.content[i] for i in past]
    among = preferences.similarity.between(others, others)
    between = preferences.similarity.between(others, list(films.values()))
    features = film_features(preferences.sample, past, between, among, preferences.ridge)
    like = _people_like(preferences, past, between, among)
    models = {}
    for at, (slug, film) in enumerate(films.items()):
        given = (expected or {}).get(slug)
        people = float(like[at]) if given is None else float(given)
        bare = _bare(preferences, past, features, at, slug, film)
        model = replace(
            bare,
            as_of=as_of,
            build=build,
            level="similar_films" if given is None else "forecast",
            expected_people=people,
        )
        models[slug] = replace(model, intercept=_intercept(preferences, model, features, at))
    return models


def _bare(
    preferences: PreferenceModel,
    past: Integers,
    features: FilmFeatures,
    at: int,
    slug: str,
    film: FilmWords,
) -> PropensityModel:
    """The model of one film, without level and dates."""
    traits, sums = _sums(preferences, past, features, at)
    return PropensityModel(
        film=slug,
        title=film.title,
        as_of=date.min,
        build=0,
        traits=tuple(t.name for t in traits),
        labels=tuple(t.label for t in traits),
        ids=tuple(t.id for t in traits),
        sums=sums,
        start=(0.0, 0.0, float(features.starts[0, at]), float(features.starts[1, at]), 0.0),
        per_mark=float(features.per_mark[at]),
        knots=preferences.knots,
        weights=tuple(float(w) for w in preferences.fit.weights / preferences.spread),
        intercept=0.0,
        own=_own(preferences, slug),
        signals=("activity", "content"),
        level="",
        expected_people=0.0,
    )


def _intercept(
    preferences: PreferenceModel, model: PropensityModel, features: FilmFeatures, at: int
) -> float:
    every = preferences.sample.sheet.base_people
    if not 0 < model.expected_people < every:
        raise InputError(
            code="expected_people_out_of_range", base=every, expected=model.expected_people
        )
    logits = logits_in_sample(preferences, model, features, at)
    return level_for(logits, preferences.sample.weight, model.expected_people)


def logits_in_sample(
    preferences: PreferenceModel, model: PropensityModel, features: FilmFeatures, at: int
) -> Floats:
    """The log-odds of everybody in the sample, without the film's level."""
    rows = np.arange(len(preferences.sample.weight))
    own = [i for i, f in enumerate(preferences.sample.films) if f.slug == model.film]
    activity = (
        preferences.sample.activity_without(own[0]) if own else preferences.sample.sheet.activity
    )
    x = columns(features.sums(rows, at), activity, Scale(model.per_mark, model.knots))
    logits: Floats = x.astype(np.float64) @ np.array(model.weights)
    return logits


def _sums(
    preferences: PreferenceModel, past: Integers, features: FilmFeatures, at: int
) -> tuple[tuple[Trait, ...], tuple[tuple[float, ...], ...]]:
    """The traits that say something, and what each adds to each of the sums."""
    sample = preferences.sample
    traits, sums = [], []
    for place, film in enumerate(past):
        for trait in sample.films[film].both:
            traits.append(trait)
            sums.append((float(features.weights[place, at]), 1.0, 0.0, 0.0, 0.0))
    for i, column in enumerate(sample.facts):
        weight = float(features.of_traits[i, at])
        traits.append(sample.sheet.traits[column])
        sums.append(
            (0.0, 0.0, weight, 0.0, 0.0) if sample.is_fact[i] else (0.0, 0.0, 0.0, weight, 0.0)
        )
    return tuple(traits), tuple(sums)


def _own(preferences: PreferenceModel, slug: str) -> tuple[tuple[int, int], ...]:
    """The film's own traits, and the kind of event that is taken from activity for each."""
    own_films = [f for f in preferences.sample.films if f.slug == slug]
    return tuple((t.id, KINDS.index(kinds_of(t)[0])) for f in own_films for t in f.both)


def _people_like(
    preferences: PreferenceModel, past: Integers, between: Floats, among: Floats
) -> Floats:
    """How many people saw films like each: the ridge regression of their log numbers."""
    viewers = np.asarray(preferences.sample.saw.T @ preferences.sample.weight).ravel()[past]
    some = viewers > 0
    logs = np.log(viewers[some])
    inner = among[np.ix_(some, some)]
    weights = weights_of(between[some], inner, preferences.ridge, np.ones(int(some.sum())))
    people: Floats = np.exp(logs.mean() + (logs - logs.mean()) @ weights)
    return people


LEAST_INTEREST = 100
"""People of interest from which anything is fitted: of fewer, folds of 33 choose no ridge."""
RIDGES = (1.0, 10.0, 100.0, 1_000.0, 10_000.0)
"""How strongly the content's answer is held to; the greatest leaves it as good as untouched."""
FOLDS = 3
MOST_INTERESTED, MOST_OTHERS = 5_000, 10_000


def with_interest(
    model: PropensityModel,
    page: Sheet,
    *,
    key: bytes,
    without: Collection[str] = (),
) -> PropensityModel:
    """The model with weights fitted on a sheet whose seed showed interest in the film.

    The content's log-odds are where it starts from: few people change little, many much, as the
    ridge that predicts held-out people best allows. `without` names traits that are
    the interest itself. How active the interested are is fitted and left out: whoever marks
    films "want to see" need not be who sees them. The level stays.
    """
    people = int(page.seed.sum())
    if people < LEAST_INTEREST:
        raise InputError(code="too_few_interested", needed=LEAST_INTEREST, interested=people)
    rows = _training_rows(page, key)
    x, used = _used_traits(page, rows, {*without})
    offset = logits_on(model, page)[rows]
    active = np.log1p(page.bare[:, rows].T.astype(np.float64))
    y, w = page.seed[rows].astype(np.float64), _case_weights(page, rows)
    ridge = _ridge(offset, x, active, y, w, keyed_bits(page.persons[rows], key + b"fold") % FOLDS)
    fit = fit_offset(offset, x, active, y, w, ridge=ridge)
    return _pulled(model, page, fit, used)


def logits_on(model: PropensityModel, page: Sheet) -> Floats:
    """The log-odds of the people of a sheet, from their traits and activity without the seed's."""
    of = {t.name: i for i, t in enumerate(page.traits)}
    some = [(of[n], i) for i, n in enumerate(model.traits) if n in of]
    at = np.array(some, dtype=np.int64).reshape(-1, 2)
    table = np.zeros((len(page.traits), len(SUMS)), dtype=np.float32)
    table[at[:, 0]] = np.array(model.sums, dtype=np.float32).reshape(-1, len(SUMS))[at[:, 1]]
    sums = np.asarray(page.has @ table) + np.array(model.start, dtype=np.float32)
    x = columns(sums, page.bare, Scale(model.per_mark, model.knots)).astype(np.float64)
    logits: Floats = x @ np.array(model.weights) + model.intercept + sums[:, -1]
    return logits


def _training_rows(page: Sheet, key: bytes) -> npt.NDArray[np.int64]:
    """People of the sheet to learn from, drawn by the key where there are many."""
    bits = keyed_bits(page.persons, key + b"interest") / 2**32
    seeds = max(int(page.seed.sum()), 1)
    rate = np.where(
        page.seed, MOST_INTERESTED / seeds, MOST_OTHERS / max(len(page.seed) - seeds, 1)
    )
    return np.flatnonzero(bits < rate)


def _case_weights(page: Sheet, rows: npt.NDArray[np.int64]) -> Floats:
    """Each of the interested counts once; the others together as much."""
    seed = page.seed[rows]
    w: Floats = page.weight[rows] / page.weight[rows][seed].mean()
    w[~seed] *= seed.sum() / w[~seed].sum()
    return w


def _used_traits(
    page: Sheet, rows: npt.NDArray[np.int64], without: set[str]
) -> tuple[csr_array, npt.NDArray[np.int64]]:
    used = np.array([i for i, t in enumerate(page.traits) if t.name not in without], dtype=np.int64)
    return page.has[rows][:, used].astype(np.float64).tocsr(), used


def _ridge(
    offset: Floats, x: csr_array, active: Floats, y: Floats, w: Floats, fold: npt.NDArray[np.uint32]
) -> float:
    losses = []
    for ridge in RIDGES:
        loss = 0.0
        for each in range(FOLDS):
            training, validation = np.flatnonzero(fold != each), np.flatnonzero(fold == each)
            fit = fit_offset(
                offset[training],
                x[training],
                active[training],
                y[training],
                w[training],
                ridge=ridge,
            )
            eta = fit.logit(offset[validation], x[validation], active[validation])
            loss += float((w[validation] * (np.logaddexp(0, eta) - y[validation] * eta)).sum())
        losses.append(loss)
    return RIDGES[int(np.argmin(losses))]


def _pulled(
    model: PropensityModel, page: Sheet, fit: Offset, used: npt.NDArray[np.int64]
) -> PropensityModel:
    """The content's sums scaled, the traits' own weights beside them, at the same level."""
    rows = {n: list(s) for n, s in zip(model.traits, model.sums, strict=True)}
    about = {
        n: (i, label) for n, i, label in zip(model.traits, model.ids, model.labels, strict=True)
    }
    for weight, column in zip(fit.traits, used, strict=True):
        trait = page.traits[column]
        about.setdefault(trait.name, (trait.id, trait.label))
        rows.setdefault(trait.name, [0.0] * len(SUMS))[-1] += float(weight)
    pulled = replace(
        model,
        traits=tuple(rows),
        ids=tuple(about[n][0] for n in rows),
        labels=tuple(about[n][1] for n in rows),
        sums=tuple(tuple(s) for s in rows.values()),
        weights=tuple(fit.scale * w for w in model.weights),
        signals=tuple(dict.fromkeys((*model.signals, "interest"))),
    )
    more = level_for(logits_on(pulled, page), page.weight, _people(model, page))
    return replace(pulled, intercept=pulled.intercept + more)


def _people(model: PropensityModel, page: Sheet) -> float:
    return min(model.expected_people, 0.999 * float(page.weight.sum()))
