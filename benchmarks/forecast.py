"""The forecast on US films: the backtest's figures, beside plain quantile boosting, and times.

`python -m benchmarks.forecast [--first-year 2011] [--last-year 2018]`, with FULLHOUSE_DATA.
"""

import argparse
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from scipy.stats import norm, rankdata
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

import fullhouse as fh
from benchmarks.measure import data_folder, table
from fullhouse.cli.backtest import say
from fullhouse.core.arrays import Floats
from fullhouse.forecast.backtest import CLASSES, Backtests, Judged, classes
from fullhouse.forecast.calendar import BEFORE, as_day
from fullhouse.forecast.case import case_of
from fullhouse.forecast.history import read_history
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.forecast.make import Models, models_folder
from fullhouse.forecast.project import project
from fullhouse.forecast.rows import outcomes, rows_at, to_date
from fullhouse.forecast.train import WINDOW_DAYS, eligible
from fullhouse.sources import box_office_us, tmdb
from fullhouse.workspace.context import Context

NOW = date(2019, 7, 1)
CASE = "a-dogs-purpose-2017"
ASKED = (("T-1", "opening_weekend"), ("first day", "total"), ("first weekend", "total"))
ENDS = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class Plain:
    """Quantile boosting as one would write it: three fits a year, its ranges as they come."""

    seconds: float
    median_error: float
    coverage: float
    spread: float


def main() -> None:
    """Print every table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--first-year", type=int, default=2011)
    parser.add_argument("--last-year", type=int, default=2018)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = fh.init(str(Path(folder) / "house"))
        _load(workspace)
        years = {"first_year": asked.first_year, "last_year": asked.last_year}
        start = time.perf_counter()
        wide = fh.forecast_backtest(
            workspace, fh.RunBacktest(as_of=NOW, plans=("wide",), fridays_only=True, **years)
        )
        seconds = {"wide": time.perf_counter() - start}
        print("\n### Wide openings on a Friday\n")
        say(wide)
        start = time.perf_counter()
        every = fh.forecast_backtest(
            workspace, fh.RunBacktest(as_of=NOW, plans=("wide", "limited"), **years)
        )
        seconds["all"] = time.perf_counter() - start
        print("\n### All openings, wide and limited\n")
        _classes(wide, every)
        print(f"\nCorrelation of opening weekend and total at T-1, in normal scores of their"
              f" errors: {_correlation(every):.2f}\n")  # fmt: skip
        _beside_plain(workspace, wide, every, seconds)
        _one(workspace)


def _load(workspace: Context) -> None:
    data = data_folder()
    us = next((data / "box_office_us").glob("daily_*.parquet"))
    meta = next((data / "tmdb_5000").glob("tmdb_5000_movies.csv*"))
    fh.film_import(workspace, fh.ImportFilms(box_office_us.read(us)))
    fh.film_import(workspace, fh.ImportFilms(tmdb.read(meta)))


def _judged(backtests: Backtests) -> Mapping[tuple[str, str], Judged]:
    return {(j.horizon, j.quantity): j for j in backtests.judged}


def _classes(wide: Backtests, every: Backtests) -> None:
    rows = []
    for name, selection in (("wide, Friday", wide), ("all", every)):
        for horizon in ("T-28", "T-1"):
            made = classes(_judged(selection)[(horizon, "total")])
            rows.append((name, horizon, made.films, f"{made.exact:.1%}", f"{made.within_one:.1%}"))
    print(f"Nine classes of total gross, ends at {', '.join(f'{c / 1e6:g}' for c in CLASSES)} m:\n")
    print(table(("films", "known", "number", "right", "at most one off"), rows))


def _correlation(backtests: Backtests) -> float:
    judged = {(j.horizon, j.quantity): j for j in backtests.parts[0].judged}
    total, weekend = judged[("T-1", "total")], judged[("T-1", "opening_weekend")]
    at = {f: i for i, f in enumerate(weekend.films)}
    both = [(i, at[f]) for i, f in enumerate(total.films) if f in at]
    i, j = np.array(both).T
    middle = 10
    errors = (
        np.log(total.actual[i] / total.quantiles[i, middle]),
        np.log(weekend.actual[j] / weekend.quantiles[j, middle]),
    )
    scores = [norm.ppf((rankdata(e) - 0.5) / len(e)) for e in errors]
    return float(np.corrcoef(*scores)[0, 1])


def _beside_plain(
    workspace: Context, wide: Backtests, every: Backtests, seconds: Mapping[str, float]
) -> None:
    past = HistoryIndex(read_history(workspace.lake, "US", NOW))
    judged = _judged(wide)
    rows, plain_seconds = [], 0.0
    for horizon, quantity in ASKED:
        ours = judged[(horizon, quantity)]
        s = ours.scores()
        plain = _plain(past, ours, horizon, quantity)
        plain_seconds += plain.seconds
        rows.append((horizon, quantity.replace("_", " "), "Fullhouse", f"{s.median_error:.1%}",
                     f"{s.coverage[0.8].share:.1%}", f"{s.spread:.2f}"))  # fmt: skip
        rows.append((horizon, quantity.replace("_", " "), "quantile boosting",
                     f"{plain.median_error:.1%}", f"{plain.coverage:.1%}",
                     f"{plain.spread:.2f}"))  # fmt: skip
    print("Beside plain quantile boosting (scikit-learn) on the same features and years:\n")
    print(table(("known", "forecast", "by", "median error", "80 % range holds", "hi ÷ lo"), rows))
    counted = {n: max(len(j.films) for j in b.judged) for n, b in (("wide", wide), ("all", every))}
    quantities = len(wide.judged)
    print(
        f"\nBacktests: {counted['wide']:,} wide films judged at 10 horizons ({quantities} tables)"
        f" in {seconds['wide']:.0f} s; {counted['all']:,} wide and limited in"
        f" {seconds['all']:.0f} s. Plain quantile boosting took {plain_seconds:.0f} s for"
        f" {len(ASKED)} of the tables: {plain_seconds / len(ASKED):.1f} s a table, ours"
        f" {seconds['wide'] / quantities:.1f} s"
        f" ({seconds['wide'] / quantities / (plain_seconds / len(ASKED)):.1f} ×).\n"
    )


def _plain(past: HistoryIndex, ours: Judged, horizon: str, quantity: str) -> Plain:
    films = eligible(past, "wide", past.history.as_of.toordinal())
    rows = rows_at(past, films, horizon)
    taken = np.zeros(len(films)) if horizon in BEFORE else to_date(past, rows)
    where = {f: i for i, f in enumerate(rows.films)}
    ends = np.full((len(ours.films), len(ENDS)), np.nan)
    start = time.perf_counter()
    for origin in np.unique(ours.origin):
        keep = np.flatnonzero((rows.as_of < origin) & (rows.opening >= origin - WINDOW_DAYS))
        known = outcomes(past, [rows.films[i] for i in keep], int(origin))
        y = getattr(known, quantity) - taken[keep]
        keep, y = keep[np.isfinite(y)], y[np.isfinite(y)]
        x: Floats = rows.x[keep]
        varies = np.array([len(np.unique(c[np.isfinite(c)])) > 1 for c in x.T])
        here = np.flatnonzero(ours.origin == origin)
        at = np.array([where[ours.films[i]] for i in here])
        for k, p in enumerate(ENDS):
            with threadpool_limits(1):
                model = HistGradientBoostingRegressor(
                    loss="quantile", quantile=p, max_iter=250, learning_rate=0.05,
                    max_leaf_nodes=6, min_samples_leaf=15, early_stopping=False, random_state=1,
                ).fit(x[:, varies], y)  # fmt: skip
            ends[here, k] = model.predict(rows.x[at][:, varies]) + taken[at]
    seconds = time.perf_counter() - start
    logs = np.sort(ends, axis=1)
    truth = np.log(ours.actual / ours.price)
    return Plain(
        seconds,
        float(np.median(np.abs(np.expm1(logs[:, 1] - truth)))),
        float(np.mean((logs[:, 0] <= truth) & (truth <= logs[:, 2]))),
        float(np.median(np.exp(logs[:, 2] - logs[:, 0]))),
    )


def _one(workspace: Context) -> None:
    """The time of one forecast once its models are learned, beside fitting one boosting."""
    as_of = date(2017, 1, 26)
    start = time.perf_counter()
    fh.forecast_film(workspace, fh.ForecastFilm(CASE, as_of=as_of))
    learned = time.perf_counter() - start
    start = time.perf_counter()
    fh.forecast_film(workspace, fh.ForecastFilm(CASE, as_of=as_of))
    again = time.perf_counter() - start
    history = read_history(workspace.lake, "US", as_of)
    models = Models(models_folder(workspace), history)
    index = models.index(history)
    case = case_of(index, CASE)
    stages, shape = models.stages(case), models.shape(case.plan)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        project(index, case, stages, shape)
        times.append(time.perf_counter() - start)
    rows = [
        ("the first of a month: models are learned", f"{learned:.1f}"),
        ("again, in a new command: history and models are read", f"{again:.2f}"),
        ("once the models are loaded", f"{min(times):.2f}"),
    ]
    print(f"One forecast ({CASE}, {as_day(case.opening)}, as of the day before):\n")
    print(table(("what", "seconds"), rows))


if __name__ == "__main__":
    main()
