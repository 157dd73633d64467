"""What counted blocks become: totals, bitmaps by trait, and each person's traits."""

import struct
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from pyroaring import BitMap

from fullhouse.core.arrays import Flags, Integers
from fullhouse.core.tables import PERSON_TRAIT, TRAIT_BITMAP
from fullhouse.core.values import BLOCK_BITS
from fullhouse.traits.kernel import parts_of
from fullhouse.traits.plan import BuildPlan
from fullhouse.traits.tally import SIZE, BlockTally, locals_of
from fullhouse.traits.trait import EVERYONE, KINDS, Trait

COOKIE = 12346
ARRAY_MAX = 4096
"""A container with more ids than this is a bitmap of 8 KiB."""


def serialize_all(ids: Integers, starts: Integers) -> Iterator[bytes]:
    """The bitmap of each slice ids[starts[i]:starts[i + 1]]; ids ascend within a slice."""
    ids = np.ascontiguousarray(ids, np.uint32)
    low = ids.astype("<u2")
    high = (ids >> np.uint32(16)).astype("<u2")
    cut = np.empty(len(ids) + 1, np.bool_)
    cut[-1] = True
    np.not_equal(high[1:], high[:-1], out=cut[1:-1])
    cut[starts] = True
    edges = np.flatnonzero(cut)
    cards = np.diff(edges)
    heads = np.empty((len(cards), 2), "<u2")
    heads[:, 0], heads[:, 1] = high[edges[:-1]], cards - 1
    first = np.searchsorted(edges, starts)
    dense = np.concatenate([[0], np.cumsum(cards > ARRAY_MAX)])
    bytes_before = np.concatenate([[0], np.cumsum(2 * cards)])
    pairs = zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)
    spans = zip(first[:-1].tolist(), first[1:].tolist(), strict=True)
    for (start, end), (a, b) in zip(pairs, spans, strict=True):
        if dense[b] > dense[a] or start == end:
            yield BitMap(ids[start:end]).serialize()
            continue
        size = b - a
        offsets = bytes_before[a:b] - bytes_before[a] + (8 + 8 * size)
        yield b"".join(
            (
                struct.pack("<II", COOKIE, size),
                heads[a:b].tobytes(),
                offsets.astype("<u4").tobytes(),
                low[start:end].tobytes(),
            )
        )


class Totals:
    """Adds up blocks; then, of every candidate, how many have it and whether it is built."""

    def __init__(self, plan: BuildPlan) -> None:
        self.plan = plan
        self.persons = 0
        self._combinations: dict[str, int] = {}
        self._counts = np.zeros((len(plan.candidates), 0), np.int64)
        self._times: dict[str, dict[str, dict[int, int]]] = {s: {} for s in plan.active}

    def add(self, counted: BlockTally, sources: pa.ChunkedArray) -> None:
        """Add a block, whose persons have accounts in these sources (names joined by ',')."""
        codes = self._codes(sources)
        self.persons += len(codes)
        here = np.zeros(SIZE, np.int32)
        here[locals_of(counted.persons)] = codes
        one = len(self._combinations) == 1
        self._count(counted.trait, np.zeros(1, np.int32) if one else here[counted.local])
        for column in counted.columns.T:
            has = column >= 0
            self._count(column[has], codes[has])
        for n, source in enumerate(self.plan.active):
            self._add_times(source, counted.active[:, n], codes)

    def traits(self) -> list[Trait]:
        """Every candidate with its people, built where they reach its floor."""
        by_sources = {n: self._by_combination(c) for n, c in enumerate(self._counts)}
        for source, start in self.plan.active.items():
            cut = self.cut(source)
            for text, times in self._times[source].items():
                for value, n in times.items():
                    by_combination = by_sources.setdefault(start + cut[value], {})
                    by_combination[text] = by_combination.get(text, 0) + n
        for start, family in self.plan.facts:
            by_sources |= {start + n: f.by_sources for n, f in enumerate(family.traits)}
        return list(self._traits(by_sources))

    def cut(self, source: str) -> dict[int, int]:
        """Number of events in a source → which fifth of its people: 0 to 4."""
        total: dict[int, int] = {}
        for times in self._times[source].values():
            for value, n in times.items():
                total[value] = total.get(value, 0) + n
        return parts_of(total, 5)

    def _traits(self, by_sources: dict[int, dict[str, int]]) -> Iterator[Trait]:
        for number, one in enumerate(self.plan.candidates):
            by_combination = by_sources.get(number, {})
            persons = sum(by_combination.values())
            yield Trait(
                number,
                one.name,
                one.family,
                one.label,
                one.basis,
                one.definition,
                persons=persons,
                by_source=_people_by_source(by_combination),
                built=persons >= one.floor,
            )

    def _codes(self, sources: pa.ChunkedArray) -> Integers:
        """The combination of sources of each person as a number."""
        coded = sources.combine_chunks().dictionary_encode()
        known = self._combinations
        texts = coded.dictionary.to_pylist()
        lookup = np.array([known.setdefault(t, len(known)) for t in texts], np.int32)
        codes: Integers = lookup[coded.indices.to_numpy()] if texts else np.empty(0, np.int32)
        return codes

    def _count(self, traits: Integers, codes: Integers) -> None:
        if not len(traits):
            return
        width = len(self._combinations)
        self._counts = np.pad(self._counts, ((0, 0), (0, width - self._counts.shape[1])))
        keys = traits if width == 1 else traits.astype(np.int64) * width + codes
        n = np.bincount(keys, minlength=self._counts.size)
        self._counts += n.reshape(self._counts.shape)

    def _add_times(self, source: str, values: Integers, codes: Integers) -> None:
        for text, code in self._combinations.items():
            counted = np.unique_counts(values[(codes == code) & (values > 0)])
            times = self._times[source].setdefault(text, {})
            for value, n in zip(*(c.tolist() for c in counted), strict=True):
                times[value] = times.get(value, 0) + n

    def _by_combination(self, counts: Integers) -> dict[str, int]:
        by = zip(self._combinations, counts.tolist(), strict=False)
        return {text: n for text, n in by if n}


def _people_by_source(by_sources: dict[str, int]) -> dict[str, int]:
    """People by source, from people by combination of sources."""
    people: dict[str, int] = {}
    for sources, n in by_sources.items():
        for source in filter(None, sources.split(",")):
            people[source] = people.get(source, 0) + n
    return dict(sorted(people.items()))


def person_rows(
    build: int, block: int, counted: BlockTally, columns: Integers, built: Flags
) -> pa.Table:
    """A row of `person_trait` for every person of the base in a block.

    `columns` are the candidates of each person that are not about items, -1 for none, ascending
    and after those of the pairs; `built` says which candidates are built.
    """
    traits, events, ends = _merge(counted, columns, built)
    size = len(counted.persons)
    offsets = pa.array(np.concatenate([[0], ends]), pa.int32())
    table_columns = {
        "build": pa.array(np.full(size, build, np.int64)),
        "block": pa.array(np.full(size, block, np.int32)),
        "person": pa.array(counted.persons.astype(np.int64)),
        "traits": pa.ListArray.from_arrays(offsets, pa.array(traits)),
        "events": pa.ListArray.from_arrays(offsets, pa.array(events)),
    }
    table_columns |= {k: pa.array(counted.kinds[:, n]) for n, k in enumerate(KINDS)}
    return pa.table(table_columns).cast(PERSON_TRAIT.schema)


def _merge(
    counted: BlockTally, columns: Integers, built: Flags
) -> tuple[Integers, Integers, Integers]:
    """Traits and events person after person, and where each person's end."""
    local, trait, behind = _with_few(counted)
    keep = built[trait]
    if not keep.all():
        local, trait, behind = local[keep], trait[keep], behind[keep]
    own = (columns >= 0) & built[columns]
    here = locals_of(counted.persons)
    first = np.bincount(local, minlength=1 << BLOCK_BITS)[here]
    second = own.sum(axis=1)
    ends = np.cumsum(first + second)
    if not columns.shape[1] or not own.any():
        return trait, behind, ends
    traits = np.empty(len(trait) + int(second.sum()), np.int32)
    events = np.zeros(len(traits), np.int32)
    # Each person's pairs are followed by that person's columns: both are in order already.
    before = np.repeat(np.cumsum(second) - second, first)
    at = np.arange(len(trait)) + before
    traits[at], events[at] = trait, behind
    after = np.repeat(np.cumsum(first), second) + np.arange(int(second.sum()))
    traits[after] = columns[own]
    events[after] = _behind(counted, columns)[own]
    return traits, events, ends


def _with_few(counted: BlockTally) -> tuple[Integers, Integers, Integers]:
    if not len(counted.few_local):
        return counted.local, counted.trait, counted.events
    local = np.concatenate([counted.local, counted.few_local])
    trait = np.concatenate([counted.trait, counted.few_trait])
    order = np.lexsort((trait, local))
    behind = np.concatenate([counted.events, counted.few_events])
    return local[order], trait[order], behind[order]


def _behind(counted: BlockTally, columns: Integers) -> Integers:
    events = np.zeros(columns.shape, np.int32)
    events[:, : counted.behind.shape[1]] = counted.behind
    return events


def bitmaps(
    block: int, counted: BlockTally, columns: Integers, built: Flags
) -> Iterator[tuple[int, int, bytes]]:
    """(trait, persons, bitmap) of every built trait that somebody in a block has, and of all."""
    yield EVERYONE, len(counted.persons), BitMap(counted.persons.astype(np.uint32)).serialize()
    yield from _serialized(block, counted.local, counted.trait, built)
    own = (columns >= 0) & built[columns]
    here = np.repeat(locals_of(counted.persons), own.sum(axis=1))
    yield from _serialized(block, here, columns[own], built)


def _serialized(
    block: int, local: Integers, trait: Integers, built: Flags
) -> Iterator[tuple[int, int, bytes]]:
    """Pairs person after person, turned to trait after trait: a transposition, not a sort."""
    if not len(local):
        return
    ends = np.cumsum(np.bincount(local, minlength=SIZE))
    rows = np.concatenate([[0], ends]).astype(np.int32)
    ones = np.ones(len(local), np.bool_)
    from scipy.sparse import csr_array  # here: only a build needs it, and it takes long to load

    turned = csr_array((ones, trait, rows), shape=(SIZE, len(built))).tocsc()
    yield from _grouped(block, turned.indices, np.repeat(
        np.arange(len(built), dtype=np.int32), np.diff(turned.indptr)), built)  # fmt: skip


def _grouped(
    block: int, local: Integers, trait: Integers, built: Flags
) -> Iterator[tuple[int, int, bytes]]:
    """Bitmaps of pairs that are trait after trait, persons ascending in each."""
    if not len(local):
        return
    starts = np.append(np.flatnonzero(np.diff(trait, prepend=-1)), len(trait))
    ids = local.astype(np.uint32) | np.uint32(block << BLOCK_BITS)
    sizes = np.diff(starts).tolist()
    for number, n, data in zip(
        trait[starts[:-1]].tolist(), sizes, serialize_all(ids, starts), strict=True
    ):
        if built[number]:
            yield number, n, data


def bitmap_table(build: int, rows: list[tuple[int, int, int, bytes]]) -> pa.Table:
    """Rows of `trait_bitmap` from (trait, block, persons, bitmap), by trait and block."""
    rows.sort(key=lambda r: r[:2])
    return pa.table(
        {
            "build": pa.array(np.full(len(rows), build, np.int64)),
            "trait": pa.array([r[0] for r in rows], pa.int32()),
            "block": pa.array([r[1] for r in rows], pa.int32()),
            "persons": pa.array([r[2] for r in rows], pa.int64()),
            "bitmap": pa.array([r[3] for r in rows], pa.binary()),
        }
    ).cast(TRAIT_BITMAP.schema)
