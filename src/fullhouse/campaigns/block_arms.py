"""Arms of many people by block, in bounded memory."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from pyroaring import BitMap

from fullhouse.campaigns.arms import ALWAYS_OUT, HELD_OUT, TREATED, Cut, Draw, assign, cut_of
from fullhouse.campaigns.households import Units
from fullhouse.core.arrays import Integers
from fullhouse.core.person_sets import LOW, PersonSet, by_block, ids_of

States = dict[str, dict[int, BitMap]]
Strata = Mapping[int, Integers]
"""By block, the number of the stratum of each id by its low bits."""


def arms_of(everyone: PersonSet, draw: Draw, strata: Strata | None, units: Units | None) -> States:
    """The arms of everybody eligible, block after block, as `arms.assign` draws them at once.

    With strata four bytes a person are held meanwhile; with units everybody is drawn at once.
    """
    if units is not None:
        return _arms_of_units(everyone, draw, strata, units)
    cut = None
    if strata is not None:
        parts = (_free(p, draw, strata[b]) for b, p in sorted(everyone.items()) if p)
        cut = cut_of(parts, holdout=draw.holdout, start=draw.start)
    found: States = {TREATED: {}, HELD_OUT: {}, ALWAYS_OUT: {}}
    for block, people in sorted(everyone.items()):
        ids = ids_of(people)
        always = BitMap(ids[draw.always_out(ids)])
        if cut is None or strata is None or not len(ids):
            held = BitMap(ids[draw.held_out(ids)]) - always
        else:
            held, cut = _cut_block(ids[~draw.always_out(ids)], draw, strata[block], cut)
        found[ALWAYS_OUT][block] = always
        found[HELD_OUT][block] = held
        found[TREATED][block] = people - held - always
    return found


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
    return {state: by_block(ids[mine]) for state, mine in flags.items()}


def withheld_of(
    treated: PersonSet, draw: Draw, channel: str, units: Units | None
) -> dict[int, BitMap]:
    """Of the treated, those from whom a channel withholds its lines."""
    found = {}
    for block, people in treated.items():
        ids = ids_of(people)
        found[block] = BitMap(ids[draw.withheld(units.of(ids) if units else ids, channel)])
    return found
