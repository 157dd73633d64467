"""What is to be explained: the people in an audience, and the events that put them there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyroaring import BitMap

from fullhouse.audiences.compile import BuiltTraits
from fullhouse.audiences.rule import And, Name, Not, Or, Rule, Saved
from fullhouse.core.arrays import Integers
from fullhouse.core.person_sets import PersonSet
from fullhouse.core.tables import PERSON_EVENT
from fullhouse.engine import Engine
from fullhouse.engine.expr import ibis
from fullhouse.lake import Lake
from fullhouse.traits.blocks import Block
from fullhouse.traits.film_traits import kinds_of
from fullhouse.traits.names import without_year
from fullhouse.traits.select import matching_events, trait_counts
from fullhouse.traits.trait import EVENT_KINDS, KINDS, Build, Trait

Source: TypeAlias = Literal["interest", "comps", "text"]
"""Where a likely audience comes from: the film itself, comparable films, or its words alone."""


@dataclass(frozen=True)
class Outcome:
    """An audience to be explained, by block, with the traits its rule is made of.

    `members` are the traits that make a member, `barred` those that keep one out ('- saw:up').
    `about` are other traits of the same films: who marked a film "want to see" and then saw it is
    not two results. `listed`: some of it is a saved list, whose events nobody knows.
    """

    rule: str
    people: PersonSet
    members: tuple[Trait, ...] = ()
    barred: tuple[Trait, ...] = ()
    about: tuple[Trait, ...] = ()
    listed: bool = False

    @property
    def traits(self) -> tuple[Trait, ...]:
        """Every trait that the rule names."""
        return self.members + self.barred

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of event it is made of, in the order of KINDS; none for facts and lists."""
        kinds = {k for t in self.members for k in kinds_of(t)}
        return tuple(k for k in KINDS if k in kinds)

    @property
    def fact_families(self) -> frozenset[str]:
        """Families of facts in the rule: who is female implies who is male."""
        return frozenset(t.family for t in self.traits if t.basis not in EVENT_KINDS)


@dataclass(frozen=True)
class Seed:
    """One part of a likely audience: a rule, how many people it gives, and why it is used.

    Of the film's own interest, `wants` marked it and `saw` saw it, or bought a ticket or watched
    its trailer where it has not `opened`; None where that is not known.
    """

    source: Source
    rule: str
    people: int
    chosen_by_user: bool = False
    wants: int | None = None
    saw: int | None = None
    opened: bool = False


@dataclass(frozen=True)
class LikelyAudience:
    """Whom a film's audience is estimated from: the outcome with its own events, and its parts.

    `interest` are those who showed interest in the film itself, `used` the parts with the reason
    for each.
    """

    outcome: Outcome
    own: "OwnEvents"
    traits: tuple[Trait, ...]
    interest: PersonSet
    used: tuple[Seed, ...]


@dataclass(frozen=True)
class OutcomeChanges:
    """What some people's outcome events change; rows of people are in the order they are counted.

    `removed` (one row for each of KINDS) is taken from activity. `events` are the outcome's, for
    the index. `overlap` names (row, trait, events): the trait's events that are the outcome's too.
    """

    removed: npt.NDArray[np.int32]
    events: Integers
    overlap: tuple[Integers, Integers, Integers]

    def part(self, rows: slice) -> "OutcomeChanges":
        """The same for some of the rows."""
        row, trait, events = self.overlap
        low, high = np.searchsorted(row, [rows.start, rows.stop])
        some = (row[low:high] - rows.start, trait[low:high], events[low:high])
        return OutcomeChanges(self.removed[:, rows], self.events[rows], some)


@dataclass(frozen=True)
class OwnEvents:
    """The outcome's events, for every person who has any, in it or not; people ascend.

    `needed` are as many of them as could make a member: those stay in the activity that is
    adjusted for, and the rest is taken away.
    """

    persons: Integers
    counts: npt.NDArray[np.int32] = field(repr=False)
    needed: tuple[int, ...]
    overlap: tuple[Integers, Integers, Integers] = field(repr=False)

    @property
    def events(self) -> int:
        """How many events there are."""
        return int(self.counts.sum())

    def people(self, block: int, bits: int) -> BitMap:
        """Those of one block."""
        low, high = np.searchsorted(self.persons, [block << bits, (block + 1) << bits])
        return BitMap(self.persons[low:high].astype(np.uint32))

    def counts_of(self, block: Block, rows: Integers) -> npt.NDArray[np.int32]:
        """How many there are of some people of a block; one row for each of KINDS."""
        persons = block.persons[rows].astype(np.int64)
        counts = np.zeros((len(KINDS), len(persons)), dtype=np.int32)
        at, here = _find(self.persons, persons)
        counts[:, here] = self.counts[:, at]
        return counts

    def of(self, block: Block, rows: Integers) -> OutcomeChanges:
        """The same for some people of a block, as rows of it."""
        persons = block.persons[rows].astype(np.int64)
        counts = self.counts_of(block, rows)
        removed = np.maximum(counts - np.array(self.needed, dtype=np.int32)[:, None], 0)
        person, trait, events = self.overlap
        low, high = np.searchsorted(person, [persons[0], persons[-1] + 1]) if len(rows) else (0, 0)
        row, known = _find(persons, person[low:high])
        shared = (row, trait[low:high][known], events[low:high][known])
        own = counts[np.array(self.needed) > 0].sum(0, dtype=np.int32)
        return OutcomeChanges(removed, own, shared)


def own_events(engine: Engine, lake: Lake, build: Build, outcome: Outcome) -> OwnEvents:
    """The events that make up an outcome, and how many of them each trait counts too.

    Only events up to the build's as-of date, inside the windows of the outcome's traits. Events
    of traits that the rule bars are taken from other traits too, but stay in the activity.
    """
    members = _counted((*outcome.members, *outcome.about))
    every = _counted((*outcome.traits, *outcome.about))
    needed = tuple(_needed(_counted(outcome.members), kind) for kind in KINDS)
    if not every:
        none = np.zeros(0, dtype=np.int64)
        return OwnEvents(none, np.zeros((len(KINDS), 0), np.int32), needed, (none, none, none))
    events = matching_events(engine, lake, build, every)
    shared = engine.arrow(trait_counts(engine, lake, build, events))
    own = events if members == every else matching_events(engine, lake, build, members)
    own = own.mutate(one=ibis.ifelse(own.quantity < 0, -1, 1))
    own = own.filter(own.kind.isin(list(KINDS)))  # activity is of these
    counted = engine.arrow(own.group_by(["person", "kind"]).aggregate(events=own.one.sum()))
    persons, counts = _by_person(counted)
    return OwnEvents(persons, counts, needed, _sorted(shared))


def count_items(engine: Engine, lake: Lake, kinds: Sequence[str]) -> int | None:
    """How many different things the events of some kinds are about; None where there is no kind."""
    if not kinds:
        return None
    events = engine.scan(lake.snapshot(PERSON_EVENT))
    known = events.filter(events.kind.isin(list(kinds)))
    row = engine.arrow(known.aggregate(items=known.item.nunique())).to_pylist()[0]
    return int(row["items"])


def outcome_of(text: str, rule: Rule, catalogue: BuiltTraits, people: PersonSet) -> Outcome:
    """The outcome that a settled rule stands for, with the traits it is made of.

    The traits inside a saved audience count as a list: it was frozen on another day.
    """
    leaves = list(_leaves(rule, barred=False))
    named = [(catalogue.find(r.text).traits, barred) for r, barred in leaves if isinstance(r, Name)]
    members = {t.id: t for traits, barred in named for t in traits if not barred}
    films = {t.definition["film"] for t in members.values() if "film" in t.definition}
    titles = {without_year(film) for film in films}
    kept_out = {t.id: t for traits, barred in named for t in traits if barred}
    return Outcome(
        text,
        people,
        tuple(members.values()),
        tuple(t for i, t in kept_out.items() if i not in members),
        tuple(t for t in catalogue.traits if t.id not in members and _is_of(t, films, titles)),
        listed=any(isinstance(r, Saved) for r, _ in leaves),
    )


def _is_of(trait: Trait, films: set[str], titles: set[str]) -> bool:
    """Whether a trait is of one of some films: of the film itself, or of searches for its title."""
    of = trait.definition
    return trait.built and (of.get("film") in films or of.get("title") in titles)


def _leaves(rule: Rule, *, barred: bool) -> Iterator[tuple[Rule, bool]]:
    match rule:
        case Not(part):
            yield from _leaves(part, barred=not barred)
        case And(parts) | Or(parts):
            for part in parts:
                yield from _leaves(part, barred=barred)
        case _:
            yield rule, barred


def _counted(traits: Sequence[Trait]) -> list[Trait]:
    return [t for t in traits if kinds_of(t)]


def _needed(members: Sequence[Trait], kind: str) -> int:
    return max((int(t.definition["min_events"]) for t in members if kind in kinds_of(t)), default=0)


def _by_person(counted: pa.Table) -> tuple[Integers, npt.NDArray[np.int32]]:
    persons, at = np.unique(counted["person"].to_numpy(), return_inverse=True)
    counts = np.zeros((len(KINDS), len(persons)), dtype=np.int32)
    kinds = np.array([KINDS.index(k) for k in counted["kind"].to_pylist()], dtype=np.int64)
    # Refunds count -1, as they do in traits.
    counts[kinds, at] = np.maximum(counted["events"].to_numpy(), 0)
    return persons, counts


def _sorted(shared: pa.Table) -> tuple[Integers, Integers, Integers]:
    person, trait, events = (shared[c].to_numpy() for c in ("person", "trait", "events"))
    order = np.lexsort((trait, person))
    return person[order], trait[order], events[order]


def _find(known: Integers, wanted: Integers) -> tuple[Integers, npt.NDArray[np.bool_]]:
    """Where each wanted value stands among the known, ascending ones, and which are there."""
    at = np.searchsorted(known, wanted)
    here = np.zeros(len(wanted), dtype=bool)
    inside = np.flatnonzero(at < len(known))
    here[inside] = known[at[inside]] == wanted[inside]
    return at[here], here


def subtract_events(
    events: Integers, owner: Integers, trait: Integers, own: OutcomeChanges
) -> None:
    """Take the outcome's events from those of the traits; pairs are in order of row and trait."""
    row, which, shared = own.overlap
    # Traits that are not counted are among the pairs too: their numbers may be the highest.
    traits = 1 + max((int(t.max()) for t in (trait, which) if len(t)), default=0)
    keys = owner.astype(np.int64) * traits + trait
    wanted = row.astype(np.int64) * traits + which
    at = np.searchsorted(keys, wanted)
    inside = at < len(keys)
    at, wanted, shared = at[inside], wanted[inside], shared[inside]
    same = keys[at] == wanted
    events[at[same]] -= shared[same]
