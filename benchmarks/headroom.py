"""What `fullhouse headroom` says of made-up houses where it is known who has heard of the film.

python -m benchmarks.headroom [--seeds N] [--people N]

Three audiences of one size, which differ in awareness and in how much they want the film. The more
active are shown more and want more of all films; with selection, so are the keen.
"""

import argparse
from dataclasses import dataclass
from datetime import date

import numpy as np

from benchmarks.measure import machine, table
from fullhouse.core.arrays import Flags, Floats
from fullhouse.headroom.estimate import Audience, compare, headroom_of, ranked
from fullhouse.headroom.headroom import AudienceHeadroom, NothingShown
from fullhouse.headroom.signals import Signals

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


def main() -> None:
    """Print coverage, claims and what could not be estimated, by house and selection."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=60)
    parser.add_argument("--people", type=int, default=12_000)
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
            rows.append(
                (name, f"{selection:g}", f"{np.mean(estimated):.0%}",
                 f"{np.mean(held):.0%}" if held else "-", f"{np.mean(claimed):.0%}",
                 f"{np.mean(first):.0%}" if name == "the case" else "-")
            )  # fmt: skip
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
