"""What a campaign by city brought: treated cities against the other city of each pair."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from fullhouse.campaigns.campaign import CityDesign
from fullhouse.core.arrays import Floats
from fullhouse.core.errors import CannotTellError, InputError, did_you_mean
from fullhouse.measurement.experiment import plain
from fullhouse.measurement.geo import Panel, read_panel
from fullhouse.stats.city_pairs import TREATED, PairedEffect, check_pairs, paired_effect
from fullhouse.stats.figures import Interval
from fullhouse.stats.ratios import cost_each, return_on_spend

BEFORE_DAYS = 28
"""Whole weeks next before the campaign that a table's cities are measured against."""


@dataclass(frozen=True)
class CityPairsReadout:
    """What the treated cities sold beyond what they would have, first to last day.

    `units` is over all treated cities, `relative` a share of `expected`, which they would have sold
    without the campaign. `p` and the intervals are of the lot that drew one of each pair: exact in
    level for any sales, if the campaign multiplies each city's by the same; `p` needs not even
    that. `sold` and `sold_control` are what the treated and the other cities sold. With a spend,
    `returned` is the money won for each unit of money spent, `cost` the money for each unit won.
    """

    value: str
    treated: tuple[str, ...]
    left_out: tuple[str, ...]
    start: date
    end: date
    units: Interval
    relative: Interval
    expected: float
    sold: float
    sold_control: float
    p: float
    sets: int
    exact: bool
    level: float
    spend: float | None = None
    returned: Interval | None = None
    cost: Interval | None = None
    notes: tuple[str, ...] = ()

    @property
    def proven(self) -> bool:
        """Whether the lot alone would do this too seldom for the level."""
        return self.p <= 1 - self.level + 1e-12

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        found: dict[str, Any] = plain(asdict(self))
        days = {"start": self.start.isoformat(), "end": self.end.isoformat()}
        return found | days | {"pairs": len(self.treated), "proven": self.proven}


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
    found = paired_effect(_rows(before, design), sold, level=level, seed=seed)
    total = float(sold[:, TREATED].sum())
    units = Interval(*(_won(total, x) for x in (found.value, found.low, found.high)))
    returned, cost, notes = _money(spend, worth, units)
    return CityPairsReadout(
        value=value,
        treated=design.treated,
        left_out=design.left_out,
        start=start,
        end=end,
        units=units,
        relative=Interval(found.value, found.low, found.high),
        expected=total - units.value,
        sold=total,
        sold_control=float(sold.sum()) - total,
        p=found.p,
        sets=found.sets,
        exact=found.exact,
        level=level,
        spend=spend,
        returned=returned,
        cost=cost,
        notes=(*_lot(found), *notes),
    )


def say_city_pairs(readout: CityPairsReadout) -> list[str]:
    """What the treated cities sold more, or that the data cannot tell; then how it is known."""
    u, r = readout.units, readout.relative
    ends = (
        f"{_count(u.low)} to {_count(u.high)}, {_percent(r.low)} to {_percent(r.high)}, at"
        f" {100 * readout.level:g} %"
    )
    best = f"{_count(u.value)} {readout.value} ({_percent(r.value)})"
    where = f"{len(readout.treated)} treated cities"
    said = (
        f"The campaign brought {best} in {where} ({ends}; p = {readout.p:.2g})."
        if readout.proven
        else f"The data cannot tell whether the campaign changed anything in {where}: most likely"
        f" {best}, but {ends} (p = {readout.p:.2g})."
    )
    money = []
    if readout.returned is not None:
        back = readout.returned
        money = [
            f"Of each unit of money spent {back.value:.2f} came back ({back.low:.2f} to"
            f" {back.high:.2f})."
        ]
    if readout.cost is not None:
        each = readout.cost
        money += [f"Each one won cost {each.value:,.2f} ({each.low:,.2f} to {_count(each.high)})."]
    return [said, *money, *readout.notes]


def _won(total: float, effect: float) -> float:
    """Of `total` sold, what would not have been sold without this relative effect."""
    if effect == inf:
        return total
    return total * effect / (1 + effect) if effect > -1 else -inf


def _money(
    spend: float | None, worth: float, units: Interval
) -> tuple[Interval | None, Interval | None, tuple[str, ...]]:
    if spend is None:
        return None, None, ()
    won = Interval(*(worth * x for x in (units.value, units.low, units.high)))
    returned = return_on_spend(spend, won)
    try:
        return returned, cost_each(spend, units), ()
    except CannotTellError as problem:
        return returned, None, (str(problem),)


def _lot(found: PairedEffect) -> tuple[str, ...]:
    how = "every one" if found.exact else f"{found.sets:,} drawn at random"
    return (
        f"Against the lot that drew one city of each of {found.pairs} pairs: {how} of the"
        f" 2^{found.pairs} ways to draw was counted, so heavy tails and days that go together do"
        " not fool it. The range is of one relative effect common to the cities.",
    )


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


def _count(value: float) -> str:
    return f"{value:,.0f}" if abs(value) != inf else "no bound"


def _percent(value: float) -> str:
    return f"{100 * value:+.1f} %" if abs(value) != inf else "no bound"
