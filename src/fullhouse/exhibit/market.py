"""A film's market: its tickets by week, city and cinema, and the past sales behind them."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fullhouse import consent
from fullhouse.core.arrays import Flags, Floats, Integers, Ints
from fullhouse.core.tables import ACCOUNT_PERSON, BEGUN, CONSENT, ITEM, TICKET
from fullhouse.discovery.card import FilmDiscovery, Tickets
from fullhouse.engine.expr import ibis
from fullhouse.exhibit.pack import Films
from fullhouse.planning.plan import Amount
from fullhouse.sample.analysis_sample import AnalysisSample, KnownFilm
from fullhouse.sample.sheet import Sheet
from fullhouse.traits.names import film_slug, name_slug

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


if TYPE_CHECKING:
    import ibis.expr.types as ir

SATURDAY = 5
HOURS = {"before 12": 0, "12 to 17": 12, "17 to 20": 17, "from 20": 20}
"""Parts of a day with the hour of the clock at which each begins."""
DAYPARTS = tuple(f"{day} {part}" for day in ("weekday", "weekend") for part in HOURS)
"""Parts of a week; the weekend is Saturday and Sunday."""
SHOWING = ("number", "source", "cinema", "showing_at", "sold_on")


def past_films(
    house: AnalysisSample, film: KnownFilm, comparable: Collection[str]
) -> dict[str, PastFilm]:
    """Films whose opening day is known and has come, by their slug, without the film itself."""
    return {
        k.slug: PastFilm(k.title, k.opening, k.film in comparable)
        for k in house.films.values()
        if k.slug and k.film != film.film and k.opening and k.opening <= house.day and _dated(k)
    }


def sold_by(
    house: AnalysisSample,
    films: Mapping[str, PastFilm],
    by: Sequence[str],
    *,
    cities: Sequence[str] | None = None,
    opening_weeks: bool = False,
) -> pa.Table:
    """Tickets of films up to the house's day, by columns; `number` is the film's place.

    Those of people who take part in analytics, in cities as feeds spell them, or everywhere.
    """
    engine, lake = house.context.engine, house.context.lake
    tickets = engine.scan(lake.snapshot(TICKET))
    known = tickets.filter(tickets.day <= ibis.literal(house.day))
    if cities is not None:
        known = known.filter(known.city.isin(list(cities)))
    of_people = known.join(_accounts(house), ["source", "account"])
    of_films = of_people.join(engine.memory(_named(house, films)), ["source", "film"])
    if opening_weeks:
        # A day wide on both sides: which day it is in the feed's own zone is decided later.
        first, last = of_films.opening, of_films.opening + ibis.interval(days=WEEK + 1)
        day = of_films.showing_at.date()
        of_films = of_films.filter(day >= first - ibis.interval(days=1), day <= last)
    signed = of_films.mutate(
        net=ibis.ifelse(of_films.refunded.fill_null(False), -of_films.quantity, of_films.quantity),
        square=of_films.quantity * of_films.quantity,
        sold_on=ibis.ifelse(of_films.showing_at.isnull(), of_films.day, ibis.null("date")),
    )
    grouped = signed.group_by(list(by))
    return engine.arrow(grouped.aggregate(tickets=signed.net.sum(), squares=signed.square.sum()))


def showings(
    house: AnalysisSample, films: Mapping[str, PastFilm], *, cities: Sequence[str] | None = None
) -> Sold:
    """What was sold for each showing: in some cities, or everywhere without cinemas.

    Everywhere it is of the opening weeks alone.
    """
    by = [c for c in SHOWING if cities is not None or c != "cinema"]
    rows = sold_by(house, films, by, cities=cities, opening_weeks=cities is None)
    # In one order, whatever engine it was.
    rows = rows.sort_by([(c, "ascending") for c in by])
    clock = _clock(house, rows)
    every = tuple(films.values())
    film = rows["number"].to_numpy().astype(np.int64)
    opening = np.array([f.opening for f in every], dtype="datetime64[D]")[film]
    date_shown = clock.astype("datetime64[D]")
    sold_on = rows["sold_on"].to_numpy().astype("datetime64[D]")
    day = np.where(np.isnat(date_shown), sold_on, date_shown)
    hours = (clock - date_shown).astype("timedelta64[h]").astype(np.int64)
    hour = np.where(np.isnat(clock), -1, hours)
    # 1970-01-01, from which days are counted, was a Thursday.
    return Sold(
        films=every,
        film=film,
        cinema=tuple(rows["cinema"].to_pylist()) if "cinema" in by else ("",) * rows.num_rows,
        since=(day - opening).astype(np.int64),
        weekday=(day.astype(np.int64) + 3) % 7,
        hour=hour,
        showing=tuple(rows["showing_at"].to_pylist()),
        tickets=rows["tickets"].to_numpy(),
        squares=rows["squares"].to_numpy(),
    )


def cities_sold(house: AnalysisSample) -> dict[str, list[str]]:
    """The cities of cinemas by their slug, each as feeds spell it."""
    engine = house.context.engine
    tickets = engine.scan(house.context.lake.snapshot(TICKET))
    known = tickets.filter(tickets.day <= ibis.literal(house.day), tickets.city.notnull())
    cities: dict[str, list[str]] = {}
    for spelling in sorted(engine.arrow(known.select("city").distinct())["city"].to_pylist()):
        cities.setdefault(name_slug(spelling), []).append(spelling)
    return cities


def daypart_counts(sold: Sold, which: Flags) -> dict[str, float]:
    """Tickets of the opening weeks in each daypart, of some rows; 0 or more."""
    rows = which & sold.opening_week
    part = np.searchsorted(list(HOURS.values()), sold.hour[rows], side="right") - 1
    place = np.where(sold.weekday[rows] >= SATURDAY, len(HOURS), 0) + part
    counts = np.bincount(place, sold.tickets[rows], minlength=len(DAYPARTS))
    return dict(zip(DAYPARTS, np.maximum(counts, 0.0).tolist(), strict=True))


def time_zones(house: AnalysisSample) -> dict[str, str]:
    """The time zone in which each source's tickets were last read."""
    rows = house.context.lake.read(BEGUN, columns=["source", "kind", "at", "terms"]).to_pylist()
    begun = sorted((r["at"], r["source"], r["terms"]) for r in rows if r["kind"] == "ticket")
    return {source: json.loads(terms)["time_zone"] for _, source, terms in begun}


def _clock(house: AnalysisSample, rows: pa.Table) -> npt.NDArray[np.datetime64]:
    """What the clock of each row's source shows when the film is shown."""
    zones, usual = time_zones(house), house.context.settings.time_zone
    clock = np.full(rows.num_rows, np.datetime64("NaT", "us"), dtype="datetime64[us]")
    sources = np.array(rows["source"].to_pylist(), dtype=object)
    for source in sorted(set(sources.tolist())):
        of_source = np.flatnonzero(sources == source)
        at = rows["showing_at"].combine_chunks().take(pa.array(of_source))
        local = pc.local_timestamp(at.cast(pa.timestamp("us", tz=zones.get(source, usual))))
        clock[of_source] = local.to_numpy(zero_copy_only=False)
    return clock


def _accounts(house: AnalysisSample) -> ir.Table:
    """Accounts of people who take part in the house's purpose."""
    engine, lake = house.context.engine, house.context.lake
    people = engine.scan(lake.snapshot(ACCOUNT_PERSON)).select("source", "account", "person")
    purpose = house.population.purpose
    granted = purpose in house.context.settings.consent_required
    if lake.version(CONSENT) is None:
        return people.limit(0) if granted else people
    # A refusal counts at once, whatever day is asked of.
    by = consent.granting if granted else consent.refusing
    persons = by(engine, lake, purpose=purpose, as_of=house.context.today)
    return people.semi_join(persons, "person") if granted else people.anti_join(persons, "person")


def _named(house: AnalysisSample, films: Mapping[str, PastFilm]) -> pa.Table:
    """Each source's id of each film, with the film's place and opening day."""
    places = {slug: i for i, slug in enumerate(films)}
    openings = [f.opening for f in films.values()]
    columns = ["source", "id", "kind", "title", "release_year"]
    named: dict[str, list[object]] = {"source": [], "film": [], "number": [], "opening": []}
    for row in house.context.lake.read(ITEM, columns=columns).to_pylist():
        if row["kind"] != "film" or not row["title"]:
            continue
        place = places.get(film_slug(row["title"], row["release_year"]))
        if place is not None:
            values = (row["source"], row["id"], place, openings[place])
            for column, value in zip(named.values(), values, strict=True):
                column.append(value)
    kinds = (pa.string(), pa.string(), pa.int64(), pa.date32())
    return pa.table({n: pa.array(c, k) for (n, c), k in zip(named.items(), kinds, strict=True)})


def _dated(film: KnownFilm) -> bool:
    """Whether the opening is a real day: feeds know the year alone, and give its last day."""
    bare = set(film.facts) <= {"title", "genres", "opening"}
    return not (bare and film.opening is not None and (film.opening.month, film.opening.day)
                == (12, 31))  # fmt: skip
