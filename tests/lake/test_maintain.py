"""Upkeep changes no row."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from fullhouse.core.errors import InputError
from fullhouse.core.tables import REFUSED_IDENTIFIER
from fullhouse.lake import Lake, compact, status, vacuum

TABLES = (REFUSED_IDENTIFIER,)


@pytest.fixture
def filled(lake: Lake) -> Lake:
    """A lake with one table of eight small files."""
    for run in range(8):
        row = {"run": run, "kind": "email", "digest": "d", "accounts": 11}
        lake.append(
            REFUSED_IDENTIFIER,
            pa.Table.from_pylist([row], schema=REFUSED_IDENTIFIER.schema),
            batch=str(run),
        )
    return lake


def test_status_counts_rows_and_files(filled: Lake) -> None:
    (table,) = status(filled, TABLES)
    assert (table.name, table.rows, table.files) == ("refused_identifier", 8, 8)
    assert table.bytes_stored > 0


def test_status_of_a_lake_that_was_never_written_is_empty(lake: Lake) -> None:
    assert status(lake, TABLES) == []


def test_status_can_look_back(filled: Lake) -> None:
    delta = filled.open(REFUSED_IDENTIFIER)
    assert delta is not None
    third = next(h for h in delta.history() if h["version"] == 3)
    at = datetime.fromtimestamp(third["timestamp"] / 1000, UTC)
    (table,) = status(filled, TABLES, at=at)
    assert (table.version, table.rows) == (3, 3)
    assert status(filled, TABLES, at=at - timedelta(days=1)) == [], "before the table was made"


def test_compaction_leaves_fewer_files_and_the_same_rows(filled: Lake) -> None:
    before = filled.read(REFUSED_IDENTIFIER).sort_by("run")
    (done,) = compact(filled, TABLES)
    assert (done.files_removed, done.files_added) == (8, 1)
    assert filled.read(REFUSED_IDENTIFIER).sort_by("run") == before
    assert filled.has_batch(REFUSED_IDENTIFIER, "3"), "a batch stays known after compaction"


def test_vacuum_counts_first_and_keeps_young_files(filled: Lake) -> None:
    compact(filled, TABLES)
    assert vacuum(filled, TABLES, keep_days=7)[0].files == 0
    assert filled.read(REFUSED_IDENTIFIER, version=1).num_rows == 1, "young snapshots stay readable"


def test_vacuum_refuses_to_take_what_a_reader_may_need(filled: Lake) -> None:
    with pytest.raises(InputError, match="at least 1 day, not 0"):
        vacuum(filled, TABLES, keep_days=0)
