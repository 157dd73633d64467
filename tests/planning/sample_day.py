"""A film's day that nobody measured: everything is on target until a test changes it."""

from dataclasses import replace
from datetime import date, timedelta

from fullhouse.planning.daily import (
    ON,
    AgainstFilms,
    Band,
    Daily,
    DailyTarget,
    DatedForecast,
    DayDelivery,
    Delivery,
    FactChange,
    LineSoFar,
    NothingToDo,
    Signal,
    SignalDay,
    SignalName,
)
from fullhouse.planning.plan import Amount

OPENING = date(2025, 8, 15)
AS_OF = OPENING - timedelta(days=16)
WEEK = date(2025, 7, 28)
BAND = Band(1_000.0, 500.0, 2_000.0, 64)
DRIVERS = {"signals": 1.2, "budget": 0.9}


def a_signal(kind="presales", origin="market", verdict=ON, actual=1_100.0, *, until=AS_OF):
    """Known up to a morning, its band as wide on every day."""
    mornings = [OPENING - timedelta(days=n) for n in range(20, -1, -1)]
    days = [
        SignalDay(d, (OPENING - d).days, actual - (until - d).days if d <= until else None, BAND)
        for d in mornings
    ]
    return Signal(SignalName(kind, origin), tuple(days), verdict, AgainstFilms(64))


def a_line(name, *, audience="Dog owners", channel="push", week=WEEK, planned=100.0,
           impressions=100.0, spend=10.0, tickets=1.0):  # fmt: skip
    spent = None if impressions is None else impressions * spend / 350.0
    return LineSoFar(name, audience, channel, "5 largest cities", week, spend, tickets, planned,
                     planned * spend / 350.0, impressions, spent)  # fmt: skip


def a_delivery(*lines, **changes):
    delivery = Delivery(
        "bramble@1", "bramble-august", "USD", AS_OF - timedelta(days=1),
        lines or (a_line("one"), a_line("two", channel="email")), DayDelivery(50.0, 48.0),
        700, 300, 0, AS_OF - timedelta(days=1), (), 0.02,
    )  # fmt: skip
    return replace(delivery, **changes)


def a_forecast(days_ago=0, middle=20e6, **changes):
    forecast = DatedForecast(
        AS_OF - timedelta(days=days_ago), Amount(middle, 0.6 * middle, 1.7 * middle), None, 15e6,
        DRIVERS, "T-28", date(2025, 7, 1),
    )  # fmt: skip
    return replace(forecast, **changes)


def a_day(**changes):
    page = Daily(
        film="a-season-for-bramble-2025",
        title="A Season for Bramble",
        territory="ZZ",
        currency="USD",
        as_of=AS_OF,
        opening=OPENING,
        target=DailyTarget(21e6, "USD"),
        signals=(a_signal(), a_signal("want_to_see", "house")),
        delivery=a_delivery(),
        forecasts=(a_forecast(), a_forecast(1), a_forecast(7)),
        changes=(FactChange("rating", None, "PG"),),
        action=NothingToDo(date(2025, 7, 31)),
        house_until=AS_OF,
        data={"film_signal": 3},
    )
    return replace(page, **changes)
