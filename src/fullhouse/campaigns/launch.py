"""Who of each line's audience may be spoken to, and in which arm: frozen once."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
from pyroaring import BitMap

from fullhouse.campaigns.arms import ALWAYS_OUT, HELD_OUT, TREATED, Draw
from fullhouse.campaigns.block_arms import States, Strata, arms_of, withheld_of
from fullhouse.campaigns.households import Units
from fullhouse.core.person_sets import PersonSet, only, size, union, without
from fullhouse.core.tables import CAMPAIGN_PEOPLE
from fullhouse.lake import BITMAPS, Lake

__all__ = [
    "ALWAYS_OUT", "HELD_OUT", "REFUSALS", "TREATED", "WITHHELD", "Assigned", "LineAudience",
    "States", "assign_lines", "count_people", "eligible", "freeze_people", "read_people",
]  # fmt: skip
WITHHELD = "withheld"
REFUSALS = ("no_consent", "over_cap", "has_ticket", "not_addressed")
"""Why somebody of an audience is not eligible, in the order in which it is asked."""


@dataclass(frozen=True)
class LineAudience:
    """One line's audience, and who of it is refused why, by block; and the channel it is on."""

    line: str
    people: PersonSet
    refused: Mapping[str, PersonSet]
    channel: str = ""


@dataclass(frozen=True)
class Assigned:
    """The people of one line by state: eligible ones by arm, and the others by reason.

    Who is withheld is in the treated arm of the campaign, and is not shown this line.
    """

    line: str
    states: States

    def count(self, state: str) -> int:
        """How many people are in a state."""
        return size(self.states.get(state, {}))

    @property
    def eligible(self) -> int:
        """People in any arm."""
        return sum(map(self.count, (TREATED, WITHHELD, HELD_OUT, ALWAYS_OUT)))


def eligible(audience: LineAudience) -> dict[int, BitMap]:
    """Who of a line's audience is refused for no reason."""
    return _refuse(audience)[1]


def assign_lines(
    audiences: Sequence[LineAudience],
    *,
    key: bytes,
    campaign: str,
    holdout: float,
    global_holdout: float = 0.0,
    channel_holdout: float = 0.0,
    strata: Strata | None = None,
    units: Units | None = None,
) -> list[Assigned]:
    """Everybody eligible for any line is in one arm for the whole campaign.

    Somebody held out of one line and treated in another would tell nothing of either. Within each
    stratum the holdout's share is held out, to within one, over all eligible people of the
    campaign. With `units` a household has one arm. Of the treated, each channel withholds its
    lines from the channel holdout's share, drawn for each channel by itself.

    Lines that share their people and refusals (by identity) are worked out once.
    """
    draw = Draw(key, campaign, holdout, global_holdout, channel_holdout)
    refused: dict[tuple[int, ...], tuple[States, dict[int, BitMap]]] = {}
    for audience in audiences:
        if _same(audience) not in refused:
            refused[_same(audience)] = _refuse(audience)
    everyone = union(*(left for _, left in refused.values()))
    arms = arms_of(everyone, draw, strata, units)
    withheld = {
        channel: withheld_of(arms[TREATED], draw, channel, units)
        for channel in {a.channel for a in audiences if channel_holdout}
    }
    made: dict[tuple[str, tuple[int, ...]], States] = {}
    found = []
    for audience in audiences:
        which = audience.channel, _same(audience)
        if which not in made:
            states, left = refused[_same(audience)]
            made[which] = states | _of_line(left, arms, withheld.get(audience.channel, {}))
        found.append(Assigned(audience.line, made[which]))
    return found


def freeze_people(
    lake: Lake, campaign: str, assigned: Sequence[Assigned], *, at: datetime, batch: str
) -> bool:
    """Write who is what; False where the batch was written before: nothing changes then."""
    rows = _frozen_rows(campaign, assigned, at)
    data = pa.RecordBatchReader.from_batches(CAMPAIGN_PEOPLE.schema, rows)
    return lake.append(CAMPAIGN_PEOPLE, data, batch=batch, writer=BITMAPS)


def read_people(
    lake: Lake, campaign: str, states: Collection[str] | None = None
) -> dict[str, States]:
    """The people of each line of a campaign by state (of some states), as they were frozen.

    Blocks that are alike are one object: lines that differ in their week alone weigh nothing.
    """
    found: dict[str, States] = {}
    known: dict[bytes, BitMap] = {}
    mine = pc.field("campaign") == campaign
    if states is not None:
        mine &= pc.field("state").isin(list(states))
    columns = ["line", "state", "block", "bitmap"]
    for batch in lake.batches(CAMPAIGN_PEOPLE, columns=columns, where=mine, rows=128):
        for row in batch.to_pylist():
            digest = hashlib.blake2b(row["bitmap"], digest_size=16).digest()
            if digest not in known:
                known[digest] = BitMap.deserialize(row["bitmap"])
            blocks = found.setdefault(row["line"], {}).setdefault(row["state"], {})
            blocks[row["block"]] = known[digest]
    return found


def count_people(lake: Lake, campaign: str) -> dict[str, dict[str, int]]:
    """How many people of each line of a campaign are in each state."""
    rows = lake.read(
        CAMPAIGN_PEOPLE,
        columns=["line", "state", "persons"],
        where=pc.field("campaign") == campaign,
    )
    found: dict[str, dict[str, int]] = {}
    for row in rows.to_pylist():
        states = found.setdefault(row["line"], {})
        states[row["state"]] = states.get(row["state"], 0) + row["persons"]
    return found


def _frozen_rows(
    campaign: str, assigned: Sequence[Assigned], at: datetime
) -> Iterator[pa.RecordBatch]:
    for line in assigned:
        for state, blocks in sorted(line.states.items()):
            rows = [
                (campaign, line.line, state, block, len(people), people.serialize(), at)
                for block, people in sorted(blocks.items())
                if people
            ]
            named = [dict(zip(CAMPAIGN_PEOPLE.names, row, strict=True)) for row in rows]
            yield pa.RecordBatch.from_pylist(named, schema=CAMPAIGN_PEOPLE.schema)


def _same(audience: LineAudience) -> tuple[int, ...]:
    """Equal for lines that have the very same people and refusals."""
    refused = [audience.refused.get(r, {}) for r in REFUSALS]
    return id(audience.people), *(id(people) if people else 0 for people in refused)


def _refuse(audience: LineAudience) -> tuple[States, dict[int, BitMap]]:
    """Each refused person under the first reason that fits; and who is left."""
    left = dict(audience.people)
    states: States = {}
    for reason in REFUSALS:
        gone = audience.refused.get(reason, {})
        states[reason] = only(left, gone)
        for block, people in states[reason].items():
            if people:
                left[block] = left[block] - people
    return states, left


def _of_line(left: PersonSet, arms: States, withheld: PersonSet) -> States:
    found = {s: only(left, drawn) for s, drawn in arms.items()}
    if withheld:
        treated = found[TREATED]
        found[WITHHELD] = only(treated, withheld)
        found[TREATED] = without(treated, withheld)
    return found
