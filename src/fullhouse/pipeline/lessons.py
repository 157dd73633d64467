"""What a campaign teaches of response: parts of its people, each counted once, with their doses."""

import numpy as np

from fullhouse.activation.launch import HELD_OUT, TREATED
from fullhouse.control.campaigns import Learned
from fullhouse.measurement import ArmEffect, Readout
from fullhouse.measurement.counted import CountedArms
from fullhouse.measurement.read_counted import read_parts
from fullhouse.pipeline.campaign_arms import by_block, inside, only, union, without
from fullhouse.pipeline.campaign_read import TICKETS, ReadCampaign
from fullhouse.pipeline.film_house import People, size
from fullhouse.planning import faded
from fullhouse.planning.plan import Line

LEAST_TICKETS = 10
"""With fewer tickets among the held out of a part its relative response is no near-normal figure:
it is told together with the other small parts of its audience."""
OTHERS = "other mixes"


def lessons(read: ReadCampaign, counted: CountedArms) -> list[Learned]:
    """The relative response of each audience, and within it of those on the same channels.

    Nobody is in two parts: each counts in the first of the plan's audiences that they are in, as
    a plan takes them. Parts differ in their mix of channels, and that is how channels are told
    apart. A part without a base in the held out teaches nothing.
    """
    bought = by_block(read.bought.person[read.bought.tickets > 0])
    found = []
    seen: People = {}
    for rule in read.plan.audiences:
        lines = [x for x in read.plan.lines if x.rule == rule]
        if not lines:
            continue
        mine = without(read.people_of(*lines), seen)
        seen = union(seen, mine)
        parts = _by_mix(read, mine, bought)
        told = read_parts(
            counted, {n: read.compared(p) for n, p in parts.items()}, control=HELD_OUT
        )
        for mix, readout in told.items():
            if isinstance(readout, Readout):
                found += _lesson(read, lines[0], mix, parts[mix], readout)
    return found


def _by_mix(read: ReadCampaign, mine: People, bought: People) -> dict[str, People]:
    """Some people by the channels that address them, mixes with few tickets together."""
    channels = sorted({x.channel for x in read.plan.lines})
    parts: dict[str, People] = {"": mine}
    for channel in channels:
        on = read.people_of(*(x for x in read.plan.lines if x.channel == channel))
        both = [(f"{n} + {channel}" if n else channel, only(p, on)) for n, p in parts.items()]
        rest = [(n, without(p, on)) for n, p in parts.items()]
        parts = {n: p for n, p in both + rest if size(p)}
    held = read.arms[HELD_OUT]
    known = {n: p for n, p in parts.items() if inside(only(p, held), bought) >= LEAST_TICKETS}
    others = union(*(p for n, p in parts.items() if n not in known))
    return known | ({OTHERS: others} if size(others) else {})


def _lesson(
    read: ReadCampaign, line: Line, mix: str, part: People, readout: Readout
) -> list[Learned]:
    effect = readout.effect(TREATED, TICKETS)
    if not effect.control_mean > 0 or not effect.effect.se > 0:
        return []
    response, error = response_of(effect)
    doses = _doses(read, only(part, read.arms[TREATED]))
    place = list(read.plan.audiences).index(line.rule) + 1
    return [
        Learned(
            known_on=read.until,
            campaign=read.campaign.name,
            film=read.plan.film,
            line=f"{place}: {mix}",
            audience=line.audience,
            kind=line.kind,
            channel=mix,
            doses=doses,
            response=response,
            error=error,
        )
    ]


def _doses(read: ReadCampaign, treated: People) -> dict[str, float]:
    """Impressions a treated person by channel, faded to the opening: what came, else as planned."""
    came = {e.line: e.impressions for e in read.exposures}
    told = any(came.values())
    found: dict[str, float] = {}
    for line in read.plan.lines:
        shown = read.lines[line.id].get(TREATED, {})
        share = inside(shown, treated) / max(1, size(shown))
        many = (came[line.id] if told else line.impressions) * share / max(1, size(treated))
        days = (read.plan.opening - line.week).days - 3
        if many:
            found[line.channel] = found.get(line.channel, 0.0) + faded(many, days)
    return found


def response_of(effect: ArmEffect) -> tuple[float, float]:
    """The effect as a share of what is bought anyway, and its error by the delta method.

    What is bought anyway is known from the held out alone: tickets are few, about Poisson, so its
    relative variance is one over how many of them there were.
    """
    base = effect.control_mean
    response = effect.effect.value / base
    few = 1 / (base * effect.control_people)
    return response, float(np.sqrt((effect.effect.se / base) ** 2 + response**2 * few))
