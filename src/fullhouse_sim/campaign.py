"""A campaign as it is handed to the simulated market: lines, channels and deliveries."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from fullhouse.core.arrays import Flags, Ints
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse_sim.market import Market


@dataclass(frozen=True)
class Channel:
    """How a channel reaches people, and what an impression on it does.

    `reach` is the rate at which somebody delivered to is reached at all; `bias` how that grows
    with the log of their draw to the film: channels show an advertisement to those likely to act.
    `strength` is the dose of an impression, `clicks` the share of impressions clicked.
    """

    reach: float
    bias: float
    strength: float
    clicks: float


CHANNELS = {
    "push": Channel(0.8, 0.2, 0.12, 0.030),
    "email": Channel(0.5, 0.2, 0.10, 0.020),
    "banner": Channel(1.2, 0.5, 0.03, 0.003),
    "pre-roll": Channel(0.9, 0.2, 0.10, 0.008),
    "social": Channel(1.0, 0.8, 0.07, 0.012),
}
ARMS = ("treated", "held_out")
MOST_FREQUENT = 100
COLUMNS = {
    "source": "the account's source, such as shop, video or tickets",
    "account": "the account's id in its source",
    "line": "the line of the plan; all its rows have one audience and one channel",
    "audience": "the audience",
    "channel": "one of: " + ", ".join(CHANNELS),
    "arm": "treated or held_out; only the treated are shown anything",
    "day": "the first day of delivery, after the market's last day",
    "frequency": "impressions booked, over a week from that day, 1 to 100",
}
"""What a file of deliveries has: Parquet, or CSV (also .gz) with a header. Others are ignored."""


@dataclass(frozen=True)
class Line:
    """A line: one audience on one channel."""

    name: str
    audience: str
    channel: str


@dataclass(frozen=True)
class Deliveries:
    """Rows of a campaign in order of people: a person of the simulated market, a line, and when.

    `row` points at the row of the file that was read. A person may have several rows.
    """

    lines: tuple[Line, ...]
    person: Ints
    line: Ints
    treated: Flags
    day: Ints
    frequency: Ints
    row: Ints

    def __len__(self) -> int:
        return len(self.person)

    def between(self, first: int, end: int) -> "Deliveries":
        """The rows of people from `first` to before `end`."""
        which = slice(*np.searchsorted(self.person, [first, end]).tolist())
        arrays = {k: v[which] for k, v in vars(self).items() if k != "lines"}
        return Deliveries(self.lines, **arrays)


def deliveries(
    market: Market,
    lines: Sequence[Line],
    *,
    person: Ints,
    line: Ints,
    treated: Flags,
    day: Ints,
    frequency: Ints,
) -> Deliveries:
    """A campaign from arrays, checked; days count from the first day of the feeds."""
    for given in lines:
        if given.channel not in CHANNELS:
            raise InputError(
                f"There is no channel {given.channel!r}.{did_you_mean(given.channel, CHANNELS)}"
                f" Channels: {', '.join(CHANNELS)}."
            )
    _within("person", person, 0, market.people - 1)
    _within("line", line, 0, len(lines) - 1)
    _within("frequency", frequency, 1, MOST_FREQUENT)
    if len(day) and day.min() < market.days:
        raise InputError(
            f"A delivery is on {market.day(int(day.min()))}: days must be after {market.today},"
            " the market's last."
        )
    order = np.argsort(person, kind="stable")
    return Deliveries(
        tuple(lines),
        person[order],
        line[order],
        treated[order],
        day[order],
        frequency[order],
        order,
    )


def read_deliveries(
    market: Market, paths: Path | Sequence[Path], owners: Path
) -> tuple[Deliveries, pa.Table]:
    """The campaigns of files, all of them together, and their rows.

    Accounts are looked up in the market's truth.
    """
    paths = [paths] if isinstance(paths, Path) else list(paths)
    tables = [_checked(path) for path in paths]
    rows = pa.concat_tables(tables)
    lines, line = _lines(rows, paths[-1])
    first = market.first_day.toordinal()
    epoch = np.datetime64("1970-01-01", "D").astype(object).toordinal()
    day = rows["day"].cast(pa.int32()).to_numpy().astype(np.int64)
    owners_of = deliveries(
        market,
        lines,
        person=np.concatenate(
            [_persons(table, owners, path) for table, path in zip(tables, paths, strict=True)]
        ),
        line=line,
        treated=pc.equal(rows["arm"], "treated").to_numpy(),
        day=day + epoch - first,
        frequency=rows["frequency"].to_numpy(),
    )
    return owners_of, rows


def _checked(path: Path) -> pa.Table:
    """The rows of a file, with all columns, of their types, and known arms."""
    rows = _read(path)
    missing = [c for c in COLUMNS if c not in rows.column_names]
    if missing:
        raise InputError(
            f"{path.name} has no column {', '.join(missing)}. Needed: {', '.join(COLUMNS)}."
        )
    rows = _typed(rows.select(list(COLUMNS)), path)
    empty = [c for c in COLUMNS if rows[c].null_count]
    if empty:
        raise InputError(f"{path.name} has empty values in {', '.join(empty)}.")
    unknown = set(pc.unique(rows["arm"]).to_pylist()) - set(ARMS)
    if unknown:
        raise InputError(f"{path.name} has the arm {min(unknown)!r}. Arms: {', '.join(ARMS)}.")
    return rows


def _read(path: Path) -> pa.Table:
    if not path.exists():
        raise InputError(f"There is no file {path}.")
    try:
        if path.suffix == ".parquet":
            return pa.parquet.read_table(path)
        text = dict.fromkeys(
            ("source", "account", "line", "audience", "channel", "arm"), pa.string()
        )
        kept = pa.csv.ConvertOptions(column_types=text | {"day": pa.date32()})
        return pa.csv.read_csv(path, convert_options=kept)
    except pa.ArrowInvalid as error:
        raise InputError(f"{path.name} cannot be read as deliveries: {error}") from None


def _typed(rows: pa.Table, path: Path) -> pa.Table:
    """The columns with the types they are used with, whatever tool wrote them."""
    types = {"day": pa.date32(), "frequency": pa.int64()}
    for place, name in enumerate(rows.column_names):
        kind = types.get(name, pa.string())
        try:
            rows = rows.set_column(place, name, rows[name].cast(kind))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise InputError(f"{path.name}: {name} cannot be read as {kind}: {error}") from None
    return rows


def _lines(rows: pa.Table, path: Path) -> tuple[list[Line], Ints]:
    triples = rows.select(["line", "audience", "channel"]).group_by(
        ["line", "audience", "channel"], use_threads=False
    )
    owners_of = triples.aggregate([]).sort_by("line").to_pylist()
    lines = [Line(str(r["line"]), str(r["audience"]), str(r["channel"])) for r in owners_of]
    names = [line.name for line in lines]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise InputError(
            f"{path.name}: line {twice[0]!r} has more than one audience or channel; a line has one"
            " of each."
        )
    of = pc.index_in(rows["line"], pa.array(names, rows["line"].type)).to_numpy()
    return lines, of.astype(np.int64)


def _persons(rows: pa.Table, owners: Path, path: Path) -> Ints:
    """Whose the accounts are, in the order of the rows."""
    keys = rows.select(["source", "account"])
    keys = keys.append_column("row", pa.array(np.arange(len(rows))))
    known = pa.parquet.read_table(owners, columns=["source", "account", "person"])
    owners_of = keys.join(known, ["source", "account"], join_type="left outer").sort_by("row")
    lost = owners_of.filter(pc.is_null(owners_of["person"]))
    if len(lost):
        first: dict[str, Any] = lost.slice(0, 1).to_pylist()[0]
        raise InputError(
            f"{path.name} has {len(lost):,} rows of accounts that the simulated market does not"
            f" have, such as {first['account']!r} of {first['source']!r}."
        )
    persons: Ints = owners_of["person"].to_numpy().astype(np.int64)
    return persons


def _within(name: str, given: Ints, least: int, most: int) -> None:
    if len(given) and (given.min() < least or given.max() > most):
        wrong = given.min() if given.min() < least else given.max()
        raise InputError(f"{name} must be from {least:,} to {most:,}, not {wrong:,}.")
