"""Tables that are written once: places, films, products, and the country's box office."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fullhouse.core.arrays import Ints
from fullhouse_sim import codes
from fullhouse_sim.film import Film
from fullhouse_sim.going import presales
from fullhouse_sim.goods import goods
from fullhouse_sim.market import MARKET_PEOPLE, Market
from fullhouse_sim.season import PRESALE_DAYS, WANT_DAYS, Season


def once(market: Market, season: Season) -> dict[str, pa.Table]:
    """Every table that is written once, by its place under feeds/."""
    return {
        "market/cities.csv": _cities(season),
        "market/cinemas.csv": _cinemas(season),
        "market/box_office.parquet": _box_office(market, season),
        "market/presales.csv": _before(
            market, season, PRESALE_DAYS, np.round(presales(season)), "tickets"
        ),
        "market/want_to_see.csv": _before(
            market, season, WANT_DAYS, np.round(season.want_counts), "marks_so_far"
        ),
        "tickets/films.csv": _films(season.films),
        "video/films.csv": _video_films(season.films),
        "shop/products.jsonl.gz": _products(market),
        "shop/categories.csv": _categories(market),
    }


def video_ids(film: npt.NDArray[np.integer]) -> pa.Array:
    """What the video platform calls the films of some numbers; it does not use others' ids."""
    return codes.digits("M", film.astype(np.int64), 4)


def _cities(season: Season) -> pa.Table:
    where = season.cities
    return pa.table(
        {
            "city": where.names,
            "region": where.regions,
            "tier": where.tier + 1,
            "people": np.round(where.share * MARKET_PEOPLE).astype(np.int64),
            "screens": where.screens,
            "cinemas": where.cinemas,
        }
    )


def _cinemas(season: Season) -> pa.Table:
    where = season.cities
    city = np.repeat(np.arange(len(where)), where.cinemas)
    number = np.arange(len(city)) - np.repeat(
        np.cumsum(where.cinemas) - where.cinemas, where.cinemas
    )
    each, more = where.screens // where.cinemas, where.screens % where.cinemas
    return pa.table(
        {
            "cinema": [
                where.cinema(c, n) for c, n in zip(city.tolist(), number.tolist(), strict=True)
            ],
            "city": codes.chosen(pa.array(where.names), city),
            "screens": each[city] + (number < more[city]),
        }
    )


def _box_office(market: Market, season: Season) -> pa.Table:
    """A row for each film, city and day with showings, up to today; the whole country's."""
    film, city, run_day = np.nonzero(season.showings)
    day = season.release[film] + run_day
    order = np.lexsort((city, film, day))
    order = order[day[order] < market.days]
    film, city, run_day, day = (x[order] for x in (film, city, run_day, day))
    cell = film, city, run_day
    tickets = np.round(season.admissions[cell]).astype(np.int64)
    ids = pa.array([f.id for f in season.films])
    return pa.table(
        {
            "film": codes.chosen(ids, film),
            "city": codes.chosen(pa.array(season.cities.names), city),
            "day": dates(market, day),
            "admissions": tickets,
            "gross": np.round(tickets * season.price[cell], 2),
            "showings": season.showings[cell].astype(np.int64),
            "seats": season.seats[cell].astype(np.int64),
        }
    )


def _before(
    market: Market, season: Season, days: int, values: npt.NDArray[np.float64], name: str
) -> pa.Table:
    """A row for each film and day before its release, up to today; the whole country's."""
    film, column = (x.reshape(-1) for x in np.indices(values.shape))
    day = season.release[film] - days + column
    known = day < market.days
    ids = pa.array([f.id for f in season.films])
    return pa.table(
        {
            "film": codes.chosen(ids, film[known]),
            "day": dates(market, day[known]),
            name: values.reshape(-1)[known].astype(np.int64),
        }
    )


def _films(films: tuple[Film, ...]) -> pa.Table:
    columns = {
        "film": [f.id for f in films],
        "title": [f.title for f in films],
        "release": [f.release for f in films],
        "genres": ["|".join(f.genres) for f in films],
        "synopsis": [f.synopsis for f in films],
        "keywords": ["|".join(f.keywords) for f in films],
        "director": [f.director for f in films],
        "stars": ["|".join(f.stars) for f in films],
        "star_power": [round(f.star_power, 3) for f in films],
        "franchise": [f.franchise for f in films],
        "part": [f.part for f in films],
        "distributor": [f.distributor for f in films],
        "runtime_minutes": [f.runtime_minutes for f in films],
        "budget_usd": [f.budget_usd for f in films],
        "theaters": [f.theaters for f in films],
    }
    return pa.table(columns)


def _video_films(films: tuple[Film, ...]) -> pa.Table:
    return pa.table(
        {
            "film": video_ids(np.arange(len(films))),
            "title": [f.title for f in films],
            "year": [f.release.year for f in films],
            "genres": ["|".join(f.genres) for f in films],
        }
    )


def _products(market: Market) -> pa.Table:
    shop = goods(market.seed)
    paths = pa.array([p.replace(" > ", "/") for p in shop.leaves])
    return pa.table(
        {
            "sku": shop.ids,
            "title": shop.titles,
            "category": codes.chosen(paths, shop.leaf),
            "brand": [t.split(" ", maxsplit=1)[0] for t in shop.titles],
            "price": shop.price,
        }
    )


def _categories(market: Market) -> pa.Table:
    path, level, above = zip(*goods(market.seed).categories(), strict=True)
    return pa.table({"category": path, "level": level, "above": above})


def dates(market: Market, day: Ints) -> pa.Array:
    """The calendar days of day numbers; 0 is the first day of the feeds' events."""
    first = np.datetime64(market.first_day)
    return pa.array((first + day).astype("datetime64[D]"))
