"""Launch a campaign: freeze its people and arms, and hand each channel what it is to deliver."""

from pathlib import Path
from typing import Literal

from fullhouse import control
from fullhouse.app.use_case import use_case
from fullhouse.campaigns.campaign import Launched
from fullhouse.campaigns.dispatch import DispatchTo, check_out, dispatch
from fullhouse.campaigns.launch import (
    check_households,
    delivery_line,
    freeze_campaign,
    launched_before,
)
from fullhouse.campaigns.line_people import channels_of
from fullhouse.campaigns.people import count_people
from fullhouse.campaigns.terms import LaunchTerms, terms_from
from fullhouse.control.campaign_records import SavedCampaign
from fullhouse.control.campaigns import add_campaign, find_plan
from fullhouse.core.request import request
from fullhouse.core.values import check_slug
from fullhouse.planning.plan import plan_from
from fullhouse.workspace.context import Context


@request
class LaunchCampaign:
    """Launch a saved plan under a name, and hand its lines over into a folder or object store.

    `holdout` is by default the plan's. `households` and `contacts` are files of the operator.
    `log` is whether the log of both arms is written; by default up to five million rows.
    """

    plan: str
    name: str
    folder: str | Path
    channels: str | None = None
    holdout: float | None = None
    global_holdout: float = 0.0
    channel_holdout: float = 0.0
    strata: Literal["activity", "city", "none"] = "activity"
    by: Literal["person", "household"] = "person"
    households: str | Path | None = None
    cap: float | None = None
    cap_days: int = 7
    contacts: str | Path | None = None
    log: bool | None = None

    def __post_init__(self) -> None:
        check_slug(self.name, what="The name of a campaign")


@use_case
def campaign_launch(context: Context, request: LaunchCampaign) -> Launched:
    """Freeze a plan's audiences, decide arms, and hand over each line in its channel's form.

    Left out, in this order, are people who do not take part in advertising, those over the cap,
    those who hold a ticket, and those whom the channel cannot address. Launching the same campaign
    again, after a crash say, goes on with the terms it began with, changes no arm, writes the same
    files and sends only what was not taken.
    """
    name = request.name
    saved = find_plan(context.control, request.plan)
    plan = plan_from(saved.body)
    channels = channels_of(plan, request.channels)
    before = launched_before(context, name, saved, by_city=False)
    terms = terms_from(before.body) if before else _terms(request, plan.holdout)
    if before is None:
        terms = terms.with_frequency(plan.lines, channels)
    to = DispatchTo(check_out(str(request.folder)), _text(request.contacts), request.log)
    to.check(context, plan, channels)
    check_households(context.lake, name, terms, _text(request.households))
    campaign = before or SavedCampaign(
        name, plan.film, saved.name, saved.version, terms.body, context.now
    )
    if before is None:
        # First, so that after a crash the same plan and terms are carried on with, and no others.
        add_campaign(context.control, campaign)
        detail: dict[str, object] = {"campaign": name, "plan": f"{saved.name}@{saved.version}"}
        control.record(context.control, "campaign.launch", detail)
    freeze_campaign(context, campaign, plan, channels, terms, _text(request.households))
    lines = [delivery_line(x, channels[x.channel], terms) for x in plan.lines]
    files, logged = dispatch(context, name, lines, channels, to)
    counts = count_people(context.lake, name)
    states = tuple((x.id, counts.get(x.id, {})) for x in plan.lines)
    return Launched(campaign, states, tuple(files), before is not None, logged)


def _terms(request: LaunchCampaign, planned_holdout: float) -> LaunchTerms:
    return LaunchTerms(
        planned_holdout if request.holdout is None else request.holdout,
        request.global_holdout,
        request.channel_holdout,
        request.strata,
        request.by,
        request.cap,
        request.cap_days,
    )


def _text(file: str | Path | None) -> str | None:
    return None if file is None else str(file)
