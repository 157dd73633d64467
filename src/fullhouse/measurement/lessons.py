"""What a campaign teaches of response: parts of its people, each counted once, with their doses."""

from collections.abc import Mapping

import numpy as np

from fullhouse.campaigns.campaign import HELD_OUT, TREATED
from fullhouse.control.campaign_records import SavedResponse
from fullhouse.core.errors import CannotTellError
from fullhouse.core.person_sets import PersonSet, by_block, inside, only, size, union, without
from fullhouse.measurement.campaign_read import TICKETS, ReadCampaign, begun, silent
from fullhouse.measurement.counted import CountedArms
from fullhouse.planning import adstock
from fullhouse.planning.plan import PlanLine
from fullhouse.planning.relative_response import Purchases, relative_responses

LEAST_TICKETS = 10
"""With fewer tickets among the held out of a part its relative response is no near-normal figure:
it is told together with the other small parts of its audience; so it is with people who were shown
one set of channels, who are then left out."""
OTHERS = "other mixes"
NOTHING = "nothing"


def lessons(read: ReadCampaign, counted: CountedArms) -> list[SavedResponse]:
    """The relative response of each audience, by the channels that people were shown.

    Nobody is in two parts: each counts in the first of the plan's audiences that they are in, as
    a plan takes them, and within it by the channels that address them. Where channels were
    withheld by lot, those shown different sets of them are compared with the same held out. A part
    whose held out bought next to nothing teaches nothing.
    """
    bought = by_block(read.bought.person[read.bought.tickets > 0])
    found = []
    seen: PersonSet = {}
    for place, rule in enumerate(read.plan.audiences, 1):
        lines = [x for x in read.plan.lines if x.rule == rule]
        if not lines:
            continue
        mine = without(read.people_of(*lines), seen)
        seen = union(seen, mine)
        for mix, part in _by_mix(read, mine, bought).items():
            found += _lessons(read, counted, lines[0], place, mix, part)
    return found


def _by_mix(read: ReadCampaign, mine: PersonSet, bought: PersonSet) -> dict[str, PersonSet]:
    """Some people by the channels that address them, mixes with few tickets together."""
    addressed = {c: read.people_of(*lines) for c, lines in _channels(read).items()}
    parts = _split(mine, addressed)
    held = read.arms[HELD_OUT]
    known = {n: p for n, p in parts.items() if inside(only(p, held), bought) >= LEAST_TICKETS}
    others = union(*(p for n, p in parts.items() if n not in known))
    return known | ({OTHERS: others} if size(others) else {})


def _channels(read: ReadCampaign) -> dict[str, list[PlanLine]]:
    """The plan's lines by channel, in order of its name."""
    names = sorted({x.channel for x in read.plan.lines})
    return {n: [x for x in read.plan.lines if x.channel == n] for n in names}


def _split(people: PersonSet, on: Mapping[str, PersonSet]) -> dict[str, PersonSet]:
    """Some people by the channels that they are on, as "email + push"."""
    parts: dict[str, PersonSet] = {"": people}
    for channel, there in on.items():
        both = [(f"{n} + {channel}" if n else channel, only(p, there)) for n, p in parts.items()]
        rest = [(n, without(p, there)) for n, p in parts.items()]
        parts = {n: p for n, p in both + rest if size(p)}
    return parts


def _by_shown(read: ReadCampaign, mix: str, treated: PersonSet) -> dict[str, PersonSet]:
    """The treated of a part by the channels that were not withheld from them.

    Where channels withhold by lot, who is shown what is chance among people addressed alike; in
    a part of several mixes it is not, so that stays whole.
    """
    if mix == OTHERS or not read.campaign.body.get("channel_holdout"):
        return {mix: treated}
    on = {
        c: union(*(read.lines[x.id].get(TREATED, {}) for x in lines))
        for c, lines in _channels(read).items()
    }
    return {name or NOTHING: people for name, people in _split(treated, on).items()}


def _lessons(
    read: ReadCampaign, counted: CountedArms, line: PlanLine, place: int, mix: str, part: PersonSet
) -> list[SavedResponse]:
    treated = only(part, read.arms[TREATED])
    doses = {n: (p, _doses(read, p)) for n, p in _by_shown(read, mix, treated).items()}
    told = {n: _bought(read, counted, p) for n, (p, d) in doses.items() if any(d.values())}
    try:
        found = relative_responses(_bought(read, counted, only(part, read.arms[HELD_OUT])), told)
    except CannotTellError:
        return []
    return [
        SavedResponse(
            known_on=read.until,
            campaign=read.campaign.name,
            film=read.plan.film,
            line=f"{place}: {mix}" + (f", shown {name}" if name != mix else ""),
            audience=line.audience,
            kind=line.kind,
            channel=name,
            doses=doses[name][1],
            response=response,
            error=error,
            part=f"{read.campaign.name} {place}: {mix}",
            base_error=found.base_error,
        )
        for name, (response, error) in found.responses.items()
        if told[name].tickets >= LEAST_TICKETS
    ]


def _bought(read: ReadCampaign, counted: CountedArms, people: PersonSet) -> Purchases:
    """What some people bought, as they are compared: themselves or their households."""
    mine = read.compared(people)
    listed = [p.to_array() for p in only(counted.listed, mine).values()]
    who = np.concatenate([np.zeros(0, np.uint32), *listed])
    rows = np.searchsorted(counted.person, who)
    each = counted.columns[counted.outcomes.index(TICKETS), rows]
    return Purchases(float(size(mine)), float(each.sum()), float((each**2).sum()))


def _doses(read: ReadCampaign, treated: PersonSet) -> dict[str, float]:
    """Impressions with adstock a treated person by channel: as delivered, else as planned."""
    came = {e.line: e.impressions for e in read.exposures}
    quiet = silent(read.plan, read.exposures)
    found: dict[str, float] = {}
    for line in read.plan.lines:
        shown = read.lines[line.id].get(TREATED, {})
        share = inside(shown, treated) / max(1, size(shown))
        planned = line.impressions * begun(line, read.until)
        booked = planned if line.channel in quiet else came[line.id]
        many = booked * share / max(1, size(treated))
        days = (read.plan.opening - line.week).days - 3
        if many:
            found[line.channel] = found.get(line.channel, 0.0) + adstock(many, days)
    return found
