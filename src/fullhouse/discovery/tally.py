"""Count traits over strata, block after block: the kernel of discovery.

Counts are additive: blocks add up, and people whose own outcome events change their place are
taken out with `minus` and put back changed. Nothing here knows of outcomes or of statistics.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from fullhouse.core.arrays import Floats, Integers
from fullhouse.sample.blocks import Block, pairs_of
from fullhouse.sample.film_traits import kinds_of
from fullhouse.sample.outcome import OutcomeChanges, subtract_events
from fullhouse.sample.strata import StrataGroup
from fullhouse.traits.trait import KINDS, Trait

FLUSH = 4_000_000
"""Pairs of person and trait that are gathered before they are counted."""

NONE: Integers = np.zeros(0, dtype=np.int64)
CHUNK = 65_536
"""People whose pairs are in memory at once."""


@dataclass(frozen=True)
class CountPlan:
    """What is counted: traits by number, the groups of strata, and the outcome's kinds.

    Arrays run over trait numbers of the build, 0 to the highest. `wanted`: which are counted,
    `own` (one column for each of KINDS) from which activity a trait's own events are taken, and
    `kinds` (likewise) of which kinds they are.
    """

    groups: tuple[StrataGroup, ...]
    group: Integers
    least: Integers
    wanted: npt.NDArray[np.bool_]
    own: npt.NDArray[np.bool_]
    kinds: npt.NDArray[np.bool_]
    outcome_kinds: tuple[int, ...]
    start: Integers

    @property
    def cells(self) -> int:
        """Number of cells: the strata of all traits, one after the other."""
        return int(self.start[-1])

    @property
    def owning(self) -> npt.NDArray[np.bool_]:
        """Whether a trait's own events are taken from any activity."""
        owning: npt.NDArray[np.bool_] = np.logical_or.reduce(self.own, axis=1)
        return owning

    @classmethod
    def of(
        cls,
        traits: Sequence[Trait],
        groups: Sequence[StrataGroup],
        of_trait: Integers,
        outcome_kinds: Sequence[str],
    ) -> Self:
        """The plan for some traits; `of_trait` is the group of each."""
        size = max((t.id for t in traits), default=-1) + 1
        group, least = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
        wanted, of_kind = np.zeros(size, dtype=bool), np.zeros((size, len(KINDS)), dtype=bool)
        for trait, number in zip(traits, of_trait, strict=True):
            i = trait.id
            group[i], wanted[i] = number, True
            if kinds_of(trait):
                least[i] = int(trait.definition["min_events"])
                of_kind[i] = [k in kinds_of(trait) for k in KINDS]
        own = of_kind & np.array([k in outcome_kinds for k in KINDS])
        sizes = np.array([g.size for g in groups], dtype=np.int64)
        start = np.concatenate([[0], np.cumsum(np.where(wanted, sizes[group], 0))])
        kinds = tuple(KINDS.index(k) for k in outcome_kinds)
        return cls(tuple(groups), group, least, wanted, own, of_kind, kinds, start)


@dataclass
class Counts:
    """People by trait and stratum, and sums for the index.

    `holders` counts those with each trait in the strata with its own events taken away; `placed`
    is whom to take from `people` for those without it: holders in the strata with its events, and
    those with too few of them as far as they are elsewhere without. `people` counts everyone by
    stratum, for each group.
    `sums` has Σy, Σyy, Σn, Σyn, Σnn, Σw, Σyw, Σww over holders: y are the outcome's events, w all
    events of its kinds, n those less the trait's own. `totals` has Σy, Σyy, Σw, Σyw, Σww over
    everyone.
    """

    plan: CountPlan
    holders: Integers = field(init=False)
    placed: Integers = field(init=False)
    people: list[Integers] = field(init=False)
    sums: Floats = field(init=False)
    totals: Floats = field(init=False)

    def __post_init__(self) -> None:
        self.holders = np.zeros(self.plan.cells, dtype=np.int64)
        self.placed = np.zeros(self.plan.cells, dtype=np.int64)
        self.people = [np.zeros(g.size, dtype=np.int64) for g in self.plan.groups]
        self.sums = np.zeros((8, len(self.plan.wanted)))
        self.totals = np.zeros(5)
        self._waiting: list[tuple[Integers, Integers, Integers]] = []
        self._pairs = 0

    def add(self, block: Block, rows: Integers, own: OutcomeChanges | None = None) -> None:
        """Count some people of a block, as rows of it, ascending."""
        for first in range(0, len(rows), CHUNK):
            some = slice(first, first + CHUNK)
            self._add_some(block, rows[some], None if own is None else own.part(some))

    def _add_some(self, block: Block, rows: Integers, own: OutcomeChanges | None) -> None:
        activity = block.activity_of(rows)
        every = activity[list(self.plan.outcome_kinds)].sum(0, dtype=np.int64)
        if own is not None:
            activity = np.maximum(activity - own.removed, 0)
        strata = [g.strata(activity) for g in self.plan.groups]
        for number, stratum in enumerate(strata):
            self.people[number] += np.bincount(stratum, minlength=len(self.people[number]))
        owner, trait, events = pairs_of(block, rows)
        if own is not None:
            events = events.astype(np.int64)
            subtract_events(events, owner, trait, own)
        self._add_pairs((owner, trait, events), activity, strata, own, every)
        self.totals += _moments(every, None if own is None else own.events)

    def add_unknown(self, people: int) -> None:
        """Count people of whom nothing is known: no trait, no event."""
        for counts in self.people:
            if len(counts):
                counts[0] += people

    def minus(self, other: "Counts") -> None:
        """Take another's people out."""
        self._merge(other, -1)

    def plus(self, other: "Counts") -> None:
        """Put another's people in."""
        self._merge(other, 1)

    def flush(self) -> "Counts":
        """Count what waits; itself."""
        if self._waiting:
            placed, holders, back = (
                np.bincount(np.concatenate(cells), minlength=self.plan.cells)
                for cells in zip(*self._waiting, strict=True)
            )
            self.placed += placed - back
            self.holders += holders
            self._waiting, self._pairs = [], 0
        return self

    def _add_pairs(
        self,
        pairs: tuple[Integers, Integers, Integers],
        activity: npt.NDArray[np.int32],
        strata: list[npt.NDArray[np.int32]],
        own: OutcomeChanges | None,
        every: Integers,
    ) -> None:
        plan = self.plan
        owner, trait, events = pairs
        keep = _known(plan, trait)
        enough = events >= plan.least[np.minimum(trait, len(plan.least) - 1)]
        few = keep & ~enough & (events > 0)
        keep &= enough
        if few.any():
            self._move((owner[few], trait[few], events[few]), activity, strata)
        if not keep.all():
            owner, trait, events = owner[keep], trait[keep], events[keep]
        placed = _strata_of(plan, strata, owner, trait) + plan.start[trait]
        own_pairs = np.flatnonzero(plan.owning[trait])
        holders = placed.copy()
        holders[own_pairs] += _moved(
            plan, activity, owner[own_pairs], trait[own_pairs], events[own_pairs]
        )
        self._wait(placed, holders, NONE)
        self._add_sums((owner, trait, events), own, every)

    def _move(
        self,
        pairs: tuple[Integers, Integers, Integers],
        activity: npt.NDArray[np.int32],
        strata: list[npt.NDArray[np.int32]],
    ) -> None:
        """Put those with too few of a trait's events where they stand without these."""
        own_pairs = self.plan.owning[pairs[1]]
        owner, trait, events = (p[own_pairs] for p in pairs)
        placed = _strata_of(self.plan, strata, owner, trait) + self.plan.start[trait]
        self._wait(placed, NONE, placed + _moved(self.plan, activity, owner, trait, events))

    def _wait(self, placed: Integers, holders: Integers, back: Integers) -> None:
        self._waiting.append((placed, holders, back))
        self._pairs += len(placed)
        if self._pairs >= FLUSH:
            self.flush()

    def _add_sums(
        self,
        pairs: tuple[Integers, Integers, Integers],
        own: OutcomeChanges | None,
        every: Integers,
    ) -> None:
        owner, trait, events = pairs
        if not self.plan.outcome_kinds:
            return
        size = (len(every), len(self.plan.wanted))
        w = every.astype(np.float64)
        y = np.zeros(len(w)) if own is None else own.events.astype(np.float64)
        ends = np.searchsorted(owner, np.arange(len(every) + 1))
        holds = csr_array((np.ones(len(trait)), trait, ends), shape=size)
        of_people = holds.T @ np.stack([y, y * y, w, y * w, w * w], axis=1)
        # n is w less the trait's own events e: its sums follow from those with e.
        own_pairs = np.minimum(np.where(self.plan.owning[trait], events, 0), every[owner])
        e = csr_array((own_pairs.astype(np.float64), trait, ends), shape=size)
        of_own = e.T @ np.stack([np.ones(len(w)), y, w], axis=1)
        squares = np.bincount(trait, own_pairs.astype(np.float64) ** 2, minlength=size[1])
        y_, yy, w_, yw, ww = of_people.T
        e_, ye, we = of_own.T
        self.sums += np.stack([y_, yy, w_ - e_, yw - ye, ww - 2 * we + squares, w_, yw, ww])

    def _merge(self, other: "Counts", sign: int) -> None:
        self.flush()
        other.flush()
        self.holders += sign * other.holders
        self.placed += sign * other.placed
        for number, people in enumerate(other.people):
            self.people[number] += sign * people
        self.sums += sign * other.sums
        self.totals += sign * other.totals


def _known(plan: CountPlan, trait: Integers) -> npt.NDArray[np.bool_]:
    if not len(plan.wanted):
        return np.zeros(len(trait), dtype=bool)
    inside = trait < len(plan.wanted)
    return inside & plan.wanted[np.minimum(trait, len(plan.wanted) - 1)]


def _strata_of(
    plan: CountPlan, strata: list[npt.NDArray[np.int32]], owner: Integers, trait: Integers
) -> npt.NDArray[np.int64]:
    result = np.zeros(len(owner), dtype=np.int64)
    of = plan.group[trait]
    for number, each in enumerate(strata):
        if len(strata) == 1:
            return each[owner].astype(np.int64)
        here = np.flatnonzero(of == number)
        result[here] = each[owner[here]]
    return result


def _moved(
    plan: CountPlan,
    activity: npt.NDArray[np.int32],
    owner: Integers,
    trait: Integers,
    events: Integers,
) -> npt.NDArray[np.int64]:
    """By how many cells holders move when the trait's own events are taken away.

    Of a trait of two kinds, which of its events were of which kind is not recorded: they are shared
    out by how much of each kind the person did. All of them taken from the outcome's kind, viewers
    would be compared with people who hardly go out.
    """
    by = np.zeros(len(owner), dtype=np.int64)
    for number, group in enumerate(plan.groups):
        inside: Any = slice(None)
        if len(plan.groups) > 1:
            inside = np.flatnonzero(plan.group[trait] == number)
        who, which = owner[inside], trait[inside]
        own_pairs = events[inside].astype(np.int32)
        total = _of_kinds(plan, activity, who, which)
        for kind, scale, step in zip(group.kinds, group.scales, group.steps, strict=True):
            if not plan.own[:, kind].any():
                continue
            table = scale.table().astype(np.int32) * np.int32(step)
            top = np.int32(len(table) - 1)
            before = activity[kind][who]
            part = own_pairs if total is None else (2 * own_pairs * before + total) // (2 * total)
            taken = np.minimum(part, before) * plan.own[which, kind]
            at_first = table[np.minimum(activity[kind], top)]
            by[inside] += table[np.minimum(before - taken, top)] - at_first[who]
    return by


def _of_kinds(
    plan: CountPlan, activity: npt.NDArray[np.int32], owner: Integers, trait: Integers
) -> npt.NDArray[np.int64] | None:
    """What each pair's person did in the trait's kinds, 1 at least; None where all have one."""
    if not (plan.kinds.sum(1) > 1).any():
        return None
    total = np.zeros(len(owner), dtype=np.int64)
    for kind in range(len(KINDS)):
        total += activity[kind][owner] * plan.kinds[trait, kind]
    return np.maximum(total, 1)


def _moments(every: Integers, events: Integers | None) -> Floats:
    w = every.astype(np.float64)
    y = np.zeros(len(w)) if events is None else events.astype(np.float64)
    return np.array([y.sum(), (y * y).sum(), w.sum(), (y * w).sum(), (w * w).sum()])
