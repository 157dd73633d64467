"""Launch a campaign: who of each line may be contacted, in which arm, and whom a cap leaves out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pyroaring import BitMap

from fullhouse.campaigns.account_files import freeze_units, frozen_units, read_households
from fullhouse.campaigns.arms import Draw, Strata, arms_of, withheld_of
from fullhouse.campaigns.campaign import (
    BY_CITY,
    REFUSALS,
    TREATED,
    WITHHELD,
    AssignedLine,
    DeliveryLine,
    LineAudience,
    States,
    Units,
)
from fullhouse.campaigns.line_people import line_audiences, people_strata
from fullhouse.campaigns.people import freeze_people, read_people
from fullhouse.campaigns.terms import Booking, LaunchTerms, frequency, over_cap, terms_from
from fullhouse.consent import ADVERTISING
from fullhouse.control.campaign_records import SavedCampaign, SavedPlan
from fullhouse.control.campaigns import campaign_named, campaigns, find_plan
from fullhouse.core.errors import InputError
from fullhouse.core.person_sets import PersonSet
from fullhouse.core.tables import CAMPAIGN_PEOPLE
from fullhouse.lake import Lake
from fullhouse.planning import Channel
from fullhouse.planning.plan import Plan, PlanLine, plan_from
from fullhouse.sample.analysis_sample import AnalysisSample, analysis_sample
from fullhouse.workspace.context import Context


def launched_before(
    context: Context, name: str, saved: SavedPlan, *, by_city: bool
) -> SavedCampaign | None:
    """The campaign of that name, if it was launched: an error where it is not this plan's."""
    campaign = campaign_named(context.control, name)
    if campaign is None:
        return None
    if (campaign.body.get("by") == BY_CITY) != by_city:
        drawn, wanted = ("city", "person") if not by_city else ("person", "city")
        raise InputError(
            f"Campaign {name!r} was drawn by {drawn}: launch by {wanted} under another name."
        )
    if campaign.cancelled is not None:
        raise InputError(
            f"Campaign {name!r} was cancelled on {campaign.cancelled:%Y-%m-%d}: launch the plan"
            " under another name."
        )
    if (campaign.plan, campaign.plan_version) != (saved.name, saved.version):
        raise InputError(
            f"Campaign {name!r} carries out {campaign.plan}@{campaign.plan_version}: launch"
            f" {saved.name}@{saved.version} under another name."
        )
    return campaign


def check_households(lake: Lake, name: str, terms: LaunchTerms, file: str | None) -> None:
    """A file of households is needed by a launch by household, once, and by no other."""
    if terms.by != "household":
        if file is not None:
            raise InputError(
                "Households are for a launch by household; this campaign is by person."
            )
        return
    if file is None and frozen_units(lake, name) is None:
        raise InputError(
            "A launch by household needs a file of households, Parquet or CSV with source, account"
            " and household: nothing in the house's own data shows who lives together."
        )


@dataclass(frozen=True)
class Drawn:
    """Who is what in each line of a campaign, and its households, before they are frozen."""

    lines: tuple[AssignedLine, ...]
    units: Units | None


def draw_campaign(
    context: Context,
    campaign: SavedCampaign,
    plan: Plan,
    channels: Mapping[str, Channel],
    terms: LaunchTerms,
    households: str | None,
) -> Drawn | None:
    """The people of each line by state, of which nothing is written; None where they are frozen."""
    lake = context.lake
    if lake.has_batch(CAMPAIGN_PEOPLE, f"campaign:{campaign.name}"):
        return None
    units = None
    if terms.by == "household":
        units = frozen_units(lake, campaign.name)
        if units is None:
            assert households is not None
            units = read_households(lake, households)
    with analysis_sample(context, territory=plan.territory, as_of=context.today) as house:
        return Drawn(tuple(_assigned(house, plan, channels, campaign, terms, units)), units)


def freeze_campaign(context: Context, campaign: SavedCampaign, drawn: Drawn) -> None:
    """Freeze the people of each line by state; households before people."""
    if drawn.units is not None:
        freeze_units(context.lake, campaign.name, drawn.units)
    batch = f"campaign:{campaign.name}"
    freeze_people(context.lake, campaign.name, drawn.lines, at=context.now, batch=batch)


def _assigned(
    house: AnalysisSample,
    plan: Plan,
    channels: Mapping[str, Channel],
    campaign: SavedCampaign,
    terms: LaunchTerms,
    units: Units | None,
) -> list[AssignedLine]:
    """Arms of the whole campaign: one for each person, whatever lines they are in."""
    with analysis_sample(
        house.context, territory=plan.territory, as_of=house.day, purpose=ADVERTISING
    ) as advertising:
        lines = line_audiences(house, advertising, plan, channels)
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
    terms: LaunchTerms,
    lines: Sequence[LineAudience],
) -> list[LineAudience]:
    """The lines with whom the cap leaves out; lines are in the order of the plan, dearest first."""
    caps = {x.channel: terms.cap_of(channels[x.channel]) for x in plan.lines}
    frequencies = terms.frequency or {}
    bookings = [
        Booking(x.channel, x.week, frequencies.get(x.id, frequency(x)), eligible(audience))
        for x, audience in zip(plan.lines, lines, strict=True)
    ]
    days = max(c.days for c in caps.values())
    before = _booked_by_others(context, campaign.name, bookings, days)
    return [
        replace(line, refused={**line.refused, "over_cap": over}) if over else line
        for line, over in zip(lines, over_cap(bookings, before, caps), strict=True)
    ]


def _booked_by_others(
    context: Context, name: str, bookings: Sequence[Booking], days: int
) -> list[Booking]:
    """What other campaigns show on these channels within so many days of any of the bookings."""
    booked = []
    for other in campaigns(context.control):
        if other.name == name:
            continue
        plan = plan_from(find_plan(context.control, f"{other.plan}@{other.plan_version}").body)
        near = [
            x
            for x in plan.lines
            if any(_near(b, x, days) for b in bookings)
            # Of a cancelled campaign counts what had begun to be shown.
            and (other.cancelled is None or x.week <= other.cancelled)
        ]
        if not near:
            continue
        people = read_people(context.lake, other.name, [TREATED])
        frequencies = terms_from(other.body).frequency or {}
        for x in near:
            treated = people.get(x.id, {}).get(TREATED, {})
            often = frequencies.get(x.id, frequency(x))
            booked.append(Booking(x.channel, x.week, often, treated))
    return booked


def _near(booking: Booking, line: PlanLine, days: int) -> bool:
    return booking.channel == line.channel and abs((booking.day - line.week).days) < days


def delivery_line(line: PlanLine, channel: Channel, terms: LaunchTerms) -> DeliveryLine:
    """What is handed over for a line on the campaign's terms."""
    often = (terms.frequency or {}).get(line.id, frequency(line))
    return DeliveryLine(
        line.id, line.audience, line.channel, channel.sources, channel.deliver, line.week, often
    )


def eligible(audience: LineAudience) -> dict[int, BitMap]:
    """Who of a line's audience is refused for no reason."""
    return _refuse(audience)[1]


def assign_lines(
    audiences: Sequence[LineAudience],
    *,
    key: bytes,
    campaign: str,
    holdout: float,
    global_holdout: float = 0.0,
    channel_holdout: float = 0.0,
    strata: Strata | None = None,
    units: Units | None = None,
) -> list[AssignedLine]:
    """Everybody eligible for any line is in one arm for the whole campaign.

    Somebody held out of one line and treated in another would measure neither. Within each stratum
    the holdout's share is held out, to within one, over all eligible people of the campaign. With
    `units` a household has one arm. Of the treated, each channel withholds its lines from the
    channel holdout's share, drawn for each channel by itself.

    Lines that share their people and refusals (by identity) are computed once.
    """
    draw = Draw(key, campaign, holdout, global_holdout, channel_holdout)
    refused: dict[tuple[int, ...], tuple[States, dict[int, BitMap]]] = {}
    for audience in audiences:
        if _same(audience) not in refused:
            refused[_same(audience)] = _refuse(audience)
    everyone: dict[int, BitMap] = {}
    for _, left in refused.values():
        for block, people in left.items():
            everyone[block] = everyone.get(block, BitMap()) | people
    arms = arms_of(everyone, draw, strata, units)
    withheld = {
        channel: withheld_of(arms[TREATED], draw, channel, units)
        for channel in {a.channel for a in audiences if channel_holdout}
    }
    computed: dict[tuple[str, tuple[int, ...]], States] = {}
    lines = []
    for audience in audiences:
        which = audience.channel, _same(audience)
        if which not in computed:
            states, left = refused[_same(audience)]
            computed[which] = states | _of_line(left, arms, withheld.get(audience.channel, {}))
        lines.append(AssignedLine(audience.line, computed[which]))
    return lines


def _same(audience: LineAudience) -> tuple[int, ...]:
    """Equal for lines that have the very same people and refusals."""
    refused = [audience.refused.get(r, {}) for r in REFUSALS]
    return id(audience.people), *(id(people) if people else 0 for people in refused)


def _refuse(audience: LineAudience) -> tuple[States, dict[int, BitMap]]:
    """Each refused person under the first reason that fits; and who is left."""
    left = dict(audience.people)
    states: States = {}
    for reason in REFUSALS:
        gone = audience.refused.get(reason, {})
        states[reason] = {b: left[b] & gone[b] for b in left if b in gone}
        for block, people in states[reason].items():
            if people:
                left[block] = left[block] - people
    return states, left


def _of_line(left: PersonSet, arms: States, withheld: PersonSet) -> States:
    states = {s: {b: left[b] & drawn[b] for b in left if b in drawn} for s, drawn in arms.items()}
    if withheld:
        treated = states[TREATED]
        states[WITHHELD] = {b: p & withheld[b] for b, p in treated.items() if b in withheld}
        states[TREATED] = {b: p - withheld.get(b, BitMap()) for b, p in treated.items()}
    return states
