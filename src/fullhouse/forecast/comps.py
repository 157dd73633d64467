"""Comparable films: those that the random trees cannot tell from this one."""

from collections.abc import Sequence
from datetime import date

import numpy as np

from fullhouse.core.arrays import Floats, Ints
from fullhouse.forecast.forecast import Comp
from fullhouse.forecast.history import History
from fullhouse.forecast.past import Past
from fullhouse.forecast.season import as_day

MOST = 8


def closeness(mine: Floats | Ints, leaves: Floats | Ints) -> Floats:
    """The share of trees in which a film ends in the same leaf as each of others.

    `mine` (trees,), `leaves` (films, trees): random-forest proximity (Breiman 2002).
    """
    found: Floats = (leaves == mine[None, :]).mean(axis=1)
    return found


def nearest(near: Floats, most: int = MOST) -> list[int]:
    """The closest films, the closest first; ties by their order."""
    order = np.argsort(-near, kind="stable")[:most]
    return [int(i) for i in order if near[i] > 0]


def comp(past: Past, film: str, other: str, similarity: float, on: int) -> Comp:
    """A comparable film as it is shown: what it took, in its own money, and why it is like."""
    history = past.history
    opening = past.openings[other]
    run = history.run(other)
    stated = history.fact(other, "total", on)
    total = max(run.until(on - opening), stated[0] if stated else 0.0)
    log_weekend = past.results[other].log_weekend
    weekend = None
    if np.isfinite(log_weekend):
        weekend = float(np.exp(log_weekend + past.log_price(opening, opening)))
    return Comp(
        film=other,
        title=str(history.fact(other, "title", on) or other),
        opening=as_day(opening),
        opening_weekend=weekend,
        total=total,
        similarity=round(similarity, 3),
        why=tuple(reasons(past, film, other, on)),
    )


def reasons(past: Past, film: str, other: str, on: int) -> list[str]:
    """What two films have in common, in words."""
    history = past.history
    told = []
    if past.predecessor(film, on) == other:
        told.append("the film it continues")
    genres = _both(history, film, other, "genres", on)
    if genres:
        told.append(" and ".join(sorted(genres)[:3]).lower())
    if _both(history, film, other, "distributor", on):
        told.append(f"released by {history.fact(film, 'distributor', on)}")
    planned = [history.fact(f, "theaters", on) for f in (film, other)]
    if all(planned) and 0.8 < planned[0] / planned[1] < 1.25:
        told.append(f"{planned[1]:,} cinemas")
    budgets = [history.fact(f, "budget", on) for f in (film, other)]
    if all(budgets) and 0.67 < budgets[0][0] / budgets[1][0] < 1.5:
        told.append("a like budget")
    days = [as_day(past.openings[f]) for f in (film, other) if f in past.openings]
    if len(days) == 2 and _same_season(*days):
        told.append(f"{days[1]:%B}")
    if past.predecessor(film, on) and past.predecessor(other, on):
        told.append("continues a series too")
    return told


def _both(history: History, film: str, other: str, name: str, on: int) -> set[str]:
    found = []
    for f in (film, other):
        value = history.fact(f, name, on)
        found.append({value} if isinstance(value, str) else set(value or ()))
    return found[0] & found[1]


def _same_season(a: date, b: date) -> bool:
    """Whether two days lie within three weeks of each other in the year."""
    apart = abs(a.timetuple().tm_yday - b.timetuple().tm_yday)
    return min(apart, 365 - apart) <= 21


def pull(similar: Sequence[float] | Floats) -> Floats:
    """Weights of comps in their mean: their similarity."""
    weight = np.asarray(similar, np.float64)
    found: Floats = weight / weight.sum()
    return found
