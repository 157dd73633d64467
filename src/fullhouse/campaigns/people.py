"""Freeze the people of a campaign's lines by state in the lake, and read and count them."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyroaring import BitMap

from fullhouse.campaigns.campaign import TREATED, WITHHELD, AssignedLine, States
from fullhouse.core.person_sets import arm_people, union
from fullhouse.core.tables import CAMPAIGN_PEOPLE
from fullhouse.lake import BITMAPS, Lake
from fullhouse.planning.plan import Plan


def freeze_people(
    lake: Lake, campaign: str, assigned: Sequence[AssignedLine], *, at: datetime, batch: str
) -> bool:
    """Write the people of each line by state; False, and no change, where the batch stands."""
    rows = _frozen_rows(campaign, assigned, at)
    data = pa.RecordBatchReader.from_batches(CAMPAIGN_PEOPLE.schema, rows)
    return lake.append(CAMPAIGN_PEOPLE, data, batch=batch, writer=BITMAPS)


def read_people(
    lake: Lake, campaign: str, states: Collection[str] | None = None
) -> dict[str, States]:
    """The people of each line of a campaign by state (of some states), as they were frozen.

    Blocks that are alike are one object: lines that differ in their week alone weigh nothing.
    """
    people: dict[str, States] = {}
    known: dict[bytes, BitMap] = {}
    where = pc.field("campaign") == campaign
    if states is not None:
        where &= pc.field("state").isin(list(states))
    columns = ["line", "state", "block", "bitmap"]
    for batch in lake.batches(CAMPAIGN_PEOPLE, columns=columns, where=where, rows=128):
        for row in batch.to_pylist():
            digest = hashlib.blake2b(row["bitmap"], digest_size=16).digest()
            if digest not in known:
                known[digest] = BitMap.deserialize(row["bitmap"])
            blocks = people.setdefault(row["line"], {}).setdefault(row["state"], {})
            blocks[row["block"]] = known[digest]
    return people


def count_people(lake: Lake, campaign: str) -> dict[str, dict[str, int]]:
    """How many people of each line of a campaign are in each state."""
    rows = lake.read(
        CAMPAIGN_PEOPLE,
        columns=["line", "state", "persons"],
        where=pc.field("campaign") == campaign,
    )
    counts: dict[str, dict[str, int]] = {}
    for row in rows.to_pylist():
        states = counts.setdefault(row["line"], {})
        states[row["state"]] = states.get(row["state"], 0) + row["persons"]
    return counts


def frozen_people(lake: Lake, campaign: str, plan: Plan) -> dict[str, States]:
    """The people of each line of the plan by state, also of lines that have nobody."""
    people = read_people(lake, campaign)
    return {x.id: people.get(x.id, {}) for x in plan.lines}


def arm_ids(
    lines: Iterable[Mapping[str, Mapping[int, BitMap]]], state: str
) -> npt.NDArray[np.int64]:
    """Everybody in a state in any of some lines, ascending.

    Who is withheld from a line is in the treated arm of the campaign, so TREATED has them too:
    everybody is read as assigned.
    """
    lines = list(lines)
    states = (TREATED, WITHHELD) if state == TREATED else (state,)
    every = union(*(arm_people(lines, s) for s in states))
    parts = [np.asarray(p.to_array(), dtype=np.int64) for _, p in sorted(every.items())]
    return np.concatenate([np.zeros(0, np.int64), *parts])


def _frozen_rows(
    campaign: str, assigned: Sequence[AssignedLine], at: datetime
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
