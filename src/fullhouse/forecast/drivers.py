"""What moved a forecast away from a typical film, as factors whose product leads to it.

Shapley values (Lundberg and Lee 2017) of groups of features on the log amount, over films drawn
from those learned from, by permutations and their reverses (Castro, Gómez and Tejada 2009): the
sum over the groups is exact for the films drawn.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from fullhouse.core.arrays import Floats, Ints

PERMUTATIONS = 24
SEED = 4


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
    said = predict(rows).reshape(len(orders), len(names) + 1)
    added = np.zeros(len(names))
    for order, values in zip(orders, said, strict=True):
        added[order] += np.diff(values)
    return float(said[:, 0].mean()), dict(zip(names, added / len(orders), strict=True))


def _path(
    x: Floats, other: Floats, order: Ints, groups: Mapping[str, Sequence[int]], names: Sequence[str]
) -> Floats:
    rows = np.tile(other, (len(order) + 1, 1))
    for step, group in enumerate(order, start=1):
        at = list(groups[names[int(group)]])
        rows[step:, at] = x[at]
    return rows


def grouped(columns: Sequence[str], words: Mapping[str, str]) -> dict[str, list[int]]:
    """Positions of columns by the longest beginning of their names that has words."""
    found: dict[str, list[int]] = {}
    for i, column in enumerate(columns):
        starts = [w for w in words if column.startswith(w)]
        key = max(starts, key=len) if starts else "other"
        found.setdefault(key, []).append(i)
    return found
