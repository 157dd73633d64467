"""Rows that are taken out of a table so that no byte of them is left."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from fullhouse.core.errors import ConflictError, InputError
from fullhouse.core.tables import ACCOUNT_PERSON, PERSON_MERGE, REFUSED_IDENTIFIER, Table
from fullhouse.lake import Lake, compact, maintain, status
from fullhouse.lake.maintain import delete_rows, fence, purge

GONE = "0badc0de" * 8


def append(lake: Lake, digest: str, run: int) -> None:
    row = {"run": run, "kind": "email", "digest": digest, "accounts": 11}
    rows = pa.Table.from_pylist([row], schema=REFUSED_IDENTIFIER.schema)
    lake.append(REFUSED_IDENTIFIER, rows, batch=f"run {run}")


@pytest.fixture
def filled(lake: Lake) -> Lake:
    """A table with the digest in two commits out of fourteen, compacted once."""
    for run in range(12):
        append(lake, GONE if run in (3, 11) else f"{run:064}", run)
    compact(lake, (REFUSED_IDENTIFIER,))
    append(lake, f"{12:064}", 12)
    return lake


def bytes_with(lake: Lake, text: str) -> list[str]:
    files = [p for p in Path(lake.place.root).rglob("*") if p.is_file()]
    return [p.name for p in files if text.encode() in p.read_bytes()]


def erase(lake: Lake) -> int:
    fenced = fence(lake, REFUSED_IDENTIFIER)
    assert fenced is not None
    deleted = delete_rows(lake, REFUSED_IDENTIFIER, "digest", [GONE])
    purge(lake, REFUSED_IDENTIFIER, fenced=fenced)
    return deleted


def test_no_byte_is_left_of_rows_that_were_deleted_and_purged(filled: Lake) -> None:
    assert bytes_with(filled, GONE)
    assert erase(filled) == 2
    assert bytes_with(filled, GONE) == []
    assert sorted(filled.read(REFUSED_IDENTIFIER)["run"].to_pylist()) == [
        *range(3), *range(4, 11), 12,
    ]  # fmt: skip


def test_batches_stay_known_and_the_table_goes_on_after_a_purge(filled: Lake) -> None:
    erase(filled)
    assert all(filled.has_batch(REFUSED_IDENTIFIER, f"run {n}") for n in range(13))
    append(filled, "f" * 64, 99)
    assert filled.read(REFUSED_IDENTIFIER).num_rows == 12
    assert erase(filled) == 0
    assert status(filled, (REFUSED_IDENTIFIER,))[0].rows == 12


def test_older_versions_can_be_read_no_more(filled: Lake) -> None:
    erase(filled)
    with pytest.raises(InputError, match="has no snapshot"):
        filled.read(REFUSED_IDENTIFIER, version=5)


def test_a_commit_in_the_middle_of_a_purge_stays_and_no_false_version_does(
    filled: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = maintain.fence
    fences: list[int] = []

    def fence_after_a_commit(lake: Lake, table: Table) -> float | None:
        if fences:
            append(lake, "e" * 64, 77)
        fences.append(1)
        return before(lake, table)

    monkeypatch.setattr(maintain, "fence", fence_after_a_commit)
    fenced = maintain.fence(filled, REFUSED_IDENTIFIER)
    assert fenced is not None
    purge(filled, REFUSED_IDENTIFIER, fenced=fenced)
    newest = filled.version(REFUSED_IDENTIFIER)
    assert newest is not None
    assert filled.read(REFUSED_IDENTIFIER).num_rows == 14
    for version in range(newest):
        with pytest.raises(InputError, match="has no snapshot"):
            filled.read(REFUSED_IDENTIFIER, version=version)


def test_files_that_nobody_committed_go_too(filled: Lake) -> None:
    folder = Path(filled.place.root) / REFUSED_IDENTIFIER.name
    (folder / "part-9.parquet").write_text(GONE)
    (folder / "part-8.parquet#1").write_text(GONE)
    (folder / "_delta_log" / "_commit_9.json.tmp").write_text(GONE)
    erase(filled)
    assert bytes_with(filled, GONE) == []


def test_a_writer_that_began_before_the_fence_cannot_commit(filled: Lake) -> None:
    late, tries = [], []

    def rows(_: object) -> pa.Table:
        if not tries:
            erase(filled)
        tries.append(1)
        row = {"run": 50, "kind": "email", "digest": "a" * 64, "accounts": 11}
        return pa.Table.from_pylist([row], schema=REFUSED_IDENTIFIER.schema)

    late.append(filled.append_checked(REFUSED_IDENTIFIER, rows, batch="late", guard="late"))
    assert (late, len(tries)) == ([True], 2), "the second try saw the purge"
    assert filled.read(REFUSED_IDENTIFIER).num_rows == 12
    erase(filled)
    assert bytes_with(filled, GONE) == []


def test_a_use_that_read_what_was_erased_writes_nothing_derived(filled: Lake) -> None:
    use = filled.pinned()
    assert use.read(REFUSED_IDENTIFIER).num_rows == 13
    erase(filled)
    for write in (
        lambda: use.append(PERSON_MERGE, PERSON_MERGE.schema.empty_table(), batch="1"),
        lambda: use.replace(ACCOUNT_PERSON, ACCOUNT_PERSON.schema.empty_table()),
        lambda: use.read(REFUSED_IDENTIFIER),
    ):
        with pytest.raises(ConflictError) as problem:
            write()
        assert problem.value.code == "erased_meanwhile"
    after = filled.pinned()
    after.read(REFUSED_IDENTIFIER)
    assert after.append(PERSON_MERGE, PERSON_MERGE.schema.empty_table(), batch="1")


def test_rows_that_stay_can_be_read_under_a_filter_of_texts(filled: Lake) -> None:
    erase(filled)
    where = pc.field("digest").isin([f"{2:064}", f"{12:064}"])
    assert sorted(filled.read(REFUSED_IDENTIFIER, where=where)["run"].to_pylist()) == [2, 12]
