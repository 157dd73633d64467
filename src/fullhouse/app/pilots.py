"""Pilots: a few people of many audiences shown a film weeks before, and what to make of it."""

from dataclasses import dataclass, replace
from datetime import date
from math import inf
from pathlib import Path

import numpy as np

from fullhouse import control
from fullhouse.app.campaigns import (
    CancelCampaign,
    LaunchCampaign,
    campaign_cancel,
    campaign_launch,
)
from fullhouse.app.headroom import DAYS
from fullhouse.app.plan import PlanFilm, plan_film, plan_ground
from fullhouse.app.use_case import use_case
from fullhouse.campaigns.campaign import Launched
from fullhouse.campaigns.pilot import pilot_arms
from fullhouse.control.campaigns import (
    campaign_named,
    find_campaign,
    find_plan,
    save_plan,
    saved_responses,
)
from fullhouse.core.brief import Brief
from fullhouse.core.errors import CannotTellError, InputError
from fullhouse.core.request import request
from fullhouse.core.values import check_slug
from fullhouse.headroom.film_headroom import headroom_of_parts
from fullhouse.measurement.look_at_pilot import pilot_look
from fullhouse.measurement.pilot import PilotLook
from fullhouse.planning import read_channels
from fullhouse.planning.audience_effects import effects_of_headroom
from fullhouse.planning.inputs import DRAWS, plan_response, planned_film
from fullhouse.planning.pilot import pilot_design, pilot_parts, pilot_plan, pilot_weeks
from fullhouse.planning.plan import Plan, plan_from
from fullhouse.sample.analysis_sample import analysis_sample
from fullhouse.workspace.context import Context

HOLDOUT = 0.6
"""At most 40 % of an audience are shown a pilot; holding out costs nothing."""
BUDGETS = 20
"""A pilot is taken for a twentieth of the money that is planned by it."""


@request
class PilotFilm:
    """Pilot a film: plan a small exposure of many audiences for a budget, and launch it.

    Plan and campaign bear the `name`. `weeks` are the first ones from the next Monday on. With a
    file of `households` these are held out, without it people. `channels` is TOML; `households` and
    `contacts` are files of the operator. A pilot of the name that was launched before is taken up
    again with what it began with.
    """

    film: str
    budget: float
    name: str
    folder: str | Path
    channels: str | None = None
    territory: str | None = None
    as_of: date | None = None
    weeks: int = 2
    holdout: float = HOLDOUT
    households: str | Path | None = None
    contacts: str | Path | None = None
    global_holdout: float = 0.0
    expected_people: float | None = None
    log: bool | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        check_slug(self.name, what="The name of a campaign")
        if not 0 < self.budget < inf:
            raise InputError(f"A budget must be above 0, not {self.budget:g}.")
        if not 0.1 <= self.holdout <= 0.9:
            raise InputError(f"holdout must be from 0.1 to 0.9 in a pilot, not {self.holdout:g}.")
        if not 1 <= self.weeks <= 8:
            raise InputError(f"weeks must be from 1 to 8, not {self.weeks}.")


@dataclass(frozen=True)
class LaunchedPilot(Brief):
    """A pilot as it was planned and launched."""

    plan: Plan
    launched: Launched


@use_case
def campaign_pilot(context: Context, request: PilotFilm) -> LaunchedPilot:
    """Choose a few people of each candidate audience by chance, and launch it with a holdout.

    Candidates are the film's cards, their largest pairs and the obvious audience. It is a campaign
    like others: `campaign_readout`, `film_report` and `plan_film(pilot=...)` work on it.
    """
    control.check_writable(context.control)
    before = campaign_named(context.control, request.name)
    if before is None:
        plan = replace(_planned(context, request), name=request.name)
        version = save_plan(
            context.control, request.name, plan.film, plan.to_dict(), at=context.now
        ).version
        detail = {"film": plan.film, "budget": request.budget, "lines": len(plan.lines)}
        control.record(context.control, "plan", detail | {"saved": request.name, "pilot": True})
    else:
        if before.film != request.film:
            raise InputError(
                f"Campaign {before.name!r} is of {before.film!r}: give the pilot of"
                f" {request.film!r} another name."
            )
        version = before.plan_version
        plan = plan_from(find_plan(context.control, f"{before.plan}@{version}").body)
        if not plan.piloted:
            raise InputError(
                f"Campaign {before.name!r} is no pilot: give the pilot of {request.film!r} another"
                " name."
            )
    saved = f"{before.plan if before else request.name}@{version}"
    launch = LaunchCampaign(
        saved, request.name, request.folder, channels=request.channels, holdout=request.holdout,
        global_holdout=request.global_holdout, contacts=request.contacts, log=request.log,
        by="household" if request.households is not None else "person",
        households=request.households,
    )  # fmt: skip
    return LaunchedPilot(plan, campaign_launch(context, launch))


@request
class LookAtPilot:
    """A pilot by name, the day whose knowledge counts (today), and the money to be planned by it.

    Without a `budget` it is twenty times the pilot's; with 0 no plan is made, and the look rests on
    the counts alone. With `end` the pilot is cancelled where more of it would change nothing;
    `contacts` is for the removal lists of channels that match hashed contacts.
    """

    campaign: str
    as_of: date | None = None
    budget: float | None = None
    channels: str | None = None
    limits: str | None = None
    end: bool = False
    contacts: str | Path | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.budget is not None and not 0 <= self.budget < inf:
            raise InputError(f"A budget must be 0 or above, not {self.budget:g}.")


@use_case
def campaign_look(context: Context, request: LookAtPilot) -> PilotLook:
    """What showing the film added by audience, and whether more data would change the plan.

    Intervals hold at all looks together: look as often as you like. With `end` a pilot that more
    data would not help is cancelled, and its channels give back whom they were handed.
    """
    control.check_writable(context.control)
    look = _looked(context, request)
    detail: dict[str, object] = {"campaign": look.campaign, "verdict": look.verdict}
    control.record(context.control, "campaign.look", detail | {"as_of": look.as_of.isoformat()})
    if not (request.end and look.ends):
        return look
    before = find_campaign(context.control, request.campaign).cancelled
    # Again, too: that delivers what could not be given back before.
    campaign_cancel(context, CancelCampaign(request.campaign, request.contacts))
    return replace(look, ended=before is None)


def _looked(context: Context, request: LookAtPilot) -> PilotLook:
    campaign = find_campaign(context.control, request.campaign)
    plan = plan_from(find_plan(context.control, f"{campaign.plan}@{campaign.plan_version}").body)
    if not plan.piloted:
        raise InputError(
            f"Campaign {campaign.name!r} is no pilot: look at it with `campaign readout`."
        )
    day, first = request.as_of or context.today, min(x.week for x in plan.lines)
    with analysis_sample(context, territory=plan.territory, as_of=day) as sample:
        film = sample.find(plan.film)
        # Who wanted it is read from people's events, which the traits' build lays out: days after
        # it are not known, and are not days on which nobody wanted it.
        day = min(day, sample.population.build.as_of)
    if day <= first:
        raise CannotTellError(code="campaign_not_begun", known=day, began=first)
    lines = [[x.id for x in plan.lines if x.rule == a.rule] for a in plan.piloted]
    everybody, *arms = pilot_arms(
        context.engine, context.lake, campaign.name, film,
        [[x.id for x in plan.lines], *lines], first=first, as_of=day,
    )  # fmt: skip
    budget = BUDGETS * plan.budget if request.budget is None else request.budget or None
    with_it = without = None
    if budget is not None and day < plan.opening:
        wanted = PlanFilm(
            plan.film, budget, channels=request.channels, limits=request.limits,
            territory=plan.territory, as_of=day, seed=request.seed,
        )  # fmt: skip
        with_it = plan_film(context, replace(wanted, pilot=campaign.name))
        without = plan_film(context, wanted)
    return pilot_look(
        campaign.name, plan, everybody, arms, as_of=day, by=str(campaign.body.get("by", "person")),
        budget=budget, with_it=with_it, without=without, seed=request.seed,
    )  # fmt: skip


def _planned(context: Context, request: PilotFilm) -> Plan:
    day = request.as_of or context.today
    channels = read_channels(request.channels)
    with plan_ground(request, day, channels, context) as ground:
        film = planned_film(ground.discovery)
        inputs = replace(ground.inputs, weeks=pilot_weeks(day, film.opening, request.weeks))
        parts = pilot_parts(inputs)
        expected = inputs.people * inputs.expected
        tickets = np.array([float(expected[p.people].sum()) for p in parts])
        headroom = headroom_of_parts(
            context, ground.sample, ground.film, inputs.persons,
            [(p.rule, p.people) for p in parts], days=DAYS,
            price=min(c.unit_price for c in channels),
        )  # fmt: skip
        effects = effects_of_headroom(headroom, tickets, None, draws=DRAWS, seed=request.seed)
        stakes = tickets * (effects.factors.mean(axis=0) if effects else 1.0)
        kinds = replace(inputs, kinds=tuple(p.kind for p in parts))
        response = plan_response(kinds, saved_responses(context.control, as_of=day), request.seed)
        places, design = pilot_design(
            inputs, parts, response, request.budget, holdout=request.holdout, stakes=stakes
        )
        own = replace(
            response,
            channels=(design.channel.name,),
            strength=response.strength[:, [inputs.channels.index(design.channel)]],
        )
        return pilot_plan(
            film, inputs, [parts[p] for p in places], design, own, ground.base,
            name=request.name, budget=request.budget, holdout=request.holdout,
            effects=effects.only(places) if effects else None,
        )  # fmt: skip
