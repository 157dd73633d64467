"""A film's signals by day against what the target needs, by those of past films."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from scipy.stats import norm
from scipy.stats import t as student

from fullhouse.core.arrays import Floats, Ints
from fullhouse.core.tables import ITEM, PERSON_EVENT
from fullhouse.engine.expr import ibis
from fullhouse.forecast.history import History
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.forecast.rows import outcomes
from fullhouse.planning.daily import (
    ABOVE,
    BELOW,
    CANNOT_TELL,
    DAYS_AFTER,
    DAYS_BEFORE,
    HIGH,
    LOW,
    ON,
    AgainstFilms,
    Band,
    DailyTarget,
    NoRelation,
    NoTarget,
    NothingKnown,
    Reason,
    Signal,
    SignalDay,
    SignalName,
    TooFewFilms,
    Verdict,
)
from fullhouse.traits.film_traits import film_slug_in
from fullhouse.traits.names import film_slug
from fullhouse.workspace.context import Context

WINDOW = 91
"""A signal is summed up from so many days before the opening on."""
NEWEST = 200
"""Past films that are compared with: the latest."""
STALE = 8
"""A record without a row for so many days may have stopped; weekly ones have one each 7."""
HOUSE_KINDS = {"want_to_see": "want_to_see", "ticket": "presales"}
"""Kinds of the house's events, and the signal each is."""
Rows = tuple[Ints, Ints, Floats]
"""Of one film and kind: the days, the days on which they were known, the amounts."""
FEWEST = 20
"""With fewer past films there is no target for a signal."""
LEVEL = 0.8
MIDDLE_HALF = float(norm.ppf(0.75) / norm.ppf((1 + LEVEL) / 2))
"""The half width of the 50 % range as a share of that of the 80 % range."""


@dataclass(frozen=True)
class Record:
    """A film's signal: ordinal days on which each amount was known, ascending, and sums up to it.

    `opening` is the film's, so that a distance can be counted.
    """

    opening: int
    known: Ints
    sums: Floats

    def by(self, left: int) -> float | None:
        """What it had come to so many days before the opening; None before its first row."""
        at = int(np.searchsorted(self.known, self.opening - left, side="right"))
        return float(self.sums[at - 1]) if at else None


def record(opening: int, known: Ints, values: Floats) -> Record:
    """A film's signal from its rows, in any order."""
    order = np.argsort(known, kind="stable")
    return Record(opening, known[order], np.cumsum(values[order]))


def band(amounts: Sequence[float], grosses: Sequence[float], target: float) -> Band | None:
    """The amounts that a film which comes to the target has, 80 times in 100.

    The log of 1 + amount is regressed on the log of the gross, over past films, and predicted for
    one more film at the target (Student's t, with the error of the line itself).
    Extrapolation widens it: far from all past grosses the range is wide. None from fewer than
    20 films, where all took the same, and where those that took more had no more of the signal:
    then it has no relation to the target.
    """
    x, y = np.log(np.asarray(grosses)), np.log1p(np.asarray(amounts))
    n = len(x)
    if n < FEWEST or not np.ptp(x) > 0:
        return None
    spread = float(((x - x.mean()) ** 2).sum())
    slope = float(((x - x.mean()) * (y - y.mean())).sum()) / spread
    if not slope > 0:
        return None
    residual = y - y.mean() - slope * (x - x.mean())
    sd = float(np.sqrt((residual**2).sum() / (n - 2)))
    away = float(np.log(target) - x.mean())
    middle = float(y.mean()) + slope * away
    half = float(student.ppf((1 + LEVEL) / 2, n - 2)) * sd * np.sqrt(1 + 1 / n + away**2 / spread)
    low, high = (max(0.0, float(np.expm1(middle + s * half))) for s in (-1, 1))
    return Band(max(0.0, float(np.expm1(middle))), low, high, n)


def band_at(
    records: Sequence[tuple[Record, float]], left: int, target: float | None
) -> tuple[Band | None, int]:
    """The band so many days before the opening, and of how many films the signal was known then.

    `records` are past films' signals beside their gross, in prices of today. Once half of
    them have begun, those without a row yet count as nothing: leaving them out would make films
    look larger than they are.
    """
    amounts = [r.by(left) for r, _ in records]
    begun = sum(a is not None for a in amounts)
    if 2 * begun >= len(amounts):
        amounts = [a or 0.0 for a in amounts]
    known = [(a, g) for a, (_, g) in zip(amounts, records, strict=True) if a is not None]
    if target is None or not known:
        return None, begun
    return band([a for a, _ in known], [g for _, g in known], target), begun


def verdict(actual: float | None, target: Band | None) -> Verdict:
    """Where an amount lies against its range; "cannot tell" where one of them is missing.

    On target is the middle half of the range (50 %), on the scale of the regression: what is only
    just inside is "low" or "high".
    """
    if actual is None or target is None:
        return CANNOT_TELL
    if actual < target.low:
        return BELOW
    if actual > target.high:
        return ABOVE
    away = np.log1p(actual) - np.log1p(target.middle)
    end = np.log1p(target.low if away < 0 else target.high) - np.log1p(target.middle)
    if abs(away) <= MIDDLE_HALF * abs(end):
        return ON
    return LOW if away < 0 else HIGH


@dataclass(frozen=True)
class Kind:
    """One signal of every film: this film's record, past films' with their gross, and its span.

    `first` and `last` are the mornings between which the record as a whole has something.
    """

    name: SignalName
    own: Record
    past: Sequence[tuple[Record, float]]
    first: int
    last: int


def film_signals(
    context: Context, past: HistoryIndex, film: str, opening: date, target: DailyTarget
) -> tuple[Signal, ...]:
    """Every signal of a film, on each morning of its page up to the history's day."""
    peers = _peers(past, film, opening)
    kinds = [
        *_market(past.history, film, opening, peers),
        *_house(context, past.history, film, opening, peers),
        *_gross(past.history, film, opening, peers),
    ]
    return tuple(_signal(k, opening, past.history.as_of, target) for k in kinds)


def _peers(past: HistoryIndex, film: str, opening: date) -> dict[str, float]:
    """The newest past films of the same plan whose total is known, with it in today's prices."""
    on = past.history.as_of.toordinal()
    plan = past.history.plan(film, on)
    named = [
        f
        for f, opened in sorted(past.openings.items(), key=lambda p: (-p[1], p[0]))
        if f != film and opened < on and past.history.plan(f, max(on, opened)) == plan
    ]
    total = outcomes(past, named, on).total + past.log_price(opening.toordinal(), on)
    known = [(f, float(np.exp(t))) for f, t in zip(named, total, strict=True) if np.isfinite(t)]
    return dict(known)


def _market(history: History, film: str, opening: date, peers: Mapping[str, float]) -> list[Kind]:
    kinds = []
    for kind in sorted(history.signals.get(film, {})):
        rows = {f: signals[kind] for f, signals in history.signals.items() if kind in signals}
        last = int(rows[film][1].max())
        name = SignalName(kind, "market")
        kinds.append(_kind(name, rows, film, opening, _openings(history, peers), last))
    return kinds


def _house(
    context: Context, history: History, film: str, opening: date, peers: Mapping[str, float]
) -> list[Kind]:
    kinds = []
    for event, kind in HOUSE_KINDS.items():
        events = _events(context, event, history.as_of)
        slugs = {f: _slug(history, f, events) for f in (film, *peers)}
        rows = {f: events[s] for f, s in slugs.items() if s is not None}
        if film in rows:
            last = max(int(known.max()) for _, known, _ in events.values())
            first = min(int(days.min()) for days, _, _ in events.values())
            others = _openings(history, peers)
            name = SignalName(kind, "house")
            kinds.append(_kind(name, rows, film, opening, others, last, first))
    return kinds


def _gross(history: History, film: str, opening: date, peers: Mapping[str, float]) -> list[Kind]:
    """What it took so far: after the opening, nothing else predicts the total as well."""
    runs = {f: history.run(f) for f in (film, *peers) if len(history.run(f).offsets)}
    if history.as_of <= opening or film not in runs:
        return []
    opened = {film: opening.toordinal()} | {f: o for f, (o, _) in _openings(history, peers).items()}
    records = {
        f: record(opened[f], opened[f] + run.offsets + 1, np.diff(run.to_date, prepend=0.0))
        for f, run in runs.items()
    }
    own = records.pop(film)
    past = [(r, peers[f]) for f, r in records.items()][:NEWEST]
    first, last = int(own.known[0]), int(own.known[-1])
    return [Kind(SignalName("gross", "market"), own, past, first, last)]


def _kind(
    name: SignalName,
    rows: Mapping[str, Rows],
    film: str,
    opening: date,
    others: Mapping[str, tuple[int, float]],
    last: int,
    first: int | None = None,
) -> Kind:
    """A signal of the film and of the past films of which the record has the whole window."""
    begins = min(int(d.min()) for d, _, _ in rows.values()) if first is None else first
    whole = {f: o for f, o in others.items() if f in rows and o[0] - WINDOW >= begins}
    past = [(_cut(rows[f], o), gross) for f, (o, gross) in whole.items()][:NEWEST]
    own = _cut(rows[film], opening.toordinal())
    start = int(own.known[0]) if first is None and len(own.known) else begins + 1
    return Kind(name, own, past, start, last)


def _cut(rows: Rows, opening: int) -> Record:
    days, known, values = rows
    keep = (days >= opening - WINDOW) & (days < opening)
    return record(opening, known[keep], values[keep])


def _openings(history: History, peers: Mapping[str, float]) -> dict[str, tuple[int, float]]:
    """The opening and the gross of each past film."""
    openings = history.openings(history.as_of.toordinal())
    return {f: (openings[f], gross) for f, gross in peers.items()}


def _events(context: Context, event: str, as_of: date) -> dict[str, Rows]:
    """What a kind of event came to by film and day, of whole days before a day.

    An event is known on the morning after, as a row of film_signal is.
    """
    every = context.engine.scan(context.lake.snapshot(PERSON_EVENT))
    events = every.filter(every.kind == event, every.day < ibis.literal(as_of))
    counts = events.group_by("item", "day").aggregate(quantity=events.quantity.sum())
    columns = ["item", "kind", "title", "release_year"]
    names = {
        r["item"]: film_slug(r["title"], r["release_year"])
        for r in context.lake.read(ITEM, columns=columns).to_pylist()
        if r["kind"] == "film" and r["title"]
    }
    by_film: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for row in context.engine.arrow(counts).to_pylist():
        slug = names.get(row["item"])
        if slug is not None:
            by_film[slug].append((row["day"].toordinal(), float(row["quantity"])))
    return {slug: _rows(sorted(amounts)) for slug, amounts in by_film.items()}


def _rows(amounts: Sequence[tuple[int, float]]) -> Rows:
    days = np.array([d for d, _ in amounts], np.int64)
    return days, days + 1, np.array([v for _, v in amounts], np.float64)


def _slug(history: History, film: str, slugs: Collection[str]) -> str | None:
    on = history.as_of.toordinal()
    opening = history.fact(film, "opening", on)
    title = str(history.fact(film, "title", on) or film)
    return film_slug_in(slugs, film, title, date.fromordinal(opening).year if opening else None)


def _signal(kind: Kind, opening: date, as_of: date, target: DailyTarget) -> Signal:
    after = kind.name.kind == "gross"
    most, least = (-1, -DAYS_AFTER) if after else (DAYS_BEFORE, 0)
    days, begun = [], {}
    for left in range(most, least - 1, -1):
        on = opening - timedelta(days=left)
        needed, begun[on] = band_at(kind.past, left, target.amount)
        known = on <= as_of and kind.first <= on.toordinal() <= kind.last
        actual = kind.own.by(left) if known else None
        if known and actual is None and kind.name.origin == "house":
            actual = 0.0
        days.append(SignalDay(on, left, actual, needed))
    newest = next((d for d in reversed(days) if d.actual is not None), None)
    ends = min(as_of, days[-1].day)
    if newest is None or (ends - newest.day).days > STALE:
        since = None if newest is None else newest.day
        return Signal(kind.name, tuple(days), CANNOT_TELL, NothingKnown(since))
    # Judged where it is last known: a record that lags a day would always be below.
    judged = verdict(newest.actual, newest.target)
    reason = _reason(newest, begun[newest.day], target, lags=newest.day < ends)
    return Signal(kind.name, tuple(days), judged, reason)


def _reason(newest: SignalDay, begun: int, target: DailyTarget, *, lags: bool) -> Reason:
    if newest.target is not None:
        return AgainstFilms(newest.target.films, newest.day if lags else None)
    if target.amount is None:
        return NoTarget()
    return NoRelation() if begun >= FEWEST else TooFewFilms(begun, FEWEST, WINDOW)
