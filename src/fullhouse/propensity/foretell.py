"""The propensity of one film, past or to come, from a house's taste and what is told of it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import numpy as np

from fullhouse.core.arrays import Floats, Integers
from fullhouse.core.errors import InputError
from fullhouse.propensity.features import Scale, columns
from fullhouse.propensity.learn import Taste, Told, tell
from fullhouse.propensity.likeness import weights_of
from fullhouse.propensity.logistic import level_for
from fullhouse.propensity.propensity import PropensityModel
from fullhouse.sample.film_traits import kinds_of
from fullhouse.sample.film_words import FilmWords
from fullhouse.traits.trait import KINDS, Trait


def foretell(
    taste: Taste,
    film: FilmWords,
    *,
    slug: str,
    as_of: date,
    build: int,
    expected_people: float | None = None,
) -> PropensityModel:
    """The model of a film; `slug` is that of its traits, where it has any.

    A film that taste was learned from is foretold from the others. Without `expected_people` the
    level is that of films like it.
    """
    expected = {} if expected_people is None else {slug: expected_people}
    return foretell_all(taste, {slug: film}, as_of=as_of, build=build, expected=expected)[slug]


def foretell_all(
    taste: Taste,
    films: Mapping[str, FilmWords],
    *,
    as_of: date,
    build: int,
    expected: Mapping[str, float] | None = None,
) -> dict[str, PropensityModel]:
    """The models of films by slug, foretold from past films that are none of them."""
    past = np.array([i for i, f in enumerate(taste.sample.films) if f.slug not in films])
    others = [taste.told[i] for i in past]
    among = taste.likeness.between(others, others)
    between = taste.likeness.between(others, list(films.values()))
    told = tell(taste.sample, past, between, among, taste.ridge)
    like = _people_like(taste, past, between, among)
    found = {}
    for at, (slug, film) in enumerate(films.items()):
        given = (expected or {}).get(slug)
        people = float(like[at]) if given is None else float(given)
        bare = _bare(taste, past, told, at, slug, film)
        model = replace(
            bare,
            as_of=as_of,
            build=build,
            level="the film's like" if given is None else "the forecast",
            expected_people=people,
        )
        found[slug] = replace(model, intercept=_intercept(taste, model, told, at))
    return found


def _bare(
    taste: Taste, past: Integers, told: Told, at: int, slug: str, film: FilmWords
) -> PropensityModel:
    """The model of one of the films that are told of, without level and dates."""
    traits, sums = _sums(taste, past, told, at)
    return PropensityModel(
        film=slug,
        title=film.title,
        as_of=date.min,
        build=0,
        traits=tuple(t.name for t in traits),
        labels=tuple(t.label for t in traits),
        ids=tuple(t.id for t in traits),
        sums=sums,
        start=(0.0, 0.0, float(told.starts[0, at]), float(told.starts[1, at]), 0.0),
        per_mark=float(told.per_mark[at]),
        knots=taste.knots,
        weights=tuple(float(w) for w in taste.fit.weights / taste.spread),
        intercept=0.0,
        own=_own(taste, slug),
        signals=("activity", "content"),
        level="",
        expected_people=0.0,
    )


def _intercept(taste: Taste, model: PropensityModel, told: Told, at: int) -> float:
    every = taste.sample.sheet.base_people
    if not 0 < model.expected_people < every:
        raise InputError(
            f"The number of people expected must be above 0 and under the {every:,} of the base,"
            f" not {model.expected_people:,.0f}."
        )
    logits = logits_in_sample(taste, model, told, at)
    return level_for(logits, taste.sample.weight, model.expected_people)


def logits_in_sample(taste: Taste, model: PropensityModel, told: Told, at: int) -> Floats:
    """The log-odds of everybody in the sample, without the film's level."""
    rows = np.arange(len(taste.sample.weight))
    mine = [i for i, f in enumerate(taste.sample.films) if f.slug == model.film]
    activity = taste.sample.activity_without(mine[0]) if mine else taste.sample.sheet.activity
    x = columns(told.sums(rows, at), activity, Scale(model.per_mark, model.knots))
    found: Floats = x.astype(np.float64) @ np.array(model.weights)
    return found


def _sums(
    taste: Taste, past: Integers, told: Told, at: int
) -> tuple[tuple[Trait, ...], tuple[tuple[float, ...], ...]]:
    """The traits that say something, and what each adds to each of the sums."""
    sample = taste.sample
    traits, sums = [], []
    for place, film in enumerate(past):
        for trait in sample.films[film].both:
            traits.append(trait)
            sums.append((float(told.weights[place, at]), 1.0, 0.0, 0.0, 0.0))
    for i, column in enumerate(sample.facts):
        said = float(told.of_traits[i, at])
        traits.append(sample.sheet.traits[column])
        sums.append((0.0, 0.0, said, 0.0, 0.0) if sample.is_fact[i] else (0.0, 0.0, 0.0, said, 0.0))
    return tuple(traits), tuple(sums)


def _own(taste: Taste, slug: str) -> tuple[tuple[int, int], ...]:
    """The film's own traits, and the kind of event that is taken from activity for each."""
    found = [f for f in taste.sample.films if f.slug == slug]
    return tuple((t.id, KINDS.index(kinds_of(t)[0])) for f in found for t in f.both)


def _people_like(taste: Taste, past: Integers, between: Floats, among: Floats) -> Floats:
    """How many people saw films like each: the ridge regression of their log numbers."""
    seen = np.asarray(taste.sample.saw.T @ taste.sample.weight).ravel()[past]
    some = seen > 0
    logs = np.log(seen[some])
    inner = among[np.ix_(some, some)]
    weights = weights_of(between[some], inner, taste.ridge, np.ones(int(some.sum())))
    found: Floats = np.exp(logs.mean() + (logs - logs.mean()) @ weights)
    return found
