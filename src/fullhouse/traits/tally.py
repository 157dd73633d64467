"""Count one block: who has which candidate, how active everyone is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from fullhouse.core.arrays import Integers
from fullhouse.traits.blocks import SIZE, BlockEvents, locals_of, ranges
from fullhouse.traits.kernel import Pairs, activity, count_pairs
from fullhouse.traits.levels import price_of
from fullhouse.traits.plan import Goers, Plan
from fullhouse.traits.trait import KINDS


@dataclass(frozen=True)
class Tally:
    """What was counted in one block: pairs about items, and columns with a row per person.

    Persons are those of the base, ascending; `local` of the pairs is the place in the block.
    `few` are pairs with fewer events than the trait needs: those persons do not have it, and
    discovery takes the events from their activity all the same. `columns` hold candidate numbers,
    -1 for none; `behind` the events behind each.
    """

    persons: Integers
    local: Integers
    trait: Integers
    events: Integers
    few_local: Integers
    few_trait: Integers
    few_events: Integers
    columns: Integers
    behind: Integers
    active: Integers
    kinds: Integers

    def save(self, path: Path) -> None:
        """Put it aside in a file."""
        with path.open("wb") as file:
            for part in vars(self).values():
                np.save(file, part)

    @classmethod
    def load(cls, path: Path) -> "Tally":
        """Take it back."""
        with path.open("rb") as file:
            return cls(**{f.name: np.load(file) for f in fields(cls)})


Read = Callable[[str, tuple[int, int]], BlockEvents]


def tally(plan: Plan, persons: Integers, read: Read, events: dict[str, int]) -> Tally:
    """Count a block whose events `read` gives by kind and range; `events` says how many by kind."""
    member = np.zeros(SIZE, np.bool_)
    here = locals_of(persons)
    member[here] = True
    kinds = np.zeros((len(KINDS), SIZE), np.int32)
    active = np.zeros((len(plan.active), SIZE), np.int32)
    visits = np.zeros((len(plan.goers), SIZE), np.int32)
    longer = np.zeros((len(plan.goers), SIZE), np.int32)
    priced, paid = np.zeros(SIZE, np.int64), np.zeros(SIZE, np.int64)
    parts: list[tuple[Pairs, Pairs]] = []
    for within in ranges(sum(events.values())):
        found = {k: read(k, within) for k in KINDS if events.get(k)}
        columns = {k: f.columns for k, f in found.items()}
        parts.append(count_pairs(columns, plan.maps, plan.least, plan.most))
        for n, kind in enumerate(KINDS):
            if kind in columns:
                kinds[n] += activity(columns[kind], SIZE)
        for n, goer in enumerate(plan.goers):
            visits[n] += activity(columns.get(goer.kind), SIZE, first=goer.first)
            if goer.lapsed is not None:
                longer[n] += activity(columns.get(goer.kind), SIZE, first=goer.lapsed[1])
        active += _by_source(plan, found)
        if plan.price is not None and (bought := found.get("purchase")) is not None:
            assert bought.price is not None
            assert bought.currency is not None
            price = np.nan_to_num(bought.price)
            n_, total = plan.price.scores(bought.columns, price, bought.currency, SIZE)
            priced, paid = priced + n_, paid + total
    level = [_visited(g, visits[n], longer[n]) for n, g in enumerate(plan.goers)]
    behind = [np.where(c >= 0, _counted(g, visits[n]), 0) for n, (g, c) in
              enumerate(zip(plan.goers, level, strict=True))]  # fmt: skip
    if plan.price is not None:
        place = price_of(priced, paid, plan.price_least)
        level.append(np.where(place >= 0, place + plan.price_start, -1))
        behind.append(np.zeros(SIZE, np.int32))
    pairs, few = (Pairs.joined(p) for p in zip(*parts, strict=True))
    pairs, few = pairs.take(member[pairs.local]), few.take(member[few.local])
    return Tally(
        persons,
        *(pairs.local, pairs.trait, pairs.events),
        *(few.local, few.trait, few.events),
        _stack(level, here),
        _stack(behind, here),
        np.ascontiguousarray(active[:, here].T),
        np.ascontiguousarray(kinds[:, here].T),
    )


def _by_source(plan: Plan, found: dict[str, BlockEvents]) -> Integers:
    counts = np.zeros((len(plan.active), SIZE), np.int32)
    if not plan.active:
        return counts
    width = len(plan.active) + 1
    for events in found.values():
        assert events.source is not None
        columns, source = events.columns, events.source
        sign = None if columns.back is None else np.where(columns.back, -1.0, 1.0)
        key = columns.local.astype(np.int64) * width + source
        if plan.active_first is not None:
            assert columns.day is not None
            inside = columns.day >= plan.active_first
            key, sign = key[inside], None if sign is None else sign[inside]
        key = key + 1  # source -1 goes to column 0
        n = np.bincount(key, weights=sign, minlength=SIZE * width)
        counts += n.reshape(SIZE, width)[:, 1:].T.astype(np.int32)
    return counts


def _visited(goer: Goers, visits: Integers, longer: Integers) -> Integers:
    if goer.lapsed is not None:
        return np.where((visits <= 0) & (longer > 0), goer.lapsed[0], -1).astype(np.int32)
    assert goer.bounds is not None
    trait, least, most = goer.bounds
    return np.where((visits >= least) & (visits <= most), trait, -1).astype(np.int32)


def _counted(goer: Goers, visits: Integers) -> Integers:
    return visits if goer.lapsed is None else np.zeros_like(visits)


def _stack(columns: Sequence[Integers], rows: Integers) -> Integers:
    if not columns:
        return np.empty((len(rows), 0), np.int32)
    return np.stack([c[rows] for c in columns], axis=1).astype(np.int32)
