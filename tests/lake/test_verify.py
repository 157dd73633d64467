"""A loss is always found, and what others do to a table meanwhile never looks like one."""

import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from fullhouse.core.tables import REFUSED_IDENTIFIER, Mark
from fullhouse.lake import Lake, maintain, verify
from fullhouse.lake.maintain import delete_rows, fence, purge
from fullhouse.lake.verify import log_faults, table_fault, table_mark

NAME = REFUSED_IDENTIFIER.name


def append(lake: Lake, run: int) -> None:
    row = {"run": run, "kind": "email", "digest": f"{run:064}", "accounts": 11}
    rows = pa.Table.from_pylist([row], schema=REFUSED_IDENTIFIER.schema)
    lake.append(REFUSED_IDENTIFIER, rows, batch=f"run {run}")


@pytest.fixture
def filled(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> Lake:
    monkeypatch.setattr(verify, "LOOK_SECONDS", 0.0)
    for run in range(8):
        append(lake, run)
    return lake


def mark_now(lake: Lake) -> Mark:
    mark = table_mark(lake, REFUSED_IDENTIFIER)
    assert mark is not None
    return mark


def erase(lake: Lake, run: int) -> None:
    fenced = fence(lake, REFUSED_IDENTIFIER)
    assert fenced is not None
    delete_rows(lake, REFUSED_IDENTIFIER, "run", [run])
    purge(lake, REFUSED_IDENTIFIER, fenced=fenced)


def log_of(lake: Lake, version: int) -> Path:
    return Path(lake.uri(REFUSED_IDENTIFIER)) / "_delta_log" / f"{version:020}.json"


@pytest.mark.parametrize("emptied", range(1, 9))
def test_a_log_that_an_erasure_is_emptying_is_no_loss(
    filled: Lake, monkeypatch: pytest.MonkeyPatch, emptied: int
) -> None:
    """At each moment of it: with the entries of any one version gone, the others still there."""
    mark = mark_now(filled)
    real = maintain._empty_log

    def only_one(place, files, newest):
        one = [f for f in files if f.name.endswith(f"{emptied:020}.json")]
        assert one
        return real(place, one, newest)

    monkeypatch.setattr(maintain, "_empty_log", only_one)
    erase(filled, 3)
    older = DeltaTable(filled.uri(REFUSED_IDENTIFIER), version=mark.version)
    assert verify.rows_of(older) != mark.rows, "the older version lacks rows by now"
    assert table_fault(filled, REFUSED_IDENTIFIER, mark) is None


def test_a_mark_is_never_of_a_log_that_was_read_while_it_was_emptied(
    filled: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who began to read before the erasure's checkpoint has read fewer rows than there are."""
    right = mark_now(filled)
    counts = iter([5, 8, 8])
    monkeypatch.setattr(verify, "rows_of", lambda delta: next(counts))
    assert table_mark(filled, REFUSED_IDENTIFIER) == right


def test_files_taken_away_after_a_table_was_opened_are_no_loss(
    filled: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = mark_now(filled)
    opened = filled.open(REFUSED_IDENTIFIER)
    erase(filled, 3)
    real, first = Lake.open, [opened]
    monkeypatch.setattr(
        Lake, "open", lambda lake, table: first.pop() if first else real(lake, table)
    )
    assert table_fault(filled, REFUSED_IDENTIFIER, mark) is None
    assert not first


def test_a_list_of_commits_that_is_of_no_one_moment_is_no_loss(
    filled: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = mark_now(filled)
    real, lists = os.scandir, [0]

    def without_one(folder: str):
        lists[0] += 1
        entries = list(real(folder))
        hidden = f"{mark.version - 1:020}.json" if lists[0] == 1 else ""
        return [e for e in entries if e.name != hidden]

    monkeypatch.setattr(os, "scandir", without_one)
    assert list(log_faults(filled.place, {NAME: mark})) == []
    assert lists[0] == 2


def _behind(lake: Lake) -> None:
    log_of(lake, mark_now(lake).version).unlink()


def _file_lost(lake: Lake) -> None:
    next(Path(lake.uri(REFUSED_IDENTIFIER)).glob("*.parquet")).unlink()


def _other_rows(lake: Lake) -> None:
    """The last commit is put back without what it added."""
    path = log_of(lake, mark_now(lake).version)
    lines = [x for x in path.read_text().splitlines() if not x.startswith('{"add"')]
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("erased", [False, True], ids=["untouched", "after an erasure"])
@pytest.mark.parametrize(
    ("lose", "code"),
    [
        (_behind, "table_behind"),
        (_file_lost, "data_file_missing"),
        (_other_rows, "table_rows_other"),
    ],
    ids=["a commit", "a file", "rows"],
)
def test_a_real_loss_is_detected(
    filled: Lake, lose: Callable[[Lake], None], code: str, erased: bool
) -> None:
    if erased:
        erase(filled, 3)
    for run in range(20, 23):
        append(filled, run)
    mark = mark_now(filled)
    lose(filled)
    fault = table_fault(filled, REFUSED_IDENTIFIER, mark)
    assert fault is not None
    assert fault.code == code


def test_a_loss_is_detected_while_others_go_on_writing(
    filled: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each look finds a newer version; what is lost is lost at all of them."""
    mark = mark_now(filled)
    _file_lost(filled)
    real, runs = Lake.open, iter(range(100, 200))
    writing = [False]

    def and_append(lake: Lake, table: object):
        if not writing[0]:
            writing[0] = True
            append(filled, next(runs))
            writing[0] = False
        return real(lake, REFUSED_IDENTIFIER)

    monkeypatch.setattr(Lake, "open", and_append)
    fault = table_fault(filled, REFUSED_IDENTIFIER, mark)
    assert fault is not None
    assert fault.code == "data_file_missing"
