"""The lake: exactly once, snapshots, replacement."""

import threading
from typing import Any

import pyarrow as pa
import pytest

from fullhouse.core.errors import ConflictError, InputError
from fullhouse.core.tables import REFUSED_IDENTIFIER, TRAIT_BITMAP, Column, Table
from fullhouse.lake import Lake

NUMBERS = Table("numbers", "test", (Column("n", "int64", "n", nullable=False),), ("n",))


def _numbers(*n: int) -> pa.Table:
    return pa.table({"n": pa.array(n, pa.int64())})


def test_a_batch_is_written_once(lake: Lake) -> None:
    assert lake.append(NUMBERS, _numbers(1, 2), batch="a")
    assert not lake.append(NUMBERS, _numbers(1, 2), batch="a")
    assert lake.has_batch(NUMBERS, "a")
    assert not lake.has_batch(NUMBERS, "b")
    assert sorted(lake.read(NUMBERS)["n"].to_pylist()) == [1, 2]


def test_racing_appends_under_one_guard_each_see_the_other(lake: Lake) -> None:
    """Eight threads each append the count of rows they see: without the guard two would agree."""
    lake.create(NUMBERS)
    wait = threading.Barrier(8)

    def add(i: int) -> None:
        wait.wait()
        lake.append_checked(
            NUMBERS,
            lambda s: _numbers(lake.read(NUMBERS, version=s.version).num_rows),
            batch=f"b{i}",
            guard="one",
        )

    threads = [threading.Thread(target=add, args=(i,)) for i in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(lake.read(NUMBERS)["n"].to_pylist()) == list(range(8))


def test_replace_touches_only_its_partitions(lake: Lake) -> None:
    def rows(build: int, trait: int) -> pa.Table:
        return pa.Table.from_pylist(
            [{"build": build, "trait": trait, "block": 0, "persons": 1, "bitmap": b"x"}],
            schema=TRAIT_BITMAP.schema,
        )

    lake.append(TRAIT_BITMAP, rows(1, 1), batch="1")
    lake.append(TRAIT_BITMAP, rows(2, 2), batch="2")
    lake.replace(TRAIT_BITMAP, rows(2, 3), where={"build": 2})
    builds = lake.read(TRAIT_BITMAP, columns=["build", "trait"]).sort_by("build").to_pylist()
    assert builds == [{"build": 1, "trait": 1}, {"build": 2, "trait": 3}]


def test_a_snapshot_can_be_read_again(lake: Lake) -> None:
    lake.append(NUMBERS, _numbers(1), batch="a")
    first = lake.snapshot(NUMBERS)
    lake.append(NUMBERS, _numbers(2), batch="b")
    assert lake.read(NUMBERS, version=first.version)["n"].to_pylist() == [1]
    assert lake.snapshot(NUMBERS, version=first.version) == first


def test_a_version_that_never_was_is_a_users_mistake(lake: Lake) -> None:
    lake.append(NUMBERS, _numbers(1), batch="a")
    with pytest.raises(InputError, match="no snapshot"):
        lake.snapshot(NUMBERS, version=99)


def test_a_table_that_was_never_written_is_empty(lake: Lake) -> None:
    assert lake.read(REFUSED_IDENTIFIER).num_rows == 0
    assert lake.snapshot(REFUSED_IDENTIFIER).uris == ()
    assert lake.version(REFUSED_IDENTIFIER) is None


@pytest.mark.parametrize("others", [["replace", "append"], ["append"], ["replace", "replace"]])
def test_of_two_replacements_at_once_the_rows_of_one_are_left(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, others: list[str]
) -> None:
    """Another one writes between the look at the table and the commit."""
    lake.replace(NUMBERS, _numbers(1))
    real, waiting = Lake.create, list(others)

    def create(self: Lake, table: Table) -> Any:
        delta = real(self, table)
        if waiting:
            how, left = waiting[0], waiting[1:]
            waiting.clear()
            for other in (how, *left):
                if other == "replace":
                    Lake(lake.place).replace(NUMBERS, _numbers(2, 3))
                else:
                    Lake(lake.place).append(NUMBERS, _numbers(4), batch="other")
        return delta

    monkeypatch.setattr(Lake, "create", create)
    lake.replace(NUMBERS, _numbers(5))
    assert lake.read(NUMBERS)["n"].to_pylist() == [5]


def test_an_expected_version_is_the_one_that_is_replaced(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = lake.replace(NUMBERS, _numbers(1))
    real, waiting = Lake.create, [True]

    def create(self: Lake, table: Table) -> Any:
        delta = real(self, table)
        if waiting:
            waiting.clear()
            Lake(lake.place).append(NUMBERS, _numbers(4), batch="other")
        return delta

    monkeypatch.setattr(Lake, "create", create)
    with pytest.raises(ConflictError, match="changed by others"):
        lake.replace(NUMBERS, _numbers(5), expected=version)
    assert sorted(lake.read(NUMBERS)["n"].to_pylist()) == [1, 4]
