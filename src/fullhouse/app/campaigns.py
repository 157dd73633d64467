"""What a plan could show before it is launched, and which campaigns there are."""

from fullhouse.app.use_case import use_case
from fullhouse.campaigns.campaign import Power
from fullhouse.campaigns.line_people import channels_of, line_audiences
from fullhouse.campaigns.power import plan_power
from fullhouse.consent import ADVERTISING
from fullhouse.control.campaign_records import SavedCampaign
from fullhouse.control.campaigns import campaigns, find_plan
from fullhouse.core.request import request
from fullhouse.planning.plan import plan_from
from fullhouse.sample.analysis_sample import analysis_sample
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
def campaign_list(context: Context, request: ListCampaigns) -> list[SavedCampaign]:
    """The campaigns, the newest first."""
    return [c for c in campaigns(context.control) if request.film in (None, c.film)]
