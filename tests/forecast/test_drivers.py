"""Factors from a typical film to this one: Shapley values of groups of features."""

from collections.abc import Mapping, Sequence
from itertools import permutations

import numpy as np
import pytest

from fullhouse.forecast.explain import contributions, grouped

GROUPS = {"a": [0], "b": [1, 2], "c": [3]}


def model(x: np.ndarray) -> np.ndarray:
    """Not additive: groups work together."""
    result: np.ndarray = x[:, 0] * x[:, 1] + np.sin(x[:, 2] * x[:, 3]) + 0.5 * x[:, 0]
    return result


def brute(
    x: np.ndarray, other: np.ndarray, groups: Mapping[str, Sequence[int]]
) -> dict[str, float]:
    """The mean over every order of what a group adds when its turn comes."""
    result = dict.fromkeys(groups, 0.0)
    orders = list(permutations(groups))
    for order in orders:
        row = other.copy()
        for name in order:
            was = model(row[None])[0]
            row[list(groups[name])] = x[list(groups[name])]
            result[name] += (model(row[None])[0] - was) / len(orders)
    return result


def test_what_the_groups_add_leads_exactly_to_the_prediction() -> None:
    rng = np.random.default_rng(1)
    x, others = rng.normal(size=4), rng.normal(size=(30, 4))
    base, added = contributions(model, x, others, GROUPS)
    assert base + sum(added.values()) == pytest.approx(model(x[None])[0])


def test_against_one_film_it_is_the_shapley_value() -> None:
    rng = np.random.default_rng(2)
    x, other = rng.normal(size=4), rng.normal(size=4)
    base, added = contributions(model, x, other[None], GROUPS)
    assert base == pytest.approx(model(other[None])[0])
    exact = brute(x, other, GROUPS)
    # 48 of the orders are drawn, and there are six.
    assert added == pytest.approx(exact, abs=0.25 * max(map(abs, exact.values())))


def test_of_two_groups_it_is_exact_for_permutations_come_with_their_reverse() -> None:
    rng = np.random.default_rng(3)
    x, other = rng.normal(size=4), rng.normal(size=4)
    groups = {"a": [0, 2], "b": [1, 3]}
    _, added = contributions(model, x, other[None], groups)
    assert added == pytest.approx(brute(x, other, groups))


def test_a_group_that_changes_nothing_adds_nothing() -> None:
    x, others = np.ones(5), np.zeros((6, 5))
    _, added = contributions(lambda rows: rows[:, 0], x, others, {**GROUPS, "idle": [4]})
    assert added["idle"] == 0.0
    assert added["a"] == pytest.approx(1.0)


def test_columns_go_to_the_group_with_the_longest_beginning() -> None:
    words = {"run.": "run", "run.hold": "hold", "story.": "story"}
    columns = ["run.days", "run.hold_of_all", "story.Drama", "else"]
    assert grouped(columns, words) == {
        "run.": [0],
        "run.hold": [1],
        "story.": [2],
        "other": [3],
    }
