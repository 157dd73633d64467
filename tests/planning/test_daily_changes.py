"""What changed since yesterday: facts, signals, deliveries, and the forecast with its why."""

from datetime import date, timedelta

import pytest

from fullhouse.planning.daily import (
    DayDelivery,
    DeliveryChange,
    FactChange,
    ForecastMove,
    Missing,
    ReadoutChange,
    SignalChange,
    SignalName,
)
from fullhouse.planning.daily_changes import TYPICAL, changes, drivers_move, forecast_move
from tests.planning.made_daily import AS_OF, DRIVERS, a_delivery, a_forecast, a_signal

DAY = timedelta(days=1)


def news(signals=(), forecasts=(), delivery=None, before=None, now=None):
    return list(changes(signals, forecasts, delivery, before or {}, now or {}, AS_OF))


def test_facts_that_are_new_others_or_gone():
    before = {"opening": date(2025, 8, 8), "theaters": 3000, "rating": "PG", "plan": "wide"}
    now = {"opening": date(2025, 8, 15), "theaters": 3200, "plan": "wide", "genres": ["Drama"]}
    assert news(before=before, now=now) == [
        FactChange("genres", None, ["Drama"]),
        FactChange("opening", date(2025, 8, 8), date(2025, 8, 15)),
        FactChange("rating", "PG", None),
        FactChange("theaters", 3000, 3200),
    ]


def test_a_signal_that_is_known_of_both_mornings_has_its_growth():
    assert news([a_signal()]) == [SignalChange(SignalName("presales", "market"), 1.0, 1_100.0)]
    assert news([a_signal(until=AS_OF - DAY)]) == []


def test_deliveries_and_readouts():
    delivery = a_delivery(readouts=(AS_OF - 9 * DAY, AS_OF))
    assert news(delivery=delivery) == [
        DeliveryChange(AS_OF - DAY, 48.0, 50.0),
        ReadoutChange(AS_OF),
    ]
    assert news(delivery=a_delivery(yesterday=DayDelivery(0.0, 0.0))) == []
    assert news(delivery=a_delivery(yesterday=DayDelivery(50.0, None))) == []


def test_the_move_of_a_forecast_has_the_driver_that_moved_most_the_same_direction():
    now = a_forecast(middle=18e6, drivers={"signals": 1.0, "budget": 1.2})
    # The budget's factor grew more than that of signals fell, but the middle fell.
    assert drivers_move(now, a_forecast(1)) == ("signals", pytest.approx(1 / 1.2))
    (move,) = news(forecasts=(now, a_forecast(1)))
    assert (move.factor, move.driver) == (pytest.approx(0.9), "signals")
    assert (move.horizon, move.trained_until) == (None, None)


def test_the_typical_film_and_a_new_driver_count_too():
    now = a_forecast(middle=30e6, typical=30e6, drivers={**DRIVERS, "theaters": 1.3})
    assert drivers_move(now, a_forecast(1)) == (TYPICAL, pytest.approx(2.0))
    assert forecast_move(now, a_forecast(1)).driver is None
    assert forecast_move(now, a_forecast(1)).driver_factor == pytest.approx(2.0)
    new = a_forecast(middle=30e6, drivers={**DRIVERS, "theaters": 1.3})
    assert drivers_move(new, a_forecast(1)) == ("theaters", pytest.approx(1.3))
    assert drivers_move(a_forecast(middle=30e6), a_forecast(1)) is None


def test_another_stage_and_newly_trained_models_are_part_of_it():
    now = a_forecast(middle=25e6, horizon="T-7", trained_until=date(2025, 8, 1))
    move = forecast_move(now, a_forecast(1))
    assert (move.horizon, move.horizon_before) == ("T-7", "T-28")
    assert move.trained_until == date(2025, 8, 1)


def test_a_forecast_that_could_not_be_made_has_its_reason():
    why = Missing("Too few films.")
    none = a_forecast(1, total=None, why=why)
    assert forecast_move(a_forecast(), none) == ForecastMove(None, AS_OF - DAY, why)
    assert drivers_move(a_forecast(), none) is None
