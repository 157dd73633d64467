"""Cities in pairs, one of each by lot: false finds, coverage, the smallest effect found.

FULLHOUSE_DATA=... python -m benchmarks.city_pairs [--runs N] [--seed S]

GeoLift's 40 cities before its test. A pseudo-campaign of 7 or 14 days begins on any day from day
42 on; cities are paired on the whole weeks before it, one of each pair is drawn, and all are
measured against their 28 days before. A day has 2^20 draws, so that nearly every run is another
test. 1,000 runs take about a minute. The 28 days and LIKE_SIZE were chosen on other seeds.
"""

import argparse
import sys
from collections.abc import Callable
from functools import cache
from time import perf_counter

import numpy as np

from benchmarks.aa_runs import geo_panel
from benchmarks.measure import table
from fullhouse.campaigns.city_pairs import design_power, draw, pair_cities
from fullhouse.core.arrays import Floats
from fullhouse.stats.city_pairs import flips, needed_effect, paired_effect, paired_p

BEFORE_DAYS, FIRST, EFFECT = 28, 42, 0.05
Sales = tuple[Floats, Floats]
Put = Callable[[Floats, Floats], Floats]


class Past:
    """The cities, and their pairs for each day on which a campaign may begin."""

    def __init__(self, names: tuple[str, ...], values: Floats) -> None:
        self.names, self.values = names, values
        self.pairs = cache(self._pairs)

    def _pairs(self, start: int) -> tuple[tuple[int, int], ...]:
        return pair_cities(_weeks(self.values[:, :start]))

    def campaign(self, rng: np.random.Generator, days: int) -> Sales:
        """Sales before and in a pseudo-campaign; the drawn city of each pair stands first."""
        start = int(rng.integers(FIRST, self.values.shape[1] - days + 1))
        pairs = self.pairs(start)
        named = [(self.names[i], self.names[j]) for i, j in pairs]
        drawn = draw(named, key=rng.bytes(16), campaign="pseudo")
        first = np.array([d == a for d, (a, _) in zip(drawn, named, strict=True)])
        rows = np.where(first[:, None], pairs, np.array(pairs)[:, ::-1])
        before = self.values[:, start - BEFORE_DAYS : start].mean(1)
        return before[rows], self.values[:, start : start + days].mean(1)[rows]


def multiplied(_: Floats, after: Floats) -> Floats:
    """Each treated city sells 5 % more: what the interval supposes."""
    changed: Floats = after * np.array([1 + EFFECT, 1.0])
    return changed


def added(before: Floats, after: Floats) -> Floats:
    """Each treated city sells 5 % of its days before on top: not quite what it supposes."""
    changed: Floats = after + EFFECT * before * np.array([1.0, 0.0])
    return changed


def uneven(before: Floats, after: Floats) -> Floats:
    """Half the pairs, every second in size, get twice the effect and the others none."""
    twice = np.where(np.arange(len(before)) % 2 == 0, 2 * EFFECT, 0.0)
    changed: Floats = after * np.column_stack([1 + twice, np.ones(len(before))])
    return changed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    runs, seed = arguments.runs, arguments.seed
    panel = geo_panel("GeoLift_PreTest.csv")
    past = Past(panel.cities, panel.values)
    false = [_formatted(_false_finds(past, days, runs, seed)) for days in (7, 14)]
    print(table(("cities, A/A", "runs", "at 10 %, in %", "at 5 %, in %", "seconds"), false))
    covered = [
        _formatted(_coverage(past, days, put, runs, seed + 1))
        for days in (7, 14)
        for put in (multiplied, added, uneven)
    ]
    columns = ("5 % put in", "runs", "90 % holds it, in %", "95 % holds it, in %", "bias, points")
    print("\n" + table((*columns, "found at 95 %, in %", "seconds"), covered))
    smallest = [_formatted(_smallest(past, days, runs, seed + 2)) for days in (7, 14)]
    shown = ("found with 80 % power at 95 %", "runs", "smallest effect, in %")
    print("\n" + table((*shown, "foretold from the past, in %", "seconds"), smallest))


def _false_finds(past: Past, days: int, runs: int, seed: int) -> tuple[object, ...]:
    began, rng = perf_counter(), np.random.default_rng(seed)
    sets = flips(len(past.names) // 2)
    p = np.array([paired_p(*past.campaign(rng, days), sets) for _ in range(runs)])
    ends = [_percent(float((p <= a + 1e-12).mean()), runs) for a in (0.1, 0.05)]
    return (f"{days} days", runs, *ends, f"{perf_counter() - began:.0f}")


def _coverage(past: Past, days: int, put: Put, runs: int, seed: int) -> tuple[object, ...]:
    began, rng = perf_counter(), np.random.default_rng(seed)
    held, bias, significant = np.zeros(2), 0.0, 0
    for _ in range(runs):
        before, after = past.campaign(rng, days)
        changed = put(before, after)
        true = changed[:, 0].sum() / after[:, 0].sum() - 1
        for k, level in enumerate((0.9, 0.95)):
            read = paired_effect(before, changed, level=level)
            held[k] += read.low <= true <= read.high
        bias += read.value - true
        significant += read.low > 0
    shares = [_percent(float(h) / runs, runs) for h in (*held, significant)]
    return (
        f"{days} days, {put.__name__}", runs, *shares[:2], f"{100 * bias / runs:+.2f}", shares[2],
        f"{perf_counter() - began:.0f}",
    )  # fmt: skip


def _smallest(past: Past, days: int, runs: int, seed: int) -> tuple[object, ...]:
    began, rng = perf_counter(), np.random.default_rng(seed)
    sets = flips(len(past.names) // 2)
    needed = [needed_effect(*past.campaign(rng, days), sets) for _ in range(runs)]
    design = design_power(_weeks(past.values), window=days // 7, before=BEFORE_DAYS // 7)
    return (
        f"{days} days", runs, f"{100 * np.quantile(needed, 0.8):.1f}",
        f"{100 * design.smallest:.1f}", f"{perf_counter() - began:.0f}",
    )  # fmt: skip


def _formatted(row: tuple[object, ...]) -> tuple[object, ...]:
    """The row, told as soon as it is there."""
    print(*row, sep=", ", file=sys.stderr)
    return row


def _weeks(values: Floats) -> Floats:
    whole = values[:, values.shape[1] % 7 :]
    sums: Floats = whole.reshape(len(whole), -1, 7).sum(2)
    return sums


def _percent(share: float, runs: int) -> str:
    return f"{100 * share:.1f} ± {100 * (share * (1 - share) / runs) ** 0.5:.1f}"


if __name__ == "__main__":
    main()
