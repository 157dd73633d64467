"""How many cinemas a film is expected to open in, before they are booked.

A number, a range or a size class. Each is a set of numbers of cinemas: the models that know the
cinemas forecast the film for each of them, and their spread widens the range.
"""

from dataclasses import dataclass, replace

import numpy as np

from fullhouse.core.arrays import Floats
from fullhouse.films import SIZE_CLASSES, expected_cinemas
from fullhouse.forecast.history_index import HistoryIndex
from fullhouse.forecast.rows import Rows

DRAWS = 40
STATED_ERROR = 0.1
"""A number stated early is taken to be off by so much, as a standard deviation of its log.

An assumption: no public set has what was expected beside what was booked.
"""
CLASS_ERROR = 0.2
"""A class stated early is taken to be one of its neighbours so often; an assumption too."""
FEWEST_OF_CLASS = 10
SMALLEST_SHARE = 0.0005
"""Two cinemas, where the widest opening has 4,000."""
TENTHS = 1.2816
"""Standard deviations from the middle of a normal to its 10 % and 90 % quantiles."""


@dataclass(frozen=True)
class ReleasePlan:
    """What is expected, since when and by whom, and numbers of cinemas that stand for it."""

    stated: str
    known_on: int
    origin: str
    cinemas: Floats
    """Ascending, each as likely as the other."""

    @property
    def middle(self) -> float:
        """The middle of them."""
        return float(np.exp(np.median(np.log(self.cinemas))))


def release_plan(
    index: HistoryIndex, film: str, on: int, of_widest: Floats | None = None
) -> ReleasePlan | None:
    """What is expected of a film's cinemas as known on a day; None where nothing is.

    A size class is a share of the widest opening of the year before. Films that were learned from
    give it its form, by their cinemas as shares of the widest (`of_widest`).
    """
    newest = index.history.newest(film, "expected_theaters", on)
    if newest is None or not newest[1]:
        return None
    known_on, stated, origin = newest
    levels = (np.arange(DRAWS) + 0.5) / DRAWS
    numbers = expected_cinemas(str(stated))
    if numbers is not None:
        low, high = np.log(numbers)
        middle = (low + high) / 2
        deviation = (high - low) / 2 / TENTHS if high > low else STATED_ERROR
        # Imported here: it takes a second, and most forecasts need none of it.
        from scipy.special import ndtri

        logs = middle + deviation * ndtri(levels)
        return ReleasePlan(str(stated), known_on, origin, np.maximum(np.exp(logs), 1.0))
    widest = index.widest(on)
    if not np.isfinite(widest):
        return None
    shares = np.array([]) if of_widest is None else of_widest[np.isfinite(of_widest)]
    names = list(SIZE_CLASSES)
    at = names.index(str(stated))
    near = [names[k] for k in (at - 1, at + 1) if 0 <= k < len(names)]
    per_neighbour = round(DRAWS * CLASS_ERROR / 2)
    parts = [_of_class(n, shares, per_neighbour) for n in near]
    parts.append(_of_class(str(stated), shares, DRAWS - per_neighbour * len(near)))
    return ReleasePlan(str(stated), known_on, origin, np.sort(np.concatenate(parts)) * widest)


def _of_class(name: str, shares: Floats, draws: int) -> Floats:
    """Cinemas of a size class as shares of the widest: as past films had, or even in logs."""
    low, high = SIZE_CLASSES[name]
    levels = (np.arange(draws) + 0.5) / draws
    inside = shares[(shares >= low) & (shares < high)]
    if len(inside) >= FEWEST_OF_CLASS:
        drawn: Floats = np.quantile(inside, levels)
        return drawn
    ends = np.log([max(low, SMALLEST_SHARE), min(high, 1.0)])
    even: Floats = np.exp(ends[0] + levels * (ends[1] - ends[0]))
    return even


def with_cinemas(row: Rows, cinemas: Floats) -> Rows:
    """A film's row, or its rows, with so many cinemas each; rows follow one another in turn."""
    n = max(len(row.films), len(cinemas))
    at = np.arange(n) % len(row.films)
    rows = row.take(at)
    number = cinemas[np.arange(n) % len(cinemas)]
    x = rows.x.copy()
    columns = {c: j for j, c in enumerate(rows.columns)}
    before = x[:, columns["theaters.number"]].copy()
    x[:, columns["theaters.number"]] = number
    x[:, columns["theaters.log"]] = np.log(number)
    x[:, columns["theaters.of_widest"]] *= number / before
    x[:, columns["theaters.against_usual"]] += np.log(number / before)
    return replace(rows, x=x)
