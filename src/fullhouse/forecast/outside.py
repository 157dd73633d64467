"""Opening weekends as others forecast them: what they were worth, and how they move ours.

A regression of the log truth on the log forecast for each source and distance, drawn towards a
source that is right; blended with our own forecast by the slope of our error on the difference,
and ranges from the errors of the blend, each film left out in turn (jackknife; Lei, G'Sell,
Rinaldo, Tibshirani and Wasserman 2018, section 2.4). All of it is learned on films that opened
before. With few films, normal priors hold the regression back.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from fullhouse.core.arrays import Flags, Floats, Ints
from fullhouse.core.brief import Brief
from fullhouse.forecast.calendar import BEFORE, first_sunday, holiday_names, horizon_at
from fullhouse.forecast.forecast import PROBABILITIES
from fullhouse.forecast.history import OutsideForecast
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.forecast.rows import SETTLED_DAYS, outcomes
from fullhouse.forecast.train import Errors

FEWEST_FILMS = 8
"""A source moves no forecast before so many of its films have opened; 80 % needs 5."""
NEWEST_FILMS = 150
"""The newest so many films are learned from."""
BIAS_PRIOR, SLOPE_PRIOR = 3.0, 6.0
"""A source counts as unbiased in so many films more; its slope as 1, within about 0.1."""
WEIGHT_PRIOR = 0.25
"""The blend counts as all theirs in one film more, on which the two differ by 0.5 in logs."""
WIDTH_RIDGE = 30.0
OFFSET = 0.05
"""Added to an absolute log error before its log is taken."""
FEWEST_SHARES = 5
"""Past weekends from which the share of a figure over other days is taken."""
WEEKEND = "opening_weekend"

Column = tuple[str, str]
"""A source, and the horizon before the opening at which its forecasts were made."""


def covered_days(opening: int, days: int) -> tuple[int, int]:
    """First and last day of a figure that covers so many days, counted from the opening.

    From Friday on; from the opening where it ends on the Sunday that way: five days of a
    Wednesday opening.
    """
    sunday = first_sunday(opening)
    first = 0 if days == sunday + 1 else max(0, sunday - 2)
    return first, first + days - 1


class WeekendShares:
    """How much of a figure over other days Friday to Sunday was, in past openings."""

    def __init__(self, index: HistoryIndex) -> None:
        self._index = index
        self._past: dict[tuple[int, int], list[tuple[int, str, float]]] = {}

    def log_share(self, opening: int, days: int, on: int) -> float | None:
        """Log of the weekend over the gross of the days covered: the median of past openings.

        Of weekends that opened on the same weekday, and before the same holiday where there were
        some; known on the day. None where there were too few.
        """
        first, last = covered_days(opening, days)
        sunday = first_sunday(opening)
        if (first, last) == (max(0, sunday - 2), sunday):
            return 0.0
        starts = sunday if first == 0 and last == sunday else -1
        past = [p for p in self._of(starts, days) if p[0] < on]
        holiday = self._holiday(opening)
        same = [log for _, name, log in past if name == holiday]
        if len(same) < FEWEST_SHARES and holiday:
            same = [log for _, name, log in past if name]
        return float(np.median(same)) if len(same) >= FEWEST_SHARES else None

    def _of(self, starts: int, days: int) -> list[tuple[int, str, float]]:
        """By past opening: when it was known, the Monday's holiday, the log of the share."""
        if (starts, days) not in self._past:
            shares = []
            for film, opening in self._index.openings.items():
                sunday = first_sunday(opening)
                if sunday != (2 if starts < 0 else starts):
                    continue
                run = self._index.history.run(film)
                first, last = covered_days(opening, days)
                taken = run.between(first, last), run.between(max(0, sunday - 2), sunday)
                if not min(taken) > 0 or self._index.history.plan(film, opening) != "wide":
                    continue
                log = float(np.log(taken[1] / taken[0]))
                shares.append((opening + last + 1, self._holiday(opening), log))
            self._past[(starts, days)] = shares
        return self._past[(starts, days)]

    def _holiday(self, opening: int) -> str:
        """The public holiday of the Monday after the weekend, if it is one."""
        names = holiday_names(self._index.history.territory)
        return names.get(opening + first_sunday(opening) + 1, "").split(" (")[0]


@dataclass(frozen=True)
class Stated:
    """A forecast by somebody else as it counts for a film: the log of its opening weekend.

    In constant prices, Friday to Sunday; NaN where the days that it covers cannot be compared.
    """

    forecast: OutsideForecast
    horizon: str
    log_weekend: float


def stated(
    index: HistoryIndex, shares: WeekendShares, film: str, opening: int, on: int
) -> list[Stated]:
    """What others had forecast of a film by a day, before it opened; the oldest first."""
    forecasts = []
    for forecast in index.history.outside.get(film, ()):
        if forecast.known_on > on or forecast.made_on >= opening:
            continue
        share = shares.log_share(opening, forecast.days, on)
        log = np.nan if share is None else np.log(forecast.mid) + share
        horizon = horizon_at(opening, forecast.made_on, 0).name
        forecasts.append(Stated(forecast, horizon, float(log) - index.log_price(opening, on)))
    return sorted(forecasts, key=lambda s: (s.forecast.made_on, s.forecast.known_on))


def newest(forecasts: Sequence[Stated]) -> dict[Column, Stated]:
    """The newest forecast of each source that can be compared."""
    by_source = {s.forecast.source: s for s in forecasts if np.isfinite(s.log_weekend)}
    return {(source, s.horizon): s for source, s in by_source.items()}


@dataclass(frozen=True)
class Comparison:
    """Past films of which others forecast the weekend, beside ours: logs in constant prices."""

    films: tuple[str, ...]
    stated: Mapping[Column, Floats]
    """NaN where a source had no forecast of a film at that distance."""
    predicted: Mapping[str, Floats]
    """Ours, by quantity."""
    actual: Mapping[str, Floats]
    known_on: Mapping[str, Ints]
    """The day from which each outcome was known."""


def compare(index: HistoryIndex, errors: Errors, shares: WeekendShares, *, left: int) -> Comparison:
    """Our past forecasts at a horizon beside those of others, known `left` days before opening."""
    rows = [i for i, f in enumerate(errors.films) if f in index.history.outside]
    films = tuple(errors.films[i] for i in rows)
    logs: dict[Column, Floats] = defaultdict(lambda: np.full(len(rows), np.nan))
    for k, film in enumerate(films):
        opening = index.openings[film]
        for s in stated(index, shares, film, opening, opening - left):
            logs[(s.forecast.source, s.horizon)][k] = s.log_weekend
    actual = outcomes(index, films, index.history.as_of.toordinal())
    openings = np.array([index.openings[f] for f in films], np.int64)
    sundays = np.array([first_sunday(int(o)) for o in openings], np.int64)
    known_on = {
        "opening_day": openings + 1,
        WEEKEND: openings + sundays + 1,
        "total": openings + SETTLED_DAYS,
    }
    return Comparison(
        films,
        dict(logs),
        {q: p[rows] for q, p in errors.predicted.items()},
        {q: getattr(actual, q) for q in errors.predicted},
        {q: known_on[q] for q in errors.predicted},
    )


@dataclass(frozen=True)
class Blend:
    """How far the forecasts of others move ours, and how far such blends were off."""

    shift: float
    """Added to our log forecasts."""
    weight: float
    """Of theirs, 0 to 1."""
    films: int
    """Past films from which that was learned."""
    columns: tuple[Column, ...]
    quantiles: Mapping[str, Floats]
    """Quantiles of the log error at `PROBABILITIES`, by quantity where enough are known."""


def films_of(comparison: Comparison, column: Column, on: int) -> int:
    """Past films with a known weekend of which a source had a forecast at that distance."""
    logs = comparison.stated.get(column)
    return 0 if logs is None else int((np.isfinite(logs) & _known(comparison, WEEKEND, on)).sum())


def blend(
    comparison: Comparison,
    given: Mapping[Column, float],
    predicted: Mapping[str, float],
    on: int,
) -> Blend | None:
    """What a film's forecasts by others, logs by source and distance, change of ours on a day.

    None where no source has enough past films.
    """
    columns = tuple(c for c in sorted(given) if films_of(comparison, c, on) >= FEWEST_FILMS)
    if not columns or WEEKEND not in predicted:
        return None
    known = _known(comparison, WEEKEND, on)
    logs = np.stack([comparison.stated[c] for c in columns], axis=1)
    rows = np.flatnonzero(known & np.isfinite(logs).any(axis=1))
    order = np.argsort(comparison.known_on[WEEKEND][rows], kind="stable")
    rows = rows[order][-NEWEST_FILMS:]
    theirs, ours = logs[rows], comparison.predicted[WEEKEND][rows]
    truth = comparison.actual[WEEKEND][rows]
    fit = _fit(theirs, ours, truth)
    own = np.array([[given[c] for c in columns]])
    here = np.array([predicted[WEEKEND]])
    shifts, calibrated = np.empty(len(rows)), np.empty(len(rows))
    for i in range(len(rows)):
        others = np.arange(len(rows)) != i
        without = _fit(theirs[others], ours[others], truth[others])
        calibrated[i] = without.calibrated(theirs[i : i + 1])[0]
        shifts[i] = without.weight * (calibrated[i] - ours[i])
    centre = fit.calibrated(own)
    features = _width_features(calibrated, ours), _width_features(centre, here)
    quantiles = {}
    for quantity in predicted:
        error = comparison.actual[quantity][rows] - comparison.predicted[quantity][rows] - shifts
        usable = np.isfinite(error) & _known(comparison, quantity, on)[rows]
        if usable.sum() >= FEWEST_FILMS:
            quantiles[quantity] = _quantiles(error[usable], features[0][usable], features[1])
    shift = float(fit.weight * (centre - here)[0])
    return Blend(shift, fit.weight, len(rows), columns, quantiles)


def _known(comparison: Comparison, quantity: str, on: int) -> Flags:
    known: Flags = np.isfinite(comparison.actual[quantity]) & (comparison.known_on[quantity] <= on)
    return known


@dataclass(frozen=True)
class _Fit:
    """Each source's bias and slope about a middle, its precision, and the weight of theirs."""

    middle: Floats
    bias: Floats
    slope: Floats
    precision: Floats
    weight: float

    def calibrated(self, logs: Floats) -> Floats:
        """The mean of what the sources forecast, each corrected, the precise ones for more."""
        corrected = logs + self.bias + self.slope * (logs - self.middle)
        weight = np.where(np.isfinite(logs), self.precision, 0.0)
        mean: Floats = np.nansum(weight * np.nan_to_num(corrected), axis=1) / weight.sum(axis=1)
        return mean


def _fit(theirs: Floats, ours: Floats, truth: Floats) -> _Fit:
    middle, bias, slope, precision = (np.zeros(theirs.shape[1]) for _ in range(4))
    for j, logs in enumerate(theirs.T):
        has = np.flatnonzero(np.isfinite(logs))
        x, error = logs[has], truth[has] - logs[has]
        middle[j] = x.mean() if len(x) else 0.0
        a = np.column_stack([np.ones(len(x)), x - middle[j]])
        bias[j], slope[j] = np.linalg.solve(
            a.T @ a + np.diag([BIAS_PRIOR, SLOPE_PRIOR]), a.T @ error
        )
        rest = error - a @ (bias[j], slope[j])
        precision[j] = (len(x) + 1) / (rest @ rest + OFFSET)
    fit = _Fit(middle, bias, slope, precision, 1.0)
    difference = fit.calibrated(theirs) - ours
    weight = (difference @ (truth - ours) + WEIGHT_PRIOR) / (difference @ difference + WEIGHT_PRIOR)
    return _Fit(middle, bias, slope, precision, float(np.clip(weight, 0.0, 1.0)))


def _width_features(calibrated: Floats, ours: Floats) -> Floats:
    """What the size of an error may depend on: how large the film is, how far the two differ."""
    return np.column_stack([calibrated, np.abs(calibrated - ours)])


def _quantiles(error: Floats, features: Floats, own: Floats) -> Floats:
    """Quantiles of the next log error at `PROBABILITIES`: as wide below as above.

    The bias is corrected before; of few films the two sides together say more than each alone.
    The k-th of n absolute errors bounds the next one with probability k / (n + 1).
    """
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-9
    scaled = (features - mean) / spread
    log_size = np.log(np.abs(error) + OFFSET)
    gram = scaled.T @ scaled + WIDTH_RIDGE * np.eye(scaled.shape[1])
    slope = np.linalg.solve(gram, scaled.T @ (log_size - log_size.mean()))
    n = len(error)
    sizes = np.sort(np.abs(error) / np.exp(scaled @ slope))
    level = 2 * np.asarray(PROBABILITIES) - 1
    level = np.sign(level) * np.minimum(np.abs(level) * (n + 1) / n, 1 - 0.5 / n)
    size = np.interp(np.abs(level), (np.arange(n) + 0.5) / n, sizes)
    # Below the smallest error the quantiles go on to 0 in a line.
    size = np.where(np.abs(level) < 0.5 / n, sizes[0] * np.abs(level) * 2 * n, size)
    width = float(np.exp(((own - mean) / spread) @ slope)[0])
    quantiles: Floats = np.sign(level) * size * width
    return quantiles


@dataclass(frozen=True)
class SourceGroup:
    """How the forecasts of a source did in one group of films: all, originals or franchises."""

    group: str
    films: int
    factor: float
    """The actual gross over the forecast, at the median: below 1, the source is high."""
    median_error: float
    log_rmse: float
    ranges: int
    """Forecasts that stated a range."""
    inside: int
    """Those whose range held the actual gross."""


@dataclass(frozen=True)
class SourceRecord(Brief):
    """The record of a source at one distance; grosses are those of the days that it covered."""

    source: str
    horizon: str
    groups: tuple[SourceGroup, ...] = field(default=())


def records(index: HistoryIndex) -> list[SourceRecord]:
    """How every source did, by distance, for all films and by whether they continue another.

    The newest forecast of each film, source and distance counts.
    """
    results: dict[Column, list[tuple[bool, OutsideForecast, float]]] = defaultdict(list)
    on = index.history.as_of.toordinal()
    for film, forecasts in index.history.outside.items():
        opening = index.openings.get(film)
        if opening is None:
            continue
        latest = {
            (f.source, horizon_at(opening, f.made_on, 0).name, f.days): f
            for f in sorted(forecasts, key=lambda f: f.made_on)
            if f.made_on < opening
        }
        franchise = index.part(film, min(on, opening)) > 0
        for (source, horizon, days), forecast in latest.items():
            actual = index.history.run(film).between(*covered_days(opening, days))
            if actual > 0:
                results[(source, horizon)].append((franchise, forecast, actual))
    far = list(BEFORE)
    return [
        SourceRecord(source, horizon, tuple(_groups(rows)))
        for (source, horizon), rows in sorted(
            results.items(), key=lambda p: (p[0][0], far.index(p[0][1]))
        )
    ]


def _groups(rows: Sequence[tuple[bool, OutsideForecast, float]]) -> list[SourceGroup]:
    parts = {
        "all": rows,
        "original": [r for r in rows if not r[0]],
        "franchise": [r for r in rows if r[0]],
    }
    groups = []
    for name, part in parts.items():
        if not part:
            continue
        error = np.array([np.log(actual / f.mid) for _, f, actual in part])
        ranged = [(f, a) for _, f, a in part if f.low is not None and f.high is not None]
        inside = sum(1 for f, a in ranged if (f.low or 0.0) <= a <= (f.high or 0.0))
        groups.append(
            SourceGroup(
                name,
                len(part),
                float(np.exp(np.median(error))),
                float(np.median(np.abs(np.expm1(-error)))),
                float(np.sqrt(np.mean(error**2))),
                len(ranged),
                inside,
            )
        )
    return groups
