"""The next action of a day: one rule after another is asked, and the first that applies wins.

A rule uses nothing that the page does not carry. What it proposes is a step of work; that a step
brings tickets is the plan's expectation, not a promise of the rule.
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta

from fullhouse.planning.daily import (
    BELOW,
    DAYS_AFTER,
    Action,
    ChannelsBehind,
    ChannelsBeyond,
    Daily,
    Delivery,
    ExposedHoldout,
    FastChannel,
    LateChannel,
    LaunchPlan,
    MakePlan,
    MoveMoney,
    NothingDelivered,
    NothingToDo,
    ReadOut,
    Signal,
)
from fullhouse.planning.daily_delivery import behind, beyond

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
