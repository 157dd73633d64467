"""A film's demand in all cities, and in those cinemas whose share of a city is known."""

from fullhouse.core.errors import CannotTellError
from fullhouse.exhibit.demand import CinemaDemand, CityDemand, Demand
from fullhouse.exhibit.exhibit import hidden_parts, suggest_showings
from fullhouse.exhibit.market import City, Market, shared
from fullhouse.exhibit.places import CinemaShare, cinema_shares
from fullhouse.exhibit.sales import PastFilm, sold_by
from fullhouse.exhibit.words import CINEMAS, RANGES, market_words, source_words
from fullhouse.planning.plan import Amount
from fullhouse.sample.analysis_sample import AnalysisSample
from fullhouse.traits.names import name_slug


def demand_of(
    house: AnalysisSample,
    market: Market,
    shares: dict[str, dict[str, CinemaShare]],
    seats: int,
    goal: float,
    minimum: int,
) -> Demand:
    """Every city with its first week and whole run; those that cannot be told without numbers."""
    first, week = next(iter(market.weeks.items()))
    hidden = hidden_cities(market, minimum)
    if shared(week, 1.0).middle < minimum:
        raise CannotTellError(
            f"In the week of {first} fewer than {minimum:,} admissions are expected in all cities."
        )
    cities = []
    for slug, c in sorted(market.cities.items(), key=lambda i: (i[0] in hidden, -i[1].share, i[0])):
        if slug in hidden:
            cities.append(CityDemand(c.name, None, None, None))
            continue
        mine = shared(week, c.share, c.off)
        cities.append(
            CityDemand(
                c.name,
                mine,
                shared(market.run, c.share, c.off),
                _showings(mine, seats, goal),
                _cinemas(week, c, shares.get(slug, {}), seats, goal, minimum),
            )
        )
    return Demand(
        film=market.found.film,
        title=market.found.title,
        territory=house.territory,
        as_of=house.day,
        opening=market.opening,
        first=first,
        minimum=minimum,
        seats=seats,
        goal=goal,
        total=shared(market.run, 1.0),
        week=shared(week, 1.0),
        cities=tuple(cities),
        source=source_words(house),
        notes=(*market_words(market), CINEMAS, RANGES),
        simulated=market.found.simulated,
    )


def hidden_cities(market: Market, minimum: int) -> set[str]:
    """Cities that are not told: few people or tickets, and others so that no rest tells those."""
    week = next(iter(market.weeks.values()))
    parts = [{slug: float(c.persons) for slug, c in market.cities.items()}]
    margin = 0.0
    for amount in (week, market.run):
        told = {slug: shared(amount, c.share).middle for slug, c in market.cities.items()}
        # What is left out is read from rounded numbers, which may add up to more than the total.
        margin = max(margin, sum(told.values()) - shared(amount, 1.0).middle)
        parts.append(told)
    return hidden_parts(parts, minimum + round(margin))


def shares_everywhere(
    house: AnalysisSample, films: dict[str, PastFilm], minimum: int
) -> dict[str, dict[str, CinemaShare]]:
    """The cinemas of each city (by slug) whose share can be told."""
    like = [f.like for f in films.values()]
    rows: dict[str, list[tuple[str | None, bool, float, float]]] = {}
    for r in sold_by(house, films, ["city", "cinema", "number"]).to_pylist():
        if r["city"] is not None:
            told = (r["cinema"], like[r["number"]], r["tickets"], r["squares"])
            rows.setdefault(name_slug(r["city"]), []).append(told)
    return {slug: cinema_shares(mine, minimum)[0] for slug, mine in rows.items()}


def _cinemas(
    week: Amount,
    city: City,
    shares: dict[str, CinemaShare],
    seats: int,
    goal: float,
    minimum: int,
) -> tuple[CinemaDemand, ...]:
    told = {n: shared(week, city.share * s.share, city.off, s.off) for n, s in shares.items()}
    kept = {n: a for n, a in told.items() if a.middle >= minimum}
    return tuple(
        CinemaDemand(n, a, _showings(a, seats, goal))
        for n, a in sorted(kept.items(), key=lambda i: (-i[1].middle, i[0]))
    )


def _showings(week: Amount, seats: int, goal: float) -> int:
    return suggest_showings({"": week.middle}, seats=seats, goal=goal)[""]
