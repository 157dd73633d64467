"""The parts of a campaign, read each: audiences, channels, cities, lines, and who went before."""

from collections.abc import Mapping, Sequence

from fullhouse.campaigns.campaign import HELD_OUT, TREATED, WITHHELD
from fullhouse.core.errors import CannotTellError
from fullhouse.core.person_sets import PersonSet, arm_people, by_block, inside, only, size, union
from fullhouse.core.person_sets import without as all_but
from fullhouse.measurement import Readout
from fullhouse.measurement.campaign_read import ReadCampaign
from fullhouse.measurement.counted import CountedArms
from fullhouse.measurement.read_counted import read_part, read_parts
from fullhouse.planning.plan import PlanLine

Parts = dict[str, dict[str, Readout]]
CHANNEL_ALONE = "channel alone"
WENT, NEW = "went to the cinema in the year before", "did not go in the year before"


def read_groups(read: ReadCampaign, counted: CountedArms) -> tuple[Parts, list[str]]:
    """The readouts of all parts, by group; and a sentence for each that could not be made.

    A part's effect is that of the whole campaign on its people, and its cost what all lines spent
    on these people. Only a channel that was withheld from some by chance has an effect of its own.
    """
    found: Parts = {}
    unread = []
    for group, named in groups_of(read).items():
        told = read_parts(
            counted,
            {name: read.compared(people) for name, people in named.items()},
            control=HELD_OUT,
            shares=read.shares,
            costs={name: cost_of(read, people) for name, people in named.items()},
            share_seen=read.share_seen,
        )
        for name, part in told.items():
            if isinstance(part, Readout):
                found.setdefault(group, {})[name] = part
            else:
                unread.append(f"{name} is not read: {part}")
    alone, why = channels_alone(read)
    return found | ({CHANNEL_ALONE: alone} if alone else {}), unread + why


def groups_of(read: ReadCampaign) -> dict[str, dict[str, PersonSet]]:
    """The people of each part, by group. Lines that differ by week alone have the same people."""
    lines = read.plan.lines
    went = by_block(read.before.person[read.before.tickets > 0])
    every = union(*read.arms.values())
    found = {
        group: {name: read.people_of(*mine) for name, mine in _by(lines, *fields).items()}
        for group, fields in {
            "audience": ("audience",),
            "channel": ("channel",),
            "cities": ("cities",),
            "line": ("audience", "channel", "cities"),
        }.items()
    }
    return found | {"habit": {WENT: only(every, went), NEW: all_but(every, went)}}


def cost_of(read: ReadCampaign, part: PersonSet | None = None) -> dict[str, float]:
    """What was spent on the treated of a part, by all lines; nothing where nothing was.

    A line's money is that of each of its people in equal shares.
    """
    total = 0.0
    for line in read.plan.lines:
        treated = read.lines[line.id].get(TREATED, {})
        share = 1.0 if part is None else inside(treated, part) / max(1, size(treated))
        total += read.spend[line.id] * share
    return {TREATED: total} if total > 0 else {}


def channels_alone(read: ReadCampaign) -> tuple[dict[str, Readout], list[str]]:
    """What each channel did by itself: its treated against those it was withheld from by chance.

    Both got all the campaign's other channels alike, so the difference is the channel's own.
    """
    out = float(read.campaign.body.get("channel_holdout", 0.0))
    found: dict[str, Readout] = {}
    unread: list[str] = []
    if not out:
        return found, unread
    for channel, lines in _by(read.plan.lines, "channel").items():
        mine = [read.lines[x.id] for x in lines]
        kept = arm_people(mine, WITHHELD)
        arms = {TREATED: all_but(arm_people(mine, TREATED), kept), WITHHELD: kept}
        spent = sum(read.spend[x.id] for x in lines)
        try:
            found[f"{channel}, others alike"] = read_part(
                read.counted(arms),
                control=WITHHELD,
                shares={TREATED: 1 - out, WITHHELD: out},
                costs={TREATED: spent} if spent > 0 else None,
                share_seen=read.share_seen,
            )
        except CannotTellError as problem:
            unread.append(f"{channel} alone is not read: {problem}")
    return found, unread


def _by(lines: Sequence[PlanLine], *fields: str) -> Mapping[str, list[PlanLine]]:
    found: dict[str, list[PlanLine]] = {}
    for line in lines:
        found.setdefault(" · ".join(getattr(line, f) for f in fields), []).append(line)
    return found
