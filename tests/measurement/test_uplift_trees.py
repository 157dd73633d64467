"""Trees of two levels searched whole, beside every such tree tried one by one."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fullhouse.measurement.uplift_trees import Bins, HonestTrees, best_corner, best_tree


def _error(leaf, y):
    """The squared error of leaf means; infinite where a leaf is too small."""
    parts = [y[leaf == k] for k in np.unique(leaf)]
    least = max(50.0, 0.02 * len(y))
    if min(map(len, parts)) < least:
        return np.inf
    return sum(((part - part.mean()) ** 2).sum() for part in parts)


def _slow(codes, sizes, y):
    """The least error of any tree of two levels, by trying each."""
    splits = [(c, k) for c, size in enumerate(sizes) for k in range(size - 1)]
    best = _error(np.zeros(len(y), int), y)
    for c, k in splits:
        right = codes[:, c] > k
        for left_split, right_split in product([None, *splits], repeat=2):
            leaf = 2 * right.astype(int)
            for side, split in ((False, left_split), (True, right_split)):
                if split is not None:
                    leaf = leaf + ((right == side) & (codes[:, split[0]] > split[1]))
            best = min(best, _error(leaf, y))
    return best


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_no_tree_of_two_levels_is_better(seed):
    g = np.random.default_rng(seed)
    n = 400
    columns = np.column_stack([g.integers(0, 4, n), g.integers(0, 3, n), g.random(n) < 0.5])
    y = g.normal(size=n) + (columns[:, 0] > 1) * (columns[:, 1] > 0) * g.normal()
    bins = Bins.of(columns.astype(float))
    codes = bins.codes(columns.astype(float))
    tree = best_tree(codes, bins.sizes, y, range(3))
    own = ((y - tree.predict(codes)) ** 2).sum()
    assert own == pytest.approx(_slow(codes, bins.sizes, y))


def test_a_price_leaves_out_what_noise_explains():
    g = np.random.default_rng(1)
    columns, split = g.normal(size=(4000, 5)), 0
    bins = Bins.of(columns)
    for _ in range(20):
        y = g.normal(size=4000)
        tree = best_tree(bins.codes(columns), bins.sizes, y, range(5), price=3 * np.log(75))
        split += tree.root is not None
    assert split <= 2
    y = (columns[:, 1] > 0) - 0.5 + g.normal(size=4000)
    tree = best_tree(bins.codes(columns), bins.sizes, y, range(5), price=3 * np.log(75))
    assert tree.root.column == 1
    assert tree.below == (None, None)


def test_columns_of_one_value_leave_one_leaf():
    columns, y = np.zeros((200, 2)), np.arange(200.0)
    bins = Bins.of(columns)
    tree = best_tree(bins.codes(columns), bins.sizes, y, range(2))
    assert tree.root is None
    assert (tree.predict(bins.codes(columns)) == y.mean()).all()
    assert HonestTrees(columns, y).predict(columns) == pytest.approx(y.mean())


def test_honest_trees_do_not_claim_the_noise_they_were_chosen_on():
    g = np.random.default_rng(2)
    columns, y = g.normal(size=(6000, 15)), g.normal(size=6000)
    bins = Bins.of(columns)
    greedy = best_tree(bins.codes(columns), bins.sizes, y, range(15)).predict(bins.codes(columns))
    honest = HonestTrees(columns, y).predict(columns)
    assert honest.std() < greedy.std() / 3


@given(st.integers(0, 10**6), st.tuples(*[st.booleans()] * 3), st.sampled_from([1, 2, 3]))
@settings(max_examples=15, deadline=None)
def test_a_corner_of_up_to_three_columns_is_what_was_planted(seed, above, used):
    g = np.random.default_rng(seed)
    columns = g.normal(size=(6_000, 5))
    order = g.permutation(5)[:used]
    inside = np.ones(len(columns), dtype=bool)
    for f, side in zip(order, above, strict=False):
        inside &= (columns[:, f] > 0) == side
    bins = Bins.of(columns)
    codes = bins.codes(columns)
    corner = best_corner(codes, bins.sizes, inside + g.normal(0, 0.5, len(columns)))
    assert {split.column for split, _ in corner.sides} == {int(f) for f in order}
    agrees = (corner.predict(codes) > 0.5) == inside
    assert agrees.mean() > 0.95
    # Of one column, either side is a corner.
    assert abs(corner.inside - corner.outside) == pytest.approx(1, abs=0.15)


def test_noise_has_no_corner():
    g = np.random.default_rng(8)
    columns = np.column_stack([g.normal(size=(2_000, 4)), g.integers(0, 2, (2_000, 3))])
    bins = Bins.of(columns)
    codes = bins.codes(columns)
    for _ in range(20):
        noise = g.normal(size=2_000)
        corner = best_corner(codes, bins.sizes, noise)
        assert corner.sides == ()
        assert (corner.predict(codes) == noise.mean()).all()
