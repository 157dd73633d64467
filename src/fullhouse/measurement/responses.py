"""How people responded to a campaign: parts of its people, each counted once, with their doses."""

from collections.abc import Mapping

import numpy as np

from fullhouse.campaigns.campaign import HELD_OUT, TREATED
from fullhouse.control.campaign_records import SavedResponse
from fullhouse.core.errors import CannotTellError
from fullhouse.core.person_sets import (
    PersonSet,
    by_block,
    inside,
    only,
    persons_of,
    size,
    union,
    without,
)
from fullhouse.measurement.campaign_data import (
    TICKETS,
    CampaignData,
    lines_by,
    share_elapsed,
    silent_channels,
)
from fullhouse.measurement.counted import CountedArms
from fullhouse.planning import adstock
from fullhouse.planning.plan import PlanLine
from fullhouse.planning.relative_response import Purchases, relative_responses

LEAST_TICKETS = 10
"""With fewer tickets among the held out of a part its relative response is no near-normal figure:
it is read together with the other small parts of its audience. Treated people who got one set of
channels and bought fewer are left out."""
OTHERS = "other mixes"
NOTHING = "nothing"


def measured_responses(data: CampaignData, counted: CountedArms) -> list[SavedResponse]:
    """The relative response of each audience, by the channels that they got.

    Nobody is in two parts: each counts in the first of the plan's audiences that they are in, as
    a plan takes them, and within it by the channels that address them. Where channels were
    withheld by lot, those who got different sets of them are compared with the same held out. A
    part whose held out bought next to nothing has no response.
    """
    buyers = by_block(data.sales.person[data.sales.tickets > 0])
    responses: list[SavedResponse] = []
    counted_before: PersonSet = {}
    for place, rule in enumerate(data.plan.audiences, 1):
        lines = [x for x in data.plan.lines if x.rule == rule]
        if not lines:
            continue
        people = without(data.people_of(*lines), counted_before)
        counted_before = union(counted_before, people)
        for mix, part in _by_mix(data, people, buyers).items():
            responses += _part_responses(data, counted, lines[0], place, mix, part)
    return responses


def _by_mix(data: CampaignData, people: PersonSet, buyers: PersonSet) -> dict[str, PersonSet]:
    """Some people by the channels that address them, mixes with few tickets together."""
    addressed = {c: data.people_of(*lines) for c, lines in _channels(data).items()}
    parts = _split(people, addressed)
    out = data.arms[HELD_OUT]
    large = {n: p for n, p in parts.items() if inside(only(p, out), buyers) >= LEAST_TICKETS}
    others = union(*(p for n, p in parts.items() if n not in large))
    return large | ({OTHERS: others} if size(others) else {})


def _channels(data: CampaignData) -> dict[str, list[PlanLine]]:
    """The plan's lines by channel, in order of its name."""
    return dict(sorted(lines_by(data.plan.lines, "channel").items()))


def _split(people: PersonSet, on: Mapping[str, PersonSet]) -> dict[str, PersonSet]:
    """Some people by the channels that they are on, as "email + push"."""
    parts: dict[str, PersonSet] = {"": people}
    for channel, there in on.items():
        both = [(f"{n} + {channel}" if n else channel, only(p, there)) for n, p in parts.items()]
        rest = [(n, without(p, there)) for n, p in parts.items()]
        parts = {n: p for n, p in both + rest if size(p)}
    return parts


def _by_channels_received(data: CampaignData, mix: str, treated: PersonSet) -> dict[str, PersonSet]:
    """The treated of a part by the channels that were not withheld from them.

    Where channels are withheld by lot, who gets what is chance among people addressed alike; in
    a part of several mixes it is not, so that stays whole.
    """
    if mix == OTHERS or not data.channel_holdout:
        return {mix: treated}
    on = {
        c: union(*(data.lines[x.id].get(TREATED, {}) for x in lines))
        for c, lines in _channels(data).items()
    }
    return {name or NOTHING: people for name, people in _split(treated, on).items()}


def _part_responses(
    data: CampaignData, counted: CountedArms, line: PlanLine, place: int, mix: str, part: PersonSet
) -> list[SavedResponse]:
    treated = only(part, data.arms[TREATED])
    sets = _by_channels_received(data, mix, treated)
    doses = {name: _doses(data, people) for name, people in sets.items()}
    sums = {n: _purchases(data, counted, p) for n, p in sets.items() if any(doses[n].values())}
    try:
        result = relative_responses(
            _purchases(data, counted, only(part, data.arms[HELD_OUT])), sums
        )
    except CannotTellError:
        return []
    return [
        SavedResponse(
            known_on=data.until,
            campaign=data.campaign.name,
            film=data.plan.film,
            line=f"{place}: {mix}" + (f", got {name}" if name != mix else ""),
            audience=line.audience,
            kind=line.kind,
            channel=name,
            doses=doses[name],
            response=response,
            error=error,
            part=f"{data.campaign.name} {place}: {mix}",
            base_error=result.base_error,
        )
        for name, (response, error) in result.responses.items()
        if sums[name].tickets >= LEAST_TICKETS
    ]


def _purchases(data: CampaignData, counted: CountedArms, people: PersonSet) -> Purchases:
    """What some people bought, as they are compared: themselves or their households."""
    compared = data.compared(people)
    listed = persons_of(only(counted.listed, compared))
    rows = np.searchsorted(counted.person, listed)
    tickets = counted.columns[counted.outcomes.index(TICKETS), rows]
    return Purchases(float(size(compared)), float(tickets.sum()), float((tickets**2).sum()))


def _doses(data: CampaignData, treated: PersonSet) -> dict[str, float]:
    """Impressions a treated person by channel, as adstock at the opening.

    As reported, or as planned on a channel that reported nothing.
    """
    impressions = {e.line: e.impressions for e in data.exposures}
    silent = silent_channels(data.plan, data.exposures)
    doses: dict[str, float] = {}
    for line in data.plan.lines:
        on_line = data.lines[line.id].get(TREATED, {})
        share = inside(on_line, treated) / max(1, size(on_line))
        planned = line.impressions * share_elapsed(line, data.until)
        booked = planned if line.channel in silent else impressions[line.id]
        per_person = booked * share / max(1, size(treated))
        days = (data.plan.opening - line.week).days - 3
        if per_person:
            doses[line.channel] = doses.get(line.channel, 0.0) + adstock(per_person, days)
    return doses
