"""What can be looked up: the lines of running campaigns and saved audiences, with who is in each.

Whoever is held out is in none: of a campaign's lines those of its treated arm are answered, and of
a saved audience nobody whom a running campaign holds out, withholds, or leaves out by its cap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from fullhouse.audiences.audience import Audience
from fullhouse.audiences.bitmaps import after_merges, read_members
from fullhouse.audiences.leaving import Leaving
from fullhouse.audiences.population import read_merges
from fullhouse.audiences.rule import Saved
from fullhouse.audiences.save import find_saved, saved_audiences
from fullhouse.campaigns.campaign import ALWAYS_OUT, BY_CITY, HELD_OUT, TREATED, WITHHELD, States
from fullhouse.campaigns.line_people import channels_of
from fullhouse.campaigns.people import read_people
from fullhouse.consent import ADVERTISING
from fullhouse.control import Control
from fullhouse.control.campaign_records import SavedCampaign
from fullhouse.control.campaigns import campaigns, find_campaign, find_plan
from fullhouse.core.errors import InputError
from fullhouse.core.person_sets import PersonSet, size, union, without
from fullhouse.core.tables import CAMPAIGN_PEOPLE
from fullhouse.lookup.file import AccountSegment
from fullhouse.planning.plan import Plan, plan_from
from fullhouse.workspace.context import Context

LINE_DAYS = 7
"""A line of a plan is of one week."""
AFTER_DAYS = 56
"""So long after its last week a campaign may still be read: its holdout stays out meanwhile."""
OUT = (HELD_OUT, ALWAYS_OUT)
OUT_OF_AUDIENCES = (*OUT, WITHHELD, "over_cap")


@dataclass(frozen=True)
class LookupScope:
    """What is to be looked up; with neither named, all running campaigns and saved audiences.

    `channels` is the TOML text that campaigns were launched with.
    """

    campaigns: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    channels: str | None = None

    @property
    def everything(self) -> bool:
        """Whether nothing is named."""
        return not self.campaigns and not self.audiences


@dataclass(frozen=True)
class RunningCampaign:
    """A campaign by person that is not over, and the plan it carries out."""

    campaign: SavedCampaign
    plan: Plan

    @property
    def over(self) -> date:
        """The day after which nobody is held out for it any more."""
        last = max((x.week for x in self.plan.lines), default=self.campaign.at.date())
        return last + timedelta(LINE_DAYS - 1 + AFTER_DAYS)


def running_campaigns(control: Control, day: date) -> list[RunningCampaign]:
    """The campaigns by person that hold people out on a day, by name."""
    running = []
    for campaign in sorted(campaigns(control), key=lambda c: c.name):
        if campaign.cancelled is not None or campaign.body.get("by") == BY_CITY:
            continue
        saved = find_plan(control, f"{campaign.plan}@{campaign.plan_version}")
        each = RunningCampaign(campaign, plan_from(saved.body))
        if day <= each.over:
            running.append(each)
    return running


def segments(
    context: Context, scope: LookupScope, running: Sequence[RunningCampaign]
) -> tuple[list[AccountSegment], list[PersonSet]]:
    """What can be looked up, and who is in each by all that is recorded now."""
    _check(context, scope)
    merges = read_merges(context.lake)
    states = {r.campaign.name: read_people(context.lake, r.campaign.name) for r in running}
    listed: list[tuple[AccountSegment, PersonSet]] = []
    for each in running:
        if scope.everything or each.campaign.name in scope.campaigns:
            of_lines = states[each.campaign.name]
            listed += _lines(each, of_lines, merges, scope.channels, context.today)
    audiences = _audiences(context.control, scope)
    if audiences:
        arms = [line for of_lines in states.values() for line in of_lines.values()]
        out = after_merges(
            union(*(line.get(s, {}) for line in arms for s in OUT_OF_AUDIENCES)), merges
        )
        for audience in audiences:
            members = read_members(context.lake, audience.name, audience.version)
            left = without(after_merges(members, merges), out)
            name = f"{audience.name}@{audience.version}"
            purposes = tuple(dict.fromkeys((ADVERTISING, audience.purpose)))
            listed.append((AccountSegment(name, name, purposes), left))
    return _consenting(context, listed)


def is_frozen(context: Context, campaign: str) -> bool:
    """Whether the arms of a campaign are decided and written."""
    return context.lake.has_batch(CAMPAIGN_PEOPLE, f"campaign:{campaign}")


def _lines(
    running: RunningCampaign,
    states: Mapping[str, States],
    merges: Mapping[int, int],
    channels: str | None,
    day: date,
) -> list[tuple[AccountSegment, PersonSet]]:
    """The lines that are not over, with their treated people as they are linked now.

    Of two people who are one since, one held out and one treated, nobody is answered.
    """
    plan, name = running.plan, running.campaign.name
    known = channels_of(plan, channels)
    out = after_merges(union(*(s.get(o, {}) for s in states.values() for o in OUT)), merges)
    listed: list[tuple[AccountSegment, PersonSet]] = []
    for line in plan.lines:
        last = line.week + timedelta(LINE_DAYS - 1)
        if last < day:
            continue
        of_line = states.get(line.id, {})
        others = union(*(people for state, people in of_line.items() if state != TREATED))
        left = without(without(of_line.get(TREATED, {}), after_merges(others, merges)), out)
        segment = AccountSegment(
            f"{name}/{line.id}", line.audience, (ADVERTISING,), campaign=name, line=line.id,
            channel=line.channel, film=plan.film, first=line.week, last=last,
            sources=known[line.channel].sources,
        )  # fmt: skip
        listed.append((segment, left))
    return listed


def _audiences(control: Control, scope: LookupScope) -> list[Audience]:
    if scope.audiences:
        return [find_saved(control, _saved(name)) for name in dict.fromkeys(scope.audiences)]
    if not scope.everything:
        return []
    newest: dict[str, Audience] = {}
    for audience in saved_audiences(control):
        newest.setdefault(audience.name, audience)
    return list(newest.values())


def _saved(name: str) -> Saved:
    plain, _, version = name.partition("@")
    if version and not version.isdigit():
        raise InputError(f"An audience is NAME or NAME@VERSION, not {name!r}.")
    return Saved(plain, int(version) if version else None)


def _check(context: Context, scope: LookupScope) -> None:
    for name in scope.campaigns:
        campaign = find_campaign(context.control, name)
        if campaign.body.get("by") == BY_CITY:
            raise InputError(f"Campaign {name!r} was drawn by city: it has no people to look up.")
        if campaign.cancelled is not None:
            raise InputError(
                f"Campaign {name!r} was cancelled on {campaign.cancelled:%Y-%m-%d}: nobody is"
                " looked up for it any more."
            )


def _consenting(
    context: Context, listed: Sequence[tuple[AccountSegment, PersonSet]]
) -> tuple[list[AccountSegment], list[PersonSet]]:
    """Only who takes part, at this moment, in every purpose of each segment."""
    leaving: dict[tuple[str, ...], Leaving] = {}
    every: list[AccountSegment] = []
    sets: list[PersonSet] = []
    for segment, people in listed:
        if segment.purposes not in leaving:
            leaving[segment.purposes] = Leaving(context, *segment.purposes)
        left = leaving[segment.purposes].may_leave(people)
        every.append(replace(segment, persons=size(left)))
        sets.append(left)
    return every, sets
