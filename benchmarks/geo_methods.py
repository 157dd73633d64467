"""How often each way of reading cities calls nothing something, and finds an effect of 5 %.

python -m benchmarks.geo_methods [--runs N] [--seed S]

Simulated panels: sizes, weekdays, a movement common to all cities, three shared by some of them,
and each city's own, which depends on its past and has heavy tails (Student's t with 2.5 to 4
degrees of freedom); counts are Poisson's. The treated cities are drawn by lot. Methods were chosen
on other seeds. Read are windows moved in time, permuted cities, what the product reads
(permuted cities from 5 treated and 5 other cities on), and time-based regression with independent
residuals.
"""

import argparse
from collections.abc import Callable

import numpy as np
from scipy.stats import t as student

from benchmarks.measure import table
from fullhouse.core.arrays import Floats, Ints
from fullhouse.stats.geo import geo_p
from fullhouse.stats.geo_permutation import enough_cities, permutation_p

KINDS = (
    # cities, treated, days, window, dependence, degrees of freedom
    (12, 3, 120, 14, 0.6, 3.0),
    (16, 5, 120, 14, 0.6, 3.0),
    (20, 8, 90, 7, 0.3, 4.0),
    (20, 8, 120, 14, 0.6, 3.0),
    (40, 4, 120, 14, 0.6, 3.0),
    (40, 15, 120, 14, 0.6, 3.0),
    (40, 20, 180, 28, 0.9, 2.5),
    (100, 40, 120, 28, 0.8, 2.5),
    (210, 50, 180, 28, 0.8, 2.5),
)
EFFECT = 0.05
Method = Callable[[Floats, Ints, int], float]


def panel(
    rng: np.random.Generator, cities: int, days: int, dependence: float, tail: float
) -> Floats:
    """Sales by city and day."""
    size = np.exp(rng.normal(5, 1, cities))
    week = 1 + 0.5 * np.array([0, 0, 0, 0, 0.6, 1, 0.7])[np.arange(days) % 7]
    shared = rng.normal(0, 0.5, (cities, 3)) @ _moving(rng, 3, days, 0.9, 5.0, 0.1)
    own = _moving(rng, cities, days, dependence, tail, 0.06)
    own *= ((size / np.median(size)) ** -0.3)[:, None]
    drift = np.cumsum(0.003 * rng.standard_t(4, (cities, days)), axis=1)
    trend = rng.normal(0, 0.1, cities)[:, None] * np.arange(days) / 365
    common = _moving(rng, 1, days, 0.9, 5.0, 0.1)
    expected = size[:, None] * week * np.exp(common + shared + own + drift + trend)
    return rng.poisson(expected).astype(np.float64)


def _moving(
    rng: np.random.Generator, rows: int, days: int, dependence: float, tail: float, spread: float
) -> Floats:
    """Rows of days that depend on the day before, of this spread."""
    shock = rng.standard_t(tail, (rows, days)) / np.sqrt(tail / (tail - 2))
    values = np.zeros((rows, days))
    values[:, 0] = shock[:, 0]
    for day in range(1, days):
        kept = dependence * values[:, day - 1]
        values[:, day] = kept + np.sqrt(1 - dependence**2) * shock[:, day]
    return spread * values


def regression(values: Floats, treated: Ints, start: int) -> float:
    """The p of time-based regression (Kerman, Wang and Vaver 2017): days count as independent."""
    controls = np.setdiff1d(np.arange(len(values)), treated)
    y, x = values[treated].sum(0), values[controls].sum(0)
    before = np.column_stack([np.ones(start), x[:start]])
    by = np.linalg.lstsq(before, y[:start], rcond=None)[0]
    left = y[:start] - before @ by
    after = np.column_stack([np.ones(len(x) - start), x[start:]])
    total = after.sum(0)
    spread = total @ np.linalg.inv(before.T @ before) @ total + len(after)
    se = np.sqrt(left @ left / (start - 2) * spread)
    return float(2 * student.sf(abs((y[start:] - after @ by).sum()) / se, start - 2))


def in_time(values: Floats, treated: Ints, start: int) -> float:
    """Windows moved in time."""
    return geo_p(values, treated, start, values.shape[1])


def as_read(values: Floats, treated: Ints, start: int) -> float:
    """What `experiment geo` goes by."""
    many = enough_cities(len(treated), len(values) - len(treated))
    return (permutation_p if many else in_time)(values, treated, start)


METHODS: dict[str, Method] = {
    "time": in_time, "permutation": permutation_p, "as read": as_read, "regression": regression,
}  # fmt: skip


def main() -> None:
    """Two figures for each kind of panel and method: called at 10 % without and with an effect."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--seed", type=int, default=9201)
    arguments = parser.parse_args()
    rows, rates = [], []
    for number, kind in enumerate(KINDS):
        cities, count, days, window, dependence, tail = kind
        rng = np.random.default_rng([arguments.seed, number])
        called = np.zeros((arguments.runs, len(METHODS), 2))
        for run in range(arguments.runs):
            values = panel(rng, cities, days, dependence, tail)
            treated, start = rng.choice(cities, count, replace=False), days - window
            changed = values.copy()
            changed[treated, start:] *= 1 + EFFECT
            for at, method in enumerate(METHODS.values()):
                p = [method(x, treated, start) for x in (values, changed)]
                called[run, at] = np.array(p) <= 0.1 + 1e-12
        rates.append(called.mean(0))
        cells = [f"{none:.2f} / {some:.2f}" for none, some in rates[-1]]
        rows.append((f"{count} of {cities}", f"{window} of {days}", dependence, tail, *cells))
    every = [f"{none:.3f} / {some:.3f}" for none, some in np.mean(rates, axis=0)]
    rows.append(("all", "", "", "", *every))
    columns = ("treated", "days", "dependence", "tail", *METHODS)
    print(table(columns, rows))


if __name__ == "__main__":
    main()
