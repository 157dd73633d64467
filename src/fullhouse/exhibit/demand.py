"""What a film is expected to draw in each city, and in those cinemas whose share is known."""

from collections.abc import Sequence
from datetime import timedelta
from math import exp, hypot, inf, log

from fullhouse.core.errors import CannotTellError
from fullhouse.discovery.card import FilmDiscovery, TicketGroup, Tickets
from fullhouse.discovery.tickets import NO_CITY, cities_of, film_tickets
from fullhouse.exhibit.market import City, CityCinemas, Market, PastFilm, Weeks, sold_by
from fullhouse.exhibit.pack import (
    CinemaDemand,
    CinemaShares,
    CityDemand,
    Demand,
    MarketBasis,
    RangeBasis,
    Source,
)
from fullhouse.exhibit.places import cinema_shares, hidden_parts, suggest_showings
from fullhouse.forecast import Forecast
from fullhouse.planning.plan import Amount
from fullhouse.propensity.film_propensity import expected_visits
from fullhouse.sample.analysis_sample import AnalysisSample, KnownFilm
from fullhouse.sample.outcome import LikelyAudience
from fullhouse.sample.sales import ExpectedSales
from fullhouse.traits.film_traits import base_rule
from fullhouse.traits.names import name_slug

WEEKS = 8
"""Weeks of a pack: what comes later is a few percent of a run."""
LOW, MIDDLE, HIGH = 1, 3, 5
"""Where 10, 50 and 90 % stand among a day's quantiles."""


def market_of(
    house: AnalysisSample,
    film: KnownFilm,
    discovery: FilmDiscovery,
    audience: LikelyAudience | None,
    sales: ExpectedSales,
    forecast: Forecast,
) -> Market:
    """A film's market as of the house's day, from its discovery, sales and forecast of that day."""
    if film.opening is None:
        raise CannotTellError(code="pack_without_opening", film=film.film)
    if audience is None:
        raise CannotTellError(code="pack_without_audience", film=film.film)
    # The very people over whom discovery shares out tickets.
    (base,) = house.people(base_rule(audience.outcome.kinds, house.sources))
    people = house.sheet(base, audience)
    visits = expected_visits(house, film, audience, people)
    tickets = film_tickets(house, people, discovery.cards, sales, visits)
    city, names = cities_of(people)
    cities, unknown_city = _cities(tickets)
    return Market(
        discovery=discovery,
        opening=film.opening,
        tickets=tickets,
        weeks=weeks_of(forecast, tickets.price),
        cities=cities,
        unknown_city=unknown_city,
        sheet=people,
        visits=visits * people.weight,
        city=city,
        names=tuple(name_slug(n) for n in names),
    )


def weeks_of(forecast: Forecast, price: float) -> Weeks:
    """Tickets of each whole week of the run that has not begun, by its first day.

    Weeks begin on the opening's weekday. Middles are what the run's middle grows by from week to
    week. The range of a week that nothing to come goes before is the forecast's own; that of a
    later one is as wide as those of its days together, as if all were low or high at once.
    """
    days = {d.day: d for d in forecast.days}
    if not days:
        raise CannotTellError(code="pack_without_days", film=forecast.film, as_of=forecast.as_of)
    first = max(min(days), forecast.as_of + timedelta(days=1))
    week = forecast.opening + timedelta(weeks=-((forecast.opening - first).days // 7))
    weeks: Weeks = {}
    while (last := days.get(week + timedelta(days=6))) and len(weeks) < WEEKS:
        own = [days[week + timedelta(k)] for k in range(7)]
        before = days.get(week - timedelta(days=1))
        if before is None:
            # What was taken before it is known: the same at every quantile.
            before_it = own[0].cumulative[MIDDLE] - own[0].quantiles[MIDDLE]
            ends = [max(0.0, last.cumulative[q] - before_it) for q in (LOW, MIDDLE, HIGH)]
        else:
            middle = max(0.0, last.cumulative[MIDDLE] - before.cumulative[MIDDLE])
            summed = [sum(d.quantiles[q] for d in own) for q in (LOW, MIDDLE, HIGH)]
            ends = [middle * s / summed[1] if summed[1] > 0 else 0.0 for s in summed]
        weeks[week] = Amount(ends[1] / price, ends[0] / price, ends[2] / price)
        week += timedelta(weeks=1)
    if not weeks:
        raise CannotTellError(code="pack_without_weeks", film=forecast.film)
    return weeks


def share_amount(amount: Amount, share: float, *errors: float) -> Amount:
    """A share of an amount, in whole tickets; ends widened by how surely the share is known.

    `errors` are distances of independent 80 % ranges' ends from their middles, in logs: squares
    add.
    """
    middle = amount.middle * share
    low = -hypot(log(amount.middle / amount.low), *errors) if amount.low > 0 else -inf
    high = hypot(log(amount.high / amount.middle), *errors) if amount.middle > 0 else 0.0
    return Amount(
        float(round(middle)), float(round(middle * exp(low))), float(round(middle * exp(high)))
    )


def demand_of(
    house: AnalysisSample,
    market: Market,
    cinemas: dict[str, CityCinemas],
    seats: int,
    goal: float,
    minimum: int,
) -> Demand:
    """Every city with its first week and whole run; those that are left out without numbers."""
    first, week = next(iter(market.weeks.items()))
    hidden = hidden_cities(market, minimum)
    if share_amount(week, 1.0).middle < minimum:
        raise CannotTellError(code="few_admissions", week=first, minimum=minimum)
    order = sorted(market.cities.items(), key=lambda i: (i[0] in hidden, -i[1].share, i[0]))

    def of_city(slug: str, city: City) -> CityDemand:
        if slug in hidden:
            return CityDemand(city.name, None, None, None)
        expected = share_amount(week, city.share, city.error)
        run = share_amount(market.run, city.share, city.error)
        known = cinema_amounts(week, city, cinemas.get(slug), minimum)
        parts = [CinemaDemand(n, a, _showings(a, seats, goal)) for n, a in known.items()]
        return CityDemand(city.name, expected, run, _showings(expected, seats, goal), tuple(parts))

    return Demand(
        film=market.discovery.film,
        title=market.discovery.title,
        territory=house.territory,
        as_of=house.day,
        opening=market.opening,
        first=first,
        minimum=minimum,
        seats=seats,
        goal=goal,
        total=share_amount(market.run, 1.0),
        week=share_amount(week, 1.0),
        cities=tuple(of_city(slug, city) for slug, city in order),
        source=source_of(house),
        basis=(market_basis(market), CinemaShares(), RangeBasis()),
        simulated=market.discovery.simulated,
    )


def source_of(house: AnalysisSample) -> Source:
    """What the counts of a pack rest on."""
    build = house.population.build
    return Source(build.id, build.as_of, house.day)


def market_basis(market: Market) -> MarketBasis:
    """How tickets of the whole market come from the forecast and the house's own sales."""
    tickets = market.tickets
    return MarketBasis(tickets.price, tickets.currency, tickets.known_share, market.unknown_city)


def hidden_cities(market: Market, minimum: int) -> set[str]:
    """Cities without numbers: of few people or tickets, and others so that no rest gives those."""
    week = next(iter(market.weeks.values()))
    parts = [{slug: float(c.persons) for slug, c in market.cities.items()}]
    margin = 0.0
    for amount in (week, market.run):
        rows = {slug: share_amount(amount, c.share).middle for slug, c in market.cities.items()}
        # What is left out is read from rounded numbers, which may add up to more than the total.
        margin = max(margin, sum(rows.values()) - share_amount(amount, 1.0).middle)
        parts.append(rows)
    return hidden_parts(parts, minimum + round(margin))


def cinema_amounts(
    week: Amount, city: City, cinemas: CityCinemas | None, minimum: int
) -> dict[str, Amount]:
    """Admissions of a week in each cinema of a city that may be known, most first.

    Left out are those under the minimum, and others so that the city less the rest gives none.
    """
    if cinemas is None:
        return {}
    every = sum(cinemas.tickets.values())
    rows = {
        n: share_amount(week, city.share * tickets / every).middle
        for n, tickets in cinemas.tickets.items()
    }
    margin = max(0.0, sum(rows.values()) - share_amount(week, city.share).middle)
    hidden = hidden_parts([rows, cinemas.tickets], minimum + round(margin))
    amounts = {
        n: share_amount(week, city.share * s.share, city.error, s.error)
        for n, s in cinemas.shares.items()
        if n not in hidden
    }
    return dict(sorted(amounts.items(), key=lambda i: (-i[1].middle, i[0])))


def cinemas_everywhere(
    house: AnalysisSample, films: dict[str, PastFilm], minimum: int
) -> dict[str, CityCinemas]:
    """The cinemas of each city (by slug) whose share is known."""
    comparable = [f.comparable for f in films.values()]
    rows: dict[str, list[tuple[str | None, bool, float, float]]] = {}
    for r in sold_by(house, films, ["city", "cinema", "number"]).to_pylist():
        if r["city"] is not None:
            row = (r["cinema"], comparable[r["number"]], r["tickets"], r["squares"])
            rows.setdefault(name_slug(r["city"]), []).append(row)
    known = {slug: cinema_shares(sold, minimum) for slug, sold in rows.items()}
    return {slug: cinemas for slug, cinemas in known.items() if cinemas is not None}


def _showings(week: Amount, seats: int, goal: float) -> int:
    return suggest_showings({"": week.middle}, seats=seats, goal=goal)[""]


def _cities(tickets: Tickets) -> tuple[dict[str, City], float]:
    """Each city's share of all tickets; what is of no known city is spread as the rest."""
    named: Sequence[TicketGroup] = [g for g in tickets.cities if g.name != NO_CITY]
    every = sum(g.tickets for g in tickets.cities)
    known = sum(g.tickets for g in named)
    if not known:
        raise CannotTellError(code="pack_without_cities")
    forecast_error = log(tickets.high / tickets.total)
    cities = {
        name_slug(g.name): City(
            g.name,
            g.persons,
            g.tickets / known,
            max(0.0, log(g.high / g.tickets) ** 2 - forecast_error**2) ** 0.5,
        )
        for g in named
        if g.tickets > 0
    }
    return cities, 1 - known / every
