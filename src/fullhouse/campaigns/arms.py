"""Who is treated and who is held out: decided once, by the keyed hash, and never again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fullhouse.core.arrays import Flags, Integers, Uints
from fullhouse.core.errors import InputError
from fullhouse.core.values import keyed_bits

GLOBAL = "global holdout"
TREATED, HELD_OUT, ALWAYS_OUT = "treated", "held_out", "always_out"


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
    """The chance of one campaign: what the workspace's key says of each person or household."""

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
        for name, mine in zip(names.tolist(), np.split(bits[order], first[1:]), strict=False):
            of.setdefault(name, []).append(mine)
    edge = np.zeros(max(of, default=-1) + 1, np.uint32)
    ties = np.zeros(len(edge), np.int64)
    seen = 0
    for name in sorted(of):
        mine = np.concatenate(of.pop(name))
        many = int((seen + len(mine)) * holdout + start) - int(seen * holdout + start)
        seen += len(mine)
        if many:
            mine.partition(many - 1)
            edge[name] = mine[many - 1]
            ties[name] = many - np.count_nonzero(mine < edge[name])
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

    Chance is `values.keyed_bits` of the unit (the person, or a household's number where one's
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
    found = {}
    for name, values in covariates.items():
        one, other = values[arms.treated], values[arms.held_out]
        spread = float(values.std()) if len(values) else 0.0
        usable = len(one) and len(other) and spread > 0
        found[name] = float((one.mean() - other.mean()) / spread) if usable else float("nan")
    return found


def _key(key: bytes, what: str) -> bytes:
    return key + b"/" + what.encode()


def _below(bits: Uints, share: float) -> Flags:
    found: Flags = bits < np.uint32(share * 2**32)
    return found
