"""What a film took, and from when on that is settled."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

FRIDAY, SUNDAY = 4, 6
TAIL_DAYS = 14
TAIL_SHARE = 0.005
LONGEST_RUN = timedelta(days=120)


@dataclass(frozen=True)
class Actuals:
    """The amounts that have come true, by quantity, and the last day that decided each."""

    currency: str = ""
    amounts: Mapping[str, float] = field(default_factory=dict)
    due: Mapping[str, date] = field(default_factory=dict)


def actuals_of(
    grosses: pa.Table, opening: date, *, upto: date | None = None, total: float | None = None
) -> Actuals:
    """What has come true of a film, from its rows of film_gross in one territory, a day each.

    - opening_day: the gross of the day of opening, as the source counts it.
    - opening_weekend: Friday to Sunday of the first weekend on or after the opening, the days
      before the opening left out; all its days must be known.
    - total: the sum of all days, previews and all, or what the source states to date, or a stated
      `total`, whichever is most; once the run is `settled`.

    `upto` is the newest day that the source tells of any film: a film that it tells nothing more
    of is over. Without it, the film's own last day. Rows in two currencies tell nothing.
    """
    rows = grosses.sort_by("day")
    currencies = rows["currency"].unique().to_pylist()
    if len(currencies) > 1:
        return Actuals()
    days = rows["day"].to_pylist()
    amounts, due = {}, {}
    taken = dict(zip(days, rows["gross"].to_pylist(), strict=True))
    if opening in taken:
        amounts["opening_day"], due["opening_day"] = taken[opening], opening
    weekend = weekend_of(opening)
    if all(d in taken for d in weekend):
        amounts["opening_weekend"] = sum(taken[d] for d in weekend)
        due["opening_weekend"] = weekend[-1]
    over = settled(rows, opening, upto=upto, total=total)
    if over is not None:
        amounts["total"], due["total"] = _total(rows, total), over
    # An amount of nothing is a hole in the source, not what a film in cinemas took.
    amounts = {name: float(amount) for name, amount in amounts.items() if amount > 0}
    due = {name: due[name] for name in amounts}
    return Actuals(currencies[0] if currencies else "", amounts, due)


def weekend_of(opening: date) -> tuple[date, ...]:
    """The days of the opening weekend: Friday to Sunday, from the opening on.

    >>> [f"{d:%a %d}" for d in weekend_of(date(2026, 11, 25))]
    ['Fri 27', 'Sat 28', 'Sun 29']
    >>> [f"{d:%a %d}" for d in weekend_of(date(2026, 11, 28))]
    ['Sat 28', 'Sun 29']
    """
    sunday = opening + timedelta(days=SUNDAY - opening.weekday())
    friday = sunday - timedelta(days=SUNDAY - FRIDAY)
    first = max(opening, friday)
    return tuple(first + timedelta(days=d) for d in range((sunday - first).days + 1))


def settled(
    grosses: pa.Table, opening: date, *, upto: date | None = None, total: float | None = None
) -> date | None:
    """The day from which on a film's total was as good as known, or None: its run is not over.

    It is over when its last 14 known days brought under 0.5 % of the total to date, or when the
    source tells of days 120 days after the opening, or when somebody stated its total. The day is
    the first on which one of the first two was so, and day 120 where only the total is known.
    """
    rows = grosses.sort_by("day")
    end = opening + LONGEST_RUN
    if rows.num_rows == 0:
        return end if total is not None else None
    days = rows["day"].to_pylist()
    sums = np.cumsum(rows["gross"].to_numpy())
    to_date = np.maximum(sums, _stated(rows))
    tail = sums - np.concatenate([np.zeros(TAIL_DAYS), sums])[: len(sums)]
    thin = (np.arange(len(sums)) >= TAIL_DAYS) & (tail < TAIL_SHARE * to_date)
    newest = max(days[-1], upto or days[-1])
    if not thin[-1] and newest < end and total is None:
        return None
    return min(days[int(thin.argmax())], end) if thin.any() else end


def _total(rows: pa.Table, stated: float | None) -> float:
    summed = float(pc.sum(rows["gross"], min_count=0).as_py())
    return max(summed, float(_stated(rows).max(initial=0.0)), stated or 0.0)


def _stated(rows: pa.Table) -> npt.NDArray[np.float64]:
    """What the source said was taken to date, on each day; 0 where it did not."""
    if "to_date" not in rows.column_names:
        return np.zeros(rows.num_rows)
    return np.asarray(pc.fill_null(rows["to_date"].cast(pa.float64()), 0.0).to_numpy())
