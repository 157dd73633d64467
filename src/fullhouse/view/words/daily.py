"""A film's daily page in words: the next action first, then what it rests on."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from fullhouse.core.errors import FullhouseError
from fullhouse.core.settings import SIMULATED
from fullhouse.planning.daily import (
    Action,
    AgainstFilms,
    Change,
    ChannelsBehind,
    ChannelsBeyond,
    Daily,
    DatedForecast,
    Delivery,
    DeliveryChange,
    ExposedHoldout,
    FactChange,
    ForecastMove,
    LateChannel,
    LaunchPlan,
    MakePlan,
    Missing,
    MoveMoney,
    NoRelation,
    NoTarget,
    NothingDelivered,
    NothingKnown,
    NothingToDo,
    ReadOut,
    ReadoutChange,
    Reason,
    Signal,
    SignalChange,
    SignalName,
    TooFewFilms,
    Verdict,
)
from fullhouse.view.words.errors import error_words
from fullhouse.view.words.figures import (
    capital,
    count_words,
    counted,
    day_words,
    likely_between,
    money,
    share_words,
    text,
)
from fullhouse.view.words.forecast import DRIVERS, MODELS
from fullhouse.view.words.gaming import gaming_lines

VERDICTS: dict[Verdict, str] = {
    "on": "on target",
    "low": "low, but inside the range",
    "high": "high, but inside the range",
    "above": "above the range",
    "below": "below the range",
    "cannot tell": "cannot tell",
}
SIGNALS = {
    "presales": "presales",
    "want_to_see": "want-to-see marks",
    "search_interest": "search interest",
    "trailer_views": "trailer views",
    "gross": "gross to date",
}
ORIGINS = {"market": "in the market", "house": "in the house"}
STILL = 0.005
"""A forecast that moved by less than this share did not move."""
NO_PLAN = "There is no plan for it yet."
NO_CHANGE = "Nothing that the house knows of it changed since yesterday."


def daily_lines(daily: Daily) -> list[str]:
    """The page in sentences for the command line, which has signals with a verdict as a table.

    The full label of simulated data is not repeated: a workspace shows it once, when it is opened.
    """
    command = action_command(daily)
    return [
        place_words(daily),
        text("Next: {action}", action=action_words(daily.action)),
        *(text("  {detail}", detail=detail) for detail in action_details(daily.action)),
        *([f"  {command}"] if command else []),
        target_words(daily),
        *(signal_line(s) for s in daily.signals if s.verdict == "cannot tell"),
        *delivery_words(daily),
        *forecast_words(daily),
        *(text("Since yesterday: {change}.", change=change_words(c)) for c in daily.changes),
        *([] if daily.changes else [NO_CHANGE]),
        *gaming_lines(daily.gaming),
    ]


def banners(daily: Daily) -> list[str]:
    """What must be read before any figure."""
    return [SIMULATED] if daily.simulated else []


def place_words(daily: Daily, *, title: bool = True) -> str:
    """Which film, where, when it opens, and as of when; without its title below a heading."""
    return text(
        "{film}: opens {opening}; as of the morning of {day}, {left}."
        if daily.left > 0
        else "{film}: opened {opening}; as of the morning of {day}, {left}.",
        film=f"{daily.title}, {daily.territory}" if title else daily.territory,
        opening=day_words(daily.opening), day=day_words(daily.as_of),
        left=left_words(daily.left),
    )  # fmt: skip


def left_words(left: int) -> str:
    """How far a day is from the opening.

    >>> left_words(12), left_words(1), left_words(0), left_words(-3)
    ('12 days before opening', '1 day before opening', 'opening day', '3 days after opening')
    """
    if left == 0:
        return text("opening day")
    days = counted(abs(left), "day")
    return text("{days} before opening" if left > 0 else "{days} after opening", days=days)


def signal_words(name: SignalName) -> str:
    """What a signal is called, and whose it is."""
    return f"{SIGNALS.get(name.kind, name.kind)} {ORIGINS[name.origin]}"


def target_words(daily: Daily) -> str:
    """The gross that is aimed at, and where it comes from."""
    target = daily.target
    if target.amount is None:
        return text(
            "There is no target: give one with --target. {why}",
            why="" if target.why is None else missing_words(target.why),
        ).rstrip()
    basis = {
        "given": text("as given"),
        "score_book": text("the middle of the first forecast in the score book, as of {day}",
                           day=_day(target.as_of)),
        "forecast": text("the middle of the forecast as of {day}, {left} days before the opening",
                         day=_day(target.as_of),
                         left="" if target.as_of is None else
                         f"{(daily.opening - target.as_of).days:,}"),
    }[target.basis]  # fmt: skip
    if target.plan is not None and target.plan_adds is not None:
        basis += text(
            ", and the {adds} that plan {plan} is expected to add",
            adds=money(target.plan_adds, target.currency), plan=target.plan,
        )  # fmt: skip
    elif target.plan is not None:
        basis += text("; plan {plan} has no gross in {currency}",
                      plan=target.plan, currency=target.currency)  # fmt: skip
    return text("Target: {gross} over the run, {basis}.",
                gross=money(target.amount, target.currency), basis=basis)  # fmt: skip


def signal_line(signal: Signal) -> str:
    """A signal against its target, in one sentence."""
    last, name = signal.newest, capital(signal_words(signal.name))
    verdict, reason = VERDICTS[signal.verdict], reason_words(signal.reason)
    if last is None or last.actual is None:
        return text("{signal}: {verdict}; {reason}.", signal=name, verdict=verdict, reason=reason)
    actual = f"{last.actual:,.0f}"
    if last.target is None or signal.verdict == "cannot tell":
        return text("{signal}: {verdict}; {actual} so far, {reason}.",
                    signal=name, verdict=verdict, actual=actual, reason=reason)  # fmt: skip
    return text(
        "{signal}: {verdict}; {actual}, where a film of the target has {low} to {high}, {reason}.",
        signal=name, verdict=verdict, actual=actual, reason=reason,
        low=f"{last.target.low:,.0f}", high=f"{last.target.high:,.0f}",
    )  # fmt: skip


def reason_words(reason: Reason) -> str:
    """What is behind a verdict, or what is missing for one; without a full stop."""
    match reason:
        case AgainstFilms(films, until):
            lag = text("; known up to the morning of {day}", day=_day(until)) if until else ""
            return text("against {films} past films at the same distance", films=f"{films:,}") + lag
        case NothingKnown(since):
            if since is None:
                return text("nothing is known of it yet")
            return text("nothing new is known since {day}", day=_day(since))
        case NoTarget():
            return text("there is no target")
        case NoRelation():
            return text("past films that took more had no more of it")
        case TooFewFilms(films, needed, window):
            return text(
                "too few past films have their total and this signal over all of its {window} days"
                " ({films} of {needed})",
                films=f"{films:,}", needed=f"{needed:,}", window=f"{window:,}",
            )  # fmt: skip


def action_words(action: Action) -> str:
    """The one thing to do next."""
    match action:
        case MakePlan():
            return text("There is no plan: make one and save it.")
        case LaunchPlan(plan, first_week, begun):
            return text(
                "The first week of plan {plan} began on {day} and no campaign carries it out: see"
                " what it could show, then launch it with a holdout."
                if begun
                else "The first week of plan {plan} begins on {day} and no campaign carries it"
                " out: see what it could show, then launch it with a holdout.",
                plan=plan, day=_day(first_week),
            )  # fmt: skip
        case ExposedHoldout(campaign, exposed, held_out):
            return text(
                "{exposed} of {held_out} held-out people were exposed to {campaign}: find the"
                " channel that did not keep to its list, or the effect will look smaller than it"
                " is.",
                exposed=f"{exposed:,}", held_out=f"{held_out:,}", campaign=campaign,
            )  # fmt: skip
        case NothingDelivered(campaign, planned, until):
            return text(
                "No impression of {campaign} has been reported, of {planned} planned up to {day}:"
                " take in the channels' feeds, and if there is none, ask them whether they have"
                " begun.",
                campaign=campaign, planned=f"{planned:,.0f}", day=_day(until),
            )  # fmt: skip
        case ChannelsBehind():
            return _behind_words(action)
        case ChannelsBeyond():
            return _beyond_words(action)
        case MoveMoney():
            return _move_words(action)
        case ReadOut(campaign, due, ready, traits_until):
            if ready:
                return text("A readout of {campaign} is due since {day}: run it.",
                            campaign=campaign, day=_day(due))  # fmt: skip
            return text(
                "A readout of {campaign} is due since {day}, and the house's traits are built as"
                " of {until}: take in later tickets and build them.",
                campaign=campaign, day=_day(due), until=_day(traits_until) or text("no day"),
            )  # fmt: skip
        case NothingToDo():
            return _nothing_words(action)


def action_command(daily: Daily) -> str | None:
    """The command that does the next action, if one does."""
    match daily.action:
        case MakePlan():
            return f"fullhouse plan {daily.film} --budget AMOUNT --save NAME"
        case LaunchPlan(plan):
            return (
                f"fullhouse campaign power {plan} --rate RATE && fullhouse campaign launch {plan}"
                " --name NAME --out FOLDER"
            )
        case ReadOut(campaign, _, ready):
            if ready:
                return f"fullhouse campaign readout {campaign} --as-of {daily.as_of}"
            return f"fullhouse traits build --as-of {daily.as_of}"
        case _:
            return None


def action_details(action: Action) -> list[str]:
    """What the next action is about, channel by channel; nothing where the action says it all."""
    if not isinstance(action, ChannelsBehind):
        return []
    return [_late_words(channel, action.until) for channel in action.channels]


def _behind_words(action: ChannelsBehind) -> str:
    shares = [
        f"{late.channel} ({share_words(late.impressions / late.planned)})"
        for late in action.channels
    ]
    words = (
        text("{channel} is behind its plan. Ask the channel why.", channel=capital(shares[0]))
        if len(shares) == 1
        else text(
            "{count} channels are behind their plan: {channels} and {last}. Ask them why.",
            count=len(shares), channels=", ".join(shares[:-1]), last=shares[-1],
        )
    )  # fmt: skip
    if action.last_impression is not None:
        words += text(" The newest reported impression is of {day}.",
                      day=_day(action.last_impression))  # fmt: skip
    return words


def _late_words(late: LateChannel, until: date) -> str:
    return text(
        "{channel}: {impressions} of {planned} impressions planned up to {day}; most are missing"
        " from “{audience}”, {cities}, week of {week}.",
        channel=capital(late.channel), impressions=f"{late.impressions:,.0f}",
        planned=f"{late.planned:,.0f}", day=_day(until), audience=late.worst_audience,
        cities=late.worst_cities, week=_day(late.worst_week),
    )  # fmt: skip


def _beyond_words(action: ChannelsBeyond) -> str:
    fast = "; ".join(
        text("{channel} is beyond the plan: {impressions} impressions where {planned} were planned",
             channel=c.channel, impressions=f"{c.impressions:,.0f}", planned=f"{c.planned:,.0f}")
        for c in action.channels
    )  # fmt: skip
    one = len(action.channels) == 1
    ask = text("Ask the channel to keep to its lines.") if one else text(
        "Ask the channels to keep to their lines."
    )  # fmt: skip
    return text("{channels}, up to {day}. {ask}",
                channels=capital(fast), day=_day(action.until), ask=ask)  # fmt: skip


def _move_words(action: MoveMoney) -> str:
    words = text(
        "{signals} below the range: money could move to “{audience}”, whose lines to come bring"
        " most, about {tickets} tickets for each 1,000 {currency} as planned.",
        signals=_signals_are(action.signals), audience=action.audience,
        tickets=_about(1000 * action.tickets_per_unit), currency=action.currency,
    )  # fmt: skip
    if action.next_unit is None:
        return words
    return words + text(
        " Over all audiences the next 1,000 {currency} would bring about {tickets}.",
        currency=action.currency, tickets=_about(1000 * action.next_unit),
    )  # fmt: skip


def _nothing_words(action: NothingToDo) -> str:
    look = (
        text("Nothing to do today; the daily page ends today.")
        if action.next_look is None
        else text("Nothing to do today; next look on {day}.", day=_day(action.next_look))
    )
    if not action.below:
        return look
    obstacle = {
        "no_plan": text("there is no plan to move money in"),
        "opened": text("the film has opened"),
        "no_week_left": text("no week of the plan is left to move money in"),
        "": "",
    }[action.obstacle]
    return text("{look} {signals} below the range, and {obstacle}.",
                look=look, signals=_signals_are(action.below), obstacle=obstacle)  # fmt: skip


def change_words(change: Change) -> str:
    """Something new since yesterday, without a full stop."""
    match change:
        case FactChange(name, before, now):
            fact = name.replace("_", " ")
            if before is None:
                return text("{fact} is known: {now}", fact=fact, now=_value(now))
            return text("{fact} is {now}, was {before}",
                        fact=fact, now=_value(now), before=_value(before))  # fmt: skip
        case SignalChange(name, growth, now):
            return text("{signal}: {growth}, now {now}", signal=signal_words(name),
                        growth=f"{growth:+,.0f}", now=f"{now:,.0f}")  # fmt: skip
        case DeliveryChange(day, impressions, planned):
            return text(
                "{impressions} impressions were delivered on {day}, where {planned} were planned",
                impressions=f"{impressions:,.0f}", day=_day(day), planned=f"{planned:,.0f}",
            )  # fmt: skip
        case ReadoutChange(as_of):
            return text("there is a readout as of {day}", day=_day(as_of))
        case ForecastMove():
            return move_words(change)


def move_words(move: ForecastMove) -> str:
    """How the forecast moved and mainly why, without a full stop."""
    if move.factor is None:
        why = "" if move.why is None else missing_words(move.why).rstrip(".")
        return text("no forecast as of {day}: {why}", day=_day(move.as_of), why=why)
    if abs(move.factor - 1) < STILL:
        return text("the forecast did not move")
    share = f"{100 * abs(move.factor - 1):.1f} %"
    words = text("the forecast rose {share}" if move.factor > 1 else "the forecast fell {share}",
                 share=share)  # fmt: skip
    switched = "" if move.horizon is None else text(
        "we switched to {model}", model=MODELS.get(move.horizon, text("another model"))
    )  # fmt: skip
    if move.driver is not None and move.driver_factor is not None:
        words += text(
            ", mainly because of {driver} ({share})",
            driver=DRIVERS.get(move.driver, move.driver),
            share=_signed_share(move.driver_factor - 1),
        )  # fmt: skip
        words += f"; {switched}" if switched else ""
    elif switched:
        words += text(", mainly because {switched}", switched=switched)
    elif move.driver_factor is not None:
        words += text(
            ", mainly because a typical film of this market now takes more ({share})"
            if move.driver_factor > 1
            else ", mainly because a typical film of this market now takes less ({share})",
            share=_signed_share(move.driver_factor - 1),
        )  # fmt: skip
    if move.trained_until is not None:
        words += text("; its models were trained anew, on films up to {day}",
                      day=_day(move.trained_until))  # fmt: skip
    return words


def delivery_words(daily: Daily) -> list[str]:
    """What was planned and delivered, and whether the holdout holds."""
    delivery = daily.delivery
    if delivery is None:
        return [NO_PLAN]
    if delivery.campaign is None:
        if delivery.first_week is None:
            return [text("Plan {plan}; no campaign carries it out yet.", plan=delivery.plan)]
        return [text(
            "Plan {plan}; no campaign carries it out yet; its first week begins on {day}.",
            plan=delivery.plan, day=day_words(delivery.first_week),
        )]  # fmt: skip
    return [*_delivered(delivery), _arms(delivery), readout_words(delivery)]


def _delivered(delivery: Delivery) -> list[str]:
    if not delivery.planned and not delivery.impressions:
        first = delivery.first_week
        return [] if first is None else [text(
            "{campaign} delivers from {day} on.", campaign=delivery.campaign, day=day_words(first)
        )]  # fmt: skip
    share = share_words(delivery.impressions / delivery.planned) if delivery.planned else ""
    return [text(
        "Up to {day}: {impressions} of {planned} planned impressions{share} and {spent} of"
        " {planned_spend}, at the prices of plan {plan}.",
        day=day_words(delivery.until), impressions=f"{delivery.impressions:,.0f}",
        planned=f"{delivery.planned:,.0f}", share=f" ({share})" if share else "",
        spent=money(delivery.spent, delivery.currency),
        planned_spend=money(delivery.planned_spend, delivery.currency), plan=delivery.plan,
    )]  # fmt: skip


def _arms(delivery: Delivery) -> str:
    arms = text("{treated} people are treated and {held_out} held out",
                treated=f"{delivery.treated:,}", held_out=f"{delivery.held_out:,}")  # fmt: skip
    if not delivery.held_out:
        return text("{arms}: what the campaign causes cannot be measured.", arms=arms)
    if delivery.held_out_exposed:
        return text(
            "{arms}, of whom {exposed} ({share}) were exposed all the same.",
            arms=arms, exposed=f"{delivery.held_out_exposed:,}",
            share=share_words(delivery.held_out_exposed / delivery.held_out),
        )  # fmt: skip
    return text("{arms}, none of whom was exposed.", arms=arms)


def readout_words(delivery: Delivery) -> str:
    """Whether there is a readout, and of when."""
    if not delivery.readouts:
        return text("There is no readout yet: what it changed is not known.")
    return text(
        "The newest readout is as of {day}; its result is on the film's report and in 'fullhouse"
        " campaign readout'.",
        day=day_words(delivery.readouts[-1]),
    )


def forecast_words(daily: Daily) -> list[str]:
    """The total as forecast today, and how it moved since a week ago."""
    if not daily.forecasts:
        return []
    now = daily.forecasts[0]
    lines = [text("Forecast as of {day}: {total}.",
                  day=day_words(now.as_of), total=total_words(now, daily.currency))]  # fmt: skip
    if daily.since_last_week is not None and now.total is not None:
        lines.append(text("Since last week: {move}.", move=move_words(daily.since_last_week)))
    return lines


def total_words(forecast: DatedForecast, currency: str) -> str:
    """A total with its range; or why there is none, without a full stop."""
    total = forecast.total
    if total is None:
        why = "" if forecast.why is None else missing_words(forecast.why)
        return text("none. {why}", why=why).rstrip(". ")
    if total.low == total.high:
        return text("it took {gross}", gross=money(total.middle, currency))
    likely = likely_between(total.low, total.high, currency, middle=total.middle)
    return text("{likely}; the middle is {middle}",
                likely=likely, middle=money(total.middle, currency))  # fmt: skip


def missing_words(gap: Missing) -> str:
    """The sentence of what was missing."""
    if gap.message or not gap.code:
        return gap.message
    return error_words(FullhouseError(code=gap.code, **gap.facts))


def _signals_are(names: Sequence[SignalName]) -> str:
    joined = text(" and ").join(signal_words(n) for n in names)
    return text("{signals} are", signals=capital(joined))


def _day(day: date | None) -> str:
    return "" if day is None else day_words(day, short=True)


def _signed_share(share: float) -> str:
    return f"{100 * share:+.1f} %".replace("-", "−")


def _about(number: float) -> str:
    """A number to two digits, written out."""
    to_two = float(f"{number:.2g}")
    return f"{to_two:,.0f}" if to_two >= 10 else f"{to_two:.2g}"


def _value(value: Any) -> str:
    if value is None:
        return text("not known any more")
    if isinstance(value, date):
        return _day(value)
    if isinstance(value, list | tuple):
        return ", ".join(_value(v) for v in value)
    return f"{value:,.10g}" if isinstance(value, int | float) else str(value)


def count(amount: float | None) -> str:
    """A count in a table; a dash where it is not known."""
    return "–" if amount is None else count_words(amount)


def model_words(horizon: str) -> str:
    """Which of the models a forecast is by, for a table."""
    return MODELS.get(horizon, horizon).removeprefix("the ")
