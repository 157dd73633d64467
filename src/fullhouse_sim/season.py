"""The season: what the whole country does, film by film, city by city, day by day.

Nobody is simulated here: the chance that somebody of a given draw goes on a day is summed over
the country's people. The simulated people then go by the very same chances (`going`). Equations
are in docs/simulated-market.md.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import numpy as np

from fullhouse.core.arrays import Floats, Ints
from fullhouse_sim.calendar import TUESDAY_OFF, going
from fullhouse_sim.drawn import Drawn, Push, drawn
from fullhouse_sim.draws import stream
from fullhouse_sim.film import Film
from fullhouse_sim.films import earlier, slate, unannounced
from fullhouse_sim.market import MARKET_PEOPLE, Market
from fullhouse_sim.places import SEATS_PER_SCREEN, Cities, cities
from fullhouse_sim.population import TASTES

RUN = 84
"""Days of a run at most: twelve weeks."""
SHOWS = 5.0
"""Showings of a screen a day."""
PRICES = (10.8, 9.4, 8.2, 7.2)
"""Price of a ticket by tier of the city."""

BASE = 0.013
"""Chance on a plain Friday that somebody aware, of mean draw, goes to an average new film."""
OPINION = 0.22
"""How much what is heard moves interest, per standard deviation of quality."""
TALK = 4.0
"""People each viewer tells."""
TELL = 0.35
"""Chance that somebody who hears of a film of mean quality keeps it in mind."""
FORGET = 0.012
"""Share of the aware who forget a film in a day of its run."""
RIVALRY = 0.9
"""How interest falls with the share of the public's attention that films alike have."""
SUPPLY_POWER = 0.20
"""How admissions move with showings, where there are seats for all."""
USUAL_SHARE = 0.12
CITY_SD, DAY_SD, CITY_DAY_SD = 0.18, 0.05, 0.06
FULL = 0.95
"""Share of a film's seats in a city that can be filled on a day."""
NEW = 1.7
"""Exhibitors give a new film more than what they expect of it."""
BOOKING = 0.9
"""How a film's share of showings grows with its share of demand."""
LEAST_SHARE = 0.004
"""Share of a city's showings below which a film closes there."""
PRESALE_DAYS = 14
WANT_DAYS = 90
WANT = 0.05
"""Interest in marking a film that all are aware of, by the day before the release."""


@dataclass(frozen=True)
class Season:
    """The country's expected market: arrays (film, city, day of the run) unless said otherwise.

    `interest` is cumulative: somebody of draw w has gone by the end of a day with chance
    1 - exp(-w * interest). `wants` (film, day) is the same for want-to-see marks, on the WANT_DAYS
    before the release. `price` and `showings` are those of the day; `release` counts days from the
    first day of the feeds.
    """

    films: tuple[Film, ...]
    cities: Cities
    first_day: date
    release: Ints
    interest: Floats
    admissions: Floats
    showings: Floats
    price: Floats
    awareness: Floats
    wants: Floats
    want_counts: Floats

    @property
    def seats(self) -> Floats:
        """Seats offered."""
        return self.showings * SEATS_PER_SCREEN

    @property
    def gross(self) -> Floats:
        """Money taken."""
        return self.admissions * self.price


@cache
def season(market: Market, push: Push | None = None) -> Season:
    """The country's season; with a push, what it would be after that campaign."""
    return _played(market, slate(market), unannounced(market), "", push)


def earlier_season(market: Market) -> Season:
    """The season of the years before the slate's, whose first films are its last rivals."""
    past = earlier(market)
    end = past[-1].release + timedelta(days=RUN)
    rivals = tuple(f for f in slate(market) if f.release < end)
    return _played(market, past, rivals, "earlier ")


def _played(
    market: Market,
    films: tuple[Film, ...],
    rivals: tuple[Film, ...],
    draws: str,
    push: Push | None = None,
) -> Season:
    """The season of films among rivals, which are left out of it; `draws` names their draws."""
    where = cities(market.seed, MARKET_PEOPLE)
    every, count = (*films, *rivals), len(films)
    release = np.array([(f.release - market.first_day).days for f in every])
    people = drawn(market, every, where, push)
    made = _Making(market, every, count, where, release, people, draws)
    for day in range(int(release.min()), int(release.max()) + RUN):
        made.play(day)
    theirs = Drawn(people.weight[:count], people.deciders[:count], people.tickets[:count])
    wants, counts = _wants(market, films, theirs, where, draws)
    return Season(
        films, where, market.first_day, release[:count], made.interest[:count],
        made.admissions[:count], made.showings[:count], made.price[:count],
        made.awareness[:count], wants, counts,
    )  # fmt: skip


class _Making:
    """A season in the making: what is known of each film in each city as days go by."""

    def __init__(
        self,
        market: Market,
        films: tuple[Film, ...],
        own: int,
        where: Cities,
        release: Ints,
        people: Drawn,
        draws: str,
    ) -> None:
        """`own` of the films come first; the others, rivals, do not move the draws of these."""
        shape = (len(films), len(where))
        self.market, self.films, self.where, self.people = market, films, where, people
        self.release = release
        self.size = MARKET_PEOPLE * where.share
        self.interest = np.zeros((*shape, RUN))
        self.admissions = np.zeros((*shape, RUN))
        self.showings = np.zeros((*shape, RUN))
        self.price = np.zeros((*shape, RUN))
        self.awareness = np.zeros((*shape, RUN))
        self.heard, self.demand, self.share = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self.so_far = np.zeros(shape)
        g, other = (stream(market.seed, f"{draws}{of}season") for of in ("", "rivals' "))

        def normal(sd: float, width: int) -> Floats:
            rows = ((g, own), (other, len(films) - own))
            return np.concatenate([of.normal(0, sd, (count, width)) for of, count in rows])

        self.local = np.exp(normal(CITY_SD, len(where)))
        self.aware = np.array([[f.awareness] for f in films]) * np.exp(normal(0.1, len(where)))
        self.aware = np.minimum(0.95, self.aware)
        self.noise = np.exp(normal(DAY_SD, RUN))
        tastes = np.stack([f.vector[: len(TASTES)] for f in films])
        norm = np.linalg.norm(tastes, axis=1, keepdims=True)
        self.tastes = tastes / np.maximum(norm, 1e-9)
        self.pull = BASE * np.exp([f.appeal for f in films])
        self.expected = np.exp([f.expected for f in films])
        self.quality = np.array([f.quality for f in films])
        self.tau = np.array([f.urgency_days for f in films])
        self.loyal = np.array([f.loyal for f in films])
        self.theaters = np.array([f.theaters for f in films]) / where.cinemas.sum()
        self.family = np.array([f.family for f in films])
        days = [market.day(d) for d in range(int(release.min()), int(release.max()) + RUN)]
        self.go = np.stack([going(days, family=False), going(days, family=True)])
        self.start = int(release.min())

    def play(self, day: int) -> None:
        """One day: showings, interest, seats, word of mouth."""
        age = day - self.release
        on = np.flatnonzero((age >= 0) & (age < RUN))
        if not len(on):
            return
        age = age[on]
        if self.market.day(day).weekday() == 4 or (age == 0).any():
            self.share[on] = self._shares(on, age)
        calendar = self.go[self.family[on].astype(int), day - self.start][:, None]
        showings = np.round(self.share[on] * self.where.screens * SHOWS)
        wish = self._wish(on, age) * calendar * self.noise[on, age][:, None]
        wish *= self._city_noise(day, len(on)) * (showings > 0)
        wish *= np.minimum(1.5, (self.share[on] / USUAL_SHARE) ** SUPPLY_POWER)
        wish, sold, wanted = self._seated(on, wish, FULL * SEATS_PER_SCREEN * showings)
        self.so_far[on] += wish
        self.interest[on, :, age] = self.so_far[on]
        self.admissions[on, :, age] = sold
        self.showings[on, :, age] = showings
        self.price[on, :, age] = self._prices(day)
        self.awareness[on, :, age] = self.aware[on]
        self._talk(on, age, sold / self.size, wanted / self.size / calendar)

    def _wish(self, on: Ints, age: Ints) -> Floats:
        """Chance that somebody of mean draw wants to go, on a plain Friday."""
        fading = self.loyal[on] + (1 - self.loyal[on]) * np.exp(-age / self.tau[on])
        opinion = np.exp(OPINION * self.quality[on][:, None] * self.heard[on])
        attention = self.demand[on] / np.maximum(self.demand[on].sum(0), 1e-12)
        alike = 0.3 + 0.7 * np.clip(self.tastes[on] @ self.tastes[on].T, 0, 1)
        np.fill_diagonal(alike, 0.0)
        rivalry = 1 / (1 + RIVALRY * (alike @ attention))
        plain = (self.pull[on] * fading)[:, None] * self.local[on]
        wish: Floats = plain * self.aware[on] * opinion * rivalry
        return wish

    def _shares(self, on: Ints, age: Ints) -> Floats:
        """Each film's share of a city's showings: by last week's demand, or what was expected."""
        hope = NEW * BASE * (self.expected[on] * self.theaters[on])[:, None] * self.aware[on]
        score = np.where(age[:, None] == 0, hope, self.demand[on]) ** BOOKING
        share = score / np.maximum(score.sum(0), 1e-300)
        # Rivals and cinemas not booked hold a new film below what its theaters could show.
        share = np.where(
            age[:, None] < 7, np.minimum(share, 0.6 * self.theaters[on][:, None]), share
        )
        share = np.where((share < LEAST_SHARE) & (age[:, None] >= 7), 0.0, share)
        return np.where((self.share[on] == 0) & (age[:, None] > 0), 0.0, share)

    def _still(self, on: Ints) -> tuple[Floats, Floats]:
        """By bin, the draw of those who have not gone yet, and the tickets they would buy."""
        tier, people = self.where.tier, self.people
        weight = people.weight[on][:, tier]
        still = people.tickets[on][:, tier] * np.exp(-weight * self.so_far[on][:, :, None])
        return weight, still * self.size[:, None]

    def _seated(self, on: Ints, wish: Floats, seats: Floats) -> tuple[Floats, Floats, Floats]:
        """Interest and tickets after seats, and tickets if there were seats for all.

        The fuller the house, the more are turned away.
        """
        weight, still = self._still(on)
        wanted = _sold(weight, still, wish)
        room = np.maximum(seats, 1e-9)
        most = room * -np.expm1(-wanted / room)
        sold = wanted.copy()
        for _ in range(2):
            tight = np.nonzero(most < 0.98 * sold)
            if not len(tight[0]):
                break
            wish[tight] *= most[tight] / sold[tight]
            sold[tight] = _sold(weight[tight], still[tight], wish[tight])
        return wish, np.minimum(sold, seats), wanted

    def _talk(self, on: Ints, age: Ints, sold: Floats, wanted: Floats) -> None:
        """Viewers tell others: more know of the film, and think of it as it deserves."""
        informed = TALK * sold
        self.heard[on] += (1 - self.heard[on]) * -np.expm1(-informed)
        keen = np.exp(0.5 * self.quality[on])[:, None]
        gain = (1 - self.aware[on]) * -np.expm1(-TELL * informed * keen)
        loss = FORGET * self.aware[on] * (age[:, None] > 7)
        self.aware[on] += gain - loss
        first = (age == 0)[:, None]
        self.demand[on] = np.where(first, wanted, 0.7 * self.demand[on] + 0.3 * wanted)

    def _city_noise(self, day: int, films: int) -> Floats:
        g = stream(self.market.seed, "city day", day)
        return np.exp(g.normal(0, CITY_DAY_SD, (films, len(self.where))))

    def _prices(self, day: int) -> Floats:
        when = self.market.day(day)
        years = (when - self.market.today) / timedelta(days=365.25)
        off = TUESDAY_OFF if when.weekday() == 1 else 1.08 if when.weekday() >= 4 else 1.0
        price: Floats = np.round(np.array(PRICES)[self.where.tier] * (off * 1.03**years), 1)
        return price


def _sold(weight: Floats, still: Floats, wish: Floats) -> Floats:
    sold: Floats = (still * -np.expm1(-weight * wish[..., None])).sum(-1)
    return sold


def _wants(
    market: Market, films: tuple[Film, ...], people: Drawn, where: Cities, draws: str
) -> tuple[Floats, Floats]:
    """Cumulative interest in marking a film, and the country's marks so far."""
    ramp = (np.arange(1, WANT_DAYS + 1) / WANT_DAYS) ** 1.5
    chance = np.exp(stream(market.seed, f"{draws}wants").normal(0, 0.25, len(films)))
    known = np.array([f.awareness * np.exp(f.appeal) for f in films])
    wants = WANT * (known * chance)[:, None] * ramp
    share = np.bincount(where.tier, where.share)
    marked = -np.expm1(-people.weight[:, :, None, :] * wants[:, None, :, None])
    counts = np.einsum("ftb,ftdb,t->fd", people.deciders, marked, share)
    return wants, counts * MARKET_PEOPLE
