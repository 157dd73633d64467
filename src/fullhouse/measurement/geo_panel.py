"""A table of city, day and value as cities by days or weeks, its gaps filled by a stated rule."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from math import gcd
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fullhouse.core.arrays import Flags, Floats, Ints
from fullhouse.core.errors import CannotTellError, InputError, did_you_mean
from fullhouse.core.values import parse_date
from fullhouse.measurement.experiment import FilledGaps
from fullhouse.measurement.experiment_table import (
    check_alike,
    check_columns,
    load_table,
    numbers,
    texts,
    trimmed_name,
)

Fill = Literal["refuse", "zero", "interpolate"]
"""What a missing city-day is: a mistake, a day that sold nothing, or one that was not written."""

MOST_FILLED = 0.5
"""A city of which a greater share of days is missing cannot be interpolated."""
SPARSE = 0.3
"""Rows on a smaller share of days are neither daily nor weekly."""
YES = frozenset({"1", "1.0", "true", "yes", "y", "t", "treated", "treatment", "test"})
NO = frozenset({"0", "0.0", "false", "no", "n", "c", "control", "none", "holdout", "untreated"})


@dataclass(frozen=True)
class Panel:
    """Values by city and day (or week), in order; `period` is the days of a column."""

    cities: tuple[str, ...]
    days: tuple[date, ...]
    values: Floats
    period: int = 1
    filled: FilledGaps | None = None


@dataclass(frozen=True)
class TreatedCities:
    """The cities of a column that says so, and its first and last day where it says that too."""

    cities: tuple[str, ...]
    start: date | None = None
    end: date | None = None


def read_panel(
    table: pa.Table | str | Path,
    *,
    city: str,
    day: str,
    value: str,
    fill: Fill = "refuse",
    start: date | None = None,
) -> Panel:
    """The table as cities by days, or by weeks where all its dates are whole weeks apart.

    A missing city-day is an error that names the first, a 0, or interpolated between the same
    weekdays of that city: not across the `start`, so that no campaign reaches into its past.
    """
    if fill not in get_args(Fill):
        raise InputError(f"A gap is filled by {', '.join(get_args(Fill))}; not by {fill!r}.")
    rows = load_table(table)
    check_columns(rows, (city, day, value))
    if not rows.num_rows:
        raise InputError("The table has no rows.")
    cities, at_city = np.unique(_cities(rows, city), return_inverse=True)
    ordinals = np.array([d.toordinal() for d in _dates(rows, day)])
    period = _period(ordinals, day)
    first = int(ordinals.min())
    at_day = (ordinals - first) // period
    days = tuple(date.fromordinal(first + period * i) for i in range(int(at_day.max()) + 1))
    count = np.zeros((len(cities), len(days)), dtype=np.int64)
    np.add.at(count, (at_city, at_day), 1)
    names = tuple(str(c) for c in cities)
    if (count > 1).any() or (fill == "refuse" and (count < 1).any()):
        raise InputError(_not_one(count, names, days, period))
    values = np.full(count.shape, np.nan)
    values[at_city, at_day] = numbers(rows, value)
    panel = Panel(names, days, values, period)
    return panel if (count == 1).all() else _filled(panel, count == 0, fill, start)


def treated_of(table: pa.Table | str | Path, *, city: str, day: str, column: str) -> TreatedCities:
    """The cities that a column marks (1, yes, true, treated), on all their days or only some.

    Marked on some days only, these are the campaign's: the same for all of them.
    """
    rows = load_table(table)
    check_columns(rows, (city, day, column))
    marks = _marks(rows, column)
    cities, days = _cities(rows, city), _dates(rows, day)
    named = tuple(str(c) for c in np.unique(cities[marks]))
    if not named:
        raise InputError(f"Column {column!r} marks no city as treated.")
    of_treated = np.isin(cities, named)
    if marks[of_treated].all():
        return TreatedCities(named)
    inside = [d for d, m in zip(days, marks, strict=True) if m]
    start, end = min(inside), max(inside)
    for name, when, mark, treated in zip(cities, days, marks, of_treated, strict=True):
        if treated and start <= when <= end and not mark:
            raise InputError(
                f"Column {column!r} marks {str(name)!r} not on {when}, but other days from {start}"
                f" to {end}. All treated cities must begin and end together: read others apart."
            )
    return TreatedCities(named, start, end)


def _cities(rows: pa.Table, column: str) -> npt.NDArray[np.str_]:
    """The city of each row; one that is written in two ways would be two with half their days."""
    written, which = np.unique(texts(rows, column), return_inverse=True)
    names = [trimmed_name(str(w)) for w in written]
    check_alike(sorted(set(names)), column, "cities")
    return np.array(names)[which]


def _marks(rows: pa.Table, column: str) -> Flags:
    words = np.char.lower(np.char.strip(texts(rows, column)))
    unknown = sorted(set(words.tolist()) - YES - NO)
    if unknown:
        raise InputError(
            f"Column {column!r} must hold 1 or 0 (or yes or no, treated or control), not"
            f" {unknown[0]!r}."
        )
    marks: Flags = np.isin(words, sorted(YES))
    return marks


def place_of(name: str, cities: Sequence[str]) -> int:
    """Which of the cities has a name."""
    if name not in cities:
        raise InputError(f"The table has no city {name!r}.{did_you_mean(name, cities)}")
    return cities.index(name)


def window_of(panel: Panel, start: date, end: date, value: str) -> tuple[int, int]:
    """The column of a campaign's first day or week, and that after its last.

    A week is named by its first day; the campaign's end may be any day of its last week.
    """
    at = {d: i for i, d in enumerate(panel.days)}
    last = date.fromordinal(panel.days[-1].toordinal() + panel.period - 1)
    if end < start or start < panel.days[0] or end > last:
        raise InputError(
            f"The campaign, {start} to {end}, must lie in the table's days, {panel.days[0]} to"
            f" {last}."
        )
    if start not in at:
        nearest = min(panel.days, key=lambda d: (abs((d - start).days), d))
        raise InputError(
            f"The table has a row each {panel.period} days, and none on {start}: a campaign must"
            f" start with a row's date, such as {nearest}."
        )
    first = at[start]
    dead = [c for c, v in zip(panel.cities, panel.values, strict=True) if v[:first].sum() <= 0]
    if first and dead:
        raise CannotTellError(code="city_without_past", city=dead[0], value=value, start=start)
    return first, (end - panel.days[0]).days // panel.period + 1


def _dates(rows: pa.Table, column: str) -> list[date]:
    return [_date(x, column) for x in rows[column].to_pylist()]


def _date(value: Any, column: str) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    return parse_date(str(value), what=f"Column {column!r}")


def _period(ordinals: Ints, column: str) -> int:
    """The days of a column of the panel: 1, or whole weeks."""
    known = np.unique(ordinals)
    step = gcd(*np.diff(known).tolist()) if len(known) > 1 else 1
    if step % 7 == 0:
        return step
    span = int(known[-1] - known[0]) + 1
    if len(known) < SPARSE * span:
        raise InputError(
            f"Column {column!r} has {len(known)} dates in {span} days: neither each day nor each"
            " week. Add up the values by week, each week named by its first day."
        )
    return 1


def _not_one(count: Ints, cities: Sequence[str], days: Sequence[date], period: int) -> str:
    """What is wrong with a table that has not one row for each city and day."""
    twice = (count > 1).any()
    c, d = np.argwhere(count > 1 if twice else count < 1)[0]
    unit = "day" if period == 1 else "week" if period == 7 else f"{period} days"
    sentence = f"Each city needs one row a {unit}; {cities[c]!r} has {count[c, d]} on {days[d]}."
    if twice:
        return sentence
    return (
        f"{sentence} {int((count < 1).sum()):,} of {count.size:,} are missing: fill them with"
        " 'zero' if nothing was sold then, or with 'interpolate' if it was not written down."
    )


def _filled(panel: Panel, missing: Flags, rule: Fill, start: date | None) -> Panel:
    values = np.where(missing, 0.0, panel.values)
    shares = missing.mean(1)
    worst = int(shares.argmax())
    if rule == "interpolate":
        if shares[worst] > MOST_FILLED:
            raise CannotTellError(
                code="city_mostly_missing",
                city=panel.cities[worst],
                missing=int(missing[worst].sum()),
                rows=len(panel.days),
            )
        cut = next((i for i, d in enumerate(panel.days) if start and d >= start), len(panel.days))
        for part in (slice(0, cut), slice(cut, None)):
            values[:, part] = _interpolated(panel, values[:, part], missing[:, part])
    gaps = FilledGaps(
        rule=rule,
        city_days=int(missing.sum()),
        of=missing.size,
        most_city=panel.cities[worst],
        most_share=float(shares[worst]),
    )
    return replace(panel, values=values, filled=gaps)


def _interpolated(panel: Panel, values: Floats, missing: Flags) -> Floats:
    """Gaps between the nearest known days of the same weekday, else of any; at an edge the nearest.

    Cinemas sell by weekday: a Saturday is no mean of Friday and Sunday.
    """
    result = values.copy()
    step = 7 if panel.period == 1 else 1
    for c in np.flatnonzero(missing.any(1)):
        if missing[c].all():
            raise CannotTellError(
                code="city_mostly_missing",
                city=panel.cities[c],
                missing=values.shape[1],
                rows=values.shape[1],
            )
        every = np.arange(values.shape[1])
        known = every[~missing[c]]
        for weekday in range(min(step, len(every))):
            gaps = every[weekday::step][missing[c, weekday::step]]
            same = known[known % step == weekday]
            same = same if len(same) else known
            result[c, gaps] = np.interp(gaps, same, values[c, same])
    return result
