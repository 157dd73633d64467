"""Whether signs of gaming are said where there is gaming, and nowhere else.

python -m benchmarks.gaming [--seeds N] [--first-seed N] [--people N] [--days N]

For each seed a clean house is filled from the simulated market and looked at; then the simulator's
robots and ghost screenings are added, and it is looked at again. Counted are clean houses with any
sign, and houses in which robots of the shop, robots of the video platform and ghost screenings were
each counted exactly.
"""

import argparse
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.measure import machine, table
from benchmarks.simulated_house import House, house
from fullhouse.core.arrays import Ints
from fullhouse.core.tables import PURCHASE, TICKET, VIEW, Table
from fullhouse.feeds.find_gaming import gaming_signs
from fullhouse.feeds.gaming import BulkSales, BusyAccounts
from fullhouse_sim import dirt
from fullhouse_sim.market import Market
from fullhouse_sim.season import season


def add(made: House) -> dict[str, int]:
    """Add what robots and ghosts do; events by kind."""
    market, added = made.market, dict.fromkeys(("purchase", "view", "ticket"), 0)
    for day in range(market.days):
        buys, plays = dirt.bots_buy(market, day), dirt.bots_watch(market, day, np.arange(5))
        sales = dirt.ghosts(market, season(market), day)
        for into, of, source, extra in (
            (PURCHASE, buys, "shop", {"product": "p", "quantity": 1.0}),
            (VIEW, plays, "video", {"film": "f"}),
            (TICKET, sales, "tickets", {"film": "g", "quantity": float(dirt.TICKETS_EACH)}),
        ):
            if of is not None:
                numbers = np.asarray(of["number"], np.int64) - dirt.FIRST_BOT
                _append(made, into, source, numbers, day, extra)
                added[into.name] += len(numbers)
    return added


def _append(
    made: House, into: Table, source: str, numbers: Ints, day: int, extra: Mapping[str, object]
) -> None:
    ids = dirt.bot_ids(made.market, source).take(pa.array(numbers))
    when = made.market.day(day)
    fixed = {"source": source, "day": when, "at": when, "batch": "gaming", **extra}
    rows = pa.table({"account": ids})
    for field in into.schema:
        if field.name == "account":
            continue
        if field.name == "event_id":
            values = pa.array([f"g{day}-{i}" for i in range(len(ids))])
        else:
            values = pa.array([fixed.get(field.name)] * len(ids))
        rows = rows.append_column(field.name, values.cast(field.type))
    made.workspace.lake.append(into, rows.select(into.names).cast(into.schema), batch=f"g{day}")


def judge(market: Market) -> tuple[int, dict[str, bool]]:
    """How many signs the clean house has; which of the planted ones are counted exactly."""
    with tempfile.TemporaryDirectory(prefix="fullhouse-gaming-") as work:
        made = house(market, Path(work) / "house")
        engine, lake = made.workspace.engine, made.workspace.lake
        before = gaming_signs(engine, lake)
        added = add(made)
        signs = gaming_signs(engine, lake)
        made.workspace.close()
        season.cache_clear()
    busy = {s.kind: s.events for s in signs if isinstance(s, BusyAccounts)}
    bulk = sum(s.sales for s in signs if isinstance(s, BulkSales))
    exact = {k: busy.get(k) == added[k] for k in ("purchase", "view")}
    return len(before), exact | {"ghosts": bulk == added["ticket"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=60)
    asked = parser.parse_args()
    print(f"Signs of gaming, {machine()}; simulated.\n")
    results = [
        judge(Market(people=asked.people, days=asked.days, past_films=60, seed=seed))
        for seed in range(asked.first_seed, asked.first_seed + asked.seeds)
    ]
    rows = [("clean houses with any sign", f"{sum(n > 0 for n, _ in results)} of {len(results)}")]
    for what in ("purchase", "view", "ghosts"):
        exact = sum(r[what] for _, r in results)
        rows.append((f"{what}: counted exactly", f"{exact} of {len(results)}"))
    print(table(("simulated", "measured"), rows))


if __name__ == "__main__":
    main()
