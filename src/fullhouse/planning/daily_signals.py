"""A film's signals by day beside those of past films: the market's own, and the house's."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import numpy as np

from fullhouse.core.arrays import Floats, Ints
from fullhouse.core.tables import ITEM, PERSON_EVENT
from fullhouse.forecast.history import History
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.forecast.rows import outcomes
from fullhouse.planning.daily import (
    CANNOT_TELL,
    DAYS_AFTER,
    DAYS_BEFORE,
    Signal,
    SignalDay,
    Target,
)
from fullhouse.planning.daily_target import FEWEST, Record, band_at, record, verdict
from fullhouse.planning.daily_terms import day
from fullhouse.sample.film_traits import film_slug_in
from fullhouse.traits.names import film_slug
from fullhouse.workspace.context import Context

WINDOW = 91
"""A signal is summed up from so many days before the opening on."""
NEWEST = 200
"""Past films that are compared with: the latest."""
STALE = 8
"""A record that has told nothing for so many days may have stopped; weekly ones tell each 7."""
HOUSE_KINDS = {"want_to_see": "want_to_see", "ticket": "presales"}
"""Kinds of the house's events, and the signal each is."""
Rows = tuple[Ints, Ints, Floats]
"""Of one film and kind: the days told of, the days they were known, the amounts."""


@dataclass(frozen=True)
class Kind:
    """One signal of every film: this film's record, past films' with their gross, and its span.

    `first` and `last` are the mornings between which the record as a whole tells something.
    """

    name: str
    origin: str
    mine: Record
    past: Sequence[tuple[Record, float]]
    first: int
    last: int


def film_signals(
    context: Context, past: HistoryIndex, film: str, opening: date, target: Target
) -> tuple[Signal, ...]:
    """Every signal that there is of a film, on each morning of its page up to the history's day."""
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
    found = []
    for kind in sorted(history.signals.get(film, {})):
        told = {f: kinds[kind] for f, kinds in history.signals.items() if kind in kinds}
        last = int(told[film][1].max())
        found.append(_kind(kind, "market", told, film, opening, _openings(history, peers), last))
    return found


def _house(
    context: Context, history: History, film: str, opening: date, peers: Mapping[str, float]
) -> list[Kind]:
    found = []
    for event, name in HOUSE_KINDS.items():
        events = _events(context, event, history.as_of)
        slugs = {f: _slug(history, f, events) for f in (film, *peers)}
        told = {f: events[s] for f, s in slugs.items() if s is not None}
        if film in told:
            last = max(int(known.max()) for _, known, _ in events.values())
            first = min(int(days.min()) for days, _, _ in events.values())
            others = _openings(history, peers)
            found.append(_kind(name, "house", told, film, opening, others, last, first))
    return found


def _gross(history: History, film: str, opening: date, peers: Mapping[str, float]) -> list[Kind]:
    """What it took so far: from the opening on it is what tells most of the total."""
    told = {f: history.run(f) for f in (film, *peers) if len(history.run(f).offsets)}
    if history.as_of <= opening or film not in told:
        return []
    opened = {film: opening.toordinal()} | {f: o for f, (o, _) in _openings(history, peers).items()}
    records = {
        f: record(opened[f], opened[f] + run.offsets + 1, np.diff(run.to_date, prepend=0.0))
        for f, run in told.items()
    }
    mine = records.pop(film)
    past = [(r, peers[f]) for f, r in records.items()][:NEWEST]
    known = mine.known
    return [Kind("gross", "market", mine, past, int(known[0]), int(known[-1]))]


def _kind(
    name: str,
    origin: str,
    told: Mapping[str, Rows],
    film: str,
    opening: date,
    others: Mapping[str, tuple[int, float]],
    last: int,
    first: int | None = None,
) -> Kind:
    """A signal of the film and of the past films of which the record tells the whole window."""
    begins = min(int(d.min()) for d, _, _ in told.values()) if first is None else first
    whole = {f: o for f, o in others.items() if f in told and o[0] - WINDOW >= begins}
    past = [(_cut(told[f], o), gross) for f, (o, gross) in whole.items()][:NEWEST]
    mine = _cut(told[film], opening.toordinal())
    start = int(mine.known[0]) if first is None and len(mine.known) else begins + 1
    return Kind(name, origin, mine, past, start, last)


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
    laid = context.engine.scan(context.lake.snapshot(PERSON_EVENT))
    mine = laid.filter(laid.kind == event, laid.day < ibis.literal(as_of))
    counted = mine.group_by("item", "day").aggregate(many=mine.quantity.sum())
    columns = ["item", "kind", "title", "release_year"]
    names = {
        r["item"]: film_slug(r["title"], r["release_year"])
        for r in context.lake.read(ITEM, columns=columns).to_pylist()
        if r["kind"] == "film" and r["title"]
    }
    found: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for row in context.engine.arrow(counted).to_pylist():
        slug = names.get(row["item"])
        if slug is not None:
            found[slug].append((row["day"].toordinal(), float(row["many"])))
    return {slug: _rows(sorted(told)) for slug, told in found.items()}


def _rows(told: Sequence[tuple[int, float]]) -> Rows:
    days = np.array([d for d, _ in told], np.int64)
    return days, days + 1, np.array([v for _, v in told], np.float64)


def _slug(history: History, film: str, told: Collection[str]) -> str | None:
    on = history.as_of.toordinal()
    opening = history.fact(film, "opening", on)
    title = str(history.fact(film, "title", on) or film)
    return film_slug_in(told, film, title, date.fromordinal(opening).year if opening else None)


def _signal(kind: Kind, opening: date, as_of: date, target: Target) -> Signal:
    after = kind.name == "gross"
    most, least = (-1, -DAYS_AFTER) if after else (DAYS_BEFORE, 0)
    days, begun = [], {}
    for left in range(most, least - 1, -1):
        on = opening - timedelta(days=left)
        asked, begun[on] = band_at(kind.past, left, target.amount)
        known = on <= as_of and kind.first <= on.toordinal() <= kind.last
        actual = kind.mine.by(left) if known else None
        if known and actual is None and kind.origin == "house":
            actual = 0.0
        days.append(SignalDay(on, left, actual, asked))
    newest = next((d for d in reversed(days) if d.actual is not None), None)
    ends = min(as_of, days[-1].day)
    if newest is None or (ends - newest.day).days > STALE:
        since = "is known of it yet" if newest is None else f"new is known since {day(newest.day)}"
        return Signal(kind.name, kind.origin, tuple(days), CANNOT_TELL, f"nothing {since}")
    # Judged where it is last known: a record that lags a day would always be below.
    found = verdict(newest.actual, newest.target)
    why = _why(newest, begun[newest.day], found, target)
    if newest.day < ends:
        why += f"; it is known up to the morning of {day(newest.day)}"
    return Signal(kind.name, kind.origin, tuple(days), found, why)


def _why(newest: SignalDay, begun: int, found: str, target: Target) -> str:
    if found != CANNOT_TELL:
        assert newest.target is not None
        return f"against {newest.target.films} past films at the same distance"
    if target.amount is None:
        return "there is no target"
    if begun >= FEWEST:
        return "past films that took more had no more of it"
    return (
        f"{begun} past films with their total known and this signal over all of its {WINDOW} days"
        f" are too few: {FEWEST} are needed"
    )
