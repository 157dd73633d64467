"""Arms and deliveries of a hundred million people: seconds and memory, and how both grow.

python -m benchmarks.launch_speed [--people N ...] [--lines N] [--fits N]

The house is made up: every person has an account at a shop and three in ten one at a ticket
office, in no order of persons. A line is one of five audiences (2 to 20 % of the people) on one of
two channels in one of some weeks; one in ten takes no part in advertising. Timed are whom the cap
leaves out, arms within 250 strata, freezing, reading back, and the files of all lines; not what
an audience's rule costs (benchmarks.audience) nor reading activity for the strata. Beside it, at
the sizes where it fits, the obvious way to the same files: for each line a DuckDB join of accounts
with its treated people, at the same memory, copied to Parquet.
"""

import argparse
import resource
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyroaring import BitMap

from benchmarks.measure import in_own_process, machine, table
from fullhouse.campaigns.campaign import TREATED, AssignedLine, DeliveryLine, LineAudience
from fullhouse.campaigns.deliver import deliver
from fullhouse.campaigns.launch import assign_lines, eligible
from fullhouse.campaigns.people import freeze_people, read_people
from fullhouse.campaigns.terms import Booking, Cap, over_cap
from fullhouse.core.arrays import keyed_bits
from fullhouse.core.tables import ACCOUNT_PERSON
from fullhouse.core.values import BLOCK_BITS
from fullhouse.lake import Lake, Place

BLOCK = 1 << BLOCK_BITS
SHARES = (0.20, 0.10, 0.05, 0.03, 0.02)
CHANNELS = {"push": ("shop",), "mail": ("tickets",)}
TICKETS = 0.3
MONDAY = date(2025, 7, 7)
CAPS = {"push": Cap(2), "mail": Cap(2)}
MEMORY = "4GB"
ROWS = 1_000_000
STRATA = 250


@dataclass(frozen=True)
class Made:
    """How many people and lines."""

    people: int
    lines: int

    @property
    def weeks(self) -> int:
        """Weeks that give so many lines."""
        return -(-self.lines // (len(SHARES) * len(CHANNELS)))


def make(made: Made, folder: Path) -> None:
    """Accounts in a lake, in no order of persons."""
    lake = Lake(Place.of(str(folder / "lake")))
    data = pa.RecordBatchReader.from_batches(ACCOUNT_PERSON.schema, _accounts(made.people))
    lake.append(ACCOUNT_PERSON, data, batch="accounts")


def _accounts(people: int) -> Iterator[pa.RecordBatch]:
    # A step without a common divisor visits every person once.
    step = next(s for s in range(int(people * 0.618), people) if np.gcd(s, people) == 1)
    for source in ("shop", "tickets"):
        for start in range(0, people, ROWS):
            place = np.arange(start, min(start + ROWS, people), dtype=np.int64)
            persons = place * step % people
            if source == "tickets":
                persons = persons[_some(persons, "has tickets", TICKETS)]
            names = pc.binary_join_element_wise(source, pa.array(persons * 7).cast("string"), "-")
            n = len(persons)
            yield pa.record_batch(
                [pa.repeat(source, n), names, persons, pa.repeat(pa.scalar(1, pa.int64()), n)],
                schema=ACCOUNT_PERSON.schema,
            )


def _some(persons: npt.NDArray[np.int64], what: str, share: float) -> npt.NDArray[np.bool_]:
    drawn: npt.NDArray[np.bool_] = keyed_bits(persons, what.encode()) < np.uint32(share * 2**32)
    return drawn


def _audiences(made: Made) -> tuple[list[LineAudience], list[DeliveryLine]]:
    names = ("no consent", "has ticket", "has tickets", *(f"audience {s}" for s in SHARES))
    shares = (0.1, 0.01, TICKETS, *SHARES)
    sets: dict[str, dict[int, BitMap]] = {n: {} for n in names}
    for block in range(-(-made.people // BLOCK)):
        ids = np.arange(block * BLOCK, min((block + 1) * BLOCK, made.people), dtype=np.int64)
        for name, share in zip(names, shares, strict=True):
            sets[name][block] = BitMap(ids[_some(ids, name, share)].astype(np.uint32))
    lines, deliveries = [], []
    for share in SHARES:
        people = sets[f"audience {share}"]
        off = {b: p - sets["has tickets"][b] for b, p in people.items()}
        refused = {"no_consent": sets["no consent"], "has_ticket": sets["has ticket"]}
        for channel, sources in CHANNELS.items():
            why = refused | ({"not_addressed": off} if channel == "mail" else {})
            for week in range(made.weeks):
                name = f"a{share:g}-{channel}-{week}"
                lines.append(LineAudience(name, people, why, channel))
                day = MONDAY + timedelta(weeks=week)
                deliveries.append(
                    DeliveryLine(name, f"{share:g}", channel, sources, "parquet", day, 1.0)
                )
    return lines[: made.lines], deliveries[: made.lines]


class Laps:
    """Seconds of each step, and the peak so far, said as they are known."""

    def __init__(self) -> None:
        self.found: dict[str, float] = {}
        self.clock = time.perf_counter()

    def __call__(self, name: str) -> None:
        """A step has ended."""
        self.found[name] = time.perf_counter() - self.clock
        peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"  {name}: {self.found[name]:.1f} s, peak so far {peak_gb:.2f} GB", flush=True)
        self.clock = time.perf_counter()


def ours(made: Made, folder: Path) -> dict[str, float]:
    """Seconds of each step, and the rows written; all in one process."""
    lines, deliveries = _audiences(made)
    lake = Lake(Place.of(str(folder / "lake")))
    laps = Laps()
    assigned = _assigned(lines, deliveries, laps)
    del lines
    at = datetime(2025, 7, 1, tzinfo=UTC)
    freeze_people(lake, "c", assigned, at=at, batch="campaign:c")
    del assigned
    laps("freeze")
    people = read_people(lake, "c", [TREATED])
    laps("read")
    out = folder / "out"
    out.mkdir(exist_ok=True)
    done = deliver(lake, deliveries, people, out, log=False)
    laps("deliver")
    # Files of the lake are mapped: their pages count as ours while they fit, and are let go.
    status = dict(x.split(":", 1) for x in Path("/proc/self/status").read_text().splitlines())
    print(f"  now of mapped files {int(status['RssFile'].split()[0]) / 1e6:.2f} GB", flush=True)
    return laps.found | {"rows": float(sum(d.rows for d in done))}


def _assigned(
    lines: list[LineAudience], deliveries: list[DeliveryLine], laps: Laps
) -> list[AssignedLine]:
    """Whom the cap leaves out, and arms within strata."""
    g = np.random.default_rng(1)
    strata = {b: g.integers(0, STRATA, BLOCK, np.uint16) for b in lines[0].people}
    laps.clock = time.perf_counter()
    left = {id(x.refused): eligible(x) for x in lines}
    bookings = [
        Booking(x.channel, d.day, d.frequency, left[id(x.refused)])
        for x, d in zip(lines, deliveries, strict=True)
    ]
    over = over_cap(bookings, [], CAPS)
    capped = [
        LineAudience(x.line, x.people, {**x.refused, "over_cap": o}, x.channel) if o else x
        for x, o in zip(lines, over, strict=True)
    ]
    laps("cap")
    assigned = assign_lines(capped, key=b"k", campaign="c", holdout=0.1, strata=strata)
    laps("arms")
    return assigned


def library(made: Made, folder: Path) -> tuple[float, int]:
    """Seconds and rows of a join for each line in DuckDB, from persons that stand as Parquet."""
    import duckdb

    lake = Lake(Place.of(str(folder / "lake")))
    people = read_people(lake, "c", [TREATED])
    _, deliveries = _audiences(Made(1, made.lines))
    work = folder / "sql"
    work.mkdir(exist_ok=True)
    for line in deliveries:
        parts = [np.asarray(p.to_array()) for p in people[line.line][TREATED].values()]
        pq.write_table(pa.table({"person": np.concatenate(parts).astype(np.int64)}),
                       work / f"{line.line}.treated")  # fmt: skip
    del people
    files = list(lake.snapshot(ACCOUNT_PERSON).uris)
    rows = 0
    with duckdb.connect() as sql:
        sql.execute(f"SET memory_limit = '{MEMORY}'")
        start = time.perf_counter()
        for line in deliveries:
            sql.execute(
                "COPY (SELECT source, account FROM read_parquet($files, hive_partitioning = true)"
                " JOIN read_parquet($treated) USING (person) WHERE source IN $sources)"
                f" TO '{work / line.line}.parquet' (FORMAT parquet)",
                {"files": files, "treated": str(work / f"{line.line}.treated"),
                 "sources": list(line.sources)},
            )  # fmt: skip
        seconds = time.perf_counter() - start
    for line in deliveries:
        rows += pq.read_metadata(work / f"{line.line}.parquet").num_rows
    return seconds, rows


def run(made: Made, fits: int) -> list[tuple[object, ...]]:
    """The rows of one size."""
    folder = Path(tempfile.mkdtemp(prefix="launch-"))
    try:
        print(f"{made.people:,} people, {made.lines} lines", flush=True)
        make(made, folder)
        _, peak, steps = in_own_process(ours, made, folder)
        written = int(steps.pop("rows"))
        per = 1e8 / made.people
        whole = sum(steps.values())
        rows: list[tuple[object, ...]] = [
            (made.people, f"ours: {name}", seconds, seconds * per, "") for name, seconds in
            steps.items()
        ]  # fmt: skip
        rows.append((made.people, f"ours: all, {written:,} rows", whole, whole * per, peak))
        if made.people <= fits:
            _, peak, (seconds, theirs) = in_own_process(library, made, folder)
            assert theirs == written, f"DuckDB wrote {theirs:,} rows, we {written:,}"
            ratio = seconds / steps["deliver"]
            label = f"DuckDB: a join a line ({ratio:.1f} × our deliver)"
            rows.append((made.people, label, seconds, seconds * per, peak))
        return rows
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--lines", type=int, default=40)
    parser.add_argument("--fits", type=int, default=10_000_000, help="people DuckDB is tried at")
    options = parser.parse_args()
    print(f"Launch of {options.lines} lines, {machine()}\n")
    rows: list[tuple[object, ...]] = []
    for people in options.people:
        rows += run(Made(people, options.lines), options.fits)
    print(table(("people", "what", "seconds", "seconds per 100 million", "peak GB"), rows))


if __name__ == "__main__":
    main()
