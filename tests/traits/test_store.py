"""Builds and bitmaps are read back as they were written."""

from datetime import UTC, date, datetime

import pytest
from pyroaring import BitMap

from fullhouse.core.errors import InputError
from fullhouse.lake import Lake
from fullhouse.traits import (
    EVERYONE,
    Build,
    Trait,
    everyone,
    find_build,
    find_trait,
    load_blocks,
    traits_of,
)
from fullhouse.traits.store import finish, write_bitmaps, write_traits

BLOCK = 1 << 20


def _build(number: int, as_of: date) -> Build:
    at = datetime(2024, 1, 1, tzinfo=UTC)
    return Build(number, as_of, at, persons=4, traits=1, rare=1, floor=2, catalogue="{}", inputs="")


def _trait(number: int, name: str) -> Trait:
    label = f"bought {name}"
    return Trait(number, name, name.partition(":")[0], label, "purchase", {"kind": "purchase"},
                 2, {"shop": 2}, built=True)  # fmt: skip


def test_a_build_is_the_newest_one_not_after_the_date(lake: Lake) -> None:
    with pytest.raises(InputError, match="no traits yet"):
        find_build(lake)
    for number, day in ((1, 5), (2, 9), (3, 7)):
        finish(lake, _build(number, date(2024, 1, day)), batch=str(number))
    assert find_build(lake).id == 2
    assert find_build(lake, as_of=date(2024, 1, 8)).id == 3
    with pytest.raises(InputError, match="earliest build is as of 5 January 2024"):
        find_build(lake, as_of=date(2024, 1, 4))


def test_bitmaps_come_back_for_every_block_of_the_base(lake: Lake) -> None:
    build = _build(1, date(2024, 1, 1))
    base = {0: BitMap([1, 2]), 2: BitMap([2 * BLOCK, 2 * BLOCK + 1])}
    pets = {2: BitMap([2 * BLOCK + 1])}
    maps = {b: {EVERYONE: base[b]} | ({7: pets[b]} if b in pets else {}) for b in base}
    write_bitmaps(lake, 1, maps, batch="a")
    write_bitmaps(lake, 2, {0: {EVERYONE: BitMap([9]), 7: BitMap([9])}}, batch="b")
    assert everyone(lake, build) == base
    blocks = list(load_blocks(lake, build, [7, 99]))
    assert blocks == [
        (0, {7: BitMap(), 99: BitMap()}),
        (2, {7: pets[2], 99: BitMap()}),
    ]


def test_traits_come_back_by_number_and_are_found_by_name(lake: Lake) -> None:
    build = _build(1, date(2024, 1, 1))
    written = [_trait(0, "buys:pets"), _trait(1, "buys:toys")]
    write_traits(lake, 1, written[::-1], batch="a")
    write_traits(lake, 2, [_trait(0, "buys:else")], batch="b")
    assert traits_of(lake, build) == written
    assert find_trait(written, "buys:toys").slug == "toys"
    with pytest.raises(InputError, match="Did you mean 'buys:pets'"):
        find_trait(written, "buys:pet")
