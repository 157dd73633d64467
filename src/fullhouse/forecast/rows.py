"""The films of a territory as rows for the models: features as of a horizon, and what came."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fullhouse.core.arrays import Floats, Ints
from fullhouse.forecast.features import features
from fullhouse.forecast.horizon import BEFORE, days_known
from fullhouse.forecast.past import Past
from fullhouse.forecast.run_features import run_features
from fullhouse.forecast.season import first_sunday

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
        found = np.full((len(self.films), len(columns)), np.nan)
        for j, name in enumerate(columns):
            if name in where:
                found[:, j] = self.x[:, where[name]]
        return found

    def take(self, keep: Ints) -> "Rows":
        """Some of the rows."""
        films = tuple(self.films[i] for i in keep)
        return Rows(films, self.opening[keep], self.as_of[keep], self.columns, self.x[keep])


def rows_at(past: Past, films: Sequence[str], horizon: str) -> Rows:
    """Features of films as of a named horizon of each (or 'day N')."""
    if horizon in BEFORE:
        return before(past, films, BEFORE[horizon])
    return in_cinemas(past, films, horizon)


def before(past: Past, films: Sequence[str], days_before: int) -> Rows:
    """Features so many days before each film's opening."""
    opening = [past.openings[f] for f in films]
    told = [features(past, f, o, o - days_before) for f, o in zip(films, opening, strict=True)]
    return table(films, opening, [o - days_before for o in opening], told)


def in_cinemas(past: Past, films: Sequence[str], horizon: str) -> Rows:
    """Features once so much of each film's run is known: the run's, and those that still tell."""
    opening = [past.openings[f] for f in films]
    days = [days_known(horizon, o) for o in opening]
    told = [run_row(past, f, o, n) for f, o, n in zip(films, opening, days, strict=True)]
    return table(films, opening, [o + n for o, n in zip(opening, days, strict=True)], told)


def run_row(past: Past, film: str, opening: int, days: int) -> dict[str, float]:
    """Everything that is told of a film with so many days in cinemas known."""
    told = features(past, film, opening, opening + days)
    kept = {k: v for k, v in told.items() if k.startswith(CARRIED)}
    return kept | run_features(past, film, opening, days)


def table(
    films: Sequence[str], opening: Sequence[int], as_of: Sequence[int], told: list[dict[str, float]]
) -> Rows:
    """Rows from what is told of each film."""
    columns = tuple(sorted({name for row in told for name in row}))
    x = np.array([[row.get(c, np.nan) for c in columns] for row in told], np.float64)
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


def outcomes(past: Past, films: Sequence[str], on: int) -> Outcomes:
    """Opening day, opening weekend (with no previews) and total, where each was known on a day."""
    found = np.full((3, len(films)), np.nan)
    for i, film in enumerate(films):
        opening = past.openings[film]
        price = past.log_price(opening, opening)
        run = past.history.run(film)
        first, sunday = run.on(0), first_sunday(opening)
        if opening + 1 <= on and first > 0:
            found[0, i] = np.log(first) - price
        if opening + sunday + 1 <= on:
            found[1, i] = past.results[film].log_weekend
        found[2, i] = _total(past, film, opening, on) - price
    return Outcomes(*found)


def _total(past: Past, film: str, opening: int, on: int) -> float:
    stated = past.history.fact(film, "total", on)
    taken = past.history.run(film).until(on - opening)
    if stated and stated[1] == past.history.currency:
        return float(np.log(max(stated[0], taken)))
    run_known = past.history.as_of.toordinal() >= opening + SETTLED_DAYS
    if on >= opening + SETTLED_DAYS and run_known and taken > 0:
        return float(np.log(taken))
    return float("nan")


def to_date(past: Past, rows: Rows) -> Floats:
    """Log gross to date of each row in constant prices, as known on its day; NaN before it."""
    found = np.full(len(rows.films), np.nan)
    for i, film in enumerate(rows.films):
        opening, on = int(rows.opening[i]), int(rows.as_of[i])
        taken = past.history.run(film).until(on - opening)
        if on > opening and taken > 0:
            found[i] = np.log(taken) - past.log_price(opening, opening)
    return found
