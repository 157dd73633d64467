"""Profiles against plain counting, and the interval of the index against simulation."""

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pytest

from fullhouse import audiences
from fullhouse.audiences import index
from fullhouse.core.cache import Cache
from fullhouse.core.errors import CannotTellError
from fullhouse.core.settings import Settings
from fullhouse.engine import DuckDBEngine
from fullhouse.lake import Lake

TRAITS = {
    "gender:female": set(range(0, 3000, 2)) | {(1 << 20) + i for i in range(50)},
    "genre:dog": set(range(0, 3000, 3)),
    "genre:cat": set(range(0, 3000, 5)),
    "word:dog": set(range(100)),
    "word:none": {1, 3, 5, 7, 9},
}
EVERYONE = set(range(3000)) | {(1 << 20) + i for i in range(500)}


@pytest.fixture
def town(
    duck: DuckDBEngine, lake: Lake, house: Callable[..., Any], accounts: Any, speak: Any
) -> audiences.Population:
    build = house(lake, TRAITS, EVERYONE)
    accounts(lake, {("shop", str(p)): p for p in range(20)})
    for p in range(20):
        speak(lake, "shop", str(p), p % 4 != 0)
    return audiences.population_of(
        lambda: duck, lake, Settings(), build, purpose="analytics", as_of=date(2021, 1, 1),
        key=b"", saved=lambda _: None, cache=Cache(),  # type: ignore[arg-type, return-value]
    )  # fmt: skip


REFUSED = set(range(0, 20, 4))


@pytest.mark.parametrize(
    ("base", "within"),
    {
        "everyone": EVERYONE,
        "genre:dog | word:none": TRAITS["genre:dog"] | TRAITS["word:none"],
    }.items(),
)
def test_counts_and_shares_are_those_of_plain_counting(
    town: audiences.Population, base: str, within: set[int]
) -> None:
    profile = audiences.profile(town, town.compile("female"), town.compile(base), smallest=0)
    takes_part = within - REFUSED
    audience = TRAITS["gender:female"] & takes_part
    assert (profile.persons, profile.base_persons) == (len(audience), len(takes_part))
    assert profile.outside == len(TRAITS["gender:female"] - REFUSED - within)
    for row in profile.traits:
        having = TRAITS[row.trait.name]
        assert row.persons == len(having & audience)
        assert row.base_persons == len(having & takes_part) > 0
        assert row.share == row.persons / len(audience)
        assert row.base_share == row.base_persons / len(takes_part)
        assert row.index.index == pytest.approx(100 * row.share / row.base_share)
        assert row.index.low <= row.index.index <= row.index.high


def test_families_are_together_and_the_farthest_is_first(town: audiences.Population) -> None:
    profile = audiences.profile(
        town, town.compile("word:dog"), town.compile("everyone"), smallest=0
    )
    families = [row.trait.family for row in profile.traits]
    assert families == sorted(families)
    for family in set(families):
        rows = [row for row in profile.traits if row.trait.family == family]
        far = [abs(np.log((x.index.index or min(x.index.high, 100)) / 100)) for x in rows]
        assert far == sorted(far, reverse=True)


def test_small_traits_and_other_families_are_left_out(town: audiences.Population) -> None:
    plans = town.compile("female"), town.compile("everyone")
    profile = audiences.profile(town, *plans, smallest=6)
    assert "word:none" not in {row.trait.name for row in profile.traits}
    assert profile.too_small == 1
    some = audiences.profile(town, *plans, families=("genre",), smallest=1)
    assert {row.trait.name for row in some.traits} == {"genre:dog", "genre:cat"}


def test_nobody_cannot_be_described(town: audiences.Population) -> None:
    with pytest.raises(CannotTellError, match="Nobody is in this audience"):
        audiences.profile(town, town.compile("word:dog & !word:dog"), town.compile("everyone"))


@pytest.mark.parametrize(
    ("n", "rest", "p", "q"), [(400, 600, 0.3, 0.1), (200, 4000, 0.05, 0.1), (900, 100, 0.2, 0.6)]
)
def test_the_interval_covers_as_often_as_it_says(n: int, rest: int, p: float, q: float) -> None:
    rng = np.random.default_rng(5)
    truth = 100 * p / ((n * p + rest * q) / (n + rest))
    x, y = rng.binomial(n, p, 4000), rng.binomial(rest, q, 4000)
    inside = [
        interval.low <= truth <= interval.high
        for a, b in zip(x.tolist(), y.tolist(), strict=True)
        for interval in [index(a, n, a + b, n + rest)]
    ]
    assert 0.935 < np.mean(inside) < 0.965


def test_the_edges_of_the_index() -> None:
    whole = index(30, 100, 30, 100)
    assert (whole.index, whole.low, whole.high) == pytest.approx((100, 100, 100))
    none = index(0, 100, 50, 1000)
    assert (none.index, none.low) == (0, 0)
    assert none.high == pytest.approx(100 * 0.03622 / 0.05, rel=1e-3)
    assert index(100, 100, 100, 1000).index == pytest.approx(1000)
