"""Count block after block, then write block after block; two at a time."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import TypeVar

import numpy as np
import pyarrow as pa

from fullhouse.core.arrays import Flags, Integers
from fullhouse.core.progress import Progress
from fullhouse.core.tables import PERSON_TRAIT, TRAIT_BITMAP, Snapshot
from fullhouse.engine import Engine
from fullhouse.lake import Lake
from fullhouse.lake.lake import BITMAPS, PERSONS
from fullhouse.traits.base import Base
from fullhouse.traits.blocks import BlockEvents, read_events
from fullhouse.traits.rows import bitmap_table, bitmaps, person_rows
from fullhouse.traits.survey import Survey
from fullhouse.traits.tally import Tally, tally
from fullhouse.traits.totals import Totals
from fullhouse.traits.trait import Trait

BLOCKS_AT_ONCE = 32
"""Rows of so many blocks are committed together: 34 million people."""
WORKERS = 2
"""Blocks in work at a time. Each holds its events; NumPy lets other threads run while it sorts."""

Item = TypeVar("Item")
Found = TypeVar("Found")


class Run:
    """The two passes of a build over its blocks, with the blocks put aside in a folder between."""

    def __init__(
        self,
        engine: Engine,
        events: Snapshot,
        base: Base,
        seen: Survey,
        folder: Path,
        *,
        progress: Progress,
    ) -> None:
        self.engine, self.events, self.seen, self.folder = engine, events, seen, folder
        self.progress = progress
        self.totals = Totals(seen.plan)
        self._engine_lock = Lock()
        self.base = base
        blocks = engine.arrow(base.rows().select("block").distinct())["block"].to_pylist()
        self.blocks: list[int] = sorted(blocks)

    def count(self) -> None:
        """Count every block and add it to the totals."""
        for done, (found, sources) in enumerate(ahead(self.blocks, self._count)):
            self.progress("Counting", done, len(self.blocks))
            self.totals.add(found, sources)

    def write(self, lake: Lake, traits: list[Trait], build: int) -> None:
        """Write the bitmaps and the persons' rows of the traits that are built."""
        built = np.array([t.built for t in traits], np.bool_)
        cuts = {s: self.totals.cut(s) for s in self.seen.plan.active}
        for start in range(0, len(self.blocks), BLOCKS_AT_ONCE):
            some = self.blocks[start : start + BLOCKS_AT_ONCE]
            maps: list[tuple[int, int, int, bytes]] = []
            rows = self._rows(some, start, maps, built, cuts, build)
            stream = pa.RecordBatchReader.from_batches(PERSON_TRAIT.schema, rows)
            lake.append(PERSON_TRAIT, stream, batch=f"persons {build}/{start}", writer=PERSONS)
            table = bitmap_table(build, maps)
            lake.append(TRAIT_BITMAP, table, batch=f"bitmaps {build}/{start}", writer=BITMAPS)

    def _count(self, block: int) -> tuple[Tally, pa.ChunkedArray]:
        persons = self._persons(block, ["person", "sources"])

        def read(kind: str, within: tuple[int, int]) -> BlockEvents:
            price = self.seen.plan.price
            with self._engine_lock:
                return read_events(
                    self.engine,
                    self.events,
                    kind,
                    block,
                    within,
                    as_of=self.seen.plan.as_of,
                    need=self.seen.plan.need,
                    sources=list(self.seen.plan.active),
                    currencies=price.currencies if price else [],
                )

        events = self.seen.events.get(block, {})
        found = tally(self.seen.plan, persons["person"].to_numpy(), read, events)
        found.save(self.folder / f"{block}.npy")
        return found, persons["sources"]

    def _rows(
        self,
        some: list[int],
        start: int,
        maps: list[tuple[int, int, int, bytes]],
        built: Flags,
        cuts: dict[str, dict[int, int]],
        build: int,
    ) -> Iterator[pa.RecordBatch]:
        """The persons' rows of some blocks; their bitmaps are added to `maps` on the way."""

        def one(block: int) -> tuple[pa.Table, list[tuple[int, int, int, bytes]]]:
            found = Tally.load(self.folder / f"{block}.npy")
            columns = self._columns(block, found, cuts)
            of_traits = bitmaps(block, found, columns, built)
            rows = person_rows(build, block, found, columns, built)
            return rows, [(trait, block, n, data) for trait, n, data in of_traits]

        for done, (table, found) in enumerate(ahead(some, one)):
            self.progress("Writing", start + done, len(self.blocks))
            maps += found
            yield from table.to_batches()

    def _columns(self, block: int, found: Tally, cuts: dict[str, dict[int, int]]) -> Integers:
        """The candidates of each person that are not about items, ascending."""
        parts = [found.columns]
        for n, (source, start) in enumerate(self.seen.plan.active.items()):
            cut = cuts[source]
            values, at = np.unique(found.active[:, n], return_inverse=True)
            place = np.array([start + cut[v] if v > 0 else -1 for v in values.tolist()], np.int32)
            parts.append(place[at][:, None])
        if self.seen.plan.facts:
            persons = self._persons(block)
            for start, family in self.seen.plan.facts:
                held = family.of(persons)
                parts.append(np.where(held >= 0, held + start, -1).astype(np.int32))
        return np.concatenate(parts, axis=1)

    def _persons(self, block: int, columns: list[str] | None = None) -> pa.Table:
        with self._engine_lock:
            rows = self.base.rows(block)
            found = self.engine.arrow(rows.select(columns) if columns else rows)
        person = found["person"].to_numpy()
        ascending = bool((person[1:] > person[:-1]).all())
        return found if ascending else found.sort_by("person")


def ahead(items: Iterable[Item], work: Callable[[Item], Found]) -> Iterator[Found]:
    """The results of some work in order, a few of them being worked on ahead of the reader."""
    with ThreadPoolExecutor(WORKERS) as pool:
        waiting: deque[Future[Found]] = deque()
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > WORKERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
