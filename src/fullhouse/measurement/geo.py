"""What a campaign by city brought: from a table of city, day and value, or by pairs of cities."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from fullhouse.campaigns.campaign import CityDesign
from fullhouse.core.arrays import Floats, Ints
from fullhouse.core.errors import CannotTellError, InputError, Reason, did_you_mean
from fullhouse.measurement.experiment import CityPairsReadout, GeoReadout
from fullhouse.measurement.geo_panel import (
    Fill,
    Panel,
    place_of,
    read_panel,
    treated_of,
    window_of,
)
from fullhouse.stats.city_pairs import TREATED, check_pairs, paired_effect
from fullhouse.stats.figures import Interval, check_level
from fullhouse.stats.geo import check_panel, geo_effect
from fullhouse.stats.geo_permutation import (
    enough_cities,
    least_before,
    permutation_effect,
    permutation_p,
)
from fullhouse.stats.ratios import cost_each, return_on_spend

OF_WEEKS = {
    "too_few_days_before": "too_few_weeks_before",
    "too_few_days_for_level": "too_few_weeks_for_level",
}
"""What is wrong with days is wrong with weeks where a column is a week."""


def read_geo(
    table: pa.Table | str | Path,
    *,
    city: str,
    day: str,
    value: str,
    treated: Sequence[str] = (),
    treated_column: str | None = None,
    start: date | None = None,
    end: date | None = None,
    fill: Fill = "refuse",
    level: float = 0.95,
    seed: int = 0,
) -> GeoReadout:
    """The effect in the treated cities from `start` to `end`, both included.

    One row for each city and day, or each city and week; `day` is a date or text written
    YYYY-MM-DD. The treated cities are named, or marked in `treated_column`, which also gives the
    days where it marks only these. `fill` is what a missing row means. Later days are not looked
    at. From 5 treated and 5 other cities on the test permutes cities (`stats.geo_permutation`),
    below it moves windows in time (`stats.geo`). `seed` draws the sets of cities.
    """
    cities, start, end = _campaign(table, city, day, treated, treated_column, start, end)
    panel = read_panel(table, city=city, day=day, value=value, fill=fill, start=start)
    rows = np.array([place_of(name, panel.cities) for name in cities], dtype=np.int64)
    first, after = window_of(panel, start, end, value)
    about = {"value": value, "treated": tuple(cities), "start": start, "end": end, "level": level}
    about |= {"period_days": panel.period, "filled": panel.filled}
    others = len(panel.cities) - len(rows)
    if enough_cities(len(rows), others) and first >= least_before(after - first, panel.period):
        return _by_lot(panel, rows, first, after, about, seed)
    return _in_time(panel, rows, first, after, about, seed)


def _campaign(
    table: pa.Table | str | Path,
    city: str,
    day: str,
    treated: Sequence[str],
    column: str | None,
    start: date | None,
    end: date | None,
) -> tuple[tuple[str, ...], date, date]:
    """Which cities had the campaign, and its first and last day."""
    if bool(treated) == (column is not None):
        raise InputError(
            "At least one city must be treated: name the cities, or the column that marks them"
            " (not both)."
        )
    if column is not None:
        marked = treated_of(table, city=city, day=day, column=column)
        treated = marked.cities
        for given, own, what in ((start, marked.start, "start"), (end, marked.end, "end")):
            if None not in (given, own) and given != own:
                raise InputError(
                    f"Column {column!r} marks days with {own} as the {what}, not {given}."
                )
        start, end = start or marked.start, end or marked.end
    if start is None or end is None:
        raise InputError("The campaign's first and last day are needed: no column marks them.")
    return tuple(treated), start, end


def _by_lot(
    panel: Panel, rows: Ints, first: int, after: int, about: dict[str, Any], seed: int
) -> GeoReadout:
    """By permuting cities: one relative effect common to all of them."""
    check_level(about["level"])
    check_panel(panel.values, rows, first, after)
    values, length = panel.values[:, :after], after - first
    effect = permutation_effect(
        values, rows, first, level=about["level"], period=panel.period, seed=seed
    )  # fmt: skip
    sold = float(values[rows, first:].sum())
    units = Interval(*(won_of(sold, x) for x in (effect.value, effect.low, effect.high)))
    before = None
    if first - length >= least_before(length, panel.period):
        before = permutation_p(
            values[:, :first], rows, first - length, period=panel.period, seed=seed
        )
    return GeoReadout(
        **about,
        units=units,
        relative=Interval(effect.value, effect.low, effect.high),
        expected=sold - units.value,
        p=None,
        p_cities=effect.p,
        placebos=effect.sets,
        weights={},
        fit_error=None,
        basis="cities",
        p_before=before,
    )


def _in_time(
    panel: Panel, rows: Ints, first: int, after: int, about: dict[str, Any], seed: int
) -> GeoReadout:
    """By windows moved in time, beside a weighted mean of the other cities."""
    try:
        effect = geo_effect(panel.values, rows, first, after, level=about["level"], seed=seed)
    except CannotTellError as problem:
        reason = problem.reason
        if panel.period == 1 or reason.code not in OF_WEEKS:
            raise
        raise CannotTellError(code=OF_WEEKS[reason.code], **reason.facts) from None
    others = [c for i, c in enumerate(panel.cities) if i not in rows]
    used = sorted(
        ((c, float(w)) for c, w in zip(others, effect.weights, strict=True) if w > 0.0005),
        key=lambda cw: (-cw[1], cw[0]),
    )
    units = Interval(effect.units, effect.low, effect.high)
    return GeoReadout(
        **about,
        units=units,
        relative=Interval(*(x / effect.expected for x in (units.value, units.low, units.high))),
        expected=effect.expected,
        p=effect.p,
        p_cities=effect.p_cities,
        placebos=effect.placebos,
        weights=dict(used),
        fit_error=effect.fit_error,
    )


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
    units = Interval(*(won_of(total, x) for x in (effect.value, effect.low, effect.high)))
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


def won_of(total: float, effect: float) -> float:
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
