"""The files of one day: what all people buy, watch, attend and mark, chunk after chunk."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fullhouse_sim import codes, dirt
from fullhouse_sim.dirt import Columns, Deed
from fullhouse_sim.files import File, open_file
from fullhouse_sim.going import Visits, Wants, going
from fullhouse_sim.goods import goods, product_ids
from fullhouse_sim.kept import column, kept, kept_people
from fullhouse_sim.market import Market
from fullhouse_sim.members import account_ids
from fullhouse_sim.season import Season
from fullhouse_sim.selling import cinema_column, sales, wants
from fullhouse_sim.shopping import purchases
from fullhouse_sim.tables import video_ids
from fullhouse_sim.viewing import Catalogue, catalogue, plays

PIECE_ROWS = 60_000
"""Rows that are formatted and written together; ids go by time within a piece."""
NAMES = {
    "purchases": ("shop/purchases", "parquet", "L"),
    "plays": ("video/plays", "csv.gz", "P"),
    "sales": ("tickets/sales", "csv.gz", "T"),
    "wants": ("tickets/wants", "jsonl.gz", "W"),
}
"""Folder under feeds/, how its files end, and the first letter of the events' ids."""


@dataclass(frozen=True)
class Making:
    """What the tasks of a simulation share: `feeds` is written to, `work` is read."""

    market: Market
    season: Season
    feeds: Path
    work: Path


@dataclass(frozen=True)
class DayDone:
    """Rows by file under feeds/, and what was done to them."""

    rows: dict[str, int] = field(default_factory=dict)
    deeds: list[Deed] = field(default_factory=list)


def write_day(making: Making, day: int) -> DayDone:
    """Write the files of a day of the feeds."""
    files = {event: _DayFile(making, event, day) for event in NAMES}
    out = catalogue(making.market, making.season.films, day)
    for chunk in range(making.market.chunks):
        for event, columns in _chunk(making, out, day, chunk).items():
            files[event].add(columns)
    if dirt.dirty(making.market):
        files["purchases"].add(dirt.bots_buy(making.market, day))
        files["plays"].add(dirt.bots_watch(making.market, day, out.film))
        ghosts = dirt.ghosts(making.market, making.season, day)
        if ghosts:
            files["sales"].add(ghosts, "ghost screening")
    done = DayDone()
    for file in files.values():
        file.close(done)
    return done


def _chunk(making: Making, out: Catalogue, day: int, chunk: int) -> dict[str, Columns]:
    """What the people of a chunk do on a day, by event."""
    market, work = making.market, making.work
    records = kept(work, "people", chunk, "people")
    shop, video, ticketing = (kept(work, s, chunk, "account") for s in ("shop", "video", "tickets"))
    bought = purchases(market, goods(market.seed), shop, day=day, chunk=chunk)
    played = plays(market, out, records, video, day=day, chunk=chunk)
    people = kept_people(records, chunk, tastes=False)
    sold = going(market, making.season, people, Visits(**_of_day(making, "visit", chunk, day)), day)
    marks = Wants(**_of_day(making, "want", chunk, day))
    return {
        "purchases": _numbered(bought, shop),
        "plays": _numbered(played, video),
        "sales": vars(sales(market, people, ticketing, sold, day)),
        "wants": wants(market, people, ticketing, marks, day),
    }


def _of_day(making: Making, kind: str, chunk: int, day: int) -> dict[str, npt.NDArray[np.int64]]:
    records = kept(making.work, kind, chunk, kind)
    which = slice(*np.searchsorted(records["day"], [day, day + 1]).tolist())
    return {name: column(records[which], name) for name in records.dtype.names or ()}


def _numbered(events: object, accounts: npt.NDArray[np.void]) -> Columns:
    """The columns of events, with the accounts' numbers for their places."""
    columns = dict(vars(events))
    columns["number"] = column(accounts[columns.pop("account")], "number")
    return columns


class _DayFile:
    """A day's file of one event, and beside it what comes late; rows are gathered into pieces."""

    def __init__(self, making: Making, event: str, day: int) -> None:
        self.making, self.event, self.day = making, event, day
        self.gathered: list[Columns] = []
        self.waiting = self.written = self.pieces = 0
        self.files: dict[str, File] = {}
        self.paths: dict[str, Path] = {}
        self.deeds: dict[str, int] = {}

    def add(self, columns: Columns, what: str = "") -> None:
        """Append rows; `what` names the dirt they are."""
        self._gather(columns)
        if what:
            self._count(what, len(columns["number"]))
        if self.event == "sales" and dirt.dirty(self.making.market) and not what:
            back = dirt.mass_refund(self.day, columns)
            if back:
                self._count("mass refund", len(back["number"]))
                self._gather(back)
        if self.waiting >= PIECE_ROWS:
            self._flush()

    def close(self, done: DayDone) -> None:
        """Write what is left, and say what was written."""
        if self.waiting or not self.files:
            self._flush()
        for suffix, file in self.files.items():
            file.close()
            done.rows[self._name(suffix)] = file.rows
        if dirt.sent_again(self.making.market, self.event, self.day):
            again = self._path("again")
            shutil.copyfile(self.paths[""], again)
            done.rows[self._name("again")] = self.files[""].rows
            self._count("file sent again", self.files[""].rows)
        name = self._name("")
        done.deeds.extend(Deed(what, name, rows) for what, rows in self.deeds.items())

    def _gather(self, columns: Columns) -> None:
        self.gathered.append(columns)
        self.waiting += len(columns["number"])

    def _count(self, what: str, rows: int) -> None:
        self.deeds[what] = self.deeds.get(what, 0) + rows

    def _flush(self) -> None:
        names = self.gathered[0]
        columns = {n: np.concatenate([g[n] for g in self.gathered]) for n in names}
        order = np.argsort(columns["second"], kind="stable")
        columns = {n: c[order] for n, c in columns.items()}
        table = _TELL[self.event](self.making, self.day, self._ids(len(order)), columns)
        market = self.making.market
        parts, deeds = dirt.spoiled(market, self.event, self.day, self.pieces, table)
        for suffix, part in parts.items():
            self._file(suffix, part.schema).write(part)
        for what, rows in deeds:
            self._count(what, rows)
        self.gathered, self.waiting = [], 0
        self.written += len(order)
        self.pieces += 1

    def _ids(self, count: int) -> pa.Array:
        prefix = NAMES[self.event][2] + f"{self.making.market.day(self.day):%Y%m%d}"
        return codes.digits(prefix, self.written + np.arange(count), 8)

    def _file(self, suffix: str, schema: pa.Schema) -> File:
        if suffix not in self.files:
            self.paths[suffix] = self._path(suffix)
            self.files[suffix] = open_file(self.paths[suffix], schema)
        return self.files[suffix]

    def _path(self, suffix: str) -> Path:
        return self.making.feeds / self._name(suffix)

    def _name(self, suffix: str) -> str:
        folder, ending, _ = NAMES[self.event]
        if dirt.drifted(self.making.market, self.event, self.day):
            folder += "-2"
        date = self.making.market.day(self.day).isoformat()
        return f"{folder}/{date}{'.' * bool(suffix)}{suffix}.{ending}"


def _purchases(making: Making, day: int, ids: pa.Array, of: Columns) -> pa.Table:
    return pa.table(
        {
            "order_line": ids,
            "customer": account_ids(making.market.seed, "shop", of["number"]),
            "ordered_at": _at(making, day, of["second"]),
            "sku": product_ids(of["product"]),
            "units": of["quantity"],
            "price": of["price"],
            "currency": pa.repeat(pa.scalar("USD"), len(ids)),
        }
    )


def _plays(making: Making, day: int, ids: pa.Array, of: Columns) -> pa.Table:
    return pa.table(
        {
            "play": ids,
            "account": account_ids(making.market.seed, "video", of["number"]),
            "started": _at(making, day, of["second"]),
            "film": video_ids(of["film"]),
            "share": of["share"],
            "seconds": of["seconds"],
        }
    )


def _sales(making: Making, day: int, ids: pa.Array, of: Columns) -> pa.Table:
    season = making.season
    films = pa.array([f.id for f in season.films])
    return pa.table(
        {
            "sale": ids,
            "member": account_ids(making.market.seed, "tickets", of["number"]),
            "sold_at": _at(making, day, of["second"]),
            "film": codes.chosen(films, of["film"]),
            "tickets": of["quantity"],
            "price": of["price"],
            "cinema": cinema_column(season, of["city"], of["cinema"]),
            "city": codes.chosen(pa.array(season.cities.names), of["city"]),
            "showing": _at(making, 0, 60 * of["showing"].astype(np.int64)),
            "refunded": of["refunded"],
        }
    )


def _wants(making: Making, day: int, ids: pa.Array, of: Columns) -> pa.Table:
    films = pa.array([f.id for f in making.season.films])
    return pa.table(
        {
            "mark": ids,
            "member": account_ids(making.market.seed, "tickets", of["number"]),
            "at": _at(making, day, of["second"]),
            "film": codes.chosen(films, of["film"]),
        }
    )


_TELL: dict[str, Callable[[Making, int, pa.Array, Columns], pa.Table]] = {
    "purchases": _purchases,
    "plays": _plays,
    "sales": _sales,
    "wants": _wants,
}


def _at(making: Making, day: int, second: npt.NDArray[np.generic]) -> pa.Array:
    """Moments of a day as its clocks show them."""
    start = np.datetime64(making.market.day(day)).astype("datetime64[s]")
    return pa.array(start + second.astype("timedelta64[s]"))
