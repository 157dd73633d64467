"""The pack of one city or cinema: who is near, how many will come and when, how to show it."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np

from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.person_sets import PersonSet, is_inside, only, size
from fullhouse.exhibit.demand import cinema_amounts, market_basis, share_amount, source_of
from fullhouse.exhibit.market import (
    CinemaShare,
    City,
    CityCinemas,
    Market,
    PastFilm,
    PastSales,
    Sold,
    daypart_counts,
    showings,
    time_zones,
)
from fullhouse.exhibit.pack import (
    Basis,
    CinemaBasis,
    DaypartBasis,
    Exhibit,
    ExpectedWeek,
    NearbyAudience,
    NoDayparts,
    RangeBasis,
    StillRunning,
)
from fullhouse.exhibit.places import (
    MOST_HIDDEN_DAYPARTS,
    at_least,
    cinema_shares,
    dayparts,
    first_enough,
    hidden_parts,
    played,
)
from fullhouse.planning.plan import Amount
from fullhouse.sample.analysis_sample import AnalysisSample
from fullhouse.sample.sales import SELLING_DAYS
from fullhouse.sample.sheet import rule_masks
from fullhouse.traits.names import name_slug

MOST_AUDIENCES = 8
ELSEWHERE = ""
OBVIOUS = "The obvious audience"


def pack_of(
    house: AnalysisSample,
    market: Market,
    city: City,
    films: dict[str, PastFilm],
    sold: Sold,
    cinema: str | None,
    seats: int,
    goal: float,
    minimum: int,
) -> Exhibit:
    """A film's pack of a city, or of one cinema of it, from the market and past sales there."""
    rows = zip(sold.cinema, sold.comparable.tolist(), sold.tickets, sold.squares, strict=True)
    cinemas = cinema_shares([(c, k, float(t), float(s)) for c, k, t, s in rows], minimum)
    share = None if cinema is None else _cinema(cinema, market, city, cinemas, minimum)
    weeks = _weeks(market, city, share, minimum)
    first = weeks[0].admissions
    sales = _daypart_sales(house, films, sold, city, minimum)
    parts, others = (
        dayparts(first.middle, sales, seats=seats, goal=goal, minimum=minimum)
        if first is not None and sales is not None
        else ((), None)
    )
    return Exhibit(
        film=market.discovery.film,
        title=market.discovery.title,
        territory=house.territory,
        place=city.name if share is None else f"{share.cinema}, {city.name}",
        as_of=house.day,
        opening=market.opening,
        minimum=minimum,
        seats=seats,
        goal=goal,
        audiences=audiences_near(house, market, name_slug(city.name), minimum),
        weeks=weeks,
        films=tuple(played(sold, cinema, minimum)),
        dayparts=parts,
        other_dayparts=others,
        source=source_of(house),
        basis=(
            market_basis(market),
            *([CinemaBasis(share.cinema, city.name, share.share, cinemas.films)]
              if share and cinemas else []),
            RangeBasis(),
            _daypart_basis(house, sales, first, minimum),
            *_still_running(house, sold),
        ),
        simulated=market.discovery.simulated,
    )  # fmt: skip


def audiences_near(
    house: AnalysisSample, market: Market, city: str, minimum: int
) -> tuple[NearbyAudience, ...]:
    """The film's audiences with their people in a city (by its slug) and tickets expected of them.

    People are all of the house who take part in analytics; tickets those that they will buy in
    the run. Packs of several cities, or of audiences one inside another, give no small rest.
    """
    discovery = market.discovery
    rules = [(c.name, c.rule) for c in discovery.cards[:MOST_AUDIENCES]]
    if discovery.obvious:
        rules.append((OBVIOUS, " | ".join(p.rule for p in discovery.obvious)))
    if not rules:
        return ()
    people = house.people(*(rule for _, rule in rules))
    counts, inside = _counts(house, people, minimum)
    tickets = _tickets(house, market, city, [rule for _, rule in rules])
    audiences = []
    for k, (name, rule) in enumerate(rules):
        hidden = hidden_parts([counts[k]], minimum, hide=inside[k])
        count = None if city in hidden else counts[k].get(city)
        expected = None if count is None else at_least(float(round(tickets[k])), minimum)
        audiences.append(NearbyAudience(name, rule, count, expected))
    return tuple(audiences)


def _counts(
    house: AnalysisSample, audiences: Sequence[PersonSet], minimum: int
) -> tuple[list[dict[str, int]], list[set[str]]]:
    """People of each audience by city, and the cities where it fills another one.

    There the difference of two numbers would be the few who are in the other alone.
    """
    traits = [t for t in house.traits if t.family == "city"]
    counts: list[dict[str, int]] = [{} for _ in audiences]
    inside: list[set[str]] = [set() for _ in audiences]
    for trait, here in zip(traits, house.people(*(t.name for t in traits)), strict=True):
        city = name_slug(trait.label.removeprefix("lives in "))
        local = [only(audience, here) for audience in audiences]
        for k, audience in enumerate(local):
            counts[k][city] = size(audience)
            for j, other in enumerate(local):
                more = size(other) - size(audience)
                if (
                    j != k
                    and 0 <= more < minimum
                    and (more or j < k)
                    and is_inside(audience, other)
                ):
                    inside[k].add(city)
    for k, people in enumerate(audiences):
        counts[k][ELSEWHERE] = size(people) - sum(counts[k].values())
        if not counts[k][ELSEWHERE]:
            del counts[k][ELSEWHERE]
    return counts, inside


def _tickets(house: AnalysisSample, market: Market, city: str, rules: Sequence[str]) -> list[float]:
    """Tickets that each audience's people in a city are expected to buy in the run."""
    masks = rule_masks(market.sheet, rules, house.population.catalogue)
    here = market.city == market.names.index(city)
    every = market.visits[here].sum()
    of_house = market.run.middle * market.cities[city].share * market.tickets.known_share
    return [float(of_house * market.visits[here & mask].sum() / every) for mask in masks.T]


def _cinema(
    cinema: str, market: Market, city: City, cinemas: CityCinemas | None, minimum: int
) -> CinemaShare:
    """A cinema's share, where its first week may be known; an error that names others."""
    week = next(iter(market.weeks.values()))
    amounts = cinema_amounts(week, city, cinemas, minimum)
    if cinemas is not None and cinema in amounts:
        return cinemas.shares[cinema]
    hint = did_you_mean(cinema, amounts)
    some = ", ".join(list(amounts)[:5])
    facts = {"city": city.name, "cinema": cinema, "minimum": minimum}
    if not some:
        raise InputError(code="no_cinema_packs", **facts)
    raise InputError(code="no_cinema_pack", **facts, near=hint, some=some)


def _weeks(
    market: Market, city: City, cinema: CinemaShare | None, minimum: int
) -> tuple[ExpectedWeek, ...]:
    """Weeks until one is too small, which is the last; what comes later is a part as well."""
    share, errors = (city.share, [city.error]) if cinema is None else (
        city.share * cinema.share, [city.error, cinema.error]
    )  # fmt: skip
    amounts = {week: share_amount(a, share, *errors) for week, a in market.weeks.items()}
    middles = {week: a.middle for week, a in amounts.items()}
    later = market.run.middle * share - sum(middles.values())
    parts = {week.isoformat(): middle for week, middle in middles.items()}
    hidden = hidden_parts([parts | {"later": max(0.0, later)}], minimum)
    weeks = []
    for week, amount in amounts.items():
        weeks.append(ExpectedWeek(week, None if week.isoformat() in hidden else amount))
        if week.isoformat() in hidden:
            break
    return tuple(weeks)


def _daypart_sales(
    house: AnalysisSample, films: dict[str, PastFilm], sold: Sold, city: City, minimum: int
) -> PastSales | None:
    """Sales by daypart of opening weeks: comparable films here, all here, then everywhere."""
    here = first_enough(
        [
            ("comparable", city.name, daypart_counts(sold, sold.comparable)),
            ("all", city.name, daypart_counts(sold, np.ones_like(sold.comparable))),
        ],
        minimum,
        most_hidden=MOST_HIDDEN_DAYPARTS,
    )
    if here is not None:
        return here
    every = showings(house, films)
    return first_enough(
        [
            ("comparable", None, daypart_counts(every, every.comparable)),
            ("all", None, daypart_counts(every, np.ones_like(every.comparable))),
        ],
        minimum,
        most_hidden=MOST_HIDDEN_DAYPARTS,
    )


def _daypart_basis(
    house: AnalysisSample, sales: PastSales | None, first: Amount | None, minimum: int
) -> Basis:
    """Where the dayparts come from, or why there are none."""
    if first is None or sales is None:
        return NoDayparts("few_expected" if first is None else "few_sold", minimum)
    zones = sorted(set(time_zones(house).values())) or [house.context.settings.time_zone]
    return DaypartBasis(sales.films, sales.city, tuple(zones))


def _still_running(house: AnalysisSample, sold: Sold) -> list[StillRunning]:
    titles = tuple(
        f.title
        for f in sold.films
        if f.comparable and house.day - f.opening < timedelta(days=SELLING_DAYS)
    )
    return [StillRunning(titles, house.day)] if titles else []
