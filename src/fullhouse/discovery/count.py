"""Count an outcome against its base: the moments from which every statistic is computed."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from pyroaring import BitMap

from fullhouse.core.arrays import Floats, Integers
from fullhouse.core.person_sets import PersonSet, only, size, without
from fullhouse.core.values import BLOCK_BITS
from fullhouse.discovery.tally import CountPlan, Counts
from fullhouse.sample.blocks import Blocks
from fullhouse.sample.outcome import Outcome, OwnEvents
from fullhouse.sample.strata import groups_for
from fullhouse.stats import Moments
from fullhouse.traits.trait import KINDS, Trait
from fullhouse.workspace.cache_files import write_whole

MOST_ACTIVITY = 1_000_000
"""Activity above this is counted as this, when strata are cut."""


@dataclass(frozen=True)
class Base:
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


def measure_base(blocks: Blocks, people: PersonSet) -> Base:
    """The base with its activity, in one pass over the activity of everyone in it."""
    totals: dict[int, Integers] = {k: np.zeros(2, dtype=np.int64) for k in range(len(KINDS))}
    for block in blocks:
        rows = block.rows(people.get(block.block, BitMap()))
        for kind in range(len(KINDS)):
            counts = np.bincount(np.minimum(block.activity[kind][rows], MOST_ACTIVITY), minlength=2)
            totals[kind] = _add(totals[kind], counts)
    return Base(people, totals)


def count(
    blocks: Blocks,
    base: Base,
    outcome: Outcome,
    own: OwnEvents,
    traits: Sequence[Trait],
    *,
    quantiles: int,
) -> CountTables:
    """Count traits over strata in the base and in the outcome, each without the outcome's events.

    The pass over all pairs of the base does not depend on the outcome and is saved beside the
    blocks; after it, only the people with events of the outcome, and its members, are read.
    """
    groups, of_trait = groups_for(traits, outcome.kinds, base.histograms, quantiles=quantiles)
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
    strata = tuple(_describe(g.kinds, [s.size for s in g.scales]) for g in groups)
    return CountTables(
        tuple(traits),
        _tables(plan, traits, members, every),
        strata,
        _moments(traits, every, base),
        before.astype(np.float64),
    )


def margins(blocks: Blocks, base: Base, plan: CountPlan) -> Counts:
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


def _moments(traits: Sequence[Trait], every: Counts, base: Base) -> Moments:
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


def margins_key(base: Base, plan: CountPlan) -> str:
    """The name under which the margins of a base are saved: the same for the same counts."""
    parts = [
        "with those of too few events",
        base.digest,
        plan.outcome_kinds,
        [(g.kinds, [s.edges for s in g.scales]) for g in plan.groups],
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


def _describe(kinds: Sequence[int], sizes: Sequence[int]) -> str:
    if not kinds:
        return "none"
    return " × ".join(f"{s} of {KINDS[k]}" for k, s in zip(kinds, sizes, strict=True))
