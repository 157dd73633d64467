"""A campaign by city: what it could show, its launch, and its readout from the film's own sales."""

from dataclasses import replace
from datetime import date

from fullhouse import control
from fullhouse.app.use_case import use_case
from fullhouse.campaigns.campaign import BY_CITY, LaunchedCities, PairedCities
from fullhouse.campaigns.cities import (
    LEVEL,
    design_from,
    drawn_campaign,
    known_until,
    launched_cities,
    paired_cities,
    paired_from,
)
from fullhouse.campaigns.launch import launched_before
from fullhouse.control.campaign_records import SavedReadout
from fullhouse.control.campaigns import add_campaign, add_readout, find_campaign, find_plan
from fullhouse.core.errors import CannotTellError, InputError, Reason
from fullhouse.core.request import request
from fullhouse.core.values import check_slug
from fullhouse.measurement.city_pairs import read_totals
from fullhouse.measurement.experiment import CityPairsReadout
from fullhouse.planning.plan import Plan, plan_from
from fullhouse.sample.analysis_sample import analysis_sample
from fullhouse.sample.city_sales import city_tickets, items_of
from fullhouse.workspace.context import Context


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
    saved = find_plan(context.control, request.plan)
    before = launched_before(context, request.name, saved, by_city=True)
    if before is not None:
        return launched_cities(before, resumed=True)
    plan = plan_from(saved.body)
    day = request.as_of or context.today
    with analysis_sample(context, territory=plan.territory, as_of=day) as house:
        paired = paired_cities(house, plan, start=request.start, weeks=request.weeks)
    campaign = drawn_campaign(paired, saved, request.name, key=context.key, at=context.now)
    add_campaign(context.control, campaign)
    detail: dict[str, object] = {"campaign": request.name, "plan": f"{saved.name}@{saved.version}"}
    control.record(context.control, "campaign.launch", detail | {"by": BY_CITY})
    return launched_cities(campaign, resumed=False)


@use_case
def campaign_cities_readout(context: Context, request: ReadCities) -> CityPairsReadout:
    """What a campaign by city sold in extra tickets of its film, as known on a day; it is saved."""
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


def _notes(plan: Plan, until: date, paired: PairedCities, spend: float | None) -> list[Reason]:
    """What a reader must know of the tickets, the money and the window."""
    notes = [Reason("city_tickets_of_house")]
    if spend is not None:
        notes.append(Reason("money_at_price", {"price": plan.price, "currency": plan.currency}))
    if until < paired.last:
        notes.append(Reason("window_still_open", {"last": paired.last}))
    return notes
