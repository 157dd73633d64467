"""Comparable films: how close, in what order, and why."""

from datetime import date

import numpy as np
import pytest

from fullhouse.forecast import Shared
from fullhouse.forecast.explain import closeness, comp, in_common, nearest, pull
from tests.forecast.small_history import AS_OF, a_run, an_index

FILMS = {
    "Otter Lake": {
        "opening": date(2014, 6, 6),
        "distributor": "Larch",
        "genres": ["Action", "Family"],
        "theaters": 3000,
        "budget": [5e7, "USD"],
    },
    "Otter Lake 2": {
        "opening": date(2016, 6, 3),
        "distributor": "Larch",
        "genres": ["Family", "Action"],
        "theaters": 3200,
        "budget": [6e7, "USD"],
    },
    "Other": {"opening": date(2015, 11, 6), "genres": ["Drama"], "total": [9e6, "USD"]},
}
ON = AS_OF.toordinal()


def test_closeness_is_the_share_of_trees_with_both_in_one_leaf() -> None:
    own = np.array([1, 2, 3, 4])
    leaves = np.array([[1, 2, 3, 4], [1, 2, 9, 9], [9, 9, 9, 9]])
    assert closeness(own, leaves).tolist() == [1.0, 0.5, 0.0]


def test_the_closest_come_first_ties_by_their_order_and_strangers_not_at_all() -> None:
    assert nearest(np.array([0.2, 0.5, 0.0, 0.5])) == [1, 3, 0]
    assert nearest(np.array([0.2, 0.5, 0.4]), most=2) == [1, 2]


def test_weights_of_comps_add_up() -> None:
    assert pull([0.5, 0.25, 0.25]).tolist() == [0.5, 0.25, 0.25]


def test_a_comp_says_what_it_took_in_its_own_money_and_why() -> None:
    index = an_index(FILMS, runs={"Otter Lake": a_run([5e6, 6e6, 4e6, *([1e6] * 30)])})
    result = comp(index, "Otter Lake 2", "Otter Lake", 0.61234, ON)
    assert result.opening_weekend == pytest.approx(15e6)
    assert result.total == pytest.approx(45e6)
    assert result.similarity == 0.612
    assert result.why == (
        Shared("predecessor"),
        Shared("genres", ("Action", "Family")),
        Shared("distributor", "Larch"),
        Shared("cinemas", 3000),
        Shared("budget"),
        Shared("month", 6),
    )


def test_a_comp_of_which_only_the_total_is_known_has_no_weekend() -> None:
    result = comp(an_index(FILMS), "Otter Lake 2", "Other", 0.2, ON)
    assert (result.opening_weekend, result.total) == (None, 9e6)


def test_nothing_in_common_is_no_reason() -> None:
    assert in_common(an_index(FILMS), "Otter Lake 2", "Other", ON) == []
