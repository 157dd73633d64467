"""What is known on a day that was not known the day before."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from math import exp, log
from typing import Any

from fullhouse.planning.daily import Change, Delivery, Foreseen, Signal
from fullhouse.planning.daily_terms import day, signal_words

STILL = 0.005
"""A forecast that moved by less than this share did not move."""
TYPICAL = "the market's typical film"


def changes(
    signals: Sequence[Signal],
    forecasts: Sequence[Foreseen],
    delivery: Delivery | None,
    before: Mapping[str, Any],
    now: Mapping[str, Any],
    as_of: date,
) -> tuple[Change, ...]:
    """Everything that came since yesterday: facts, signals, deliveries, the forecast's move.

    `before` and `now` are the film's facts as known yesterday and today.
    """
    found = [*_facts(before, now), *(c for s in signals for c in _signal(s, as_of))]
    if delivery is not None:
        found += _delivery(delivery, as_of)
    if len(forecasts) > 1:
        found += _forecast(forecasts[0], forecasts[1])
    return tuple(found)


def drivers_move(now: Foreseen, before: Foreseen) -> tuple[str, float] | None:
    """Of the drivers that moved the way the middle did, the one that moved most, and by how much.

    What the typical film takes counts as one. None where no driver went that way.
    """
    if now.total is None or before.total is None:
        return None
    way = 1 if now.total.middle > before.total.middle else -1
    moved = {}
    for name in {*now.drivers, *before.drivers}:
        words = (now.drivers.get(name) or before.drivers[name])[0]
        ends = [f.drivers[name][1] if name in f.drivers else 1.0 for f in (now, before)]
        moved[words] = log(ends[0] / ends[1])
    if now.typical and before.typical:
        moved[TYPICAL] = log(now.typical / before.typical)
    along = {w: change for w, change in moved.items() if way * change > 0}
    most = min(along, key=lambda w: (-abs(along[w]), w), default=None)
    return None if most is None else (most, exp(along[most]))


def move_words(now: Foreseen, before: Foreseen) -> str:
    """How far the middle of the total moved between two forecasts, and what moved it most."""
    if now.total is None or before.total is None:
        missing = now if now.total is None else before
        return f"no forecast as of {day(missing.as_of)}: {missing.why}"
    factor = now.total.middle / before.total.middle if before.total.middle > 0 else 1.0
    if abs(factor - 1) < STILL:
        return "the forecast's middle did not move"
    moved = f"the forecast's middle {'rose' if factor > 1 else 'fell'} by {_percent(factor)}"
    why = drivers_move(now, before)
    if why is not None:
        moved += f", most by {why[0]} ({_percent(why[1], signed=True)})"
    if now.horizon != before.horizon:
        moved += f"; it now stands on what is known at {now.horizon}, before at {before.horizon}"
    if now.learned_to != before.learned_to and now.learned_to is not None:
        moved += f"; its models learned anew, up to {day(now.learned_to)}"
    return moved


def _facts(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[Change]:
    found = []
    for name in sorted({*before, *now}):
        was, here = before.get(name), now.get(name)
        if was == here:
            continue
        words = name.replace("_", " ")
        if was is None:
            found.append(Change("fact", f"{words} is known: {_value(here)}"))
        else:
            found.append(Change("fact", f"{words} is {_value(here)}, was {_value(was)}"))
    return found


def _signal(signal: Signal, as_of: date) -> list[Change]:
    """What it grew by since yesterday morning, where it is known of both."""
    known = {d.day: d.actual for d in signal.days}
    now, before = known.get(as_of), known.get(as_of - timedelta(days=1))
    if now is None or before is None or now == before:
        return []
    return [Change("signal", f"{signal_words(signal)}: {now - before:+,.0f}, now {now:,.0f}")]


def _delivery(delivery: Delivery, as_of: date) -> list[Change]:
    planned, came = delivery.yesterday
    found = []
    if came is not None and (came or planned):
        found.append(
            Change(
                "delivery",
                f"{came:,.0f} impressions came back of {day(delivery.until)}, where"
                f" {planned:,.0f} were planned",
            )
        )
    read = [r for r in delivery.readouts if as_of - timedelta(days=1) <= r]
    return found + [Change("readout", f"there is a readout as of {day(r)}") for r in read]


def _forecast(now: Foreseen, before: Foreseen) -> list[Change]:
    return [Change("forecast", move_words(now, before))]


def _percent(factor: float, *, signed: bool = False) -> str:
    share = 100 * (factor - 1)
    return f"{share:+.1f} %" if signed else f"{abs(share):.1f} %"


def _value(value: Any) -> str:
    if value is None:
        return "not known any more"
    if isinstance(value, date):
        return day(value)
    if isinstance(value, list | tuple):
        return ", ".join(_value(v) for v in value)
    return f"{value:,.10g}" if isinstance(value, int | float) else str(value)
