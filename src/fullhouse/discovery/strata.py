"""Activity strata, and the discovery and validation halves that are compared within them.

People who do about equally much are compared with one another. Which activity is adjusted for
decides everything; docs/decisions/0004-activity-strata.md has the measurements. In the kinds of
event that the outcome is made of, it is the number of events other than the trait's own, where the
outcome's count only as far as they are needed to be in it. In the trait's own kind, where the
outcome has no events there, it is the number of all events.

A search that reads the people on whom it then measures always finds something, and finds it too
strong. So one half is searched, the other measured. The halves are cut by a keyed hash, so that
they are the same for the same workspace.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt

from fullhouse.core.arrays import Flags, Floats, Integers, keyed_bits
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.sample.sheet import Sheet
from fullhouse.traits.film_traits import kinds_of
from fullhouse.traits.trait import KINDS, Trait

MOST_ACTIVITY = 1_000_000
"""Activity above this is counted as this, when strata are cut."""

QUANTILES = 100
"""Most strata of one kind. Five leave a false ratio of 1.16, twenty 1.02, a hundred 1.00, and the
interval is hardly wider for it."""

MOST_STRATA = 1000
"""Most strata of several kinds crossed; each kind then has fewer quantiles."""

PEOPLE_EACH = 40
"""Active people to a stratum at least, on average: fewer leave too few with and without a trait
in one stratum."""


@dataclass(frozen=True)
class ActivityScale:
    """The strata of one kind: 0 for no event, then quantiles of those who have any."""

    edges: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of strata."""
        return len(self.edges) + 2

    def table(self) -> npt.NDArray[np.int16]:
        """The stratum of every count up to the last edge; any higher count has the last entry."""
        counts = np.arange((self.edges[-1] if self.edges else 0) + 2)
        return np.where(counts == 0, 0, 1 + np.searchsorted(self.edges, counts)).astype(np.int16)


ACTIVITY, NOTHING = "activity", "none"
"""What `StrataAdjustment.of` calls adjusting for activity, and for nothing."""


@dataclass(frozen=True)
class StrataAdjustment:
    """What the people who are compared are alike in: activity, facts of some families, or nothing.

    `answers` are kinds of event that are stated yes/no answers. Where everybody answers the same
    few questions, how many answers somebody gave is no activity: among people with as many "yes",
    one "yes" makes another less likely. So they count as facts: nothing of them is adjusted for.
    """

    activity: bool = True
    families: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()

    @classmethod
    def of(cls, names: Sequence[str], answers: Sequence[str], families: Iterable[str]) -> Self:
        """From `activity`, `none` and names of families of facts; `families` are those there are.

        >>> StrataAdjustment.of(["activity", "gender"], [], ["gender", "age"]).families
        ('gender',)
        """
        known = sorted(families)
        for name in names:
            if name not in (ACTIVITY, NOTHING, *known):
                raise InputError(
                    f"{name!r} is nothing to adjust for.{did_you_mean(name, [ACTIVITY, *known])}"
                    f" Give {ACTIVITY}, {NOTHING}, or facts: {', '.join(known) or 'none here'}."
                )
        for kind in answers:
            if kind not in KINDS:
                raise InputError(
                    f"{kind!r} is no kind of event.{did_you_mean(kind, KINDS)}"
                    f" Kinds: {', '.join(KINDS)}."
                )
        if NOTHING in names and len(set(names)) > 1:
            others = ", ".join(dict.fromkeys(n for n in names if n != NOTHING))
            raise InputError(f"Adjust for {NOTHING} or for {others}, not for both.")
        facts = tuple(dict.fromkeys(n for n in names if n in known))
        return cls(ACTIVITY in names, facts, tuple(dict.fromkeys(answers)))


@dataclass(frozen=True)
class StrataGroup:
    """Traits that are compared over the same strata: `kinds` crossed, maybe none.

    Those are crossed with `facts`, for each family the numbers of its traits: who has none of them
    is in a stratum of its own.
    """

    kinds: tuple[int, ...]
    scales: tuple[ActivityScale, ...]
    facts: tuple[tuple[int, ...], ...] = ()

    @property
    def size(self) -> int:
        """Number of strata."""
        return self.activity_size * fact_cells(self.facts)

    @property
    def activity_size(self) -> int:
        """Number of strata of activity."""
        return int(np.prod([s.size for s in self.scales], dtype=np.int64))

    @property
    def steps(self) -> tuple[int, ...]:
        """How far apart neighbouring strata of each kind lie."""
        sizes = [s.size for s in self.scales]
        return tuple(int(np.prod(sizes[i + 1 :], dtype=np.int64)) for i in range(len(sizes)))

    def strata(self, activity: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
        """The stratum of each person, from activity with one row for each of KINDS."""
        strata = np.zeros(activity.shape[1], dtype=np.int32)
        for kind, scale, step in zip(self.kinds, self.scales, self.steps, strict=True):
            table = scale.table().astype(np.int32)
            strata += table[np.minimum(activity[kind], len(table) - 1)] * np.int32(step)
        return strata

    def fact_strata(self, owner: Integers, traits: Integers, people: int) -> npt.NDArray[np.int32]:
        """What to add to the stratum of each of some people for their facts.

        `owner` and `traits` are their pairs of person, by place, and trait.
        """
        strata, step = np.zeros(people, dtype=np.int32), self.activity_size
        for family in self.facts:
            here = np.isin(traits, family)
            classes = np.zeros(people, dtype=np.int32)
            classes[owner[here]] = 1 + np.searchsorted(family, traits[here]).astype(np.int32)
            strata += classes * np.int32(step)
            step *= len(family) + 1
        return strata


def fact_cells(facts: Sequence[Sequence[int]]) -> int:
    """How many combinations of facts there are, each unknown included."""
    return int(np.prod([len(f) + 1 for f in facts], dtype=np.int64))


def quantiles_of(histogram: Integers, quantiles: int) -> ActivityScale:
    """Strata of about equally many people, from how many people have each count.

    The counts are whole activity, nothing taken away: so the strata are the same for every
    outcome and its placebo, and an outcome cannot move them.
    """
    people = np.cumsum(histogram[1:])
    if not len(people) or not people[-1]:
        return ActivityScale(())
    shares = np.arange(1, quantiles) * (people[-1] / quantiles)
    edges = np.unique(np.searchsorted(people, shares) + 1)
    return ActivityScale(tuple(int(e) for e in edges if e < len(histogram) - 1))


ACTIVITY_ALONE = StrataAdjustment()
NO_FACTS: Mapping[str, tuple[int, ...]] = {}


def groups_for(
    traits: Sequence[Trait],
    outcome_kinds: Sequence[str],
    histograms: Mapping[int, Integers],
    *,
    quantiles: int = QUANTILES,
    adjustment: StrataAdjustment = ACTIVITY_ALONE,
    facts: Mapping[str, tuple[int, ...]] = NO_FACTS,
) -> tuple[list[StrataGroup], npt.NDArray[np.int64]]:
    """The groups, and the number of the group of each trait.

    `facts` are the numbers of the traits of each family that is adjusted for. Of a trait of such
    a family it is not adjusted for: that would be what it measures.
    """
    numbers: dict[tuple[tuple[int, ...], tuple[tuple[int, ...], ...]], int] = {}
    groups: list[StrataGroup] = []
    of_trait = np.zeros(len(traits), dtype=np.int64)
    for i, trait in enumerate(traits):
        names = {*outcome_kinds, *kinds_of(trait)} if adjustment.activity else set()
        names -= {*adjustment.answers}
        # A kind of which nobody has an event divides nobody.
        kinds = tuple(k for k, n in enumerate(KINDS) if n in names and histograms[k][1:].any())
        families = tuple(ids for name, ids in facts.items() if name != trait.family)
        if (kinds, families) not in numbers:
            each = _quantiles(kinds, histograms, quantiles, fact_cells(families))
            numbers[kinds, families] = len(groups)
            scales = tuple(quantiles_of(histograms[k], each) for k in kinds)
            groups.append(StrataGroup(kinds, scales, families))
        of_trait[i] = numbers[kinds, families]
    return groups, of_trait


def _quantiles(
    kinds: tuple[int, ...], histograms: Mapping[int, Integers], most: int, cells: int = 1
) -> int:
    """How many quantiles each of some crossed kinds has; five at least, whoever asks for more.

    They are crossed with so many `cells` of facts.
    """
    if not kinds:
        return 1
    active = min(int(histograms[k][1:].sum()) for k in kinds)
    together = min(MOST_STRATA, active // PEOPLE_EACH) // cells
    return min(most, max(5, int(together ** (1 / len(kinds)) + 1e-9)))


SALT = b":segments"
"""The halves of the search are others than those that show whether a card comes back."""


@dataclass(frozen=True, eq=False)
class ActivityStrata:
    """Strata of activity of some kinds: everyone's stratum, and the share of each in the seed.

    No event is taken away. Without a group the strata were given.
    """

    group: StrataGroup | None
    strata: Integers
    rate: Floats

    @classmethod
    def of(
        cls, strata: Integers, seed: Flags, group: StrataGroup | None = None
    ) -> "ActivityStrata":
        """With the rates of these people."""
        people = np.bincount(strata, minlength=group.size if group else 1)
        rate = np.bincount(strata[seed], minlength=len(people)) / np.maximum(people, 1)
        return cls(group, strata, rate)

    @cached_property
    def predicted(self) -> Floats:
        """Each person's chance to be in the seed by that activity alone."""
        chance: Floats = self.rate[self.strata]
        return chance


@dataclass(frozen=True, eq=False)
class Half:
    """Some people and some traits of a sheet; people are places from 0.

    `holders` has who has each trait. `events` has who did how much of it, of the traits that are
    counted from the outcome's kinds: that is taken from the activity that is adjusted for. With
    `given` strata nothing else is adjusted for.
    """

    traits: tuple[Trait, ...]
    seed: Flags
    activity: npt.NDArray[np.int32]
    holders: tuple[Integers, ...] = field(repr=False)
    events: Mapping[int, tuple[Integers, Integers]] = field(repr=False)
    outcome_kinds: tuple[str, ...]
    case_share: float
    other_share: float
    given: Integers | None = None
    _strata: dict[frozenset[str], ActivityStrata] = field(default_factory=dict, repr=False)

    @property
    def people(self) -> int:
        """How many they are."""
        return len(self.seed)

    def mask(self, column: int) -> Flags:
        """Who has one trait."""
        flags = np.zeros(self.people, dtype=bool)
        flags[self.holders[column]] = True
        return flags

    def columns(self, names: Iterable[str]) -> tuple[int, ...]:
        """Where some traits stand."""
        return tuple(self._places[name] for name in names)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {t.name: i for i, t in enumerate(self.traits)}

    def strata(self, columns: Sequence[int]) -> Integers:
        """The stratum of each person when some traits are looked at together.

        As for one trait (decision 4): the outcome's kinds and the traits' kinds, less the events
        of these traits in the outcome's kinds.
        """
        adjusted = self._adjustment(columns)
        own = [(KINDS.index(k), self._taken(columns, k)) for k in self.outcome_kinds]
        if adjusted.group is None or all(taken is None for _, taken in own):
            return adjusted.strata
        activity = self.activity.copy()
        for kind, taken in own:
            if taken is not None:
                activity[kind] -= taken
        return adjusted.group.strata(activity)

    def predicted(self, column: int) -> Floats:
        """Each person's chance to be in the seed, by activity other than the trait's own."""
        adjusted = self._adjustment([column])
        if column not in self.events:
            return adjusted.predicted
        chance: Floats = adjusted.rate[self.strata([column])]
        return chance

    def _adjustment(self, columns: Sequence[int]) -> ActivityStrata:
        """Computed once, as many traits share it."""
        kinds = frozenset(self.outcome_kinds).union(*(kinds_of(self.traits[c]) for c in columns))
        if self.given is not None:
            kinds = frozenset()
        if kinds not in self._strata:
            self._strata[kinds] = self._new(columns[0], kinds)
        return self._strata[kinds]

    def _new(self, column: int, kinds: frozenset[str]) -> ActivityStrata:
        if self.given is not None:
            return ActivityStrata.of(self.given, self.seed)
        histograms = {
            i: np.bincount(np.minimum(row, MOST_ACTIVITY), minlength=2)
            for i, row in enumerate(self.activity)
        }
        groups, _ = groups_for([self.traits[column]], sorted(kinds), histograms)
        return ActivityStrata.of(groups[0].strata(self.activity), self.seed, groups[0])

    def _taken(self, columns: Sequence[int], kind: str) -> npt.NDArray[np.int32] | None:
        """How many of each person's events of a kind are the traits' own; None where none is.

        Whether an event counts for two of the traits is not recorded. Where somebody has fewer
        events than the traits' together, some do, and the larger number is taken: too little taken
        away makes holders look more active and the ratio smaller, so it makes no false discovery.
        """
        every = [p for p in (self._own(c, kind) for c in columns) if p is not None]
        if not every:
            return None
        before = self.activity[KINDS.index(kind)]
        added: npt.NDArray[np.int32] = np.add.reduce(every)
        shared = bool((added > before).any())
        most: npt.NDArray[np.int32] = np.maximum.reduce(every) if shared else added
        taken: npt.NDArray[np.int32] = np.minimum(most, before)
        return taken

    def _own(self, column: int, kind: str) -> npt.NDArray[np.int32] | None:
        kinds = kinds_of(self.traits[column])
        if kind not in kinds:
            return None
        who, own = self.events[column]
        if len(kinds) > 1:
            # Which of them were of which kind is not known: in proportion to what they did of each.
            before = self.activity[KINDS.index(kind)][who]
            total = np.maximum(sum(self.activity[KINDS.index(k)][who] for k in kinds), 1)
            own = (2 * own * before + total) // (2 * total)
        counts = np.zeros(self.people, dtype=np.int32)
        counts[who] = own
        return counts


def half_of(
    sheet: Sheet,
    traits: Iterable[str],
    *,
    key: bytes,
    first: bool,
    strata: Integers | None = None,
) -> Half:
    """The half to search (first) or the one to measure on, with some traits in name order."""
    names = sorted(set(traits))
    columns = [_place(sheet, name) for name in names]
    given = None if strata is None else _checked(strata, len(sheet.persons))
    rows = (keyed_bits(sheet.persons, key + SALT) < np.uint32(2**31)) == first
    kinds = tuple(k for i, k in enumerate(KINDS) if (sheet.activity[i] != sheet.bare[i]).any())
    place = np.where(rows, np.cumsum(rows) - 1, -1)
    return Half(
        traits=tuple(sheet.traits[c] for c in columns),
        seed=sheet.seed[rows],
        activity=np.ascontiguousarray(sheet.activity[:, rows]),
        holders=tuple(_inside(sheet.holders(c), place)[0] for c in columns),
        events=_events(sheet, columns, kinds, place),
        outcome_kinds=kinds,
        case_share=_share(sheet.weight[sheet.seed]),
        other_share=_share(sheet.weight[~sheet.seed]),
        given=None if given is None else given[rows],
    )


def _place(sheet: Sheet, name: str) -> int:
    try:
        return sheet.column(name)
    except KeyError:
        raise InputError(f"A candidate must be a trait of the sheet, not {name!r}.") from None


def _checked(strata: Integers, people: int) -> Integers:
    if strata.shape != (people,) or (people and strata.min() < 0):
        raise InputError(
            f"Strata must be one number from 0 for each of {people:,} people,"
            f" not {strata.size:,} numbers{f' from {strata.min()}' if strata.size else ''}."
        )
    return strata


def _share(weight: Floats) -> float:
    """Which share of some people was drawn; each of them stands for as many."""
    return float(1 / weight[0]) if len(weight) else 1.0


def _inside(people: Integers, place: Integers) -> tuple[Integers, Flags]:
    """Where some people stand in the half, and which of them are in it."""
    rows = place[people]
    here = rows >= 0
    return rows[here], here


def _events(
    sheet: Sheet, columns: Sequence[int], kinds: Sequence[str], place: Integers
) -> dict[int, tuple[Integers, Integers]]:
    counted = [i for i, c in enumerate(columns) if set(kinds) & set(kinds_of(sheet.traits[c]))]
    if not counted:
        return {}
    some = sheet.events[:, [columns[i] for i in counted]].tocsc()
    events = {}
    for at, i in enumerate(counted):
        inside = slice(*some.indptr[at : at + 2])
        who, here = _inside(some.indices[inside], place)
        events[i] = (who, some.data[inside][here].astype(np.int64))
    return events
