"""Derived files appear whole, and are never taken from someone who reads them."""

import multiprocessing
import os
import time
from pathlib import Path
from threading import Thread

import pytest

from fullhouse.lake import Place
from fullhouse.workspace.cache_files import (
    HeldFolder,
    cache_folder,
    prune_files,
    read_if_there,
    write_whole,
)


def test_many_writers_leave_one_whole_file(tmp_path: Path) -> None:
    contents = [bytes([n]) * 200_000 for n in range(8)]
    file = tmp_path / "new" / "model.npz"

    def write(content: bytes) -> None:
        for _ in range(5):
            write_whole(file, lambda part: part.write_bytes(content))

    threads = [Thread(target=write, args=(c,)) for c in contents]
    for thread in threads:
        thread.start()
    while any(t.is_alive() for t in threads):
        assert read_if_there(file) in (None, *contents)
    assert file.read_bytes() in contents
    assert list(file.parent.iterdir()) == [file]


def test_a_writer_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fails(part: Path) -> None:
        part.write_bytes(b"half")
        raise RuntimeError("disk")

    with pytest.raises(RuntimeError, match="disk"):
        write_whole(tmp_path / "a.arrow", fails)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_read_stays_until_it_is_let_go(tmp_path: Path) -> None:
    old = HeldFolder(tmp_path / "7-1")
    (old.path / "0.arrow").write_text("rows")
    new = HeldFolder(tmp_path / "7-2")
    other_build = HeldFolder(tmp_path / "8-1")
    other_build.close()
    new.prune_others("7-*")
    assert (old.path / "0.arrow").read_text() == "rows"
    old.close()
    new.prune_others("7-*")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["7-2", "8-1"]


def test_a_reader_of_an_older_version_does_not_take_the_newer(tmp_path: Path) -> None:
    new, old = HeldFolder(tmp_path / "7-2"), HeldFolder(tmp_path / "7-1")
    old.prune_others("7-*")
    assert new.path.is_dir()


def test_a_folder_from_before_there_were_locks_goes(tmp_path: Path) -> None:
    (tmp_path / "7-1").mkdir()
    (tmp_path / "7-1" / "0.arrow").write_text("rows")
    HeldFolder(tmp_path / "7-2").prune_others("7-*")
    assert [p.name for p in tmp_path.iterdir()] == ["7-2"]


def churn(folder: Path, seconds: float) -> None:
    """Hold a generation, look that its file stays, let it go, and prune the others."""
    end, n = time.monotonic() + seconds, os.getpid()
    while time.monotonic() < end:
        n += 1
        held = HeldFolder(folder / f"7-{n % 3}")
        write_whole(held.path / "0.arrow", lambda part: part.write_bytes(b"rows"))
        held.prune_others("7-*")
        assert (held.path / "0.arrow").read_bytes() == b"rows"
        held.close()


@pytest.mark.slow
def test_processes_that_prune_at_once_take_nothing_from_each_other(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    running = [context.Process(target=churn, args=(tmp_path, 1.5)) for _ in range(3)]
    for process in running:
        process.start()
    for process in running:
        process.join(300)
    assert [process.exitcode for process in running] == [0] * 3
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".gone")]


def test_files_that_nobody_read_for_long_and_old_parts_go(tmp_path: Path) -> None:
    ages = {"used.model": 80, "unused.model": 100, "a.1f.part.model": 2, "b.2f.part.model": 0}
    for name, days in ages.items():
        (tmp_path / name).write_bytes(b"x")
        at = time.time() - 86_400 * days
        os.utime(tmp_path / name, (at, at))
    prune_files(tmp_path, unused_days=90)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b.2f.part.model", "used.model"]
    assert read_if_there(tmp_path / "used.model") == b"x"
    assert time.time() - (tmp_path / "used.model").stat().st_mtime < 60, "it counts as used"
    assert read_if_there(tmp_path / "unused.model") is None


def test_where_nothing_can_be_written_there_is_no_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cache_folder(Place(str(tmp_path))) == tmp_path / "cache"
    assert cache_folder(Place("s3://bucket/house")) is None
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert cache_folder(Place(str(tmp_path))) is None
