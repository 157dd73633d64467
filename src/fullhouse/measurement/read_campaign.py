"""The readout of a campaign: the whole, its parts (audiences, channels, cities, lines), notes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fullhouse.campaigns.campaign import HELD_OUT, TREATED, WITHHELD
from fullhouse.core.errors import CannotTellError
from fullhouse.core.person_sets import (
    PersonSet,
    arm_people,
    by_block,
    only,
    size,
    union,
    without,
)
from fullhouse.measurement.campaign_data import (
    TICKETS,
    CampaignData,
    CountedArms,
    lines_by,
    silent_channels,
)
from fullhouse.measurement.campaign_readout import (
    CHANNEL_ALONE,
    HABIT,
    NEW,
    WENT,
    ByHousehold,
    CampaignReadout,
    EffectOnReached,
    HeldOutReached,
    Interim,
    NamedEffect,
    NoEffectOnReached,
    NoImpressions,
    Note,
    PartNotRead,
    SharedPeople,
    SilentChannels,
    TreatedReached,
    Unpriced,
    campaign_readout_of,
)
from fullhouse.measurement.experiment import Readout
from fullhouse.measurement.exposure import effect_on_reached, spill_over_bound
from fullhouse.measurement.read_experiment import read_part, read_parts
from fullhouse.stats.figures import Estimate

PartReadouts = dict[str, dict[str, Readout]]
GROUP_FIELDS = {
    "audience": ("audience",),
    "channel": ("channel",),
    "cities": ("cities",),
    "line": ("audience", "channel", "cities"),
}


def read_campaign(data: CampaignData, counted: CountedArms) -> CampaignReadout:
    """The effects of a campaign and of each of its parts, everybody as assigned, with notes.

    Adjusted for tickets of the year before; each effect has an interval for one look at the end
    and one that holds at any look. p values of parts are adjusted over all parts (Holm).
    """
    whole = read_part(
        counted,
        control=HELD_OUT,
        shares=data.shares,
        costs=data.cost_of(),
        share_observed=data.share_observed,
    )
    groups = people_by_group(data)
    parts, not_read = read_groups(data, counted, groups)
    alone, alone_not_read = channels_alone(data)
    if alone:
        parts[CHANNEL_ALONE] = alone
    readout = campaign_readout_of(data.campaign.name, data.until, whole, parts=parts)
    notes = (*readout.notes, *notes_of(data, whole), *shared_people(groups))
    return replace(
        readout,
        effects=tuple(_money_by_outcome(e) for e in readout.effects),
        notes=(*notes, *not_read, *alone_not_read),
        exposures=data.exposures,
        spend=sum(data.spend.values()),
        currency=data.plan.currency,
        share_observed=data.share_observed,
    )


def people_by_group(data: CampaignData) -> dict[str, dict[str, PersonSet]]:
    """The people of each part, by group. Lines that differ by week alone have the same people."""
    went = by_block(data.before.person[data.before.tickets > 0])
    everybody = union(*data.arms.values())
    groups = {
        group: {
            name: data.people_of(*lines)
            for name, lines in lines_by(data.plan.lines, *fields).items()
        }
        for group, fields in GROUP_FIELDS.items()
    }
    return groups | {HABIT: {WENT: only(everybody, went), NEW: without(everybody, went)}}


def read_groups(
    data: CampaignData, counted: CountedArms, groups: Mapping[str, Mapping[str, PersonSet]]
) -> tuple[PartReadouts, list[PartNotRead]]:
    """The readouts of all parts, by group; and why there is none of a part.

    A part's effect is that of the whole campaign on its people, and its cost what all lines spent
    on these people. Only a channel that was withheld by lot has an effect of its own.
    """
    parts: PartReadouts = {}
    not_read = []
    for group, named in groups.items():
        readouts = read_parts(
            counted,
            {name: data.compared(people) for name, people in named.items()},
            control=HELD_OUT,
            shares=data.shares,
            costs={name: data.cost_of(people) for name, people in named.items()},
            share_observed=data.share_observed,
        )
        for name, readout in readouts.items():
            if isinstance(readout, Readout):
                parts.setdefault(group, {})[name] = readout
            else:
                not_read.append(PartNotRead(group, name, readout.reason))
    return parts, not_read


def channels_alone(data: CampaignData) -> tuple[dict[str, Readout], list[PartNotRead]]:
    """What each channel did by itself: its treated against those it was withheld from by lot.

    Both got all the campaign's other channels alike, so the difference is the channel's own.
    """
    out = data.channel_holdout
    readouts: dict[str, Readout] = {}
    not_read: list[PartNotRead] = []
    if not out:
        return readouts, not_read
    for channel, lines in lines_by(data.plan.lines, "channel").items():
        states = [data.lines[x.id] for x in lines]
        withheld = arm_people(states, WITHHELD)
        arms = {TREATED: without(arm_people(states, TREATED), withheld), WITHHELD: withheld}
        spent = sum(data.spend[x.id] for x in lines)
        try:
            readouts[channel] = read_part(
                data.counted(arms),
                control=WITHHELD,
                shares={TREATED: 1 - out, WITHHELD: out},
                costs={TREATED: spent} if spent > 0 else None,
                share_observed=data.share_observed,
            )
        except CannotTellError as problem:
            not_read.append(PartNotRead(CHANNEL_ALONE, channel, problem.reason))
    return readouts, not_read


def shared_people(groups: Mapping[str, Mapping[str, PersonSet]]) -> list[SharedPeople]:
    """For each group whose parts have people in common, how many people are in several parts."""
    notes = []
    for group, parts in groups.items():
        once: PersonSet = {}
        several: PersonSet = {}
        for people in parts.values():
            several = union(several, only(once, people))
            once = union(once, people)
        if size(several):
            notes.append(SharedPeople(group, size(once), size(several)))
    return notes


def notes_of(data: CampaignData, whole: Readout) -> list[Note]:
    """Interim or final, who was reached, what may have spilled over, what has no price."""
    notes: list[Note] = []
    if data.until < data.ends:
        notes.append(Interim(data.until, data.ends))
    if data.units is not None:
        notes.append(ByHousehold())
    notes += _reach_notes(data, whole.effect(TREATED, TICKETS).effect)
    if data.sales.unpriced:
        notes.append(Unpriced(data.sales.unpriced, data.plan.currency))
    return notes


def _reach_notes(data: CampaignData, effect: Estimate) -> Sequence[Note]:
    """Of those in the treated arm, how many were reached, and the effect on them."""
    if not any(e.impressions for e in data.exposures):
        return [NoImpressions()]
    silent = silent_channels(data.plan, data.exposures)
    reached, out_reached = (size(data.reached_in(a)) for a in (TREATED, HELD_OUT))
    treated, out = (size(data.arms[a]) for a in (TREATED, HELD_OUT))
    notes: list[Note] = [SilentChannels(silent)] if silent else []
    notes.append(TreatedReached(reached, treated))
    share_out = out_reached / max(1, out)
    try:
        on_reached = effect_on_reached(effect, reached / treated, held_out_reached=share_out)
        notes.append(EffectOnReached(on_reached))
    except CannotTellError as problem:
        notes.append(NoEffectOnReached(problem.reason))
    if out_reached:
        highest = spill_over_bound(effect, share_out).between.high
        notes.append(HeldOutReached(out_reached, out, highest))
    return notes


def _money_by_outcome(named: NamedEffect) -> NamedEffect:
    """A ticket has a cost, and gross a return: not the other way round."""
    effect = named.effect
    if effect.outcome == TICKETS:
        return replace(named, effect=replace(effect, return_on_spend=None))
    return replace(named, effect=replace(effect, cost_each=None))
