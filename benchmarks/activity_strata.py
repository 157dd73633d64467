"""Which activity to hold equal, and in how many strata: the ratio left where the truth is 1.

python -m benchmarks.activity_strata [--runs N]

Made-up people of very unequal activity buy at random: trait and outcome have nothing to do with
one another. Printed is the Mantel–Haenszel ratio, averaged over runs; only 1.00 is right.
"""

import argparse
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from benchmarks.measure import table
from fullhouse.core.arrays import Flags, Integers
from fullhouse.stats import risk_ratio

PEOPLE = 20_000
HOUSES = ((3.0, False, 1), (40.0, False, 1), (40.0, True, 1), (3.0, False, 2), (40.0, False, 2))
"""Events of a person, whether the outcome's come in bursts, and how many the trait needs."""
# Events of the trait, of those too few to make it, of the outcome, and others.
STRATIFICATIONS: dict[str, Callable[[Integers, Integers, Integers, Integers], Integers]] = {
    "all events": lambda t, f, o, r: t + f + o + r,
    "all but the trait's": lambda _, _f, o, r: o + r,
    "all but both's": lambda _, _f, _o, r: r,
    "ours but for holders only": lambda _, f, o, r: f + r + np.minimum(o, 1),
    "ours": lambda _, _f, o, r: r + np.minimum(o, 1),
}


def people(seed: int, mean: float, bursts: bool) -> tuple[Integers, Integers, Integers]:
    """Events of the trait, of the outcome, and others, for each person."""
    g = np.random.default_rng(seed)
    active = np.exp(g.normal(0, 1, PEOPLE))
    active *= mean / active.mean()
    trait = g.poisson(active * 0.7 / mean)
    outcome = g.poisson(active * 0.08 / mean)
    if bursts:
        outcome *= g.geometric(0.3, PEOPLE)
    return trait, outcome, g.poisson(active * max(0.1, 1 - 0.78 / mean))


def ratio(
    has: Flags, inside: Flags, activity: Integers, whole: Integers, quantiles: int
) -> tuple[float, float]:
    """The ratio over strata of an activity, cut at quantiles of the whole; its standard error."""
    shares = np.arange(1, quantiles) / quantiles
    edges = np.unique(np.quantile(whole[whole > 0], shares)) if quantiles > 1 else np.zeros(0)
    strata = np.where(activity == 0, 0, 1 + np.searchsorted(edges, activity))
    size = int(strata.max()) + 1

    def by(who: Flags) -> npt.NDArray[np.float64]:
        return np.bincount(strata[who], minlength=size).astype(float)

    ratio_with_error = risk_ratio(by(has & inside), by(has), by(~has & inside), by(~has))
    return float(ratio_with_error.ratio), float(ratio_with_error.log_se)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    runs = parser.parse_args().runs
    rows: list[tuple[object, ...]] = []
    for mean, bursts, least in (
        (3.0, False, 1),
        (40.0, False, 1),
        (40.0, True, 1),
        (3.0, False, 2),
        (40.0, False, 2),
    ):
        made = [people(s, mean, bursts) for s in range(runs)]
        naive = _mean([_one(m, least, None, 1)[0] for m in made])
        what = "in bursts" if bursts else "one by one"
        for quantiles in (5, 20, 100):
            by_name = {
                n: [_one(m, least, w, quantiles) for m in made] for n, w in STRATIFICATIONS.items()
            }
            ratios = [_mean([r for r, _ in f]) for f in by_name.values()]
            se = float(np.mean([s for _, s in by_name["ours"]]))
            rows.append((int(mean), what, least, naive, quantiles, *ratios, se))
    columns = (
        "events each",
        "outcome",
        "trait needs",
        "no strata",
        "strata",
        *STRATIFICATIONS,
        "our log s.e.",
    )
    print(table(columns, rows))


def _one(
    made: tuple[Integers, Integers, Integers],
    least: int,
    strata_of: Callable[[Integers, Integers, Integers, Integers], Integers] | None,
    quantiles: int,
) -> tuple[float, float]:
    trait, outcome, others = made
    has = trait >= least
    whole = trait + outcome + others
    activity: Integers = np.ones(PEOPLE, dtype=np.int64)
    if strata_of is not None:
        activity = strata_of(np.where(has, trait, 0), np.where(has, 0, trait), outcome, others)
    return ratio(has, outcome > 0, activity, whole, quantiles)


def _mean(ratios: list[float]) -> float:
    return float(np.exp(np.mean(np.log(ratios))))


if __name__ == "__main__":
    main()
