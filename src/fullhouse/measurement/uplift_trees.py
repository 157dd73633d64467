"""Trees of depth two that are searched for whole: both splits at once, over binned columns.

A tree that grows split by split does not see what only two columns together say. Here each pair of
columns is summed in a table, and cumulative sums give every tree of two levels its squared error
(Zhou, Athey and Wager 2023 search policy trees so). Trees chosen on one half of the people with
leaves valued on the other claim nothing of what they were chosen for (Athey and Imbens 2016). What
only three columns together say is searched for as a corner: one side of a cut in each of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import log

import numpy as np

from fullhouse.core.arrays import Flags, Floats, Ints

BINS = 16
"""A column of numbers is cut at so many quantiles at most."""
LEAST_LEAF = 0.02
"""No leaf holds a smaller share of the people, or fewer than 50 of them."""
TREES = 16
MOST_COLUMNS = 12
"""So many columns, drawn for each tree, are searched: their pairs are what takes time."""


@dataclass(frozen=True)
class Bins:
    """Where each column is cut; a value belongs to the bin after all cuts below it."""

    cuts: tuple[Floats, ...]

    @classmethod
    def of(cls, columns: Floats, bins: int = BINS) -> "Bins":
        """Quantiles of columns of many values, every value but the greatest of others."""
        return cls(tuple(_cuts(column, bins) for column in columns.T))

    def codes(self, columns: Floats) -> Ints:
        """The bin of each value: (people, columns)."""
        coded = [
            np.searchsorted(c, x, side="left") for c, x in zip(self.cuts, columns.T, strict=True)
        ]
        return np.column_stack(coded).astype(np.int64)

    @property
    def sizes(self) -> list[int]:
        """How many bins each column has."""
        return [len(c) + 1 for c in self.cuts]


@dataclass(frozen=True)
class TreeSplit:
    """People whose bin in a column is above a cut go right."""

    column: int
    cut: int

    def right(self, codes: Ints) -> Flags:
        """Who goes right."""
        right: Flags = codes[:, self.column] > self.cut
        return right


@dataclass(frozen=True)
class SmallTree:
    """Up to two levels of splits, with a value for each leaf.

    A leaf's number is 2 for right at the first split, and 1 more for right at the second.
    """

    root: TreeSplit | None
    below: tuple[TreeSplit | None, TreeSplit | None]
    values: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)

    def leaves(self, codes: Ints) -> Ints:
        """The leaf of each person."""
        if self.root is None:
            return np.zeros(len(codes), dtype=np.int64)
        right = self.root.right(codes)
        leaf: Ints = 2 * right.astype(np.int64)
        for side, split in enumerate(self.below):
            if split is not None:
                leaf += (right == bool(side)) & split.right(codes)
        return leaf

    def predict(self, codes: Ints) -> Floats:
        """The value of each person's leaf."""
        predicted: Floats = np.array(self.values)[self.leaves(codes)]
        return predicted


def best_tree(
    codes: Ints, sizes: Sequence[int], target: Floats, columns: Sequence[int], *, price: float = 0.0
) -> SmallTree:
    """The tree that explains most squared error of the target, `price` taken off for each split.

    `sizes` are the bins of each column, `columns` those that are searched. Leaves hold the mean.
    """
    mean = float(target.mean())
    target = target - mean
    sides = {f: _Sides(sizes[f]) for f in columns if sizes[f] > 1}
    least = max(50.0, LEAST_LEAF * len(codes))
    names = list(sides)
    for i, f in enumerate(names):
        for g in names[i:]:
            count, total = _table(codes, target, (f, g), (sizes[f], sizes[g]))
            sides[f].try_column(g, count, total, least, price)
            if f != g:
                sides[g].try_column(f, count.T, total.T, least, price)
    chosen = max(names, key=lambda f: sides[f].best()[0], default=None)
    gain, cut = (0.0, 0) if chosen is None else sides[chosen].best()
    if chosen is None or gain <= price:
        return SmallTree(None, (None, None), (mean,) * 4)
    tree = SmallTree(
        TreeSplit(chosen, cut), (sides[chosen].split(0, cut), sides[chosen].split(1, cut))
    )
    count, total = _by_leaf(tree.leaves(codes), target)
    values = mean + total / np.maximum(count, 1)
    return SmallTree(tree.root, tree.below, tuple(values.tolist()))


class _Sides:
    """For each cut of a first column, the best second split of either side."""

    def __init__(self, size: int) -> None:
        self.gain = np.full((2, size - 1), -np.inf)
        self.column = np.full((2, size - 1), -1)
        self.cut = np.zeros((2, size - 1), dtype=np.int64)

    def try_column(self, g: int, count: Floats, total: Floats, least: float, price: float) -> None:
        """Keep what a second split by a column does better than those tried before."""
        count, total = count.cumsum(0).cumsum(1), total.cumsum(0).cumsum(1)
        for side in (0, 1):
            n = count[:-1] if side == 0 else count[-1] - count[:-1]
            s = total[:-1] if side == 0 else total[-1] - total[:-1]
            whole_n, whole_s = n[:, -1], s[:, -1]
            alone = np.where(whole_n >= least, whole_s**2 / np.maximum(whole_n, 1), -np.inf)
            self._keep(side, alone, -1, np.zeros(len(n), dtype=np.int64))
            left_n, left_s = n[:, :-1], s[:, :-1]
            right_n, right_s = whole_n[:, None] - left_n, whole_s[:, None] - left_s
            gain = left_s**2 / np.maximum(left_n, 1) + right_s**2 / np.maximum(right_n, 1) - price
            gain = np.where(np.minimum(left_n, right_n) >= least, gain, -np.inf)
            at = gain.argmax(1)
            self._keep(side, gain[np.arange(len(gain)), at], g, at)

    def _keep(self, side: int, gain: Floats, column: int, cut: Ints) -> None:
        better = gain > self.gain[side]
        self.gain[side, better] = gain[better]
        self.column[side, better] = column
        self.cut[side, better] = cut[better]

    def best(self) -> tuple[float, int]:
        """The gain of the best tree with this column first, and where it is cut."""
        both = self.gain.sum(0)
        at = int(both.argmax())
        return float(both[at]), at

    def split(self, side: int, cut: int) -> TreeSplit | None:
        """The second split of a side."""
        column = int(self.column[side, cut])
        return None if column < 0 else TreeSplit(column, int(self.cut[side, cut]))


@dataclass(frozen=True)
class Corner:
    """People on one side of a cut in each of up to three columns, and everybody else."""

    sides: tuple[tuple[TreeSplit, bool], ...]
    inside: float
    outside: float

    def predict(self, codes: Ints) -> Floats:
        """The value of the corner or of the others; without sides all are others."""
        inside = np.full(len(codes), bool(self.sides))
        for split, above in self.sides:
            inside &= split.right(codes) == above
        return np.where(inside, self.inside, self.outside)


def best_corner(codes: Ints, sizes: Sequence[int], target: Floats) -> Corner:
    """The corner that explains most squared error of the target, or none that chance explains.

    Of many columns those are searched that explain most by a cut of their own.
    """
    mean, least = float(target.mean()), max(50.0, LEAST_LEAF * len(codes))
    centred = target - mean
    columns = _most_telling(codes, sizes, centred, least)
    triples = list(combinations(columns, 3))
    tried = sum(8 * sizes[f] * sizes[g] * sizes[h] for f, g, h in triples)
    # The greatest of so many cells of noise (Foster and George 1994), and half as much again.
    most, corner = float(target.var()) * 3 * log(max(2, tried)), Corner((), mean, mean)
    for triple in triples:
        shape = tuple(sizes[f] for f in triple)
        cell = np.ravel_multi_index(tuple(codes[:, f] for f in triple), shape)
        cells = shape[0] * shape[1] * shape[2]
        count = np.bincount(cell, minlength=cells).astype(np.float64).reshape(shape)
        total = np.bincount(cell, centred, minlength=cells).astype(np.float64).reshape(shape)
        for above in product((False, True), repeat=3):
            n, s = _from_corner(count, above), _from_corner(total, above)
            gain = _gain_of(n, s, len(codes), least)
            at = np.unravel_index(int(gain.argmax()), shape)
            if gain[at] <= most:
                continue
            most = float(gain[at])
            sides = _sides_at([int(i) for i in at], triple, shape, above)
            rest = len(codes) - n[at]
            corner = Corner(sides, mean + float(s[at] / n[at]), mean - float(s[at] / rest))
    return corner


def _most_telling(codes: Ints, sizes: Sequence[int], target: Floats, least: float) -> list[int]:
    """Up to MOST_COLUMNS columns that explain most by one cut, in order."""
    gains = {}
    for f, size in enumerate(sizes):
        if size > 1:
            n = np.bincount(codes[:, f], minlength=size).astype(np.float64).cumsum()
            s = np.bincount(codes[:, f], target, minlength=size).cumsum()
            gains[f] = float(_gain_of(n, s, len(codes), least).max())
    return sorted(sorted(gains, key=lambda f: -gains[f])[:MOST_COLUMNS])


def _gain_of(n: Floats, s: Floats, people: int, least: float) -> Floats:
    """What setting `n` people apart explains, whose centred target adds up to `s`; 0 if too few."""
    rest = people - n
    gain = s**2 * (1 / np.maximum(n, 1) + 1 / np.maximum(rest, 1))
    return np.where(np.minimum(n, rest) >= least, gain, 0.0)


def _from_corner(cells: Floats, above: Sequence[bool]) -> Floats:
    """Sums from one corner of a table on: from the last bins on where it lies above the cuts."""
    for axis, is_above in enumerate(above):
        cells = np.flip(cells, axis) if is_above else cells
        cells = cells.cumsum(axis)
    return cells


def _sides_at(
    at: Sequence[int], columns: Sequence[int], shape: Sequence[int], above: Sequence[bool]
) -> tuple[tuple[TreeSplit, bool], ...]:
    """The sides of a corner that ends at a cell; a column taken whole is no side."""
    return tuple(
        (TreeSplit(f, size - 2 - i if is_above else i), is_above)
        for i, f, size, is_above in zip(at, columns, shape, above, strict=True)
        if i < size - 1
    )


class HonestTrees:
    """The mean of trees whose splits one half of the people chose, and whose leaves the other."""

    def __init__(self, columns: Floats, target: Floats, *, trees: int = TREES) -> None:
        rng = np.random.default_rng(0)
        self.bins, self.mean = Bins.of(columns), float(target.mean())
        codes, target = self.bins.codes(columns), target - self.mean
        several = columns.shape[1] > MOST_COLUMNS
        self.trees = []
        for _ in range(trees):
            half = rng.random(len(target)) < 0.5
            searched = rng.choice(columns.shape[1], MOST_COLUMNS, replace=False) if several else ()
            names = sorted(searched) if several else range(columns.shape[1])
            tree = best_tree(codes[half], self.bins.sizes, target[half], [int(c) for c in names])
            count, total = _by_leaf(tree.leaves(codes[~half]), target[~half])
            values = total / np.maximum(count, 1)
            self.trees.append(SmallTree(tree.root, tree.below, tuple(values.tolist())))

        # Halves differ by chance in their mean; what trees say is who is above it.
        self.centre = float(self._mean(codes).mean())

    def _mean(self, codes: Ints) -> Floats:
        mean: Floats = np.mean([tree.predict(codes) for tree in self.trees], axis=0)
        return mean

    def predict(self, columns: Floats) -> Floats:
        """The mean over trees for each person."""
        return self.mean + self._mean(self.bins.codes(columns)) - self.centre


def _cuts(column: Floats, bins: int) -> Floats:
    values = np.unique(column)
    if len(values) <= bins:
        return values[:-1]
    return np.unique(np.quantile(column, np.arange(1, bins) / bins))


def _table(
    codes: Ints, target: Floats, pair: tuple[int, int], shape: tuple[int, int]
) -> tuple[Floats, Floats]:
    """People and sums of the target by the bins of two columns."""
    cell = codes[:, pair[0]] * shape[1] + codes[:, pair[1]]
    size = shape[0] * shape[1]
    count = np.bincount(cell, minlength=size).astype(np.float64)
    total = np.bincount(cell, target, minlength=size).astype(np.float64)
    return count.reshape(shape), total.reshape(shape)


def _by_leaf(leaves: Ints, target: Floats) -> tuple[Floats, Floats]:
    count = np.bincount(leaves, minlength=4).astype(np.float64)
    return count, np.bincount(leaves, target, minlength=4).astype(np.float64)
