"""What a campaign by city brought: treated cities against the other city of each pair."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from math import inf
from pathlib import Path

import numpy as np
import pyarrow as pa

from fullhouse.campaigns.campaign import CityDesign
from fullhouse.core.arrays import Floats
from fullhouse.core.errors import CannotTellError, InputError, Reason, did_you_mean
from fullhouse.measurement.experiment import CityPairsReadout
from fullhouse.measurement.geo import Panel, read_panel
from fullhouse.stats.city_pairs import TREATED, check_pairs, paired_effect
from fullhouse.stats.figures import Interval
from fullhouse.stats.ratios import cost_each, return_on_spend

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
