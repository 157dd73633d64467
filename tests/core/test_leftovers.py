"""What a killed process leaves is removed by the next one; what a living one holds stays."""

import fcntl
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Any

import pytest

from fullhouse.core import leftovers
from fullhouse.core.leftovers import (
    LIVE,
    MAKING,
    UNMARKED_SECONDS,
    TemporaryFolder,
    part_of,
    remove_dead_folders,
    remove_dead_parts,
)
from fullhouse.engine import DuckDBEngine

CHILD = """
import sys, time
from pathlib import Path
from fullhouse.core.leftovers import part_of
from fullhouse.engine import DuckDBEngine

parent = Path(sys.argv[1])
engine = DuckDBEngine(memory_limit="100MB", spill=parent)
(engine._database.spill.path / "spilled").write_bytes(b"account")
with part_of(parent / "export.csv") as (part, out):
    out.write(b"account")
    out.flush()
    print("ready", flush=True)
    time.sleep(120)
"""


@pytest.fixture
def child(tmp_path: Path):
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def _spills(folder: Path) -> list[Path]:
    return sorted(folder.glob("fullhouse-spill-*"))


def _parts(folder: Path) -> list[Path]:
    return sorted(folder.glob(".export.csv.*"))


def test_an_engine_removes_the_spill_of_a_killed_process(tmp_path: Path, child) -> None:
    (spill,) = _spills(tmp_path)
    with DuckDBEngine(memory_limit="100MB", spill=tmp_path):
        assert spill in _spills(tmp_path)
        assert (spill / "spilled").exists()
    child.kill()
    child.wait()
    assert spill.is_dir()
    with DuckDBEngine(memory_limit="100MB", spill=tmp_path):
        assert spill not in _spills(tmp_path)
    assert _spills(tmp_path) == []


def test_who_writes_a_file_removes_the_parts_of_killed_processes(tmp_path: Path, child) -> None:
    target = tmp_path / "export.csv"
    (left,) = _parts(tmp_path)
    with part_of(target) as (part, out):
        out.write(b"other")
        assert _parts(tmp_path) == sorted([left, part])
    child.kill()
    child.wait()
    assert _parts(tmp_path) == [left]
    with part_of(target) as (part, out):
        out.write(b"whole")
        assert _parts(tmp_path) == [part]
        part.replace(target)
    assert _parts(tmp_path) == []
    assert target.read_bytes() == b"whole"
    assert target.stat().st_mode & 0o777 == 0o600


def test_files_of_other_names_are_no_parts(tmp_path: Path) -> None:
    others = [".export.csv.short", ".export.csv.longer_than_8", ".other.csv.12345678", "export.csv"]
    for name in others:
        (tmp_path / name).write_bytes(b"x")
    assert remove_dead_parts(tmp_path / "export.csv") == 0
    (tmp_path / ".export.csv.12345678").write_bytes(b"x")
    assert remove_dead_parts(tmp_path / "export.csv") == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(others)


def test_what_a_process_left_that_was_killed_while_it_made_a_folder_goes_at_once(
    tmp_path: Path,
) -> None:
    empty, unlocked, locked = (tmp_path / f"fullhouse-spill-{n}" for n in "abc")
    for folder in (empty, unlocked, locked):
        folder.mkdir()
    (unlocked / MAKING).touch()
    with (locked / MAKING).open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert remove_dead_folders(tmp_path) == 2
        assert [p.name for p in tmp_path.iterdir()] == [locked.name]


@pytest.mark.parametrize("when", ["before it has its file", "before that is locked"])
def test_who_makes_a_folder_that_another_takes_for_dead_makes_a_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    made: list[str] = []
    lock, mkdtemp = leftovers._lock, tempfile.mkdtemp

    def locking(file: IO[bytes]) -> None:
        if len(made) == 1 and when == "before that is locked":
            assert remove_dead_folders(tmp_path) == 1
        lock(file)

    def making(**where: Any) -> str:
        made.append(mkdtemp(**where))
        if len(made) == 1 and when == "before it has its file":
            assert remove_dead_folders(tmp_path) == 1
        return made[-1]

    monkeypatch.setattr(leftovers, "_lock", locking)
    monkeypatch.setattr(leftovers.tempfile, "mkdtemp", making)
    with TemporaryFolder("spill", beside=tmp_path) as folder:
        assert len(made) == 2
        assert [p.name for p in folder.path.iterdir()] == [LIVE]
        assert remove_dead_folders(tmp_path) == 0
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_files_and_without_a_lock_is_spared_for_a_day(tmp_path: Path) -> None:
    old, new, other = (tmp_path / f"fullhouse-{n}" for n in ("spill-old", "spill-new", "postgres"))
    for folder in (old, new, other):
        folder.mkdir()
        (folder / "spilled").touch()
    past = time.time() - UNMARKED_SECONDS - 60
    os.utime(old, (past, past))
    os.utime(other, (past, past))
    assert remove_dead_folders(tmp_path) == 1
    assert not old.exists()
    assert new.exists()
    assert other.exists()


def test_a_link_to_another_folder_is_not_followed(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / ".live").write_bytes(b"")
    (kept / "file").write_bytes(b"x")
    (tmp_path / "fullhouse-spill-link").symlink_to(kept)
    assert remove_dead_folders(tmp_path) == 0
    assert (kept / "file").exists()


def test_a_folder_goes_when_it_is_let_go(tmp_path: Path) -> None:
    folder = TemporaryFolder("spill", beside=tmp_path)
    path = folder.path
    assert path.is_dir()
    del folder
    assert not path.exists()
