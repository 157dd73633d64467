"""Affinity of 2,000 traits against a seed: person-major, roaring, chDB and a SQL semi-join.

python -m benchmarks.affinity [--people N ...] [--seed N] [--per-person N] [--only NAME ...]

All count the same: how many people of the seed have each trait. The data is made up, block by
block: people with a skewed number of traits, traits of skewed size. Times are warm, the best of
three. The stratified rows are ours alone: what `fullhouse discover` needs on top.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyroaring import BitMap

from benchmarks.measure import best_of, in_own_process, machine, table
from fullhouse.core.arrays import Integers
from fullhouse.discovery.count import CountPlan, count, margins, measure_base
from fullhouse.discovery.strata import QUANTILES, groups_for
from fullhouse.sample.outcome import Outcome, OwnEvents
from fullhouse.traits.blocks import Block, read_block, write_block
from fullhouse.traits.trait import KINDS, Trait

TRAITS = 2000
BLOCK = 1 << 20


@dataclass(frozen=True)
class Made:
    """A made-up house: so many people, traits per person, and people in the seed."""

    people: int
    seed: int
    per_person: int

    @property
    def blocks(self) -> int:
        """How many blocks."""
        return -(-self.people // BLOCK)

    def block(self, number: int) -> tuple[Integers, Integers, Integers, Integers]:
        """Offsets, traits, events and activity of a block; all blocks have the same people."""
        size = min(BLOCK, self.people - number * BLOCK)
        offsets, traits, activity = _block(self.per_person)
        end = int(offsets[size])
        return offsets[: size + 1], traits[:end], np.ones(end, np.int32), activity[:size]

    def chosen(self, number: int) -> Integers:
        """The seed in a block, as whole person ids."""
        g = np.random.default_rng((7, number))
        size = min(BLOCK, self.people - number * BLOCK)
        share = min(1.0, self.seed / self.people)
        picked = np.flatnonzero(g.random(size) < share)
        return picked.astype(np.uint32) + np.uint32(number * BLOCK)


@cache
def _block(per_person: int) -> tuple[Integers, Integers, Integers]:
    g = np.random.default_rng(1)
    many = np.minimum(g.geometric(1 / per_person, BLOCK), 200)
    # Squared: the first traits are common, the last rare. Sorted within a person, each once.
    traits = (TRAITS * g.random(int(many.sum()), dtype=np.float32) ** 2).astype(np.uint64)
    owner = np.repeat(np.arange(BLOCK, dtype=np.uint64), many)
    keys = np.sort((owner << np.uint64(16)) | traits)
    keys = keys[np.flatnonzero(np.diff(keys, prepend=keys[0] + np.uint64(1)))]
    offsets = np.searchsorted(keys, np.arange(BLOCK + 1, dtype=np.uint64) << np.uint64(16))
    traits = (keys & np.uint64(0xFFFF)).astype(np.int32)
    return offsets.astype(np.int32), traits, (many * 2 + g.poisson(3, BLOCK)).astype(np.int32)


class Files:
    """Blocks on disk, mapped: what `discovery.Blocks` is, without a lake."""

    def __init__(self, folder: Path, numbers: range) -> None:
        self.home = folder
        self._numbers = numbers
        self._open: dict[int, Block] = {}

    def __iter__(self) -> Iterator[Block]:
        return (self.load(n) for n in self._numbers)

    def load(self, number: int) -> Block:
        """One block."""
        if number not in self._open:
            self._open[number] = read_block(self.home / f"{number}.arrow", number)
        return self._open[number]


def make(made: Made, folder: Path) -> None:
    """Write the blocks as `discovery.blocks` does."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(made.blocks):
        offsets, traits, events, activity = made.block(number)
        size = len(offsets) - 1
        zero = pa.array(np.zeros(size, np.int32))
        rows = {
            "person": pa.array(np.arange(size) + number * BLOCK),
            "traits": pa.ListArray.from_arrays(offsets, pa.array(traits)),
            "events": pa.ListArray.from_arrays(offsets, pa.array(events)),
            **{k: pa.array(activity) if k == "purchase" else zero for k in KINDS},
        }
        write_block(folder / f"{number}.arrow", pa.table(rows))


def person_major(made: Made, folder: Path) -> tuple[float, npt.NDArray[np.int64]]:
    """Gather the seed's traits and count them."""
    files = Files(folder, range(made.blocks))
    seed = [BitMap(made.chosen(n)) for n in range(made.blocks)]

    def once() -> npt.NDArray[np.int64]:
        total = np.zeros(TRAITS, dtype=np.int64)
        for number, people in enumerate(seed):
            block = files.load(number)
            rows = block.rows(people)
            start = block.offsets[rows].astype(np.int64)
            many = block.offsets[rows + 1] - start
            at = np.arange(int(many.sum())) + np.repeat(start - np.cumsum(many) + many, many)
            total += np.bincount(block.traits[at], minlength=TRAITS)
        return total

    return best_of(once, runs=3)


def stratified(made: Made, folder: Path) -> tuple[float, float, float, int]:
    """Seconds for the base's margins (once), its activity, and an outcome after that (warm)."""
    files: Any = Files(folder, range(made.blocks))
    seed = {n: BitMap(made.chosen(n)) for n in range(made.blocks)}
    everyone = {
        n: BitMap(range(n * BLOCK, min((n + 1) * BLOCK, made.people))) for n in range(made.blocks)
    }
    definition = {"kinds": ["purchase"], "min_events": 1}
    traits = [
        Trait(i, f"buys:{i}", "buys", "", "purchase", definition, 1, {}, True)
        for i in range(TRAITS)
    ]
    activity_s, base = best_of(lambda: measure_base(files, everyone), runs=1)
    groups, of_trait = groups_for(traits, ("purchase",), base.histograms, quantiles=QUANTILES)
    plan = CountPlan.of(traits, groups, of_trait, ("purchase",))
    base_s, _ = best_of(lambda: margins(files, base, plan), runs=1)
    persons = np.concatenate([made.chosen(n) for n in range(made.blocks)]).astype(np.int64)
    counts = np.zeros((4, len(persons)), dtype=np.int32)
    counts[0] = 1
    none = np.zeros(0, np.int64)
    own = OwnEvents(persons, counts, (1, 0, 0, 0), (none, none, none))
    outcome = Outcome("seed", seed, (traits[0],))
    seconds, counts = best_of(
        lambda: count(files, base, outcome, own, traits, quantiles=QUANTILES), runs=3
    )
    return activity_s, base_s, seconds, int(counts.totals[0].sum())


def roaring(made: Made) -> tuple[float, npt.NDArray[np.int64]]:
    """Intersect the seed with each trait's bitmap, block by block; building is not timed."""
    total, seconds = np.zeros(TRAITS, dtype=np.int64), 0.0
    for number in range(made.blocks):
        offsets, traits, _, _ = made.block(number)
        first = np.uint32(number * BLOCK)
        owner = np.repeat(np.arange(len(offsets) - 1, dtype=np.uint32), np.diff(offsets)) + first
        order = np.argsort(traits, kind="stable")
        ends = np.searchsorted(traits[order], np.arange(TRAITS + 1))
        owner = owner[order]
        maps = [BitMap(owner[a:b]) for a, b in pairwise(ends)]
        seed = BitMap(made.chosen(number))

        def once(maps: list[BitMap] = maps, seed: BitMap = seed) -> list[int]:
            return [seed.intersection_cardinality(m) for m in maps]

        seconds, counts = best_of(once, runs=3)
        seconds += seconds
        total += np.array(counts)
    return seconds, total


def semi_join(made: Made, folder: Path) -> tuple[float, npt.NDArray[np.int64]]:
    """DuckDB: pairs of person and trait, semi-joined with the seed and counted."""
    with duckdb.connect(str(folder / "pairs.duckdb")) as store:
        store.execute("SET enable_progress_bar = false")
        store.execute("CREATE TABLE pairs (person UINTEGER, trait USMALLINT)")
        store.execute("CREATE TABLE seed (person UINTEGER)")
        for number in range(made.blocks):
            offsets, traits, _, _ = made.block(number)
            owner = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets)) + number * BLOCK
            pairs = pa.table({"person": owner.astype(np.uint32), "trait": traits.astype(np.uint16)})
            seed = pa.table({"person": made.chosen(number)})
            store.register("p", pairs)
            store.register("s", seed)
            store.execute("INSERT INTO pairs SELECT * FROM p")
            store.execute("INSERT INTO seed SELECT * FROM s")
        query = (
            "SELECT trait, count(*) AS n FROM pairs SEMI JOIN seed USING (person) GROUP BY trait"
        )
        seconds, rows = best_of(lambda: store.execute(query).fetchnumpy(), runs=3)
    total = np.zeros(TRAITS, dtype=np.int64)
    total[rows["trait"]] = rows["n"]
    return seconds, total


def chdb_join(made: Made, folder: Path) -> tuple[float, npt.NDArray[np.int64]]:
    """chDB: each person's traits as an array, those of the seed joined out and counted."""
    from chdb import session

    opened: Any = session.Session
    store = opened(str(folder / "chdb"))
    store.query("CREATE DATABASE b")
    store.query(
        "CREATE TABLE b.people (person UInt32, traits Array(UInt16)) ENGINE = MergeTree"
        " ORDER BY person"
    )
    store.query("CREATE TABLE b.seed (person UInt32) ENGINE = Set")
    part, chosen = folder / "part.arrow", folder / "seed.arrow"
    for number in range(made.blocks):
        offsets, traits, _, _ = made.block(number)
        persons = (np.arange(len(offsets) - 1) + number * BLOCK).astype(np.uint32)
        lists = pa.ListArray.from_arrays(offsets, pa.array(traits.astype(np.uint16)))
        _write(part, pa.table({"person": persons, "traits": lists}))
        _write(chosen, pa.table({"person": made.chosen(number)}))
        store.query(f"INSERT INTO b.people SELECT * FROM file('{part}', 'Arrow')")
        store.query(f"INSERT INTO b.seed SELECT * FROM file('{chosen}', 'Arrow')")
    query = (
        "SELECT trait, count() FROM b.people ARRAY JOIN traits AS trait"
        " WHERE person IN b.seed GROUP BY trait"
    )
    seconds, text = best_of(lambda: store.query(query, "CSV").bytes(), runs=3)
    total = np.zeros(TRAITS, dtype=np.int64)
    for line in text.decode().split():
        trait, n = line.split(",")
        total[int(trait)] = int(n)
    return seconds, total


def _write(path: Path, rows: pa.Table) -> None:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, rows.schema) as writer:
        writer.write_table(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, nargs="+", default=[10_000_000])
    parser.add_argument("--seed", type=int, default=1_000_000, help="at most a tenth of the people")
    parser.add_argument("--per-person", type=int, default=15)
    parser.add_argument("--only", nargs="*", default=["roaring", "chdb", "semi-join"])
    options = parser.parse_args()
    print(f"Affinity of {TRAITS:,} traits, {machine()}\n")
    rows = []
    for people in options.people:
        made = Made(people, min(options.seed, people // 10), options.per_person)
        rows += run(made, options.only)
    print(table(("people", "seed", "what", "seconds", "× ours", "peak GB"), rows))


def run(made: Made, only: list[str]) -> list[tuple[object, ...]]:
    """The rows of one size; every method of counting must give the same counts."""
    folder = Path(tempfile.mkdtemp(prefix="affinity-"))
    try:
        started = time.perf_counter()
        make(made, folder)
        print(f"made {made.people:,} people in {time.perf_counter() - started:.0f} s", flush=True)
        _, peak, (ours, counts) = in_own_process(person_major, made, folder)
        head: tuple[object, ...] = (made.people, made.seed)
        rows = [(*head, "person-major: counts of the seed", ours, 1.0, peak)]
        methods: dict[str, tuple[Any, tuple[Any, ...]]] = {
            "roaring": (roaring, (made,)),
            "chdb": (chdb_join, (made, folder)),
            "semi-join": (semi_join, (made, folder)),
        }
        for name in only:
            method, arguments = methods[name]
            _, peak, (seconds, result) = in_own_process(method, *arguments)
            assert (result == counts).all(), f"{name} counts something else"
            rows.append((*head, name, seconds, seconds / ours, peak))
        _, peak, (activity, base, outcome, _) = in_own_process(stratified, made, folder)
        for what, seconds in (
            ("ours, stratified: an outcome, base known", outcome),
            ("ours, once a base: activity", activity),
            ("ours, once a base: all pairs by stratum", base),
        ):
            rows.append((*head, what, seconds, seconds / ours, peak))
        return rows
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
