"""Look-alikes: who is found, how that is judged, and what is refused."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from pyroaring import BitMap

from fullhouse.core.errors import InputError
from fullhouse.propensity import LookAlike, look_alike
from fullhouse.traits.trait import Trait
from tests.propensity.planted import DAY, KEY, Memory, cut

PEOPLE, FILMS = 12_000, 20


@cache
def people() -> np.ndarray[Any, Any]:
    """A hidden tenth who have traits 0 to 7 three times as often; the last trait is the list."""
    g = np.random.default_rng(2)
    has = g.random((PEOPLE, FILMS + 3)) < 0.15
    hidden = np.arange(PEOPLE) < PEOPLE // 10
    has[:, :8] |= hidden[:, None] & (g.random((PEOPLE, 8)) < 0.35)
    has[:, -1] = False
    has[listed(), -1] = True
    return has


@cache
def listed() -> np.ndarray[Any, Any]:
    return np.random.default_rng(3).choice(PEOPLE // 10, 600, replace=False)


@cache
def alike() -> LookAlike:
    traits = [
        Trait(
            i,
            f"buys:{i}",
            "buys",
            f"bought {i}",
            "purchase",
            {"kinds": ["purchase"], "min_events": 1},
            1,
            {},
            True,
        )
        for i in range(FILMS + 3)
    ]
    blocks: Any = Memory(cut(people(), FILMS))
    return look_alike(
        blocks, {0: BitMap(range(PEOPLE))}, {0: BitMap(listed().astype(np.uint32))}, traits,
        n=600, key=KEY, as_of=DAY, build=1,
    )  # fmt: skip


@pytest.mark.slow
def test_the_hidden_rest_is_recovered_and_nobody_of_the_list() -> None:
    chosen = np.asarray(alike().persons[0].to_array())
    assert len(chosen) == 600
    assert not set(chosen) & set(listed())
    # 600 of 11,400 are hidden: chance would give one in nineteen.
    assert (chosen < PEOPLE // 10).mean() > 6 * 600 / 11_400


def test_the_curve_is_of_held_out_people_and_ends_with_all() -> None:
    curve = alike().curve
    reached = [p.reached for p in curve]
    assert reached == sorted(reached)
    assert reached[-1] == 1
    assert 0.4 < alike().reached_in_top_tenth < 0.95
    assert alike().precision > 3 * alike().by_chance


def test_a_trait_that_is_the_list_is_left_out_and_named() -> None:
    assert [leak.trait for leak in alike().leaks] == [f"buys:{FILMS + 2}"]
    assert f"buys:{FILMS + 2}" not in alike().model.traits


def test_the_reasons_are_the_planted_traits() -> None:
    top = [r.trait for r in alike().reasons[:6]]
    assert len(set(top) & {f"buys:{i}" for i in range(8)}) >= 5


@pytest.mark.parametrize("size", [0, 499])
def test_a_short_list_is_refused_with_number_minimum_and_reason(size: int) -> None:
    blocks: Any = Memory(cut(people(), FILMS))
    with pytest.raises(InputError, match=rf"500.*{size}.*3 points"):
        look_alike(
            blocks, {0: BitMap(range(PEOPLE))}, {0: BitMap(range(size))}, [],
            n=10, key=KEY, as_of=DAY, build=1,
        )  # fmt: skip
