"""A campaign on the day that it is read: its people, what they bought, what came back of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from fullhouse.campaigns.account_files import frozen_units
from fullhouse.campaigns.campaign import HELD_OUT, TREATED, WITHHELD, Units
from fullhouse.campaigns.people import frozen_people
from fullhouse.control.campaign_records import SavedCampaign
from fullhouse.core.errors import CannotTellError
from fullhouse.core.person_sets import PersonSet, arm_people, only, union
from fullhouse.measurement.campaign_sales import Bought, bought_before, film_bought, last_sale
from fullhouse.measurement.campaign_units import units_of_counted, units_of_people
from fullhouse.measurement.counted import Counted, CountedArms, count_arms
from fullhouse.measurement.exposure import Exposure, Reached, clicks_of, exposures, reached_people
from fullhouse.planning.plan import Plan, PlanLine
from fullhouse.sample.analysis_sample import AnalysisSample
from fullhouse.workspace.context import Context

TICKETS, GROSS = "tickets", "gross"
BEFORE = "tickets before"
RUN_DAYS = 28
"""Days from the opening over which tickets are counted: said before the launch, so that the look
at their end is the one for which the plain interval holds."""
HOUSEHOLD = "household"
Lines = Mapping[str, Mapping[str, PersonSet]]


@dataclass(frozen=True)
class ReadCampaign:
    """A campaign as it is read: `arms` are all its people, `lines` the states of each line.

    `spend` is the money that went out by line, in the plan's currency. Tickets count from `first`
    to `until`, and the run that was asked for ends on `ends`. With `units` chance was drawn for
    households, so these are what is compared.
    """

    campaign: SavedCampaign
    plan: Plan
    lines: Lines
    arms: Mapping[str, PersonSet]
    bought: Bought
    before: Bought
    exposures: tuple[Exposure, ...]
    reached: Mapping[str, Reached]
    spend: Mapping[str, float]
    first: date
    until: date
    ends: date
    units: Units | None

    @property
    def share_seen(self) -> float:
        """How much of the days over which tickets count has been seen."""
        return (self.until - self.first).days / (self.ends - self.first).days

    @property
    def shares(self) -> dict[str, float]:
        """The intended shares of the arms."""
        out = float(self.campaign.body["holdout"])
        return {TREATED: 1 - out, HELD_OUT: out}

    def reached_in(self, arm: str) -> PersonSet:
        """The people of an arm whom any line reached."""
        return only(union(*(r.people for r in self.reached.values())), self.arms[arm])

    def people_of(self, *lines: PlanLine) -> PersonSet:
        """Everybody in an arm of any of some lines."""
        mine = [self.lines[x.id] for x in lines]
        return union(*(arm_people(mine, s) for s in (TREATED, WITHHELD, HELD_OUT)))

    def compared(self, people: PersonSet) -> PersonSet:
        """Some people as they are compared: themselves, or their households."""
        return people if self.units is None else units_of_people(self.units, people)

    def counted(self, arms: Mapping[str, PersonSet]) -> CountedArms:
        """Arms with tickets and gross since the launch, and tickets of the year before."""
        sums = {
            TICKETS: Counted(self.bought.person, self.bought.tickets),
            GROSS: Counted(self.bought.person, self.bought.paid),
        }
        past = {BEFORE: Counted(self.before.person, self.before.tickets)}
        if self.units is not None:
            sums = {n: units_of_counted(self.units, c) for n, c in sums.items()}
            past = {n: units_of_counted(self.units, c) for n, c in past.items()}
        arms = {a: self.compared(p) for a, p in arms.items()}
        return count_arms(arms, outcomes=sums, covariates=past)


def read_campaign(house: AnalysisSample, campaign: SavedCampaign, plan: Plan) -> ReadCampaign:
    """A campaign as known in a house on its day; an error where nothing can be known yet."""
    first = min(x.week for x in plan.lines)
    ends = plan.opening + timedelta(days=RUN_DAYS - 1)
    until = min(house.day, last_sale(house) or house.day, ends)
    if until <= first:
        raise CannotTellError(
            f"Nothing is known after {until}, and the campaign began on {first}: take in later"
            " tickets."
        )
    context = house.context
    lines = frozen_people(context.lake, campaign.name, plan)
    treated = union(arm_people(lines.values(), TREATED), arm_people(lines.values(), WITHHELD))
    reached, came = _came_back(context, campaign.name, plan, lines, first, until)
    film = house.find(plan.film)
    by_household = campaign.body.get("by") == HOUSEHOLD
    return ReadCampaign(
        campaign=campaign,
        plan=plan,
        lines=lines,
        arms={TREATED: treated, HELD_OUT: arm_people(lines.values(), HELD_OUT)},
        bought=film_bought(house, film, first=first, until=until, currency=plan.currency),
        before=bought_before(house, until=first - timedelta(days=1), currency=plan.currency),
        exposures=came,
        reached=reached,
        spend=spend_by_line(plan, came, until),
        first=first,
        until=until,
        ends=ends,
        units=frozen_units(context.lake, campaign.name) if by_household else None,
    )


def _came_back(
    context: Context, name: str, plan: Plan, lines: Lines, first: date, until: date
) -> tuple[dict[str, Reached], tuple[Exposure, ...]]:
    """Whom each line reached, and the sums of it."""
    channels = {x.id: x.channel for x in plan.lines}
    engine, lake = context.engine, context.lake
    reached = reached_people(engine, lake, lines=channels, first=first, until=until, campaign=name)
    clicks = clicks_of(engine, lake, lines=channels, first=first, until=until, campaign=name)
    treated = {i: lines[i].get(TREATED, {}) for i in channels}
    held_out = {i: lines[i].get(HELD_OUT, {}) for i in channels}
    return reached, exposures(channels, reached, clicks, treated=treated, held_out=held_out)


def spend_by_line(plan: Plan, came: tuple[Exposure, ...], until: date) -> dict[str, float]:
    """Money that went out by line: impressions at the plan's price.

    As planned by the day on a channel of which nothing came back: its silence is no saving.
    """
    seen = {e.line: e.impressions for e in came}
    quiet = silent(plan, came)
    found = {}
    for line in plan.lines:
        price = line.spend / max(line.impressions, 1e-9)
        planned = line.spend * begun(line, until)
        found[line.id] = planned if line.channel in quiet else price * seen.get(line.id, 0)
    return found


def begun(line: PlanLine, until: date) -> float:
    """The share of a line's week that lies behind on a day."""
    return min(7, max(0, (until - line.week).days + 1)) / 7


def silent(plan: Plan, came: tuple[Exposure, ...]) -> tuple[str, ...]:
    """The channels of a plan of which no impression came back."""
    told = {e.channel for e in came if e.impressions}
    return tuple(sorted({x.channel for x in plan.lines} - told))
