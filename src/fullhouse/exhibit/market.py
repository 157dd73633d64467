"""A film's market: its tickets by week, by city and by cinema, and the past sales behind them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from fullhouse.core.arrays import Flags, Floats, Integers, Ints
from fullhouse.discovery.card import FilmDiscovery, Tickets
from fullhouse.exhibit.pack import Films
from fullhouse.planning.plan import Amount
from fullhouse.sample.sheet import Sheet

Weeks = dict[date, Amount]
WEEK = 7


@dataclass(frozen=True)
class City:
    """A city by its slug: people of the house, its share of all tickets, how sure that is.

    `error` is how far an end of the share's own 80 % range lies from its middle, in logs.
    """

    name: str
    persons: int
    share: float
    error: float


@dataclass(frozen=True)
class Market:
    """A film's tickets over all cities. `weeks` begin after the day asked of.

    `visits` are each person's expected visits times the people whom it stands for, in no unit;
    `city` is the number of each person's city in the sheet among `names`. `unknown_city` is the
    share of the house's expected visits of people whose city is not known.
    """

    discovery: FilmDiscovery
    opening: date
    tickets: Tickets
    weeks: Weeks
    cities: dict[str, City]
    unknown_city: float
    sheet: Sheet
    visits: Floats
    city: Integers
    names: tuple[str, ...]

    @property
    def run(self) -> Amount:
        """Tickets of the whole run, everywhere."""
        return Amount(self.tickets.total, self.tickets.low, self.tickets.high)


@dataclass(frozen=True)
class CinemaShare:
    """A cinema's share of its city, and how far the end of its 80 % range lies off, in logs."""

    cinema: str
    share: float
    error: float


@dataclass(frozen=True)
class CityCinemas:
    """The cinemas of a city by past sales: of which films, and tickets of each.

    `shares` are those of cinemas that may have numbers of their own. Tickets of no known cinema
    stand under "".
    """

    films: Films
    tickets: Mapping[str, float]
    shares: Mapping[str, CinemaShare]


@dataclass(frozen=True)
class PastSales:
    """Tickets by part of past films' sales, and the parts that have no number of their own.

    `city` is None for sales everywhere.
    """

    films: Films
    city: str | None
    tickets: Mapping[str, float]
    hidden: frozenset[str]


@dataclass(frozen=True)
class PastFilm:
    """A film that has opened; `comparable` to the one asked of or not."""

    title: str
    opening: date
    comparable: bool


@dataclass(frozen=True)
class Sold:
    """Tickets of past films, a row for each film, cinema and showing; refunds taken away.

    `film` numbers the films. `since` counts days from the film's opening to the showing's day (or
    the sale's, where no showing is known), `hour` is the clock's (-1 where not known), `showing`
    names the showing's moment. `squares` are the squared tickets of each purchase, for errors.
    """

    films: tuple[PastFilm, ...]
    film: Ints
    cinema: tuple[str, ...]
    since: Ints
    weekday: Ints
    hour: Ints
    showing: tuple[object, ...]
    tickets: Floats
    squares: Floats

    @property
    def comparable(self) -> Flags:
        """Which rows are of comparable films."""
        return np.array([f.comparable for f in self.films], dtype=bool)[self.film]

    @property
    def opening_week(self) -> Flags:
        """Which rows are of a film's first seven days, at a time of the day that is known."""
        return (self.since >= 0) & (self.since < WEEK) & (self.hour >= 0)
