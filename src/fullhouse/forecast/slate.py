"""Films that open around the same time: their forecasts, and which pairs compete."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations
from typing import Any

from fullhouse.core.brief import Brief
from fullhouse.core.errors import FullhouseError
from fullhouse.core.values import as_json
from fullhouse.forecast.calendar import as_day, weekend
from fullhouse.forecast.forecast import Forecast
from fullhouse.forecast.history_index import HistoryIndex

NEAR_DAYS = 7
SMALL_SHARE = 0.2
"""A film that is expected to open to less than this share of the other's is no rival of it."""


@dataclass(frozen=True)
class Conflict:
    """Two films that open on one weekend or a week apart, and the genres that they share.

    `day` is the Friday of the later one's weekend. `share_alike` is the share of their genres
    that both have (Jaccard 1901); None where those of neither are known.
    """

    film: str
    other: str
    day: date
    days_apart: int
    shared_genres: tuple[str, ...]
    share_alike: float | None


@dataclass(frozen=True)
class Slate(Brief):
    """Forecasts of all films that open in a time, their conflicts, and dates that were tried."""

    territory: str
    first: date
    last: date
    forecasts: tuple[Forecast, ...]
    conflicts: tuple[Conflict, ...]
    tried: tuple[Forecast, ...] = ()
    without: Mapping[str, FullhouseError] = field(default_factory=dict)
    """Films of which no forecast could be made, and why."""

    def to_dict(self) -> dict[str, Any]:
        """Everything, as JSON takes it."""
        return {
            "territory": self.territory,
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "films": [f.to_dict() for f in self.forecasts],
            "conflicts": [as_json(vars(c)) for c in self.conflicts],
            "tried": [f.to_dict() for f in self.tried],
            "without": {film: str(problem) for film, problem in self.without.items()},
        }


def conflicts(index: HistoryIndex, forecasts: Sequence[Forecast]) -> list[Conflict]:
    """Pairs that open within a week for people who like the same; the most alike first."""
    pairs = []
    for one, two in combinations(sorted(forecasts, key=lambda f: (f.opening, f.film)), 2):
        fridays = [weekend(f.opening.toordinal()) for f in (one, two)]
        apart = abs(fridays[0] - fridays[1])
        if apart > NEAR_DAYS or not _sized_alike(one, two):
            continue
        shared, alike = _alike(index, one, two)
        if apart and (alike or 0.0) < 0.5:
            continue
        day = as_day(weekend(max(one.opening, two.opening).toordinal()))
        pairs.append(Conflict(one.film, two.film, day, apart, shared, alike))
    return sorted(pairs, key=lambda c: (-(c.share_alike or 0.0), c.day, c.film))


def _sized_alike(one: Forecast, two: Forecast) -> bool:
    sizes = sorted(_size(f) for f in (one, two))
    return sizes[0] >= SMALL_SHARE * sizes[1] > 0


def _size(forecast: Forecast) -> float:
    if "opening_weekend" in forecast.ranges:
        return forecast.ranges["opening_weekend"].median
    if "opening_weekend" in forecast.known:
        return forecast.known["opening_weekend"]
    return forecast.ranges["total"].median if "total" in forecast.ranges else 0.0


def _alike(
    index: HistoryIndex, one: Forecast, two: Forecast
) -> tuple[tuple[str, ...], float | None]:
    """Genres that both have, and their share of all that either has."""
    on = index.history.as_of.toordinal()
    genres = [set(index.history.fact(f.film, "genres", on) or ()) for f in (one, two)]
    shared, every = genres[0] & genres[1], genres[0] | genres[1]
    return tuple(sorted(shared)), len(shared) / len(every) if every else None
