"""Forecast past films as if their day were today, and score it: rolling origins, by year."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from fullhouse.core.arrays import Floats, Ints
from fullhouse.core.errors import CannotTellError
from fullhouse.core.progress import Progress, silent
from fullhouse.forecast.baselines import comparables, log_linear
from fullhouse.forecast.conform import SIZES
from fullhouse.forecast.curve import Shape, learn_shape
from fullhouse.forecast.forecast import PROBABILITIES, Range
from fullhouse.forecast.horizon import BEFORE
from fullhouse.forecast.past import Past
from fullhouse.forecast.project import draws
from fullhouse.forecast.season import FRIDAY, as_day, weekday
from fullhouse.forecast.train import (
    CALENDAR,
    CINEMAS,
    ERRORS_DAYS,
    RUN_STAGES,
    Errors,
    eligible,
    ranges,
    roll,
)
from fullhouse.stats.scores import Scores, scores

FIRST_WEEKEND = 3
HORIZONS = (*BEFORE, *RUN_STAGES)
WARM_UP_YEARS = 6
"""Years of forecasts before the first that is judged, from whose errors its ranges are made."""
CLASSES = (1e6, 1e7, 2e7, 4e7, 6.5e7, 1e8, 1.5e8, 2e8)
"""Ends of the nine classes of total gross in dollars of Sharda and Delen (2006)."""


@dataclass(frozen=True)
class Judged:
    """Forecasts of one horizon and quantity beside what came, one row a film; in money."""

    plan: str
    horizon: str
    quantity: str
    films: tuple[str, ...]
    opening: Ints
    origin: Ints
    quantiles: Floats
    truth: Floats
    franchise: Floats
    size: Floats
    """What the size quarters are cut from: planned cinemas, or what was expected or taken."""
    price: Floats
    baselines: Mapping[str, Floats]
    """By name, the amount that a simple forecast said; NaN where it could say none."""

    def take(self, keep: Ints) -> "Judged":
        """Some of the films."""
        return Judged(
            self.plan,
            self.horizon,
            self.quantity,
            tuple(self.films[i] for i in keep),
            self.opening[keep],
            self.origin[keep],
            self.quantiles[keep],
            self.truth[keep],
            self.franchise[keep],
            self.size[keep],
            self.price[keep],
            {n: b[keep] for n, b in self.baselines.items()},
        )

    @property
    def years(self) -> Ints:
        """The year of each opening."""
        return np.array([as_day(int(o)).year for o in self.opening], np.int64)

    @property
    def quarters(self) -> Ints:
        """The quarter by size of each film among those judged, 0 the smallest."""
        if not len(self.size):
            return np.zeros(0, np.int64)
        cuts = np.quantile(self.size, np.arange(1, SIZES) / SIZES)
        return np.searchsorted(cuts, self.size).astype(np.int64)

    def scores(self, keep: Ints | None = None) -> Scores:
        """The figures of all films or of some."""
        rows = slice(None) if keep is None else keep
        return scores(self.quantiles[rows], self.truth[rows], np.array(PROBABILITIES))

    def baseline(self, name: str) -> tuple[int, float, float]:
        """Films, median absolute percentage error and log-RMSE of a simple forecast."""
        said = self.baselines[name]
        ok = np.isfinite(said)
        error = np.log(said[ok] / self.truth[ok])
        return (
            int(ok.sum()),
            float(np.median(np.abs(np.expm1(error)))),
            float(np.sqrt(np.mean(error**2))),
        )


@dataclass(frozen=True)
class Backtest:
    """Every horizon and quantity of a plan's films, for the judged years."""

    territory: str
    currency: str
    plan: str
    first_year: int
    last_year: int
    judged: tuple[Judged, ...]

    def of(self, horizon: str, quantity: str) -> Judged:
        """The forecasts of one horizon and quantity."""
        for found in self.judged:
            if (found.horizon, found.quantity) == (horizon, quantity):
                return found
        raise CannotTellError(f"This backtest has no {quantity!r} at {horizon!r}.")


def backtest(
    past: Past,
    *,
    first_year: int,
    last_year: int,
    plan: str = "wide",
    horizons: Sequence[str] = HORIZONS,
    fridays_only: bool = False,
    workers: int = 2,
    progress: Progress = silent,
) -> Backtest:
    """Forecast each film that opened in some years with models made on the 1 January before.

    Models learn from films before their origin only, never from one of the same series; ranges
    come from the errors of such forecasts in the years before. `past` holds all that is known
    now: each row of features uses what was known on its own day. With `fridays_only` films that
    opened on another day are learned from and not judged.
    """
    films = eligible(past, plan, past.history.as_of.toordinal())
    years = range(first_year - WARM_UP_YEARS, last_year + 1)
    origins = [date(year, 1, 1).toordinal() for year in years]
    found = []
    for stage in stages_of(horizons):
        progress(f"Backtest of {plan} films: {stage}")
        rolled = roll(past, films, stage, origins, workers=workers)
        for horizon in horizons:
            if horizon in rolled.errors:
                found += list(
                    _judged(past, plan, horizon, rolled.errors[horizon], first_year, last_year)
                )
    if fridays_only:
        found = [
            j.take(np.flatnonzero([weekday(int(o)) == FRIDAY for o in j.opening])) for j in found
        ]
        found = [j for j in found if len(j.films)]
    if not found:
        raise CannotTellError(
            f"No {plan} film in {past.history.territory} of {first_year} to {last_year} could be"
            f" forecast: films of at least {WARM_UP_YEARS} years before are needed, some dozens a"
            f" year; there are {len(films)} in all."
        )
    return Backtest(
        past.history.territory, past.history.currency, plan, first_year, last_year, tuple(found)
    )


def stages_of(horizons: Sequence[str]) -> list[str]:
    """The stages that serve some horizons, in their order."""
    found = []
    if any(h in BEFORE and h != "T-1" for h in horizons):
        found.append(CALENDAR)
    if "T-1" in horizons:
        found.append(CINEMAS)
    return found + [h for h in horizons if h not in BEFORE]


def _judged(
    past: Past, plan: str, horizon: str, errors: Errors, first_year: int, last_year: int
) -> Iterator[Judged]:
    opening = np.array([past.openings[f] for f in errors.films], np.int64)
    years = np.array([as_day(int(o)).year for o in opening])
    price = np.array([past.log_price(int(o), int(o)) for o in opening])
    for quantity in errors.predicted:
        logs = quantiles(past, errors, quantity)
        truth = errors.truth[quantity]
        ok = np.flatnonzero(
            np.isfinite(logs[:, 0])
            & np.isfinite(truth)
            & (years >= first_year)
            & (years <= last_year)
        )
        if not len(ok):
            continue
        said = {"comparable films": comparables(past, errors, quantity)}
        line = log_linear(past, errors, quantity, horizon)
        if line is not None:
            said["log-linear"] = line
        yield Judged(
            plan,
            horizon,
            quantity,
            tuple(errors.films[i] for i in ok),
            opening[ok],
            errors.origin[ok],
            np.exp(np.maximum.accumulate(logs[ok], axis=1) + price[ok, None]),
            np.exp(truth[ok] + price[ok]),
            errors.franchise[ok],
            errors.size[ok],
            np.exp(price[ok]),
            {n: np.exp(b[ok] + price[ok]) for n, b in said.items()},
        )


def quantiles(past: Past, errors: Errors, quantity: str) -> Floats:
    """Quantiles of each forecast, from errors known at its own origin; NaN where too few were."""
    found = np.full((len(errors.films), len(PROBABILITIES)), np.nan)
    for origin in np.unique(errors.origin):
        then = errors.until(int(origin), past, int(origin) - ERRORS_DAYS)
        made = ranges(then, quantity)
        here = np.flatnonzero(errors.origin == origin)
        here = here[np.isfinite(errors.told[here]).all(axis=1)]
        if made is None or not len(here):
            continue
        centre = errors.predicted[quantity][here, None]
        told, size = errors.told[here], errors.size[here]
        found[here] = centre + made.quantiles(told, size, errors.franchise[here])
    return found


CURVE_DAYS = (7, 14, 28, 56)
"""Days of the run at whose end the gross to date is judged."""
CURVES = {"T-1": 0, "first weekend": FIRST_WEEKEND}
"""Horizons whose curves by day are judged, and the days of a Friday opening known then."""


@dataclass(frozen=True)
class Curve:
    """How the gross to date at the end of a day was foreseen: films, error, coverage at 80 %."""

    horizon: str
    day: int
    films: int
    median_error: float
    coverage: float


def curves(past: Past, found: Backtest) -> list[Curve]:
    """The gross to date by day as T-1 and the first weekend foresaw it, of Friday openings.

    The shape of a run is learned anew for each year from the films before it.
    """
    shapes: dict[int, Shape] = {}
    told = []
    for horizon, days in CURVES.items():
        judged = [j for j in found.judged if j.horizon == horizon]
        total = next((j for j in judged if j.quantity == "total"), None)
        weekend = next((j for j in judged if j.quantity == "opening_weekend"), None)
        if total is None or (days == 0 and weekend is None):
            continue
        said: dict[int, list[tuple[float, bool]]] = {d: [] for d in CURVE_DAYS}
        for i, film in enumerate(total.films):
            opening, origin = int(total.opening[i]), int(total.origin[i])
            if weekday(opening) != FRIDAY:
                continue
            if origin not in shapes:
                then = Past(past.history.at(as_day(origin)))
                shapes[origin] = learn_shape(then, eligible(then, found.plan, origin))
            ranges_ = {"total": Range("total", tuple(total.quantiles[i]))}
            if weekend is not None and days == 0:
                at = weekend.films.index(film)
                ranges_["opening_weekend"] = Range("opening_weekend", tuple(weekend.quantiles[at]))
            for day, pair in _curve(past, film, opening, days, ranges_, shapes[origin]):
                said[day].append(pair)
        told += [
            Curve(
                horizon,
                day,
                len(pairs),
                float(np.median([e for e, _ in pairs])),
                float(np.mean([c for _, c in pairs])),
            )
            for day, pairs in said.items()
            if pairs
        ]
    return told


def _curve(
    past: Past,
    film: str,
    opening: int,
    days: int,
    ranges_: Mapping[str, Range],
    shape: Shape,
) -> Iterator[tuple[int, tuple[float, bool]]]:
    run = past.history.run(film)
    known = np.nan_to_num(np.array([run.on(k) for k in range(days)]))
    before = run.until(0)
    drawn = draws(past.history, film, opening, ranges_, shape, known, before if days else 0.0)
    sums = run.until(days) * (days > 0) + np.cumsum(drawn.gross, axis=1)
    for day in CURVE_DAYS:
        if day <= days or run.offsets[-1] < day - 1:
            continue
        low, middle, high = np.quantile(sums[:, day - 1 - days], (0.1, 0.5, 0.9))
        truth = run.until(day)
        yield day, (abs(float(middle) / truth - 1), bool(low <= truth <= high))


@dataclass(frozen=True)
class Classes:
    """How often the class of the median is right, or at most one off (Sharda and Delen 2006)."""

    films: int
    exact: float
    within_one: float


def classes(judged: Judged) -> Classes:
    """The nine classes of total gross, of the dollars of the time, by the forecast's median."""
    middle = judged.quantiles[:, PROBABILITIES.index(0.5)]
    said, came = np.searchsorted(CLASSES, middle), np.searchsorted(CLASSES, judged.truth)
    off = np.abs(said - came)
    return Classes(len(off), float(np.mean(off == 0)), float(np.mean(off <= 1)))


def together(parts: Sequence[Judged]) -> Judged:
    """Forecasts of several plans as one."""
    first = parts[0]
    names = set.intersection(*(set(p.baselines) for p in parts))
    return Judged(
        plan=" and ".join(p.plan for p in parts),
        horizon=first.horizon,
        quantity=first.quantity,
        films=tuple(f for p in parts for f in p.films),
        opening=np.concatenate([p.opening for p in parts]),
        origin=np.concatenate([p.origin for p in parts]),
        quantiles=np.concatenate([p.quantiles for p in parts]),
        truth=np.concatenate([p.truth for p in parts]),
        franchise=np.concatenate([p.franchise for p in parts]),
        size=np.concatenate([p.size for p in parts]),
        price=np.concatenate([p.price for p in parts]),
        baselines={n: np.concatenate([p.baselines[n] for p in parts]) for n in names},
    )
