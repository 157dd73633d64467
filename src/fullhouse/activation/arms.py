"""Who is treated and who is held out: decided once, by the keyed hash, and never again."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fullhouse.errors import InputError
from fullhouse.values import keyed_bits

Ints = npt.NDArray[np.integer]
Flags = npt.NDArray[np.bool_]
GLOBAL = "global holdout"


@dataclass(frozen=True)
class Arms:
    """Flags over the people given: in the treated arm, held out for this campaign, held out of all.

    Every eligible person is in exactly one of the three.
    """

    treated: Flags
    held_out: Flags
    always_out: Flags


def assign(
    persons: Ints,
    *,
    key: bytes,
    campaign: str,
    holdout: float,
    global_holdout: float = 0.0,
    strata: Ints | None = None,
    units: Ints | None = None,
) -> Arms:
    """Assign people to arms; `persons` and, where given, `strata` and `units` run in parallel.

    Chance is `values.keyed_bits` of the unit (the person, or a household's number where one's
    advertisement reaches the others) under the workspace's key and the campaign's name. Without
    strata a unit's arm depends on nothing else: not on who else is in the audience, nor on when.
    With strata exactly round(holdout × units) of each are held out, those with the least bits: so
    an arm depends on the stratum's members too, and launch freezes it.

    The global holdout is drawn from the key alone: the same people for every campaign, for years.
    They are in no arm of it.
    """
    for name, share in (("holdout", holdout), ("global_holdout", global_holdout)):
        if not 0 <= share < 1:
            raise InputError(f"{name} must be a share from 0 to below 1, not {share:g}.")
    unit = persons if units is None else units
    always = keyed_bits(unit, _key(key, GLOBAL)) < np.uint32(global_holdout * 2**32)
    bits = keyed_bits(unit, _key(key, f"campaign {campaign}"))
    if strata is None:
        out = bits < np.uint32(holdout * 2**32)
    else:
        out = _least_of_each(bits, unit, strata, ~always, holdout)
    out &= ~always
    return Arms(~out & ~always, out, always)


def _least_of_each(bits: Ints, unit: Ints, strata: Ints, open_: Flags, holdout: float) -> Flags:
    _, first, of_person = np.unique(unit, return_index=True, return_inverse=True)
    # A household stands in the stratum of its first person.
    stratum, free, mine = strata[first], open_[first], bits[first]
    order = np.lexsort((unit[first], mine, stratum, ~free))
    order = order[: int(free.sum())]
    starts = np.flatnonzero(np.r_[True, np.diff(stratum[order]) != 0]) if len(order) else order
    sizes = np.diff(np.r_[starts, len(order)])
    place = np.arange(len(order)) - np.repeat(starts, sizes)
    out = np.zeros(len(first), dtype=bool)
    out[order] = place < np.repeat(np.floor(sizes * holdout + 0.5), sizes)
    found: Flags = out[of_person]
    return found


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
