"""Forecast past films as if their day were today, and score it: rolling origins, by year."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pyarrow as pa

from fullhouse.core.arrays import Floats, Ints
from fullhouse.core.brief import Brief
from fullhouse.core.errors import CannotTellError
from fullhouse.core.progress import Progress, silent
from fullhouse.core.settings import SIMULATED
from fullhouse.forecast import adapt
from fullhouse.forecast.baselines import comparables, log_linear
from fullhouse.forecast.calendar import BEFORE, FRIDAY, as_day, weekday
from fullhouse.forecast.curve import Shape, learn_shape
from fullhouse.forecast.ensemble import SIZES
from fullhouse.forecast.forecast import PROBABILITIES, Range
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.forecast.outside import (
    WEEKEND,
    Blend,
    WeekendShares,
    blend,
    compare,
    newest,
    stated,
)
from fullhouse.forecast.project import draws
from fullhouse.forecast.train import (
    CALENDAR,
    CINEMAS,
    RUN_STAGES,
    Errors,
    eligible,
    past_ranges,
    roll,
)
from fullhouse.stats.scores import Scores, scores

FIRST_WEEKEND = 3
HORIZONS = (*BEFORE, *RUN_STAGES)
PLANS = ("wide", "limited")
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
    actual: Floats
    franchise: Floats
    size: Floats
    """What the size quarters are cut from: planned cinemas, or what was expected or taken."""
    price: Floats
    baselines: Mapping[str, Floats]
    """By name, the amount that a simple forecast said; NaN where it could say none."""
    cinemas: Floats
    """In how many each film opened, whether that was known or not; NaN where it never was."""
    market: Floats
    """What the market took in the four weeks before, as a share of its season; NaN if unknown."""

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
            self.actual[keep],
            self.franchise[keep],
            self.size[keep],
            self.price[keep],
            {n: b[keep] for n, b in self.baselines.items()},
            self.cinemas[keep],
            self.market[keep],
        )

    @property
    def years(self) -> Ints:
        """The year of each opening."""
        return np.array([as_day(int(o)).year for o in self.opening], np.int64)

    @property
    def quarters(self) -> Ints:
        """The quarter by size of each film among those judged, 0 the smallest."""
        return _quarters(self.size)

    @property
    def cinema_quarters(self) -> Ints:
        """The quarter by cinemas of each film among those judged; -1 where they are not known."""
        quarters = np.full(len(self.cinemas), -1, np.int64)
        known = np.isfinite(self.cinemas)
        quarters[known] = _quarters(self.cinemas[known])
        return quarters

    @property
    def untold(self) -> Ints:
        """The films of which the data could not tell: the market took next to nothing."""
        return np.flatnonzero(self.market < adapt.TOO_LITTLE)

    def scores(self, keep: Ints | None = None) -> Scores:
        """The figures of all films or of some."""
        rows = slice(None) if keep is None else keep
        return scores(self.quantiles[rows], self.actual[rows], np.array(PROBABILITIES))

    def baseline(self, name: str) -> tuple[int, float, float]:
        """Films, median absolute percentage error and log-RMSE of a simple forecast."""
        prediction = self.baselines[name]
        ok = np.isfinite(prediction)
        error = np.log(prediction[ok] / self.actual[ok])
        return (
            int(ok.sum()),
            float(np.median(np.abs(np.expm1(error)))),
            float(np.sqrt(np.mean(error**2))),
        )


def _quarters(size: Floats) -> Ints:
    if not len(size):
        return np.zeros(0, np.int64)
    cuts = np.quantile(size, np.arange(1, SIZES) / SIZES)
    return np.searchsorted(cuts, size).astype(np.int64)


@dataclass(frozen=True)
class BesideOthers:
    """The films of which others forecast the weekend: ours alone, and blended with theirs.

    Learned by date: from films whose weekend was known when each forecast was made. Films are left
    out until their source has enough of those.
    """

    horizon: str
    quantity: str
    alone: Judged
    blended: Judged
    stated: Floats
    """Theirs as stated, Friday to Sunday; NaN for other quantities. The mean where several are."""
    waiting: int
    """Films with a forecast by others that are left out, its source having too few before."""
    sources: tuple[str, ...]
    """By film, whose forecasts moved ours."""


@dataclass(frozen=True)
class Backtest:
    """Every horizon and quantity of a plan's films, for the judged years."""

    territory: str
    currency: str
    plan: str
    first_year: int
    last_year: int
    judged: tuple[Judged, ...]
    beside: tuple[BesideOthers, ...] = ()

    def of(self, horizon: str, quantity: str) -> Judged:
        """The forecasts of one horizon and quantity."""
        for judged in self.judged:
            if (judged.horizon, judged.quantity) == (horizon, quantity):
                return judged
        raise CannotTellError(code="not_backtested", quantity=quantity, horizon=horizon)


@dataclass(frozen=True)
class Backtests(Brief):
    """The backtests of one or both plans of a territory's films, and of all of them together."""

    parts: tuple[Backtest, ...]
    curves: tuple["Curve", ...] = ()
    """Of the wide films alone: how the gross to date was forecast by day."""
    simulated: bool = False

    @property
    def plan(self) -> str:
        """Whose films: wide, limited, or both."""
        return " and ".join(p.plan for p in self.parts)

    @property
    def judged(self) -> list[Judged]:
        """By horizon and quantity, the forecasts of all plans together."""
        keys = list(dict.fromkeys((j.horizon, j.quantity) for p in self.parts for j in p.judged))
        order = {h: i for i, h in enumerate(HORIZONS)}
        keys.sort(key=lambda k: order.get(k[0], len(order)))
        return [
            together([j for p in self.parts for j in p.judged if (j.horizon, j.quantity) == key])
            for key in keys
        ]

    def to_arrow(self) -> pa.Table:
        """A row for each forecast: its quantiles and the actual amount, in the market's money."""
        columns: dict[str, list[object]] = {}
        for part in self.parts:
            for judged in part.judged:
                for name, values in _columns(part, judged, simulated=self.simulated).items():
                    columns.setdefault(name, []).extend(values)
        return pa.table(columns)


def _columns(part: Backtest, judged: Judged, *, simulated: bool) -> dict[str, list[object]]:
    n = len(judged.films)
    columns: dict[str, list[object]] = {
        "film": list(judged.films),
        "territory": [part.territory] * n,
        "currency": [part.currency] * n,
        "plan": [judged.plan] * n,
        "horizon": [judged.horizon] * n,
        "quantity": [judged.quantity] * n,
        "opening": [as_day(int(o)) for o in judged.opening],
        "model_of": [as_day(int(o)) for o in judged.origin],
        "franchise": [bool(f) for f in judged.franchise],
        "actual": judged.actual.tolist(),
    }
    for i, p in enumerate(PROBABILITIES):
        columns[f"q{p * 100:g}"] = judged.quantiles[:, i].tolist()
    return columns | ({"label": [SIMULATED] * n} if simulated else {})


def backtest(
    index: HistoryIndex,
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
    come from the errors of such forecasts in the years before. `index` holds all that is known
    now: each row of features uses what was known on its own day. With `fridays_only` films that
    opened on another day are learned from and not judged.
    """
    films = eligible(index, plan, index.history.as_of.toordinal())
    years = range(first_year - WARM_UP_YEARS, last_year + 1)
    origins = [date(year, 1, 1).toordinal() for year in years]
    judged: list[Judged] = []
    beside: list[BesideOthers] = []
    for stage in stages_of(horizons):
        progress(f"Backtest of {plan} films: {stage}")
        rolled = roll(index, films, stage, origins, workers=workers)
        for horizon in horizons:
            if horizon in rolled.errors:
                errors = rolled.errors[horizon]
                own = list(_judged(index, plan, horizon, errors, first_year, last_year))
                judged += own
                if horizon in BEFORE:
                    beside += list(_beside(index, horizon, errors, own))
    if fridays_only:
        judged = _of_fridays(judged)
    if not judged:
        raise CannotTellError(
            code="no_backtest",
            plan=plan,
            territory=index.history.territory,
            first_year=str(first_year),
            last_year=str(last_year),
            films=len(films),
            years_before=WARM_UP_YEARS,
        )
    return Backtest(
        index.history.territory,
        index.history.currency,
        plan,
        first_year,
        last_year,
        tuple(judged),
        tuple(beside),
    )


def _of_fridays(judged: Sequence[Judged]) -> list[Judged]:
    """Those of films that opened on a Friday."""
    fridays = [np.flatnonzero([weekday(int(o)) == FRIDAY for o in j.opening]) for j in judged]
    return [j.take(rows) for j, rows in zip(judged, fridays, strict=True) if len(rows)]


def stages_of(horizons: Sequence[str]) -> list[str]:
    """The stages that serve some horizons, in their order."""
    stages = []
    if any(h in BEFORE and h != "T-1" for h in horizons):
        stages.append(CALENDAR)
    if "T-1" in horizons:
        stages.append(CINEMAS)
    return stages + [h for h in horizons if h not in BEFORE]


def _judged(
    index: HistoryIndex, plan: str, horizon: str, errors: Errors, first_year: int, last_year: int
) -> Iterator[Judged]:
    opening = np.array([index.openings[f] for f in errors.films], np.int64)
    years = np.array([as_day(int(o)).year for o in opening])
    price = np.array([index.log_price(int(o), int(o)) for o in opening])
    cinemas = [
        index.history.fact(f, "theaters", int(o))
        for f, o in zip(errors.films, opening, strict=True)
    ]
    shares = [adapt.market_share(index, int(day)) for day in errors.as_of]
    for quantity in errors.predicted:
        logs = quantiles(index, errors, quantity)
        actual = errors.actual[quantity]
        ok = np.flatnonzero(
            np.isfinite(logs[:, 0])
            & np.isfinite(actual)
            & (years >= first_year)
            & (years <= last_year)
        )
        if not len(ok):
            continue
        baselines = {"comparable films": comparables(index, errors, quantity)}
        prediction = log_linear(index, errors, quantity, horizon)
        if prediction is not None:
            baselines["log-linear"] = prediction
        yield Judged(
            plan,
            horizon,
            quantity,
            tuple(errors.films[i] for i in ok),
            opening[ok],
            errors.origin[ok],
            np.exp(np.maximum.accumulate(logs[ok], axis=1) + price[ok, None]),
            np.exp(actual[ok] + price[ok]),
            errors.franchise[ok],
            errors.size[ok],
            np.exp(price[ok]),
            {n: np.exp(b[ok] + price[ok]) for n, b in baselines.items()},
            np.array(cinemas, np.float64)[ok],
            np.array(shares, np.float64)[ok],
        )


def _beside(
    index: HistoryIndex, horizon: str, errors: Errors, judged: Sequence[Judged]
) -> Iterator[BesideOthers]:
    """Each judged quantity of the films of which others had a forecast by then."""
    if not any(f in index.history.outside for f in errors.films):
        return
    shares = WeekendShares(index)
    comparison = compare(index, errors, shares, left=BEFORE[horizon])
    row = {f: i for i, f in enumerate(errors.films)}
    blends: dict[str, Blend | None] = {}
    stated_logs: dict[str, float] = {}
    for film in {f for j in judged for f in j.films if f in index.history.outside}:
        i, opening = row[film], index.openings[film]
        on = int(errors.as_of[i])
        given = {
            c: s.log_weekend for c, s in newest(stated(index, shares, film, opening, on)).items()
        }
        if given:
            stated_logs[film] = float(np.mean(list(given.values())))
            predicted = {q: float(p[i]) for q, p in errors.predicted.items()}
            blends[film] = blend(comparison, given, predicted, on)
    for j in judged:
        ours = errors.predicted[j.quantity]
        keep, rows, sources = [], [], []
        for k, film in enumerate(j.films):
            moved = blends.get(film)
            if moved is not None and j.quantity in moved.quantiles:
                keep.append(k)
                sources.append(" and ".join(dict.fromkeys(s for s, _ in moved.columns)))
                centre = float(ours[row[film]]) + moved.shift
                rows.append(j.price[k] * np.exp(centre + moved.quantiles[j.quantity]))
        if not keep:
            continue
        alone = j.take(np.array(keep))
        theirs = np.array([np.exp(stated_logs[f]) for f in alone.films]) * alone.price
        yield BesideOthers(
            j.horizon,
            j.quantity,
            alone,
            replace(alone, quantiles=np.array(rows)),
            theirs if j.quantity == WEEKEND else np.full(len(keep), np.nan),
            sum(f in stated_logs for f in j.films) - len(keep),
            tuple(sources),
        )


def quantiles(index: HistoryIndex, errors: Errors, quantity: str) -> Floats:
    """Quantiles of each forecast, from what was known on its own day; NaN where too little was.

    Widths are those of its origin, drawn out at each end by the outcomes known since, and at both
    by a market that has changed.
    """
    opened = np.array([index.openings[f] for f in errors.films]) < errors.as_of
    made = past_ranges(index, errors, quantity)
    scores = made.scores(index, errors.films, quantity)
    factors = adapt.ends(scores, errors.as_of, made.group)
    rows = made.quantiles.copy()
    for i, (day, own) in enumerate(zip(errors.as_of.tolist(), factors, strict=True)):
        factor = adapt.market_factor(adapt.market_share(index, day), opened=bool(opened[i]))
        rows[i] = own.times(factor).applied(rows[i])
    return rows


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


def curves(index: HistoryIndex, result: Backtest) -> list[Curve]:
    """The gross to date by day as T-1 and the first weekend foresaw it, of Friday openings.

    The shape of a run is learned anew for each year from the films before it.
    """
    shapes: dict[int, Shape] = {}
    accuracies = []
    for horizon, days in CURVES.items():
        judged = [j for j in result.judged if j.horizon == horizon]
        total = next((j for j in judged if j.quantity == "total"), None)
        weekend = next((j for j in judged if j.quantity == "opening_weekend"), None)
        if total is None or (days == 0 and weekend is None):
            continue
        pairs_by_day: dict[int, list[tuple[float, bool]]] = {d: [] for d in CURVE_DAYS}
        for i, film in enumerate(total.films):
            opening, origin = int(total.opening[i]), int(total.origin[i])
            if weekday(opening) != FRIDAY:
                continue
            if origin not in shapes:
                earlier = HistoryIndex(index.history.at(as_day(origin)))
                shapes[origin] = learn_shape(earlier, eligible(earlier, result.plan, origin))
            ranges_ = {"total": Range("total", tuple(total.quantiles[i]))}
            if weekend is not None and days == 0:
                at = weekend.films.index(film)
                ranges_["opening_weekend"] = Range("opening_weekend", tuple(weekend.quantiles[at]))
            for day, pair in _curve(index, film, opening, days, ranges_, shapes[origin]):
                pairs_by_day[day].append(pair)
        accuracies += [
            Curve(
                horizon,
                day,
                len(pairs),
                float(np.median([e for e, _ in pairs])),
                float(np.mean([c for _, c in pairs])),
            )
            for day, pairs in pairs_by_day.items()
            if pairs
        ]
    return accuracies


def _curve(
    index: HistoryIndex,
    film: str,
    opening: int,
    days: int,
    ranges_: Mapping[str, Range],
    shape: Shape,
) -> Iterator[tuple[int, tuple[float, bool]]]:
    run = index.history.run(film)
    known = np.nan_to_num(np.array([run.on(k) for k in range(days)]))
    before = run.until(0)
    drawn = draws(index.history, film, opening, ranges_, shape, known, before if days else 0.0)
    sums = run.until(days) * (days > 0) + np.cumsum(drawn.gross, axis=1)
    for day in CURVE_DAYS:
        if day <= days or run.offsets[-1] < day - 1:
            continue
        low, middle, high = np.quantile(sums[:, day - 1 - days], (0.1, 0.5, 0.9))
        actual = run.until(day)
        yield day, (abs(float(middle) / actual - 1), bool(low <= actual <= high))


@dataclass(frozen=True)
class Classes:
    """How often the class of the median is right, or at most one off (Sharda and Delen 2006)."""

    films: int
    exact: float
    within_one: float


def classes(judged: Judged) -> Classes:
    """The nine classes of total gross, of the dollars of the time, by the forecast's median."""
    middle = judged.quantiles[:, PROBABILITIES.index(0.5)]
    predicted, actual = np.searchsorted(CLASSES, middle), np.searchsorted(CLASSES, judged.actual)
    off = np.abs(predicted - actual)
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
        actual=np.concatenate([p.actual for p in parts]),
        franchise=np.concatenate([p.franchise for p in parts]),
        size=np.concatenate([p.size for p in parts]),
        price=np.concatenate([p.price for p in parts]),
        baselines={n: np.concatenate([p.baselines[n] for p in parts]) for n in names},
        cinemas=np.concatenate([p.cinemas for p in parts]),
        market=np.concatenate([p.market for p in parts]),
    )
