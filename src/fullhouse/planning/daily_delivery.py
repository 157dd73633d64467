"""How much of a plan was to be delivered by a day, and what was delivered of it."""

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np

from fullhouse.planning.daily import TOLERANCE, ChannelSoFar, Delivery, LineSoFar
from fullhouse.planning.plan import Plan, PlanLine

DAYS_A_WEEK = 7


def days_over(week: date, as_of: date, until: date) -> float:
    """The share of a line's days that are over by the end of a day; 0 before they begin.

    They are those of its week that come after the plan was made: a plan made on a Wednesday asks
    nothing of the Monday before it.

    >>> week, as_of = date(2025, 8, 4), date(2025, 8, 1)
    >>> days_over(week, as_of, date(2025, 8, 10)), days_over(week, as_of, date(2025, 8, 3))
    (1.0, 0.0)
    """
    first = _first(week, as_of)
    last = max(first, week + timedelta(days=DAYS_A_WEEK - 1))
    return min(max((until - first).days + 1, 0) / ((last - first).days + 1), 1.0)


def lines_so_far(
    plan: Plan, until: date, impressions: Mapping[str, float] | None
) -> tuple[LineSoFar, ...]:
    """Each line up to and with a day; `impressions` by line, None where no campaign runs."""
    return tuple(_line(x, plan.as_of, until, impressions) for x in plan.lines)


def planned_on(plan: Plan, day: date) -> float:
    """Impressions that a plan has for one day."""
    before = day - timedelta(days=1)
    return sum(
        x.impressions * (days_over(x.week, plan.as_of, day) - days_over(x.week, plan.as_of, before))
        for x in plan.lines
    )


def behind(delivery: Delivery) -> list[ChannelSoFar]:
    """All channels further behind than a fifth, the one that lacks most impressions first."""
    late = [c for c in delivery.channels if c.share < 1 - TOLERANCE]
    return sorted(late, key=lambda c: (c.impressions - c.planned, c.channel))


def beyond(delivery: Delivery) -> list[ChannelSoFar]:
    """All channels further beyond the plan than a fifth, the one with most too many first.

    Impressions of a channel that has nothing planned so far are all too many.
    """
    fast = [c for c in delivery.channels if c.impressions > (1 + TOLERANCE) * c.planned]
    return sorted(fast, key=lambda c: (c.planned - c.impressions, c.channel))


def next_unit(plan: Plan) -> float | None:
    """Tickets that one more unit of money brings at the plan's budget; None outside its curve."""
    points = sorted(plan.curve, key=lambda p: p.budget)
    if not points or not points[0].budget <= plan.budget <= points[-1].budget:
        return None
    return float(np.interp(plan.budget, [p.budget for p in points], [p.next_unit for p in points]))


def _line(
    line: PlanLine, as_of: date, until: date, impressions: Mapping[str, float] | None
) -> LineSoFar:
    share = days_over(line.week, as_of, until)
    delivered = None if impressions is None else float(impressions.get(line.id, 0.0))
    price = line.spend / line.impressions if line.impressions > 0 else 0.0
    return LineSoFar(
        line=line.id,
        audience=line.audience,
        channel=line.channel,
        cities=line.cities,
        week=line.week,
        spend=line.spend,
        tickets=line.tickets.middle,
        planned=share * line.impressions,
        planned_spend=share * line.spend,
        impressions=delivered,
        spent=None if delivered is None else delivered * price,
    )


def _first(week: date, as_of: date) -> date:
    return max(week, as_of + timedelta(days=1))
