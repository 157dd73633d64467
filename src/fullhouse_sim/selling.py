"""What the ticket service's feeds say of a day: sales, refunds and want-to-see marks."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fullhouse.core.arrays import Flags, Floats, Ints
from fullhouse_sim import codes
from fullhouse_sim.draws import uniforms
from fullhouse_sim.going import Tickets, Wants
from fullhouse_sim.market import Market
from fullhouse_sim.members import SECOND_USE
from fullhouse_sim.population import People
from fullhouse_sim.season import Season


@dataclass(frozen=True)
class Sales:
    """Rows of the sales feed: tickets sold by the accounts with these numbers, and given back."""

    number: Ints
    second: Ints
    film: Ints
    quantity: Ints
    price: Floats
    city: Ints
    cinema: Ints
    showing: Ints
    refunded: Flags

    def __len__(self) -> int:
        return len(self.number)


def account_of(
    market: Market, accounts: npt.NDArray[np.void], people: People, buyer: Ints, day: int
) -> Ints:
    """The number of the account each buyer uses on a day, -1 where they have none by then.

    `accounts` are the chunk's with the ticket service, as they were kept: by owner.
    """
    first = np.searchsorted(accounts["person"], buyer)
    number = np.full((2, len(buyer)), -1)
    for i in (0, 1):
        place = np.minimum(first + i, len(accounts) - 1)
        there = (accounts["person"][place] == buyer) & (accounts["joined"][place] <= day)
        number[i, there] = accounts["number"][place][there]
    u = uniforms(market.seed, people.person[buyer], "which account", day)
    other = (number[1] >= 0) & ((u < SECOND_USE) | (number[0] < 0))
    seller: Ints = np.where(other, number[1], number[0])
    return seller


def sales(
    market: Market, people: People, accounts: npt.NDArray[np.void], sold: Tickets, day: int
) -> Sales:
    """The sales of a day that go through an account; others are paid at the counter."""
    number = account_of(market, accounts, people, sold.buyer, day)
    known = number >= 0
    back = known & sold.refunded
    showing = sold.showing_day * 1440 + sold.showing_minute

    def both(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.concatenate([column[known], column[back]])

    minute = np.concatenate([sold.minute[known], sold.refund_minute[back]])
    return Sales(
        number=both(number),
        second=60 * minute,
        film=both(sold.film),
        quantity=both(sold.quantity),
        price=both(sold.unit_price),
        city=both(sold.city),
        cinema=both(sold.cinema),
        showing=both(showing),
        refunded=np.arange(len(minute)) >= known.sum(),
    )


def wants(
    market: Market, people: People, accounts: npt.NDArray[np.void], marks: Wants, day: int
) -> dict[str, npt.NDArray[Any]]:
    """The want-to-see marks of a day that are made through an account: number, second, film."""
    number = account_of(market, accounts, people, marks.person, day)
    known = number >= 0
    return {
        "number": number[known],
        "second": 60 * marks.minute[known],
        "film": marks.film[known],
    }


def cinema_ids(season: Season) -> tuple[pa.Array, Ints]:
    """The ids of all cinemas, and where each city's begin."""
    where = season.cities
    ids = [where.cinema(c, n) for c in range(len(where)) for n in range(int(where.cinemas[c]))]
    return pa.array(ids), np.cumsum(where.cinemas) - where.cinemas


def cinema_column(season: Season, city: Ints, cinema: Ints) -> pa.Array:
    """The cinemas of each row by city and number within the city."""
    ids, first = cinema_ids(season)
    return codes.chosen(ids, first[city] + cinema)
