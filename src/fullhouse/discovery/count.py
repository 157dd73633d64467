"""Count an outcome against its base: the moments from which every statistic is computed.

Counts are additive: blocks add up, and people whose own outcome events change their place are
taken out with `minus` and put back changed. `Counts` knows of no outcome and of no statistics.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap
from scipy.sparse import csr_array

from fullhouse.core.arrays import Floats, Integers
from fullhouse.core.person_sets import PersonSet, only, size, without
from fullhouse.core.values import BLOCK_BITS
from fullhouse.discovery.strata import (
    ACTIVITY_ALONE,
    MOST_ACTIVITY,
    NO_FACTS,
    StrataAdjustment,
    StrataGroup,
    groups_for,
)
from fullhouse.sample.outcome import Outcome, OutcomeChanges, OwnEvents, subtract_events
from fullhouse.stats import Moments
from fullhouse.traits.blocks import Block, Blocks, pairs_of
from fullhouse.traits.film_traits import kinds_of
from fullhouse.traits.trait import KINDS, Trait
from fullhouse.workspace.cache_files import write_whole

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
            least[i] = trait.least
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
        owner, trait, events = pairs_of(block, rows)
        strata = [
            g.strata(activity) + g.fact_strata(owner, trait, len(rows)) for g in self.plan.groups
        ]
        for number, stratum in enumerate(strata):
            self.people[number] += np.bincount(stratum, minlength=len(self.people[number]))
        if own is not None:
            events = events.astype(np.int64)
            subtract_events(events, owner, trait, own)
        self._add_pairs((owner, trait, events), activity, strata, own, every)
        self.totals += _own_moments(every, None if own is None else own.events)

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


def _own_moments(every: Integers, events: Integers | None) -> Floats:
    w = every.astype(np.float64)
    y = np.zeros(len(w)) if events is None else events.astype(np.float64)
    return np.array([y.sum(), (y * y).sum(), w.sum(), (y * w).sum(), (w * w).sum()])


@dataclass(frozen=True)
class ComparedPeople:
    """The people compared, and how many have each number of events of each kind."""

    people: PersonSet
    histograms: Mapping[int, Integers]

    @property
    def digest(self) -> str:
        """The same for the same people, however they were selected."""
        digest = hashlib.sha256()
        for block, people in sorted(self.people.items()):
            digest.update(block.to_bytes(4, "big") + people.serialize())
        return digest.hexdigest()[:32]


@dataclass(frozen=True)
class CountTables:
    """Tables of counts: people with and without each trait, in the outcome and in all, by stratum.

    `traits` gives the traits in order; the arrays of one group of them have one row for each.
    """

    traits: tuple[Trait, ...]
    tables: tuple[tuple[Integers, tuple[Floats, Floats, Floats, Floats]], ...]
    strata: tuple[str, ...]
    moments: Moments
    before: Floats
    """Holders of each trait in the base, the outcome's events still among theirs."""

    @cached_property
    def totals(self) -> tuple[Floats, Floats, Floats, Floats]:
        """The four counts of each trait without strata."""
        totals = np.zeros((4, len(self.traits)))
        for rows, four in self.tables:
            totals[:, rows] = [f.sum(-1) for f in four]
        return totals[0], totals[1], totals[2], totals[3]


def measure_base(blocks: Blocks, people: PersonSet) -> ComparedPeople:
    """The base with its activity, in one pass over the activity of everyone in it."""
    totals: dict[int, Integers] = {k: np.zeros(2, dtype=np.int64) for k in range(len(KINDS))}
    for block in blocks:
        rows = block.rows(people.get(block.block, BitMap()))
        for kind in range(len(KINDS)):
            counts = np.bincount(np.minimum(block.activity[kind][rows], MOST_ACTIVITY), minlength=2)
            totals[kind] = _add(totals[kind], counts)
    return ComparedPeople(people, totals)


def count(
    blocks: Blocks,
    base: ComparedPeople,
    outcome: Outcome,
    own: OwnEvents,
    traits: Sequence[Trait],
    *,
    quantiles: int,
    adjustment: StrataAdjustment = ACTIVITY_ALONE,
    facts: Mapping[str, tuple[int, ...]] = NO_FACTS,
) -> CountTables:
    """Count traits over strata in the base and in the outcome, each without the outcome's events.

    The pass over all pairs of the base does not depend on the outcome and is saved beside the
    blocks; after it, only the people with events of the outcome, and its members, are read.
    """
    groups, of_trait = groups_for(
        traits,
        outcome.kinds,
        base.histograms,
        quantiles=quantiles,
        adjustment=adjustment,
        facts=facts,
    )
    plan = CountPlan.of(traits, groups, of_trait, outcome.kinds)
    every = margins(blocks, base, plan)
    before = np.array(
        [every.holders[plan.start[t.id] : plan.start[t.id + 1]].sum() for t in traits]
    )
    touched = {b: own.people(b, BLOCK_BITS) for b in base.people}
    members = count_people(blocks, plan, only(outcome.people, touched), base.people, own)
    # Those with events of the outcome move: out as they were, in as they are without them.
    every.minus(count_people(blocks, plan, touched, base.people, None))
    every.plus(members)
    every.plus(count_people(blocks, plan, without(touched, outcome.people), base.people, own))
    members.plus(count_people(blocks, plan, without(outcome.people, touched), base.people, None))
    strata = tuple(_describe(g, facts) for g in groups)
    return CountTables(
        tuple(traits),
        _tables(plan, traits, members, every),
        strata,
        _moments(traits, every, base),
        before.astype(np.float64),
    )


def margins(blocks: Blocks, base: ComparedPeople, plan: CountPlan) -> Counts:
    """The base by trait and stratum, nothing taken away for any outcome; from a file if saved."""
    path = blocks.home / f"base-{margins_key(base, plan)}.npz"
    saved = _load(path, plan)
    if saved is not None:
        return saved
    counts = count_people(blocks, plan, base.people, base.people, None)
    save_counts(path, counts)
    return counts


def count_people(
    blocks: Blocks, plan: CountPlan, people: PersonSet, base: PersonSet, own: OwnEvents | None
) -> Counts:
    """Count the people who are in the base; those without any trait or event count too."""
    counts = Counts(plan)
    for number, known in base.items():
        wanted = people.get(number)
        wanted = known if wanted is known else wanted & known if wanted else None
        if not wanted:
            continue
        block = blocks.load(number)
        rows = block.rows(wanted)
        counts.add(block, rows, own.of(block, rows) if own is not None else None)
        counts.add_unknown(len(wanted) - len(rows))
    return counts.flush()


def _tables(
    plan: CountPlan, traits: Sequence[Trait], members: Counts, every: Counts
) -> tuple[tuple[Integers, tuple[Floats, Floats, Floats, Floats]], ...]:
    ids = np.array([t.id for t in traits], dtype=np.int64)
    tables = []
    for number, group in enumerate(plan.groups):
        rows = np.flatnonzero(plan.group[ids] == number)
        cells = plan.start[ids[rows]][:, None] + np.arange(group.size)
        a, n1 = members.holders[cells], every.holders[cells]
        c = members.people[number] - members.placed[cells]
        n0 = every.people[number] - every.placed[cells]
        four = tuple(x.astype(np.float64) for x in (a, n1, c, n0))
        tables.append((rows, (four[0], four[1], four[2], four[3])))
    return tuple(tables)


def _moments(traits: Sequence[Trait], every: Counts, base: ComparedPeople) -> Moments:
    ids = np.array([t.id for t in traits], dtype=np.int64)
    people = float(size(base.people))
    y, yy, n, yn, nn, w, yw, ww = every.sums[:, ids] if len(ids) else np.zeros((8, 0))
    all_y, all_yy, all_w, all_yw, all_ww = every.totals
    # Own events of a trait are in neither share: all people's others are all less holders' own.
    return Moments(
        y=y,
        n=n,
        yy=yy,
        yn=yn,
        nn=nn,
        all_y=np.asarray(all_y),
        all_n=all_w - w + n,
        all_yy=np.asarray(all_yy),
        all_yn=all_yw - yw + yn,
        all_nn=all_ww - ww + nn,
        people=np.asarray(people),
    )


def margins_key(base: ComparedPeople, plan: CountPlan) -> str:
    """The name under which the margins of a base are saved: the same for the same counts."""
    parts = [
        "with those of too few events",
        base.digest,
        plan.outcome_kinds,
        [(g.kinds, [s.edges for s in g.scales], *g.facts) for g in plan.groups],
        [a.tolist() for a in (plan.group, plan.least, plan.wanted, plan.own, plan.kinds)],
    ]
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:32]


def save_counts(path: Path, counts: Counts) -> None:
    """Save counts in a file, which appears whole or not at all."""
    arrays: dict[str, Any] = {f"people{i}": p for i, p in enumerate(counts.people)}
    arrays |= {name: getattr(counts, name) for name in ("holders", "placed", "sums", "totals")}
    write_whole(path, lambda part: np.savez(part, **arrays))


def _load(path: Path, plan: CountPlan) -> Counts | None:
    if not path.exists():
        return None
    counts = Counts(plan)
    with np.load(path) as saved:
        counts.holders, counts.placed = saved["holders"], saved["placed"]
        counts.sums, counts.totals = saved["sums"], saved["totals"]
        counts.people = [saved[f"people{i}"] for i in range(len(plan.groups))]
    return counts


def _add(one: Integers, two: Integers) -> Integers:
    long, short = (one, two) if len(one) >= len(two) else (two, one)
    long = long.astype(np.int64)
    long[: len(short)] += short
    return long


def _describe(group: StrataGroup, facts: Mapping[str, tuple[int, ...]]) -> str:
    parts = [f"{s.size} of {KINDS[k]}" for k, s in zip(group.kinds, group.scales, strict=True)]
    parts += [f"{len(ids) + 1} of {n}" for n, ids in facts.items() if ids in group.facts]
    return " × ".join(parts) or "none"
