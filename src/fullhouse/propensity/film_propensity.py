"""How likely each person is to see a film, in a house: learned, kept, scored."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from threadpoolctl import threadpool_limits

from fullhouse.core.arrays import Floats
from fullhouse.core.person_sets import PersonSet, size
from fullhouse.core.progress import Progress, silent
from fullhouse.propensity import (
    ModelCard,
    PropensityModel,
    Taste,
    foretell,
    learn,
    levelled,
    model_card,
    with_interest,
)
from fullhouse.propensity.interest import LEAST_INTEREST, logits_on
from fullhouse.sample.analysis_sample import AnalysisSample, KnownFilm
from fullhouse.sample.film_sales import ExpectedSales, ticket_buyers
from fullhouse.sample.film_traits import base_rule
from fullhouse.sample.outcome import LikelyAudience, Seed
from fullhouse.sample.sheet import Sheet

LEAST_SOLD = 30
LEAST_GOERS = 50
"""Films sold here, and people who bought a ticket for each, from which cinema-going is learned."""
TICKETS_A_VISITOR = 1.0
"""Purchases are counted as people: how many seats each buys the house's feeds say only of past
films, and a ratio that is the same for all groups changes no share."""


@dataclass(frozen=True)
class Learned:
    """A film's model in a house, with its card, the seed that pulled it, and the base it is of."""

    model: PropensityModel
    card: ModelCard
    used: tuple[Seed, ...]
    base: str


def learn_propensity(
    house: AnalysisSample,
    film: KnownFilm,
    audience: LikelyAudience | None,
    *,
    sales: ExpectedSales | None = None,
    expected_people: float | None = None,
    progress: Progress = silent,
) -> Learned:
    """The model of a film as of the house's day: past or to come, seen by nobody or by many.

    The base are people known where films are seen. The level is `expected_people` of them where
    given; else what the expected `sales` of the house's share say; else that of films like it.
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
) -> Learned:
    base, people = where
    progress("Learning from past films")
    taste = house_taste(house, people)
    level = "given" if expected_people is not None else "the film's like"
    if expected_people is None and sales is not None:
        expected_people, level = _visitors(sales), "the forecast"
    progress("Foretelling the film")
    model = foretold(house, film, taste, seed, people)
    if expected_people is not None:
        model = levelled(model, house.blocks, people, expected_people, level=level)
    progress("Judging past films")
    card = model_card(taste, model, built_on=house.population.build.as_of, key=house.population.key)
    return Learned(model, card, () if seed is None else seed.used, base)


def foretold(
    house: AnalysisSample,
    film: KnownFilm,
    taste: Taste,
    seed: LikelyAudience | None,
    base: PersonSet,
) -> PropensityModel:
    """The film's model from what is told of it, pulled towards those who showed interest."""
    model = foretell(
        taste,
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


def house_taste(house: AnalysisSample, base: PersonSet) -> Taste:
    """What the house's people like, learned from its past films as of the day.

    From who bought tickets, where enough films were sold here; else from who saw films anywhere:
    who watches at home is not who goes to the cinema.
    """
    films = {
        k.slug: house.words[k.film]
        for k in house.films.values()
        if k.slug and k.opening is not None and k.opening <= house.day
    }
    told = partial(learn, house.blocks, base, house.traits, films, key=house.population.key)
    goers = ticket_buyers(house)
    if sum(size(p) >= LEAST_GOERS for f, p in goers.items() if f in films) < LEAST_SOLD:
        return told()
    return told(goers=goers)


def expected_visits(
    house: AnalysisSample, film: KnownFilm, seed: LikelyAudience, page: Sheet
) -> Floats:
    """Each person's chance to see the film, on one scale for all people of a sheet."""
    _, people = seen_base(house)
    with threadpool_limits(1):
        model = foretold(house, film, house_taste(house, people), seed, people)
    found: Floats = 1 / (1 + np.exp(-logits_on(model, page)))
    return found


def _visitors(told: ExpectedSales) -> float:
    return max(1.0, told.total / told.price * told.known_share / TICKETS_A_VISITOR)
