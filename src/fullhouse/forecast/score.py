"""How the issued forecasts did: each one whose outcome is known, beside what the film took."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.control import Entry
from fullhouse.core.brief import Brief
from fullhouse.core.errors import CannotTellError
from fullhouse.forecast.forecast import LEVELS, PROBABILITIES, QUANTITIES
from fullhouse.stats import scores as stats
from fullhouse.stats.scores import Reliability, Scores

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


@dataclass(frozen=True)
class ActualRun(Brief):
    """What a film took, as far as the lake knows now: each day, and the amounts that are known."""

    days: tuple[tuple[date, float], ...] = ()
    amounts: Mapping[str, float] = field(default_factory=dict)


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


GROUPS = ("horizon", "size", "genre", "franchise", "plan")
"""What the figures are split by; all but the horizon are the forecast's own `groups`."""

WAITING = "waiting"
AGAIN = "again"
AFTERWARDS = "afterwards"
BEFORE = "before"
CURRENCY = "currency"
"""Why a forecast of a quantity is not counted: its outcome is not known yet, an earlier one of the
same film, horizon and quantity counts, it was issued after (or before) the outcome was known, or
the outcome is in another currency."""


@dataclass(frozen=True)
class Scored:
    """One forecast of one quantity, and the actual amount. `low` and `high` are its 80 % range."""

    entry: int
    film: str
    title: str
    territory: str
    currency: str
    quantity: str
    horizon: str
    as_of: date
    lead_days: int
    """Days from the as-of day to the opening; below 0 once it has opened."""
    issued_at: str
    model: str
    code: str
    groups: Mapping[str, str]
    median: float
    low: float
    high: float
    actual: float
    log_error: float
    crps: float
    log_crps: float
    pit: float
    inside_50: bool
    inside_80: bool
    inside_95: bool


@dataclass(frozen=True)
class GroupFigures:
    """The figures of a group of forecasts of one quantity; `by` is of GROUPS, or 'all'."""

    by: str
    group: str
    quantity: str
    films: int
    scores: Scores


@dataclass(frozen=True)
class ScoreBook(Brief):
    """The figures of all issued forecasts whose outcome is known.

    One forecast of each film, horizon and quantity counts: the first that was issued, so that
    issuing daily neither adds weight nor lets the best one be picked. `left_out` counts the
    others, by the reason. Intervals take films, and not forecasts, to be independent.
    """

    entries: int
    films: int
    rows: tuple[Scored, ...]
    figures: tuple[GroupFigures, ...]
    reliability: Mapping[str, Reliability]
    """By quantity."""
    left_out: Mapping[str, int]
    looking_back: bool = False
    simulated: bool = False
    only: Mapping[str, str] = field(default_factory=dict)
    """The territory and horizon that it is limited to, where it is."""
    head: str = ""
    """Hash of the last entry of the whole book, whose chain was verified."""
    head_noted: bool = False
    """Whether a head that was noted earlier was found in the book: without one, nobody can see
    that entries at its end were removed."""

    def by(self, name: str) -> list[GroupFigures]:
        """The figures that split by one of GROUPS, or of 'all'."""
        return [group for group in self.figures if group.by == name]

    def to_arrow(self) -> pa.Table:
        """The rows, one for each forecast of a quantity that counts."""
        rows = [{**vars(r), **{g: r.groups.get(g) for g in GROUPS[1:]}} for r in self.rows]
        for row in rows:
            del row["groups"]
        return pa.Table.from_pylist(rows, schema=ROWS)

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON takes it; what could not be computed is null."""
        return {
            **self.only,
            "entries": self.entries,
            "films": self.films,
            "left_out": dict(self.left_out),
            "looking_back": self.looking_back,
            "simulated": self.simulated,
            "head": self.head,
            "head_noted": self.head_noted,
            "figures": [_plain(asdict(group)) for group in self.figures],
            "reliability": {q: _plain(asdict(r)) for q, r in self.reliability.items()},
            "rows": [_plain(asdict(r)) for r in self.rows],
        }


ROWS = pa.schema(
    [
        ("entry", pa.int64()),
        *((name, pa.string()) for name in ("film", "title", "territory", "currency")),
        *((name, pa.string()) for name in ("quantity", "horizon")),
        ("as_of", pa.date32()),
        ("lead_days", pa.int32()),
        *((name, pa.string()) for name in ("issued_at", "model", "code", *GROUPS[1:])),
        *((name, pa.float64()) for name in ("median", "low", "high", "actual")),
        *((name, pa.float64()) for name in ("log_error", "crps", "log_crps", "pit")),
        *((f"inside_{round(100 * level)}", pa.bool_()) for level in LEVELS),
    ]
)
"""Columns of `ScoreBook.to_arrow`."""


def score(
    entries: Iterable[Entry],
    actuals: Mapping[tuple[str, str], Actuals],
    *,
    looking_back: bool = False,
) -> ScoreBook:
    """Score the entries, in the order of issue, against the actual amounts of (film, territory).

    A forecast counts for a quantity when it was issued no later (UTC) than the last day that
    decided it. Those that were issued later looked back on what could have been known: they are
    counted instead, and never together with the others, where `looking_back` asks for them.
    """
    every = list(entries)
    left_out: Counter[str] = Counter()
    counted: dict[tuple[str, ...], tuple[dict[str, Any], list[float], float]] = {}
    for entry in every:
        issued = entry.forecast
        outcome = actuals.get((entry.film, entry.territory), Actuals())
        for quantity, issued_range in issued["ranges"].items():
            key = (entry.film, entry.territory, entry.horizon, quantity)
            reason = _left_out(entry, issued, outcome, quantity, looking_back=looking_back)
            if not reason and key in counted:
                reason = AGAIN
            if reason:
                left_out[reason] += 1
                continue
            about = _about(entry, issued, quantity, min(outcome.due.values()))
            counted[key] = (about, _quantiles(entry, issued_range), outcome.amounts[quantity])
    rows, figures, reliability = _figures(list(counted.values()))
    return ScoreBook(
        entries=len(every),
        films=len({(r.film, r.territory) for r in rows}),
        rows=rows,
        figures=figures,
        reliability=reliability,
        left_out=dict(sorted(left_out.items())),
        looking_back=looking_back,
        simulated=any(e.forecast.get("simulated") for e in every),
    )


def _left_out(
    entry: Entry, issued: Mapping[str, Any], outcome: Actuals, quantity: str, *, looking_back: bool
) -> str:
    """Why a forecast of a quantity does not count, or nothing."""
    if quantity not in outcome.amounts:
        return WAITING
    if outcome.currency and outcome.currency != issued["currency"]:
        return CURRENCY
    afterwards = entry.issued.date() > outcome.due[quantity]
    if afterwards == looking_back:
        return ""
    return AFTERWARDS if afterwards else BEFORE


def _about(
    entry: Entry, issued: Mapping[str, Any], quantity: str, first_due: date
) -> dict[str, Any]:
    as_of = date.fromisoformat(entry.as_of)
    # A greenlight may be of a film whose opening was not known: then its first outcome is.
    opening = date.fromisoformat(issued["opening"]) if issued["opening"] else first_due
    return {
        "entry": entry.id,
        "film": entry.film,
        "title": issued["title"],
        "territory": entry.territory,
        "currency": issued["currency"],
        "quantity": quantity,
        "horizon": entry.horizon,
        "as_of": as_of,
        "lead_days": (opening - as_of).days,
        "issued_at": entry.issued_at,
        "model": entry.model,
        "code": entry.code,
        "groups": issued.get("groups", {}),
    }


def _quantiles(entry: Entry, issued_range: Mapping[str, Any]) -> list[float]:
    if issued_range["probabilities"] != list(PROBABILITIES):
        raise CannotTellError(code="other_probabilities", entry=entry.id)
    quantiles: list[float] = issued_range["quantiles"]
    return quantiles


def _figures(
    counted: Sequence[tuple[dict[str, Any], list[float], float]],
) -> tuple[tuple[Scored, ...], tuple[GroupFigures, ...], dict[str, Reliability]]:
    if not counted:
        return (), (), {}
    p = np.array(PROBABILITIES)
    q = np.array([quantiles for _, quantiles, _ in counted])
    y = np.array([actual for _, _, actual in counted])
    rows = _rows([about for about, _, _ in counted], q, y, p)
    figures, reliability = [], {}
    for name, group, quantity, chosen in _groups(rows):
        at = np.array(chosen)
        films = len({(rows[i].film, rows[i].territory) for i in chosen})
        figures.append(
            GroupFigures(
                name,
                group,
                quantity,
                films,
                stats.scores(q[at], y[at], p, LEVELS, independent=films),
            )
        )
        if name == "all":
            reliability[quantity] = stats.reliability(q[at], y[at], p, independent=films)
    return rows, tuple(figures), reliability


def _rows(
    about: Sequence[dict[str, Any]],
    q: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    p: npt.NDArray[np.float64],
) -> tuple[Scored, ...]:
    middle = PROBABILITIES.index(0.5)
    columns: dict[str, Any] = {
        "median": q[:, middle],
        "low": q[:, PROBABILITIES.index(0.1)],
        "high": q[:, PROBABILITIES.index(0.9)],
        "actual": y,
        "log_error": np.log(np.maximum(q[:, middle], stats.SMALLEST) / y),
        "crps": stats.crps(q, y, p),
        "log_crps": stats.crps(np.log(np.maximum(q, stats.SMALLEST)), np.log(y), p),
        "pit": stats.pit(q, y, p),
        **{f"inside_{round(100 * v)}": stats.covered(q, y, p, v) for v in LEVELS},
    }
    return tuple(
        Scored(**what, **{name: values[i].item() for name, values in columns.items()})
        for i, what in enumerate(about)
    )


def _groups(rows: Sequence[Scored]) -> list[tuple[str, str, str, list[int]]]:
    """What to split by, the group, the quantity, and which rows; in the order to show them."""
    groups: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    leads: dict[str, list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        leads[row.horizon].append(row.lead_days)
        groups["all", "", row.quantity].append(i)
        groups["horizon", row.horizon, row.quantity].append(i)
        for name, group in row.groups.items():
            if name in GROUPS[1:]:
                groups[name, str(group), row.quantity].append(i)
    order = ("all", *GROUPS)
    quantities = list(QUANTITIES)
    # The horizon that lies furthest ahead first; other groups by the number of forecasts.
    far = {name: -float(np.mean(days)) for name, days in leads.items()}
    size: Counter[tuple[str, str]] = Counter()
    for (name, group, _), chosen in groups.items():
        size[name, group] += len(chosen)

    def place(item: tuple[tuple[str, str, str], list[int]]) -> tuple[int, int, float, str]:
        (name, group, quantity), _ = item
        first = far[group] if name == "horizon" else -float(size[name, group])
        return order.index(name), quantities.index(quantity), first, group

    return [(*key, chosen) for key, chosen in sorted(groups.items(), key=place)]


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            f"{round(100 * k)}%" if isinstance(k, float) else str(k): _plain(v)
            for k, v in value.items()
        }
    if isinstance(value, np.ndarray):
        return [_plain(v) for v in value.tolist()]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
