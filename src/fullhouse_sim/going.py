"""Who of the simulated people goes to which film when, by the season's own chances.

Somebody goes to a film on the first day when draw × cumulative interest passes a threshold of
their own. The threshold follows from the seed, the person and the film alone: the same whatever
day, chunk or campaign it is asked for.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fullhouse.core.arrays import Flags, Floats, Ints
from fullhouse_sim.draws import uniforms
from fullhouse_sim.film import Film
from fullhouse_sim.market import MARKET_PEOPLE, Market
from fullhouse_sim.parties import PARTY, deciding, household_tickets
from fullhouse_sim.population import People
from fullhouse_sim.season import PRESALE_DAYS, RUN, WANT_DAYS, Season

_PARTS = 64
EARLY_DAYS, EARLY, LATER = 3, 1.6, 0.6
"""Presale is this much commoner for the first days of a run, and for the later ones."""
LEAD = 0.65
"""Of presale buyers, those who buy one more day ahead."""
KEEN = 0.5
"""Share of people who mark a film exactly when they are among those who will go first."""
REFUNDS = 0.012
SHOW_MINUTES = (660, 750, 840, 930, 1020, 1110, 1155, 1200, 1260, 1305)
SHOW_ODDS = (0.03, 0.05, 0.09, 0.09, 0.10, 0.14, 0.17, 0.16, 0.11, 0.06)
HOME_CINEMA = 0.7
"""Share of visits that are to the cinema somebody always goes to."""


@dataclass(frozen=True)
class Visits:
    """Visits of a chunk's people, sorted by the day of sale: one row for each purchase.

    `buyer` is an index into the chunk, `film` a number in the slate. Days count from the first day
    of the feeds; a presale's showing may be after the last one.
    """

    day: Ints
    buyer: Ints
    film: Ints
    showing_day: Ints
    quantity: Ints

    def __len__(self) -> int:
        return len(self.day)

    def take(self, which: npt.NDArray[np.generic] | slice) -> "Visits":
        """Some of the visits, by position or flag."""
        return Visits(**{k: v[which] for k, v in vars(self).items()})

    def of(self, day: int) -> "Visits":
        """The visits sold on a day."""
        return self.take(slice(*np.searchsorted(self.day, [day, day + 1]).tolist()))


@dataclass(frozen=True)
class Tickets:
    """The purchases of a day: who, what, when and where. Minutes count from local midnight.

    `refunded` tickets are given back at `refund_minute` of the day of sale.
    """

    buyer: Ints
    film: Ints
    quantity: Ints
    minute: Ints
    showing_day: Ints
    showing_minute: Ints
    city: Ints
    cinema: Ints
    unit_price: Floats
    refunded: Flags
    refund_minute: Ints

    def __len__(self) -> int:
        return len(self.buyer)


@dataclass(frozen=True)
class Seats:
    """Seats left for the simulated people, by film, city and day of the run; selling changes it."""

    left: Ints


@dataclass(frozen=True)
class Wants:
    """Want-to-see marks of a chunk's people, sorted by day."""

    day: Ints
    person: Ints
    film: Ints
    minute: Ints

    def of(self, day: int) -> "Wants":
        """The marks of a day."""
        which = slice(*np.searchsorted(self.day, [day, day + 1]).tolist())
        return Wants(**{k: v[which] for k, v in vars(self).items()})


def sold_visits(market: Market, season: Season, people: People) -> Visits:
    """All visits of a chunk's people that are sold within the market's days.

    Seats are not looked at yet: see `take_seats`.
    """
    soon = season.release - PRESALE_DAYS < market.days
    films = tuple(season.films[i] for i in np.flatnonzero(soon & (season.release + RUN > 0)))
    who, number, x = _crossed(market, people, films, season.interest[:, :, -1])
    run_day = first_day(season.interest[number, people.city[who]], x)
    showing = season.release[number] + run_day
    sold = showing - leads(market, season, people.person[who], number, run_day)
    order = np.lexsort((who, sold))
    order = order[(sold[order] >= 0) & (sold[order] < market.days)]
    quantity = parties(market, season, people, who[order], number[order])
    return Visits(sold[order], who[order], number[order], showing[order], quantity)


def seats(market: Market, season: Season) -> Seats:
    """The seats of the simulated people: the country's in proportion.

    Few people come less evenly than many, so three standard deviations of chance are on top, as far
    as the country has seats.
    """
    fair = season.seats * market.people / MARKET_PEOPLE
    left = np.minimum(np.ceil(fair + 3 * np.sqrt(fair)), season.seats)
    return Seats(left.astype(np.int64))


def take_seats(season: Season, people: People, visits: Visits, seats: Seats) -> Visits:
    """The visits for which there were seats; those are then taken. Call chunk after chunk.

    Within a chunk those who buy first sit first; a party is not divided.
    """
    run_day = visits.showing_day - season.release[visits.film]
    shape = seats.left.shape
    cell = np.ravel_multi_index((visits.film, people.city[visits.buyer], run_day), shape)
    order = np.argsort(cell, kind="stable")
    sizes, of = visits.quantity[order], cell[order]
    before = np.cumsum(sizes) - sizes
    starts = np.flatnonzero(np.diff(of, prepend=-1))
    base = np.repeat(before[starts], np.diff(np.append(starts, len(of))))
    fits = before - base + sizes <= seats.left.reshape(-1)[of]
    np.subtract.at(seats.left.reshape(-1), of[fits], sizes[fits])
    seated = np.zeros(len(visits), np.bool_)
    seated[order[fits]] = True
    return visits.take(seated)


def going(market: Market, season: Season, people: People, visits: Visits, day: int) -> Tickets:
    """The tickets that a chunk's people buy on a day, of the visits visits for the chunk."""
    return tickets(market, season, people, visits.of(day))


def tickets(market: Market, season: Season, people: People, sold: Visits) -> Tickets:
    """Visits with their minutes, cinemas and prices."""
    buyer, film = sold.buyer, sold.film
    person, city = people.person[buyer], people.city[buyer]

    def uniform(what: str) -> Floats:
        return _uniform(market, person, film, what)

    showing = _showing(uniform("showing"))
    sale = uniform("sale")
    # On the day itself tickets are bought up to four hours ahead; before, at any waking hour.
    ahead = np.where(sale < 0.5, 5 + 60 * sale, 35 + 410 * (sale - 0.5))
    same = sold.day == sold.showing_day
    minute = np.where(same, np.maximum(1, showing - ahead), 480 + 930 * sale).astype(np.int64)
    run_day = sold.showing_day - season.release[film]
    cinema, theirs = _cinema(market, season, people, buyer, uniform("cinema"))
    price = season.price[film, city, run_day] * (0.95 + 0.1 * theirs)
    back = np.minimum(minute + 2 + (60 * uniform("back")).astype(np.int64), 1439)
    return Tickets(
        buyer=buyer,
        film=film,
        quantity=sold.quantity,
        minute=minute,
        showing_day=sold.showing_day,
        showing_minute=showing,
        city=city,
        cinema=cinema,
        unit_price=np.round(price, 1),
        refunded=uniform("refund") < REFUNDS,
        refund_minute=np.where(same, np.minimum(back, showing), back),
    )


def wanting(market: Market, season: Season, people: People) -> Wants:
    """All want-to-see marks of a chunk's people within the market's days.

    Half the people mark as readily as they go, the others by a chance of its own.
    """
    soon = season.release - WANT_DAYS < market.days
    films = tuple(season.films[i] for i in np.flatnonzero(soon & (season.release > 0)))
    end = np.broadcast_to(season.wants[:, -1:], season.interest.shape[:2])
    who, number, x = _crossed(market, people, films, end, own="want")
    day = season.release[number] - WANT_DAYS + first_day(season.wants[number], x)
    order = np.lexsort((who, day))
    order = order[(day[order] >= 0) & (day[order] < market.days)]
    who, number = who[order], number[order]
    minute = 420 + 1000 * _uniform(market, people.person[who], number, "want minute")
    return Wants(day[order], who, number, minute.astype(np.int64))


def thresholds(market: Market, persons: Ints, film: Film, own: str = "") -> Floats:
    """What somebody's draw × interest must pass: exponential with mean 1, and theirs for ever."""
    uniform = uniforms(market.seed, persons, "going", film.number)
    if own:
        other = uniforms(market.seed, persons, own, film.number)
        keen = uniforms(market.seed, persons, "keen") < KEEN
        uniform = np.where(keen, uniform, other)
    logs: Floats = -np.log(uniform)
    return logs


def first_day(interest: Floats, x: Floats) -> Ints:
    """The first day when cumulative interest (row by row) has reached x."""
    day: Ints = (interest < x[:, None]).sum(axis=1)
    return day


def leads(market: Market, season: Season, persons: Ints, film: Ints, run_day: Ints) -> Ints:
    """Days between the sale and the showing: 0 for most."""
    share = np.array([f.presale for f in season.films])[film]
    share = np.minimum(0.85, share * np.where(run_day < EARLY_DAYS, EARLY, LATER))
    u = _uniform(market, persons, film, "lead")
    days = 1 + np.log(np.maximum(u / share, 1e-9)) / np.log(LEAD)
    days = np.where(u < share, np.minimum(days, run_day + PRESALE_DAYS), 0)
    return days.astype(np.int64)


def parties(market: Market, season: Season, people: People, who: Ints, film: Ints) -> Ints:
    """Tickets that each visit buys: for the household, or for those who come along."""
    together = np.array([f.family for f in season.films])[film]
    u = _uniform(market, people.person[who], film, "party")
    alone = 1 + np.searchsorted(np.cumsum(PARTY)[:-1], u)
    return np.where(together, household_tickets(people)[who], alone)


def presales(season: Season) -> Floats:
    """Tickets sold before the release, by film and days before it (PRESALE_DAYS to 1)."""
    admissions = season.admissions.sum(axis=1)
    tickets_by_day = np.zeros((len(season.films), PRESALE_DAYS))
    share = np.array([f.presale for f in season.films])
    for run_day in range(PRESALE_DAYS):
        early = np.minimum(0.85, share * (EARLY if run_day < EARLY_DAYS else LATER))
        most = run_day + PRESALE_DAYS
        lead = np.arange(1, most + 1)
        odds = LEAD ** (lead - 1) * np.where(lead == most, 1, 1 - LEAD)
        before = lead - run_day
        tickets_by_day[:, PRESALE_DAYS - before[before > 0]] += (early * admissions[:, run_day])[
            :, None
        ] * odds[before > 0]
    return tickets_by_day


def _crossed(
    market: Market, people: People, films: tuple[Film, ...], end: Floats, own: str = ""
) -> tuple[Ints, Ints, Floats]:
    """Who passes their threshold by the end, for which film, and the interest they needed."""
    who, number, needed = [], [], []
    for start in range(0, len(films), _PARTS):
        part = films[start : start + _PARTS]
        draw = deciding(part, people)
        for column, film in enumerate(part):
            w = np.ascontiguousarray(draw[:, column])
            x = thresholds(market, people.person, film, own)
            with np.errstate(divide="ignore"):
                x /= w
            goes = np.flatnonzero(x <= end[film.number, people.city])
            who.append(goes)
            number.append(np.full(len(goes), film.number))
            needed.append(x[goes])
    if not films:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
    return np.concatenate(who), np.concatenate(number), np.concatenate(needed)


def _uniform(market: Market, persons: Ints, film: Ints, what: str) -> Floats:
    """One number for each person and film."""
    return uniforms(market.seed, persons + 2654435761 * (film + 1) % 2**31, what)


def _showing(u: Floats) -> Ints:
    which = np.searchsorted(np.cumsum(SHOW_ODDS)[:-1], u)
    minutes: Ints = np.array(SHOW_MINUTES, np.int64)[which]
    return minutes


def _cinema(
    market: Market, season: Season, people: People, buyer: Ints, u: Floats
) -> tuple[Ints, Floats]:
    """The number of the cinema within the city, and how dear it is, in (0, 1)."""
    city = people.city[buyer]
    home = uniforms(market.seed, people.person[buyer], "home cinema")
    where = np.where(u < HOME_CINEMA, home, (u - HOME_CINEMA) / (1 - HOME_CINEMA))
    number = (where * season.cities.cinemas[city]).astype(np.int64)
    return number, uniforms(market.seed, 1000 * city + number, "dearness")
