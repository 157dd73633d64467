"""Components agree with union-find, whatever the order, and long chains are no trouble."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fullhouse.engine import DuckDBEngine, Engine, Scratch
from fullhouse.people.components import components

Edges = list[tuple[int, int]]


def union_find(edges: Edges) -> dict[int, int]:
    """The slow, obvious reference: the smallest node of each node's component."""
    parent: dict[int, int] = {}

    def find(node: int) -> int:
        while parent.setdefault(node, node) != node:
            node = parent[node]
        return node

    for a, b in edges:
        low, high = sorted((find(a), find(b)))
        parent[high] = low
    linked = {n for a, b in edges if a != b for n in (a, b)}
    return {n: find(n) for n in linked}


def result(engine: Engine, edges: Edges, place: Path) -> tuple[dict[int, int], int]:
    """What the engine says, and how many tables it computed on the way."""
    table = pa.table(
        {
            "a": pa.array([a for a, _ in edges], pa.int64()),
            "b": pa.array([b for _, b in edges], pa.int64()),
        }
    )
    with CountingScratch(engine, str(place)) as scratch:
        labels = engine.arrow(components(scratch, engine.memory(table)))
        pairs = list(zip(labels["node"].to_pylist(), labels["root"].to_pylist(), strict=True))
        assert len(pairs) == len(dict(pairs)), "a node has two roots"
        return dict(pairs), scratch.steps


class CountingScratch(Scratch):
    steps = 0

    def keep(self, expr):
        self.steps += 1
        return super().keep(expr)


CASES: dict[str, Edges] = {
    "nothing": [],
    "only a loop": [(5, 5)],
    "a pair": [(2, 1)],
    "a pair told twice": [(1, 2), (2, 1), (1, 2)],
    "a star": [(9, n) for n in range(9)],
    "two stars that share a leaf": [(0, 5), (1, 5), (1, 6), (7, 8)],
    "a ring": [(n, (n + 1) % 7) for n in range(7)],
    "a chain": [(n, n + 1) for n in range(64)],
    "large numbers": [(2**31, 2**32 - 1), (2**32 - 1, 5)],
    "a zigzag": [
        (n // 2 if n % 2 else 100 - n // 2, (n + 1) // 2 if n % 2 == 0 else 100 - (n + 1) // 2)
        for n in range(80)
    ],
}


@pytest.mark.parametrize("edges", CASES.values(), ids=CASES.keys())
def test_agrees_with_union_find(engine: Engine, edges: Edges, tmp_path: Path) -> None:
    assert result(engine, edges, tmp_path)[0] == union_find(edges)


@pytest.mark.slow
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=40), st.randoms())
def test_any_graph_in_any_order(duck: DuckDBEngine, tmp_path: Path, edges: Edges, random) -> None:
    expected = union_find(edges)
    assert result(duck, edges, tmp_path)[0] == expected
    random.shuffle(edges)
    turned = [(b, a) if random.random() < 0.5 else (a, b) for a, b in edges]
    assert result(duck, turned, tmp_path)[0] == expected


@pytest.mark.parametrize("order", ["ascending", "random", "zigzag", "bit-reversed"])
@pytest.mark.parametrize("length", [2**10, 2**16])
def test_a_long_chain_takes_a_logarithmic_number_of_steps(
    duck: DuckDBEngine, tmp_path: Path, order: str, length: int
) -> None:
    nodes = _chain(order, length)
    edges = list(zip(nodes[:-1].tolist(), nodes[1:].tolist(), strict=True))
    labels, steps = result(duck, edges, tmp_path)
    assert labels == dict.fromkeys(range(length), 0)
    bits = int(np.log2(length))
    assert steps <= 5 * bits


def _chain(order: str, length: int) -> np.ndarray:
    nodes = np.arange(length)
    if order == "random":
        return np.random.default_rng(1).permutation(nodes)
    if order == "zigzag":
        return np.stack([nodes[: length // 2], nodes[: length // 2 - 1 : -1]]).T.ravel()
    if order == "bit-reversed":
        bits = int(np.log2(length))
        return np.array([int(f"{n:0{bits}b}"[::-1], 2) for n in nodes])
    return nodes
