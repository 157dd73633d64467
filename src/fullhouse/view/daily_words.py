"""A film's daily page in plain words: the next action first, then what it stands on."""

from datetime import timedelta

from fullhouse.core.settings import SIMULATED
from fullhouse.planning.daily import (
    ABOVE,
    BELOW,
    CANNOT_TELL,
    ON,
    Daily,
    Delivery,
    Foreseen,
    Signal,
)
from fullhouse.planning.daily_changes import move_words
from fullhouse.planning.daily_terms import signal_words
from fullhouse.view.words.figures import day_words, money, money_between, share_words

VERDICTS = {
    ON: "on target",
    ABOVE: "above the range",
    BELOW: "below the range",
    CANNOT_TELL: "cannot tell",
}
NO_PLAN = "There is no plan for it yet."
NO_CHANGE = "Nothing that the house knows of it changed since yesterday."


def daily_lines(daily: Daily) -> list[str]:
    """The page in sentences for the command line, which has signals with a verdict as a table.

    The full label of simulated data is not repeated: a workspace says it once, when it is opened.
    """
    return [
        place_words(daily),
        f"Next: {sentence(daily.action.words)}",
        *([f"  {daily.action.command}"] if daily.action.command else []),
        target_words(daily),
        *(line_words(s) for s in daily.signals if s.verdict == CANNOT_TELL),
        *delivery_words(daily),
        *forecast_words(daily),
        *(f"Since yesterday: {c.words}." for c in daily.changes),
        *([] if daily.changes else [NO_CHANGE]),
    ]


def banners(daily: Daily) -> list[str]:
    """What must be read before any figure."""
    return [SIMULATED] if daily.simulated else []


def place_words(daily: Daily, *, title: bool = True) -> str:
    """Which film, where, when it opens, and as of when; without its title below a heading."""
    verb = "opens" if daily.left > 0 else "opened"
    named = f"{daily.title}, {daily.territory}" if title else daily.territory
    return (
        f"{named}: {verb} {day_words(daily.opening)}; as of the morning of"
        f" {day_words(daily.as_of)}, {left_words(daily.left)}."
    )


def left_words(left: int) -> str:
    """How far a day is from the opening.

    >>> left_words(12), left_words(1), left_words(0), left_words(-3)
    ('12 days before opening', '1 day before opening', 'opening day', '3 days after opening')
    """
    if left == 0:
        return "opening day"
    days = f"{abs(left)} day{'s' if abs(left) != 1 else ''}"
    return f"{days} {'before' if left > 0 else 'after'} opening"


def target_words(daily: Daily) -> str:
    """The gross that is aimed at, and whose word that is."""
    aim = daily.target
    if aim.amount is None:
        return f"Target: {aim.words}"
    return f"Target: {money(aim.amount, aim.currency)} over the run, {aim.words}."


def line_words(signal: Signal) -> str:
    """A signal against its target, in one sentence."""
    last = signal.newest
    said = f"{sentence(signal_words(signal))}: {VERDICTS[signal.verdict]}"
    if last is None or last.actual is None:
        return f"{said}; {signal.why}."
    if last.target is None or signal.verdict == CANNOT_TELL:
        return f"{said}; {last.actual:,.0f} so far, {signal.why}."
    asked = last.target
    return (
        f"{said}; {last.actual:,.0f}, where a film of the target has {asked.low:,.0f} to"
        f" {asked.high:,.0f}, {signal.why}."
    )


def delivery_words(daily: Daily) -> list[str]:
    """What was planned and what came back, and whether the holdout holds."""
    found = daily.delivery
    if found is None:
        return [NO_PLAN]
    if found.campaign is None:
        first = found.first_week
        begins = f"; its first week begins on {day_words(first)}" if first else ""
        return [f"Plan {found.plan}; no campaign carries it out yet{begins}."]
    return [*_came_back(found), *_arms(found), readout_words(found)]


def _came_back(found: Delivery) -> list[str]:
    if not found.planned and not found.impressions:
        first = found.first_week
        return [f"{found.campaign} delivers from {day_words(first)} on."] if first else []
    share = f" ({found.impressions / found.planned:.0%})" if found.planned else ""
    return [
        f"Up to {day_words(found.until)}: {found.impressions:,.0f} of {found.planned:,.0f} planned"
        f" impressions{share.replace('%', ' %')} and {money(found.spent, found.currency)} of"
        f" {money(found.planned_spend, found.currency)}, at the prices of plan {found.plan}."
    ]


def _arms(found: Delivery) -> list[str]:
    told = f"{found.treated:,} people are treated and {found.held_out:,} held out"
    if not found.held_out:
        return [f"{told}: what the campaign causes cannot be measured."]
    if found.held_out_shown:
        share = share_words(found.held_out_shown / found.held_out)
        return [f"{told}, of whom {found.held_out_shown:,} ({share}) were shown it all the same."]
    return [f"{told}, none of whom was shown it."]


def readout_words(found: Delivery) -> str:
    """Whether there is a readout, and of when."""
    if not found.readouts:
        return "There is no readout yet: what it changed is not known."
    return (
        f"The newest readout is as of {day_words(found.readouts[-1])}; what it found is on the"
        " film's report and in 'fullhouse campaign readout'."
    )


def forecast_words(daily: Daily) -> list[str]:
    """The total as forecast today, and how it moved since a week ago."""
    if not daily.forecasts:
        return []
    now = daily.forecasts[0]
    said = [f"Forecast as of {day_words(now.as_of)}: {total_words(now, daily.currency)}."]
    week = [f for f in daily.forecasts if now.as_of - f.as_of == timedelta(days=7)]
    if week and now.total is not None:
        said.append(f"Since last week: {move_words(now, week[0])}.")
    return said


def total_words(found: Foreseen, currency: str) -> str:
    """A total with its range; or why there is none, without a full stop."""
    if found.total is None:
        return f"none. {found.why}".rstrip(".")
    if found.total.low == found.total.high:
        return f"it took {money(found.total.middle, currency)}"
    between = money_between(found.total.low, found.total.high, currency, middle=found.total.middle)
    return f"{between}, 80 times in 100; the middle is {money(found.total.middle, currency)}"


def sentence(words: str) -> str:
    """Words as they begin a sentence.

    >>> sentence("email is behind")
    'Email is behind'
    """
    return f"{words[:1].upper()}{words[1:]}"
