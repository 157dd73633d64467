"""The next action of a day: one rule after another is asked, and the first that fits speaks.

A rule says nothing that the page does not carry. What it proposes is a step of work; that a step
will bring tickets is the plan's expectation, not a promise of the rule.
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta

from fullhouse.planning.daily import BELOW, DAYS_AFTER, Action, Daily, Delivery, Signal
from fullhouse.planning.daily_delivery import behind, beyond
from fullhouse.planning.daily_terms import about, day, signal_words

LAUNCH_DAYS = 7
"""So many days before its first week a plan is to be launched."""
READ_AFTER = (7, 14)
"""So many days after the opening a campaign is read."""
ONCE_A_WEEK = 7
MOVABLE = ("presales", "want_to_see")
"""Signals that, below their range, ask for money elsewhere."""


def next_action(daily: Daily) -> Action:
    """What the first rule that fits says; nothing to do, and when to look again, if none does."""
    for rule in RULES:
        found = rule(daily)
        if found is not None:
            return found
    return nothing_to_do(daily)


def make_a_plan(daily: Daily) -> Action | None:
    """There is no plan, and the film is still to open."""
    if daily.delivery is not None or daily.left <= 0:
        return None
    return Action(
        "make a plan",
        "There is no plan: make one and save it.",
        f"fullhouse plan {daily.film} --budget AMOUNT --save NAME",
    )


def launch(daily: Daily) -> Action | None:
    """There is a plan without a campaign, and its first week begins within 7 days, or has begun."""
    found = daily.delivery
    if found is None or found.campaign is not None or daily.left <= 0:
        return None
    first = found.first_week
    if first is None or (first - daily.as_of).days > LAUNCH_DAYS:
        return None
    begins = "begins" if first >= daily.as_of else "began"
    return Action(
        "launch",
        f"The first week of plan {found.plan} {begins} on {day(first)} and no campaign carries it"
        " out: see what it could show, then launch it with a holdout.",
        f"fullhouse campaign power {found.plan} --rate RATE && fullhouse campaign launch"
        f" {found.plan} --name NAME --out FOLDER",
    )


def stop_the_held_out(daily: Daily) -> Action | None:
    """Held-out people were shown the campaign: what they lose, no readout gets back."""
    found = daily.delivery
    if found is None or not found.held_out_shown:
        return None
    return Action(
        "held out",
        f"{found.held_out_shown:,} of {found.held_out:,} held-out people were shown"
        f" {found.campaign}: find the channel that did not keep to its list, or the effect will"
        " look smaller than it is.",
    )


def catch_up(daily: Daily) -> Action | None:
    """A channel is further behind the plan than a fifth."""
    found = _running(daily)
    if found is None or daily.left <= 0:
        return None
    if not found.impressions and found.planned > 0:
        return Action(
            "behind",
            f"No impression of {found.campaign} has come back, of {found.planned:,.0f} planned up"
            f" to {day(found.until)}: take in the channels' feeds, and if there is none, ask them"
            " whether they have begun.",
        )
    late = behind(found.lines)
    if late is None:
        return None
    worst = late.worst
    return Action(
        "behind",
        f"{late.channel} is behind: {late.impressions:,.0f} of {late.planned:,.0f} impressions"
        f" planned up to {day(found.until)} ({100 * late.share:.0f} %); most is missing from"
        f" “{worst.audience}”, {worst.cities}, week of {day(worst.week)}."
        f"{_lags(found)} Ask the channel why.",
    )


def slow_down(daily: Daily) -> Action | None:
    """A channel showed the treated more than the plan has, by more than a fifth."""
    found = _running(daily)
    most = None if found is None else beyond(found.lines)
    if found is None or most is None:
        return None
    return Action(
        "beyond",
        f"{most.channel} is beyond the plan: {most.impressions:,.0f} impressions where"
        f" {most.planned:,.0f} were planned up to {day(found.until)}. Ask the channel to keep to"
        " its lines.",
    )


def move_money(daily: Daily) -> Action | None:
    """Presales or want-to-see marks are below their range, and the plan has weeks to come."""
    low = below(daily)
    found = daily.delivery
    if not low or found is None or daily.left <= 0:
        return None
    best = best_audience(found, daily.as_of)
    if best is None:
        return None
    audience, each = best
    further = (
        ""
        if found.next_unit is None
        else f" Over all audiences the next 1,000 {found.currency} would win about"
        f" {about(1000 * found.next_unit)}, by the plan's curve."
    )
    return Action(
        "below",
        f"{_said(low)} below the range: the plan could move money to “{audience}”, whose"
        f" lines to come win most, {about(1000 * each)} tickets for each 1,000 {found.currency} as"
        f" planned.{further}",
    )


def read_out(daily: Daily) -> Action | None:
    """The film has run for 7 days, or for 14, and there is no readout of so late a day."""
    found = daily.delivery
    if found is None or found.campaign is None:
        return None
    due = [daily.opening + timedelta(days=n) for n in READ_AFTER if -daily.left >= n]
    if not due or any(r >= due[-1] for r in found.readouts):
        return None
    if daily.house_until is None or daily.house_until < due[-1]:
        return Action(
            "readout",
            f"A readout of {found.campaign} is due since {day(due[-1])}, and the house's traits are"
            f" built as of {day(daily.house_until) if daily.house_until else 'no day'}: take in"
            " later tickets and build them.",
            f"fullhouse traits build --as-of {daily.as_of}",
        )
    return Action(
        "readout",
        f"A readout of {found.campaign} is due since {day(due[-1])}: run it.",
        f"fullhouse campaign readout {found.campaign} --as-of {daily.as_of}",
    )


def nothing_to_do(daily: Daily) -> Action:
    """No rule fits: when to look again, and what is below its range all the same."""
    low, again = below(daily), next_look(daily)
    but = ""
    if low:
        why = (
            "there is no plan to move money in"
            if daily.delivery is None
            else "the film has opened"
            if daily.left <= 0
            else "no week of the plan is left to move money in"
        )
        but = f" {_said(low)} below the range, and {why}."
    look = f"; next look on {day(again)}" if again else "; the daily page ends today"
    return Action("nothing", f"Nothing to do today{look}.{but}")


def next_look(daily: Daily) -> date | None:
    """Tomorrow while a campaign runs or signals grow fast; else when a rule could next fit.

    At least once a week; None after the page's last day.
    """
    found = daily.delivery
    last = daily.opening + timedelta(days=DAYS_AFTER)
    days = [daily.as_of + timedelta(days=ONCE_A_WEEK), daily.opening - timedelta(days=14)]
    if found is not None and found.first_week is not None:
        days += [found.first_week - timedelta(days=LAUNCH_DAYS), found.first_week]
    if 0 <= daily.left <= DAYS_AFTER or _running(daily) is not None:
        days.append(daily.as_of + timedelta(days=1))
    days += [daily.opening + timedelta(days=n) for n in (1, *READ_AFTER)]
    return min((d for d in days if daily.as_of < d <= last), default=None)


def below(daily: Daily) -> list[Signal]:
    """Presales and want-to-see marks that are below their range."""
    return [s for s in daily.signals if s.kind in MOVABLE and s.verdict == BELOW]


def best_audience(delivery: Delivery, on: date) -> tuple[str, float] | None:
    """The audience whose lines of weeks to come win most tickets for their money, and how many.

    A plan keeps what each line wins, not what its next unit would; at the plan's own optimum the
    next unit wins the same wherever no limit binds, so the mean is what tells audiences apart.
    """
    won: dict[str, float] = defaultdict(float)
    spend: dict[str, float] = defaultdict(float)
    for line in delivery.lines:
        if line.week + timedelta(days=6) >= on and line.spend > 0:
            won[line.audience] += line.tickets
            spend[line.audience] += line.spend
    each = {a: won[a] / spend[a] for a in won}
    name = min(each, key=lambda a: (-each[a], a), default=None)
    return None if name is None else (name, each[name])


def _running(daily: Daily) -> Delivery | None:
    """The delivery of a campaign between its first day and the day after its last."""
    found = daily.delivery
    if found is None or found.campaign is None or not found.lines:
        return None
    last = max(x.week for x in found.lines) + timedelta(days=7)
    first = found.first_week
    assert first is not None
    return found if first < daily.as_of <= last else None


def _lags(found: Delivery) -> str:
    """A sentence where the newest impression is older than the newest whole day, or nothing."""
    newest = found.last_impression
    if newest is None or newest >= found.until:
        return ""
    return f" The newest impression that came back is of {day(newest)}."


def _said(signals: list[Signal]) -> str:
    words = " and ".join(signal_words(s) for s in signals)
    return f"{words[0].upper()}{words[1:]} are"


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
