"""Temporary folders and half-written files that a killed process leaves, and their removal.

Whoever writes holds a lock (flock) on what it writes, which the system lets go when the process
ends, however it ends. What nobody holds is dead: the next one that writes there removes it.
"""

import os
import shutil
import tempfile
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

# Windows has other locks: there, nothing is removed.
fcntl: Any = import_module("fcntl") if find_spec("fcntl") else None

PREFIX = "fullhouse-"
KINDS = ("spill", "traits", "sample", "accounts", "out", "removals", "hashes")
"""What temporary folders are for; the name of each is PREFIX, its kind and some letters."""
LIVE = ".live"
"""The file in each folder on which its process holds a lock."""
MAKING = f"{LIVE}.new"
"""Its name until it is locked."""
UNMARKED_SECONDS = 86_400
"""A folder with files, and without that one, is of an older version: spared for a day."""


class TemporaryFolder:
    """A folder until it is cleaned up, let go, or its process ends; dead ones beside it go."""

    def __init__(self, kind: str, *, beside: Path | None = None) -> None:
        parent = beside or Path(tempfile.gettempdir())
        remove_dead_folders(parent)
        self.path, lock = _make(parent, kind)
        self._end = weakref.finalize(self, _close, lock, self.path)

    @property
    def name(self) -> str:
        """Its path."""
        return str(self.path)

    def cleanup(self) -> None:
        """Remove it."""
        self._end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cleanup()


def _make(parent: Path, kind: str) -> tuple[Path, IO[bytes]]:
    """A new folder, and its file, locked."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{kind}-", dir=parent))
        making = folder / MAKING
        # Another one may take it for dead before it is locked: then, a new one.
        with suppress(FileNotFoundError):
            lock = making.open("ab")
            _lock(lock)
            if making.exists():
                making.rename(folder / LIVE)
                return folder, lock
            lock.close()


@contextmanager
def part_of(target: Path) -> Iterator[tuple[Path, IO[bytes]]]:
    """A hidden file beside a target, to be renamed to it; gone at the end where it was not.

    What killed processes left of the same target goes first. Its owner alone may read it.
    """
    prefix = f".{target.name}."
    remove_dead_parts(target)
    while True:
        handle, name = tempfile.mkstemp(prefix=prefix, dir=target.parent)
        part = os.fdopen(handle, "wb")
        _lock(part)
        # Another one may have taken it for dead before it was locked.
        if _is_at(Path(name), part):
            break
        part.close()
    try:
        with part:
            yield Path(name), part
    finally:
        Path(name).unlink(missing_ok=True)


def remove_dead_folders(parent: Path) -> int:
    """Remove the temporary folders of this user whose process is gone; how many."""
    removed = 0
    for kind in KINDS:
        for folder in parent.glob(f"{PREFIX}{kind}-*"):
            with suppress(OSError):
                removed += _remove_dead_folder(folder)
    return removed


def remove_dead_parts(target: Path) -> int:
    """Remove what killed processes left of a file that was never finished; how many."""
    removed = 0
    prefix = f".{target.name}."
    with suppress(OSError):
        for entry in list(os.scandir(target.parent)):
            if not entry.name.startswith(prefix) or len(entry.name) != len(prefix) + 8:
                continue
            with suppress(OSError):
                if entry.is_file(follow_symlinks=False) and _is_own(entry.stat()):
                    removed += _remove_dead(Path(entry.path))
    return removed


def _remove_dead_folder(folder: Path) -> bool:
    if fcntl is None or folder.is_symlink() or not _is_own(folder.lstat()):
        return False
    mark = folder / LIVE
    if not mark.exists():
        mark = folder / MAKING
    if not mark.exists():
        if next(folder.iterdir(), None) is None:
            folder.rmdir()  # nothing happens where its process has just put its file there
            return True
        if time.time() - folder.stat().st_mtime < UNMARKED_SECONDS:
            return False
        shutil.rmtree(folder, ignore_errors=True)
        return not folder.exists()
    with mark.open("rb") as lock:
        if not _try(lock):
            return False
        shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def _remove_dead(part: Path) -> bool:
    if fcntl is None:
        return False
    with part.open("rb") as lock:
        # Renamed to its target meanwhile, it is at another place.
        if not _try(lock) or not _is_at(part, lock):
            return False
        part.unlink()
    return True


def _is_own(stat: os.stat_result) -> bool:
    return not hasattr(os, "geteuid") or stat.st_uid == os.geteuid()


def _is_at(path: Path, file: IO[bytes]) -> bool:
    try:
        return os.path.samestat(path.lstat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _lock(file: IO[bytes]) -> None:
    if fcntl is not None:
        with suppress(OSError):  # a network folder may lend no locks
            fcntl.flock(file, fcntl.LOCK_EX)


def _try(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _close(lock: IO[bytes], folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    lock.close()
