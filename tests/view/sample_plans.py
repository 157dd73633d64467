"""Plans, readouts and packs that nobody computed: with numbers as they are in life."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import numpy as np

from fullhouse.exhibit.pack import (
    CinemaBasis,
    Daypart,
    DaypartBasis,
    Exhibit,
    ExpectedWeek,
    MarketBasis,
    NearbyAudience,
    OtherDayparts,
    PlayedFilm,
    RangeBasis,
    Source,
    StillRunning,
)
from fullhouse.exhibit.places import at_least, parts_at_least, suggest_showings
from fullhouse.measurement.campaign_readout import campaign_readout_of
from fullhouse.measurement.experiment import ArmEffect, Experiment, Readout
from fullhouse.planning.plan import (
    Amount,
    BestWithin,
    BeyondMeasured,
    BridgeStep,
    BudgetPoint,
    Plan,
    PlanLine,
    SpentForMinimum,
    Unreachable,
)
from fullhouse.stats.figures import AlwaysValid, Check, Estimate, Interval

AS_OF, OPENING = date(2025, 1, 10), date(2025, 3, 14)
PRICE, BUDGET = 11.4, 3_000_000.0
AUDIENCES = {
    "Owners of older dogs": ("buys:senior-dog-food@180d >= 2", "basket", 0.30, False),
    "People who give to animal shelters": ("gives:shelters@365d", "basket", 0.22, False),
    "Fans of family drama": ("watched:family-drama@365d >= 3", "genre", 0.28, True),
    "Readers of memoirs, and others with a very long name that no chart has room for": (
        "buys:memoirs@365d", "basket", 0.2, False,
    ),
}  # fmt: skip
CHANNELS = {"push": 0.04, "email": 0.05, "pre-roll": 0.022, "social": 0.03}
"""What an impression costs."""
CITIES = {"5 largest": ("Avon", "Brook", "Cairn", "Dale", "Esk"), "all others": ("Ford", "Glen")}
WEEKS = tuple(date(2025, 2, 3) + timedelta(weeks=k) for k in range(6))


def around(middle, spread):
    return Amount(middle, middle / spread, middle * spread)


def times(amount, factor):
    return Amount(amount.middle * factor, amount.low * factor, amount.high * factor)


def made_lines(seed=1):
    g = np.random.default_rng(seed)
    lines = []
    for (name, (rule, kind, share, tested)), channel, city, week in product(
        AUDIENCES.items(), CHANNELS, CITIES, WEEKS
    ):
        if g.random() < 0.45:
            continue
        spend = float(round(share * g.gamma(1.2, 1.0) * 92_000, 2))
        impressions = spend / CHANNELS[channel]
        people = float(g.integers(200_000, 900_000))
        reach = people * 0.6 * (1 - np.exp(-impressions / people / 0.6))
        tickets = around(spend / 34 * (1.0 if tested else 1.6), 1.4 if tested else 2.6)
        lines.append(
            PlanLine(f"line-{len(lines) + 1}", name, rule, kind, channel, city, week, spend,
                 impressions, people, reach, impressions / reach, tickets,
                 times(tickets, PRICE), tested)
        )  # fmt: skip
    return tuple(lines)


def made_plan():
    lines = made_lines()
    base = Amount(61_000_000.0, 42_300_000.0, 95_700_000.0)
    steps, sofar = [], 0.0
    for name in AUDIENCES:
        own = [x for x in lines if x.audience == name]
        middle = sum(x.gross.middle for x in own)
        added = Amount(middle, middle * (0.72 if own[0].tested else 0.15), middle * 1.9)
        sofar += middle
        steps.append(
            BridgeStep(name, added, Amount(base.middle + sofar, base.low + 0.8 * sofar,
                                     base.high + 1.2 * sofar))
        )  # fmt: skip
    spend = sum(x.spend for x in lines)
    frequency = sum(x.impressions for x in lines) / 18_300_000
    tickets = Amount(sofar / PRICE, 0.55 * sofar / PRICE, 1.5 * sofar / PRICE)
    full = tickets.middle / (1 - np.exp(-spend / 2.2e6))
    curve = tuple(
        BudgetPoint(
            float(b),
            times(tickets, float(full / tickets.middle * (1 - np.exp(-b / 2.2e6)))),
            float(full / 2.2e6 * np.exp(-b / 2.2e6)),
        )
        for b in np.linspace(0.25, 2.0, 8) * BUDGET
    )
    return Plan(
        "harbour-1", "harbour-lights", "Harbour Lights", "US", AS_OF, OPENING, BUDGET, "USD",
        PRICE, "neutral", lines, spend, 26_400_000.0, 18_300_000.0, frequency, tickets,
        times(tickets, PRICE), base, tuple(steps), curve,
        (Unreachable("Owners of older dogs", 96_000.0, 31_200.0, 2_140.0),
         Unreachable("Fans of family drama", 140_000.0, 4_100.0, 310.0)),
        0.2, {rule: name for name, (rule, *_) in AUDIENCES.items()}, CITIES,
        (BeyondMeasured("push", 9.4, 6.0), SpentForMinimum("city", "Avon", 90.0, 0.6),
         BestWithin(0.0)),
        {"explore": 0.1, "city_minimum": {"5 largest": 100_000.0}},
    )  # fmt: skip


PLAN = made_plan()
SIMULATED_PLAN = replace(PLAN, simulated=True, notes=())
BARE_PLAN = replace(
    PLAN, lines=(), spend=0.0, people=0.0, reach=0.0, frequency=0.0,
    tickets=Amount(0.0, 0.0, 0.0), gross=Amount(0.0, 0.0, 0.0), base=None, bridge=(), curve=(),
    unreachable=(), holdout=0.0, audiences={}, cities={}, notes=(),
)  # fmt: skip
POWER = [
    ("the whole plan", 0.0021, "tickets a person"),
    *((name, 0.0043 + 0.002 * k, "tickets a person") for k, name in enumerate(AUDIENCES)),
]


def effect(value, se, *, arm="treated", outcome="tickets", people=80_000, p=0.5, **changes):
    """An effect as a readout has it: fixed interval at 95 %, an always-valid one half wider."""
    estimate = Estimate(value, se, value - 1.96 * se, value + 1.96 * se, p, 9e4, 0.95)
    always = AlwaysValid(value, value - 3 * se, value + 3 * se, min(1.0, 3 * p), 0.6, 0.95)
    fields = {
        "arm": arm, "control": "held out", "outcome": outcome, "yes_or_no": False,
        "people": people, "control_people": people // 4, "mean": 0.03 + value,
        "control_mean": 0.03, "effect": estimate, "method": "Welch",
        "total": Interval(people * value, people * estimate.low, people * estimate.high),
        "holm_p": p, "always_valid": always,
        "cost_each": Interval(31.0, 22.0, float("inf")),
    }  # fmt: skip
    return ArmEffect(**(fields | changes))


def readout(effects, **changes):
    fields = {
        "experiment": Experiment("arm", "held out", ("tickets",)),
        "people": {"treated": 80_000, "held out": 20_000},
        "checks": (Check("sample ratio", 0.43),),
        "effects": tuple(effects),
        "not_checked": ("balance of covariates",),
    }
    return Readout(**(fields | changes))


WHOLE = readout([effect(0.0061, 0.0012, p=0.0000004)])
PARTS = {
    "audience": {
        name: readout([effect(v, s, people=n, p=p)])
        for name, (v, s, n, p) in zip(
            AUDIENCES,
            [(0.0094, 0.002, 30_000, 2e-6), (0.0051, 0.0028, 18_000, 0.07),
             (-0.0012, 0.0035, 9_000, 0.73), (0.021, 0.03, 900, 0.5)],
            strict=True,
        )
    },
    "channel": {
        "push": readout([effect(0.0079, 0.0017, people=41_000, p=4e-6)]),
        "pre-roll": readout([effect(0.0031, 0.0021, people=33_000, p=0.14)]),
    },
}  # fmt: skip
SHOWN = campaign_readout_of("harbour-1", date(2025, 3, 28), WHOLE, parts=PARTS)
EXPECTED = {"weekday matinee": 310.0, "weekday evening": 1_240.0, "weekend matinee": 1_020.0,
            "weekend evening": 2_230.0, "late": 23.0}  # fmt: skip
EXPECTED_PARTS = parts_at_least(EXPECTED, 50)
SHOWINGS = suggest_showings(EXPECTED, seats=180, goal=0.35)
EXHIBIT = Exhibit(
    film="harbour-lights", title="Harbour Lights", territory="US", place="Avon", as_of=AS_OF,
    opening=OPENING, minimum=50, seats=180, goal=0.35,
    audiences=(
        NearbyAudience("Owners of older dogs", "buys:senior-dog-food@180d >= 2", 9_412, 310.0),
        NearbyAudience("Fans of family drama", "watched:family-drama@365d >= 3", 14_230, 812.0),
        NearbyAudience("People who give to animal shelters", "gives:shelters@365d", 61, None),
        NearbyAudience("Keepers of ferrets", "buys:ferrets@365d", None, None),
    ),
    weeks=(
        *(ExpectedWeek(OPENING + timedelta(weeks=k), around(4_821 * 0.52**k, 1.5))
          for k in range(6)),
        ExpectedWeek(OPENING + timedelta(weeks=6), None),
    ),
    films=(
        PlayedFilm("The Long Leash", date(2023, 3, 10), 3_920, 11_340, 84),
        PlayedFilm("Winter Kennel", date(2022, 11, 4), at_least(43, 50), 96, None),
    ),
    dayparts=tuple(
        Daypart(name, count, None if count is None else SHOWINGS[name])
        for name, count in EXPECTED_PARTS.items()
    ),
    other_dayparts=OtherDayparts(
        4_821.0 - sum(count or 0.0 for count in EXPECTED_PARTS.values()),
        sum(SHOWINGS[name] for name, count in EXPECTED_PARTS.items() if count is None),
    ),
    source=Source(12, date(2025, 1, 9), AS_OF),
    basis=(
        MarketBasis(11.5, "USD", 0.031, 0.042),
        CinemaBasis("avon-1", "Avon", 0.41, "comparable"),
        RangeBasis(),
        DaypartBasis("comparable", "Avon", ("America/New_York",)),
        StillRunning(("The Long Leash",), AS_OF),
    ),
)  # fmt: skip
