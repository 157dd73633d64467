"""How likely each person is to see a film: the model fitted on an analysis sample."""

from functools import partial

import numpy as np
from threadpoolctl import threadpool_limits

from fullhouse.core.arrays import Floats
from fullhouse.core.person_sets import PersonSet, size
from fullhouse.core.progress import Progress, silent
from fullhouse.propensity.evaluate import model_card
from fullhouse.propensity.features import reasons
from fullhouse.propensity.learn import PreferenceModel, learn
from fullhouse.propensity.look_alike import look_alike
from fullhouse.propensity.prediction import LEAST_INTEREST, logits_on, predict, with_interest
from fullhouse.propensity.propensity import (
    FilmPropensity,
    LookAlike,
    PropensityModel,
    ScoredAudience,
)
from fullhouse.propensity.score import at_least as all_above
from fullhouse.propensity.score import score_all, with_level
from fullhouse.propensity.score import top as likeliest
from fullhouse.sample.analysis_sample import AnalysisSample, KnownFilm
from fullhouse.sample.outcome import LikelyAudience
from fullhouse.sample.sales import ExpectedSales, ticket_buyers
from fullhouse.sample.sheet import Sheet
from fullhouse.traits.film_traits import base_rule

LEAST_SOLD = 30
LEAST_BUYERS = 50
"""Films sold here, and people who bought a ticket for each, from which cinema-going is fitted."""
TICKETS_A_VISITOR = 1.0
"""Purchases are counted as people: how many seats each buys the house's feeds say only of past
films, and a ratio that is the same for all groups changes no share."""


def fit_propensity(
    house: AnalysisSample,
    film: KnownFilm,
    audience: LikelyAudience | None,
    *,
    sales: ExpectedSales | None = None,
    expected_people: float | None = None,
    progress: Progress = silent,
) -> FilmPropensity:
    """The model of a film as of the house's day: past or to come, whoever has seen it.

    The base are people known where films are seen. The level is `expected_people` of them where
    given; else the visitors behind the expected `sales`; else that of films like it.
    """
    base, people = seen_base(house)
    # Small products by the thousand: more BLAS threads than one make them many times slower.
    with threadpool_limits(1):
        return _learned(house, film, (base, people), audience, sales, expected_people, progress)


def _learned(
    house: AnalysisSample,
    film: KnownFilm,
    where: tuple[str, PersonSet],
    seed: LikelyAudience | None,
    sales: ExpectedSales | None,
    expected_people: float | None,
    progress: Progress,
) -> FilmPropensity:
    base, people = where
    progress("Learning from past films")
    preferences = house_preferences(house, people)
    level = "given" if expected_people is not None else "similar_films"
    if expected_people is None and sales is not None:
        expected_people, level = _visitors(sales), "forecast"
    progress("Foretelling the film")
    model = film_model(house, film, preferences, seed, people)
    if expected_people is not None:
        model = with_level(model, house.blocks, people, expected_people, level=level)
    progress("Judging past films")
    card = model_card(
        preferences, model, built_on=house.population.build.as_of, key=house.population.key
    )
    return FilmPropensity(model, card, () if seed is None else seed.used, base)


def film_model(
    house: AnalysisSample,
    film: KnownFilm,
    preferences: PreferenceModel,
    seed: LikelyAudience | None,
    base: PersonSet,
) -> PropensityModel:
    """The film's model from its description, pulled towards those who showed interest."""
    model = predict(
        preferences,
        house.words[film.film],
        slug=film.slug or film.film,
        as_of=house.day,
        build=house.population.build.id,
    )
    if seed is None:
        return model
    page = house.sheet(base, seed)
    if page.seed.sum() < LEAST_INTEREST:
        return model
    leaks = {t.name for t in (*seed.outcome.traits, *seed.outcome.about)}
    return with_interest(model, page, key=house.population.key, without=leaks)


def seen_base(house: AnalysisSample) -> tuple[str, PersonSet]:
    """Whom a ticket or a view of could be known at all: the rule, and the people."""
    rule = base_rule(["ticket", "view"], house.sources)
    (people,) = house.people(rule)
    return rule, people


def house_preferences(house: AnalysisSample, base: PersonSet) -> PreferenceModel:
    """What people prefer, fitted on the past films as of the day.

    From who bought tickets, where enough films were sold here; else from who saw films anywhere:
    who watches at home is not who goes to the cinema.
    """
    films = {
        k.slug: house.words[k.film]
        for k in house.films.values()
        if k.slug and k.opening is not None and k.opening <= house.day
    }
    fit = partial(learn, house.blocks, base, house.traits, films, key=house.population.key)
    buyers = ticket_films(house)
    return fit() if buyers is None else fit(ticket_buyers=buyers)


def ticket_films(house: AnalysisSample) -> dict[str, PersonSet] | None:
    """Who bought tickets for each film; None where too few films were sold to fit on that."""
    past = {k.slug for k in house.films.values() if k.opening and k.opening <= house.day}
    buyers = ticket_buyers(house)
    sold = sum(size(p) >= LEAST_BUYERS for f, p in buyers.items() if f in past)
    return buyers if sold >= LEAST_SOLD else None


def expected_visits(
    house: AnalysisSample, film: KnownFilm, seed: LikelyAudience, page: Sheet
) -> Floats:
    """Each person's chance to see the film, on one scale for all people of a sheet."""
    _, people = seen_base(house)
    with threadpool_limits(1):
        model = film_model(house, film, house_preferences(house, people), seed, people)
    chances: Floats = 1 / (1 + np.exp(-logits_on(model, page)))
    return chances


def _visitors(sales: ExpectedSales) -> float:
    return max(1.0, sales.total / sales.price * sales.known_share / TICKETS_A_VISITOR)


def score_audience(
    house: AnalysisSample,
    propensity: FilmPropensity,
    *,
    top: int | None = None,
    at_least: float | None = None,
) -> ScoredAudience:
    """The `top` likeliest people of the model's base, or all with a chance from `at_least` on."""
    (base,) = house.people(propensity.base)
    model, blocks = propensity.model, house.blocks
    if top is not None:
        people = likeliest(model, blocks, base, top, key=house.population.key)
    else:
        people = all_above(model, blocks, base, at_least or 0.0)
    expected = sum(float(chance.sum()) for _, _, chance in score_all(model, blocks, people))
    why = reasons(model, people, blocks, base) if people else ()
    return ScoredAudience(people, expected, why)


def film_look_alike(
    house: AnalysisSample, base: PersonSet, seed: PersonSet, *, people: int
) -> LookAlike:
    """The people of a base most like a seed, by the traits of the sample's build."""
    with threadpool_limits(1):
        return look_alike(
            house.blocks,
            base,
            seed,
            house.traits,
            n=people,
            key=house.population.key,
            as_of=house.population.build.as_of,
            build=house.population.build.id,
        )
