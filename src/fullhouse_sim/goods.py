"""What the shop sells: a tree of categories, its products, and what each hobby makes people buy."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fullhouse.core.arrays import Floats, Ints
from fullhouse_sim import aisles, codes
from fullhouse_sim.draws import stream
from fullhouse_sim.population import HOBBIES

SHARES = {
    "dog": 0.004, "cat": 0.004, "baby": 0.004, "children": 0.025, "gardening": 0.02,
    "cooking": 0.03, "games": 0.02, "fitness": 0.02, "outdoors": 0.015, "crafts": 0.012,
    "reading": 0.035, "photography": 0.006, "beauty": 0.03, "diy": 0.02, "travel": 0.008,
    "music": 0.008,
}  # fmt: skip
"""Of what somebody without any hobby buys, the share that lies in a hobby's categories."""
MORE = {"dog": 30.0, "cat": 30.0, "baby": 30.0}
"""A hobby multiplies what is bought in its categories by this much, to everything else."""
MORE_OTHERWISE = 9.0
LEAST_PRODUCTS, MOST_PRODUCTS = 3, 8


@dataclass(frozen=True)
class Goods:
    """Leaf categories and the products in them; arrays over products unless said otherwise.

    `first` and `count` say over leaves where their products stand. `parts` are the ways to choose
    a leaf, one after another: without a hobby, then by each of HOBBIES; each is cumulated over
    leaves, part k from k to k + 1. `extra` is how much each hobby adds to the first part's 1.
    """

    leaves: tuple[str, ...]
    first: Ints
    count: Ints
    leaf: Ints
    titles: tuple[str, ...]
    price: Floats
    parts: Floats
    extra: Floats

    def __len__(self) -> int:
        return len(self.leaf)

    @property
    def ids(self) -> pa.Array:
        """The products' ids."""
        return product_ids(np.arange(len(self)))

    def categories(self) -> list[tuple[str, int, str]]:
        """Every category of the tree: path, level from 1, path of the one above."""
        paths = {" > ".join(p.split(" > ")[:n]) for p in self.leaves for n in (1, 2, 3, 4)}
        return [(p, p.count(" > ") + 1, p.rpartition(" > ")[0]) for p in sorted(paths)]


def product_ids(product: npt.NDArray[np.integer]) -> pa.Array:
    """Ids of products by their numbers."""
    return codes.digits("K", product.astype(np.int64), 5)


@cache
def goods(seed: int) -> Goods:
    """What the shop sells."""
    g = stream(seed, "goods")
    leaves = aisles.leaves()
    count = g.integers(LEAST_PRODUCTS, MOST_PRODUCTS + 1, len(leaves))
    leaf = np.repeat(np.arange(len(leaves)), count)
    roots = [path.split(" > ")[0] for path in leaves]
    middle = np.array([aisles.PRICE_USD[r] for r in roots]) * g.lognormal(0, 0.5, len(leaves))
    price: Floats = np.maximum(0.5, middle[leaf] * g.lognormal(0, 0.4, len(leaf))).round(2)
    parts = _parts(leaves, g.lognormal(0, 0.8, len(leaves)))
    more = np.array([MORE.get(h, MORE_OTHERWISE) - 1 for h in HOBBIES])
    return Goods(
        leaves=tuple(leaves),
        first=np.cumsum(count) - count,
        count=count,
        leaf=leaf,
        titles=_titles(g, leaves, leaf),
        price=price,
        parts=_flat(parts),
        extra=more * np.array([SHARES[h] for h in HOBBIES]),
    )


def _parts(leaves: list[str], liking: Floats) -> Floats:
    """How much of each part goes to each leaf."""
    own = np.stack([[p.startswith(aisles.HOBBIES[h]) for p in leaves] for h in HOBBIES]) * liking
    own /= own.sum(axis=1, keepdims=True)
    shares = np.array([SHARES[h] for h in HOBBIES])
    plain = liking * (own.sum(axis=0) == 0)
    whole = (1 - shares.sum()) * plain / plain.sum() + shares @ own
    result: Floats = np.concatenate([whole[None], own])
    return result


def _flat(parts: Floats) -> Floats:
    ends = np.cumsum(parts, axis=1) / parts.sum(axis=1, keepdims=True)
    ends[:, -1] = 1.0
    result: Floats = (ends + np.arange(len(parts))[:, None]).reshape(-1)
    return result


def _titles(g: np.random.Generator, leaves: list[str], leaf: Ints) -> tuple[str, ...]:
    brands, styles = (g.integers(len(x), size=len(leaf)) for x in (aisles.BRANDS, aisles.STYLES))
    result = []
    for i, brand, style in zip(leaf.tolist(), brands.tolist(), styles.tolist(), strict=True):
        _, second, _, name = leaves[i].split(" > ")
        result.append(f"{aisles.BRANDS[brand]} {aisles.STYLES[style]} {name} ({second})")
    return tuple(result)
