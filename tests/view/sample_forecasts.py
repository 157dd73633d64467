"""Forecasts that no model made: four films, with numbers as they are in life."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
from scipy.stats import norm

from fullhouse.forecast import (
    DAY_PROBABILITIES,
    PROBABILITIES,
    Comp,
    DayRange,
    Driver,
    Forecast,
    KnownFact,
    ModelFacts,
    Range,
    Shared,
    Step,
)
from fullhouse.forecast.forecast import FactsMissing, PlanAssumed, RangesOf

OPENING = date(2025, 3, 14)
WEEK = np.array([1.0, 1.25, 0.85, 0.28, 0.33, 0.26, 0.3])
"""Friday to Thursday."""


def spread(quantity, median, sigma):
    return Range(quantity, tuple(median * np.exp(sigma * norm.ppf(PROBABILITIES))))


def pace(days, hold=0.58):
    """The share of the run that each day takes."""
    day = np.arange(days)
    taken = WEEK[day % 7] * hold ** (day / 7)
    return taken / taken.sum()


def day_ranges(first, *, total, sigma, share, start=0.0):
    """Of the days from `first`, that share out what is to come by `share`."""
    z = norm.ppf(DAY_PROBABILITIES)
    to_come = total - start
    ranges = []
    for k, (part, gone) in enumerate(zip(share, np.cumsum(share), strict=True)):
        wide = sigma * (1 + 0.004 * k)
        ranges.append(
            DayRange(
                first + timedelta(k),
                tuple(to_come * part * np.exp(wide * z)),
                tuple(start + to_come * gone * np.exp(sigma * z)),
            )
        )
    return tuple(ranges)


COMPS = (
    Comp(
        "otter-lake-2021",
        "Otter Lake",
        date(2021, 4, 2),
        16.4e6,
        58.1e6,
        0.71,
        (Shared("genres", ("Animation",)), Shared("distributor", "Hazel"), Shared("month", 4)),
    ),
    Comp(
        "the-paper-kites-2018",
        "The Paper Kites",
        date(2018, 3, 16),
        21.7e6,
        74.9e6,
        0.66,
        (Shared("genres", ("Family",)), Shared("cinemas", 3650)),
    ),
    Comp(
        "biscuit-and-bone-2019",
        "Biscuit & Bone",
        date(2019, 8, 16),
        12.9e6,
        41.6e6,
        0.58,
        (Shared("budget"), Shared("month", 8)),
    ),
    Comp(
        "moss-2016",
        "Moss",
        date(2016, 2, 12),
        9.3e6,
        27.3e6,
        0.51,
        (Shared("genres", ("Family",)),),
    ),
    Comp(
        "a-whale-for-tuesday-2022",
        "A Whale for Tuesday",
        date(2022, 3, 18),
        24.6e6,
        96.2e6,
        0.49,
        (Shared("genres", ("Animation",)), Shared("month", 3)),
    ),
)

BEFORE = Forecast(
    film="the-lantern-harbour-2025",
    title="The Lantern Harbour",
    territory="US",
    currency="USD",
    as_of=OPENING - timedelta(28),
    opening=OPENING,
    horizon="T-28",
    ranges={
        "opening_day": spread("opening_day", 5.1e6, 0.42),
        "opening_weekend": spread("opening_weekend", 18.0e6, 0.38),
        "total": spread("total", 60.0e6, 0.44),
    },
    known={},
    to_date=0.0,
    days=day_ranges(OPENING, total=60.0e6, sigma=0.44, share=pace(90)),
    comps=COMPS,
    drivers=(
        Driver("theaters", 2.9, 3640),
        Driver("story", 1.18, ("Animation", "Family")),
        Driver("budget", 1.32, (70_000_000, "USD")),
        Driver("distributor", 0.84, "Hazel"),
        Driver("season", 1.12, "2025-03-14"),
        Driver("slate", 0.88),
        Driver("signals", 60 / (12.5 * 2.9 * 1.18 * 1.32 * 0.84 * 1.12 * 0.88)),
    ),
    typical=12.5e6,
    steps=(
        Step("T-28", OPENING - timedelta(28), 3.09, True),
        Step("T-7", OPENING - timedelta(7), 2.5, False),
        Step("T-1", OPENING - timedelta(1), 2.2, False),
        Step("first day", OPENING + timedelta(1), 1.7, False),
        Step("first weekend", OPENING + timedelta(3), 1.38, False),
    ),
    facts={
        "title": KnownFact("The Lantern Harbour", "user", date(2024, 11, 2)),
        "plan": KnownFact("wide", "box-office-us", date(2025, 1, 10)),
        "theaters": KnownFact(3640, "box-office-us", date(2025, 2, 10)),
        "budget": KnownFact([70_000_000, "USD"], "tmdb", date(2024, 12, 1)),
        "genres": KnownFact(["Animation", "Family"]),
        "opening": KnownFact(OPENING.isoformat()),
    },
    groups={"size": "middle", "genre": "Family", "franchise": "no", "plan": "wide"},
    notes=(FactsMissing(("talent", "keywords")),),
    model=ModelFacts(
        fingerprint="9f31c04ab2",
        learned_to=date(2025, 1, 31),
        films=2318,
        stage="calendar",
        plan="wide",
        version="2025.02",
    ),
    data={"films": 41, "grosses": 388, "signals": 97},
)

LATER = 4.9e6, 17.6e6
AFTER = replace(
    BEFORE,
    as_of=OPENING + timedelta(3),
    horizon="first weekend",
    ranges={"total": spread("total", 57.4e6, 0.125)},
    known={"opening_day": LATER[0], "opening_weekend": LATER[1]},
    to_date=LATER[1],
    days=day_ranges(
        OPENING + timedelta(3),
        total=57.4e6,
        sigma=0.18,
        share=pace(90)[3:] / pace(90)[3:].sum(),
        start=LATER[1],
    ),
    drivers=(*BEFORE.drivers, Driver("opening", 57.4 / 60)),
    steps=tuple(replace(s, done=True) for s in BEFORE.steps),
    notes=(),
    data={"films": 44, "grosses": 402, "signals": 101},
)


def on_the_way(days, horizon, total, sigma):
    """The first film's forecast on another day before it opened."""
    return replace(
        BEFORE,
        as_of=OPENING - timedelta(days),
        horizon=horizon,
        ranges={
            "opening_day": spread("opening_day", total * 0.085, sigma * 0.95),
            "opening_weekend": spread("opening_weekend", total * 0.3, sigma * 0.86),
            "total": spread("total", total, sigma),
        },
        days=day_ranges(OPENING, total=total, sigma=sigma, share=pace(90)),
    )


FIRST_DAY = replace(
    on_the_way(-1, "first day", 56.2e6, 0.21),
    known={"opening_day": LATER[0]},
    ranges={
        "opening_weekend": spread("opening_weekend", 17.1e6, 0.09),
        "total": spread("total", 56.2e6, 0.21),
    },
    to_date=LATER[0],
    days=day_ranges(
        OPENING + timedelta(1),
        total=56.2e6,
        sigma=0.24,
        share=pace(90)[1:] / pace(90)[1:].sum(),
        start=LATER[0],
    ),
)
ROAD = (
    BEFORE,
    on_the_way(7, "T-7", 66e6, 0.36),
    on_the_way(1, "T-1", 61e6, 0.31),
    FIRST_DAY,
    AFTER,
)
"""One film as it came nearer."""
ACTUAL = {"opening_day": LATER[0], "opening_weekend": LATER[1], "total": 62.7e6}
ACTUAL_DAYS = tuple(
    (OPENING + timedelta(k), float(62.7e6 * part * (1 + 0.06 * np.sin(2.3 * k))))
    for k, part in enumerate(pace(90, 0.6))
)

LIMITED = replace(
    BEFORE,
    film="letters-from-the-salt-road-2025",
    title="Letters from the Salt Road",
    as_of=date(2025, 5, 15),
    opening=date(2025, 5, 16),
    horizon="T-1",
    ranges={
        "opening_day": spread("opening_day", 14_200, 0.8),
        "opening_weekend": spread("opening_weekend", 46_000, 0.8),
        "total": spread("total", 410_000, 1.35),
    },
    days=day_ranges(date(2025, 5, 16), total=410_000, sigma=1.35, share=pace(60, 0.85)),
    comps=COMPS[3:4],
    drivers=(
        Driver("theaters", 0.021, 4),
        Driver("story", 410_000 / (12.5e6 * 0.021), ("Drama",)),
    ),
    steps=BEFORE.steps[:1],
    facts={"theaters": KnownFact(4), "plan": KnownFact("limited")},
    what_if={"theaters": 40, "opening": "2025-05-16"},
    notes=(RangesOf("T-7"), PlanAssumed("limited")),
    simulated=True,
)

TOTAL_ONLY = Forecast(
    film="wind-over-the-terraces-2025",
    title="风过梯田",
    territory="CN",
    currency="CNY",
    as_of=date(2025, 9, 1),
    opening=date(2025, 10, 1),
    horizon="T-30",
    ranges={"total": spread("total", 1.32e9, 0.7)},
    known={},
    to_date=0.0,
    days=(),
    comps=(),
    drivers=(),
    typical=85e6,
    steps=(),
    facts={},
    groups={},
)

ALL = {"before": BEFORE, "after": AFTER, "limited": LIMITED, "total only": TOTAL_ONLY}
