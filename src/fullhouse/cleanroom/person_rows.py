"""A build's people as the clean room reads them: one stratum each, and their traits as places.

A person's row follows from that person alone: strata have fixed cut-points, the outcome's own
events are taken away from everybody who has any, and nothing is scaled by what others did. That is
what makes one person's influence bounded.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from pyroaring import BitMap

from fullhouse.cleanroom.private import PeopleSource, PersonRows
from fullhouse.core.arrays import Flags, Integers, Ints
from fullhouse.core.person_sets import PersonSet
from fullhouse.sample.outcome import Outcome, OwnEvents, subtract_events
from fullhouse.traits.blocks import Block, Blocks, pairs_of
from fullhouse.traits.trait import Trait

ACTIVITY_CUTS = (1, 2, 4, 7, 12, 20, 33, 59)
"""Most events of a person in each stratum but the last, after the one of people with none.

Fixed before any data are read: quantiles of the people themselves would tell of them.
"""

STRATA = len(ACTIVITY_CUTS) + 2

FAN_CELLS: Ints = np.arange(2 * STRATA) // 2
"""The stratum of each cell of people who are fans or not: 2 × stratum, and one more for fans."""

AT_ONCE = 65_536


def person_rows(
    blocks: Blocks,
    base: PersonSet,
    traits: Sequence[Trait],
    *,
    outcome: Outcome | None = None,
    own: OwnEvents | None = None,
    fans: PersonSet | None = None,
) -> PeopleSource:
    """The people of a base with some traits, in that order, and who of them is in an outcome.

    With `own` the outcome's events are taken from everybody's activity and traits, so that these
    do not explain themselves. With `fans` people also have cells, see FAN_CELLS; who is a fan must
    not rest on the outcome's events.
    """
    place = np.full(max((t.id for t in traits), default=0) + 1, -1, dtype=np.int64)
    place[[t.id for t in traits]] = np.arange(len(traits))
    least = np.zeros(len(place), dtype=np.int64)
    for t in traits:
        least[t.id] = t.least

    marks, cells = outcome is not None, fans is not None

    def read() -> Iterator[PersonRows]:
        for number, people in sorted(base.items()):
            if not people:
                continue
            block = blocks.load(number)
            members = (outcome.people.get(number, BitMap()) if outcome else BitMap()) & people
            liking = (fans or {}).get(number, BitMap()) & people
            rows = block.rows(people)
            flags = [_flags(block, chosen) for chosen in (members, liking)]
            for first in range(0, len(rows), AT_ONCE):
                some = rows[first : first + AT_ONCE]
                seed, fan = (f[some] for f in flags)
                strata, offsets, columns = _known(block, some, place, least, own)
                yield _part(
                    strata, offsets, columns, seed if marks else None, fan if cells else None
                )
            unknown = len(people) - len(rows)
            if unknown:
                seed, fan = (
                    np.arange(unknown) < len(chosen) - int(f.sum())
                    for chosen, f in zip((members, liking), flags, strict=True)
                )
                zeros = np.zeros(unknown + 1, np.int64)
                yield _part(
                    zeros[1:], zeros, zeros[:0], seed if marks else None, fan if cells else None
                )

    return read


def _part(
    strata: Integers, offsets: Integers, columns: Integers, seed: Flags | None, fan: Flags | None
) -> PersonRows:
    cells = None if fan is None else 2 * strata + fan
    return PersonRows(strata, offsets, columns, seed, cells)


def _flags(block: Block, people: BitMap) -> Flags:
    flags = np.zeros(len(block.persons), dtype=bool)
    flags[block.rows(people)] = True
    return flags


def _known(
    block: Block, rows: Integers, place: Ints, least: Ints, own: OwnEvents | None
) -> tuple[Ints, Ints, Ints]:
    """Strata of some people of a block, and their traits that are asked for, in ascending order."""
    activity = block.activity_of(rows).astype(np.int64)
    owner, trait, events = pairs_of(block, rows)
    trait = trait.astype(np.int64)
    events = events.astype(np.int64)
    if own is not None:
        changes = own.of(block, rows)
        activity = np.maximum(activity - changes.removed, 0)
        subtract_events(events, owner, trait, changes)
    listed = trait < len(place)
    known = np.minimum(trait, len(place) - 1)
    wanted = listed & (place[known] >= 0)
    if own is not None:
        wanted &= events >= least[known]
    owner, column = owner[wanted].astype(np.int64), place[known[wanted]]
    order = np.lexsort((column, owner))
    offsets = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(rows)))])
    return strata_of(activity.sum(0)), offsets, column[order]


def strata_of(events: Ints) -> Ints:
    """The stratum of people by how many events they have in all.

    >>> strata_of(np.array([0, 1, 2, 3, 59, 60])).tolist()
    [0, 1, 2, 3, 8, 9]
    """
    return np.where(events == 0, 0, 1 + np.searchsorted(ACTIVITY_CUTS, events)).astype(np.int64)
