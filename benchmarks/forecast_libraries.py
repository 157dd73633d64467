"""LightGBM beside our boosting, and crepes beside our conformal ranges, on the made-up market.

    python -m benchmarks.forecast_libraries

The market of tests/forecast (388 films of seven years, with known truth), rolling origins: each
model sees what was known at its origin and is judged on what opened until the next. Ours stays
where the library's error is not lower, or its coverage not nearer to 80 %, by more than noise.
"""

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import numpy as np

import fullhouse as fh
from benchmarks.measure import table
from fullhouse.core.arrays import Floats
from fullhouse.forecast.backtest import quantiles
from fullhouse.forecast.ensemble import SEED, Recipe, fit
from fullhouse.forecast.forecast import PROBABILITIES
from fullhouse.forecast.history import read_history
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.forecast.rows import outcomes
from fullhouse.forecast.train import ERRORS_DAYS, Errors, Rolled, eligible, ranges, roll
from tests.forecast.synthetic_market import AS_OF, house, make

ORIGINS = 5
STAGES = {"cinemas": ("T-1", "opening_weekend"), "first weekend": ("first weekend", "total")}
LOW, HIGH = (PROBABILITIES.index(p) for p in (0.1, 0.9))


def main() -> None:
    """Print both comparisons."""
    with tempfile.TemporaryDirectory() as folder:
        place = house(Path(folder) / "house", make())
        with fh.open(str(place)) as workspace:
            index = HistoryIndex(read_history(workspace.lake, "US", AS_OF))
    films = eligible(index, "wide", AS_OF.toordinal())
    last = AS_OF.replace(day=1)
    origins = [(last - timedelta(days=365 * k)).toordinal() for k in range(ORIGINS, -1, -1)]
    rolled = {stage: roll(index, films, stage, origins, workers=1) for stage in STAGES}
    heads: tuple[str, ...] = (
        "boosting",
        "films",
        "log-RMSE",
        "squared error beside ours",
        "fit, CPU s",
    )
    print(table(heads, _boosting(index, rolled)))
    print()
    heads = (
        "ranges",
        "horizon",
        "films",
        "80 % coverage",
        "hi ÷ lo",
        "interval score",
        "CPU seconds",
    )
    print(table(heads, _ranges(index, rolled)))


def _boosting(index: HistoryIndex, rolled: Mapping[str, Rolled]) -> list[tuple[str, ...]]:
    """The squared-error member of the ensemble, of the log opening weekend at T-1."""
    rows, stage = rolled["cinemas"].rows["T-1"], rolled["cinemas"]
    actual = outcomes(index, rows.films, index.history.as_of.toordinal()).opening_weekend
    results: list[tuple[str, ...]] = []
    squared: list[Floats] = []
    for name, train in (("scikit-learn's (ours)", _ours), ("LightGBM", _lightgbm)):
        residuals, seconds = [], 0.0
        for origin, following in zip(stage.origins, [*stage.origins[1:], 10**9], strict=True):
            known = stage.trained_on[origin]
            target = outcomes(index, [rows.films[i] for i in known], origin).opening_weekend
            known, target = known[np.isfinite(target)], target[np.isfinite(target)]
            test = np.flatnonzero((rows.as_of >= origin) & (rows.as_of < following))
            test = test[np.isfinite(actual[test])]
            start = time.process_time()
            predict = train(rows.x[known], target, rows.columns)
            seconds += time.process_time() - start
            residuals.append(actual[test] - predict(rows.x[test]))
        error = np.concatenate(residuals)
        squared.append(error**2)
        rmse = float(np.sqrt(np.mean(error**2)))
        gap = squared[-1] - squared[0]
        noise = float(np.std(gap) / np.sqrt(len(gap)))
        beside = f"{gap.mean():+.4f} ± {noise:.4f}" if len(squared) > 1 else ""
        results.append((name, f"{len(error):,}", f"{rmse:.3f}", beside, f"{seconds:.1f}"))
    return results


def _ours(x: Floats, y: Floats, columns: Sequence[str]) -> Callable[[Floats], Floats]:
    model = fit(x, y, columns, Recipe(1.0, 0.0, 0.0, 0.0))
    at = [list(columns).index(c) for c in model.columns]
    return lambda rows: model.predict(rows[:, at])


def _lightgbm(x: Floats, y: Floats, _: Sequence[str]) -> Callable[[Floats], Floats]:
    """The same number of trees, leaves, learning rate and regularisation."""
    from lightgbm import LGBMRegressor

    model = LGBMRegressor(
        n_estimators=250,
        learning_rate=0.05,
        num_leaves=6,
        min_child_samples=max(3, min(15, len(y) // 40)),
        reg_lambda=5.0,
        colsample_bynode=0.3,
        random_state=SEED,
        n_jobs=1,
        verbose=-1,
    ).fit(x, y)
    return lambda rows: np.asarray(model.predict(rows), np.float64)


def _ranges(index: HistoryIndex, rolled: Mapping[str, Rolled]) -> list[tuple[str, ...]]:
    results = []
    for stage, (horizon, quantity) in STAGES.items():
        errors = rolled[stage].errors[horizon]
        for name, make_ranges in (("ours", _ours_80), ("crepes", _crepes_80)):
            start = time.process_time()
            ends = make_ranges(index, errors, quantity)
            seconds = time.process_time() - start
            actual = errors.actual[quantity]
            usable = np.isfinite(ends).all(axis=1) & np.isfinite(actual)
            results.append(
                (name, horizon, *_judged(ends[usable], actual[usable]), f"{seconds:.2f}")
            )
    return results


def _ours_80(index: HistoryIndex, errors: Errors, quantity: str) -> Floats:
    logs: Floats = quantiles(index, errors, quantity)[:, [LOW, HIGH]]
    return logs


def _crepes_80(index: HistoryIndex, errors: Errors, quantity: str) -> Floats:
    """Normalised, Mondrian conformal predictive systems by crepes, with our scales and groups."""
    from crepes import ConformalPredictiveSystem

    ends = np.full((len(errors.films), 2), np.nan)
    for origin in np.unique(errors.origin):
        known = errors.until(int(origin), index, int(origin) - ERRORS_DAYS)
        ours = ranges(known, quantity)
        here = np.flatnonzero(errors.origin == origin)
        here = here[np.isfinite(errors.features[here]).all(axis=1)]
        if ours is None or not len(here):
            continue
        residual = known.actual[quantity] - known.predicted[quantity]
        usable = np.isfinite(residual) & np.isfinite(known.features).all(axis=1)
        # Few residuals in a group give no end: the farthest of all residuals stands for it.
        centre, farthest = errors.predicted[quantity][here], np.abs(residual[usable]).max()
        system = ConformalPredictiveSystem().fit(
            residual[usable],
            sigmas=np.exp(ours.scale.predict(known.features[usable])),
            bins=ours.groups(known.size, known.franchise)[usable],
        )
        interval = system.predict_int(
            centre,
            sigmas=np.exp(ours.scale.predict(errors.features[here])),
            bins=ours.groups(errors.size[here], errors.franchise[here]),
            confidence=0.8,
        )
        nearest = np.stack([centre - farthest, centre + farthest], axis=1)
        ends[here] = np.where(np.isfinite(interval), interval, nearest)
    return ends


def _judged(ends: Floats, actual: Floats) -> tuple[str, ...]:
    """Films, coverage, width, and the interval score (width, and ten times what lies outside)."""
    low, high = ends.T
    inside = (low <= actual) & (actual <= high)
    outside = np.maximum(low - actual, 0) + np.maximum(actual - high, 0)
    score = float(np.mean(high - low + 2 / 0.2 * outside))
    spread = float(np.median(np.exp(high - low)))
    return f"{len(actual):,}", f"{inside.mean():.0%}", f"{spread:.2f}", f"{score:.2f}"


if __name__ == "__main__":
    main()
