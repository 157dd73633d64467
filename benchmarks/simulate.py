"""The simulated market: seconds and peak memory, beside plain NumPy writing as many rows.

    python -m benchmarks.simulate --people 0.1 1 10

Sizes are in millions of people, each with a year of events (`--days`). The files are made in a
temporary folder (`--folder`) and removed: 10 million people take about 10 GB.

The alternative draws uniform numbers with NumPy and writes them with Arrow, in one process: as
many rows in as many files of the same columns, but with no people, tastes, seats or dirt behind
them. Peak memory of the simulation is that of its main process and of as many workers as there
are, each at its largest, though they share what they map: an upper bound.
"""

import argparse
import resource
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measure import in_own_process, machine, table

EVENTS = ("shop-purchases", "video-plays", "tickets-sales", "tickets-wants")


def simulated(folder: str, people: int, days: int, workers: int) -> tuple[dict[str, int], float]:
    """Rows by event feed, and the largest worker's GB."""
    from fullhouse_sim.market import Market
    from fullhouse_sim.write import simulate

    made = simulate(Market(people=people, days=days), Path(folder), workers=workers)
    worker_gb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6
    return {f.name: f.rows for f in made.feeds if f.name in EVENTS}, worker_gb


def plain(folder: str, rows: dict[str, int], people: int, days: int) -> int:
    """As many rows of the same columns, drawn evenly and written day by day; bytes written."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute
    import pyarrow.csv
    import pyarrow.parquet

    g = np.random.default_rng(7)
    size = 0
    for feed, count in rows.items():
        for day in range(days):
            n = count // days
            start = np.datetime64("2024-07-01", "s") + 86_400 * day
            ids = pa.array(n * day + np.arange(n)).cast(pa.string())
            made = pa.table(
                {
                    "id": pa.compute.binary_join_element_wise(pa.scalar(feed), ids, "-"),
                    "account": pa.array(g.integers(people, size=n)).cast(pa.string()),
                    "at": pa.array(start + g.integers(86_400, size=n)),
                    "thing": pa.array(g.integers(6_000, size=n)).cast(pa.string()),
                    "quantity": g.integers(1, 4, size=n),
                    "price": np.round(g.random(n), 2),
                    "currency": pa.repeat(pa.scalar("USD"), n),
                }
            )
            path = Path(folder) / f"{feed}-{day}"
            if feed == "shop-purchases":
                pa.parquet.write_table(made, path, compression="zstd")
            else:
                with pa.CompressedOutputStream(str(path), "gzip") as stream:
                    pa.csv.write_csv(made, stream)
            size += path.stat().st_size
            path.unlink()
    return size


def measured(folder: Path, people: int, days: int, workers: int) -> Iterator[list[object]]:
    """The two rows of the table for one size."""
    to = folder / "market"
    seconds, main_gb, (rows, worker_gb) = in_own_process(simulated, str(to), people, days, workers)
    size = sum(p.stat().st_size for p in to.rglob("*") if p.is_file())
    shutil.rmtree(to)
    events = sum(rows.values())
    peak_gb = main_gb + workers * worker_gb if workers > 1 else main_gb
    of, case = f"{people / 1e6:g} M", f"simulate, {workers} workers"
    yield [of, case, seconds, events, events / seconds, peak_gb, size / 1e9]
    seconds, peak_gb, size = in_own_process(plain, str(folder), rows, people, days)
    yield [of, "plain NumPy and Arrow", seconds, events, events / seconds, peak_gb, size / 1e9]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=float, nargs="+", default=[0.1], help="millions")
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    print(machine())
    rows: list[list[object]] = []
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for millions in options.people:
            people = round(millions * 1e6)
            for row in measured(Path(folder), people, options.days, options.workers):
                rows.append(row)
                print(row, flush=True)
    heads = ("people", "way", "seconds", "events", "events/s", "peak GB", "GB written")
    print(table(heads, rows))


if __name__ == "__main__":
    main()
