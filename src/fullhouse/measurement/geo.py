"""What a campaign in some cities brought, from a table of city, day and value."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from fullhouse.core.arrays import Floats
from fullhouse.core.errors import CannotTellError, InputError, did_you_mean
from fullhouse.core.values import parse_date
from fullhouse.measurement.experiment import GeoReadout
from fullhouse.measurement.experiment_table import check_columns, load_table, numbers, texts
from fullhouse.stats.figures import Interval
from fullhouse.stats.geo import geo_effect


@dataclass(frozen=True)
class Panel:
    """Values by city and day, all filled, days in order and next to each other."""

    cities: tuple[str, ...]
    days: tuple[date, ...]
    values: Floats


def read_geo(
    table: pa.Table | str | Path,
    *,
    city: str,
    day: str,
    value: str,
    treated: Sequence[str],
    start: date,
    end: date,
    level: float = 0.95,
    seed: int = 0,
) -> GeoReadout:
    """The effect in the treated cities from `start` to `end`, both included.

    One row for each city and day; `day` is a date or text written YYYY-MM-DD. Later days are not
    looked at. `seed` draws the sets of other cities that the campaign is moved to.
    """
    panel = read_panel(table, city=city, day=day, value=value)
    rows = [_place(name, panel.cities) for name in treated]
    if end < start or start not in panel.days or end not in panel.days:
        raise InputError(
            f"The campaign, {start} to {end}, must lie in the table's days, {panel.days[0]} to"
            f" {panel.days[-1]}."
        )
    first, after = panel.days.index(start), panel.days.index(end) + 1
    dead = [c for c, v in zip(panel.cities, panel.values, strict=True) if v[:first].sum() <= 0]
    if first and dead:
        raise CannotTellError(code="city_without_past", city=dead[0], value=value, start=start)
    effect = geo_effect(
        panel.values, np.array(rows, dtype=np.int64), first, after, level=level, seed=seed
    )
    others = [c for i, c in enumerate(panel.cities) if i not in rows]
    used = sorted(
        ((c, float(w)) for c, w in zip(others, effect.weights, strict=True) if w > 0.0005),
        key=lambda cw: (-cw[1], cw[0]),
    )
    units = Interval(effect.units, effect.low, effect.high)
    return GeoReadout(
        value=value,
        treated=tuple(treated),
        start=start,
        end=end,
        units=units,
        relative=Interval(*(x / effect.expected for x in (units.value, units.low, units.high))),
        expected=effect.expected,
        p=effect.p,
        p_cities=effect.p_cities,
        placebos=effect.placebos,
        weights=dict(used),
        fit_error=effect.fit_error,
        level=level,
    )


def read_panel(table: pa.Table | str | Path, *, city: str, day: str, value: str) -> Panel:
    """The table as cities by days; an error names the first city and day that is missing."""
    rows = load_table(table)
    check_columns(rows, (city, day, value))
    if not rows.num_rows:
        raise InputError("The table has no rows.")
    cities, at_city = np.unique(texts(rows, city), return_inverse=True)
    stamps = [_date(x, day) for x in rows[day].to_pylist()]
    first = min(stamps).toordinal()
    at_day = np.array([s.toordinal() - first for s in stamps])
    days = tuple(date.fromordinal(first + i) for i in range(int(at_day.max()) + 1))
    rows_of_day = np.zeros((len(cities), len(days)), dtype=np.int64)
    np.add.at(rows_of_day, (at_city, at_day), 1)
    if (rows_of_day != 1).any():
        c, d = np.argwhere(rows_of_day != 1)[0]
        raise InputError(
            f"Each city needs one row a day; {str(cities[c])!r} has {rows_of_day[c, d]} on"
            f" {days[d]}."
        )
    values = np.zeros(rows_of_day.shape)
    values[at_city, at_day] = numbers(rows, value)
    return Panel(tuple(str(c) for c in cities), days, values)


def _place(name: str, cities: Sequence[str]) -> int:
    if name not in cities:
        raise InputError(f"The table has no city {name!r}.{did_you_mean(name, cities)}")
    return cities.index(name)


def _date(value: Any, column: str) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    return parse_date(str(value), what=f"Column {column!r}")
