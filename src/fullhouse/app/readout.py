"""What a campaign really changed, everybody as assigned: the whole and each of its parts."""

from dataclasses import replace
from datetime import UTC, date, datetime

from fullhouse import control
from fullhouse.app.outlook import campaign_of_people
from fullhouse.campaigns.campaign import HELD_OUT
from fullhouse.control.campaign_records import SavedReadout, SavedResponse, SavedVerdict
from fullhouse.control.campaigns import add_readout, saved_responses, verdicts
from fullhouse.core.errors import CannotTellError
from fullhouse.measurement.campaign_parts import cost_of, read_groups
from fullhouse.measurement.campaign_read import TICKETS, ReadCampaign, read_campaign
from fullhouse.measurement.card_verdicts import card_verdicts
from fullhouse.measurement.lessons import lessons
from fullhouse.measurement.read_counted import read_part
from fullhouse.measurement.readout_notes import readout_notes
from fullhouse.sample.analysis_sample import analysis_sample
from fullhouse.view.shown_readout import NamedEffect, ShownReadout, shown_readout
from fullhouse.workspace.context import Context


def campaign_readout(
    context: Context,
    name: str,
    *,
    as_of: date | None = None,
    learn: bool = True,
    cards: bool = True,
) -> ShownReadout:
    """What a campaign changed in tickets and gross, everybody as assigned, as known on a day.

    The whole, and each audience, channel, city group and line, and who went to the cinema in the
    year before and who did not; adjusted for tickets bought in that year. Each has an interval for
    one look at the end and one that holds however often one looks. With `learn` it is kept, with
    what it taught of response and (`cards`, once the film has opened) of the cards behind the
    plan, and the next plan starts from there. A failed check is a `CannotTellError`.
    """
    campaign, plan = campaign_of_people(context, name)
    with analysis_sample(context, territory=plan.territory, as_of=as_of) as house:
        read = read_campaign(house, campaign, plan)
    counted = read.counted(read.arms)
    whole = read_part(
        counted,
        control=HELD_OUT,
        shares=read.shares,
        costs=cost_of(read),
        share_seen=read.share_seen,
    )
    parts, unread = read_groups(read, counted)
    judged, unjudged = _judged(context, read) if learn and cards else ([], [])
    shown = shown_readout(name, read.until, whole, parts=parts)
    shown = replace(
        shown,
        effects=tuple(_by_outcome(e) for e in shown.effects),
        notes=(*shown.notes, *readout_notes(read, whole), *unread, *unjudged),
        exposures=read.exposures,
        spend=sum(read.spend.values()),
        currency=plan.currency,
        share_seen=read.share_seen,
    )
    if learn:
        kept = SavedReadout(name, read.until, shown.to_dict(), datetime.now(UTC))
        add_readout(context.control, kept, lessons(read, counted), judged)
        control.record(context.control, "campaign.readout", {"campaign": name})
    return shown


def _by_outcome(named: NamedEffect) -> NamedEffect:
    """A ticket has a cost, and gross a return: not the other way round."""
    effect = named.effect
    if effect.outcome == TICKETS:
        return replace(named, effect=replace(effect, return_on_spend=None))
    return replace(named, effect=replace(effect, cost_each=None))


def campaign_learned(context: Context, *, as_of: date | None = None) -> list[SavedResponse]:
    """What readouts had taught by a day: how people answered, by audience and campaign."""
    return saved_responses(context.control, as_of=as_of or datetime.now(UTC).date())


def campaign_verdicts(
    context: Context, *, as_of: date | None = None, film: str | None = None
) -> list[SavedVerdict]:
    """Which cards had held by a day, among people whom no campaign spoke to."""
    day = as_of or datetime.now(UTC).date()
    return verdicts(context.control, as_of=day, film=film)


def _judged(context: Context, read: ReadCampaign) -> tuple[list[SavedVerdict], list[str]]:
    """The verdicts on the plan's cards once the film has opened, or why there is none."""
    plan = read.plan
    if read.until < plan.opening or not plan.claims:
        return [], []
    with analysis_sample(
        context,
        territory=plan.territory,
        as_of=read.until,
        left_out=read.arms["treated"],
    ) as house:
        try:
            told = card_verdicts(house, plan, house.find(plan.film), campaign=read.campaign.name)
        except CannotTellError as problem:
            return [], [str(problem)]
    return told, []
