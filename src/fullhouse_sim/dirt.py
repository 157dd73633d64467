"""What real houses' files have that clean ones do not; only in the scenario dirty-data.

Each day's files are spoiled by a calendar, so that every kind of dirt is there in any two months.
All that is done is recorded in truth/dirt.json.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute

from fullhouse.core.arrays import Ints
from fullhouse_sim.draws import stream
from fullhouse_sim.goods import goods
from fullhouse_sim.market import Market
from fullhouse_sim.members import account_ids
from fullhouse_sim.places import TIER_CITIES
from fullhouse_sim.season import RUN, Season

Columns = dict[str, npt.NDArray[Any]]

EVENTS = ("purchases", "plays", "sales", "wants")
TIMES = {"purchases": "ordered_at", "plays": "started", "sales": "sold_at", "wants": "at"}
FIRST_BOT = 2**31
"""Accounts with such numbers and above belong to nobody."""
BOTS, PURCHASES_A_DAY, PLAYS_A_DAY = 3, 40, 90
GHOSTS, TICKETS_EACH, GHOST_MINUTE = 3, 40, 1425
LATE_SHARE, DOUBLED_SHARE, SKEWED_SHARE, BAD_CLOCK_SHARE = 0.4, 0.03, 0.05, 0.01
SKEW_HOURS = 7
DRIFT_FROM = 0.6
"""Share of the days after which the shop's files have other columns."""
RENAMED = {"customer": "customer_id", "sku": "item", "price": "each"}


@dataclass(frozen=True)
class Deed:
    """What was done to how many rows of a file."""

    what: str
    file: str
    rows: int


def dirty(market: Market) -> bool:
    """Whether the market's files are spoiled."""
    return market.scenario == "dirty-data"


def drifted(market: Market, event: str, day: int) -> bool:
    """Whether the files of an event have their new columns on a day."""
    return dirty(market) and event == "purchases" and day >= DRIFT_FROM * market.days


def sent_again(market: Market, event: str, day: int) -> bool:
    """Whether a day's file is delivered a second time under another name."""
    return dirty(market) and _on(event, day, 19)


def spoiled(
    market: Market, event: str, day: int, piece: int, table: pa.Table
) -> tuple[dict[str, pa.Table], list[tuple[str, int]]]:
    """A piece of a day's file, by file ('' the day's own, 'late'), and what was done to it."""
    if not dirty(market):
        return {"": table}, []
    g = stream(market.seed, "dirt", event, day, piece)
    deeds: list[tuple[str, int]] = []
    if drifted(market, event, day):
        table = _renamed(g, table)
        deeds.append(("renamed columns", table.num_rows))
    if _on(event, day, 11):
        skewed = g.random(table.num_rows) < SKEWED_SHARE
        table = _moved(table, event, skewed, 3600 * SKEW_HOURS)
        deeds.append((f"clock {SKEW_HOURS} hours ahead", int(skewed.sum())))
    if _on(event, day, 23):
        wrong = g.random(table.num_rows) < BAD_CLOCK_SHARE
        wrong[: piece == 0] = True
        ahead = datetime(2199, 1, 1) - datetime.combine(market.day(day), datetime.min.time())  # noqa: DTZ001
        table = _moved(table, event, wrong, int(ahead.total_seconds()) - 86_400)
        deeds.append(("clock in another century: refused", int(wrong.sum())))
    if _on(event, day, 13):
        again = np.flatnonzero(g.random(table.num_rows) < DOUBLED_SHARE)
        table = pa.concat_tables([table, table.take(pa.array(again))])
        deeds.append(("rows doubled", len(again)))
    if _on(event, day, 17):
        late = pa.array(g.random(table.num_rows) < LATE_SHARE)
        held = table.filter(late)
        deeds.append(("rows late", held.num_rows))
        return {"": table.filter(pa.compute.invert(late)), "late": held}, deeds
    return {"": table}, deeds


def bot_ids(market: Market, source: str) -> pa.Array:
    """The accounts that belong to nobody: robots, and the buyers of ghost screenings."""
    return account_ids(market.seed, source, FIRST_BOT + np.arange(max(BOTS, GHOSTS)))


def bots_buy(market: Market, day: int) -> Columns:
    """What the shop's robots order on a day, each one thing only."""
    count = BOTS * PURCHASES_A_DAY
    g = stream(market.seed, "shop bots", day)
    which = np.arange(count) % BOTS
    product = stream(market.seed, "shop bots").integers(len(goods(market.seed)), size=BOTS)[which]
    return {
        "number": FIRST_BOT + which,
        "second": np.sort(g.integers(86_400, size=count)),
        "product": product,
        "quantity": np.ones(count, np.int64),
        "price": goods(market.seed).price[product],
    }


def bots_watch(market: Market, day: int, films: Ints) -> Columns:
    """What the video platform's robots play on a day, each one film only, for half a minute."""
    count = BOTS * PLAYS_A_DAY * bool(len(films))
    g = stream(market.seed, "video bots", day)
    which = np.arange(count) % BOTS
    film = films[which % len(films)] if count else which
    return {
        "number": FIRST_BOT + which,
        "second": np.sort(g.integers(86_400, size=count)),
        "film": film,
        "share": np.full(count, 0.01),
        "seconds": np.full(count, 31),
    }


def ghosts(market: Market, season: Season, day: int) -> Columns | None:
    """Midnight showings of a weak film that few accounts buy out."""
    if not _on("sales", day, 29):
        return None
    city = int(stream(market.seed, "ghosts", day).integers(len(season.cities)))
    age = day - season.release
    running = np.flatnonzero((age >= 0) & (age < RUN))
    running = running[season.showings[running, city, age[running]] > 0]
    if not len(running):
        return None
    film = running[np.argmin(season.admissions[running, city, age[running]])]
    price = season.price[film, city, age[film]]
    return {
        "number": FIRST_BOT + np.arange(GHOSTS),
        "second": np.full(GHOSTS, 60 * (GHOST_MINUTE - 20)) + np.arange(GHOSTS),
        "film": np.full(GHOSTS, film),
        "quantity": np.full(GHOSTS, TICKETS_EACH),
        "price": np.full(GHOSTS, price),
        "city": np.full(GHOSTS, city),
        "cinema": np.zeros(GHOSTS, np.int64),
        "showing": np.full(GHOSTS, 1440 * day + GHOST_MINUTE),
        "refunded": np.zeros(GHOSTS, np.bool_),
    }


def mass_refund(day: int, sales: Columns) -> Columns | None:
    """Everything sold that day in the cities of the first tier, given back before midnight."""
    if not _on("sales", day, 31):
        return None
    back = (sales["city"] < TIER_CITIES[0]) & ~sales["refunded"].astype(bool)
    refunds = {name: column[back] for name, column in sales.items()}
    refunds["refunded"] = np.ones(int(back.sum()), np.bool_)
    refunds["second"] = np.full(int(back.sum()), 86_399)
    return refunds


def by_hand(market: Market) -> tuple[str, int]:
    """The text of a sales file that somebody typed, and how many of its rows must be refused."""
    member = bot_ids(market, "tickets")[0].as_py()
    on = market.day(market.days // 2).isoformat()
    good = {"sale": "HAND1", "member": member, "sold_at": f"{on}T12:00", "tickets": "1"}
    good |= {"film": "F00001", "price": "9.5", "cinema": "cin-00-00", "city": "?"}
    good |= {"showing": f"{on}T20:00", "refunded": "false"}
    changes = (
        {"tickets": "-3"}, {"sold_at": "yesterday"}, {"sold_at": "2199-01-01T00:00"},
        {"tickets": "a few"}, {"member": ""}, {"price": "-1"},
    )  # fmt: skip
    rows = [good, *({**good, **c, "sale": f"HAND{i + 2}"} for i, c in enumerate(changes))]
    names = ("sale", "member", "sold_at", "film", "tickets", "price", "cinema", "city", "showing",
             "refunded")  # fmt: skip
    lines = [",".join(names), *(",".join(row[n] for n in names) for row in rows)]
    return "\n".join(lines) + "\n", len(changes)


def _on(event: str, day: int, every: int) -> bool:
    """Whether this kind of dirt, which comes every so many days, comes to an event's file."""
    return (day + 3 * EVENTS.index(event)) % every == every // 2


def _moved(table: pa.Table, event: str, which: npt.NDArray[np.bool_], seconds: int) -> pa.Table:
    place = table.column_names.index(TIMES[event])
    moved = table.column(place).cast(pa.int64()).to_numpy() + np.where(which, seconds, 0)
    return table.set_column(place, TIMES[event], pa.array(moved).cast(pa.timestamp("s")))


def _renamed(g: np.random.Generator, table: pa.Table) -> pa.Table:
    names = [RENAMED.get(name, name) for name in table.column_names]
    channel = pa.array(["web", "app"]).take(pa.array(g.integers(2, size=table.num_rows)))
    return table.rename_columns(names).append_column("channel", channel)
