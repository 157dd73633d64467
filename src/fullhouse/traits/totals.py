"""How many people have each candidate, over all blocks, by the sources they have accounts in."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from fullhouse.core.arrays import Integers
from fullhouse.traits.blocks import SIZE, locals_of
from fullhouse.traits.levels import parts_of
from fullhouse.traits.plan import Plan
from fullhouse.traits.tally import Tally
from fullhouse.traits.trait import Trait


class Totals:
    """Adds up blocks, and then says of every candidate who has it and whether it is built."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.persons = 0
        self._combinations: dict[str, int] = {}
        self._counts = np.zeros((len(plan.candidates), 0), np.int64)
        self._times: dict[str, dict[str, dict[int, int]]] = {s: {} for s in plan.active}

    def add(self, found: Tally, sources: pa.ChunkedArray) -> None:
        """Add a block, whose persons have accounts in these sources (names joined by ',')."""
        codes = self._codes(sources)
        self.persons += len(codes)
        here = np.zeros(SIZE, np.int32)
        here[locals_of(found.persons)] = codes
        one = len(self._combinations) == 1
        self._count(found.trait, np.zeros(1, np.int32) if one else here[found.local])
        for column in found.columns.T:
            has = column >= 0
            self._count(column[has], codes[has])
        for n, source in enumerate(self.plan.active):
            self._add_times(source, found.active[:, n], codes)

    def traits(self) -> list[Trait]:
        """Every candidate with its people, built where they reach its floor."""
        by_sources = {n: self._by_combination(c) for n, c in enumerate(self._counts)}
        for source, start in self.plan.active.items():
            cut = self.cut(source)
            for text, times in self._times[source].items():
                for value, n in times.items():
                    found = by_sources.setdefault(start + cut[value], {})
                    found[text] = found.get(text, 0) + n
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
            found = by_sources.get(number, {})
            persons = sum(found.values())
            yield Trait(
                number,
                one.name,
                one.family,
                one.label,
                one.basis,
                one.definition,
                persons=persons,
                by_source=_by_source(found),
                built=persons >= one.floor,
            )

    def _codes(self, sources: pa.ChunkedArray) -> Integers:
        """The combination of sources of each person as a number."""
        coded = sources.combine_chunks().dictionary_encode()
        known = self._combinations
        texts = coded.dictionary.to_pylist()
        lookup = np.array([known.setdefault(t, len(known)) for t in texts], np.int32)
        found: Integers = lookup[coded.indices.to_numpy()] if texts else np.empty(0, np.int32)
        return found

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


def _by_source(by_sources: dict[str, int]) -> dict[str, int]:
    """People by source, from people by combination of sources."""
    found: dict[str, int] = {}
    for sources, n in by_sources.items():
        for source in filter(None, sources.split(",")):
            found[source] = found.get(source, 0) + n
    return dict(sorted(found.items()))
