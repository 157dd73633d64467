"""What `fullhouse headroom` says of made-up houses where it is known who has heard of the film.

python -m benchmarks.headroom [--seeds N] [--people N] [--market N]

Three audiences of one size, which differ in awareness and in how much they want the film. The more
active are shown more and want more of all films; with selection, so are the keen. With --market
N, N simulated markets of each scenario of the case follow, of 65,536 people each.
"""

import argparse
from dataclasses import dataclass
from datetime import date

import numpy as np

from benchmarks.measure import machine, table
from fullhouse.core.arrays import Flags, Floats
from fullhouse.headroom.estimate import Audience, compare, headroom_of, ranked
from fullhouse.headroom.headroom import AudienceHeadroom, ExposureKind, NothingShown
from fullhouse.headroom.signals import Signals
from fullhouse_sim.film import Film, has_heard, saw_trailer
from fullhouse_sim.films import scenario
from fullhouse_sim.going import sold_visits, wanting
from fullhouse_sim.market import CHUNK, Market
from fullhouse_sim.population import people
from fullhouse_sim.season import season

AUDIENCES = 3
SINCE = NothingShown(date(2026, 1, 1))
HOUSES = {
    "the case": ((0.8, 0.1, 0.3), 0.06),
    "null 1: all have heard": ((1.0, 1.0, 1.0), 0.06),
    "null 2: few have heard, and few would come": ((0.1, 0.1, 0.1), 0.002),
}
"""Awareness of the audiences among those not shown the film, and the rate of wanting it."""


@dataclass(frozen=True)
class Made:
    """People in three audiences of one size; `aware` is the true share of each, now."""

    signals: Signals
    members: tuple[Flags, ...]
    aware: Floats


def made(
    seed: int,
    aware: tuple[float, float, float],
    *,
    people: int = 12_000,
    wants: float = 0.06,
    selection: float = 0.0,
    shown: float = 0.2,
) -> Made:
    """A house. `selection` is how much more the keen, activity aside, are shown the film: the log
    of a ratio of odds by standard deviation of keenness, which moves all films alike.
    """
    g = np.random.default_rng(seed)
    of = np.arange(people) % AUDIENCES
    stratum = g.integers(0, 6, people)
    activity = 2.0 ** (stratum - 3)
    keen = np.exp(0.5 * g.normal(size=people))
    odds = shown / (1 - shown) * activity**0.5 * keen ** (2 * selection)
    seen = g.random(people) < odds / (1 + odds)
    heard = seen | (g.random(people) < np.array(aware)[of])
    rate = wants * activity**0.5 * keen * np.array([1.0, 0.6, 1.5])[of]
    wanted = heard & (g.random(people) < 1 - np.exp(-rate))
    before = wanted & ~seen & (g.random(people) < 0.1)
    others = g.random(people) < 1 - np.exp(-0.2 * activity**0.5 * keen)
    none = np.zeros(people, bool)
    signals = Signals(
        np.arange(people),
        {"impression": seen, "trailer_view": none},
        seen,
        before,
        wanted & ~before,
        others,
        stratum,
    )
    members = tuple(of == a for a in range(AUDIENCES))
    return Made(signals, members, np.array([heard[m].mean() for m in members]))


def headrooms(house: Made, tickets: float | None = 100.0) -> list[AudienceHeadroom]:
    """The headroom of each audience of a house, in order."""
    comparison = compare(house.signals, SINCE)
    return [
        headroom_of(
            house.signals,
            Audience(f"a{k}", f"own:a{k}", k == 0, members, tickets),
            comparison,
            audiences=len(house.members),
            price=0.01,
        )
        for k, members in enumerate(house.members)
    ]


def simulated(market: Market) -> tuple[Signals, Film, list[tuple[str, Flags]], Flags]:
    """The signals of a simulated market's people on its film, groups of them, and who has heard.

    As a house sees them that knows everybody: a trailer by the landmark, four weeks before the
    last day; marks and tickets. Activity is visits and marks before the landmark.
    """
    played = season(market)
    film = next(f for f in played.films if f.id == scenario(market).film)
    landmark = market.days - 29
    parts = []
    for chunk in range(market.chunks):
        crowd = people(market, chunk)
        visits, marks = sold_visits(market, played, crowd), wanting(market, played, crowd)
        who = np.concatenate([visits.buyer, marks.person])
        day = np.concatenate([visits.day, marks.day])
        own = np.concatenate([visits.film, marks.film]) == film.number
        late = day > landmark
        wanted = [
            np.bincount(who[rows], minlength=len(crowd)) > 0
            for rows in (own & ~late, own & late, ~own & late)
        ]
        early = np.bincount(who[~own & ~late], minlength=len(crowd))
        stratum = np.ceil(np.log2(1.0 + early)).astype(np.int64)
        groups = {
            "dog": crowd.has("dog"),
            "young woman": crowd.female & (crowd.age >= 18) & (crowd.age < 35),
            "core moviegoers": np.log(crowd.activity) > 1,
        }
        parts.append((saw_trailer(film, crowd), *wanted, stratum, has_heard(film, crowd), groups))
    shown, before, after, others, stratum, heard = (
        np.concatenate([p[k] for p in parts]) for k in range(6)
    )
    named = [(name, np.concatenate([p[6][name] for p in parts])) for name in parts[0][6]]
    none = np.zeros(len(shown), bool)
    by: dict[ExposureKind, Flags] = {"impression": none, "trailer_view": shown}
    persons = np.arange(len(shown))
    return Signals(persons, by, shown, before, after, others, stratum), film, named, heard


def markets(seeds: int, count: int) -> list[tuple[str, ...]]:
    """Rows of what is said of simulated markets, by scenario."""
    rows = []
    for name in ("the-case", "all-aware", "unaware"):
        held, estimated, claimed, first = [], [], [], []
        for seed in range(seeds):
            market = Market(count, 100 + seed, name, past_films=20, days=60)
            signals, _, groups, heard = simulated(market)
            truth = [float(heard[m].mean()) for _, m in groups]
            house = Made(signals, tuple(m for _, m in groups), np.array(truth))
            results = headrooms(house)
            for a, share in zip(results, truth, strict=True):
                estimated.append(a.aware.value is not None)
                if a.aware.low is not None and a.aware.high is not None:
                    held.append(a.aware.low <= share <= a.aware.high)
            claimed.append(any(a.claimed for a in results))
            first.append(ranked(results)[0].name != "a2")
        rows.append(_row(name, "-", estimated, held, claimed, first if name == "the-case" else []))
    return rows


def _row(
    name: str,
    selection: str,
    estimated: list[bool],
    held: list[bool],
    claimed: list[bool],
    first: list[bool],
) -> tuple[str, ...]:
    shares = [f"{np.mean(x):.0%}" if x else "-" for x in (estimated, held, claimed, first)]
    return (name, selection, *shares)


def main() -> None:
    """Print coverage, claims and what could not be estimated, by house and selection."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=60)
    parser.add_argument("--people", type=int, default=12_000)
    parser.add_argument("--market", type=int, default=0)
    args = parser.parse_args()
    rows = []
    for name, (aware, wants) in HOUSES.items():
        for selection in (0.0, 0.4, 1.0):
            held, estimated, claimed, first = [], [], [], []
            for seed in range(args.seeds):
                house = made(
                    1_000 + seed, aware, people=args.people, wants=wants, selection=selection
                )
                results = headrooms(house)
                for a, truth in zip(results, house.aware, strict=True):
                    estimated.append(a.aware.value is not None)
                    if a.aware.low is not None and a.aware.high is not None:
                        held.append(a.aware.low <= truth <= a.aware.high)
                claimed.append(any(a.claimed for a in results))
                first.append(ranked(results)[0].name == "a1")
            hidden = first if name == "the case" else []
            rows.append(_row(name, f"{selection:g}", estimated, held, claimed, hidden))
    if args.market:
        rows += markets(args.market, CHUNK)
    columns = (
        "house",
        "selection",
        "estimated",
        "95 % holds",
        "films with a claim",
        "hidden first",
    )
    print(table(columns, rows))
    print(f"{args.seeds} seeds each, {args.people:,} people; {machine()}")


if __name__ == "__main__":
    main()
