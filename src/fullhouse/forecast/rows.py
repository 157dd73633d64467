"""The films of a territory as rows for the models: features as of a horizon, and outcomes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from fullhouse.core.arrays import Floats, Ints
from fullhouse.forecast.calendar import BEFORE, as_day, days_known, first_sunday, holiday_count
from fullhouse.forecast.features import features
from fullhouse.forecast.history import DailyRun
from fullhouse.forecast.history_index import HistoryIndex

SETTLED_DAYS = 120
"""A run counts as over so long after the opening; what it takes later is little."""
CARRIED = ("distributor.", "series.", "season.", "story.", "slate.")
"""Groups of what was known before the opening that still tell of the run."""


@dataclass(frozen=True)
class Rows:
    """One row a film: what was known of it on `as_of`, in the order of `columns`."""

    films: tuple[str, ...]
    opening: Ints
    as_of: Ints
    columns: tuple[str, ...]
    x: Floats

    def column(self, name: str) -> Floats:
        """One feature of every row; NaN where it is not known of any."""
        if name not in self.columns:
            return np.full(len(self.films), np.nan)
        return self.x[:, self.columns.index(name)]

    def aligned(self, columns: Sequence[str]) -> Floats:
        """The features in another order of columns; NaN for those it lacks."""
        where = {c: i for i, c in enumerate(self.columns)}
        x = np.full((len(self.films), len(columns)), np.nan)
        for j, name in enumerate(columns):
            if name in where:
                x[:, j] = self.x[:, where[name]]
        return x

    def take(self, keep: Ints) -> "Rows":
        """Some of the rows."""
        films = tuple(self.films[i] for i in keep)
        return Rows(films, self.opening[keep], self.as_of[keep], self.columns, self.x[keep])


def rows_at(index: HistoryIndex, films: Sequence[str], horizon: str) -> Rows:
    """Features of films as of a named horizon of each (or 'day N')."""
    if horizon in BEFORE:
        return before(index, films, BEFORE[horizon])
    return in_cinemas(index, films, horizon)


def before(index: HistoryIndex, films: Sequence[str], days_before: int) -> Rows:
    """Features so many days before each film's opening."""
    opening = [index.openings[f] for f in films]
    features_of = [
        features(index, f, o, o - days_before) for f, o in zip(films, opening, strict=True)
    ]
    return table(films, opening, [o - days_before for o in opening], features_of)


def in_cinemas(index: HistoryIndex, films: Sequence[str], horizon: str) -> Rows:
    """Features once so much of each film's run is known: the run's, and those that still tell."""
    opening = [index.openings[f] for f in films]
    days = [days_known(horizon, o) for o in opening]
    features_of = [run_row(index, f, o, n) for f, o, n in zip(films, opening, days, strict=True)]
    return table(films, opening, [o + n for o, n in zip(opening, days, strict=True)], features_of)


def run_row(index: HistoryIndex, film: str, opening: int, days: int) -> dict[str, float]:
    """Everything that is told of a film with so many days in cinemas known."""
    values = features(index, film, opening, opening + days)
    carried = {k: v for k, v in values.items() if k.startswith(CARRIED)}
    return carried | run_features(index, film, opening, days)


def table(
    films: Sequence[str],
    opening: Sequence[int],
    as_of: Sequence[int],
    features_of: list[dict[str, float]],
) -> Rows:
    """Rows from what is told of each film."""
    columns = tuple(sorted({name for row in features_of for name in row}))
    x = np.array([[row.get(c, np.nan) for c in columns] for row in features_of], np.float64)
    return Rows(
        tuple(films),
        np.array(opening),
        np.array(as_of),
        columns,
        x.reshape(len(films), len(columns)),
    )


@dataclass(frozen=True)
class Outcomes:
    """What became of films as known on a day: logs in constant prices; NaN where not known yet."""

    opening_day: Floats
    opening_weekend: Floats
    total: Floats


def outcomes(index: HistoryIndex, films: Sequence[str], on: int) -> Outcomes:
    """Opening day, opening weekend (with no previews) and total, where each was known on a day."""
    logs = np.full((3, len(films)), np.nan)
    for i, film in enumerate(films):
        opening = index.openings[film]
        price = index.log_price(opening, opening)
        run = index.history.run(film)
        first, sunday = run.on(0), first_sunday(opening)
        if opening + 1 <= on and first > 0:
            logs[0, i] = np.log(first) - price
        if opening + sunday + 1 <= on:
            logs[1, i] = index.results[film].log_weekend
        logs[2, i] = _total(index, film, opening, on) - price
    return Outcomes(*logs)


def _total(index: HistoryIndex, film: str, opening: int, on: int) -> float:
    stated = index.history.fact(film, "total", on)
    taken = index.history.run(film).until(on - opening)
    if stated and stated[1] == index.history.currency:
        return float(np.log(max(stated[0], taken)))
    run_known = index.history.as_of.toordinal() >= opening + SETTLED_DAYS
    if on >= opening + SETTLED_DAYS and run_known and taken > 0:
        return float(np.log(taken))
    return float("nan")


def to_date(index: HistoryIndex, rows: Rows) -> Floats:
    """Log gross to date of each row in constant prices, as known on its day; NaN before it."""
    logs = np.full(len(rows.films), np.nan)
    for i, film in enumerate(rows.films):
        opening, on = int(rows.opening[i]), int(rows.as_of[i])
        taken = index.history.run(film).until(on - opening)
        if on > opening and taken > 0:
            logs[i] = np.log(taken) - index.log_price(opening, opening)
    return logs


NAN = float("nan")
SMALL = 1.0


def run_features(index: HistoryIndex, film: str, opening: int, days: int) -> dict[str, float]:
    """Logs of what was taken in the first days, and their ratios; nothing of a later day.

    `days` of the run are known, the opening day being the first.
    """
    run = index.history.run(film).cut(days)
    price = index.log_price(opening, opening + days)
    to_date = run.until(days)
    values = {
        "run.days": float(days),
        "run.to_date": _log(to_date) - price,
        "run.before": run.until(0) / to_date if to_date > 0 else NAN,
        "run.first_day": _log(run.on(0)) - price,
    }
    values |= _weekends(run, opening, days, price)
    values |= _last_week(run, days)
    values |= _cinemas(run)
    values |= _ahead(index.history.territory, opening + days)
    return values


def _weekends(run: DailyRun, opening: int, days: int, price: float) -> dict[str, float]:
    """The first weekend, and the two last that are over."""
    sunday = first_sunday(opening)
    values = {}
    fridays = range(sunday - 2, days, 7)
    taken = [run.between(max(0, f), f + 2) for f in fridays if f + 3 <= days]
    if taken:
        values["run.first_weekend"] = _log(taken[0]) - price
        first = run.on(0) if sunday >= 2 else NAN
        if sunday == 2:
            values["run.saturday"] = _log(run.on(1)) - _log(first)
        values["run.sunday"] = _log(run.on(sunday)) - _log(run.on(sunday - 1)) if sunday else NAN
        values["run.weekend_share"] = _log(taken[0]) - _log(run.until(sunday + 1))
    if len(taken) > 1:
        values["run.last_weekend"] = _log(taken[-1]) - price
        values["run.hold"] = _log(taken[-1]) - _log(taken[-2])
        values["run.hold_of_all"] = (_log(taken[-1]) - _log(taken[0])) / (len(taken) - 1)
        last = sunday + 7 * (len(taken) - 1)
        values["run.last_saturday"] = _log(run.on(last - 1)) - _log(run.on(last - 2))
        values["run.last_sunday"] = _log(run.on(last)) - _log(run.on(last - 1))
    midweeks = [f + 3 for f in fridays if f + 7 <= days]
    if midweeks:
        monday = midweeks[-1]
        values["run.midweek"] = _log(run.between(monday, monday + 3)) - _log(
            run.between(max(0, monday - 3), monday - 1)
        )
    elif sunday + 2 <= days:
        values["run.monday"] = _log(run.on(sunday + 1)) - _log(run.on(sunday))
    begun = [f for f in fridays if f + 3 > days and f >= 7]
    if begun:
        # A weekend that is under way, beside the same days of the one before.
        first, last = begun[0], days - 1
        values["run.under_way"] = _log(run.between(first, last)) - _log(
            run.between(first - 7, last - 7)
        )
    return values


def _last_week(run: DailyRun, days: int) -> dict[str, float]:
    values = {}
    last = run.on(days - 1)
    values["run.last_day"] = _log(last) - _log(run.on(0))
    if days >= 2:
        values["run.day_before"] = _log(last) - _log(run.on(days - 2))
    if days >= 7:
        week = run.between(days - 7, days - 1)
        values["run.week_share"] = _log(week) - _log(run.until(days))
    if days >= 8:
        values["run.same_day"] = _log(last) - _log(run.on(days - 8))
    if days >= 14:
        values["run.week_hold"] = _log(run.between(days - 7, days - 1)) - _log(
            run.between(days - 14, days - 8)
        )
    return values


def _cinemas(run: DailyRun) -> dict[str, float]:
    known = np.flatnonzero(np.isfinite(run.theaters) & (run.offsets >= 0))
    if not len(known):
        return {}
    first, last = run.theaters[known[0]], run.theaters[known[-1]]
    return {
        "run.cinemas": float(np.log(max(first, 1.0))),
        "run.cinemas_now": float(np.log(max(last, 1.0))),
        "run.per_cinema": _log(run.on(0)) - float(np.log(max(first, 1.0))),
        "run.cinemas_change": float(np.log(max(last, 1.0) / max(first, 1.0))),
    }


def _ahead(territory: str, first: int) -> dict[str, float]:
    day = as_day(first)
    summer = first - date(day.year, 6, 8).toordinal()
    christmas = date(day.year, 12, 25).toordinal() - first
    return {
        "run.holidays_7": float(holiday_count(territory, first, first + 6)),
        "run.holidays_21": float(holiday_count(territory, first + 7, first + 20)),
        "run.holidays_49": float(holiday_count(territory, first + 21, first + 48)),
        "run.summer": float(np.clip(summer, -90, 60)),
        "run.christmas": float(min(christmas, 70)),
    }


def _log(amount: float) -> float:
    return float(np.log(max(amount, SMALL))) if np.isfinite(amount) else NAN
