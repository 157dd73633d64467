"""What is known on a day that was not known the day before."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from math import exp, log
from typing import Any

from fullhouse.planning.daily import (
    Change,
    DatedForecast,
    Delivery,
    DeliveryChange,
    FactChange,
    ForecastMove,
    ReadoutChange,
    Signal,
    SignalChange,
)

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
