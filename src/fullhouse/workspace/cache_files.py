"""Files derived from the tables, beside a local workspace: written whole, never taken from readers.

Any process may write the same file at once: each writes under a name of its own and renames it.
Files of one generation (a build, at a version of its table) stand in one folder, on which every
reader holds a shared lock; who prunes takes only folders that nobody holds.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any
from uuid import uuid4

from fullhouse.lake import Place

# Windows has other locks: there, no folder is pruned.
fcntl: Any = import_module("fcntl") if find_spec("fcntl") else None

CACHE = "cache"
"""The folder of a local workspace that holds files derived from its tables."""

LOCK = ".held"
PART = ".part"
PART_HOURS = 24
"""A part that is older was left by a process that died."""


def cache_folder(place: Place) -> Path | None:
    """Where derived files of a workspace may be written; None where it is remote or read-only."""
    if not place.is_local or not os.access(place.path, os.W_OK):
        return None
    return place.path / CACHE


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` write a file, which appears under its name whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # The suffix stays: NumPy adds its own to any other.
    part = path.with_name(f"{path.stem}.{uuid4().hex}{PART}{path.suffix}")
    try:
        write(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read_if_there(path: Path) -> bytes | None:
    """A file's bytes, None when it is not there (any more); it counts as used today."""
    try:
        content = path.read_bytes()
        path.touch()
    except FileNotFoundError:
        return None
    except PermissionError:
        return path.read_bytes()
    return content


def prune_files(folder: Path, *, unused_days: int) -> None:
    """Remove files that nobody read for so long, and parts that were left behind.

    They are read whole, and made again by whoever finds one gone.
    """
    now = time.time()
    for path in folder.glob("*"):
        days = PART_HOURS / 24 if PART in path.suffixes else unused_days
        try:
            if path.is_file() and now - path.stat().st_mtime > days * 86_400:
                path.unlink()
        except FileNotFoundError:
            continue


class HeldFolder:
    """A folder of one generation of files, which stays as long as this object lives."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = _hold(path)

    def prune_others(self, pattern: str) -> None:
        """Remove the folders beside this one that fit a pattern and that nobody holds."""
        for other in self.path.parent.glob(pattern):
            if other != self.path and other.is_dir():
                _remove_unheld(other)

    def close(self) -> None:
        """Let the folder go."""
        self._lock.close()


@contextmanager
def one_at_a_time(place: Place, name: str) -> Iterator[None]:
    """Wait until no other process of this machine does the same in a local workspace."""
    if fcntl is None or not place.is_local or not os.access(place.path, os.W_OK):
        yield
        return
    with (place.path / f".{name}.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _hold(path: Path) -> IO[bytes]:
    while True:
        try:
            path.mkdir(parents=True, exist_ok=True)
            lock = (path / LOCK).open("ab")
        except (FileExistsError, FileNotFoundError):  # pruned just then
            continue
        if fcntl is None:
            return lock
        fcntl.flock(lock, fcntl.LOCK_SH)
        if _same(path / LOCK, lock):
            return lock
        lock.close()


def _remove_unheld(path: Path) -> None:
    if fcntl is None:
        return
    try:
        lock = (path / LOCK).open("ab")
    except FileNotFoundError:  # pruned by another just then
        return
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        if not _same(path / LOCK, lock):
            return
        # Away in one step: whoever comes now makes the folder again.
        gone = path.with_name(f".gone-{uuid4().hex}")
        path.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


def _same(path: Path, lock: IO[bytes]) -> bool:
    """Whether a path still leads to an open file."""
    try:
        there, here = path.stat(), os.fstat(lock.fileno())
    except FileNotFoundError:
        return False
    return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)
