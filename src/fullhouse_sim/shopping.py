"""What a chunk's people buy on a day."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fullhouse.core.arrays import Floats, Ints
from fullhouse_sim import moments
from fullhouse_sim.draws import stream
from fullhouse_sim.goods import Goods
from fullhouse_sim.kept import column
from fullhouse_sim.market import Market
from fullhouse_sim.population import HOBBIES

A_YEAR = 26.0
"""Purchases a year of a member of mean activity."""
OWN_SD = 0.5
"""How differently people of one activity use one source: standard deviation of the log."""
MOST = 60.0
"""No account does more than so many times the mean."""


@dataclass(frozen=True)
class Purchases:
    """Lines of orders; `account` is a place among the chunk's accounts with the shop."""

    account: Ints
    second: Ints
    product: Ints
    quantity: Ints
    price: Floats

    def __len__(self) -> int:
        return len(self.account)


def rates(market: Market, activity: Floats, source: str, chunk: int) -> Floats:
    """How much each account of a chunk does in its source, to the mean."""
    own = stream(market.seed, "use", source, chunk).normal(0, OWN_SD, len(activity))
    return np.minimum(activity * np.exp(own - OWN_SD**2 / 2), MOST)


def picked(g: np.random.Generator, cumulative: Floats, times: float) -> Ints:
    """Who does something and how often: Poisson counts at the cumulated rates, in order."""
    cumulative = np.ascontiguousarray(cumulative)
    if not len(cumulative):
        return np.zeros(0, np.int64)
    count = g.poisson(times * cumulative[-1])
    points = np.sort(g.random(count)) * cumulative[-1]
    place = np.searchsorted(cumulative, points, side="right")
    result: Ints = np.minimum(place, len(cumulative) - 1)
    return result


def purchases(
    market: Market,
    goods: Goods,
    accounts: npt.NDArray[np.void],
    *,
    day: int,
    chunk: int,
) -> Purchases:
    """A day's purchases by a chunk's accounts with the shop, as they were kept."""
    g = stream(market.seed, "purchases", day, chunk)
    who = picked(g, accounts["rate"], A_YEAR / 365 * moments.shopping(market.day(day)))
    second = moments.shopping_seconds(g, len(who))
    leaf = leaves(goods, column(accounts[who], "hobbies"), *g.random((2, len(who))))
    # The first products of a leaf sell most.
    product = goods.first[leaf] + (goods.count[leaf] * g.random(len(who)) ** 1.7).astype(np.int64)
    quantity = 1 + (g.random(len(who)) < 0.18) + (g.random(len(who)) < 0.05)
    off = np.where(g.random(len(who)) < 0.1, 0.8, 1.0)
    price = np.round(goods.price[product] * off, 2)
    result = Purchases(who, second, product, quantity.astype(np.int64), price)
    there = accounts["joined"][who] <= day
    return Purchases(**{k: v[there] for k, v in vars(result).items()})


def leaves(goods: Goods, hobbies: Ints, part: Floats, place: Floats) -> Ints:
    """The category of each purchase from two numbers in (0, 1): for which hobby, if any, and which.

    Somebody's hobby multiplies its categories' shares; shares are then made to sum to 1, so that
    hobbies move what is bought and not how much.
    """
    has = (hobbies[:, None] >> np.arange(len(HOBBIES))) & 1
    ends = 1 + np.cumsum(has * goods.extra, axis=1)
    point = part * ends[:, -1]
    number = (point >= 1) + (ends[:, :-1] <= point[:, None]).sum(axis=1)
    at = np.searchsorted(goods.parts, number + place, side="right")
    result: Ints = np.minimum(at - number * len(goods.leaves), len(goods.leaves) - 1)
    return result
