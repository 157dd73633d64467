"""Learn from the past how films do, and how far such forecasts were off when they were made."""

import multiprocessing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from joblib import Parallel, delayed

from fullhouse.core.arrays import Floats, Ints
from fullhouse.core.errors import CannotTellError
from fullhouse.forecast import adapt, ensemble
from fullhouse.forecast.adapt import PastScores
from fullhouse.forecast.calendar import first_sunday
from fullhouse.forecast.ensemble import (
    BEFORE_OPENING,
    IN_CINEMAS,
    LIGHT,
    Conformal,
    Ensemble,
    Recipe,
    calibrate,
)
from fullhouse.forecast.ensemble import FEWEST as FEWEST_ERRORS
from fullhouse.forecast.explain import closeness, nearest, pull
from fullhouse.forecast.features import BUDGET, STORY, THEATERS
from fullhouse.forecast.forecast import PROBABILITIES
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.forecast.rows import SETTLED_DAYS, Outcomes, Rows, outcomes, rows_at, to_date

WINDOW_DAYS = 12 * 366
"""Openings that a model learns from lie at most so long before it."""
ALMOST_ALL = 0.98
EVER = 10**9
ERRORS_DAYS = 8 * 366
"""Errors that ranges are made from lie at most so long back."""
CALENDAR, CINEMAS = "calendar", "cinemas"
STAGES: Mapping[str, tuple[str, ...]] = {
    CALENDAR: ("T-28", "T-180", "T-90", "T-7"),
    CINEMAS: ("T-1",),
}
"""Stages before the opening: the horizon that each learns from, and others that it serves.

The calendar stage knows no number of cinemas: between T-180 and T-7 the same kinds of things are
known, though more of them, so that one model serves and each horizon has its own errors.
"""
FRIDAY_TO_SUNDAY = 2
RUN_STAGES = ("first day", "first weekend", "first week", "second weekend", "fourth weekend")


@dataclass(frozen=True)
class Errors:
    """Past forecasts for one horizon, and the actual amounts: logs in constant prices."""

    films: tuple[str, ...]
    as_of: Ints
    predicted: Mapping[str, Floats]
    actual: Mapping[str, Floats]
    features: Floats
    size: Floats
    franchise: Floats
    origin: Ints

    def until(self, on: int, index: HistoryIndex, since: int) -> "Errors":
        """Those made between two days, with what was known of their truth on the later one."""
        keep = np.flatnonzero((self.origin < on) & (self.as_of >= since) & (self.as_of < on))
        films = tuple(self.films[i] for i in keep)
        by_then = outcomes(index, films, on)
        return Errors(
            films,
            self.as_of[keep],
            {q: p[keep] for q, p in self.predicted.items()},
            {q: getattr(by_then, q) for q in self.predicted},
            self.features[keep],
            self.size[keep],
            self.franchise[keep],
            self.origin[keep],
        )


@dataclass(frozen=True)
class Stage:
    """The models of one stage of knowledge, and the ranges of the horizons that they serve."""

    name: str
    models: Mapping[str, Ensemble]
    """By what they predict: `anchor`, `first_day`, `legs`, or for a run `weekend` and `rest`."""
    conformal: Mapping[tuple[str, str], Conformal]
    """By horizon and quantity."""
    learned_from: Rows
    leaves: Ints
    """The leaf of each tree in which each film learned from ends, (films, trees); none in a run."""
    comps_weight: float = 0.0
    """How far a forecast went towards its comps, for the best; from past forecasts."""
    spreads: Mapping[str, float] = field(default_factory=dict)
    """By horizon, the median upper over lower end of the 80 % range of the total."""
    past: Mapping[str, Errors] = field(default_factory=dict)
    """By horizon before the opening, past forecasts with what was known of their truth."""
    scores: Mapping[tuple[str, str], PastScores] = field(default_factory=dict)
    """By horizon and quantity, where the outcomes of past forecasts lay in their ranges."""
    learned_to: int = 0
    """The day up to which it learned."""


def eligible(index: HistoryIndex, plan: str, on: int) -> list[str]:
    """Films of a plan that have opened by a day and whose opening, or total, is known.

    Without re-releases, concerts and other events: they open by other rules.
    """
    films = []
    for film, opening in sorted(index.openings.items(), key=lambda p: (p[1], p[0])):
        if opening >= on or index.history.plan(film, max(on, opening)) != plan:
            continue
        if index.event(film, max(on, opening)):
            continue
        whole = np.isfinite(index.results[film].log_weekend) and index.history.run(film).on(0) > 0
        if whole or index.history.fact(film, "total", on):
            films.append(film)
    return films


def is_run(stage: str) -> bool:
    """Whether a stage knows days of the run."""
    return stage not in STAGES


def horizons_of(stage: str) -> tuple[str, ...]:
    """The horizons that a stage serves, the one it learns from first."""
    return STAGES.get(stage, (stage,))


@dataclass(frozen=True)
class Rolled:
    """A stage's models at several origins, with the forecasts each made until the next."""

    stage: str
    origins: tuple[int, ...]
    models: Mapping[int, Mapping[str, Ensemble]]
    errors: Mapping[str, Errors]
    rows: Mapping[str, Rows]
    trained_on: Mapping[int, Ints]
    usable: Mapping[int, int]
    """By origin, the films whose target was known: too few of them give no model."""


def roll(
    index: HistoryIndex,
    films: Sequence[str],
    stage: str,
    origins: Sequence[int],
    *,
    workers: int = 2,
) -> Rolled:
    """Fit a stage at each origin to what was known then; predict what opened until the next.

    No model predicts a film that it learned from, nor one of the same series, and none learns from
    a day after its origin.
    """
    origins = sorted(origins)
    horizons = horizons_of(stage)
    if is_run(stage):
        # A run that is not known from its first day on teaches nothing of later days.
        films = [f for f in films if index.history.run(f).on(0) > 0]
    rows = {h: rows_at(index, films, h) for h in horizons}
    if stage == CINEMAS:
        planned = np.flatnonzero(np.isfinite(rows["T-1"].column("theaters.log")))
        rows = {"T-1": rows["T-1"].take(planned)}
    main = rows[horizons[0]]
    if stage == CALENDAR:
        rows = {h: _without(r, (THEATERS,)) for h, r in rows.items()}
        main = rows[horizons[0]]
    jobs, trained_on, usable = [], {}, {}
    series = index.series(films)
    for origin, following in zip(origins, [*origins[1:], EVER], strict=True):
        keep = np.flatnonzero((main.as_of < origin) & (main.opening >= origin - WINDOW_DAYS))
        test_series = _judged(rows.values(), origin, following, series)
        keep = keep[[series[main.films[i]] not in test_series for i in keep]]
        known = outcomes(index, [main.films[i] for i in keep], origin)
        targets = _targets(stage, known, to_date(index, main.take(keep)))
        trained_on[origin] = keep
        usable[origin] = min(
            int(np.isfinite(t).sum()) for n, t in targets.items() if n in (_main(stage), "legs")
        )
        jobs.append((main.take(keep), targets, stage))
    if multiprocessing.parent_process() is not None:
        # One of several workers already: joblib's own would outlive it, since they end by atexit,
        # which a process of multiprocessing does not run.
        workers = 1
    fitted = Parallel(n_jobs=min(workers, len(jobs)), prefer="processes", inner_max_num_threads=1)(
        delayed(_fit)(*job) for job in jobs
    )
    models = {o: m for o, m in zip(origins, fitted, strict=True) if m}
    errors = {h: _errors(index, stage, r, models) for h, r in rows.items()}
    return Rolled(stage, tuple(models), models, errors, rows, trained_on, usable)


def _judged(
    rows: Iterable[Rows], origin: int, following: int, series: Mapping[str, str]
) -> set[str]:
    """The series of the films that a model made at an origin predicts until the next one."""
    return {
        series[f]
        for r in rows
        for f, day in zip(r.films, r.as_of.tolist(), strict=True)
        if origin <= day < following
    }


def _without(rows: Rows, groups: tuple[str, ...]) -> Rows:
    keep = [i for i, c in enumerate(rows.columns) if not c.startswith(groups)]
    columns = tuple(rows.columns[i] for i in keep)
    return Rows(rows.films, rows.opening, rows.as_of, columns, rows.x[:, keep])


def _targets(stage: str, known: Outcomes, taken: Floats) -> dict[str, Floats]:
    if is_run(stage):
        return {"rest": known.total - taken, "weekend": known.opening_weekend - taken}
    if np.isfinite(known.opening_weekend).sum() < ensemble.FEWEST:
        return {"anchor": known.total}
    weekend = known.opening_weekend
    return {
        "anchor": weekend,
        "first_day": known.opening_day - weekend,
        "legs": known.total - weekend,
    }


def _fit(rows: Rows, targets: Mapping[str, Floats], stage: str) -> dict[str, Ensemble]:
    fitted = {}
    for name, y in targets.items():
        usable = np.flatnonzero(np.isfinite(y))
        if name == "weekend" and len(usable):
            # Once the weekend is over, nothing of it is left to predict.
            usable = usable if np.std(y[usable]) > 1e-9 and stage == "first day" else usable[:0]
        if len(usable) < ensemble.FEWEST:
            continue
        recipe = _recipe(stage, name)
        features, target = rows.x[usable], y[usable]
        if recipe is BEFORE_OPENING:
            features, target = _twice(features, target, rows.columns)
        fitted[name] = ensemble.fit(features, target, rows.columns, recipe)
    # Where the anchor is the opening weekend, it must not be taken for the total.
    whole = _main(stage) in fitted and ("legs" in fitted or "legs" not in targets)
    return fitted if whole else {}


def _main(stage: str) -> str:
    return "rest" if is_run(stage) else "anchor"


def _recipe(stage: str, name: str) -> Recipe:
    if is_run(stage):
        return IN_CINEMAS
    return BEFORE_OPENING if name == "anchor" else LIGHT


def _twice(x: Floats, y: Floats, columns: Sequence[str]) -> tuple[Floats, Floats]:
    """Films of which a story or a budget is known are learned from once more without them.

    Public sets hold the films that became known, so that what is missing would give away how a
    film did. Learned like this, "not known" means a film like any other.
    """
    at = np.array([c.startswith((STORY, BUDGET)) for c in columns])
    has = np.isfinite(x[:, at]).any(axis=1)
    if not 0 < has.sum() < ALMOST_ALL * len(x):
        return x, y
    less = x[has].copy()
    less[:, at] = np.nan
    return np.concatenate([x, less]), np.concatenate([y, y[has]])


def predict(
    stage: str, models: Mapping[str, Ensemble], rows: Rows, taken: Floats
) -> dict[str, Floats]:
    """Predicted logs of each quantity, in constant prices, before any correction."""
    parts = {n: m.predict(rows.aligned(m.columns)) for n, m in models.items()}
    if is_run(stage):
        predicted = {"total": taken + np.maximum(parts["rest"], 0.0)}
        if "weekend" in parts:
            predicted["opening_weekend"] = taken + parts["weekend"]
        return predicted
    if "legs" not in parts:
        return {"total": parts["anchor"]}
    return {
        "opening_weekend": parts["anchor"],
        "opening_day": parts["anchor"] + parts["first_day"],
        "total": parts["anchor"] + parts["legs"],
    }


def width_features(stage: str, rows: Rows, predicted: Mapping[str, Floats]) -> Floats:
    """The few numbers by which the width of a range differs between films."""
    films = rows.column("distributor.films")
    franchise = franchises(rows)
    # Runs that begin on a Wednesday or at Christmas are harder to tell from their first days.
    sunday = np.nan_to_num(rows.column("season.sunday"))
    other_day = (sunday != FRIDAY_TO_SUNDAY).astype(float)
    common = [predicted["total"], franchise, np.nan_to_num(films), other_day]
    if is_run(stage):
        cinemas = np.nan_to_num(rows.column("run.cinemas"))
        taken = np.nan_to_num(rows.column("run.to_date"))
        return np.stack([*common, cinemas, taken - predicted["total"]], axis=1)
    story = np.isfinite(rows.column("story.runtime")).astype(float)
    budget = np.isfinite(rows.column("budget.log")).astype(float)
    cinemas = np.nan_to_num(rows.column("theaters.log"))
    return np.stack([*common, story, budget, cinemas], axis=1)


def franchises(rows: Rows) -> Floats:
    """1 for films that continue another."""
    return (np.nan_to_num(rows.column("series.part")) > 0).astype(float)


def sizes(rows: Rows, predicted: Mapping[str, Floats]) -> Floats:
    """How large a film is, as far as known: its cinemas, what it took, or what is expected."""
    for name in ("run.to_date", "theaters.log"):
        size = rows.column(name)
        if np.isfinite(size).all() and len(size):
            return size
    return predicted["total"]


def _errors(
    index: HistoryIndex, stage: str, rows: Rows, models: Mapping[int, Mapping[str, Ensemble]]
) -> Errors:
    origins = sorted(models)
    which = np.searchsorted(origins, rows.as_of, side="right") - 1
    judged = np.flatnonzero(which >= 0)
    judged_rows = rows.take(judged)
    taken = to_date(index, judged_rows)
    predicted: dict[str, Floats] = {}
    for i, origin in enumerate(origins):
        here = np.flatnonzero(which[judged] == i)
        if not len(here):
            continue
        predictions = predict(stage, models[origin], judged_rows.take(here), taken[here])
        for q, values in predictions.items():
            predicted.setdefault(q, np.full(len(judged), np.nan))[here] = values
    actual = outcomes(index, judged_rows.films, index.history.as_of.toordinal())
    if not predicted:
        predicted = {"total": np.full(len(judged), np.nan)}
    return Errors(
        judged_rows.films,
        judged_rows.as_of,
        predicted,
        {q: getattr(actual, q) for q in predicted},
        width_features(stage, judged_rows, predicted),
        sizes(judged_rows, predicted),
        franchises(judged_rows),
        np.array([origins[i] for i in which[judged]], np.int64),
    )


def ranges(errors: Errors, quantity: str) -> Conformal | None:
    """The ranges of one quantity, from past errors; None where there are too few."""
    if quantity not in errors.predicted:
        return None
    error = errors.actual[quantity] - errors.predicted[quantity]
    usable = np.flatnonzero(np.isfinite(error) & np.isfinite(errors.features).all(axis=1))
    if len(usable) < FEWEST_ERRORS:
        return None
    return calibrate(
        error[usable], errors.features[usable], errors.size[usable], errors.franchise[usable]
    )


@dataclass(frozen=True)
class PastRanges:
    """Ranges of past forecasts, each from the errors known at its own origin."""

    quantiles: Floats
    """Of the log amount, (n, 21); NaN where too few errors were known."""
    group: Ints
    """The group whose errors each range is from; -1 where it has none."""
    known_on: Ints
    """The day from which each outcome is known."""

    def scores(self, index: HistoryIndex, films: Sequence[str], quantity: str) -> PastScores:
        """Where the outcomes lay, each as it was first known."""
        actual = [
            getattr(outcomes(index, [film], int(day)), quantity)[0]
            for film, day in zip(films, self.known_on, strict=True)
        ]
        return adapt.past_scores(self.known_on, self.quantiles, np.array(actual), self.group)


def past_ranges(index: HistoryIndex, errors: Errors, quantity: str) -> PastRanges:
    """The range of each past forecast of a quantity, as it was made."""
    rows = np.full((len(errors.films), len(PROBABILITIES)), np.nan)
    group = np.full(len(errors.films), -1, np.int64)
    for origin in np.unique(errors.origin):
        known_errors = errors.until(int(origin), index, int(origin) - ERRORS_DAYS)
        conformal = ranges(known_errors, quantity)
        here = np.flatnonzero(errors.origin == origin)
        here = here[np.isfinite(errors.features[here]).all(axis=1)]
        if conformal is None or not len(here):
            continue
        size, franchise = errors.size[here], errors.franchise[here]
        centre = errors.predicted[quantity][here, None]
        rows[here] = centre + conformal.quantiles(errors.features[here], size, franchise)
        group[here] = conformal.groups(size, franchise)
    return PastRanges(rows, group, known_from(index, errors.films, quantity))


def known_from(index: HistoryIndex, films: Sequence[str], quantity: str) -> Ints:
    """The day from which what each film took is known."""
    days = np.array([index.openings[f] for f in films], np.int64)
    if quantity == "opening_day":
        return days + 1
    if quantity == "opening_weekend":
        return days + np.array([first_sunday(int(d)) + 1 for d in days], np.int64)
    settled = days + SETTLED_DAYS
    last = index.history.as_of.toordinal()
    for i, film in enumerate(films):
        stated = index.history.newest(film, "total", last)
        if stated is not None and not len(index.history.run(film).offsets):
            settled[i] = max(settled[i], stated[0])
    return settled


def stage_at(index: HistoryIndex, rolled: Rolled, origin: int, *, with_comps: bool = True) -> Stage:
    """A stage as it stood at an origin: its models, and ranges from the errors known then."""
    conformal, spreads, scores = {}, {}, {}
    past = {}
    for horizon, errors in rolled.errors.items():
        then = errors.until(origin, index, origin - ERRORS_DAYS)
        if not is_run(rolled.stage):
            past[horizon] = then
        for quantity in then.predicted:
            quantity_ranges = ranges(then, quantity)
            if quantity_ranges is not None:
                conformal[(horizon, quantity)] = quantity_ranges
                made = past_ranges(index, then, quantity)
                scores[(horizon, quantity)] = made.scores(index, then.films, quantity)
        total = conformal.get((horizon, "total"))
        if total is not None and len(then.films):
            q = total.quantiles(then.features, then.size, then.franchise)
            high, low = PROBABILITIES.index(0.9), PROBABILITIES.index(0.1)
            spreads[horizon] = float(np.median(np.exp(q[:, high] - q[:, low])))
    if not conformal:
        known = max((_usable(e.until(origin, index, origin - ERRORS_DAYS)) for e in
                     rolled.errors.values()), default=0)  # fmt: skip
        raise CannotTellError(code="too_few_past_forecasts", forecasts=known, needed=FEWEST_ERRORS)
    models = rolled.models[origin]
    trained_on = rolled.rows[horizons_of(rolled.stage)[0]].take(rolled.trained_on[origin])
    if is_run(rolled.stage) or not with_comps:
        return Stage(
            rolled.stage,
            models,
            conformal,
            trained_on,
            np.zeros((0, 0), np.int64),
            0.0,
            spreads,
            past,
            scores,
            origin,
        )
    anchor = models["anchor"]
    leaves = anchor.leaves(trained_on.aligned(anchor.columns)).astype(np.int64)
    weight = _comps_weight(index, rolled, origin)
    return Stage(
        rolled.stage, models, conformal, trained_on, leaves, weight, spreads, past, scores, origin
    )


def _usable(errors: Errors) -> int:
    """Past forecasts of a total that is known by now."""
    return int(np.isfinite(errors.actual["total"] - errors.predicted["total"]).sum())


def _comps_weight(index: HistoryIndex, rolled: Rolled, origin: int) -> float:
    """The slope of a forecast's error on its comps' residual, over past forecasts; 0 to 1."""
    horizon = horizons_of(rolled.stage)[0]
    rows, anchor = rolled.rows[horizon], "anchor"
    comps_residual, residual = [], []
    for start, end in zip(rolled.origins, (*rolled.origins[1:], origin), strict=True):
        if start >= origin:
            continue
        model = rolled.models[start][anchor]
        test = rows.take(np.flatnonzero((rows.as_of >= start) & (rows.as_of < end)))
        trained_on = rows.take(rolled.trained_on[start])
        if not len(test.films) or not len(trained_on.films):
            continue
        leaves, of_others = (model.leaves(r.aligned(model.columns)) for r in (test, trained_on))
        actual = getattr(outcomes(index, trained_on.films, start), _anchored(rolled.models[start]))
        later_actual = getattr(outcomes(index, test.films, origin), _anchored(rolled.models[start]))
        predicted = model.predict(test.aligned(model.columns))
        known = np.flatnonzero(np.isfinite(actual))
        for i in np.flatnonzero(np.isfinite(later_actual)):
            near = closeness(leaves[i], of_others[known])
            best = nearest(near)
            if best:
                mean = float(pull(near[best]) @ actual[known][best])
                comps_residual.append(mean - predicted[i])
                residual.append(later_actual[i] - predicted[i])
    if len(comps_residual) < FEWEST_ERRORS:
        return 0.0
    a, b = np.array(comps_residual), np.array(residual)
    return float(np.clip(a @ b / (a @ a), 0.0, 1.0))


def _anchored(models: Mapping[str, Ensemble]) -> str:
    return "opening_weekend" if "legs" in models else "total"
