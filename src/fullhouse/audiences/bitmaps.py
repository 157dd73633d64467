"""Bitmaps of traits and saved audiences from the lake, by block, in a bounded cache."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyroaring import BitMap

from fullhouse.audiences.kernel import EMPTY, Set, load
from fullhouse.core.cache import Cache
from fullhouse.core.person_sets import PersonSet, by_block, union
from fullhouse.core.tables import AUDIENCE_BLOCK, TRAIT_BITMAP
from fullhouse.core.values import BLOCK_BITS
from fullhouse.lake import Lake
from fullhouse.traits import EVERYONE, Build

Blocks: TypeAlias = dict[int, Set]
"""Block → its people; a block that is not there has nobody."""

Key: TypeAlias = tuple[str, int, int, int]
"""Table, its version, build and trait."""

WINDOW_BYTES = 1 << 28
"""What a stream of blocks reads at a time."""

_PACKED_BYTES = 1 << (BLOCK_BITS - 3)


def weight(blocks: Blocks) -> int:
    """About how many bytes blocks take in memory."""
    return sum(
        min(2 * len(s), _PACKED_BYTES) + 100 if isinstance(s, BitMap) else _PACKED_BYTES
        for s in blocks.values()
    )


@dataclass(frozen=True)
class Bitmaps:
    """The bitmaps of one build, as one version of the table has them."""

    lake: Lake
    build: Build
    cache: Cache[Blocks]
    version: int | None

    @classmethod
    def of(cls, lake: Lake, build: Build, cache: Cache[Blocks]) -> "Bitmaps":
        """The bitmaps of a build as the table is now."""
        return cls(lake, build, cache, lake.version(TRAIT_BITMAP))

    def blocks(self) -> list[int]:
        """The blocks that have people of the base, ascending."""
        batches = self._batches(["block"], _among("trait", [EVERYONE]))
        return sorted(b for batch in batches for b in batch.column("block").to_pylist())

    def stream(
        self, traits: Sequence[int], blocks: Sequence[int], *, sizes: Sequence[int]
    ) -> Iterator[tuple[int, list[Set]]]:
        """The sets of some traits, block after block; `sizes` are the people of each trait.

        Few bytes, and what is asked for again and fits in the cache, are read whole and kept.
        The rest is read in windows of blocks and let go: memory stays bounded whatever the rule,
        and a single count over a billion people does not pay for memory it will not use again.
        """
        need = sum(min(2 * s, len(blocks) * _PACKED_BYTES) for s in sizes)
        again = self.cache.requested(self._key(t) for t in traits)
        if need <= (self.cache.most_bytes if again else min(WINDOW_BYTES, self.cache.most_bytes)):
            whole = self._whole(traits)
            for block in blocks:
                yield block, [w.get(block, EMPTY) for w in whole]
            return
        step = max(1, len(blocks) * WINDOW_BYTES // need)
        for start in range(0, len(blocks), step):
            some = blocks[start : start + step]
            read = self._read(traits, (some[0], some[-1]))
            for block in some:
                yield block, [read[t].get(block, EMPTY) for t in traits]

    def every(self, traits: Sequence[int]) -> Iterator[tuple[int, int, int, Set]]:
        """Trait, block, people and set of all bitmaps of some traits, in no order.

        Each is read once and let go, so memory stays bounded however many there are.
        """
        names = ["trait", "block", "persons", "bitmap"]
        for batch in self._batches(names, _among("trait", traits)):
            for trait, block, persons, data in zip(
                *(batch.column(c).to_pylist() for c in names[:3]),
                binaries(batch.column("bitmap")),
                strict=True,
            ):
                yield trait, block, persons, load(data)

    def _whole(self, traits: Sequence[int]) -> list[Blocks]:
        cached = {t: self.cache.get(self._key(t)) for t in traits}
        missing = [t for t, blocks in cached.items() if blocks is None]
        if missing:
            for t, blocks in self._read(missing).items():
                cached[t] = blocks
                self.cache.put(self._key(t), blocks, weight(blocks))
        return [cached[t] or {} for t in traits]

    def _key(self, trait: int) -> Key:
        return self.lake.uri(TRAIT_BITMAP), self.version or 0, self.build.id, trait

    def _read(
        self, traits: Sequence[int], between: tuple[int, int] | None = None
    ) -> dict[int, Blocks]:
        where = _among("trait", traits)
        if between is not None:
            where &= (pc.field("block") >= between[0]) & (pc.field("block") <= between[1])
        by_trait: dict[int, Blocks] = {t: {} for t in traits}
        for batch in self._batches(["trait", "block", "bitmap"], where):
            for trait, block, data in zip(
                batch.column("trait").to_pylist(),
                batch.column("block").to_pylist(),
                binaries(batch.column("bitmap")),
                strict=True,
            ):
                by_trait[trait][block] = load(data)
        return by_trait

    def _batches(self, columns: list[str], where: pc.Expression) -> Iterator[pa.RecordBatch]:
        where = (pc.field("build") == self.build.id) & where
        return self.lake.batches(
            TRAIT_BITMAP, columns=columns, where=where, version=self.version, rows=1_000
        )


def read_members(lake: Lake, name: str, version: int) -> PersonSet:
    """The frozen members of a saved audience, by block."""
    where = (pc.field("audience") == name) & (pc.field("version") == version)
    rows = lake.read(AUDIENCE_BLOCK, columns=["block", "bitmap"], where=where)
    return {
        block: BitMap.deserialize(bytes(data))
        for block, data in zip(rows["block"].to_pylist(), binaries(rows["bitmap"]), strict=True)
    }


def after_merges(members: PersonSet, merges: Mapping[int, int]) -> PersonSet:
    """The members with every person that was merged since replaced by the one they became."""
    merged = BitMap(merges)
    heirs = [merges[p] for people in members.values() for p in people & merged]
    unmerged = {block: people - merged for block, people in members.items()}
    return union(unmerged, by_block(np.array(heirs, np.int64)))


def binaries(column: pa.Array | pa.ChunkedArray) -> Iterator[memoryview]:
    """The values of a binary column, without a copy."""
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    for chunk in chunks:
        if not len(chunk):
            continue
        _, offsets, data = chunk.buffers()
        width = "<i8" if pa.types.is_large_binary(chunk.type) else "<i4"
        at = np.frombuffer(offsets, width)[chunk.offset : chunk.offset + len(chunk) + 1].tolist()
        view = memoryview(data) if data is not None else memoryview(b"")
        for start, end in pairwise(at):
            yield view[start:end]


def _among(column: str, values: Sequence[int]) -> pc.Expression:
    # A range as well as the set: file and row-group statistics prune by ranges.
    if not values:
        return pc.scalar(False)
    field_ = pc.field(column)
    within = (field_ >= min(values)) & (field_ <= max(values))
    return within & field_.isin(pa.array(values, pa.int32()))
