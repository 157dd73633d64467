"""A five-clause audience counted over up to a billion person ids, against the alternatives.

`python -m benchmarks.audience [--people 1000000 10000000 ...] [--kernel]`. The rule is
`(a & b | c) & d - e` over five traits of 10 to 60 % density, among ten traits in the lake.
"""

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyroaring import BitMap

from benchmarks.measure import best_of, in_own_process, machine, table
from fullhouse import audiences
from fullhouse.audiences.kernel import Kernel, as_bitmap
from fullhouse.core.cache import Cache
from fullhouse.core.settings import Settings
from fullhouse.core.tables import TRAIT, TRAIT_BITMAP, TRAIT_BUILD
from fullhouse.core.values import BLOCK_BITS
from fullhouse.lake import BITMAPS, Lake, Place
from fullhouse.traits import EVERYONE, Build, find_build

Words = npt.NDArray[np.uint64]
RULE = "(t:a & t:b | t:c) & t:d - t:e"
NAMES = "abcdefghij"
SIXTEENTHS = (2, 3, 5, 7, 10)
"""Densities of a to e in sixteenths: 12 to 62 %."""
SIZE = 1 << BLOCK_BITS


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    sizes = [1_000_000, 10_000_000, 100_000_000, 1_000_000_000]
    arguments.add_argument("--people", type=int, nargs="+", default=sizes)
    arguments.add_argument("--kernel", action="store_true", help="threads and processes as well")
    given = arguments.parse_args()
    print(f"\n{machine()}. Rule: {RULE}. Milliseconds; best of 15, from disk once.\n")
    rows = []
    for people in given.people:
        rows.append(_one_size(people))
        print(f"{people:,} done", flush=True)
    columns = [
        "people", "warm ms", "of it CPU", "NumPy words ms", "Roaring ms", "chDB ms",
        "from disk ms", "of it CPU", "chDB from disk ms", "peak GB", "count",
    ]  # fmt: skip
    print(table(columns, rows))
    if given.kernel:
        print("\n" + table(["kernel", "1 thread ms", "2 threads ms", "2 processes ms"], _kernel()))


def _one_size(people: int) -> list[Any]:
    folder = Path(tempfile.mkdtemp(prefix="fullhouse-bench-"))
    try:
        in_own_process(write_house, str(folder), people)
        _forget(folder)
        _, peak, ours = in_own_process(ours_, str(folder))
        _, _, packed = in_own_process(packed_, people)
        _, _, chdb = in_own_process(chdb_, str(folder), people)
        counts = {ours[2], packed[2], packed[3], chdb[2], chdb[3]}
        if len(counts) != 1:
            raise SystemExit(f"the counts differ: {counts}")
        times = (ours[1], ours[4], packed[0], packed[1], chdb[1], ours[0], ours[3], chdb[0])
        return [people, *(round(t * 1e3, 1) for t in times), round(peak, 2), ours[2]]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def ours_(folder: str) -> tuple[float, float, int, float, float]:
    """Seconds of the first count, reading the lake, and of the next; the count; both on the CPU."""
    lake = Lake(Place(folder))

    def population() -> audiences.Population:
        return audiences.population_of(
            _no_engine, lake, Settings(), find_build(lake), purpose="analytics",
            as_of=date(2021, 1, 1), key=b"", saved=_no_audience, cache=Cache(),
        )  # fmt: skip

    start, worked = time.perf_counter(), time.process_time()
    town = population()
    plan = town.compile(RULE)
    first = audiences.count(town, plan).persons
    cold, cold_work = time.perf_counter() - start, time.process_time() - worked
    audiences.count(town, plan)
    warm, again = best_of(lambda: audiences.count(town, plan).persons, runs=15)
    worked = time.process_time()
    assert first == again == audiences.count(town, plan).persons
    return cold, warm, first, cold_work, time.process_time() - worked


def packed_(people: int) -> tuple[float, float, int, int]:
    """Plain loops over all blocks in memory: packed words, and Roaring bitmaps."""
    words = [[w for _, w in trait_blocks(people, t)] for t in range(5)]
    fast, n = best_of(lambda: count_words(words), runs=15)
    roaring = [[as_bitmap(w, b) for b, w in enumerate(blocks)] for blocks in words]
    slow, m = best_of(lambda: count_roaring(roaring), runs=15)
    return fast, slow, n, m


def count_words(traits: Sequence[Sequence[Words]]) -> int:
    """The rule on packed words: what one writes by hand in NumPy."""
    return sum(
        int(np.bitwise_count((a & b | c) & d & ~e).sum())
        for a, b, c, d, e in zip(*traits, strict=True)
    )


def count_roaring(traits: Sequence[Sequence[BitMap]]) -> int:
    """The rule on Roaring bitmaps, the last operation by cardinality only."""
    return sum(
        ((a & b | c) & d).difference_cardinality(e) for a, b, c, d, e in zip(*traits, strict=True)
    )


def chdb_(folder: str, people: int) -> tuple[float, float, int, int]:
    """The rule by ClickHouse's bitmap functions: from its own table on disk, then in memory."""
    from chdb import session as chdb_session

    rows = Path(folder) / "rows.bin"
    with rows.open("wb") as out:
        for block, words in enumerate(
            zip(*(trait_blocks(people, t) for t in range(5)), strict=True)
        ):
            out.write(np.uint32(block).tobytes())
            for _, w in words:
                data = as_bitmap(w, block).serialize()
                out.write(b"\x01" + _varint(len(data)) + data)
    state = "AggregateFunction(groupBitmap, UInt32)"
    layout = "block UInt32, " + ", ".join(f"{n} {state}" for n in "abcde")
    query = (
        "SELECT sum(bitmapAndnotCardinality(bitmapAnd(bitmapOr(bitmapAnd(a, b), c), d), e))"
        " FROM {} FORMAT TSV"
    )
    open_store: Any = chdb_session.Session
    store = open_store(f"{folder}/chdb")
    source = f"SELECT * FROM file('{rows}', RowBinary, '{layout}')"
    store.query("CREATE DATABASE IF NOT EXISTS bench")
    store.query(f"CREATE TABLE bench.disk ({layout}) ENGINE = MergeTree ORDER BY block")
    store.query(f"INSERT INTO bench.disk {source}")
    _forget(Path(folder))

    def ask(name: str) -> int:
        return int(str(store.query(query.format(name))).strip())

    start = time.perf_counter()
    first = ask("bench.disk")
    cold = time.perf_counter() - start
    store.query(f"CREATE TABLE bench.memory ({layout}) ENGINE = Memory")
    store.query(f"INSERT INTO bench.memory {source}")
    warm, again = best_of(lambda: ask("bench.memory"), runs=15)
    store.close()
    return cold, warm, first, again


def write_house(folder: str, people: int) -> None:
    """A build with ten traits and the base."""
    lake = Lake(Place(folder))
    lake.append(
        TRAIT_BITMAP,
        pa.RecordBatchReader.from_batches(TRAIT_BITMAP.schema, _bitmap_rows(people)),
        batch="bitmaps",
        writer=BITMAPS,
    )
    traits = [
        {"build": 1, "trait": t, "name": f"t:{NAMES[t]}", "family": "t", "label": "", "basis": "",
         "definition": "{}", "by_source": "{}", "built": True,
         "persons": people * SIXTEENTHS[t % 5] // 16}
        for t in range(10)
    ]  # fmt: skip
    lake.append(TRAIT, pa.Table.from_pylist(traits, schema=TRAIT.schema), batch="traits")
    build = Build(1, date(2020, 1, 1), datetime.now(UTC), people, 10, 0, 1, "{}", "{}")
    row = {"build": 1} | {k: v for k, v in vars(build).items() if k != "id"}
    lake.append(TRAIT_BUILD, pa.Table.from_pylist([row], schema=TRAIT_BUILD.schema), batch="build")


def _bitmap_rows(people: int) -> Iterator[pa.RecordBatch]:
    everyone = ((b, BitMap(range(b * SIZE, min(people, (b + 1) * SIZE)))) for b in _blocks(people))
    sets: Iterator[tuple[int, int, BitMap]] = ((EVERYONE, b, m) for b, m in everyone)
    yield from _batches(sets)
    for t in range(10):
        yield from _batches((t, b, as_bitmap(w, b)) for b, w in trait_blocks(people, t))


def _batches(rows: Iterator[tuple[int, int, BitMap]]) -> Iterator[pa.RecordBatch]:
    for trait, block, people in rows:
        values = [[1], [trait], [block], [len(people)], [people.serialize()]]
        arrays = [pa.array(v, f.type) for v, f in zip(values, TRAIT_BITMAP.schema, strict=True)]
        yield pa.RecordBatch.from_arrays(arrays, schema=TRAIT_BITMAP.schema)


def trait_blocks(people: int, trait: int) -> Iterator[tuple[int, Words]]:
    """The packed words of a trait, block after block; eight random ones take turns."""
    rng = np.random.default_rng(trait)
    pool = [_random_words(rng, SIXTEENTHS[trait % 5]) for _ in range(8)]
    for block in _blocks(people):
        words = pool[block % 8].copy()
        beyond = (block + 1) * SIZE - people
        if beyond > 0:
            flags = np.unpackbits(words.view(np.uint8), bitorder="little")
            flags[SIZE - beyond :] = 0
            words = np.packbits(flags, bitorder="little").view(np.uint64)
        yield block, words


def _random_words(rng: np.random.Generator, sixteenths: int) -> Words:
    words = np.zeros(SIZE // 64, np.uint64)
    for bit in reversed(f"{sixteenths:04b}"):
        fresh = rng.integers(0, 2**64, len(words), dtype=np.uint64)
        words = words | fresh if bit == "1" else words & fresh
    return words


def _blocks(people: int) -> range:
    return range((people + SIZE - 1) // SIZE)


def _varint(n: int) -> bytes:
    out = bytearray()
    while n >= 128:
        out.append(n % 128 + 128)
        n //= 128
    return bytes([*out, n])


def _forget(folder: Path) -> None:
    """Write files out and drop them from the page cache, so that reads come from the disk."""
    os.sync()
    for file in folder.rglob("*"):
        if file.is_file():
            handle = os.open(file, os.O_RDONLY)
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(handle)


def _kernel() -> list[list[Any]]:
    """The two kernels over a billion ids, halves of the blocks in threads and in processes."""
    people = 1_000_000_000
    words = [[w for _, w in trait_blocks(people, t)] for t in range(5)]
    rows = [_halves("NumPy words", count_scratch, words)]
    roaring = [[as_bitmap(w, b) for b, w in enumerate(blocks)] for blocks in words]
    rows.append(_halves("Roaring", count_roaring, roaring))
    return rows


def count_scratch(traits: Sequence[Sequence[Words]]) -> int:
    """The rule by the product's kernel on packed words."""
    plan = audiences.compile_rule(
        audiences.parse(RULE), _catalogue(), persons=1, saved=_no_audience
    )
    order = [NAMES.index(NAMES[leaf]) for leaf in plan.leaves if isinstance(leaf, int)]
    kernel = Kernel()
    return sum(
        kernel.count(plan.root, [traits[t][b] for t in order], b) for b in range(len(traits[0]))
    )


def _catalogue() -> audiences.BuiltTraits:
    from fullhouse.traits import Trait

    named = (Trait(t, f"t:{NAMES[t]}", "t", "", "", {}, SIXTEENTHS[t], {}, True) for t in range(5))
    return audiences.BuiltTraits(tuple(named))


_shared: Any = None


def _halves(name: str, count: Callable[[Any], int], traits: Any) -> list[Any]:
    global _shared  # noqa: PLW0603
    middle = len(traits[0]) // 2
    parts = [[t[:middle] for t in traits], [t[middle:] for t in traits]]
    one, n = best_of(lambda: count(traits), runs=15)
    with ThreadPoolExecutor(2) as threads:
        two, m = best_of(lambda: sum(threads.map(count, parts)), runs=15)
    _shared = (count, parts)
    with get_context("fork").Pool(2) as processes:
        forked, k = best_of(lambda: sum(processes.map(_half, (0, 1))), runs=15)
    assert n == m == k
    return [name, *(round(t * 1e3, 1) for t in (one, two, forked))]


def _half(i: int) -> int:
    count, parts = _shared
    return int(count(parts[i]))


def _no_engine() -> Any:
    raise AssertionError("nobody said anything on consent here")


def _no_audience(_: object) -> Any:
    raise AssertionError("no saved audience here")


if __name__ == "__main__":
    main()
