"""What the shop sells."""

import numpy as np
import pytest

from fullhouse_sim.aisles import HOBBIES as AISLES
from fullhouse_sim.goods import MORE, MORE_OTHERWISE, SHARES, goods
from fullhouse_sim.population import HOBBIES
from fullhouse_sim.shopping import leaves


def test_the_tree_has_four_levels_and_about_1500_categories() -> None:
    categories = goods(7).categories()
    assert {level for _, level, _ in categories} == {1, 2, 3, 4}
    assert 1_300 < len(categories) < 1_700
    paths = {path for path, _, _ in categories}
    assert len(paths) == len(categories)
    assert all(above in paths for _, level, above in categories if level > 1)


def test_every_hobby_has_categories() -> None:
    shop = goods(7)
    assert set(AISLES) == set(HOBBIES)
    for prefixes in AISLES.values():
        assert any(leaf.startswith(prefixes) for leaf in shop.leaves)


def test_products_stand_in_their_leaf() -> None:
    shop = goods(7)
    assert (shop.leaf[shop.first] == np.arange(len(shop.leaves))).all()
    assert shop.count.sum() == len(shop) == len(shop.titles)
    assert (shop.price > 0).all()


@pytest.mark.parametrize("hobby", ["dog", "children", "gardening"])
def test_a_hobby_multiplies_its_categories(hobby: str) -> None:
    shop, g, n = goods(7), np.random.default_rng(1), 200_000
    own = np.array([p.startswith(AISLES[hobby]) for p in shop.leaves])
    bit = 1 << HOBBIES.index(hobby)
    without = own[leaves(shop, np.zeros(n, np.int64), g.random(n), g.random(n))].mean()
    having = own[leaves(shop, np.full(n, bit), g.random(n), g.random(n))].mean()
    assert without == pytest.approx(SHARES[hobby], rel=0.15)
    odds = having / (1 - having) / (without / (1 - without))
    assert odds == pytest.approx(MORE.get(hobby, MORE_OTHERWISE), rel=0.15)
