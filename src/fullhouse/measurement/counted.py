"""The arms of a campaign of 100 million people, nearly all of whom did nothing: no row for each.

The people of the arms are bitmaps by block; who bought is a short list. A readout needs counts and
moments alone, and somebody who did nothing adds to the count and to nothing else, so all that is
computed is computed over those listed (see `read_counted`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from fullhouse.core.arrays import Floats, Ints
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.person_sets import LOW, PersonSet, ids_of
from fullhouse.core.values import BLOCK_BITS, BLOCK_SIZE, MAX_PERSON


@dataclass(frozen=True)
class Counted:
    """What some people did, such as tickets bought; everybody who is not listed did nothing.

    `person` is ascending, each named once. People of no arm may be listed; they do not count.
    """

    person: Ints
    value: Floats

    def __post_init__(self) -> None:
        if self.person.shape != self.value.shape or self.person.ndim != 1:
            raise InputError(f"{self.person.shape} people and {self.value.shape} values.")
        if not np.isfinite(self.value).all():
            raise InputError("Values must be finite numbers; leave out who did nothing.")
        if not len(self.person):
            return
        if not (np.diff(self.person) > 0).all():
            raise InputError("People must be in ascending order, each once. Add up their values.")
        if self.person[0] < 0 or self.person[-1] > MAX_PERSON:
            raise InputError(
                f"People are numbers from 0 to {MAX_PERSON}, not {self.person[0]} to"
                f" {self.person[-1]}."
            )


@dataclass(frozen=True)
class CountedArms:
    """The arms by block, and a row for each of their people who is listed anywhere.

    Rows are in the order of persons; `start` is where those of a block begin. `columns` has a
    row for each outcome, then each covariate; `arm` is a place in `arms`, which are in the order
    of their names. Made by `count_arms`, read by `read_part` and `read_parts`.
    """

    arms: Mapping[str, PersonSet]
    strata: Mapping[str, PersonSet] | None
    outcomes: tuple[str, ...]
    covariates: tuple[str, ...]
    listed: PersonSet
    start: Mapping[int, int]
    person: npt.NDArray[np.uint32]
    arm: npt.NDArray[np.int8]
    columns: Floats


def count_arms(
    arms: Mapping[str, PersonSet],
    *,
    outcomes: Mapping[str, Counted],
    covariates: Mapping[str, Counted] | None = None,
    strata: Mapping[str, PersonSet] | None = None,
) -> CountedArms:
    """The arms with what is known of their people, ready for any number of readouts.

    Nobody may be in two arms, or in two strata; each person of an arm must be in a stratum.
    """
    if len(arms) < 2:
        raise CannotTellError(code="too_few_arms", arms=len(arms))
    if not outcomes:
        raise InputError("No outcome is given; give at least one, such as tickets.")
    arms = dict(sorted(arms.items()))
    _check_apart(arms, "arms")
    if strata is not None:
        strata = dict(sorted(strata.items()))
        _check_apart(strata, "strata")
        _check_covered(arms, strata)
    known = [*outcomes.values(), *(covariates or {}).values()]
    listed: dict[int, BitMap] = {}
    start: dict[int, int] = {}
    parts = [(np.zeros(0, np.uint32), np.zeros(0, np.int8), np.zeros((len(known), 0)))]
    at = 0
    for block in sorted({b for people in arms.values() for b in people}):
        here = [people.get(block, BitMap()) for people in arms.values()]
        part = _block(block, here, known)
        persons = part[0]
        if len(persons):
            listed[block], start[block] = BitMap(persons), at
            parts.append(part)
            at += len(persons)
    person, arm, columns = (np.concatenate([p[i] for p in parts], axis=-1) for i in range(3))
    names = tuple(outcomes), tuple(covariates or {})
    return CountedArms(arms, strata, *names, listed, start, person, arm, columns)


def _block(
    block: int, arms: Sequence[BitMap], known: Sequence[Counted]
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int8], Floats]:
    """The listed people of a block who are in an arm, their arms and their values."""
    ends = [block << BLOCK_BITS, (block + 1) << BLOCK_BITS]
    slices = [slice(*np.searchsorted(c.person, ends)) for c in known]
    lists = [c.person[s].astype(np.uint32) for c, s in zip(known, slices, strict=True)]
    everybody = BitMap.union(*(BitMap(x) for x in lists))
    of_arm = [ids_of(everybody & people) for people in arms]
    persons = np.sort(np.concatenate(of_arm))
    # A place for each id of the block, so that nothing is searched for.
    place = np.full(BLOCK_SIZE, -1, np.int32)
    place[persons & LOW] = np.arange(len(persons), dtype=np.int32)
    arm = np.zeros(len(persons), np.int8)
    for number, persons_of_arm in enumerate(of_arm):
        arm[place[persons_of_arm & LOW]] = number
    columns = np.zeros((len(known), len(persons)))
    for column, c, s, listed in zip(columns, known, slices, lists, strict=True):
        at = place[listed & LOW]
        column[at[at >= 0]] = c.value[s][at >= 0]
    return persons, arm, columns


def _check_apart(groups: Mapping[str, PersonSet], what: str) -> None:
    """An error where somebody is in two of the groups."""
    for block in {b for people in groups.values() for b in people}:
        before = BitMap()
        for people in _at(groups, block):
            if not before.isdisjoint(people):
                raise InputError(
                    f"Person {(before & people).min()} is in two {what}: chance is drawn once for"
                    f" each. The {what}: {', '.join(groups)}."
                )
            before |= people


def _check_covered(arms: Mapping[str, PersonSet], strata: Mapping[str, PersonSet]) -> None:
    """An error where somebody of an arm is in no stratum."""
    for block in {b for people in arms.values() for b in people}:
        rest = BitMap.union(BitMap(), *_at(arms, block)) - BitMap.union(
            BitMap(), *_at(strata, block)
        )
        if rest:
            raise InputError(f"Person {rest.min()} is in an arm, but in no stratum.")


def _at(groups: Mapping[str, PersonSet], block: int) -> Iterator[BitMap]:
    """The people of each group that has some in a block."""
    return (people[block] for people in groups.values() if block in people)
