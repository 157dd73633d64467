"""A use case has an engine, table versions and a day of its own."""

import sqlite3
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Barrier, Thread

import pyarrow as pa
import pytest

from fullhouse.app.use_case import use_case
from fullhouse.core.errors import ConflictError, DamagedError, StorageError
from fullhouse.core.tables import PERSON_MERGE
from fullhouse.workspace.context import Context, init_house, open_house


def merges(merged: int) -> pa.Table:
    row = {"run": 1, "kept": 0, "merged": merged, "at": datetime(2025, 1, 1, tzinfo=UTC)}
    return pa.Table.from_pylist([row], schema=PERSON_MERGE.schema)


def rows(context: Context) -> int:
    return context.lake.read(PERSON_MERGE).num_rows


@pytest.fixture
def house(tmp_path: Path):
    with init_house(str(tmp_path / "house"), environment={}) as context:
        context.lake.append(PERSON_MERGE, merges(1), batch="1")
        yield context


def test_a_use_case_reads_one_set_of_versions_while_another_writes(house: Context) -> None:
    @use_case
    def inner(context: Context) -> int:
        return rows(context)

    @use_case
    def outer(context: Context) -> tuple[int, int, int, dict[str, int]]:
        before = rows(context)
        house.lake.append(PERSON_MERGE, merges(2), batch="2")
        return before, rows(context), inner(context), context.lake.versions

    assert outer(house) == (1, 1, 1, {"person_merge": 1})
    assert rows(house) == 2
    assert outer(house)[:3] == (2, 2, 2)


def test_a_use_case_within_another_shares_its_engine(house: Context) -> None:
    @use_case
    def inner(context: Context) -> object:
        return context.engine

    @use_case
    def outer(context: Context) -> tuple[object, object]:
        return context.engine, inner(replace(context, actor="somebody"))

    first, second = outer(house)
    assert first is second
    assert first is not outer(house)[0]
    assert first is not house.engine


def test_the_engine_opens_only_when_it_is_used(house: Context) -> None:
    with house.leased() as context:
        rows(context)
    assert "engine" not in vars(house.workspace)


def test_today_stays_the_day_on_which_a_use_case_began(house: Context) -> None:
    times = iter([datetime(2025, 3, 1, 23, 59, tzinfo=UTC), datetime(2025, 3, 2, 0, 1, tzinfo=UTC)])
    late = replace(house, clock=lambda: next(times))
    with late.leased() as context:
        assert (context.today, context.today) == (date(2025, 3, 1), date(2025, 3, 1))
    assert late.today == date(2025, 3, 2)


def test_today_is_the_day_in_the_market(tmp_path: Path) -> None:
    environment = {"FULLHOUSE_TIME_ZONE": "Asia/Shanghai"}
    with init_house(str(tmp_path / "w"), environment=environment) as context:
        evening = replace(context, clock=lambda: datetime(2025, 3, 1, 20, 0, tzinfo=UTC))
        assert evening.today == date(2025, 3, 2)


def test_threads_share_one_of_each(house: Context) -> None:
    ids: dict[str, set[int]] = {n: set() for n in ("engine", "control", "key", "bitmaps", "lake")}
    with open_house(house.place.root, environment={}) as context:
        start = Barrier(8)

        def ask() -> None:
            start.wait()
            for name, seen in ids.items():
                seen.add(id(getattr(context.workspace, name)))

        threads = [Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {name: len(each) for name, each in ids.items()} == dict.fromkeys(ids, 1)


@pytest.mark.parametrize(
    ("problem", "kind", "words"),
    [
        (OSError(28, "No space left on device", "/house/x"), StorageError, "no space left"),
        (PermissionError(13, "Permission denied"), StorageError, "permission denied"),
        (RuntimeError("Kernel error: Read-only file system"), StorageError, "read-only"),
        (MemoryError(), StorageError, "memory_limit"),
        (sqlite3.OperationalError("database is locked"), ConflictError, "another command"),
        (ValueError("Parquet magic bytes not found"), DamagedError, "fullhouse lake verify"),
    ],
)
def test_what_a_library_says_of_the_machine_is_an_error_of_ours_in_python(
    house: Context, problem: Exception, kind: type[Exception], words: str
) -> None:
    @use_case
    def breaking(_: Context) -> None:
        raise problem

    with pytest.raises(kind, match=words) as caught:
        breaking(house)
    assert caught.value.__cause__ is problem


@pytest.mark.parametrize("problem", [TypeError("our bug"), BrokenPipeError(32, "Broken pipe")])
def test_our_own_bug_stays_as_it_is(house: Context, problem: Exception) -> None:
    @use_case
    def breaking(_: Context) -> None:
        raise problem

    with pytest.raises(type(problem)):
        breaking(house)


def test_a_full_disk_is_no_damage_whoever_says_so(house: Context) -> None:
    @use_case
    def breaking(_: Context) -> None:
        raise pa.ArrowInvalid(f"Parquet: {house.lake.place.root}: File too large (os error 27)")

    with pytest.raises(StorageError, match="file too large"):
        breaking(house)
