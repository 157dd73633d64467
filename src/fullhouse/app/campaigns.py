"""Campaigns: what a plan could show, its launch by person or by city, and which there are."""

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Literal

from fullhouse import control
from fullhouse.app.use_case import use_case
from fullhouse.campaigns.campaign import BY_CITY, Launched, LaunchedCities, PairedCities, Power
from fullhouse.campaigns.cities import (
    LEVEL,
    design_from,
    drawn_campaign,
    known_until,
    launched_cities,
    paired_cities,
    paired_from,
)
from fullhouse.campaigns.dispatch import DispatchTo, check_out, dispatch
from fullhouse.campaigns.launch import (
    check_households,
    delivery_line,
    draw_campaign,
    freeze_campaign,
    launched_before,
)
from fullhouse.campaigns.line_people import channels_of, line_audiences
from fullhouse.campaigns.people import count_people
from fullhouse.campaigns.power import plan_power
from fullhouse.campaigns.removals import Removal, RemovalsDue, removals, removals_due
from fullhouse.campaigns.terms import LaunchTerms, terms_from
from fullhouse.consent import ADVERTISING
from fullhouse.control.campaign_records import SavedCampaign, SavedReadout
from fullhouse.control.campaigns import (
    add_campaign,
    add_readout,
    campaigns,
    cancel_campaign,
    find_campaign,
    find_plan,
)
from fullhouse.control.suppression import hand_out
from fullhouse.core.brief import Brief
from fullhouse.core.errors import CannotTellError, InputError, Reason
from fullhouse.core.request import request
from fullhouse.core.tabular import Listing
from fullhouse.core.values import check_slug
from fullhouse.measurement.experiment import CityPairsReadout
from fullhouse.measurement.geo import read_totals
from fullhouse.planning.plan import Plan, plan_from
from fullhouse.sample.analysis_sample import analysis_sample
from fullhouse.sample.sales import city_tickets, items_of
from fullhouse.workspace.context import Context


@request
class PowerOfCampaign:
    """What a saved plan could show, counted over the people who would be eligible today.

    `rate` is the share of them that buys a ticket without a campaign; without it what the plan
    expects them to buy anyway. `holdout` is by default the plan's. `rho2` is the share of the
    variance that tickets of the year before explain; without it what it was at past films.
    """

    plan: str
    rate: float | None = None
    holdout: float | None = None
    rho2: float | None = None
    channels: str | None = None


@request
class ListCampaigns:
    """List every campaign, or those of one film."""

    film: str | None = None


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


@request
class CancelCampaign:
    """Cancel a campaign: nothing of it is handed over any more, and what was is taken back."""

    name: str
    contacts: str | Path | None = None


@request
class RemoveFromChannels:
    """Deliver the removal lists that are due: of one campaign, or of all.

    `contacts` is the operator's file, for channels that match hashed contacts.
    """

    campaign: str | None = None
    contacts: str | Path | None = None


@request
class ListRemovalsDue:
    """The removal lists that are due: of one campaign, or of all."""

    campaign: str | None = None


@dataclass(frozen=True)
class Cancelled(Brief):
    """A cancelled campaign, and the removal list of each of its channels."""

    campaign: SavedCampaign
    removals: tuple[Removal, ...]


@request
class PowerOfCities:
    """What a saved plan could show by city, over `weeks` weeks from `start`.

    By default from the plan's first week to its last, or to the end of the film's fourth week where
    that is later.
    """

    plan: str
    start: date | None = None
    weeks: int | None = None
    as_of: date | None = None


@request
class LaunchCities:
    """Launch a saved plan by city under a name; the window as in `PowerOfCities`."""

    plan: str
    name: str
    start: date | None = None
    weeks: int | None = None
    as_of: date | None = None

    def __post_init__(self) -> None:
        check_slug(self.name, what="The name of a campaign")


@request
class ReadCities:
    """Read a campaign by city as known on a day.

    `spend` is the money spent in the treated cities, in the plan's currency; a ticket brings the
    plan's price. The p and interval are for one look: read it when the window is over.
    """

    campaign: str
    as_of: date | None = None
    spend: float | None = None


@use_case
def campaign_power(context: Context, request: PowerOfCampaign) -> tuple[Power, ...]:
    """What the whole plan, each audience and each line could show, with 80 % power at 95 %.

    The whole comes first; where a part cannot show what the plan expects of it, its `suggested`
    holdout or the people `needed` would.
    """
    plan = plan_from(find_plan(context.control, request.plan).body)
    channels = channels_of(plan, request.channels)
    house = analysis_sample(context, territory=plan.territory, as_of=context.today)
    advertising = analysis_sample(
        context, territory=plan.territory, as_of=context.today, purpose=ADVERTISING
    )
    with house, advertising:
        return plan_power(
            house,
            plan,
            line_audiences(house, advertising, plan, channels),
            holdout=plan.holdout if request.holdout is None else request.holdout,
            rate=request.rate,
            rho2=request.rho2,
        )


@use_case
def campaign_list(context: Context, request: ListCampaigns) -> Listing[SavedCampaign]:
    """The campaigns, the newest first."""
    return Listing(c for c in campaigns(context.control) if request.film in (None, c.film))


@use_case
def campaign_launch(context: Context, request: LaunchCampaign) -> Launched:
    """Freeze a plan's audiences, decide arms, and hand over each line in its channel's form.

    Left out, in this order, are people who do not take part in advertising, those over the cap,
    those who hold a ticket, and those whom the channel cannot address. Launching the same campaign
    again, after a crash say, goes on with the terms it began with, changes no arm, writes the same
    files and sends only what was not taken. Whoever withdrew up to the moment at which a file or a
    part leaves is not in it.
    """
    control.check_writable(context.control)
    name = request.name
    saved = find_plan(context.control, request.plan)
    plan = plan_from(saved.body)
    channels = channels_of(plan, request.channels)
    before = launched_before(context, name, saved, by_city=False)
    terms = terms_from(before.body) if before else _terms(request, plan.holdout)
    if before is None:
        terms = terms.with_frequency(plan.lines, channels)
    to = DispatchTo(check_out(context, str(request.folder)), _text(request.contacts), request.log)
    to.check(context, plan, channels)
    check_households(context.lake, name, terms, _text(request.households))
    campaign = before or SavedCampaign(
        name, plan.film, saved.name, saved.version, terms.body, context.now
    )
    # Computed before anything is saved: a launch that cannot be is not left there half begun.
    drawn = draw_campaign(context, campaign, plan, channels, terms, _text(request.households))
    if before is None:
        # First, so that after a crash the same plan and terms are carried on with, and no others.
        detail = {"campaign": name, "plan": f"{saved.name}@{saved.version}"}
        add_campaign(context.control, campaign, launch=detail)
    if drawn is not None:
        freeze_campaign(context, campaign, drawn)
    lines = [delivery_line(x, channels[x.channel], terms) for x in plan.lines]
    hand_out(context.control, to.place.root, f"campaign:{name}")
    files, logged = dispatch(context, name, lines, channels, to)
    counts = count_people(context.lake, name)
    states = tuple((x.id, counts.get(x.id, {})) for x in plan.lines)
    return Launched(campaign, states, tuple(files), before is not None, logged)


@use_case
def campaign_cancel(context: Context, request: CancelCampaign) -> Cancelled:
    """The campaign as cancelled, and what its channels were asked to give back.

    Its lines that had not begun leave the frequency caps of others. Its name stays taken, its arms
    and readouts stay readable. Cancelling again delivers what could not be delivered before.
    """
    control.check_writable(context.control)
    campaign = find_campaign(context.control, request.name)
    with context.control.together() as one:
        control.record(one, "campaign.cancel", {"campaign": campaign.name})
        campaign = cancel_campaign(one, campaign.name, day=context.today)
    taken_back = removals(context, campaign=campaign.name, contacts=_text(request.contacts))
    return Cancelled(campaign, taken_back)


@use_case
def campaign_removals(
    context: Context, request: RemoveFromChannels | None = None
) -> tuple[Removal, ...]:
    """The removal lists of each channel: who was handed over and takes no part any more."""
    wanted = request or RemoveFromChannels()
    if wanted.campaign is not None:
        find_campaign(context.control, wanted.campaign)
    return removals(context, campaign=wanted.campaign, contacts=_text(wanted.contacts))


@use_case
def campaign_removals_due(
    context: Context, request: ListRemovalsDue | None = None
) -> tuple[RemovalsDue, ...]:
    """How many accounts each channel has that it should give back; nothing is delivered."""
    return removals_due(context, (request or ListRemovalsDue()).campaign)


@use_case
def campaign_cities_power(context: Context, request: PowerOfCities) -> PairedCities:
    """The pairs that a launch would have, and what they could show; nothing is saved."""
    plan = plan_from(find_plan(context.control, request.plan).body)
    day = request.as_of or context.today
    with analysis_sample(context, territory=plan.territory, as_of=day) as house:
        return paired_cities(house, plan, start=request.start, weeks=request.weeks)


@use_case
def campaign_cities(context: Context, request: LaunchCities) -> LaunchedCities:
    """Pair the cities, draw one of each pair to buy media in, and save it; the others get none.

    Launching again under the same name and plan changes nothing, whatever else is given: cities
    and window are what it began with.
    """
    control.check_writable(context.control)
    saved = find_plan(context.control, request.plan)
    before = launched_before(context, request.name, saved, by_city=True)
    if before is not None:
        return launched_cities(before, resumed=True)
    plan = plan_from(saved.body)
    day = request.as_of or context.today
    with analysis_sample(context, territory=plan.territory, as_of=day) as house:
        paired = paired_cities(house, plan, start=request.start, weeks=request.weeks)
    campaign = drawn_campaign(paired, saved, request.name, key=context.key, at=context.now)
    detail = {"campaign": request.name, "plan": f"{saved.name}@{saved.version}", "by": BY_CITY}
    add_campaign(context.control, campaign, launch=detail)
    return launched_cities(campaign, resumed=False)


@use_case
def campaign_cities_readout(context: Context, request: ReadCities) -> CityPairsReadout:
    """What a campaign by city sold in extra tickets of its film, as known on a day; it is saved."""
    control.check_writable(context.control)
    campaign = find_campaign(context.control, request.campaign)
    if campaign.body.get("by") != BY_CITY:
        raise InputError(f"Campaign {campaign.name!r} is drawn by person, not by city.")
    plan = plan_from(find_plan(context.control, f"{campaign.plan}@{campaign.plan_version}").body)
    paired, design = paired_from(campaign.body), design_from(campaign.body)
    day = request.as_of or context.today
    with analysis_sample(context, territory=plan.territory, as_of=day) as house:
        until = min(known_until(house), paired.last)
        if until < paired.first:
            raise CannotTellError(code="nothing_known_in_window", until=until, first=paired.first)
        sold = city_tickets(house, items_of(house, house.find(plan.film)), paired.first, until)
    after = {c: sold.get(c, 0.0) for c in (*design.treated, *design.left_out)}
    if not any(after.values()):
        raise CannotTellError(
            code="no_tickets_in_window", film=plan.film, first=paired.first, until=until,
            opening=plan.opening,
        )  # fmt: skip
    readout = read_totals(
        paired.before, after, design, value="tickets", start=paired.first, end=until,
        level=LEVEL, spend=request.spend, worth=plan.price,
    )  # fmt: skip
    readout = replace(readout, notes=(*readout.notes, *_notes(plan, until, paired, request.spend)))
    body = readout.to_dict() | {"by": BY_CITY}
    add_readout(context.control, SavedReadout(campaign.name, until, body, context.now))
    control.record(context.control, "campaign.readout", {"campaign": campaign.name, "by": BY_CITY})
    return readout


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


def _notes(plan: Plan, until: date, paired: PairedCities, spend: float | None) -> list[Reason]:
    """What a reader must know of the tickets, the money and the window."""
    notes = [Reason("city_tickets_of_house")]
    if spend is not None:
        notes.append(Reason("money_at_price", {"price": plan.price, "currency": plan.currency}))
    if until < paired.last:
        notes.append(Reason("window_still_open", {"last": paired.last}))
    return notes
