"""A readout of 100 million people and the impressions that reached them: seconds, memory, growth.

python -m benchmarks.readout_speed [--people N ...] [--buyers N] [--parts N] [--impressions N ...]
    [--memory GB]

The arms are made up: bitmaps by block, a tenth held out. `--buyers` is for the largest size and in
proportion for the others; each buys tickets, money and yes-or-no are outcomes, tickets of the year
before are the covariate. Parts overlap and hold about a tenth of the people each. Beside it, where
that fits, the obvious way: `read_experiment` on a table with a row for everybody, once for the
whole and once for each of the first DENSE_PARTS parts, filtered from the table.

Impressions are rows of a lake in a temporary folder, about five for each account and line, over
ten lines; as many clicks as a hundredth of them. `exposure` reads them back. Making either is
outside the clock. Issue 6 asks for 100 million people and 1 billion impressions in 120 s:
`--people 100000000 --impressions 1000000000` writes about 6 GB first, 1 s a million, and
DuckDB spills into the same folder what its memory does not hold.
"""

import argparse
import gc
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyroaring import BitMap

from benchmarks.measure import in_own_process, machine, table
from fullhouse.core.arrays import Ints, keyed_bits
from fullhouse.core.person_sets import PersonSet
from fullhouse.core.tables import ACCOUNT_PERSON, CLICK, IMPRESSION
from fullhouse.core.values import BLOCK_BITS
from fullhouse.engine import DuckDBEngine
from fullhouse.lake import Lake, Place
from fullhouse.measurement.campaign_data import Counted, count_arms
from fullhouse.measurement.campaign_readout import Exposure
from fullhouse.measurement.experiment import Readout
from fullhouse.measurement.exposure import exposure
from fullhouse.measurement.read_experiment import read_experiment, read_parts

FITS = 10_000_000
"""Above so many people a table with a row for each is not tried."""
DENSE_PARTS = 3
HELD_OUT = 0.1
LINES = {f"line-{i}": f"channel-{i % 3}" for i in range(10)}
FIRST, DAYS = date(2025, 8, 1), 20
EACH = 5
"""Impressions of an account by a line."""
CHUNK = 5_000_000


@dataclass(frozen=True)
class Made:
    """A made-up campaign: people in its arms, buyers, parts to read besides the whole."""

    people: int
    buyers: int
    parts: int

    def ids(self) -> Iterator[tuple[int, Ints]]:
        """Everybody, block after block."""
        size = 1 << BLOCK_BITS
        for block in range(-(-self.people // size)):
            yield block, np.arange(block * size, min((block + 1) * size, self.people))

    def arms(self) -> dict[str, PersonSet]:
        """The two arms by block."""
        treated, held_out = {}, {}
        for block, ids in self.ids():
            out = keyed_bits(ids, b"arms") < HELD_OUT * 2**32
            treated[block], held_out[block] = bitmap(ids[~out]), bitmap(ids[out])
        return {"treated": treated, "held_out": held_out}

    def chosen(self) -> dict[str, PersonSet | None]:
        """The parts."""
        parts: dict[str, dict[int, BitMap]] = {f"part {n}": {} for n in range(self.parts)}
        for block, ids in self.ids():
            for name, inside in zip(parts, self.inside(ids), strict=True):
                parts[name][block] = bitmap(ids[inside])
        return dict(parts)

    def inside(self, ids: Ints) -> Iterator[npt.NDArray[np.bool_]]:
        """Who of some people is in each part: a tenth of the circle from another place."""
        bits = keyed_bits(ids, b"parts")
        for part in range(self.parts):
            yield bits - np.uint32(part * 2**32 // self.parts) < 0.1 * 2**32

    def did(self) -> tuple[dict[str, Counted], dict[str, Counted]]:
        """Outcomes and covariates."""
        g = np.random.default_rng(1)
        # One after another with gaps: unique and ascending without sorting.
        gaps = g.geometric(min(1.0, self.buyers / self.people), self.buyers)
        who = np.cumsum(gaps) - 1
        who = who[who < self.people]
        tickets = g.geometric(0.5, len(who)).astype(np.float64)
        outcomes = {
            "tickets": Counted(who, tickets),
            "gross": Counted(who, tickets * g.lognormal(2, 0.3, len(who))),
            "bought": Counted(who, np.ones(len(who))),
        }
        before = np.union1d(who[g.random(len(who)) < 0.4], (who * 7 + 3) % self.people)
        return outcomes, {"before": Counted(before, g.geometric(0.3, len(before)).astype(float))}


def bitmap(ids: Ints) -> BitMap:
    """People as a bitmap."""
    return BitMap(ids.astype(np.uint32))


def ours(made: Made) -> tuple[float, float, float]:
    """Seconds to prepare, to read the whole, to read all parts."""
    arms, chosen, (outcomes, covariates) = made.arms(), made.chosen(), made.did()
    gc.collect()
    given = {"held_out": HELD_OUT, "treated": 1 - HELD_OUT}
    start = time.perf_counter()
    counted = count_arms(arms, outcomes=outcomes, covariates=covariates)
    prepared = time.perf_counter()
    whole = read_parts(counted, {"whole": None}, control="held_out", shares=given)
    read = time.perf_counter()
    readout = read_parts(counted, chosen, control="held_out", shares=given)
    end = time.perf_counter()
    assert all(isinstance(x, Readout) for x in [*whole.values(), *readout.values()]), readout
    return prepared - start, read - prepared, end - read


def dense(made: Made) -> tuple[float, float]:
    """Seconds to read the whole from a table, and one part, filtering it included."""
    outcomes, covariates = made.did()
    columns = {}
    for name, counted in (outcomes | covariates).items():
        columns[name] = np.zeros(made.people)
        columns[name][counted.person] = counted.value
    ids = np.arange(made.people)
    out = keyed_bits(ids, b"arms") < HELD_OUT * 2**32
    arm = pa.DictionaryArray.from_arrays(
        pa.array(out.astype(np.int8)), ["treated", "held_out"]
    ).cast(pa.string())
    rows = pa.table({"arm": arm, **columns})
    inside = [pa.array(x) for x in islice(made.inside(ids), DENSE_PARTS)]
    start = time.perf_counter()
    _dense(rows, outcomes, covariates)
    read = time.perf_counter()
    for part in inside:
        _dense(rows.filter(part), outcomes, covariates)
    return read - start, (time.perf_counter() - read) / max(1, len(inside))


def _dense(rows: pa.Table, outcomes: dict[str, Counted], covariates: dict[str, Counted]) -> Readout:
    return read_experiment(
        rows,
        arm="arm",
        control="held_out",
        outcomes=list(outcomes),
        covariates=list(covariates),
        shares={"held_out": HELD_OUT, "treated": 1 - HELD_OUT},
    )


def write_impressions(folder: Path, impressions: int, people: int) -> None:
    """A lake with so many impressions by account, clicks, and whose the accounts are."""
    lake = Lake(Place(str(folder)))
    accounts = min(people, max(1, impressions // EACH))
    for start in range(0, accounts, CHUNK):
        ids = np.arange(start, min(start + CHUNK, accounts))
        rows = {
            "source": pa.repeat("video", len(ids)),
            "account": _account(ids),
            "person": ids * (people // accounts),
            "since": pa.repeat(pa.scalar(1, pa.int64()), len(ids)),
        }
        lake.append(ACCOUNT_PERSON, pa.table(rows, schema=ACCOUNT_PERSON.schema), batch=f"a{start}")
    for start in range(0, impressions, CHUNK):
        ids = np.arange(start, min(start + CHUNK, impressions))
        lake.append(IMPRESSION, _events(ids, accounts, impressions), batch=f"i{start}")
        lake.append(CLICK, _events(ids[::100], accounts, impressions), batch=f"c{start}")


def _account(ids: Ints) -> pa.Array:
    return pc.binary_join_element_wise("u", pc.cast(pa.array(ids), pa.string()), "")


def _events(ids: Ints, accounts: int, most: int) -> pa.Table:
    """Accounts in no order, as events come; each account sees about one line."""
    account = keyed_bits(ids, b"account").astype(np.int64) % accounts
    line = (account + (ids % 50 == 0)) % len(LINES)
    days = np.datetime64(FIRST, "D") + ids * DAYS // most
    at = datetime.combine(FIRST, datetime.min.time(), tzinfo=UTC)
    names = pa.array(LINES, pa.string())
    none = pa.nulls(len(ids), pa.string())
    return pa.table(
        {
            "source": pa.repeat("video", len(ids)),
            "account": _account(account),
            "event_id": pc.binary_join_element_wise("e", pc.cast(pa.array(ids), pa.string()), ""),
            "at": pa.repeat(pa.scalar(at, pa.timestamp("us", "UTC")), len(ids)),
            "day": pa.array(days),
            "campaign": none,
            "line": names.take(pa.array(line)),
            "channel": none,
            "film": none,
            "batch": pa.repeat("made", len(ids)),
        },
        schema=IMPRESSION.schema,
    )


def impressions_read(folder: Path, people: int, memory_gb: int) -> tuple[float, int]:
    """Seconds to read the exposure of all lines, and the impressions of all."""
    arms = Made(people, 1, 0).arms()
    with DuckDBEngine(memory_limit=f"{memory_gb}GB", spill=folder) as engine:
        start = time.perf_counter()
        exposures: tuple[Exposure, ...] = exposure(
            engine,
            Lake(Place(str(folder))),
            lines=LINES,
            treated=dict.fromkeys(LINES, arms["treated"]),
            held_out=dict.fromkeys(LINES, arms["held_out"]),
            first=FIRST,
            until=FIRST + timedelta(days=DAYS),
            campaign="made",
        )
        seconds = time.perf_counter() - start
    return seconds, sum(x.impressions for x in exposures)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--buyers", type=int, help="of the largest size; 5 %% unless told")
    parser.add_argument("--parts", type=int, default=60)
    parser.add_argument("--impressions", type=int, nargs="*", default=[1_000_000, 3_000_000])
    parser.add_argument("--memory", type=int, default=4, help="GB that DuckDB may use")
    options = parser.parse_args()
    most = max(options.people)
    share = (options.buyers or most // 20) / most
    print(f"Readout, {machine()}\n", flush=True)
    rows: list[tuple[object, ...]] = []
    for people in sorted(options.people):
        rows += read(Made(people, max(1, round(people * share)), options.parts))
    heads = ("people", "buyers", "what", "seconds", "seconds per 100 million", "peak GB")
    print(table(heads, rows), "\n", flush=True)
    shown = [impressions(n, min(most, 10 * n), options.memory) for n in sorted(options.impressions)]
    if shown:
        names = ("impressions", "accounts", "seconds", "seconds per 1 billion", "peak GB")
        print(table(names, shown), flush=True)


def read(made: Made) -> list[tuple[object, ...]]:
    """The rows of one size."""
    print(f"{made.people:,} people…", flush=True)
    per = 1e8 / made.people
    _, peak, (prepared, whole, parts) = in_own_process(ours, made)
    size = made.people, made.buyers
    rows: list[tuple[object, ...]] = [
        (*size, "ours: arms and buyers put together", prepared, prepared * per, peak),
        (*size, "ours: the whole", whole, whole * per, peak),
        (*size, f"ours: {made.parts} parts", parts, parts * per, peak),
    ]
    if made.people <= FITS:
        _, peak, (one, part) = in_own_process(dense, made)
        every = part * made.parts
        ratio = (one + every) / (prepared + whole + parts)
        rows += [
            (*size, "table: the whole", one, one * per, peak),
            (*size, f"table: a part × {made.parts}, {ratio:.0f}× ours", every, every * per, peak),
        ]
    return rows


def impressions(many: int, people: int, memory_gb: int) -> tuple[object, ...]:
    """The row of one size."""
    folder = Path(tempfile.mkdtemp(prefix="readout-"))
    try:
        print(f"{many:,} impressions: writing…", flush=True)
        write_impressions(folder, many, people)
        print("reading…", flush=True)
        _, peak, (seconds, seen) = in_own_process(impressions_read, folder, people, memory_gb)
        assert seen == many, f"{seen:,} of {many:,} impressions came back"
        return many, min(people, many // EACH), seconds, seconds * 1e9 / many, peak
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
