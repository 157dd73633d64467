"""How often a campaign that did nothing is said to have done something.

FULLHOUSE_DATA=... python -m benchmarks.aa_runs [--runs N] [--seed S]

People: made-up spend, lognormal with many zeros, arms by lot. Looked at daily: the same, once as
people arrive over 28 days, once with everybody assigned on the first day and active people buying
again and again. Cities: GeoLift's 40 cities before its test, 1 to 4 of them drawn by lot, in a
window of 7 or 14 days that begins anywhere from day 42 on. Methods were chosen on other seeds.
"""

import argparse
from collections.abc import Callable, Iterator
from time import perf_counter

import numpy as np
import numpy.typing as npt

from benchmarks.measure import data_folder, table
from fullhouse.core.arrays import Floats
from fullhouse.measurement import Panel, read_panel
from fullhouse.stats.arms import (
    adjusted,
    adjustment,
    difference,
    heavy,
    joint,
    kurtosis,
    share_difference,
    stratified,
    sums,
)
from fullhouse.stats.figures import Estimate
from fullhouse.stats.geo import cities_p, geo_effect, geo_p
from fullhouse.stats.multiplicity import LEAST_PEOPLE, always_valid

Rng = np.random.Generator
PEOPLE, BUY, SIGMA, DAYS = 20_000, 0.05, 1.5, 28


def spend(rng: Rng, people: int, sigma: float = SIGMA, buy: float = BUY) -> Floats:
    """Lognormal money of those who buy, 0 of the others."""
    totals = np.zeros(people)
    buyers = rng.random(people) < buy
    totals[buyers] = rng.lognormal(0.0, sigma, int(buyers.sum()))
    return totals


def by_means(held: float, sigma: float, people: int = PEOPLE) -> Callable[[Rng], float]:
    """The p of a difference in spend."""

    def once(rng: Rng) -> float:
        y, control = spend(rng, people, sigma), rng.random(people) < held
        return _difference(y, control).p

    return once


def welch(rng: Rng) -> float:
    """What Welch alone would say with a tenth held out: why one variance is used there."""
    y, control = spend(rng, PEOPLE), rng.random(PEOPLE) < 0.1
    return difference(sums(y[~control]), sums(y[control])).p


def by_cuped(rng: Rng) -> float:
    """The same with spend before as a covariate, a tenth held out."""
    before = spend(rng, PEOPLE)
    y = spend(rng, PEOPLE, 1.0) + 0.7 * before
    control = rng.random(PEOPLE) < 0.1
    values = np.column_stack([y, before])
    cells = [joint(values[~control]), joint(values[control])]
    by = adjustment(cells)
    pooled = heavy(kurtosis(y - before * by.theta[0]), int(control.sum()))
    treated, held = (adjusted(c, by) for c in cells)
    return stratified([treated], [held], pooled=pooled, fitted=by.rank).p


def by_score(rng: Rng) -> float:
    """Tickets of few: 0.5 % of 20,000, a tenth held out."""
    held = PEOPLE // 10
    treated, control = rng.binomial(PEOPLE - held, 0.005), rng.binomial(held, 0.005)
    return share_difference(int(treated), PEOPLE - held, int(control), held).p


def arriving(rng: Rng) -> Iterator[tuple[Estimate, float]]:
    """A look a day while people arrive."""
    y, control = spend(rng, PEOPLE), rng.random(PEOPLE) < 0.5
    for day in range(1, DAYS + 1):
        n = PEOPLE * day // DAYS
        yield _difference(y[:n], control[:n]), n / PEOPLE


def returning(rng: Rng) -> Iterator[tuple[Estimate, float]]:
    """A look a day at what everybody has bought so far, assigned on the first day."""
    activity = np.exp(rng.normal(0.0, 1.0, PEOPLE))
    activity *= 0.1 / DAYS / activity.mean()
    control, y = rng.random(PEOPLE) < 0.1, np.zeros(PEOPLE)
    for day in range(1, DAYS + 1):
        buyers = np.flatnonzero(rng.random(PEOPLE) < activity)
        y[buyers] += rng.lognormal(0.0, SIGMA, len(buyers))
        yield _difference(y, control), day / DAYS


def looked_daily(days: Callable[[Rng], Iterator[tuple[Estimate, float]]], rng: Rng) -> list[bool]:
    """Whether any look was a find at 5 %: always-valid, and the fixed-horizon interval misused."""
    always = fixed = False
    for covered, share in days(rng):
        if share * PEOPLE < LEAST_PEOPLE:
            continue
        always |= always_valid(covered.value, covered.se, share=share).p < 0.05
        fixed |= covered.p < 0.05
    return [always, fixed]


def pseudo_test(rng: Rng, panel: Floats, days: int) -> tuple[npt.NDArray[np.int64], int, int]:
    """Cities and a window by lot."""
    chosen = rng.choice(len(panel), int(rng.integers(1, 5)), replace=False)
    start = int(rng.integers(42, panel.shape[1] - days + 1))
    return chosen.astype(np.int64), start, start + days


def covers(rng: Rng, panel: Floats, days: int, level: float) -> bool:
    """Whether the interval of an effect of 5 % put into a pseudo-test holds it."""
    chosen, start, end = pseudo_test(rng, panel, days)
    changed = panel.copy()
    added = 0.05 * panel[chosen][:, :start].mean(1, keepdims=True)
    changed[chosen, start:end] += added
    effect = geo_effect(changed, chosen, start, end, level=level, placebos=1)
    return bool(effect.low <= float(added.sum()) * days <= effect.high)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    runs, seed = arguments.runs, arguments.seed
    people = {
        "spend, half held out": by_means(0.5, SIGMA),
        "spend, 30 % held out": by_means(0.3, SIGMA),
        "spend, 10 % held out": by_means(0.1, SIGMA),
        "spend with sigma 1, 10 % held out": by_means(0.1, 1.0),
        "spend and CUPED, 10 % held out": by_cuped,
        "0.5 % buy a ticket, 10 % held out": by_score,
        "(Welch alone, 10 % held out)": welch,
    }
    rows = [_rates(name, once, runs, seed) for name, once in people.items()]
    print(table(("people, A/A", "runs", "at 10 %, in %", "at 5 %, in %", "seconds"), rows))
    rows = [_daily(name, days, runs, seed) for name, days in _DAILY.items()]
    columns = ("looked at on each of 28 days, A/A", "runs", "always-valid at 5 %, in %")
    print("\n" + table((*columns, "fixed-horizon, misused, in %", "seconds"), rows))
    panel = geo_panel("GeoLift_PreTest.csv").values
    rows = []
    for days in (7, 14):
        rows.append(_rates(f"{days} days, moved in time", _in_time(panel, days), runs, seed))
        fewer = runs * 2 // 5
        rows.append(_rates(f"{days} days, moved in space", _in_space(panel, days), fewer, seed))
    print("\n" + table(("cities, A/A", "runs", "at 10 %, in %", "at 5 %, in %", "seconds"), rows))
    rows = [_coverage(panel, days, runs // 10, seed) for days in (7, 14)]
    columns = ("cities, 5 % put in", "runs", "90 % interval holds it, in %")
    print("\n" + table((*columns, "95 % interval, in %", "seconds"), rows))


def geo_panel(name: str) -> Panel:
    """One of GeoLift's two tables."""
    path = data_folder() / "geo_experiments" / name
    return read_panel(path, city="location", day="date", value="Y")


_DAILY = {"people arrive, half held out": arriving, "all assigned, 10 % held out": returning}


def _rates(name: str, once: Callable[[Rng], float], runs: int, seed: int) -> tuple[object, ...]:
    began, rng = perf_counter(), np.random.default_rng(seed)
    p = np.array([once(rng) for _ in range(runs)])
    ends = [_percent(float((p <= a + 1e-12).mean()), runs) for a in (0.1, 0.05)]
    return (name, runs, *ends, f"{perf_counter() - began:.0f}")


def _daily(
    name: str, days: Callable[[Rng], Iterator[tuple[Estimate, float]]], runs: int, seed: int
) -> tuple[object, ...]:
    began, rng = perf_counter(), np.random.default_rng(seed)
    rates = np.array([looked_daily(days, rng) for _ in range(runs)]).mean(0)
    return (name, runs, *(_percent(float(f), runs) for f in rates), f"{perf_counter() - began:.0f}")


def _in_time(panel: Floats, days: int) -> Callable[[Rng], float]:
    return lambda rng: geo_p(panel, *pseudo_test(rng, panel, days))


def _in_space(panel: Floats, days: int) -> Callable[[Rng], float]:
    def once(rng: Rng) -> float:
        drawn = pseudo_test(rng, panel, days)
        return cities_p(panel, *drawn, placebos=99, seed=int(rng.integers(2**31)))[0]

    return once


def _coverage(panel: Floats, days: int, runs: int, seed: int) -> tuple[object, ...]:
    began, shares = perf_counter(), []
    for level in (0.9, 0.95):
        rng = np.random.default_rng(seed)
        held = np.mean([covers(rng, panel, days, level) for _ in range(runs)])
        shares.append(_percent(float(held), runs))
    return (f"{days} days", runs, *shares, f"{perf_counter() - began:.0f}")


def _difference(y: Floats, control: npt.NDArray[np.bool_]) -> Estimate:
    fewest = int(min(control.sum(), (~control).sum()))
    treated, held = (sums(y[who]) for who in (~control, control))
    return difference(treated, held, pooled=heavy(kurtosis(y), fewest))


def _percent(share: float, runs: int) -> str:
    return f"{100 * share:.1f} ± {100 * (share * (1 - share) / runs) ** 0.5:.1f}"


if __name__ == "__main__":
    main()
