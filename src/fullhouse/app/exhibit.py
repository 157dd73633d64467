"""The exhibitor pack of a film in a city or a cinema, and its demand in all cities."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from fullhouse import control
from fullhouse.app.expected_sales import expected_sales
from fullhouse.app.film_discovery import discover_film
from fullhouse.app.forecast import ForecastFilm, forecast_film
from fullhouse.core.errors import CannotTellError, InputError, did_you_mean
from fullhouse.core.progress import Progress, silent
from fullhouse.discovery.likely_audience import likely_audience
from fullhouse.exhibit.audiences import audiences_near
from fullhouse.exhibit.demand import Demand
from fullhouse.exhibit.demand_by_place import demand_of, hidden_cities, shares_everywhere
from fullhouse.exhibit.exhibit import (
    Exhibit,
    ExpectedWeek,
    check_showing,
    hidden_parts,
)
from fullhouse.exhibit.market import City, Market, market_of, shared
from fullhouse.exhibit.places import (
    MOST_HIDDEN_DAYPARTS,
    Basis,
    CinemaShare,
    cinema_shares,
    dayparts,
    first_telling,
    played,
)
from fullhouse.exhibit.sales import (
    PastFilm,
    Sold,
    cities_sold,
    daypart_counts,
    past_films,
    showings,
)
from fullhouse.exhibit.words import (
    RANGES,
    cinema_words,
    daypart_words,
    film_words,
    market_words,
    source_words,
)
from fullhouse.sample.analysis_sample import AnalysisSample, KnownFilm, analysis_sample
from fullhouse.traits.names import name_slug
from fullhouse.view.exhibitor_page import exhibit_csv, exhibitor_page
from fullhouse.view.page import csv_of
from fullhouse.workspace.context import Context

SEATS, GOAL, MINIMUM = 120, 0.3, 50
SUFFIXES = (".html", ".csv", ".json")


def exhibit_film(
    context: Context,
    film: str,
    *,
    city: str,
    cinema: str | None = None,
    territory: str | None = None,
    as_of: date | None = None,
    seats: int = SEATS,
    goal: float = GOAL,
    minimum: int = MINIMUM,
    progress: Progress = silent,
) -> Exhibit:
    """What a film is expected to draw in a city, or in one cinema of it, as known on a day.

    Admissions are the forecast's tickets × the city's share (where the likely people of the house
    live) × the cinema's (where they bought before). What rests on fewer than `minimum` people or
    tickets is not told, nor what could be had as a rest. What was asked is recorded.
    """
    check_showing(seats, goal, minimum)
    with analysis_sample(context, territory=territory, as_of=as_of) as house:
        asked = house.find(film)
        spelt = _cinemas_city(house, city)
        market = _market(house, asked, progress)
        where = _told_city(market, city, minimum)
        progress("Reading past sales")
        films = past_films(house, asked, {c.film for c in market.found.comps})
        sold = showings(house, films, cities=spelt)
        if sold.tickets.sum() < minimum:
            raise InputError(_few(house, where.name, minimum))
        found = _pack(house, market, where, films, sold, cinema, seats, goal, minimum)
    _record(context, found.film, found.place)
    return found


def exhibit_cities(
    context: Context,
    film: str,
    *,
    territory: str | None = None,
    as_of: date | None = None,
    seats: int = SEATS,
    goal: float = GOAL,
    minimum: int = MINIMUM,
    progress: Progress = silent,
) -> Demand:
    """What a film is expected to draw in every city, and in those cinemas whose share is known.

    Cities under the minimum are named without numbers. What was asked is recorded.
    """
    check_showing(seats, goal, minimum)
    with analysis_sample(context, territory=territory, as_of=as_of) as house:
        asked = house.find(film)
        market = _market(house, asked, progress)
        progress("Reading past sales")
        films = past_films(house, asked, {c.film for c in market.found.comps})
        found = demand_of(
            house, market, shares_everywhere(house, films, minimum), seats, goal, minimum
        )
    _record(context, found.film, None)
    return found


def _market(house: AnalysisSample, film: KnownFilm, progress: Progress) -> Market:
    """The film's market as of the house's day, from the discovery and forecast of that day."""
    discovery = discover_film(
        house.context,
        film.film,
        territory=house.territory,
        as_of=house.day,
        tickets=False,
        progress=progress,
    )
    sales, why = expected_sales(house, film)
    if sales is None:
        raise CannotTellError(f"No pack of {film.film}. {why}")
    forecast = forecast_film(
        replace(house.context, progress=progress),
        ForecastFilm(film.film, as_of=house.day, territory=house.territory),
    )
    progress("Sharing out the forecast")
    return market_of(house, film, discovery, likely_audience(house, film), sales, forecast)


def check_exhibit_out(file: str | Path) -> Path:
    """The path itself, when its ending says what to write; an error before any work is done."""
    path = Path(file).expanduser()
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"--out takes a file ending in {', '.join(SUFFIXES)}, not {path.name!r}.")
    return path


def write_exhibit(pack: Exhibit | Demand, files: Sequence[str | Path]) -> list[Path]:
    """Write a pack as a page (.html), its tables (.csv) or everything (.json).

    All cities together have no page: it is of one city.
    """
    paths = [check_exhibit_out(f) for f in files]
    if isinstance(pack, Demand) and any(p.suffix.lower() == ".html" for p in paths):
        raise InputError(
            "A page is of one city: name it with --city; all cities are .csv or .json."
        )
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_text(pack, path.suffix.lower()), "utf-8")
    return paths


def _text(pack: Exhibit | Demand, suffix: str) -> str:
    if suffix == ".json":
        return json.dumps(pack.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    if isinstance(pack, Demand):
        return csv_of(pack.rows())
    return exhibitor_page(pack) if suffix == ".html" else exhibit_csv(pack)


def _pack(
    house: AnalysisSample,
    market: Market,
    where: City,
    films: dict[str, PastFilm],
    sold: Sold,
    cinema: str | None,
    seats: int,
    goal: float,
    minimum: int,
) -> Exhibit:
    slug = name_slug(where.name)
    rows = zip(sold.cinema, sold.like.tolist(), sold.tickets, sold.squares, strict=True)
    shares, of = cinema_shares([(c, k, float(t), float(s)) for c, k, t, s in rows], minimum)
    mine = None if cinema is None else _cinema(cinema, where, shares, minimum)
    weeks = _weeks(market, where, mine, minimum)
    first = weeks[0].admissions
    basis = _basis(house, films, sold, where, minimum)
    place = where.name if mine is None else f"{mine.cinema}, {where.name}"
    return Exhibit(
        film=market.found.film,
        title=market.found.title,
        territory=house.territory,
        place=place,
        as_of=house.day,
        opening=market.opening,
        minimum=minimum,
        seats=seats,
        goal=goal,
        audiences=audiences_near(house, market, slug, mine.share if mine else 1.0, minimum),
        weeks=weeks,
        films=tuple(played(sold, cinema, minimum)),
        dayparts=(
            dayparts(first.middle, basis, seats=seats, goal=goal, minimum=minimum)
            if first is not None and basis is not None
            else ()
        ),
        source=source_words(house),
        notes=(
            *market_words(market),
            *([cinema_words(mine, where, of)] if mine else []),
            RANGES,
            *daypart_words(house, basis, first, minimum),
            *film_words(house, sold),
        ),
        simulated=market.found.simulated,
    )


def _weeks(
    market: Market, where: City, mine: CinemaShare | None, minimum: int
) -> tuple[ExpectedWeek, ...]:
    """Weeks until one is too small, which is the last; what comes later is a part as well."""
    share, offs = (where.share, [where.off]) if mine is None else (
        where.share * mine.share, [where.off, mine.off]
    )  # fmt: skip
    amounts = {week: shared(a, share, *offs) for week, a in market.weeks.items()}
    middles = {week: a.middle for week, a in amounts.items()}
    later = market.run.middle * share - sum(middles.values())
    parts = {week.isoformat(): middle for week, middle in middles.items()}
    hidden = hidden_parts([parts | {"later": max(0.0, later)}], minimum)
    found = []
    for week, amount in amounts.items():
        found.append(ExpectedWeek(week, None if week.isoformat() in hidden else amount))
        if week.isoformat() in hidden:
            break
    return tuple(found)


def _basis(
    house: AnalysisSample, films: dict[str, PastFilm], sold: Sold, where: City, minimum: int
) -> Basis | None:
    """Sales by daypart of films' opening weeks: like films here, all here, then everywhere."""
    here = [
        (f"comparable films in {where.name}", daypart_counts(sold, sold.like)),
        (f"all films in {where.name}", daypart_counts(sold, np.ones_like(sold.like))),
    ]
    found = first_telling(here, minimum, most_hidden=MOST_HIDDEN_DAYPARTS)
    if found is not None:
        return found
    every = showings(house, films)
    wide = [
        ("comparable films in all cities", daypart_counts(every, every.like)),
        ("all films in all cities", daypart_counts(every, np.ones_like(every.like))),
    ]
    return first_telling(wide, minimum, most_hidden=MOST_HIDDEN_DAYPARTS)


def _cinemas_city(house: AnalysisSample, city: str) -> list[str]:
    """A city as feeds spell it; an error with near names where no ticket was sold there."""
    spelt = cities_sold(house)
    if name_slug(city) in spelt:
        return spelt[name_slug(city)]
    names = [s[0] for s in spelt.values()]
    hint = did_you_mean(city, names)
    raise InputError(
        f"The house's people bought no ticket in a city {city!r} by {house.day}."
        + (hint or " 'fullhouse exhibit FILM' without --city lists the cities there are.")
    )


def _told_city(market: Market, city: str, minimum: int) -> City:
    found = market.cities.get(name_slug(city))
    if found is None:
        raise InputError(
            f"Nobody in the house is known to live in {city!r}: its share of the film cannot be"
            f" told.{did_you_mean(city, [c.name for c in market.cities.values()])}"
        )
    if name_slug(city) in hidden_cities(market, minimum):
        raise CannotTellError(
            f"{found.name} is too small to be told of: fewer than {minimum:,} people of the house"
            " or admissions in the first week, or it would give away such a city."
        )
    return found


def _few(house: AnalysisSample, city: str, minimum: int) -> str:
    return (
        f"The house's people bought fewer than {minimum:,} tickets of past films in {city} by"
        f" {house.day}: too few to tell of cinemas there. A larger city would do."
    )


def _cinema(cinema: str, where: City, shares: dict[str, CinemaShare], minimum: int) -> CinemaShare:
    if cinema in shares:
        return shares[cinema]
    hint = did_you_mean(cinema, shares)
    some = ", ".join(sorted(shares, key=lambda n: -shares[n].share)[:5])
    told = f" Of {where.name}, these can be told among others: {some}." if some else (
        f" No cinema of {where.name} can be told alone; the city can, without --cinema."
    )  # fmt: skip
    raise InputError(
        f"No share of {where.name} can be told for a cinema {cinema!r}: it is not known, or fewer"
        f" than {minimum:,} tickets were sold there, or it would give away such a cinema."
        f"{hint or told}"
    )


def _record(context: Context, film: str, place: str | None) -> None:
    control.record(context.control, "exhibit", {"film": film, "place": place})
