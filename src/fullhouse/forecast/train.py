"""Learn from the past how films do, and how far such forecasts were off when they were made."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from joblib import Parallel, delayed

from fullhouse.core.arrays import Floats, Ints
from fullhouse.core.errors import CannotTellError
from fullhouse.forecast import ensemble
from fullhouse.forecast.comps import closeness, nearest, pull
from fullhouse.forecast.conform import FEWEST as FEWEST_ERRORS
from fullhouse.forecast.conform import Conformal, calibrate
from fullhouse.forecast.ensemble import BEFORE_OPENING, IN_CINEMAS, LIGHT, Ensemble, Recipe
from fullhouse.forecast.features import BUDGET, STORY, THEATERS
from fullhouse.forecast.forecast import PROBABILITIES
from fullhouse.forecast.past import Past
from fullhouse.forecast.rows import Outcomes, Rows, outcomes, rows_at, to_date

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
    """Forecasts made in the past for one horizon, and what came: logs in constant prices."""

    films: tuple[str, ...]
    as_of: Ints
    predicted: Mapping[str, Floats]
    truth: Mapping[str, Floats]
    told: Floats
    size: Floats
    franchise: Floats
    origin: Ints

    def until(self, on: int, past: Past, since: int) -> "Errors":
        """Those made between two days, with what was known of their truth on the later one."""
        keep = np.flatnonzero((self.origin < on) & (self.as_of >= since) & (self.as_of < on))
        films = tuple(self.films[i] for i in keep)
        known = outcomes(past, films, on)
        return Errors(
            films,
            self.as_of[keep],
            {q: p[keep] for q, p in self.predicted.items()},
            {q: getattr(known, q) for q in self.predicted},
            self.told[keep],
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


def eligible(past: Past, plan: str, on: int) -> list[str]:
    """Films of a plan that have opened by a day and whose opening, or total, is known."""
    found = []
    for film, opening in sorted(past.openings.items(), key=lambda p: (p[1], p[0])):
        if opening >= on or past.history.plan(film, max(on, opening)) != plan:
            continue
        whole = np.isfinite(past.results[film].log_weekend) and past.history.run(film).on(0) > 0
        if whole or past.history.fact(film, "total", on):
            found.append(film)
    return found


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
    learned: Mapping[int, Ints]


def roll(
    past: Past, films: Sequence[str], stage: str, origins: Sequence[int], *, workers: int = 2
) -> Rolled:
    """Fit a stage at each origin to what was known then; predict what came until the next.

    No model predicts a film that it learned from, nor one of the same series, and none learns from
    a day after its origin.
    """
    origins = sorted(origins)
    horizons = horizons_of(stage)
    if is_run(stage):
        # A run that is not known from its first day on teaches nothing of later days.
        films = [f for f in films if past.history.run(f).on(0) > 0]
    rows = {h: rows_at(past, films, h) for h in horizons}
    if stage == CINEMAS:
        planned = np.flatnonzero(np.isfinite(rows["T-1"].column("theaters.log")))
        rows = {"T-1": rows["T-1"].take(planned)}
    main = rows[horizons[0]]
    if stage == CALENDAR:
        rows = {h: _without(r, (THEATERS,)) for h, r in rows.items()}
        main = rows[horizons[0]]
    jobs, learned = [], {}
    series = past.series(films)
    for origin, following in zip(origins, [*origins[1:], EVER], strict=True):
        keep = np.flatnonzero((main.as_of < origin) & (main.opening >= origin - WINDOW_DAYS))
        judged = _judged(rows.values(), origin, following, series)
        keep = keep[[series[main.films[i]] not in judged for i in keep]]
        known = outcomes(past, [main.films[i] for i in keep], origin)
        targets = _targets(stage, known, to_date(past, main.take(keep)))
        learned[origin] = keep
        jobs.append((main.take(keep), targets, stage))
    fitted = Parallel(n_jobs=min(workers, len(jobs)), prefer="processes", inner_max_num_threads=1)(
        delayed(_fit)(*job) for job in jobs
    )
    models = {o: m for o, m in zip(origins, fitted, strict=True) if m}
    errors = {h: _errors(past, stage, r, models) for h, r in rows.items()}
    return Rolled(stage, tuple(models), models, errors, rows, learned)


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
        keep = np.flatnonzero(np.isfinite(y))
        if name == "weekend" and len(keep):
            # Once the weekend is over, nothing of it is left to predict.
            keep = keep if np.std(y[keep]) > 1e-9 and stage == "first day" else keep[:0]
        if len(keep) < ensemble.FEWEST:
            continue
        recipe = _recipe(stage, name)
        told_, came = rows.x[keep], y[keep]
        if recipe is BEFORE_OPENING:
            told_, came = _twice(told_, came, rows.columns)
        fitted[name] = ensemble.fit(told_, came, rows.columns, recipe)
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

    Public sets hold the films that became known, so that what is missing would tell the model
    how a film did. Learned like this, "not known" means a film like any other.
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
    said = {n: m.predict(rows.aligned(m.columns)) for n, m in models.items()}
    if is_run(stage):
        found = {"total": taken + np.maximum(said["rest"], 0.0)}
        if "weekend" in said:
            found["opening_weekend"] = taken + said["weekend"]
        return found
    if "legs" not in said:
        return {"total": said["anchor"]}
    return {
        "opening_weekend": said["anchor"],
        "opening_day": said["anchor"] + said["first_day"],
        "total": said["anchor"] + said["legs"],
    }


def told(stage: str, rows: Rows, predicted: Mapping[str, Floats]) -> Floats:
    """The few numbers by which the width of a range differs between films."""
    films = rows.column("distributor.films")
    franchise = franchises(rows)
    # Runs that begin on a Wednesday or at Christmas are harder to tell from their first days.
    sunday = np.nan_to_num(rows.column("season.sunday"))
    other_day = (sunday != FRIDAY_TO_SUNDAY).astype(float)
    first = [predicted["total"], franchise, np.nan_to_num(films), other_day]
    if is_run(stage):
        cinemas = np.nan_to_num(rows.column("run.cinemas"))
        taken = np.nan_to_num(rows.column("run.to_date"))
        return np.stack([*first, cinemas, taken - predicted["total"]], axis=1)
    story = np.isfinite(rows.column("story.runtime")).astype(float)
    budget = np.isfinite(rows.column("budget.log")).astype(float)
    cinemas = np.nan_to_num(rows.column("theaters.log"))
    return np.stack([*first, story, budget, cinemas], axis=1)


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
    past: Past, stage: str, rows: Rows, models: Mapping[int, Mapping[str, Ensemble]]
) -> Errors:
    origins = sorted(models)
    which = np.searchsorted(origins, rows.as_of, side="right") - 1
    keep = np.flatnonzero(which >= 0)
    some = rows.take(keep)
    taken = to_date(past, some)
    predicted: dict[str, Floats] = {}
    for i, origin in enumerate(origins):
        here = np.flatnonzero(which[keep] == i)
        if not len(here):
            continue
        said = predict(stage, models[origin], some.take(here), taken[here])
        for q, values in said.items():
            predicted.setdefault(q, np.full(len(keep), np.nan))[here] = values
    truth = outcomes(past, some.films, past.history.as_of.toordinal())
    if not predicted:
        predicted = {"total": np.full(len(keep), np.nan)}
    return Errors(
        some.films,
        some.as_of,
        predicted,
        {q: getattr(truth, q) for q in predicted},
        told(stage, some, predicted),
        sizes(some, predicted),
        franchises(some),
        np.array([origins[i] for i in which[keep]], np.int64),
    )


def ranges(errors: Errors, quantity: str) -> Conformal | None:
    """The ranges of one quantity, from past errors; None where there are too few."""
    if quantity not in errors.predicted:
        return None
    error = errors.truth[quantity] - errors.predicted[quantity]
    ok = np.flatnonzero(np.isfinite(error) & np.isfinite(errors.told).all(axis=1))
    if len(ok) < FEWEST_ERRORS:
        return None
    return calibrate(error[ok], errors.told[ok], errors.size[ok], errors.franchise[ok])


def stage_at(past: Past, rolled: Rolled, origin: int, *, with_comps: bool = True) -> Stage:
    """A stage as it stood at an origin: its models, and ranges from the errors known then."""
    conformal = {}
    spreads = {}
    for horizon, errors in rolled.errors.items():
        then = errors.until(origin, past, origin - ERRORS_DAYS)
        for quantity in then.predicted:
            found = ranges(then, quantity)
            if found is not None:
                conformal[(horizon, quantity)] = found
        total = conformal.get((horizon, "total"))
        if total is not None and len(then.films):
            q = total.quantiles(then.told, then.size, then.franchise)
            high, low = PROBABILITIES.index(0.9), PROBABILITIES.index(0.1)
            spreads[horizon] = float(np.median(np.exp(q[:, high] - q[:, low])))
    if not conformal:
        raise CannotTellError(
            f"Too few films to say how far forecasts are off: at least {FEWEST_ERRORS} that opened"
            " in the years before are needed, each after enough others to learn from."
        )
    models = rolled.models[origin]
    learned = rolled.rows[horizons_of(rolled.stage)[0]].take(rolled.learned[origin])
    if is_run(rolled.stage) or not with_comps:
        return Stage(
            rolled.stage, models, conformal, learned, np.zeros((0, 0), np.int64), 0.0, spreads
        )
    anchor = models["anchor"]
    leaves = anchor.leaves(learned.aligned(anchor.columns)).astype(np.int64)
    weight = _comps_weight(past, rolled, origin)
    return Stage(rolled.stage, models, conformal, learned, leaves, weight, spreads)


def _comps_weight(past: Past, rolled: Rolled, origin: int) -> float:
    """The slope of a forecast's error on what its comps said of it, over past forecasts; 0 to 1."""
    horizon = horizons_of(rolled.stage)[0]
    rows, anchor = rolled.rows[horizon], "anchor"
    said, missed = [], []
    for start, end in zip(rolled.origins, (*rolled.origins[1:], origin), strict=True):
        if start >= origin:
            continue
        model = rolled.models[start][anchor]
        test = rows.take(np.flatnonzero((rows.as_of >= start) & (rows.as_of < end)))
        learned = rows.take(rolled.learned[start])
        if not len(test.films) or not len(learned.films):
            continue
        mine, theirs = (model.leaves(r.aligned(model.columns)) for r in (test, learned))
        came = getattr(outcomes(past, learned.films, start), _anchored(rolled.models[start]))
        truth = getattr(outcomes(past, test.films, origin), _anchored(rolled.models[start]))
        predicted = model.predict(test.aligned(model.columns))
        known = np.flatnonzero(np.isfinite(came))
        for i in np.flatnonzero(np.isfinite(truth)):
            near = closeness(mine[i], theirs[known])
            best = nearest(near)
            if best:
                mean = float(pull(near[best]) @ came[known][best])
                said.append(mean - predicted[i])
                missed.append(truth[i] - predicted[i])
    if len(said) < FEWEST_ERRORS:
        return 0.0
    a, b = np.array(said), np.array(missed)
    return float(np.clip(a @ b / (a @ a), 0.0, 1.0))


def _anchored(models: Mapping[str, Ensemble]) -> str:
    return "opening_weekend" if "legs" in models else "total"
