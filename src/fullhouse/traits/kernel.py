"""The block kernel: events of one block of persons in, (person, trait, events) out.

Pure NumPy over columns that any engine hands over, so every engine has the same numbers.
Sorting 5 million 32-bit keys and cutting them into runs takes 0.2 s on one core, where a
group-by in SQL over the same block takes a multiple: docs/traits.md has the figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fullhouse.core.arrays import AnyArray, Integers
from fullhouse.core.values import BLOCK_BITS, Window
from fullhouse.engine import Engine
from fullhouse.engine.expr import ibis
from fullhouse.traits.expand import EventTrait
from fullhouse.traits.select import Items

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Columns:
    """Events of one kind in one block: the person within the block, the item, the day.

    `day` counts from 1970; `back` marks refunds. Both may be missing where no trait asks.
    """

    local: AnyArray
    item: AnyArray
    day: AnyArray | None = None
    back: AnyArray | None = None


@dataclass(frozen=True)
class ItemMap:
    """For one kind and one window: the numbers of the traits that each item counts for."""

    kind: str
    first_day: int | None
    starts: AnyArray
    traits: AnyArray

    @property
    def single(self) -> bool:
        """Whether no item counts for more than one trait."""
        return bool((np.diff(self.starts) <= 1).all())


@dataclass(frozen=True)
class Pairs:
    """Persons within a block and their traits, ascending, with the events behind each."""

    local: AnyArray
    trait: AnyArray
    events: AnyArray

    def take(self, which: npt.NDArray[np.bool_]) -> Pairs:
        """Some of them."""
        return Pairs(self.local[which], self.trait[which], self.events[which])

    @classmethod
    def joined(cls, parts: Sequence[Pairs]) -> Pairs:
        """Pairs of persons that follow one another."""
        if len(parts) == 1:
            return parts[0]
        columns = ("local", "trait", "events")
        return cls(*(np.concatenate([getattr(p, c) for p in parts]) for c in columns))


def day_number(day: date) -> int:
    """Days since 1970, as Arrow counts them."""
    return (day - EPOCH).days


def first_day(window_days: int | None, as_of: date) -> int | None:
    """The first day inside a window as a day number."""
    first = Window(window_days).first_day(as_of)
    return None if first is None else day_number(first)


def item_maps(counted: Sequence[EventTrait], items: int, as_of: date) -> list[ItemMap]:
    """One map for each kind and window among the traits that are about items."""
    groups: dict[tuple[str, int | None], list[int]] = {}
    for n, trait in enumerate(counted):
        for kind in trait.kinds if trait.items is not None else ():
            groups.setdefault((kind, trait.window_days), []).append(n)
    return [
        _item_map(kind, first_day(days, as_of), numbers, counted, items)
        for (kind, days), numbers in groups.items()
    ]


def _item_map(
    kind: str, first: int | None, numbers: list[int], counted: Sequence[EventTrait], items: int
) -> ItemMap:
    selected = [counted[n].items for n in numbers]
    item_of = np.concatenate([s for s in selected if s is not None])
    traits = np.repeat(np.array(numbers, np.int32), [len(s) for s in selected if s is not None])
    order = np.argsort(item_of, kind="stable")
    starts = np.searchsorted(item_of[order], np.arange(items + 1))
    return ItemMap(kind, first, starts, traits[order])


def count_pairs(
    events: dict[str, Columns], maps: Sequence[ItemMap], least: AnyArray, most: AnyArray
) -> tuple[Pairs, Pairs]:
    """Events per person and trait, of those with at least `least` and at most `most` of them.

    And the same of those with some, but fewer than `least`. A refund takes one event away.
    """
    bits = max(1, int(len(least) - 1).bit_length())
    type_ = np.uint32 if BLOCK_BITS + bits <= 32 else np.uint64
    added, taken = [], []
    for one in maps:
        columns = events.get(one.kind)
        if columns is None:
            continue
        keys, back = _keys(columns, one, bits, type_)
        added.append(keys if back is None else keys[~back])
        if back is not None:
            taken.append(keys[back])
    keys, n = _runs(_concatenate(added, type_), bits)
    if taken:
        gone, m = _runs(_concatenate(taken, type_), bits)
        keys, n = _subtract(keys, n, gone, m)
    trait = (keys & type_(2**bits - 1)).astype(np.int32)
    local = (keys >> type_(bits)).astype(np.int32)
    every = Pairs(local, trait, n)
    enough = n >= least[trait]
    keep = enough & (n <= most[trait])
    return every if keep.all() else every.take(keep), every.take(~enough)


def _keys(
    columns: Columns, one: ItemMap, bits: int, type_: type[np.unsignedinteger[Any]]
) -> tuple[AnyArray, AnyArray | None]:
    local, item, back = columns.local, columns.item, columns.back
    if one.first_day is not None:
        assert columns.day is not None
        inside = columns.day >= one.first_day
        local, item = local[inside], item[inside]
        back = None if back is None else back[inside]
    if one.single:
        lookup = np.full(len(one.starts) - 1, -1, np.int32)
        lookup[np.repeat(np.arange(len(lookup)), np.diff(one.starts))] = one.traits
        trait = lookup[item]
        if (lookup < 0).any():
            hit = trait >= 0
            local, trait = local[hit], trait[hit]
            back = None if back is None else back[hit]
    else:
        times = np.diff(one.starts)[item]
        at = np.repeat(one.starts[:-1][item] - (np.cumsum(times) - times), times)
        trait = one.traits[at + np.arange(len(at))]
        local = np.repeat(local, times)
        back = None if back is None else np.repeat(back, times)
    return (local.astype(type_) << type_(bits)) | trait.astype(type_), back


def _concatenate(parts: list[AnyArray], type_: type[np.unsignedinteger[Any]]) -> AnyArray:
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.empty(0, type_)


def _runs(keys: AnyArray, bits: int) -> tuple[AnyArray, AnyArray]:
    """The distinct keys ascending, and how often each occurs."""
    if not len(keys):
        return keys, np.empty(0, np.int32)
    # The layout is by person, so keys come in long runs, which a merge sort only has to check:
    # 0.06 s for 5 million, where a quicksort takes 0.2 s.
    person = keys >> keys.dtype.type(bits)
    falls = int(np.count_nonzero(person[1:] < person[:-1]))
    keys.sort(kind="stable" if falls * 100 < len(keys) else "quicksort")
    first = np.empty(len(keys), np.bool_)
    first[0] = True
    np.not_equal(keys[1:], keys[:-1], out=first[1:])
    starts = np.flatnonzero(first)
    return keys[starts], np.diff(starts, append=len(keys)).astype(np.int32)


def _subtract(
    keys: AnyArray, n: AnyArray, gone: AnyArray, m: AnyArray
) -> tuple[AnyArray, AnyArray]:
    at = np.searchsorted(keys, gone)
    at_safe = np.minimum(at, max(0, len(keys) - 1))
    hit = (keys[at_safe] == gone) if len(keys) else np.zeros(len(gone), np.bool_)
    left = n.copy()
    left[at_safe[hit]] -= m[hit]
    return keys[left > 0], left[left > 0]


def activity(columns: Columns | None, size: int, *, first: int | None = None) -> AnyArray:
    """Events of each person in a block, refunds taken away, never below zero."""
    if columns is None:
        return np.zeros(size, np.int32)
    local, back = columns.local, columns.back
    if first is not None:
        assert columns.day is not None
        inside = columns.day >= first
        local, back = local[inside], None if back is None else back[inside]
    if back is None:
        return np.bincount(local, minlength=size).astype(np.int32)
    net = np.bincount(local[~back], minlength=size) - np.bincount(local[back], minlength=size)
    counts: AnyArray = np.maximum(net, 0).astype(np.int32)
    return counts


if TYPE_CHECKING:
    import ibis.expr.types as ir

PRICES = ("low", "middle", "high")
FIFTHS = ("q1", "q2", "q3", "q4", "q5")
BUCKETS = 16
"""Prices are distinguished in steps of 1/16 of a natural logarithm: 6 %."""


def parts_of(times: Mapping[int, int], parts: int) -> dict[int, int]:
    """Value → part 0..parts-1, by the place of the middle of those who share the value.

    >>> parts_of({1: 60, 2: 20, 9: 20}, 5)
    {1: 1, 2: 3, 9: 4}
    """
    total, below, part_of = sum(times.values()), 0, {}
    for value in sorted(times):
        part_of[value] = (2 * below + times[value]) * parts // (2 * total)
        below += times[value]
    return part_of


@dataclass(frozen=True)
class PriceLevels:
    """The level of each price in its category and currency, cut into thirds of the purchases."""

    category: Integers
    currencies: list[str]
    keys: Integers
    levels: Integers
    first_day: int | None

    def scores(
        self, columns: Columns, price: Integers, currency: Integers, size: int
    ) -> tuple[Integers, Integers]:
        """For each person of a block, the number of priced purchases and the sum of levels."""
        known = (price > 0) & (currency >= 0) & (self.category[columns.item] >= 0)
        if self.first_day is not None:
            assert columns.day is not None
            known &= columns.day >= self.first_day
        local = columns.local[known]
        buckets = np.floor(np.log(price[known]) * BUCKETS).astype(np.int64)
        keys = _key(self.category[columns.item[known]], currency[known], buckets)
        at = np.minimum(np.searchsorted(self.keys, keys), max(0, len(self.keys) - 1))
        level = self.levels[at] if len(self.keys) else np.empty(0)
        n = np.bincount(local, minlength=size).astype(np.int64)
        total = np.bincount(local, weights=level, minlength=size).astype(np.int64)
        return n, total


def price_of(n: Integers, total: Integers, least: int) -> Integers:
    """0 low, 1 middle, 2 high: the person's mean level; -1 with fewer than `least` purchases."""
    level = np.where(3 * total < 2 * n, 0, np.where(3 * total > 4 * n, 2, 1))
    return np.where(n >= least, level, -1).astype(np.int32)


def price_levels(
    engine: Engine,
    purchases: ir.Table,
    products: Items,
    items: int,
    *,
    as_of: date,
    window_days: int | None,
) -> PriceLevels:
    """Where the thirds of each category's prices lie, over the purchases up to a date."""
    category = np.full(items, -1, np.int64)
    for n, numbers in enumerate(products.categories.items):
        category[numbers] = n
    coded = np.flatnonzero(category >= 0)
    of_item = engine.memory(
        pa.table({"coded": pa.array(coded, pa.int32()), "category": category[coded]})
    )
    first = Window(window_days).first_day(as_of)
    rows = purchases.filter(purchases.day <= ibis.literal(as_of), purchases.unit_price > 0)
    rows = rows if first is None else rows.filter(rows.day >= ibis.literal(first))
    rows = rows.filter(rows.currency.notnull())
    rows = rows.mutate(bucket=(rows.unit_price.ln() * BUCKETS).floor().cast("int64"))
    rows = rows.join(of_item, rows["item"] == of_item.coded)
    counted = rows.group_by(["category", "currency", "bucket"]).aggregate(n=rows.count())
    price_rows = engine.arrow(counted.order_by(["category", "currency", "bucket"])).to_pylist()
    currencies = sorted({r["currency"] for r in price_rows})
    times: dict[tuple[int, int], dict[int, int]] = {}
    for r in price_rows:
        place = (r["category"], currencies.index(r["currency"]))
        times.setdefault(place, {})[r["bucket"]] = r["n"]
    keyed = {
        int(_key(np.array(c), np.array(m), np.array(b))): level
        for (c, m), buckets in times.items()
        for b, level in parts_of(buckets, 3).items()
    }
    keys = np.array(sorted(keyed), np.int64)
    levels = np.array([keyed[k] for k in keys.tolist()], np.int64)
    from_day = None if first is None else (first - date(1970, 1, 1)).days
    return PriceLevels(category, currencies, keys, levels, from_day)


def _key(category: Integers, currency: Integers, bucket: Integers) -> Integers:
    keys: Integers = (category.astype(np.int64) * 1024 + currency) * 4096 + bucket + 2048
    return keys
