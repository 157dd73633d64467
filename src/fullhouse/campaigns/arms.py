"""Who is treated and who is held out: decided once, by the keyed hash, and never again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from fullhouse.campaigns.campaign import ALWAYS_OUT, HELD_OUT, TREATED, States, Units
from fullhouse.core.arrays import Flags, Integers, Uints, keyed_bits
from fullhouse.core.errors import InputError
from fullhouse.core.person_sets import LOW, PersonSet, by_block, ids_of

GLOBAL = "global holdout"
Strata = Mapping[int, Integers]
"""By block, the number of the stratum of each id by its low bits."""


@dataclass(frozen=True)
class Arms:
    """Flags over the people given: in the treated arm, held out for this campaign, held out of all.

    Every eligible person is in exactly one of the three.
    """

    treated: Flags
    held_out: Flags
    always_out: Flags


@dataclass(frozen=True)
class Draw:
    """The chance of one campaign: bits of each person or household under the workspace's key."""

    key: bytes
    campaign: str
    holdout: float
    global_holdout: float = 0.0
    channel_holdout: float = 0.0

    def __post_init__(self) -> None:
        for name in ("holdout", "global_holdout", "channel_holdout"):
            share = getattr(self, name)
            if not 0 <= share < 1:
                raise InputError(f"{name} must be a share from 0 to below 1, not {share:g}.")

    def always_out(self, persons: Integers) -> Flags:
        """Who is in the global holdout: the same people for every campaign, for years."""
        return _below(keyed_bits(persons, _key(self.key, GLOBAL)), self.global_holdout)

    def bits(self, units: Integers) -> Uints:
        """The bits that decide a unit's arm."""
        return keyed_bits(units, _key(self.key, f"campaign {self.campaign}"))

    def held_out(self, units: Integers) -> Flags:
        """Who is held out where there are no strata: by the unit's own bits and nothing else."""
        return _below(self.bits(units), self.holdout)

    def withheld(self, units: Integers, channel: str) -> Flags:
        """Whom a channel does not show anything although treated; independent of every arm."""
        key = _key(self.key, f"campaign {self.campaign} channel {channel}")
        return _below(keyed_bits(units, key), self.channel_holdout)

    @property
    def start(self) -> float:
        """Where the rounding of strata starts, from 0 to below 1."""
        key = _key(self.key, f"campaign {self.campaign} start")
        return float(keyed_bits(np.zeros(1, np.int64), key)[0]) / 2**32


@dataclass(frozen=True)
class Cut:
    """Of each stratum, by its number, the bits below which a unit is held out.

    Of those whose bits are `edge` itself the first `ties` are, in order of units.
    """

    edge: Uints
    ties: npt.NDArray[np.int64]

    def held_out(self, bits: Uints, strata: Integers) -> "tuple[Flags, Cut]":
        """Who of some units, ascending, is held out; and the cut for the units after them."""
        out = bits < self.edge[strata]
        left = self.ties.copy()
        for i in np.flatnonzero(bits == self.edge[strata]):
            if left[strata[i]]:
                out[i] = True
                left[strata[i]] -= 1
        return out, Cut(self.edge, left)


def cut_of(parts: Iterable[tuple[Uints, Integers]], *, holdout: float, start: float) -> Cut:
    """The cut of strata from the bits and stratum numbers of all units, part after part.

    Of each stratum holdout × its size are held out, to within one, and so of all strata together:
    sizes are rounded as they add up, from a random start. So a person of a tiny stratum is held
    out with the holdout's chance too, where rounding each by itself would hold out nobody of it.
    Memory is four bytes for each unit.
    """
    of: dict[int, list[Uints]] = {}
    for bits, strata in parts:
        order = np.argsort(strata, kind="stable")
        names, first = np.unique(strata[order], return_index=True)
        for name, part in zip(names.tolist(), np.split(bits[order], first[1:]), strict=False):
            of.setdefault(name, []).append(part)
    edge = np.zeros(max(of, default=-1) + 1, np.uint32)
    ties = np.zeros(len(edge), np.int64)
    counted = 0
    for name in sorted(of):
        members = np.concatenate(of.pop(name))
        out = int((counted + len(members)) * holdout + start) - int(counted * holdout + start)
        counted += len(members)
        if out:
            members.partition(out - 1)
            edge[name] = members[out - 1]
            ties[name] = out - np.count_nonzero(members < edge[name])
    return Cut(edge, ties)


def assign(
    persons: Integers,
    *,
    key: bytes,
    campaign: str,
    holdout: float,
    global_holdout: float = 0.0,
    strata: Integers | None = None,
    units: Integers | None = None,
) -> Arms:
    """Assign people to arms; `persons` and, where given, `strata` and `units` run in parallel.

    Chance is `arrays.keyed_bits` of the unit (the person, or a household's number where one's
    advertisement reaches the others) under the workspace's key and the campaign's name. Without
    strata a unit's arm depends on nothing else: not on who else is in the audience, nor on when.
    With strata (numbers from 0) the holdout's share of each is held out, to within one unit, those
    with the least bits: so an arm depends on the stratum's members too, and launch freezes it. A
    household stands in the stratum of its first person.

    The global holdout is drawn from the key and the person alone: the same people for every
    campaign, for years. They are in no arm of it, nor is anybody of their household.
    """
    draw = Draw(key, campaign, holdout, global_holdout)
    unit = persons if units is None else units
    numbers, first, of_person = np.unique(unit, return_index=True, return_inverse=True)
    always = np.bincount(of_person, draw.always_out(persons), minlength=len(numbers)) > 0
    if strata is None:
        out = draw.held_out(numbers)
    else:
        out = np.zeros(len(numbers), dtype=bool)
        free = np.flatnonzero(~always)
        bits, stratum = draw.bits(numbers[free]), strata[first[free]]
        cut = cut_of([(bits, stratum)], holdout=holdout, start=draw.start)
        out[free], _ = cut.held_out(bits, stratum)
    out &= ~always
    return Arms((~out & ~always)[of_person], out[of_person], always[of_person])


def balance(arms: Arms, covariates: Mapping[str, npt.NDArray[np.float64]]) -> dict[str, float]:
    """Standardised difference of means, treated against held out, of each covariate.

    In standard deviations of all; NaN where a covariate does not vary or an arm is empty.
    """
    differences = {}
    for name, values in covariates.items():
        one, other = values[arms.treated], values[arms.held_out]
        spread = float(values.std()) if len(values) else 0.0
        usable = len(one) and len(other) and spread > 0
        differences[name] = float((one.mean() - other.mean()) / spread) if usable else float("nan")
    return differences


def arms_of(everyone: PersonSet, draw: Draw, strata: Strata | None, units: Units | None) -> States:
    """The arms of everybody eligible, block after block, as `assign` draws them at once.

    With strata four bytes a person are held meanwhile; with units everybody is drawn at once.
    """
    if units is not None:
        return _arms_of_units(everyone, draw, strata, units)
    cut = None
    if strata is not None:
        parts = (_free(p, draw, strata[b]) for b, p in sorted(everyone.items()) if p)
        cut = cut_of(parts, holdout=draw.holdout, start=draw.start)
    arms: States = {TREATED: {}, HELD_OUT: {}, ALWAYS_OUT: {}}
    for block, people in sorted(everyone.items()):
        ids = ids_of(people)
        always = BitMap(ids[draw.always_out(ids)])
        if cut is None or strata is None or not len(ids):
            held = BitMap(ids[draw.held_out(ids)]) - always
        else:
            held, cut = _cut_block(ids[~draw.always_out(ids)], draw, strata[block], cut)
        arms[ALWAYS_OUT][block] = always
        arms[HELD_OUT][block] = held
        arms[TREATED][block] = people - held - always
    return arms


def _free(people: BitMap, draw: Draw, strata: Integers) -> tuple[npt.NDArray[np.uint32], Integers]:
    ids = ids_of(people)
    ids = ids[~draw.always_out(ids)]
    return draw.bits(ids), strata[ids & LOW]


def _cut_block(ids: Integers, draw: Draw, strata: Integers, cut: Cut) -> tuple[BitMap, Cut]:
    out, left = cut.held_out(draw.bits(ids), strata[ids & LOW])
    return BitMap(ids[out]), left


def _arms_of_units(everyone: PersonSet, draw: Draw, strata: Strata | None, units: Units) -> States:
    """All at once, since a household may lie in several blocks: some forty bytes a person."""
    none = np.zeros(0, np.uint32)
    blocks = {b: ids_of(p) for b, p in sorted(everyone.items())}
    ids = np.concatenate([none, *blocks.values()])
    of = None
    if strata is not None:
        of = np.concatenate([none, *(strata[b][i & LOW] for b, i in blocks.items() if len(i))])
    arms = assign(
        ids, key=draw.key, campaign=draw.campaign, holdout=draw.holdout,
        global_holdout=draw.global_holdout, strata=of, units=units.of(ids),
    )  # fmt: skip
    flags = {TREATED: arms.treated, HELD_OUT: arms.held_out, ALWAYS_OUT: arms.always_out}
    return {state: by_block(ids[in_arm]) for state, in_arm in flags.items()}


def withheld_of(
    treated: PersonSet, draw: Draw, channel: str, units: Units | None
) -> dict[int, BitMap]:
    """Of the treated, those from whom a channel withholds its lines."""
    withheld = {}
    for block, people in treated.items():
        ids = ids_of(people)
        withheld[block] = BitMap(ids[draw.withheld(units.of(ids) if units else ids, channel)])
    return withheld


def _key(key: bytes, what: str) -> bytes:
    return key + b"/" + what.encode()


def _below(bits: Uints, share: float) -> Flags:
    below: Flags = bits < np.uint32(share * 2**32)
    return below
