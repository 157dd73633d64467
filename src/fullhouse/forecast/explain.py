"""Why a forecast is what it is: what moved it from a typical film, and comparable films.

Drivers are Shapley values (Lundberg and Lee 2017) of groups of features on the log amount, over
films drawn from those learned from, by permutations and their reverses (Castro, Gómez and Tejada
2009): the sum over the groups is exact for the films drawn. Comparable films are those that the
random trees cannot tell from this one (proximity, Breiman 2002).
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from fullhouse.core.arrays import Floats, Ints
from fullhouse.forecast.calendar import as_day
from fullhouse.forecast.forecast import Comp, Driver, Shared
from fullhouse.forecast.history import History
from fullhouse.forecast.history_index import HistoryIndex

PERMUTATIONS = 24
SEED = 4
MOST = 8
COMPARED = 400
"""The newest so many films that were learned from are those that a film is compared with."""
OTHER = "other"
OUTSIDE = "outside"
"""The driver that holds what forecasts by others moved."""
RESIDUALS = "past errors"
"""The driver that holds how such forecasts erred before, and what chosen comps moved."""


def contributions(
    predict: Callable[[Floats], Floats],
    x: Floats,
    others: Floats,
    groups: Mapping[str, Sequence[int]],
) -> tuple[float, dict[str, float]]:
    """The mean prediction over other films, and what each group of features adds to it, in logs.

    `x` (columns,) is the film, `others` (films, columns) those it is compared with.
    """
    rng = np.random.default_rng(SEED)
    names = list(groups)
    orders = [rng.permutation(len(names)) for _ in range(PERMUTATIONS)]
    orders = [o for order in orders for o in (order, order[::-1])]
    picks = rng.integers(0, len(others), PERMUTATIONS).repeat(2)
    rows = np.concatenate(
        [_path(x, others[i], order, groups, names) for i, order in zip(picks, orders, strict=True)]
    )
    predictions = predict(rows).reshape(len(orders), len(names) + 1)
    added = np.zeros(len(names))
    for order, values in zip(orders, predictions, strict=True):
        added[order] += np.diff(values)
    return float(predictions[:, 0].mean()), dict(zip(names, added / len(orders), strict=True))


def _path(
    x: Floats, other: Floats, order: Ints, groups: Mapping[str, Sequence[int]], names: Sequence[str]
) -> Floats:
    rows = np.tile(other, (len(order) + 1, 1))
    for step, group in enumerate(order, start=1):
        at = list(groups[names[int(group)]])
        rows[step:, at] = x[at]
    return rows


def grouped(columns: Sequence[str], prefixes: Mapping[str, str]) -> dict[str, list[int]]:
    """Positions of columns by the longest of the prefixes that their names begin with."""
    groups: dict[str, list[int]] = {}
    for i, column in enumerate(columns):
        starts = [p for p in prefixes if column.startswith(p)]
        key = max(starts, key=len) if starts else OTHER
        groups.setdefault(key, []).append(i)
    return groups


def drivers(
    index: HistoryIndex,
    film: str,
    opening: int,
    on: int,
    added: Mapping[str, float],
    prefixes: Mapping[str, str],
) -> list[Driver]:
    """The factor of each group of features, the largest first; `added` is in logs by prefix."""
    by_group: dict[str, float] = {}
    for prefix, log in added.items():
        name = prefixes.get(prefix, OTHER)
        by_group[name] = by_group.get(name, 0.0) + log
    return [
        Driver(name, float(np.exp(log)), _detail(index, film, opening, on, name))
        for name, log in sorted(by_group.items(), key=lambda p: -abs(p[1]))
        if abs(log) > 1e-9
    ]


def _detail(index: HistoryIndex, film: str, opening: int, on: int, group: str) -> Any:
    """What the film has of a group of features, where one value says it."""
    history = index.history
    if group == "season":
        return as_day(opening).isoformat()
    if group == "series":
        before = index.predecessor(film, on)
        return None if before is None else str(history.fact(before, "title", on) or before)
    fact = {"story": "genres", "distributor": group, "theaters": group, "budget": group}.get(group)
    value = None if fact is None else history.fact(film, fact, on)
    return tuple(value) if isinstance(value, list | tuple) else value


def closeness(leaves: Ints, of_others: Ints) -> Floats:
    """The share of trees in which a film ends in the same leaf as each of others.

    `leaves` (trees,) are the film's, `of_others` (films, trees).
    """
    share: Floats = (of_others == leaves[None, :]).mean(axis=1)
    return share


def nearest(near: Floats, most: int = MOST) -> list[int]:
    """The closest films, the closest first; ties by their order."""
    order = np.argsort(-near, kind="stable")[:most]
    return [int(i) for i in order if near[i] > 0]


def comp(index: HistoryIndex, film: str, other: str, similarity: float, on: int) -> Comp:
    """A comparable film: what it took, in its own money, and what the two have in common."""
    history = index.history
    opening = index.openings[other]
    stated = history.fact(other, "total", on)
    total = max(history.run(other).until(on - opening), stated[0] if stated else 0.0)
    log_weekend = index.results[other].log_weekend
    weekend = None
    if np.isfinite(log_weekend):
        weekend = float(np.exp(log_weekend + index.log_price(opening, opening)))
    return Comp(
        film=other,
        title=str(history.fact(other, "title", on) or other),
        opening=as_day(opening),
        opening_weekend=weekend,
        total=total,
        similarity=round(similarity, 3),
        why=tuple(in_common(index, film, other, on)),
    )


def in_common(index: HistoryIndex, film: str, other: str, on: int) -> list[Shared]:
    """What two films have in common, as known on a day."""
    history = index.history
    shared = []
    if index.predecessor(film, on) == other:
        shared.append(Shared("predecessor"))
    genres = _both(history, film, other, "genres", on)
    if genres:
        shared.append(Shared("genres", tuple(sorted(genres)[:3])))
    if _both(history, film, other, "distributor", on):
        shared.append(Shared("distributor", str(history.fact(film, "distributor", on))))
    planned = [history.fact(f, "theaters", on) for f in (film, other)]
    if all(planned) and 0.8 < planned[0] / planned[1] < 1.25:
        shared.append(Shared("cinemas", int(planned[1])))
    budgets = [history.fact(f, "budget", on) for f in (film, other)]
    if all(budgets) and 0.67 < budgets[0][0] / budgets[1][0] < 1.5:
        shared.append(Shared("budget"))
    days = [as_day(index.openings[f]) for f in (film, other) if f in index.openings]
    if len(days) == 2 and _same_season(*days):
        shared.append(Shared("month", days[1].month))
    if index.predecessor(film, on) and index.predecessor(other, on):
        shared.append(Shared("series"))
    return shared


def _both(history: History, film: str, other: str, name: str, on: int) -> set[str]:
    values = []
    for f in (film, other):
        value = history.fact(f, name, on)
        values.append({value} if isinstance(value, str) else set(value or ()))
    return values[0] & values[1]


def _same_season(a: date, b: date) -> bool:
    """Whether two days lie within three weeks of each other in the year."""
    apart = abs(a.timetuple().tm_yday - b.timetuple().tm_yday)
    return min(apart, 365 - apart) <= 21


def pull(similar: Sequence[float] | Floats) -> Floats:
    """Weights of comps in their mean: their similarity."""
    weight = np.asarray(similar, np.float64)
    share: Floats = weight / weight.sum()
    return share
