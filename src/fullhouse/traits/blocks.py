"""The person-major form in memory: each person's traits and activity, block after block.

Derived from the lake's `person_trait` and saved as uncompressed Arrow files, one for each block, so
that a small seed is counted by reading only its own people.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyroaring import BitMap

from fullhouse.core.arrays import Integers
from fullhouse.core.tables import PERSON_TRAIT
from fullhouse.lake import Lake
from fullhouse.traits.trait import KINDS, Build
from fullhouse.workspace.cache_files import HeldFolder, write_whole

MOST_EVENTS = 2**16 - 1
"""Events behind one trait of one person are cut off here, far in the highest activity stratum."""

FORMAT = 1


@dataclass(frozen=True)
class Block:
    """The people of one block in ascending order, and what is known of each.

    The traits of person i are `traits[offsets[i]:offsets[i + 1]]`, ascending, with the events
    behind each in `events`. `activity` has one array for each of KINDS.
    """

    block: int
    persons: Integers
    offsets: Integers
    traits: Integers
    events: Integers
    activity: tuple[npt.NDArray[np.int32], ...]

    def rows(self, people: BitMap) -> Integers:
        """Where some people stand in this block; those it does not know are left out."""
        wanted = np.asarray(people.to_array(), dtype=self.persons.dtype)
        if self._dense:
            first, last = self.persons[0], self.persons[-1]
            inside = wanted[(wanted >= first) & (wanted <= last)]
            near: Integers = inside.astype(np.int64) - int(first)
            return near
        at = np.searchsorted(self.persons, wanted)
        at = at[at < len(self.persons)] if len(wanted) else at
        present: Integers = at[self.persons[at] == wanted[: len(at)]]
        return present

    def activity_of(self, rows: Integers) -> npt.NDArray[np.int32]:
        """The activity of some people: one row for each of KINDS."""
        return np.stack([each[rows] for each in self.activity])

    @property
    def _dense(self) -> bool:
        """Whether nobody is missing between the first person and the last."""
        ends = self.persons
        return len(ends) > 0 and int(ends[-1]) - int(ends[0]) + 1 == len(ends)


@dataclass(frozen=True)
class Blocks:
    """All blocks of a build, from a folder of files derived from the lake.

    The folder is named by build and version of the table, so a rewrite (an erased person, say)
    is noticed, and the files from before it are removed as soon as nobody reads them.
    """

    lake: Lake
    build: Build
    folder: Path

    def numbers(self) -> list[int]:
        """The blocks that have people, ascending."""
        where = pc.field("build") == self.build.id
        rows = self.lake.read(PERSON_TRAIT, columns=["block"], where=where, version=self.version)
        return sorted(pc.unique(rows["block"]).to_pylist())

    def __iter__(self) -> Iterator[Block]:
        for number in self.numbers():
            yield self.load(number)

    def load(self, number: int) -> Block:
        """One block; made from the lake the first time."""
        if number in self._open:
            return self._open[number]
        path = self.home / f"{number}.arrow"
        if not path.exists():
            self._held.prune_others(f"{self.build.id}-*")
            write_block(path, self._from_lake(number))
        self._open[number] = read_block(path, number)
        return self._open[number]

    @cached_property
    def _open(self) -> dict[int, Block]:
        # Files mapped into memory: the system keeps and drops their pages as it likes.
        return {}

    @cached_property
    def version(self) -> int:
        """The version of `person_trait` that is read."""
        return self.lake.snapshot(PERSON_TRAIT).version

    @property
    def home(self) -> Path:
        """Where the files of this build are."""
        return self._held.path

    @cached_property
    def _held(self) -> HeldFolder:
        name = f"{self.build.id}-{self.version}"
        return HeldFolder(self.folder / f"discovery-{FORMAT}" / name)

    def _from_lake(self, number: int) -> pa.Table:
        where = (pc.field("build") == self.build.id) & (pc.field("block") == number)
        return self.lake.read(PERSON_TRAIT, where=where, version=self.version).sort_by("person")


def pairs_of(block: Block, rows: Integers) -> tuple[Integers, Integers, Integers]:
    """Every (place in rows, trait, events) of some people, in order."""
    start = block.offsets[rows].astype(np.int64)
    many = block.offsets[rows + 1] - start
    owner = np.repeat(np.arange(len(rows), dtype=np.int32), many)
    first = np.cumsum(many) - many
    at = np.arange(len(owner)) + np.repeat(start - first, many)
    return owner, block.traits[at], block.events[at]


def write_block(path: Path, rows: pa.Table) -> None:
    """Write the rows of one block, sorted by person, as a file that can be mapped into memory."""
    rows = rows.combine_chunks()
    traits, offsets = _flat(rows["traits"])
    events, _ = _flat(rows["events"])
    narrow = np.uint16 if not len(traits) or traits.max() < 2**16 else np.int32
    columns = {
        "traits": pa.ListArray.from_arrays(offsets, pa.array(traits.astype(narrow))),
        "events": pa.ListArray.from_arrays(
            offsets, pa.array(np.clip(events, 0, MOST_EVENTS).astype(np.uint16))
        ),
        "person": pa.array(rows["person"].to_numpy().astype(np.uint32)),
        **{k: pa.array(rows[k].to_numpy().astype(np.int32)) for k in KINDS},
    }
    table = pa.table(columns)

    def write(part: Path) -> None:
        with pa.OSFile(str(part), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            for batch in table.to_batches():
                writer.write_batch(batch)

    write_whole(path, write)


def read_block(path: Path, number: int) -> Block:
    """A block that `write_block` wrote, mapped and not copied."""
    with pa.memory_map(str(path)) as source:
        table = pa.ipc.open_file(source).read_all()
    traits, offsets = _flat(table["traits"])
    events, _ = _flat(table["events"])
    return Block(
        number,
        table["person"].to_numpy(),
        offsets,
        traits,
        events,
        tuple(table[k].to_numpy() for k in KINDS),
    )


def _flat(column: pa.ChunkedArray) -> tuple[Integers, Integers]:
    """Values and offsets of a list column of one chunk at most."""
    if not column.num_chunks:
        return np.zeros(0, dtype=np.int32), np.zeros(1, dtype=np.int32)
    chunk = column.chunk(0)
    return chunk.values.to_numpy(zero_copy_only=False), chunk.offsets.to_numpy()
