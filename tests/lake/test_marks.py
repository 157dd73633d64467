"""Marks change with the rows, and a stale writer changes nothing."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pytest

from fullhouse.core.errors import ConflictError
from fullhouse.core.tables import ACCOUNT_PERSON
from fullhouse.lake import Lake


def row(person: int) -> pa.Table:
    one = {"source": "shop", "account": "a", "person": person, "since": 1}
    return pa.Table.from_pylist([one], schema=ACCOUNT_PERSON.schema)


def test_marks_are_read_now_and_as_of_a_version(lake: Lake) -> None:
    assert lake.mark(ACCOUNT_PERSON, "run") is None
    first = lake.replace(ACCOUNT_PERSON, row(1), marks={"run": 1, "next": 7})
    lake.replace(ACCOUNT_PERSON, row(2), marks={"run": 2})
    assert lake.mark(ACCOUNT_PERSON, "run") == 2
    assert lake.mark(ACCOUNT_PERSON, "next") == 7
    assert lake.mark(ACCOUNT_PERSON, "run", version=first) == 1


def test_marks_survive_compaction(lake: Lake) -> None:
    lake.replace(ACCOUNT_PERSON, row(1), marks={"run": 3})
    lake.append(ACCOUNT_PERSON, row(2), batch="more")
    lake.create(ACCOUNT_PERSON).optimize.compact()
    assert lake.mark(ACCOUNT_PERSON, "run") == 3


def test_a_stale_writer_changes_nothing(lake: Lake) -> None:
    seen = lake.snapshot(ACCOUNT_PERSON).version
    now = lake.replace(ACCOUNT_PERSON, row(1), expected=seen)
    with pytest.raises(ConflictError):
        lake.replace(ACCOUNT_PERSON, row(2), expected=seen)
    assert lake.read(ACCOUNT_PERSON)["person"].to_pylist() == [1]
    lake.replace(ACCOUNT_PERSON, row(3), expected=now)
    assert lake.read(ACCOUNT_PERSON)["person"].to_pylist() == [3]


def test_a_writer_overtaken_while_it_writes_changes_nothing(lake: Lake) -> None:
    seen = lake.replace(ACCOUNT_PERSON, row(1), marks={"run": 1})

    def overtaken() -> Iterator[pa.RecordBatch]:
        with ThreadPoolExecutor(1) as other:
            other.submit(lake.replace, ACCOUNT_PERSON, row(2), marks={"run": 2}).result()
        yield from row(3).to_batches()

    slow = pa.RecordBatchReader.from_batches(ACCOUNT_PERSON.schema, overtaken())
    with pytest.raises(ConflictError):
        lake.replace(ACCOUNT_PERSON, slow, marks={"run": 2}, expected=seen)
    assert lake.read(ACCOUNT_PERSON)["person"].to_pylist() == [2]
