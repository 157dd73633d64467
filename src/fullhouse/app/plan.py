"""Plan a film, and list and show the plans that were saved."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from math import inf
from typing import Protocol

import numpy as np

from fullhouse import control
from fullhouse.app.discoveries import DiscoverFilm, discover_film, expected_sales
from fullhouse.app.headroom import DAYS
from fullhouse.app.use_case import use_case
from fullhouse.campaigns.campaign import BY_CITY
from fullhouse.campaigns.pilot import pilot_of_parts
from fullhouse.control.campaign_records import SavedCampaign, SavedPlan, SavedResponse
from fullhouse.control.campaigns import find_campaign, find_plan, plans, save_plan, saved_responses
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.request import request
from fullhouse.core.tabular import Listing
from fullhouse.discovery.card import FilmDiscovery
from fullhouse.discovery.likely_audience import likely_audience
from fullhouse.headroom.film_headroom import headroom_of_parts
from fullhouse.planning import Channel, read_channels
from fullhouse.planning.audience_effects import (
    AudienceEffects,
    effects_of_headroom,
    plan_parts,
)
from fullhouse.planning.build import build_plan
from fullhouse.planning.inputs import DRAWS, plan_inputs, plan_response, planned_film
from fullhouse.planning.plan import Plan, plan_from
from fullhouse.planning.problem import Attitude, PlanInputs, PlanLimits, read_limits
from fullhouse.propensity.film_propensity import fit_propensity
from fullhouse.sample.analysis_sample import AnalysisSample, KnownFilm, analysis_sample
from fullhouse.sample.sales import ExpectedSales
from fullhouse.workspace.context import Context
from fullhouse.workspace.runs import remembered

WEEKS = 4


@request
class PlanFilm:
    """Plan a film: sell most tickets for at most a budget, over all responses that may be.

    `channels` and `limits` are TOML; without channels the shipped, made-up ones. With `name` the
    plan is saved as the next version of that name. Where the house has seen who has heard of the
    film, audiences respond by it, unless `by_headroom` is off: then the plan goes by what people
    buy anyway. `pilot` names a launched campaign of the film with people held out: who wanted the
    film since in either arm then counts too.
    """

    film: str
    budget: float
    channels: str | None = None
    limits: str | None = None
    territory: str | None = None
    as_of: date | None = None
    weeks: int = WEEKS
    attitude: Attitude = "neutral"
    holdout: float = 0.1
    expected_people: float | None = None
    name: str | None = None
    seed: int = 0
    by_headroom: bool = True
    pilot: str | None = None

    def __post_init__(self) -> None:
        if not 0 < self.budget < inf:
            raise InputError(f"A budget must be above 0, not {self.budget:g}.")


@request
class ListPlans:
    """List every version of every saved plan, or of those of one film."""

    film: str | None = None


@request
class ShowPlan:
    """Show a saved plan by NAME (the newest version) or NAME@VERSION."""

    plan: str


@use_case
def plan_film(context: Context, request: PlanFilm) -> Plan:
    """The plan that sells most tickets for at most a budget; one that was made before is looked up.

    What readouts have measured by the day is where the response starts from; `Plan.untaught` is
    what the same money would be expected to sell without it.
    """
    day = request.as_of or context.today
    territory = request.territory or context.settings.territory
    unnamed = replace(request, territory=territory, as_of=day, name=None)
    if request.pilot is not None:
        _pilot_of(context, request)
    measured = saved_responses(context.control, as_of=day)
    plan = remembered(
        context,
        unnamed,
        Plan,
        partial(_plan, unnamed, day, measured),
        inputs=repr(measured),
        daily=True,  # consent is as of today
    )
    return _recorded(context, replace(plan, name=request.name or ""), request)


def _plan(
    request: PlanFilm, day: date, measured: Sequence[SavedResponse], context: Context
) -> Plan:
    channels = read_channels(request.channels)
    limits = read_limits(request.limits) if request.limits else PlanLimits()
    with plan_ground(request, day, channels, context) as ground:
        inputs, base = ground.inputs, ground.base
        effects = None
        if request.by_headroom or request.pilot:
            effects = _effects(request, context, ground.sample, ground.film, inputs)
        context.progress("Searching for the best plan")
        options = base, limits, request.budget, request.attitude, request.holdout
        response = plan_response(inputs, measured, request.seed)
        about_film = planned_film(ground.discovery)
        plan = build_plan(about_film, inputs, response, *options, effects=effects)
        plan = replace(plan, pilot=request.pilot)
        if not measured:
            return plan
        prior = plan_response(inputs, [], request.seed)
        untaught = build_plan(about_film, inputs, prior, *options, effects=effects)
        return replace(plan, untaught=untaught.tickets)


@dataclass(frozen=True)
class PlanGround:
    """A film with all that its plans, and its pilots, are computed from."""

    sample: AnalysisSample
    film: KnownFilm
    discovery: FilmDiscovery
    base: ExpectedSales | None
    inputs: PlanInputs


class AsksForPlan(Protocol):
    """What a request says of a film whose audiences are to be planned."""

    @property
    def film(self) -> str:
        """The film's id."""

    @property
    def territory(self) -> str | None:
        """The market."""

    @property
    def weeks(self) -> int:
        """How many weeks the plan has."""

    @property
    def expected_people(self) -> float | None:
        """People of the house who will see it, where that is known."""


@contextmanager
def plan_ground(
    request: AsksForPlan, day: date, channels: tuple[Channel, ...], context: Context
) -> Iterator[PlanGround]:
    """The film's audiences, and who of the house would buy what anyway."""
    about = DiscoverFilm(request.film, territory=request.territory, as_of=day)
    discovery = discover_film(context, about)
    _check_opening(discovery, day)
    territory = request.territory or context.settings.territory
    with analysis_sample(context, territory=territory, as_of=day) as sample:
        film = sample.find(request.film)
        sales = expected_sales(sample, film)
        base = sales if isinstance(sales, ExpectedSales) else None
        propensity = fit_propensity(
            sample,
            film,
            likely_audience(sample, film),
            sales=base,
            expected_people=request.expected_people,
            progress=context.progress,
        )
        inputs = plan_inputs(sample, film, discovery, propensity.model, channels, request.weeks)
        yield PlanGround(sample, film, discovery, base, inputs)


def _effects(
    request: PlanFilm, context: Context, sample: AnalysisSample, film: KnownFilm, inputs: PlanInputs
) -> AudienceEffects | None:
    obvious = inputs.obvious
    parts = plan_parts(inputs.audience_of, obvious)
    headroom = headroom_of_parts(
        context,
        sample,
        film,
        inputs.persons,
        list(zip(inputs.rules, parts, strict=True)),
        days=DAYS,
        price=min(c.unit_price for c in inputs.channels),
    )
    tickets = np.array([float((inputs.people * inputs.expected)[p].sum()) for p in parts])
    people = np.array([float(inputs.people[p].sum()) for p in parts])
    counts = None
    if request.pilot is not None:
        campaign = _pilot_of(context, request)
        # Who wanted it is read from people's events, which the traits' build lays out.
        known, first = min(sample.day, sample.population.build.as_of), _first_day(context, campaign)
        if known <= first:
            raise CannotTellError(code="campaign_not_begun", known=known, began=first)
        arms = pilot_of_parts(
            context.engine,
            context.lake,
            campaign.name,
            film,
            inputs.persons,
            parts,
            first=first,
            as_of=known,
        )
        counts = [a.counts for a in arms]
        # Counts of households are compared by household, not by person.
        people = people * np.array([a.units for a in arms])
    return effects_of_headroom(
        headroom, tickets, obvious, draws=DRAWS, seed=request.seed, pilot=counts, people=people
    )


def _pilot_of(context: Context, request: PlanFilm) -> SavedCampaign:
    """The campaign that a plan learns from: of the film, by person or household, not by city."""
    assert request.pilot is not None
    campaign = find_campaign(context.control, request.pilot)
    if campaign.film != request.film:
        raise InputError(
            f"Campaign {campaign.name!r} is of {campaign.film!r}, not of {request.film!r}: a pilot"
            " tells of its own film."
        )
    if campaign.body.get("by") == BY_CITY:
        raise InputError(
            f"Campaign {campaign.name!r} was drawn by city: a pilot needs people or households"
            " held out, as `launch` does it."
        )
    day, first = request.as_of or context.today, _first_day(context, campaign)
    if day <= first:
        raise CannotTellError(code="campaign_not_begun", known=day, began=first)
    return campaign


def _first_day(context: Context, campaign: SavedCampaign) -> date:
    """The first day of a campaign's first line, from which readouts count too."""
    saved = find_plan(context.control, f"{campaign.plan}@{campaign.plan_version}")
    return min(x.week for x in plan_from(saved.body).lines)


@use_case
def plan_list(context: Context, request: ListPlans) -> Listing[SavedPlan]:
    """Every version of the saved plans, by name, the newest version first."""
    return Listing(p for p in plans(context.control) if request.film in (None, p.film))


@use_case
def plan_show(context: Context, request: ShowPlan) -> Plan:
    """A saved plan; an error with near names where there is none."""
    return plan_from(find_plan(context.control, request.plan).body)


def _recorded(context: Context, plan: Plan, request: PlanFilm) -> Plan:
    """The plan itself, saved where it has a name, and in the audit log."""
    if request.name is not None:
        save_plan(context.control, request.name, plan.film, plan.to_dict(), at=context.now)
    detail = {"film": plan.film, "budget": request.budget, "lines": len(plan.lines)}
    control.record(context.control, "plan", detail | {"saved": request.name})
    return plan


def _check_opening(discovery: FilmDiscovery, day: date) -> None:
    if discovery.opening is None:
        raise CannotTellError(code="no_opening_day", film=discovery.film)
    if discovery.opening <= day:
        raise CannotTellError(code="opened_already", film=discovery.film, opening=discovery.opening)
