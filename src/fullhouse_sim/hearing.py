"""What a house sees of who has heard of a film: trailers, searches; and games played.

Of most films only the share of a city that has heard is known, and all its people go by that. A
film with `heard` has people who have heard of it and people who have not, by group: those who have
not do not go, mark or search, unless a campaign reaches them.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from fullhouse.core.arrays import Floats, Ints
from fullhouse_sim import codes
from fullhouse_sim.draws import uniforms
from fullhouse_sim.film import Film, has_heard, saw_trailer, weights
from fullhouse_sim.market import Market
from fullhouse_sim.members import Members
from fullhouse_sim.population import People

TRAILER_DAYS = (70, 30)
"""The days before the last one between which the trailer is shown."""
SEARCHES = 0.05
"""Chance that somebody of mean draw who has heard of the film searches for it."""
GAMES = ("Kite Harbour", "Nine Locks", "Orchard Rows", "Small Hours", "Tin Parade", "Wren and Fox")
GENRES = ("Adventure", "Puzzle", "Puzzle", "Adventure", "Strategy", "Children")
PLAYS = 4
"""Games that somebody with the hobby plays in the last months."""


def trailers(market: Market, film: Film, people: People, of: Members) -> pa.Table:
    """The trailer views of a chunk's accounts: who likes the film watches more of it."""
    who = np.flatnonzero(saw_trailer(film, people)[of.person])
    uniform = _uniforms(market, of, who)
    draw = np.minimum(weights(film, people)[of.person[who]], 9.0)
    first, last = TRAILER_DAYS
    day = market.days - 1 - (last + (first - last) * uniform("trailer day")).astype(np.int64)
    share = uniform("trailer share") ** (1 / (1 + draw))
    columns = {"film": [film.id] * len(who), "share": np.round(share, 2)}
    return _events(market, of, who, day, "R", columns)


def searches(market: Market, film: Film, people: People, of: Members) -> pa.Table:
    """The searches of a chunk's accounts for the film, by those who have heard of it."""
    heard = has_heard(film, people) & ~(weights(film, people) <= 0)
    odds = SEARCHES * np.minimum(weights(film, people), 9.0) * heard
    every = np.arange(len(of))
    who = np.flatnonzero(_uniforms(market, of, every)("searches") < odds[of.person])
    uniform = _uniforms(market, of, who)
    day = market.days - 1 - (28 * uniform("search day")).astype(np.int64)
    title = np.where(uniform("search words") < 0.5, film.title.lower(), f"{film.title} trailer")
    return _events(market, of, who, day, "Q", {"words": pa.array(title.tolist(), pa.string())})


def games(market: Market, people: People, of: Members) -> pa.Table:
    """The games that a chunk's accounts play: those of people with the hobby."""
    players = np.flatnonzero(people.has("games")[of.person])
    who = np.repeat(players, PLAYS)
    place = np.tile(np.arange(PLAYS), len(players))
    u = (_uniforms(market, of, who)("game") + 0.618034 * place) % 1
    day = market.days - 1 - (min(90, market.days) * u).astype(np.int64)
    game = (len(GAMES) * ((u + 0.317 * place) % 1)).astype(np.int64)
    return _events(market, of, who, day, "G", {"game": codes.chosen(_games(), game)})


def game_titles() -> pa.Table:
    """The games' catalogue."""
    return pa.table({"game": _games(), "name": list(GAMES), "genre": list(GENRES)})


def _games() -> pa.Array:
    return pa.array([f"G{i:03d}" for i in range(len(GAMES))])


def _uniforms(market: Market, of: Members, who: Ints) -> Callable[[str], Floats]:
    return lambda what: uniforms(market.seed, of.number[who], what, of.source)


def _events(
    market: Market, of: Members, who: Ints, day: Ints, letter: str, columns: dict[str, Any]
) -> pa.Table:
    """Rows with the account, an id and a moment; those before the account was opened left out."""
    inside = (day >= 0) & (day >= of.joined[who])
    minute = (480 + 900 * _uniforms(market, of, who)("moment")).astype(np.int64)
    start = np.datetime64(market.first_day).astype("datetime64[s]")
    at = start + (60 * (1440 * day + minute)).astype("timedelta64[s]")
    order = np.arange(len(who)) - np.searchsorted(who, who)
    number = of.number[who] * PLAYS + np.minimum(order, PLAYS - 1)
    table = pa.table(
        {
            "id": codes.digits(letter, number, 12),
            "account": codes.chosen(of.ids, who),
            "at": pa.array(at),
            **columns,
        }
    )
    return table.filter(pa.array(inside))
