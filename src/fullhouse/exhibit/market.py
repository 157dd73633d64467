"""What a film is expected to draw in each city: the forecast's tickets by week and by city."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import exp, hypot, inf, log, log1p

from fullhouse.core.arrays import Floats, Integers
from fullhouse.core.errors import CannotTellError
from fullhouse.discovery.card import FilmDiscovery, Group, Tickets
from fullhouse.discovery.film_tickets import cities_of, film_tickets
from fullhouse.discovery.tickets import NO_CITY
from fullhouse.forecast import Forecast
from fullhouse.planning.plan import Amount
from fullhouse.propensity.film_propensity import expected_visits
from fullhouse.sample.analysis_sample import AnalysisSample, KnownFilm
from fullhouse.sample.film_sales import ExpectedSales
from fullhouse.sample.film_traits import base_rule
from fullhouse.sample.outcome import LikelyAudience
from fullhouse.sample.sheet import Sheet
from fullhouse.traits.names import name_slug

Weeks = dict[date, Amount]
WEEKS = 8
"""Weeks that a pack tells of: what comes later is a few percent of a run."""
LOW, MIDDLE, HIGH = 1, 3, 5
"""Where 10, 50 and 90 % stand among a day's quantiles."""
Z80 = 1.2815515655446004
"""The normal score of 90 %."""


@dataclass(frozen=True)
class City:
    """A city by its slug: people of the house, its share of all tickets, how sure that is.

    `off` is how far an end of the share's own 80 % range lies from its middle, in logs.
    """

    name: str
    persons: int
    share: float
    off: float


@dataclass(frozen=True)
class Market:
    """A film's tickets over all cities. `weeks` begin after the day asked of.

    `visits` are each person's expected visits times the people whom it stands for, in no unit;
    `city` is the number of each person's city in the sheet among `names`.
    """

    found: FilmDiscovery
    opening: date
    tickets: Tickets
    weeks: Weeks
    cities: dict[str, City]
    unknown: float
    """Share of the house's expected visits of people whose city is not known."""
    sheet: Sheet
    visits: Floats
    city: Integers
    names: tuple[str, ...]

    @property
    def run(self) -> Amount:
        """Tickets of the whole run, everywhere."""
        return Amount(self.tickets.total, self.tickets.low, self.tickets.high)


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
        raise CannotTellError(f"No pack of {film.film}: its opening day is not known.")
    if audience is None:
        raise CannotTellError(
            f"No pack of {film.film}: nobody in the house showed interest and no comparable film"
            " has an audience here, so nobody knows in which cities its people live."
        )
    # The very people over whom discovery shares out tickets.
    (base,) = house.people(base_rule(audience.outcome.kinds, house.sources))
    people = house.sheet(base, audience)
    visits = expected_visits(house, film, audience, people)
    shared = film_tickets(house, people, discovery.cards, sales, visits)
    city, names = cities_of(people)
    cities, unknown = _cities(shared)
    return Market(
        discovery, film.opening, shared, weeks_of(forecast, shared.price), cities, unknown, people,
        visits * people.weight, city, tuple(name_slug(n) for n in names),
    )  # fmt: skip


def weeks_of(forecast: Forecast, price: float) -> Weeks:
    """Tickets of each whole week of the run that has not begun, by its first day.

    Weeks begin on the opening's weekday. Middles are what the run's middle grows by from week to
    week. The range of a week that nothing to come goes before is the forecast's own; that of a
    later one is as wide as those of its days together, as if all were low or high at once.
    """
    days = {d.day: d for d in forecast.days}
    if not days:
        raise CannotTellError(
            f"No pack of {forecast.film}: as of {forecast.as_of} no days of its run are forecast."
        )
    first = max(min(days), forecast.as_of + timedelta(days=1))
    week = forecast.opening + timedelta(weeks=-((forecast.opening - first).days // 7))
    found: Weeks = {}
    while (last := days.get(week + timedelta(days=6))) and len(found) < WEEKS:
        own = [days[week + timedelta(k)] for k in range(7)]
        before = days.get(week - timedelta(days=1))
        if before is None:
            # What was taken before it is known: the same at every quantile.
            taken = own[0].cumulative[MIDDLE] - own[0].quantiles[MIDDLE]
            ends = [max(0.0, last.cumulative[q] - taken) for q in (LOW, MIDDLE, HIGH)]
        else:
            middle = max(0.0, last.cumulative[MIDDLE] - before.cumulative[MIDDLE])
            summed = [sum(d.quantiles[q] for d in own) for q in (LOW, MIDDLE, HIGH)]
            ends = [middle * s / summed[1] if summed[1] > 0 else 0.0 for s in summed]
        found[week] = Amount(ends[1] / price, ends[0] / price, ends[2] / price)
        week += timedelta(weeks=1)
    if not found:
        raise CannotTellError(f"No pack of {forecast.film}: no whole week of its run is to come.")
    return found


def shared(amount: Amount, share: float, *offs: float) -> Amount:
    """A share of an amount, in whole tickets; ends widened by how surely the share is known.

    `offs` are distances of independent 80 % ranges' ends from their middles, in logs: squares add.
    """
    middle = amount.middle * share
    low = -hypot(log(amount.middle / amount.low), *offs) if amount.low > 0 else -inf
    high = hypot(log(amount.high / amount.middle), *offs) if amount.middle > 0 else 0.0
    return Amount(
        float(round(middle)), float(round(middle * exp(low))), float(round(middle * exp(high)))
    )


def share_of(
    mine: float, squares: float, others: float, other_squares: float
) -> tuple[float, float]:
    """A part's share of tickets, and how far the end of its 80 % range lies off, in logs.

    Each purchase is there or not by luck (Poisson), with all of its tickets (`squares` are summed
    over purchases): luck of the part moves its share by what the others have, and the reverse.
    """
    total = mine + others
    share = mine / total
    off = hypot((1 - share) * squares**0.5, share * other_squares**0.5) / mine
    return share, Z80 * log1p(off**2) ** 0.5


def _cities(tickets: Tickets) -> tuple[dict[str, City], float]:
    """Each city's share of all tickets; what is of no known city is spread as the rest."""
    named: Sequence[Group] = [g for g in tickets.cities if g.name != NO_CITY]
    every = sum(g.tickets for g in tickets.cities)
    told = sum(g.tickets for g in named)
    if not told:
        raise CannotTellError("No pack: of nobody in the house is the city known.")
    wide = log(tickets.high / tickets.total)
    cities = {
        name_slug(g.name): City(
            g.name,
            g.persons,
            g.tickets / told,
            max(0.0, log(g.high / g.tickets) ** 2 - wide**2) ** 0.5,
        )
        for g in named
        if g.tickets > 0
    }
    return cities, 1 - told / every
