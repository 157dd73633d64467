"""Who has an account with whom: two platforms with little overlap, a ticket service between."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fullhouse.core.arrays import Flags, Floats, Ints
from fullhouse_sim import codes
from fullhouse_sim.draws import uniforms
from fullhouse_sim.market import Market
from fullhouse_sim.population import People

SOURCES = ("shop", "video", "tickets")
LEAST_AGE = 14
SECOND = 0.02
"""Share of members with a second account, which takes SECOND_USE of what they do."""
SECOND_USE = 0.3
NEW = 0.12
"""Share of accounts that are opened within the feeds' days; others up to OLDEST_DAYS before."""
OLDEST_DAYS = 1500
_SHOP, _VIDEO = (0.0, 0.60), (0.54, 0.94)
"""Of a number drawn for each person: the shop's part and the video platform's; 0.06 have both."""
_TICKETS, _TICKETS_OF_OTHERS = 0.85, 0.97
"""Share with a ticket account, and of those who are on neither platform."""


@dataclass(frozen=True)
class Members:
    """A source's accounts among a chunk's people, in no order that says anything.

    `person` is an index into the chunk, `number` the account's number in the source, `joined` the
    day it was opened, counted from the feeds' first. `share` is the part of what its owner does
    there that goes through this account.
    """

    source: str
    seed: int
    person: Ints
    number: Ints
    joined: Ints
    share: Floats

    def __len__(self) -> int:
        return len(self.person)

    @property
    def ids(self) -> pa.Array:
        """The accounts' ids as the source writes them."""
        return account_ids(self.seed, self.source, self.number)


def members(market: Market, people: People, source: str) -> Members:
    """Who of a chunk has accounts with a source; people under LEAST_AGE have none."""
    who = np.flatnonzero(_belongs(market, people, source))
    numbers = people.person[who]
    again = np.flatnonzero(uniforms(market.seed, numbers, "second", source) < SECOND)
    has_two = np.zeros(len(who), np.bool_)
    has_two[again] = True
    person = np.concatenate([who, who[again]])
    number = np.concatenate([2 * numbers, 2 * numbers[again] + 1])
    first = np.where(has_two, 1 - SECOND_USE, 1.0)
    share = np.concatenate([first, np.full(len(again), SECOND_USE)])
    order = np.argsort(codes.scrambled(number, market.seed, source))
    number = number[order]
    return Members(
        source, market.seed, person[order], number, _joined(market, number, source), share[order]
    )


def account_ids(seed: int, source: str, numbers: npt.NDArray[np.integer]) -> pa.Array:
    """Ids of accounts by their numbers: a letter for the source, then what tells nothing."""
    return codes.letters(source[0].upper(), codes.scrambled(numbers, seed, source))


def _belongs(market: Market, people: People, source: str) -> Flags:
    u = uniforms(market.seed, people.person, "platform")
    if source == "tickets":
        neither = u >= _VIDEO[1]
        uniform = uniforms(market.seed, people.person, "tickets")
        belongs = uniform < np.where(neither, _TICKETS_OF_OTHERS, _TICKETS)
    else:
        low, high = _SHOP if source == "shop" else _VIDEO
        belongs = (low <= u) & (u < high)
    return belongs & (people.age >= LEAST_AGE)


def _joined(market: Market, number: Ints, source: str) -> Ints:
    u = uniforms(market.seed, number, "joined", source)
    late = (u / NEW * market.days).astype(np.int64)
    early = -1 - ((u - NEW) / (1 - NEW) * OLDEST_DAYS).astype(np.int64)
    return np.where(u < NEW, late, early)
