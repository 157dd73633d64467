"""What a campaign by city brought: from a table of city, day and value, or by pairs of cities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from fullhouse.campaigns.campaign import CityDesign
from fullhouse.core.arrays import Floats
from fullhouse.core.errors import CannotTellError, InputError, Reason, did_you_mean
from fullhouse.core.values import parse_date
from fullhouse.measurement.experiment import CityPairsReadout, GeoReadout
from fullhouse.measurement.experiment_table import check_columns, load_table, numbers, texts
from fullhouse.stats.city_pairs import TREATED, check_pairs, paired_effect
from fullhouse.stats.figures import Interval
from fullhouse.stats.geo import geo_effect
from fullhouse.stats.ratios import cost_each, return_on_spend


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
    first, after = _window(panel, start, end, value)
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


def _window(panel: Panel, start: date, end: date, value: str) -> tuple[int, int]:
    """The place of a campaign's first day, and of the day after its last."""
    if end < start or start not in panel.days or end not in panel.days:
        raise InputError(
            f"The campaign, {start} to {end}, must lie in the table's days, {panel.days[0]} to"
            f" {panel.days[-1]}."
        )
    first = panel.days.index(start)
    dead = [c for c, v in zip(panel.cities, panel.values, strict=True) if v[:first].sum() <= 0]
    if first and dead:
        raise CannotTellError(code="city_without_past", city=dead[0], value=value, start=start)
    return first, panel.days.index(end) + 1


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


BEFORE_DAYS = 28
"""Whole weeks next before the campaign that a table's cities are measured against."""


def read_pairs(
    table: pa.Table | str | Path,
    *,
    city: str,
    day: str,
    value: str,
    pairs: Sequence[tuple[str, str]],
    treated: Sequence[str],
    start: date,
    end: date,
    before_days: int = BEFORE_DAYS,
    level: float = 0.95,
    seed: int = 0,
    spend: float | None = None,
    worth: float = 1.0,
) -> CityPairsReadout:
    """The effect in the treated cities from `start` to `end`, both included.

    One row for each city and day; `day` is a date or text written YYYY-MM-DD. Each city is measured
    against its own `before_days` next before the start. `worth` is the money that one unit of
    `value` brings, for what comes back of the `spend`. `seed` draws the sets where there are more
    than 12 pairs.
    """
    design = CityDesign(tuple(pairs), tuple(treated))
    panel = read_panel(table, city=city, day=day, value=value)
    first = start - timedelta(days=before_days)
    if before_days < 1 or end < start or first < panel.days[0] or end > panel.days[-1]:
        raise InputError(
            f"The campaign, {start} to {end}, and {before_days} days before it must lie in the"
            f" table's days, {panel.days[0]} to {panel.days[-1]}."
        )
    return read_totals(
        _totals(panel, first, start - timedelta(days=1)),
        _totals(panel, start, end),
        design,
        value=value,
        start=start,
        end=end,
        level=level,
        seed=seed,
        spend=spend,
        worth=worth,
    )


def read_totals(
    before: Mapping[str, float],
    after: Mapping[str, float],
    design: CityDesign,
    *,
    value: str,
    start: date,
    end: date,
    level: float = 0.95,
    seed: int = 0,
    spend: float | None = None,
    worth: float = 1.0,
) -> CityPairsReadout:
    """The same from each city's total before the campaign and in it.

    `before` may count something else than `after`, such as tickets of all earlier films where the
    campaign's film is new: only what the cities of a pair sold against each other matters.
    """
    check_pairs(len(design.pairs), level)
    sold = _rows(after, design)
    effect = paired_effect(_rows(before, design), sold, level=level, seed=seed)
    total = float(sold[:, TREATED].sum())
    units = Interval(*(_won(total, x) for x in (effect.value, effect.low, effect.high)))
    returned, cost, no_cost = _money(spend, worth, units)
    return CityPairsReadout(
        value=value,
        treated=design.treated,
        left_out=design.left_out,
        start=start,
        end=end,
        units=units,
        relative=Interval(effect.value, effect.low, effect.high),
        expected=total - units.value,
        sold=total,
        sold_control=float(sold.sum()) - total,
        p=effect.p,
        sets=effect.sets,
        exact=effect.exact,
        level=level,
        spend=spend,
        returned=returned,
        cost=cost,
        no_cost=no_cost,
    )


def _won(total: float, effect: float) -> float:
    """Of `total` sold, what would not have been sold without this relative effect."""
    if effect == inf:
        return total
    return total * effect / (1 + effect) if effect > -1 else -inf


def _money(
    spend: float | None, worth: float, units: Interval
) -> tuple[Interval | None, Interval | None, Reason | None]:
    if spend is None:
        return None, None, None
    won = Interval(*(worth * x for x in (units.value, units.low, units.high)))
    returned = return_on_spend(spend, won)
    try:
        return returned, cost_each(spend, units), None
    except CannotTellError as problem:
        return returned, None, problem.reason


def _rows(totals: Mapping[str, float], design: CityDesign) -> Floats:
    """A row for each pair: the treated city, and the other."""
    rows = zip(design.treated, design.left_out, strict=True)
    return np.array([[_total(c, totals) for c in row] for row in rows], dtype=np.float64)


def _total(city: str, totals: Mapping[str, float]) -> float:
    if city not in totals:
        raise InputError(f"The table has no city {city!r}.{did_you_mean(city, totals)}")
    return totals[city]


def _totals(panel: Panel, first: date, last: date) -> dict[str, float]:
    days = slice(panel.days.index(first), panel.days.index(last) + 1)
    return dict(zip(panel.cities, panel.values[:, days].sum(1).tolist(), strict=True))
