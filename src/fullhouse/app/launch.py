"""Launch a campaign: freeze its people and arms, and hand each channel what it is to deliver."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from fullhouse import control
from fullhouse.campaigns.campaign_people import channels_of, line_audiences, people_strata
from fullhouse.campaigns.caps import Booking, over_cap
from fullhouse.campaigns.deliver import Delivered, DeliveryLine
from fullhouse.campaigns.handing import Handing, hand_over
from fullhouse.campaigns.households import Units, freeze_units, frozen_units, read_households
from fullhouse.campaigns.launch import (
    TREATED,
    Assigned,
    LineAudience,
    assign_lines,
    count_people,
    eligible,
    freeze_people,
    read_people,
)
from fullhouse.campaigns.outbox import check_out
from fullhouse.campaigns.terms import Terms, frequency, terms_from
from fullhouse.consent import ADVERTISING
from fullhouse.control.campaign_records import SavedCampaign, SavedPlan
from fullhouse.control.campaigns import add_campaign, campaign_named, campaigns, find_plan
from fullhouse.core.errors import InputError
from fullhouse.core.tables import CAMPAIGN_PEOPLE
from fullhouse.core.values import check_slug
from fullhouse.lake import Lake
from fullhouse.planning import Channel
from fullhouse.planning.plan import Line, Plan, plan_from
from fullhouse.sample.analysis_sample import AnalysisSample, analysis_sample
from fullhouse.workspace.context import Context


@dataclass(frozen=True)
class Launched:
    """A campaign's lines with who is what, and what was handed over."""

    campaign: SavedCampaign
    lines: tuple[tuple[str, Mapping[str, int]], ...]
    files: tuple[Delivered, ...]
    resumed: bool
    logged: bool


def campaign_launch(
    context: Context,
    plan_name: str,
    *,
    name: str,
    folder: str | Path,
    channels: str | None = None,
    holdout: float | None = None,
    global_holdout: float = 0.0,
    channel_holdout: float = 0.0,
    strata: str = "activity",
    by: str = "person",
    households: str | Path | None = None,
    cap: float | None = None,
    cap_days: int = 7,
    contacts: str | Path | None = None,
    log: bool | None = None,
) -> Launched:
    """Freeze a plan's audiences, decide arms, and hand over each line in its channel's form.

    Left out, in this order, are people who do not take part in advertising, those over the cap,
    those who hold a ticket, and those whom the channel cannot address. `folder` may be a URL of an
    object store. Launching the same campaign again, after a crash say, goes on with the terms it
    began with, changes no arm, writes the same files and sends only what was not taken.
    """
    check_slug(name, what="The name of a campaign")
    kept = find_plan(context.control, plan_name)
    plan = plan_from(kept.body)
    told = channels_of(plan, channels)
    standing = _standing(context, name, kept)
    asked = Terms(
        plan.holdout if holdout is None else holdout, global_holdout, channel_holdout,
        strata, by, cap, cap_days,
    )  # fmt: skip
    terms = terms_from(standing.body) if standing else asked.with_frequency(plan.lines, told)
    handing = Handing(check_out(str(folder)), contacts, log)
    handing.check(context, plan, told)
    _check_households(context.lake, name, terms, households)
    campaign = standing or SavedCampaign(
        name, plan.film, kept.name, kept.version, terms.body, datetime.now(UTC)
    )
    if standing is None:
        # First, so that after a crash the same plan and terms are carried on with, and no others.
        add_campaign(context.control, campaign)
        detail: dict[str, object] = {"campaign": name, "plan": f"{kept.name}@{kept.version}"}
        control.record(context.control, "campaign.launch", detail)
    _freeze(context, campaign, plan, told, terms, households)
    lines = [_delivery(x, told[x.channel], terms) for x in plan.lines]
    files, logged = hand_over(context, name, lines, told, handing)
    counts = count_people(context.lake, name)
    states = tuple((x.id, counts.get(x.id, {})) for x in plan.lines)
    return Launched(campaign, states, tuple(files), standing is not None, logged)


def _standing(context: Context, name: str, kept: SavedPlan) -> SavedCampaign | None:
    standing = campaign_named(context.control, name)
    if standing is not None and standing.body.get("by") == "city":
        raise InputError(
            f"Campaign {name!r} was drawn by city (fullhouse campaign cities): launch by person"
            " under another name."
        )
    if standing is not None and (standing.plan, standing.plan_version) != (kept.name, kept.version):
        raise InputError(
            f"Campaign {name!r} carries out {standing.plan}@{standing.plan_version}: launch"
            f" {kept.name}@{kept.version} under another name."
        )
    return standing


def _check_households(lake: Lake, name: str, terms: Terms, file: str | Path | None) -> None:
    """A file of households is needed by a launch by household, once, and by no other."""
    if terms.by != "household":
        if file is not None:
            raise InputError("--households is for --by household; this campaign is by person.")
        return
    if file is None and frozen_units(lake, name) is None:
        raise InputError(
            "--by household needs --households FILE, Parquet or CSV with source, account and"
            " household: nothing in the house's own data says who lives together."
        )


def _freeze(
    context: Context,
    campaign: SavedCampaign,
    plan: Plan,
    channels: Mapping[str, Channel],
    terms: Terms,
    households: str | Path | None,
) -> None:
    """Freeze who is what, unless it is frozen; households before people, and one with the other."""
    lake, batch = context.lake, f"campaign:{campaign.name}"
    if lake.has_batch(CAMPAIGN_PEOPLE, batch):
        return
    units = None
    if terms.by == "household":
        units = frozen_units(lake, campaign.name)
        if units is None:
            assert households is not None
            units = read_households(lake, households)
            freeze_units(lake, campaign.name, units)
    with analysis_sample(context, territory=plan.territory) as house:
        assigned = _assign(house, plan, channels, campaign, terms, units)
    freeze_people(lake, campaign.name, assigned, at=datetime.now(UTC), batch=batch)


def _assign(
    house: AnalysisSample,
    plan: Plan,
    channels: Mapping[str, Channel],
    campaign: SavedCampaign,
    terms: Terms,
    units: Units | None,
) -> list[Assigned]:
    """Arms of the whole campaign: one for each person, whatever lines they are in."""
    with analysis_sample(house.context, territory=plan.territory, purpose=ADVERTISING) as willing:
        lines = line_audiences(house, willing, plan, channels)
    lines = _capped(house.context, plan, channels, campaign, terms, lines)
    return assign_lines(
        lines,
        key=house.population.key,
        campaign=campaign.name,
        holdout=terms.holdout,
        global_holdout=terms.global_holdout,
        channel_holdout=terms.channel_holdout,
        strata=people_strata(house, plan, terms.strata, [x.people for x in lines]),
        units=units,
    )


def _capped(
    context: Context,
    plan: Plan,
    channels: Mapping[str, Channel],
    campaign: SavedCampaign,
    terms: Terms,
    lines: Sequence[LineAudience],
) -> list[LineAudience]:
    """The lines with whom the cap leaves out; lines are in the order of the plan, dearest first."""
    caps = {x.channel: terms.cap_of(channels[x.channel]) for x in plan.lines}
    often = terms.frequency or {}
    ours = [
        Booking(x.channel, x.week, often.get(x.id, frequency(x)), eligible(audience))
        for x, audience in zip(plan.lines, lines, strict=True)
    ]
    before = _booked(context, campaign.name, ours, max(c.days for c in caps.values()))
    return [
        replace(line, refused={**line.refused, "over_cap": over}) if over else line
        for line, over in zip(lines, over_cap(ours, before, caps), strict=True)
    ]


def _booked(context: Context, name: str, ours: Sequence[Booking], days: int) -> list[Booking]:
    """What other campaigns show on our channels within so many days of any of our lines."""
    found = []
    for other in campaigns(context.control):
        if other.name == name:
            continue
        plan = plan_from(find_plan(context.control, f"{other.plan}@{other.plan_version}").body)
        near = [
            x
            for x in plan.lines
            if any(b.channel == x.channel and abs((b.day - x.week).days) < days for b in ours)
        ]
        if not near:
            continue
        people = read_people(context.lake, other.name, [TREATED])
        often = terms_from(other.body).frequency or {}
        for x in near:
            shown = people.get(x.id, {}).get(TREATED, {})
            found.append(Booking(x.channel, x.week, often.get(x.id, frequency(x)), shown))
    return found


def _delivery(line: Line, channel: Channel, terms: Terms) -> DeliveryLine:
    often = (terms.frequency or {}).get(line.id, frequency(line))
    return DeliveryLine(
        line.id, line.audience, line.channel, channel.sources, channel.deliver, line.week, often
    )
