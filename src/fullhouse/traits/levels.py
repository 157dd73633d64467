"""Levels of persons that no single event decides: price, activity, having stayed away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from fullhouse.core.arrays import Integers
from fullhouse.core.values import Window
from fullhouse.engine import Engine
from fullhouse.engine.expr import ibis
from fullhouse.traits.kernel import Columns
from fullhouse.traits.select import Items

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
