"""Films that open around the same time: which of them get into each other's way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from fullhouse.forecast.forecast import Forecast
from fullhouse.forecast.past import Past
from fullhouse.forecast.season import as_day, weekend

NEAR_DAYS = 7
SMALL_SHARE = 0.2
"""A film that is expected to open to less than this share of the other's is no rival of it."""


@dataclass(frozen=True)
class Conflict:
    """Two films that open on one weekend, or one after the other, and why that matters."""

    film: str
    other: str
    day: date
    words: str
    share_alike: float


def conflicts(past: Past, forecasts: Sequence[Forecast]) -> list[Conflict]:
    """Pairs that open within a week for people who like the same; the most alike first."""
    found = []
    for one, two in combinations(sorted(forecasts, key=lambda f: (f.opening, f.film)), 2):
        apart = abs(weekend(one.opening.toordinal()) - weekend(two.opening.toordinal()))
        if apart > NEAR_DAYS or not _sized_alike(one, two):
            continue
        shared, alike = _alike(past, one, two)
        if apart and alike < 0.5:
            continue
        when = "the same weekend" if apart == 0 else "a week apart"
        words = f"{when}; {shared}" if shared else when
        day = as_day(weekend(max(one.opening, two.opening).toordinal()))
        found.append(Conflict(one.film, two.film, day, words, alike))
    return sorted(found, key=lambda c: (-c.share_alike, c.day, c.film))


def _sized_alike(one: Forecast, two: Forecast) -> bool:
    sizes = sorted(_size(f) for f in (one, two))
    return sizes[0] >= SMALL_SHARE * sizes[1] > 0


def _size(forecast: Forecast) -> float:
    if "opening_weekend" in forecast.ranges:
        return forecast.ranges["opening_weekend"].median
    if "opening_weekend" in forecast.known:
        return forecast.known["opening_weekend"]
    return forecast.ranges["total"].median if "total" in forecast.ranges else 0.0


def _alike(past: Past, one: Forecast, two: Forecast) -> tuple[str, float]:
    """Genres that both have, in words, and as a share of all that they have (Jaccard 1901)."""
    on = past.history.as_of.toordinal()
    genres = [set(past.history.fact(f.film, "genres", on) or ()) for f in (one, two)]
    shared, every = genres[0] & genres[1], genres[0] | genres[1]
    if not every:
        return "what they are about is not known", 0.0
    words = f"both {' and '.join(sorted(shared)).lower()}" if shared else "no genre in common"
    return words, len(shared) / len(every)
