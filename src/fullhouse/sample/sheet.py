"""Some people of a base in memory, person by trait: what everything but exact counts works on.

Everybody in the seed and in the base when they are few; else a sample by the workspace's key, so
that the same question draws the same people, and each stands for `weight` of their kind.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap
from scipy.sparse import csc_array, csr_array

from fullhouse.audiences.compile import BuiltTraits
from fullhouse.audiences.parse import parse
from fullhouse.audiences.rule import And, Everyone, Name, Not, Or, Rule
from fullhouse.core.arrays import Flags, Floats, Integers, keyed_bits
from fullhouse.core.errors import InputError
from fullhouse.core.person_sets import PersonSet, ids_of, only, size
from fullhouse.sample.outcome import OwnEvents, subtract_events
from fullhouse.traits.blocks import Blocks, pairs_of
from fullhouse.traits.trait import KINDS, Trait

MOST_SEED = 200_000
"""People of the seed in a sheet: their number makes no interval wider than a percent or two."""
MOST_OTHERS = 300_000
"""Other people of the base in a sheet."""


@dataclass(frozen=True)
class Sheet:
    """People in ascending order; arrays run over them, matrices over people and `traits`.

    `events` are those behind each trait, the seed's own taken away, also where they are too few
    to have the trait; 0 for facts. `has` has who has it without the seed's own events.
    `activity` (one row for each of KINDS) counts the seed's own events only as far as they are
    needed to be in it, which is what is adjusted for; `bare` counts none of them, which is what
    may predict.
    """

    persons: Integers
    weight: Floats
    seed: Flags
    interest: Flags
    activity: npt.NDArray[np.int32]
    bare: npt.NDArray[np.int32]
    traits: tuple[Trait, ...]
    has: csr_array = field(repr=False)
    events: csr_array = field(repr=False)
    base_people: int
    seed_people: int

    @property
    def sampled(self) -> bool:
        """Whether somebody of the base is not here."""
        return len(self.persons) < self.base_people

    def column(self, trait: str) -> int:
        """Where a trait stands, by its name; KeyError where it is not here."""
        return self._columns[trait]

    def holders(self, column: int) -> Integers:
        """The rows of those with one trait, ascending."""
        rows: Integers = self.by_trait.indices[slice(*self.by_trait.indptr[column : column + 2])]
        return rows

    def having_any(self, traits: Iterable[Trait]) -> Flags:
        """Who has any of some traits; traits that are not here are nobody's."""
        flags = np.zeros(len(self.persons), dtype=bool)
        for trait in traits:
            if trait.name in self._columns:
                flags[self.holders(self.column(trait.name))] = True
        return flags

    def known_in(self, families: Iterable[str]) -> Flags:
        """Of whom something is known in each of some families of facts."""
        flags = np.ones(len(self.persons), dtype=bool)
        for family in families:
            flags &= self.having_any(t for t in self.traits if t.family == family)
        return flags

    def kinds_of(self, outcome: Flags) -> tuple[str, ...]:
        """The kinds of event that put people into an outcome; none for facts and lists."""
        needed = (self.activity != self.bare)[:, outcome]
        return tuple(k for k, own in zip(KINDS, needed, strict=True) if own.any())

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {t.name: i for i, t in enumerate(self.traits)}

    @cached_property
    def by_trait(self) -> csc_array:
        """`has` by column."""
        return self.has.tocsc()

    @cached_property
    def events_by_trait(self) -> csc_array:
        """`events` by column."""
        return self.events.tocsc()


def sheet(
    blocks: Blocks,
    base: PersonSet,
    seed: PersonSet,
    own: OwnEvents,
    traits: Sequence[Trait],
    *,
    key: bytes,
    interest: PersonSet | None = None,
    most_seed: int = MOST_SEED,
    most_others: int = MOST_OTHERS,
) -> Sheet:
    """The people of a base, or a sample of them, with what each has.

    `interest` marks those of the seed who showed interest in the film itself. People of the base
    of whom nothing is known (no event, no trait) are here too.
    """
    inside = only(seed, base)
    seeds = size(inside)
    every = size(base)
    shares = (_share(seeds, most_seed), _share(every - seeds, most_others))
    chosen = {b: _chosen(base[b], inside.get(b, BitMap()), shares, key) for b in sorted(base)}
    places = _places(traits)
    parts = [_part(blocks, b, people, own, places) for b, people in chosen.items() if people]
    persons, activity, bare, has, events = _together(parts, len(traits))
    member = members_of(persons, inside)
    return Sheet(
        persons=persons,
        weight=np.where(member, 1 / shares[0], 1 / shares[1]),
        seed=member,
        interest=members_of(persons, interest or {}),
        activity=activity,
        bare=bare,
        traits=tuple(traits),
        has=has,
        events=events,
        base_people=every,
        seed_people=seeds,
    )


@dataclass(frozen=True)
class _Places:
    """By a trait's number: its column, -1 for none, and the fewest events to have it."""

    column: npt.NDArray[np.int64]
    least: npt.NDArray[np.int64]
    traits: int


def _places(traits: Sequence[Trait]) -> _Places:
    # One more than the highest number: all higher ones stand there, and have no column.
    size = max((t.id for t in traits), default=-1) + 2
    column, least = np.full(size, -1), np.zeros(size, dtype=np.int64)
    for i, each in enumerate(traits):
        column[each.id] = i
        least[each.id] = each.least
    return _Places(column, least, len(traits))


_Part = tuple[Integers, npt.NDArray[np.int32], npt.NDArray[np.int32], csr_array, csr_array]


def _part(blocks: Blocks, number: int, chosen: BitMap, own: OwnEvents, places: _Places) -> _Part:
    block = blocks.load(number)
    rows = block.rows(chosen)
    known = block.persons[rows].astype(np.int64)
    persons = ids_of(chosen).astype(np.int64)
    at = np.searchsorted(persons, known)
    activity = np.zeros((len(KINDS), len(persons)), dtype=np.int32)
    bare = activity.copy()
    changes = own.of(block, rows)
    activity[:, at] = np.maximum(block.activity_of(rows) - changes.removed, 0)
    bare[:, at] = np.maximum(block.activity_of(rows) - own.counts_of(block, rows), 0)
    owner, trait, events = pairs_of(block, rows)
    events = events.astype(np.int64)
    subtract_events(events, owner, trait, changes)
    # As int32, for the last place may be beyond what a narrow block can hold.
    trait = np.minimum(trait, np.int32(len(places.column) - 1))
    wanted = places.column[trait] >= 0
    if not wanted.all():
        owner, trait, events = owner[wanted], trait[wanted], events[wanted]
    shape = (len(persons), places.traits)
    place = (at[owner], places.column[trait])
    had = events >= places.least[trait]
    has = csr_array((np.ones(int(had.sum()), np.float32), (place[0][had], place[1][had])), shape)
    some = events > 0
    behind = csr_array(
        (events[some].astype(np.float32), (place[0][some], place[1][some])), shape=shape
    )
    return persons, activity, bare, has, behind


def _together(parts: Sequence[_Part], traits: int) -> _Part:
    if not parts:
        none, nothing = np.zeros(0, np.int64), np.zeros((len(KINDS), 0), np.int32)
        empty = csr_array((0, traits), dtype=np.float32)
        return none, nothing, nothing, empty, empty
    persons, activity, bare, has, events = zip(*parts, strict=True)
    return (
        np.concatenate(persons),
        np.concatenate(activity, axis=1),
        np.concatenate(bare, axis=1),
        _stacked(has),
        _stacked(events),
    )


def _stacked(parts: Sequence[csr_array]) -> csr_array:
    counts = np.concatenate([np.diff(p.indptr) for p in parts])
    indptr = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
    data = np.concatenate([p.data for p in parts])
    indices = np.concatenate([p.indices for p in parts])
    return csr_array((data, indices, indptr), shape=(len(counts), parts[0].shape[1]))


def _share(people: int, most: int) -> float:
    return min(1.0, most / people) if people else 1.0


def _chosen(base: BitMap, seeds: BitMap, shares: tuple[float, float], key: bytes) -> BitMap:
    """The people of a block who are drawn: the seed and the others, each to its share."""
    return _sampled(seeds, shares[0], key) | _sampled(base - seeds, shares[1], key)


def _sampled(people: BitMap, share: float, key: bytes) -> BitMap:
    if share >= 1 or not people:
        return people
    ids = ids_of(people)
    return BitMap(ids[keyed_bits(ids, key) < np.uint32(share * 2**32)])


def members_of(persons: Integers, people: PersonSet) -> Flags:
    """Which of some persons, ascending, are among people."""
    flags = np.zeros(len(persons), dtype=bool)
    for number in sorted(people):
        ids = ids_of(people[number])
        at = np.searchsorted(persons, ids)
        at = at[at < len(persons)] if len(persons) else at[:0]
        flags[at[persons[at] == ids[: len(at)]]] = True
    return flags


def rule_masks(sheet: Sheet, rules: Sequence[str], catalogue: BuiltTraits) -> Flags:
    """Who of a sheet fits each rule over its traits: people × rules."""
    masks = [rule_mask(sheet, parse(rule), catalogue) for rule in rules]
    fits: Flags = np.stack(masks, axis=1) if masks else np.zeros((len(sheet.persons), 0), bool)
    return fits


def rule_mask(sheet: Sheet, rule: Rule, catalogue: BuiltTraits) -> Flags:
    """One flag for each person; saved lists and samples are no traits and are refused."""
    match rule:
        case Everyone():
            return np.ones(len(sheet.persons), dtype=bool)
        case Name(text):
            flags = np.zeros(len(sheet.persons), dtype=bool)
            for trait in catalogue.find(text).traits:
                flags[sheet.holders(sheet.column(trait.name))] = True
            return flags
        case Or(parts):
            some: Flags = np.logical_or.reduce([rule_mask(sheet, p, catalogue) for p in parts])
            return some
        case And(parts):
            every: Flags = np.logical_and.reduce([rule_mask(sheet, p, catalogue) for p in parts])
            return every
        case Not(part):
            return ~rule_mask(sheet, part, catalogue)
        case _:
            raise InputError(f"A rule over traits is needed here, without lists or samples: {rule}")
