"""Delivery and spend of a film's campaign against its plan, as known on the morning of a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from fullhouse.campaigns.campaign import ALWAYS_OUT, HELD_OUT, TREATED
from fullhouse.campaigns.people import arm_ids, frozen_people
from fullhouse.control.campaign_records import SavedCampaign
from fullhouse.control.campaigns import campaigns, find_campaign, find_plan, plans, readouts
from fullhouse.core.errors import InputError
from fullhouse.core.tables import ACCOUNT_PERSON, IMPRESSION
from fullhouse.engine.expr import ibis
from fullhouse.planning.daily import DayDelivery, Delivery
from fullhouse.planning.daily_action import lines_so_far, next_unit, planned_on
from fullhouse.planning.plan import Plan, plan_from
from fullhouse.workspace.context import Context

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True)
class PlanInForce:
    """The plan that counts on a day, as NAME@VERSION, and the campaign that carries it out."""

    plan: Plan
    name: str
    campaign: SavedCampaign | None


def plan_in_force(
    context: Context, ids: Sequence[str], as_of: date, campaign: str | None
) -> PlanInForce | None:
    """The plan of a campaign, by default of the film's newest one; else the newest plan.

    `ids` are all that the film was ever called. A plan made as of a later day is not known yet,
    nor is a campaign that carries it out: by their as-of days, so that a simulated year can be
    played in an afternoon.
    """
    if campaign is not None:
        chosen = find_campaign(context.control, campaign)
        in_force = _of_campaign(context, chosen)
        _check(chosen, in_force.plan, ids, as_of)
        return in_force
    for each in campaigns(context.control):
        if each.film in ids:
            in_force = _of_campaign(context, each)
            if in_force.plan.as_of <= as_of:
                return in_force
    saved = [p for p in plans(context.control) if p.film in ids]
    read = [(plan_from(p.body), p) for p in saved]
    known = [(plan, k) for plan, k in read if plan.as_of <= as_of]
    if not known:
        return None
    plan, newest = max(known, key=lambda k: (k[0].as_of, k[1].at, k[1].name, k[1].version))
    return PlanInForce(plan, f"{newest.name}@{newest.version}", None)


def film_delivery(context: Context, in_force: PlanInForce, as_of: date) -> Delivery:
    """What was planned and delivered over the days before a day, and the size of the arms."""
    until, plan = as_of - timedelta(days=1), in_force.plan
    planned = Delivery(
        plan=in_force.name,
        campaign=None,
        currency=plan.currency,
        until=until,
        lines=lines_so_far(plan, until, None),
        yesterday=DayDelivery(planned_on(plan, until), None),
        next_unit=next_unit(plan),
    )
    if in_force.campaign is None:
        return planned
    name = in_force.campaign.name
    impressions = _impressions(context, plan, name, until)
    by_line, by_day = _counted(context, impressions)
    states = list(frozen_people(context.lake, name, plan).values())
    out = np.union1d(arm_ids(states, HELD_OUT), arm_ids(states, ALWAYS_OUT))
    return replace(
        planned,
        campaign=name,
        lines=lines_so_far(plan, until, by_line),
        yesterday=DayDelivery(planned_on(plan, until), by_day.get(until, 0.0)),
        treated=len(arm_ids(states, TREATED)),
        held_out=len(out),
        held_out_exposed=_exposed(context, impressions, out),
        last_impression=max(by_day, default=None),
        readouts=tuple(
            sorted(r.as_of for r in readouts(context.control, name) if r.as_of <= as_of)
        ),
    )


def _of_campaign(context: Context, campaign: SavedCampaign) -> PlanInForce:
    name = f"{campaign.plan}@{campaign.plan_version}"
    return PlanInForce(plan_from(find_plan(context.control, name).body), name, campaign)


def _check(campaign: SavedCampaign, plan: Plan, ids: Sequence[str], as_of: date) -> None:
    if campaign.film not in ids:
        raise InputError(f"Campaign {campaign.name!r} is for {campaign.film}, not for {ids[0]}.")
    if plan.as_of > as_of:
        raise InputError(
            f"Campaign {campaign.name!r} carries out a plan made as of {plan.as_of}: on {as_of} it"
            " was not known."
        )


def _impressions(context: Context, plan: Plan, name: str, until: date) -> ir.Table:
    """The impressions of the plan's lines, but those that name another campaign of the house."""
    others = [c.name for c in campaigns(context.control) if c.name != name]
    rows = context.engine.scan(context.lake.snapshot(IMPRESSION))
    ids = [x.id for x in plan.lines]
    of_plan = rows.line.isin(ids) & (rows.day <= ibis.literal(until))
    if others:
        of_plan &= rows.campaign.isnull() | ~rows.campaign.isin(others)
    return rows.filter(of_plan)


def _counted(context: Context, impressions: ir.Table) -> tuple[dict[str, float], dict[date, float]]:
    grouped = impressions.group_by("line", "day").aggregate(impressions=impressions.count())
    by_line: dict[str, float] = {}
    by_day: dict[date, float] = {}
    for row in context.engine.arrow(grouped).to_pylist():
        by_line[row["line"]] = by_line.get(row["line"], 0.0) + row["impressions"]
        by_day[row["day"]] = by_day.get(row["day"], 0.0) + row["impressions"]
    return by_line, by_day


def _exposed(
    context: Context, impressions: ir.Table, out: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> int:
    """How many of some people had an impression at least."""
    if not len(out):
        return 0
    owners = context.engine.scan(context.lake.snapshot(ACCOUNT_PERSON))
    accounts = impressions.select("source", "account").distinct()
    people = accounts.join(owners, ["source", "account"]).select("person").distinct()
    persons = context.engine.arrow(people)["person"].to_numpy()
    return int(np.isin(out, persons).sum())
