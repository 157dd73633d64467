"""Films, grosses and signals in the plain form that `fullhouse film import` takes.

The country's own record, each row with the first day on which it could be known: what a ticket
service, or whoever counts the country's cinemas, would have. Rows are parted at the market's last
day: what was known by then is in the feeds, the rest is what later days will tell.
"""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.core.arrays import Floats, Ints
from fullhouse_sim import codes
from fullhouse_sim.film import Film
from fullhouse_sim.going import presales
from fullhouse_sim.market import Market
from fullhouse_sim.season import PRESALE_DAYS, RUN, WANT_DAYS, Season, earlier_season
from fullhouse_sim.tables import dates

FILES = ("films-plain.csv", "grosses-plain.csv", "signals-plain.csv")
TERRITORY = "ZZ"
"""The made-up country: a code that ISO 3166 gives to no country."""
CURRENCY = "USD"
ANNOUNCED = timedelta(days=200)
"""A film, its day and what it is are announced so long before it opens."""
EVE = timedelta(days=1)
"""Its cinemas are known on the day before."""
PLAN = "wide"
"""Every film opens in all cities at once."""
LEAST_SHOWINGS = 2
"""A cinema that shows a film gives it so many showings a day, or more."""


def plain(market: Market, season: Season) -> dict[str, pa.Table]:
    """The plain files by their place in the market's folder: `feeds/market` and `later`."""
    seasons = (earlier_season(market), season)
    films = [_films(s.films) for s in seasons]
    grosses = [_grosses(market, s) for s in seasons]
    signals = [_signals(market, s) for s in seasons]
    result = {}
    for name, parts in zip(FILES, (films, grosses, signals), strict=True):
        whole = pa.concat_tables(parts)
        known = pc.less_equal(whole["known_on"], pa.scalar(market.today))
        result[f"feeds/market/{name}"] = whole.filter(known)
        result[f"later/{name}"] = whole.filter(pc.invert(known))
    return result


def truth(season: Season) -> pa.Table:
    """What each film of the slate takes over its whole run; its run may lie after the market."""
    gross = daily(season)
    friday = np.array([(4 - f.release.weekday()) % 7 for f in season.films])
    run_day = np.arange(RUN)
    weekend = (run_day >= friday[:, None]) & (run_day < friday[:, None] + 3)
    return pa.table(
        {
            "film": [f.id for f in season.films],
            "title": [f.title for f in season.films],
            "opening": [f.release for f in season.films],
            "opening_day": gross[:, 0],
            "opening_weekend": np.round((gross * weekend).sum(axis=1), 2),
            "total": np.round(gross.sum(axis=1), 2),
        }
    )


def daily(season: Season) -> Floats:
    """The country's gross by film and day of the run, of whole tickets as `box_office` counts."""
    by_city = np.round(np.round(season.admissions) * season.price, 2)
    result: Floats = np.round(by_city.sum(axis=1), 2)
    return result


def _films(films: Sequence[Film]) -> pa.Table:
    """A row for each film when it is announced, and one on the eve for its cinemas."""
    announced = {
        "film": [f.id for f in films],
        "known_on": [f.release - ANNOUNCED for f in films],
        "territory": [TERRITORY] * len(films),
        "title": [f.title for f in films],
        "opening": [f.release for f in films],
        "plan": [PLAN] * len(films),
        "theaters": pa.nulls(len(films), pa.int64()),
        "distributor": [f.distributor for f in films],
        "genres": ["|".join(g.title() for g in f.genres) for f in films],
        "keywords": ["|".join(f.keywords) for f in films],
        "runtime_minutes": [f.runtime_minutes for f in films],
        "series": pa.array([f.franchise or None for f in films], pa.string()),
        "talent": ["|".join((*f.stars, f.director)) for f in films],
        "budget": [f.budget_usd for f in films],
        "budget_currency": [CURRENCY] * len(films),
        "overview": [f.synopsis for f in films],
    }
    first = pa.table(announced)
    eve = {
        name: pa.nulls(len(films), first.schema.field(name).type) for name in first.column_names
    } | {
        "film": announced["film"],
        "known_on": [f.release - EVE for f in films],
        "territory": announced["territory"],
        "theaters": [f.theaters for f in films],
    }
    return pa.concat_tables([first, pa.table(eve, schema=first.schema)])


def _grosses(market: Market, season: Season) -> pa.Table:
    """A row for each film and day with showings anywhere; known the day after."""
    film, run_day = np.nonzero(season.showings.sum(axis=1))
    day = season.release[film] + run_day
    most = np.array([f.theaters for f in season.films])
    theaters = np.minimum(most[:, None], _theaters(season))
    cell = film, run_day
    return pa.table(
        {
            "film": _ids(season, film),
            "territory": pa.repeat(TERRITORY, len(film)),
            "currency": pa.repeat(CURRENCY, len(film)),
            "day": dates(market, day),
            "gross": daily(season)[cell],
            "theaters": theaters[cell],
            "known_on": dates(market, day + 1),
        }
    )


def _theaters(season: Season) -> Ints:
    """Cinemas by film and day: as many as the showings of each city allow."""
    cinemas = season.cities.cinemas[:, None]
    showing = np.ceil(season.showings / LEAST_SHOWINGS)
    result: Ints = np.minimum(cinemas, showing).sum(axis=1).astype(np.int64)
    return result


def _signals(market: Market, season: Season) -> pa.Table:
    """Tickets sold, and want-to-see marks made, on each day before a release."""
    marks = np.diff(np.round(season.want_counts), axis=1, prepend=0.0)
    kinds = (
        ("presales", PRESALE_DAYS, np.round(presales(season))),
        ("want_to_see", WANT_DAYS, marks),
    )
    return pa.concat_tables([_signal(market, season, *kind) for kind in kinds])


def _signal(market: Market, season: Season, kind: str, days: int, values: Floats) -> pa.Table:
    film, column = (x.reshape(-1) for x in np.indices(values.shape))
    day = season.release[film] - days + column
    return pa.table(
        {
            "film": _ids(season, film),
            "territory": pa.repeat(TERRITORY, len(film)),
            "kind": pa.repeat(kind, len(film)),
            "day": dates(market, day),
            "value": values.reshape(-1).astype(np.int64),
            "known_on": dates(market, day + 1),
        }
    )


def _ids(season: Season, film: Ints) -> pa.Array:
    return codes.chosen(pa.array([f.id for f in season.films]), film)
