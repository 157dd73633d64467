"""Who was reached: impressions and clicks by line, and the effect on those reached.

Only the comparison of everybody as assigned is randomised. The effect on those reached and the
bound on spill-over are made of it and of who had impressions; each states what it assumes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyroaring import BitMap

from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.person_sets import PersonSet, cut_by_block, inside, size
from fullhouse.core.tables import ACCOUNT_PERSON, CLICK, IMPRESSION, Table
from fullhouse.core.values import MAX_PERSON
from fullhouse.engine import Engine
from fullhouse.engine.expr import ibis
from fullhouse.lake import Lake
from fullhouse.measurement.campaign_data import Reached
from fullhouse.measurement.campaign_readout import Exposure
from fullhouse.stats.figures import Interval

if TYPE_CHECKING:
    import ibis.expr.types as ir

PERSON_BITS = 32


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
    """What channels reported of each line (its id and channel), from `first` to `until`, included.

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
    """What channels reported of each line, from whom it reached and what was clicked."""
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
    rows = _line_events(engine, lake, IMPRESSION, lines, first, until, campaign)
    by_account = rows.group_by("source", "account", "line").aggregate(impressions=rows.count())
    known = engine.scan(lake.snapshot(ACCOUNT_PERSON)).select("source", "account", "person")
    of_persons = by_account.left_join(known, ["source", "account"]).select(
        "line", "person", "impressions"
    )
    names = list(lines)
    people = [BitMap() for _ in names]
    impressions = np.zeros(len(names), np.int64)
    with engine.batches(of_persons) as reader:
        for batch in reader:
            line = pc.index_in(batch["line"], value_set=pa.array(names, pa.string())).to_numpy()
            counts = batch["impressions"].to_numpy()
            impressions += np.bincount(line, counts, minlength=len(names)).astype(np.int64)
            named = batch["person"].is_valid().to_numpy(zero_copy_only=False)
            persons = pc.drop_null(batch["person"]).to_numpy()
            _add(people, line[named], persons)
    return {
        name: Reached(cut_by_block(who), int(n))
        for name, who, n in zip(names, people, impressions, strict=True)
    }


def contacts_by_person(
    engine: Engine,
    lake: Lake,
    *,
    lines: Collection[str],
    first: date,
    until: date,
    campaign: str,
) -> dict[int, int]:
    """How many persons had so many impressions of any of the lines; days as in `exposure`."""
    rows = _line_events(engine, lake, IMPRESSION, lines, first, until, campaign)
    by_account = rows.group_by("source", "account").aggregate(contacts=rows.count())
    known = engine.scan(lake.snapshot(ACCOUNT_PERSON)).select("source", "account", "person")
    owned = by_account.join(known, ["source", "account"])
    by_person = owned.group_by("person").aggregate(contacts=owned.contacts.sum())
    spread = by_person.group_by("contacts").aggregate(people=by_person.count())
    counted = engine.arrow(spread).to_pylist()
    return {int(row["contacts"]): int(row["people"]) for row in counted}


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
    clicked = _line_events(engine, lake, CLICK, lines, first, until, campaign)
    counted = engine.arrow(clicked.group_by("line").aggregate(clicks=clicked.count()))
    clicks = {row["line"]: int(row["clicks"]) for row in counted.to_pylist()}
    return {line: clicks.get(line, 0) for line in lines}


def _line_events(
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


class Between(Protocol):
    """A figure with its interval: `Estimate`, `Interval`, `AlwaysValid`."""

    @property
    def value(self) -> float:
        """The best guess."""

    @property
    def low(self) -> float:
        """The lower end."""

    @property
    def high(self) -> float:
        """The upper end."""


@dataclass(frozen=True)
class SpillOver:
    """An effect with no dilution, `none`, and with the most there may be, `full`.

    `share` of the held out had what the treated had.
    """

    share: float
    none: Interval
    full: Interval

    @property
    def between(self) -> Interval:
        """The effect as measured, from the least to the most that it may be.

        Holds the undiluted effect at the level of the effect's own interval, whatever the
        dilution: that effect is the one measured times something between 1 and 1 / (1 - share).
        """
        ends = self.none, self.full
        return Interval(self.none.value, min(e.low for e in ends), max(e.high for e in ends))


def effect_on_reached(
    effect: Between, share_reached: float, *, held_out_reached: float = 0.0
) -> Interval:
    """The effect per person who was reached because of their arm: that of everybody, divided.

    `share_reached` is the share of the treated with an impression at least, `held_out_reached`
    that of the held out. The effect on compliers (Angrist, Imbens and Rubin, "Identification of
    causal effects using instrumental variables", JASA 1996) is the effect of assignment ÷ the
    difference of the two shares. It takes for granted that being treated does nothing to people
    who are not reached, and that nobody is reached only because they were held out. The
    shares are those of these very people: where no held-out person was reached they add no error
    of their own (what was won, over the people reached), otherwise only that of a difference of
    two shares, which is small where thousands were reached and is left out. An error where the
    treated were reached no more than the held out.

    >>> effect_on_reached(Interval(0.02, 0.01, 0.03), 0.625, held_out_reached=0.125)
    Interval(value=0.04, low=0.02, high=0.06)
    """
    for share in (share_reached, held_out_reached):
        _check_share(share)
    more = share_reached - held_out_reached
    if more <= 0:
        raise CannotTellError(
            code="nobody_more_reached", treated=share_reached, held_out=held_out_reached
        )
    return Interval(*(x / more for x in (effect.value, effect.low, effect.high)))


def spill_over_bound(effect: Between, share: float) -> SpillOver:
    """The effect between no dilution and full: 1 to 1 / (1 - share) times what was measured.

    `share` of the held out live with treated people, or got the advertisement themselves.
    If that did to each of them, on average, no more than it does to somebody treated and nothing
    of the opposite sign, the control's mean is off by at most share × the effect: what is measured
    is then at least (1 - share) of the effect, and the effect is at most 1 / (1 - share) of it.

    >>> bound = spill_over_bound(Interval(0.06, 0.03, 0.09), 0.25)
    >>> bound.full
    Interval(value=0.08, low=0.04, high=0.12)
    >>> bound.between
    Interval(value=0.06, low=0.03, high=0.12)
    """
    _check_share(share)
    if share == 1:
        raise CannotTellError(code="nobody_left_to_compare")
    measured = effect.value, effect.low, effect.high
    return SpillOver(share, Interval(*measured), Interval(*(x / (1 - share) for x in measured)))


def _check_share(share: float) -> None:
    if not 0 <= share <= 1:
        raise InputError(f"A share of people lies between 0 and 1, not at {share:g}.")
