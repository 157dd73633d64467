"""What was not entered is unknown, and not none: calendars, markets and cinemas without rows.

What is unknown of a film's surroundings is drawn from the films that were learned from: the mean
over the draws is predicted, and their spread widens the range. What lies outside all that was
learned from is counted as the nearest that was.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from fullhouse.core.arrays import Floats
from fullhouse.forecast.calendar import as_day
from fullhouse.forecast.forecast import PROBABILITIES, MarketUnknown, Note, SlateUnknown
from fullhouse.forecast.history_index import LATE_DAYS, HistoryIndex
from fullhouse.forecast.rows import Rows

NEAR_WEEKENDS = 4
"""A film's calendar is the wide openings of so many weekends before and after its own."""
USUAL_OPENINGS = 5
"""Fewer than this in past years, and an empty calendar is nothing unusual."""
FEWEST_SHARE = 0.2
"""A calendar with less than this share of the usual openings was not entered."""
FEWEST_SHARE_OF_DAYS = 1 / 3
"""A market with less than this share of the films' days of past years was not entered."""
USUAL_FILM_DAYS = 56
"""Two films a day for four weeks: with fewer in past years, thin rows are nothing unusual."""
YEAR = 364
DRAWS = 120
"""The newest so many films stand for what is unknown."""
MARKET = "market."
RIVALS_CINEMAS = (
    "theaters.rivals",
    "theaters.largest_rival",
    "theaters.share",
    "theaters.week_before",
)
SLATE = ("slate.", *RIVALS_CINEMAS)
"""What is known of a film by the films around it."""


@dataclass(frozen=True)
class Surroundings:
    """What of a film's surroundings was not entered, by the beginning of its features' names."""

    groups: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()


def calendar(index: HistoryIndex, film: str, opening: int, on: int) -> SlateUnknown | None:
    """The openings around a film, where so few are entered that the rest must be unknown."""
    entered = index.entered_around(opening, on, NEAR_WEEKENDS, but=film)
    past = [
        index.entered_around(opening - YEAR * k, on - YEAR * k, NEAR_WEEKENDS, but=film)
        for k in range(1, 6)
    ]
    # Of five years, so that one or two that were not entered either do not pass for usual.
    usual = sorted(past)[-2]
    if usual < USUAL_OPENINGS or entered >= FEWEST_SHARE * usual:
        return None
    return SlateUnknown(entered, usual)


def market(index: HistoryIndex, on: int) -> MarketUnknown | None:
    """The last weeks of the market, where grosses end long before or are those of few films."""
    end = index.market_end(on)
    if end < on - LATE_DAYS:
        return MarketUnknown(as_day(end - 1), None)
    past = [index.film_days(end - YEAR * k, 28) for k in (1, 2)]
    usual = float(np.mean([d for d in past if d >= USUAL_FILM_DAYS] or [0.0]))
    share = index.film_days(end, 28) / usual if usual else 1.0
    return MarketUnknown(as_day(end - 1), share) if share < FEWEST_SHARE_OF_DAYS else None


def surroundings(
    index: HistoryIndex, film: str, opening: int, on: int, *, rivals_assumed: bool, opened: bool
) -> Surroundings:
    """The groups of a film's features that count as unknown, and why."""
    groups, notes = list[str](), list[Note]()
    unknown_slate = None if rivals_assumed else calendar(index, film, opening, on)
    if unknown_slate and not opened:
        groups += SLATE
        notes.append(unknown_slate)
    unknown_market = None if opened else market(index, on)
    if unknown_market:
        groups.append(MARKET)
        notes.append(unknown_market)
    return Surroundings(tuple(groups), tuple(notes))


def typical(row: Rows, learned_from: Rows, groups: Sequence[str]) -> Rows:
    """A film's row with the middle of the films learned from for what is unknown."""
    x = row.x.copy()
    for j, name in enumerate(row.columns):
        if name.startswith(tuple(groups)):
            values = learned_from.column(name)
            values = values[np.isfinite(values)]
            x[:, j] = np.median(values) if len(values) else np.nan
    return replace(row, x=x)


def drawn(row: Rows, learned_from: Rows, groups: Sequence[str]) -> Rows:
    """A film's row once for each of the newest films, with what is unknown as that film had it."""
    n = min(DRAWS, len(learned_from.films))
    x = np.repeat(row.x, n, axis=0)
    for j, name in enumerate(row.columns):
        if name.startswith(tuple(groups)):
            x[:, j] = learned_from.column(name)[-n:]
    return Rows(row.films * n, np.repeat(row.opening, n), np.repeat(row.as_of, n), row.columns, x)


def capped(row: Rows, learned_from: Rows) -> tuple[Rows, tuple[str, ...]]:
    """A film's row within what was learned from, and the facts that lie outside it."""
    x, outside = row.x.copy(), []
    for j, name in enumerate(row.columns):
        values = learned_from.column(name)
        values = values[np.isfinite(values)]
        if name == YEAR_OF or not len(values) or not np.isfinite(x[0, j]):
            continue
        limit = float(np.clip(x[0, j], values.min(), values.max()))
        if name in CAPPED_FACTS and not np.isclose(limit, x[0, j]):
            outside.append(name)
        x[0, j] = limit
    return replace(row, x=x), tuple(outside)


YEAR_OF = "market.year"
"""The time goes on: a year later than all that was learned from is no fact out of bounds."""
CAPPED_FACTS = ("theaters.number", "budget.log", "story.runtime", "slate.same")
"""Features that hold a fact that somebody stated; others follow from them."""


def wider(quantiles: Floats, spread: float) -> Floats:
    """Quantiles of a log error, widened by what is unknown: its variance added to theirs."""
    low, high = (float(quantiles[PROBABILITIES.index(p)]) for p in (0.1, 0.9))
    deviation = max((high - low) / TENTHS_APART, 1e-6)
    middle = float(quantiles[PROBABILITIES.index(0.5)])
    factor = np.sqrt(1 + (spread / deviation) ** 2)
    widened: Floats = middle + (quantiles - middle) * factor
    return widened


TENTHS_APART = 2.563
"""Standard deviations between the 10 % and 90 % quantiles of a normal."""
