"""What a studio does with what it was released of its titles: plans, campaigns and reports.

Nothing here touches a stage or a person: `cleanroom/plans.py` computes it from releases.
"""

from dataclasses import asdict, replace
from datetime import date
from typing import Literal

from fullhouse import control
from fullhouse.app.forecast import ForecastFilm
from fullhouse.app.studio import check_tenant, studio_forecast
from fullhouse.app.use_case import tenant_case
from fullhouse.cleanroom import gate, plans
from fullhouse.cleanroom.own_campaigns import TenantCampaigns, campaigns_of_tenant
from fullhouse.cleanroom.plans import PlanPower, PlanTerms, TenantPlan, TenantPlans
from fullhouse.cleanroom.policy import load
from fullhouse.cleanroom.reports import TenantReport, report_of_tenant
from fullhouse.core.errors import InputError
from fullhouse.core.request import request
from fullhouse.workspace.context import Context


@request
class PlanTitle:
    """Plan an own title from its released cards; money and prices are the tenant's own.

    `price` is of a ticket, `share` that of the market's tickets which the house's people buy. With
    `name` the plan is saved as the next version of that name.
    """

    film: str
    budget: float
    channels: str | None = None
    limits: str | None = None
    territory: str | None = None
    as_of: date | None = None
    weeks: int = 4
    attitude: Literal["neutral", "cautious"] = "neutral"
    holdout: float = 0.1
    price: float | None = None
    share: float | None = None
    expected_people: float | None = None
    name: str | None = None
    seed: int = 0


@request
class ListOwnPlans:
    """The tenant's saved plans, of one film or all."""

    film: str | None = None


@request
class ShowOwnPlan:
    """A saved plan of the tenant by NAME (the newest version) or NAME@VERSION."""

    plan: str


@request
class PowerOfPlan:
    """What a saved plan of the tenant could show; `rate` and `holdout` are by default the plan's.

    `rate` is the share of its people that buys a ticket without a campaign.
    """

    plan: str
    rate: float | None = None
    holdout: float | None = None


@request
class ListOwnCampaigns:
    """The campaigns of the tenant's titles, of one film or all."""

    film: str | None = None


@request
class ReportTitle:
    """An own title, with what was known on a day (today); the newest saved plan, or this one."""

    film: str
    as_of: date | None = None
    territory: str | None = None
    plan: str | None = None


@tenant_case
def studio_report(context: Context, request: ReportTitle) -> TenantReport:
    """All that a tenant knows of its title: forecast, released cards, plan and readouts; free."""
    check_tenant(context)
    about = ForecastFilm(request.film, as_of=request.as_of, territory=request.territory)
    return report_of_tenant(context, studio_forecast(context, about), request.plan)


@tenant_case
def studio_plan(context: Context, request: PlanTitle) -> TenantPlan:
    """The plan that sells most for a budget, from the released cards of an own title."""
    check_tenant(context)
    gate.check_may(context, "ask")
    about = ForecastFilm(request.film, as_of=request.as_of, territory=request.territory)
    forecast = studio_forecast(context, about)
    whole = replace(
        request,
        film=forecast.forecast.film,
        territory=forecast.forecast.territory,
        as_of=forecast.forecast.as_of,
        name=None,
    )
    given = asdict(request)
    terms = PlanTerms(**{name: given[name] for name in PlanTerms.__dataclass_fields__})
    plan = plans.plan_of_tenant(
        context, whole, load(context.place), forecast, terms, name=request.name or ""
    )
    if request.name is not None:
        control.check_writable(context.control)
        plans.save(context, request.name, plan)
    return plan


@tenant_case
def studio_plans(context: Context, request: ListOwnPlans | None = None) -> TenantPlans:
    """Every version of the tenant's saved plans, by name, the newest first."""
    check_tenant(context)
    gate.check_may(context, "read")
    film = None if request is None else request.film
    return TenantPlans(tuple(p for p in plans.saved(context) if film in (None, p.film)))


@tenant_case
def studio_plan_show(context: Context, request: ShowOwnPlan) -> TenantPlan:
    """A saved plan of the tenant."""
    check_tenant(context)
    gate.check_may(context, "read")
    return plans.find(context, request.plan)


@tenant_case
def studio_campaigns(context: Context, request: ListOwnCampaigns | None = None) -> TenantCampaigns:
    """The campaigns that the tenant may ask about, and what was released of each; free."""
    check_tenant(context)
    gate.check_may(context, "read")
    film = None if request is None else request.film
    return TenantCampaigns(tuple(campaigns_of_tenant(context, film)))


@tenant_case
def studio_power(context: Context, request: PowerOfPlan) -> PlanPower:
    """What a saved plan could show with its holdout, by the released sizes of its audiences."""
    check_tenant(context)
    gate.check_may(context, "read")
    if request.rate is not None and not 0 < request.rate < 1:
        raise InputError(f"A rate is a share above 0 and below 1, not {request.rate:g}.")
    if request.holdout is not None and not 0 < request.holdout < 1:
        raise InputError(f"A holdout is a share above 0 and below 1, not {request.holdout:g}.")
    plan = plans.find(context, request.plan)
    return plans.power(plan, rate=request.rate, holdout=request.holdout)
