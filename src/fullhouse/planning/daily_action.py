"""A day of a plan: what was delivered of it, what changed since yesterday, the next action.

For the action one rule after another is asked, and the first that applies wins. A rule uses nothing
that the page does not carry. What it proposes is a step of work; that a step brings tickets is the
plan's expectation, not a promise of the rule.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from math import exp, log
from typing import Any

import numpy as np

from fullhouse.planning.daily import (
    BELOW,
    DAYS_AFTER,
    TOLERANCE,
    Action,
    Change,
    ChannelsBehind,
    ChannelsBeyond,
    ChannelSoFar,
    Daily,
    DatedForecast,
    Delivery,
    DeliveryChange,
    ExposedHoldout,
    FactChange,
    FastChannel,
    ForecastMove,
    LateChannel,
    LaunchPlan,
    LineSoFar,
    MakePlan,
    MoveMoney,
    NothingDelivered,
    NothingToDo,
    ReadOut,
    ReadoutChange,
    Signal,
    SignalChange,
)
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


TYPICAL = ""
"""Stands for what the market's typical film takes, which may move most of all."""


def changes(
    signals: Sequence[Signal],
    forecasts: Sequence[DatedForecast],
    delivery: Delivery | None,
    before: Mapping[str, Any],
    now: Mapping[str, Any],
    as_of: date,
) -> tuple[Change, ...]:
    """Everything new since yesterday: facts, signals, deliveries, the forecast's move.

    `before` and `now` are the film's facts as known yesterday and today.
    """
    news: list[Change] = [
        FactChange(name, before.get(name), now.get(name))
        for name in sorted({*before, *now})
        if before.get(name) != now.get(name)
    ]
    news += [c for s in signals for c in _signal(s, as_of)]
    if delivery is not None:
        news += _delivery(delivery, as_of)
    if len(forecasts) > 1:
        news.append(forecast_move(forecasts[0], forecasts[1]))
    return tuple(news)


def forecast_move(now: DatedForecast, before: DatedForecast) -> ForecastMove:
    """How far the middle of the total moved between two forecasts, and what moved it most."""
    if now.total is None or before.total is None:
        absent = now if now.total is None else before
        return ForecastMove(None, absent.as_of, absent.why)
    driver = drivers_move(now, before)
    horizons = (now.horizon, before.horizon) if now.horizon != before.horizon else (None, None)
    return ForecastMove(
        now.total.middle / before.total.middle if before.total.middle > 0 else 1.0,
        now.as_of,
        driver=None if driver is None or driver[0] == TYPICAL else driver[0],
        driver_factor=None if driver is None else driver[1],
        horizon=horizons[0],
        horizon_before=horizons[1],
        trained_until=None if now.trained_until == before.trained_until else now.trained_until,
    )


def drivers_move(now: DatedForecast, before: DatedForecast) -> tuple[str, float] | None:
    """Of the drivers that moved as the middle did, the one that moved most, and its factor.

    What the typical film takes counts as one (`TYPICAL`). None where no driver moved that way.
    """
    if now.total is None or before.total is None:
        return None
    direction = 1 if now.total.middle > before.total.middle else -1
    moved = {}
    for name in {*now.drivers, *before.drivers}:
        moved[name] = log(now.drivers.get(name, 1.0) / before.drivers.get(name, 1.0))
    if now.typical and before.typical:
        moved[TYPICAL] = log(now.typical / before.typical)
    along = {w: change for w, change in moved.items() if direction * change > 0}
    most = min(along, key=lambda w: (-abs(along[w]), w), default=None)
    return None if most is None else (most, exp(along[most]))


def _signal(signal: Signal, as_of: date) -> list[SignalChange]:
    """What it grew by since yesterday morning, where it is known of both."""
    known = {d.day: d.actual for d in signal.days}
    now, before = known.get(as_of), known.get(as_of - timedelta(days=1))
    if now is None or before is None or now == before:
        return []
    return [SignalChange(signal.name, now - before, now)]


def _delivery(delivery: Delivery, as_of: date) -> list[Change]:
    of_day = delivery.yesterday
    news: list[Change] = []
    if of_day.impressions is not None and (of_day.impressions or of_day.planned):
        news.append(DeliveryChange(delivery.until, of_day.impressions, of_day.planned))
    read = [r for r in delivery.readouts if as_of - timedelta(days=1) <= r]
    return news + [ReadoutChange(r) for r in read]


LAUNCH_DAYS = 7
"""So many days before its first week a plan is to be launched."""
READ_AFTER = (7, 14)
"""So many days after the opening a campaign is read."""
ONCE_A_WEEK = 7
MOVABLE = ("presales", "want_to_see")
"""Signals that, below their range, ask for money elsewhere."""


def next_action(daily: Daily) -> Action:
    """The first rule that applies; nothing to do, and when to look again, if none does."""
    for rule in RULES:
        action = rule(daily)
        if action is not None:
            return action
    return nothing_to_do(daily)


def make_a_plan(daily: Daily) -> MakePlan | None:
    """There is no plan, and the film is still to open."""
    return MakePlan() if daily.delivery is None and daily.left > 0 else None


def launch(daily: Daily) -> LaunchPlan | None:
    """There is a plan without a campaign, and its first week begins within 7 days, or has begun."""
    delivery = daily.delivery
    if delivery is None or delivery.campaign is not None or daily.left <= 0:
        return None
    first = delivery.first_week
    if first is None or (first - daily.as_of).days > LAUNCH_DAYS:
        return None
    return LaunchPlan(delivery.plan, first, first < daily.as_of)


def stop_the_held_out(daily: Daily) -> ExposedHoldout | None:
    """Held-out people were exposed: what they lose, no readout gets back."""
    delivery = daily.delivery
    if delivery is None or delivery.campaign is None or not delivery.held_out_exposed:
        return None
    return ExposedHoldout(delivery.campaign, delivery.held_out_exposed, delivery.held_out)


def catch_up(daily: Daily) -> NothingDelivered | ChannelsBehind | None:
    """Channels are further behind the plan than a fifth."""
    delivery = _running(daily)
    if delivery is None or delivery.campaign is None or daily.left <= 0:
        return None
    if not delivery.impressions and delivery.planned > 0:
        return NothingDelivered(delivery.campaign, delivery.planned, delivery.until)
    late = tuple(
        LateChannel(
            c.channel, c.impressions, c.planned, c.worst.audience, c.worst.cities, c.worst.week
        )
        for c in behind(delivery)
    )
    newest = delivery.last_impression
    old = newest if newest is not None and newest < delivery.until else None
    return ChannelsBehind(late, delivery.until, old) if late else None


def slow_down(daily: Daily) -> ChannelsBeyond | None:
    """Channels delivered more than the plan has, by more than a fifth."""
    delivery = _running(daily)
    if delivery is None:
        return None
    fast = tuple(FastChannel(c.channel, c.impressions, c.planned) for c in beyond(delivery))
    return ChannelsBeyond(fast, delivery.until) if fast else None


def move_money(daily: Daily) -> MoveMoney | None:
    """Presales or want-to-see marks are below their range, and the plan has weeks to come."""
    signals, delivery = below(daily), daily.delivery
    if not signals or delivery is None or daily.left <= 0:
        return None
    best = best_audience(delivery, daily.as_of)
    if best is None:
        return None
    names = tuple(s.name for s in signals)
    return MoveMoney(names, *best, delivery.next_unit, delivery.currency)


def read_out(daily: Daily) -> ReadOut | None:
    """The film has run for 7 days, or for 14, and there is no readout of so late a day."""
    delivery = daily.delivery
    if delivery is None or delivery.campaign is None:
        return None
    due = [daily.opening + timedelta(days=n) for n in READ_AFTER if -daily.left >= n]
    if not due or any(r >= due[-1] for r in delivery.readouts):
        return None
    ready = daily.house_until is not None and daily.house_until >= due[-1]
    return ReadOut(delivery.campaign, due[-1], ready, daily.house_until)


def nothing_to_do(daily: Daily) -> NothingToDo:
    """No rule applies: when to look again, and what is below its range all the same."""
    signals = tuple(s.name for s in below(daily))
    if not signals:
        return NothingToDo(next_look(daily))
    if daily.delivery is None:
        return NothingToDo(next_look(daily), signals, "no_plan")
    return NothingToDo(next_look(daily), signals, "opened" if daily.left <= 0 else "no_week_left")


def next_look(daily: Daily) -> date | None:
    """Tomorrow while a campaign runs or signals grow fast; else when a rule could next apply.

    At least once a week; None after the page's last day.
    """
    delivery = daily.delivery
    last = daily.opening + timedelta(days=DAYS_AFTER)
    days = [daily.as_of + timedelta(days=ONCE_A_WEEK), daily.opening - timedelta(days=14)]
    if delivery is not None and delivery.first_week is not None:
        days += [delivery.first_week - timedelta(days=LAUNCH_DAYS), delivery.first_week]
    if 0 <= daily.left <= DAYS_AFTER or _running(daily) is not None:
        days.append(daily.as_of + timedelta(days=1))
    days += [daily.opening + timedelta(days=n) for n in (1, *READ_AFTER)]
    return min((d for d in days if daily.as_of < d <= last), default=None)


def below(daily: Daily) -> list[Signal]:
    """Presales and want-to-see marks that are below their range."""
    return [s for s in daily.signals if s.name.kind in MOVABLE and s.verdict == BELOW]


def best_audience(delivery: Delivery, on: date) -> tuple[str, float] | None:
    """The audience whose lines of weeks to come bring most tickets for their money, and how many.

    A plan saves what each line brings, not what its next unit would; at the plan's own optimum the
    next unit brings the same wherever no limit binds, so the mean is what tells audiences apart.
    """
    tickets: dict[str, float] = defaultdict(float)
    spend: dict[str, float] = defaultdict(float)
    for line in delivery.lines:
        if line.week + timedelta(days=6) >= on and line.spend > 0:
            tickets[line.audience] += line.tickets
            spend[line.audience] += line.spend
    each = {a: tickets[a] / spend[a] for a in tickets}
    name = min(each, key=lambda a: (-each[a], a), default=None)
    return None if name is None else (name, each[name])


def _running(daily: Daily) -> Delivery | None:
    """The delivery of a campaign between its first day and the day after its last."""
    delivery = daily.delivery
    if delivery is None or delivery.campaign is None or not delivery.lines:
        return None
    last = max(x.week for x in delivery.lines) + timedelta(days=7)
    first = delivery.first_week
    assert first is not None
    return delivery if first < daily.as_of <= last else None


Rule = Callable[[Daily], Action | None]
RULES: tuple[Rule, ...] = (
    make_a_plan,
    launch,
    stop_the_held_out,
    catch_up,
    slow_down,
    move_money,
    read_out,
)
"""In the order in which they are asked."""
