"""What a campaign or any experiment changed, whom it moved, and what it showed for later plans."""

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa

from fullhouse import control
from fullhouse.app.forecast import ForecastFilm, forecast_film
from fullhouse.app.use_case import use_case
from fullhouse.campaigns.campaign import TREATED
from fullhouse.campaigns.people import frozen_people
from fullhouse.control.campaign_records import (
    SavedCampaign,
    SavedReadout,
    SavedResponse,
    SavedVerdict,
)
from fullhouse.control.campaigns import (
    add_readout,
    find_campaign,
    find_plan,
    readouts,
    saved_responses,
    verdicts,
)
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.request import request
from fullhouse.core.tabular import Listing
from fullhouse.forecast import Forecast
from fullhouse.measurement.campaign_data import CampaignData, CountedArms
from fullhouse.measurement.campaign_readout import (
    CampaignReadout,
    CardsNotJudged,
    readout_of_record,
)
from fullhouse.measurement.collect_campaign import collect_campaign
from fullhouse.measurement.experiment import GeoReadout, Readout, TreatmentPolicy, Uplift
from fullhouse.measurement.geo import read_geo
from fullhouse.measurement.geo_panel import Fill
from fullhouse.measurement.outlook import outlook_of
from fullhouse.measurement.policy import read_policy, score_people
from fullhouse.measurement.read_campaign import read_campaign
from fullhouse.measurement.read_experiment import read_experiment
from fullhouse.measurement.responses import card_verdicts, measured_responses
from fullhouse.measurement.uplift import campaign_uplift_of, read_uplift
from fullhouse.planning.plan import Outlook, Plan, plan_from
from fullhouse.sample.analysis_sample import analysis_sample
from fullhouse.workspace.context import Context
from fullhouse.workspace.runs import remembered


@request
class ReadCampaign:
    """A campaign by name, the day whose knowledge counts (today), and what is saved of it.

    With `learn` the readout is saved, with how people responded and (`cards`, once the film has
    opened) whether the claims of the plan's cards held: the next plan starts from there.
    """

    campaign: str
    as_of: date | None = None
    learn: bool = True
    cards: bool = True


@request
class OutlookCampaign:
    """A campaign by name, and the day whose knowledge counts (today)."""

    campaign: str
    as_of: date | None = None
    seed: int = 0


@request
class UpliftCampaign:
    """A campaign by name, and the day whose knowledge counts (today); `seed` draws the splits."""

    campaign: str
    as_of: date | None = None
    seed: int = 0


@request
class ListLearned:
    """The day whose knowledge counts (today)."""

    as_of: date | None = None


@request
class ListVerdicts:
    """The day whose knowledge counts (today), and the film; without one, of all films."""

    as_of: date | None = None
    film: str | None = None


@request
class ReadExperiment:
    """A table with one row a person, or its file; see `measurement.experiment.Experiment`."""

    table: pa.Table | str | Path
    arm: str
    control: str
    outcomes: tuple[str, ...]
    covariates: tuple[str, ...] = ()
    strata: str | None = None
    id: str | None = None
    shares: Mapping[str, float] | None = None
    assigned: Mapping[str, int] | None = None
    costs: Mapping[str, float] | None = None
    intended: int | None = None
    level: float = 0.95


@request
class ReadGeoExperiment:
    """A table with one row a city and day (or week), or its file; treated cities; their days.

    The treated cities are named in `treated` or marked in a `treated_column`, which may give the
    first and last day too. `fill` is what a missing row means: "refuse", "zero", "interpolate".
    """

    table: pa.Table | str | Path
    treated: tuple[str, ...] = ()
    start: date | None = None
    end: date | None = None
    city: str = "city"
    day: str = "day"
    value: str = "value"
    treated_column: str | None = None
    fill: Fill = "refuse"
    level: float = 0.95
    seed: int = 0


@request
class ReadUplift:
    """A table with one row a person, or its file; which arm may move some more than others."""

    table: pa.Table | str | Path
    arm: str
    treated: str
    control: str
    outcome: str
    covariates: tuple[str, ...]
    seed: int = 0
    repeats: int = 10
    folds: int = 5
    level: float = 0.95


@request
class ReadPolicy:
    """The same, with what a person treated costs and what each outcome brings."""

    table: pa.Table | str | Path
    arm: str
    treated: str
    control: str
    outcome: str
    covariates: tuple[str, ...]
    cost_each: float
    margin: float
    seed: int = 0
    repeats: int = 3
    folds: int = 5
    level: float = 0.95


@use_case
def campaign_readout(context: Context, request: ReadCampaign) -> CampaignReadout:
    """What a campaign changed in tickets and gross, everybody as assigned, as known on a day.

    The whole, and each audience, channel, city group and line, and who went to the cinema in the
    year before and who did not; adjusted for tickets bought in that year. Each has an interval for
    one look at the end and one that holds at any look. A failed check is a `CannotTellError`.
    """
    control.check_writable(context.control)
    campaign, plan = campaign_of_people(context, request.campaign)
    day = _day(context, request)
    if not request.learn:
        # A campaign and the version of its plan never change: the tables read are all that may.
        look = ReadCampaign(request.campaign, day, learn=False, cards=False)
        return remembered(
            context, look, CampaignReadout, lambda own: _read(own, campaign, plan, day)[0]
        )
    readout, data, counted = _read(context, campaign, plan, day)
    judged: list[SavedVerdict] = []
    if request.cards:
        judged, not_judged = _verdicts(context, data)
        readout = readout.with_notes(*not_judged)
    saved = SavedReadout(campaign.name, data.until, readout.to_dict(), context.now)
    add_readout(context.control, saved, measured_responses(data, counted), judged)
    control.record(context.control, "campaign.readout", {"campaign": campaign.name})
    return readout


@use_case
def campaign_outlook(context: Context, request: OutlookCampaign) -> Outlook:
    """What the film of a campaign will take, with what the campaign adds, as known on a day.

    The base is the forecast as of the day before the first week: a later one has tickets in it
    that the campaign sold. See `measurement.outlook.outlook_of`.
    """
    _, plan = campaign_of_people(context, request.campaign)
    day = _day(context, request)
    base = forecast_before(context, plan)
    readout = newest_readout(context, request.campaign, day)
    return outlook_of(base, plan, readout, campaign=request.campaign, as_of=day, seed=request.seed)


@use_case
def campaign_uplift(context: Context, request: UpliftCampaign) -> Uplift:
    """Whether covariates from before the launch predict whom a campaign moved to buy a ticket.

    Only a Qini above 0 on people the learner was not trained on, and above the order by
    propensity, is proof (`Uplift.proven`).
    """
    _, plan = campaign_of_people(context, request.campaign)
    day = _day(context, request)
    look = UpliftCampaign(request.campaign, day, request.seed)

    def learn(own: Context) -> Uplift:
        own.progress("Learning on some, judging on others")
        with (
            analysis_sample(own, territory=plan.territory, as_of=plan.as_of) as before,
            analysis_sample(own, territory=plan.territory, as_of=day) as now,
        ):
            lines = frozen_people(own.lake, request.campaign, plan)
            return campaign_uplift_of(before, now, plan, lines, seed=request.seed)

    return remembered(context, look, Uplift, learn)


@use_case
def campaign_learned(context: Context, request: ListLearned) -> Listing[SavedResponse]:
    """How people responded by the readouts known on a day, by audience and campaign."""
    return Listing(saved_responses(context.control, as_of=_day(context, request)))


@use_case
def campaign_verdicts(context: Context, request: ListVerdicts) -> Listing[SavedVerdict]:
    """Which cards' claims held as known on a day, among people whom no campaign contacted."""
    day = _day(context, request)
    return Listing(verdicts(context.control, as_of=day, film=request.film))


def campaign_of_people(context: Context, name: str) -> tuple[SavedCampaign, Plan]:
    """A campaign whose arms are of people, with the very version of the plan it carries out."""
    campaign = find_campaign(context.control, name)
    if campaign.body.get("by") == "city":
        raise InputError(code="campaign_by_city", campaign=name)
    return campaign, plan_of(context, campaign)


def plan_of(context: Context, campaign: SavedCampaign) -> Plan:
    """The very version of the plan that a campaign carries out."""
    return plan_from(find_plan(context.control, f"{campaign.plan}@{campaign.plan_version}").body)


def forecast_before(context: Context, plan: Plan) -> Forecast:
    """The forecast of a plan's film as of the day before its first week."""
    before = min(plan.as_of, min(x.week for x in plan.lines) - timedelta(days=1))
    return forecast_film(context, ForecastFilm(plan.film, as_of=before, territory=plan.territory))


def newest_readout(context: Context, name: str, day: date) -> CampaignReadout | None:
    """The last readout of a campaign that was known on a day."""
    known = [r for r in readouts(context.control, name) if r.as_of <= day]
    return readout_of_record(max(known, key=lambda r: (r.as_of, r.at))) if known else None


def experiment_read(request: ReadExperiment) -> Readout:
    """What each arm changed in each outcome, everybody in the arm they were assigned to."""
    return read_experiment(**vars(request))


def geo_read(request: ReadGeoExperiment) -> GeoReadout:
    """What the treated cities sold beyond what the others predict."""
    return read_geo(**vars(request))


def uplift_read(request: ReadUplift) -> Uplift:
    """Whether covariates predict whom an arm moves, on people the learner never saw."""
    return read_uplift(**vars(request))


def policy_read(request: ReadPolicy) -> TreatmentPolicy:
    """Who to treat, and what that earns on people it was not learned from."""
    return read_policy(**vars(request))


def policy_scores(request: ReadPolicy) -> pa.Table:
    """The table with each person's expected uplift and whether to treat them."""
    drawn = ("seed", "repeats", "folds", "level")
    return score_people(**{k: v for k, v in vars(request).items() if k not in drawn})


def _read(
    context: Context, campaign: SavedCampaign, plan: Plan, day: date
) -> tuple[CampaignReadout, CampaignData, CountedArms]:
    context.progress("Reading tickets and impressions")
    with analysis_sample(context, territory=plan.territory, as_of=day) as house:
        data = collect_campaign(house, campaign, plan)
    counted = data.counted(data.arms)
    context.progress("Comparing arms")
    return read_campaign(data, counted), data, counted


def _verdicts(
    context: Context, data: CampaignData
) -> tuple[list[SavedVerdict], list[CardsNotJudged]]:
    """The verdicts on the plan's cards once the film has opened, or why there is none."""
    plan = data.plan
    if data.until < plan.opening or not plan.claims:
        return [], []
    context.progress("Checking the claims of audience cards")
    with analysis_sample(
        context, territory=plan.territory, as_of=data.until, left_out=data.arms[TREATED]
    ) as house:
        try:
            film = house.find(plan.film)
            return card_verdicts(house, plan, film, campaign=data.campaign.name), []
        except CannotTellError as problem:
            return [], [CardsNotJudged(problem.reason)]


def _day(
    context: Context,
    request: ReadCampaign | OutlookCampaign | UpliftCampaign | ListLearned | ListVerdicts,
) -> date:
    return context.today if request.as_of is None else request.as_of
