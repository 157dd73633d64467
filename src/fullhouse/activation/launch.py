"""Who of each line's audience may be spoken to, and in which arm: frozen once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyroaring import BitMap

from fullhouse.activation.arms import Arms, assign
from fullhouse.lake import BITMAPS, Lake
from fullhouse.tables import CAMPAIGN_PEOPLE
from fullhouse.values import BLOCK_BITS

TREATED, HELD_OUT, ALWAYS_OUT = "treated", "held_out", "always_out"
REFUSALS = ("no_consent", "over_cap", "has_ticket", "not_addressed")
"""Why somebody of an audience is not eligible, in the order in which it is asked."""

MASK = (1 << BLOCK_BITS) - 1
People = Mapping[int, BitMap]
States = dict[str, dict[int, BitMap]]


@dataclass(frozen=True)
class LineAudience:
    """One line's audience, and who of it is refused why; all by block."""

    line: str
    people: People
    refused: Mapping[str, People]


@dataclass(frozen=True)
class Assigned:
    """The people of one line by state: eligible ones by arm, and the others by reason."""

    line: str
    states: States

    def count(self, state: str) -> int:
        """How many people are in a state."""
        return sum(len(p) for p in self.states.get(state, {}).values())

    @property
    def eligible(self) -> int:
        """People in any arm."""
        return self.count(TREATED) + self.count(HELD_OUT) + self.count(ALWAYS_OUT)


def assign_lines(
    audiences: Sequence[LineAudience],
    *,
    key: bytes,
    campaign: str,
    holdout: float,
    global_holdout: float = 0.0,
    strata: Mapping[int, npt.NDArray[np.integer]] | None = None,
) -> list[Assigned]:
    """Everybody eligible for any line is in one arm for the whole campaign.

    Somebody held out of one line and treated in another would tell nothing of either. `strata`
    gives a number for each id of a block (by its low bits); within each, exactly the holdout's
    share is held out, over all eligible people of the campaign.
    """
    eligible: list[tuple[States, dict[int, BitMap]]] = []
    everyone: dict[int, BitMap] = {}
    for audience in audiences:
        states, left = _refuse(audience)
        eligible.append((states, left))
        for block, people in left.items():
            everyone[block] = everyone.get(block, BitMap()) | people
    arms = _arms(everyone, key, campaign, holdout, global_holdout, strata)
    found = []
    for audience, (states, left) in zip(audiences, eligible, strict=True):
        for state, drawn in arms.items():
            states[state] = {b: left[b] & drawn[b] for b in left if b in drawn}
        found.append(Assigned(audience.line, states))
    return found


def freeze_people(
    lake: Lake, campaign: str, assigned: Sequence[Assigned], *, at: datetime, batch: str
) -> bool:
    """Write who is what; False where the batch was written before: nothing changes then."""
    rows = [
        (campaign, line.line, state, block, len(people), people.serialize(), at)
        for line in assigned
        for state, blocks in sorted(line.states.items())
        for block, people in sorted(blocks.items())
        if people
    ]
    named = [dict(zip(CAMPAIGN_PEOPLE.names, row, strict=True)) for row in rows]
    table = pa.Table.from_pylist(named, schema=CAMPAIGN_PEOPLE.schema)
    return lake.append(CAMPAIGN_PEOPLE, table, batch=batch, writer=BITMAPS)


def read_people(lake: Lake, campaign: str) -> dict[str, States]:
    """The people of each line of a campaign by state, as they were frozen."""
    rows = lake.read(CAMPAIGN_PEOPLE, where=pc.field("campaign") == campaign)
    found: dict[str, States] = {}
    for row in rows.to_pylist():
        blocks = found.setdefault(row["line"], {}).setdefault(row["state"], {})
        blocks[row["block"]] = BitMap.deserialize(row["bitmap"])
    return found


def _refuse(audience: LineAudience) -> tuple[States, dict[int, BitMap]]:
    """Each refused person under the first reason that fits; and who is left."""
    left = {b: BitMap(p) for b, p in audience.people.items()}
    states: States = {}
    for reason in REFUSALS:
        gone = audience.refused.get(reason, {})
        states[reason] = {b: left[b] & gone[b] for b in left if b in gone}
        for block, people in states[reason].items():
            left[block] -= people
    return states, left


def _arms(
    everyone: People,
    key: bytes,
    campaign: str,
    holdout: float,
    global_holdout: float,
    strata: Mapping[int, npt.NDArray[np.integer]] | None,
) -> States:
    draw = partial(
        assign, key=key, campaign=campaign, holdout=holdout, global_holdout=global_holdout
    )
    blocks = {b: np.asarray(p.to_array(), dtype=np.int64) for b, p in sorted(everyone.items()) if p}
    if strata is None:
        parts = [_parted(ids, draw(ids)) for ids in blocks.values()]
    else:
        none = np.zeros(0, np.int64)
        ids = np.concatenate([none, *blocks.values()])
        of = np.concatenate([none, *(strata[b][mine & MASK] for b, mine in blocks.items())])
        parts = [_parted(ids, draw(ids, strata=of))]
    found: States = {TREATED: {}, HELD_OUT: {}, ALWAYS_OUT: {}}
    for part in parts:
        for state, people in part.items():
            for block in np.unique(people >> BLOCK_BITS):
                ends = [block << BLOCK_BITS, (block + 1) << BLOCK_BITS]
                low, high = np.searchsorted(people, ends)
                found[state][int(block)] = BitMap(people[low:high].astype(np.uint32))
    return found


def _parted(ids: npt.NDArray[np.int64], arms: Arms) -> dict[str, npt.NDArray[np.int64]]:
    return {
        TREATED: ids[arms.treated],
        HELD_OUT: ids[arms.held_out],
        ALWAYS_OUT: ids[arms.always_out],
    }
