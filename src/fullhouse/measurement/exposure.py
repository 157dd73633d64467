"""Who was really shown something: impressions and clicks that came back, by line."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyroaring import BitMap

from fullhouse.core.errors import InputError
from fullhouse.core.person_sets import PersonSet, cut_by_block, inside, size
from fullhouse.core.tables import ACCOUNT_PERSON, CLICK, IMPRESSION, Table
from fullhouse.core.values import MAX_PERSON
from fullhouse.engine import Engine
from fullhouse.lake import Lake

PERSON_BITS = 32


@dataclass(frozen=True)
class Exposure:
    """What came back of a line: all its impressions and clicks.

    `people` are those in the treated arm, `reached` those of them with an impression at least.
    `held_out_reached` are people of the held-out arm who were shown the line's advertisement all
    the same: they make the effect look smaller than it is.
    """

    line: str
    channel: str
    people: int
    reached: int
    impressions: int
    clicks: int
    held_out_reached: int


@dataclass(frozen=True)
class Reached:
    """The impressions of a line, all of them, and the people who had one, by block.

    Impressions of accounts that are no known person count, and reach nobody.
    """

    people: PersonSet
    impressions: int


def exposure(
    engine: Engine,
    lake: Lake,
    *,
    lines: Mapping[str, str],
    treated: Mapping[str, PersonSet],
    held_out: Mapping[str, PersonSet],
    first: date,
    until: date,
    campaign: str,
) -> tuple[Exposure, ...]:
    """What came back of each line (its id and channel), from `first` to `until`, both included.

    Rows that name another campaign are left out; where none is named, line and day decide. Clicks
    count whoever made them. `treated` and `held_out` are each line's people by block.
    """
    reached = reached_people(engine, lake, lines=lines, first=first, until=until, campaign=campaign)
    clicks = clicks_of(engine, lake, lines=lines, first=first, until=until, campaign=campaign)
    return exposures(lines, reached, clicks, treated=treated, held_out=held_out)


def exposures(
    lines: Mapping[str, str],
    reached: Mapping[str, Reached],
    clicks: Mapping[str, int],
    *,
    treated: Mapping[str, PersonSet],
    held_out: Mapping[str, PersonSet],
) -> tuple[Exposure, ...]:
    """What came back of each line, from whom it reached and what was clicked."""
    return tuple(
        Exposure(
            line=line,
            channel=channel,
            people=size(treated.get(line, {})),
            reached=inside(treated.get(line, {}), reached[line].people),
            impressions=reached[line].impressions,
            clicks=clicks[line],
            held_out_reached=inside(held_out.get(line, {}), reached[line].people),
        )
        for line, channel in lines.items()
    )


def reached_people(
    engine: Engine,
    lake: Lake,
    *,
    lines: Collection[str],
    first: date,
    until: date,
    campaign: str,
) -> dict[str, Reached]:
    """The impressions of each line and whom they reached, of whatever arm; days as in `exposure`.

    Impressions are added up by account before persons are looked up, so that a billion of them
    costs one pass over the days asked for.
    """
    shown = _came_back(engine, lake, IMPRESSION, lines, first, until, campaign)
    by_account = shown.group_by("source", "account", "line").aggregate(impressions=shown.count())
    known = engine.scan(lake.snapshot(ACCOUNT_PERSON)).select("source", "account", "person")
    found = by_account.left_join(known, ["source", "account"]).select(
        "line", "person", "impressions"
    )
    names = list(lines)
    people = [BitMap() for _ in names]
    impressions = np.zeros(len(names), np.int64)
    with engine.batches(found) as reader:
        for batch in reader:
            line = pc.index_in(batch["line"], value_set=pa.array(names, pa.string())).to_numpy()
            many = batch["impressions"].to_numpy()
            impressions += np.bincount(line, many, minlength=len(names)).astype(np.int64)
            named = batch["person"].is_valid().to_numpy(zero_copy_only=False)
            persons = pc.drop_null(batch["person"]).to_numpy()
            _add(people, line[named], persons)
    return {
        name: Reached(cut_by_block(who), int(n))
        for name, who, n in zip(names, people, impressions, strict=True)
    }


def clicks_of(
    engine: Engine,
    lake: Lake,
    *,
    lines: Collection[str],
    first: date,
    until: date,
    campaign: str,
) -> dict[str, int]:
    """The clicks of each line, whoever made them; days as in `exposure`."""
    clicked = _came_back(engine, lake, CLICK, lines, first, until, campaign)
    counted = engine.arrow(clicked.group_by("line").aggregate(clicks=clicked.count()))
    found = {row["line"]: int(row["clicks"]) for row in counted.to_pylist()}
    return {line: found.get(line, 0) for line in lines}


def _came_back(
    engine: Engine,
    lake: Lake,
    table: Table,
    lines: Collection[str],
    first: date,
    until: date,
    campaign: str,
) -> ir.Table:
    """The rows of these lines on these days that name this campaign, or none."""
    if not lines:
        raise InputError("No line is given; give the lines of a campaign with their channels.")
    if until < first:
        raise InputError(f"The last day, {until}, is before the first, {first}.")
    rows = engine.scan(lake.snapshot(table))
    return rows.filter(
        rows.line.isin(list(lines)),
        rows.day.between(ibis.literal(first), ibis.literal(until)),
        rows.campaign.isnull() | (rows.campaign == campaign),
    )


def _add(
    people: list[BitMap],
    line: npt.NDArray[np.integer],
    persons: npt.NDArray[np.int64],
) -> None:
    """Put persons into their lines' sets."""
    # Sorted first: a bitmap takes people in their order several times faster.
    keys = np.sort(line.astype(np.int64) << PERSON_BITS | persons)
    ends = np.searchsorted(keys, np.arange(len(people) + 1, dtype=np.int64) << PERSON_BITS)
    for number, (start, end) in enumerate(pairwise(ends.tolist())):
        if start < end:
            people[number] |= BitMap((keys[start:end] & MAX_PERSON).astype(np.uint32))
