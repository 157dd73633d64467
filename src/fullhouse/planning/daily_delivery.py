"""How much of a plan was to be delivered by a day, and what came back of it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from fullhouse.planning.daily import OFF, LineSoFar
from fullhouse.planning.plan import Plan, PlanLine

DAYS_A_WEEK = 7


@dataclass(frozen=True)
class ChannelSoFar:
    """What all lines of a channel were to deliver so far, and what came back of them."""

    channel: str
    planned: float
    impressions: float
    lines: tuple[LineSoFar, ...]

    @property
    def share(self) -> float:
        """What came back as a share of what was planned so far."""
        return self.impressions / self.planned if self.planned > 0 else 1.0

    @property
    def worst(self) -> LineSoFar:
        """The line that lacks most impressions; with the smallest name of those that tie."""
        return min(self.lines, key=lambda x: ((x.impressions or 0.0) - x.planned, x.line))


def days_over(week: date, made: date, until: date) -> float:
    """The share of a line's days that are over by the end of a day; 0 before they begin.

    They are those of its week that came after the plan was made: a plan made on a Wednesday asks
    nothing of the Monday before it.

    >>> week, made = date(2025, 8, 4), date(2025, 8, 1)
    >>> days_over(week, made, date(2025, 8, 10)), days_over(week, made, date(2025, 8, 3))
    (1.0, 0.0)
    """
    first = _first(week, made)
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


def channels_so_far(lines: Iterable[LineSoFar]) -> list[ChannelSoFar]:
    """The lines summed by channel, in the order of their names."""
    mine: dict[str, list[LineSoFar]] = defaultdict(list)
    for line in lines:
        mine[line.channel].append(line)
    return [
        ChannelSoFar(
            c, sum(x.planned for x in xs), sum(x.impressions or 0.0 for x in xs), tuple(xs)
        )
        for c, xs in sorted(mine.items())
    ]


def behind(lines: Iterable[LineSoFar]) -> ChannelSoFar | None:
    """The channel that lacks most impressions, of those further behind than a fifth."""
    late = [c for c in channels_so_far(lines) if c.share < 1 - OFF]
    return min(late, key=lambda c: (c.impressions - c.planned, c.channel), default=None)


def beyond(lines: Iterable[LineSoFar]) -> ChannelSoFar | None:
    """The channel with most impressions too many, of those further beyond than a fifth.

    Impressions of a channel that has nothing planned so far are all too many.
    """
    over = [c for c in channels_so_far(lines) if c.impressions > (1 + OFF) * c.planned]
    return min(over, key=lambda c: (c.planned - c.impressions, c.channel), default=None)


def next_unit(plan: Plan) -> float | None:
    """Tickets that one more unit of money wins at the plan's budget; None outside its curve."""
    points = sorted(plan.curve, key=lambda p: p.budget)
    if not points or not points[0].budget <= plan.budget <= points[-1].budget:
        return None
    return float(np.interp(plan.budget, [p.budget for p in points], [p.next_unit for p in points]))


def _line(
    line: PlanLine, made: date, until: date, impressions: Mapping[str, float] | None
) -> LineSoFar:
    share = days_over(line.week, made, until)
    came = None if impressions is None else float(impressions.get(line.id, 0.0))
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
        impressions=came,
        spent=None if came is None else came * price,
    )


def _first(week: date, made: date) -> date:
    return max(week, made + timedelta(days=1))
