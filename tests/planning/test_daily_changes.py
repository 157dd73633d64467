"""What changed since yesterday: facts, signals, deliveries, and the forecast with its why."""

from datetime import date, timedelta

import pytest

from fullhouse.planning.daily_changes import TYPICAL, changes, drivers_move, move_words
from tests.planning.made_daily import AS_OF, DRIVERS, a_delivery, a_signal, foreseen

DAY = timedelta(days=1)
STILL = (foreseen(), foreseen(1))


def said(signals=(), forecasts=(), delivery=None, before=None, now=None):
    return [c.words for c in changes(signals, forecasts, delivery, before or {}, now or {}, AS_OF)]


def test_facts_that_came_changed_and_went():
    before = {"opening": date(2025, 8, 8), "theaters": 3000, "rating": "PG", "plan": "wide"}
    now = {"opening": date(2025, 8, 15), "theaters": 3200, "plan": "wide", "genres": ["Drama"]}
    assert said(before=before, now=now) == [
        "genres is known: Drama",
        "opening is 15 Aug 2025, was 8 Aug 2025",
        "rating is not known any more, was PG",
        "theaters is 3,200, was 3,000",
    ]


def test_a_signal_that_is_known_of_both_mornings_says_how_it_grew():
    assert said([a_signal()]) == ["presales in the market: +1, now 1,100"]
    assert said([a_signal(until=AS_OF - DAY)]) == []


def test_deliveries_and_readouts():
    found = a_delivery(readouts=(AS_OF - 9 * DAY, AS_OF))
    assert said(delivery=found) == [
        "48 impressions came back of 29 Jul 2025, where 50 were planned",
        "there is a readout as of 30 Jul 2025",
    ]
    assert said(delivery=a_delivery(yesterday=(0.0, 0.0))) == []
    assert said(delivery=a_delivery(yesterday=(50.0, None))) == []


def test_a_forecast_that_stands_still_says_so():
    assert said(forecasts=STILL) == ["the forecast's middle did not move"]


def test_the_move_is_told_with_the_driver_that_moved_most_its_way():
    down = {"signal.": ("signs of interest", 1.0), "budget.": ("the budget", 1.2)}
    now = foreseen(middle=18e6, drivers=down)
    # The budget's factor grew more than that of signs fell, but the middle fell.
    assert drivers_move(now, foreseen(1)) == ("signs of interest", pytest.approx(1 / 1.2))
    assert said(forecasts=(now, foreseen(1))) == [
        "the forecast's middle fell by 10.0 %, most by signs of interest (-16.7 %)"
    ]


def test_the_typical_film_and_a_driver_that_came_count_too():
    now = foreseen(middle=30e6, typical=30e6, drivers={**DRIVERS, "x": ("the cinemas", 1.3)})
    assert drivers_move(now, foreseen(1)) == (TYPICAL, pytest.approx(2.0))
    came = foreseen(middle=30e6, drivers={**DRIVERS, "x": ("the cinemas", 1.3)})
    assert drivers_move(came, foreseen(1)) == ("the cinemas", pytest.approx(1.3))
    assert drivers_move(foreseen(middle=30e6), foreseen(1)) is None


def test_another_stage_and_newly_learned_models_are_named():
    now = foreseen(middle=25e6, horizon="T-7", learned_to=date(2025, 8, 1))
    words = move_words(now, foreseen(1))
    assert "it now stands on what is known at T-7, before at T-28" in words
    assert "its models learned anew, up to 1 Aug 2025" in words


def test_a_forecast_that_could_not_be_made_says_why():
    none = foreseen(1, total=None, why="Too few films.")
    assert move_words(foreseen(), none) == "no forecast as of 29 Jul 2025: Too few films."
    assert drivers_move(foreseen(), none) is None
