"""The collector's write-ahead log: what was answered with 200 stands here until it is in the lake.

A segment is a file of records, one for each request. A record is a head with its length and its
checksum, and lines: numbers of feeds, a tab, and a row as JSON. A segment that is written to ends
in `.open` and is locked by its writer; a sealed one ends in `.wal` and never changes again. What
a power cut left half written has no valid checksum and was never answered.
"""

import fcntl
import os
import re
import secrets
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fullhouse.core.errors import ConflictError

OPEN, SEALED = ".open", ".wal"
LARGEST = 64 << 20
"""Bytes after which a segment is sealed, whatever its age."""
SEAL = "seal"
"""A file that asks every writer to seal its segment: what is older than it is to be moved now."""
_HEAD = re.compile(rb"#([0-9a-f]{8}) (\d{1,10})\n")


def record(lines: bytes) -> bytes:
    """A record of some lines, each with its newline."""
    return b"#%08x %d\n%s" % (zlib.crc32(lines), len(lines), lines)


def records(data: bytes) -> Iterator[bytes]:
    """The lines of every valid record of a segment, in order; what is none is passed over."""
    place = 0
    while (head := _HEAD.search(data, place)) is not None:
        stop = head.end() + int(head[2])
        lines = data[head.end() : stop]
        if len(lines) == int(head[2]) and zlib.crc32(lines) == int(head[1], 16):
            yield lines
            place = stop
        else:
            place = head.start() + 1


class Writer:
    """Appends records to segments of its own; one thread at a time."""

    def __init__(self, folder: Path, *, seconds: float) -> None:
        self.folder = folder
        self._seconds = seconds
        self._handle = -1
        self._path = folder
        self._size = 0
        self._opened = 0.0
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def append(self, data: bytes) -> None:
        """Write records; when this returns they are on the disk.

        Where that fails, the records are in no segment or in one that is not written to any more,
        and an OSError says why.
        """
        if self._handle < 0:
            self._open()
        try:
            _write(self._handle, data)
            os.fdatasync(self._handle)
        except OSError:
            # Whether the kernel still holds what it could not write is anyone's guess.
            with suppress(OSError):
                os.ftruncate(self._handle, self._size)
            self.seal()
            raise
        self._size += len(data)
        if self._size >= LARGEST:
            self.seal()

    def seal_when_due(self) -> None:
        """Seal the segment when it is old enough, or when somebody asks for it."""
        if self._handle < 0:
            return
        asked = 0.0
        with suppress(FileNotFoundError):
            asked = (self.folder / SEAL).stat().st_mtime
        if time.time() - self._opened >= self._seconds or asked >= self._opened:
            self.seal()

    def seal(self) -> None:
        """Hand the segment over; the next record begins a new one."""
        if self._handle < 0:
            return
        handle, self._handle = self._handle, -1
        if self._size:
            self._path.rename(self._path.with_suffix(SEALED))
        else:
            self._path.unlink(missing_ok=True)
        os.close(handle)
        _sync_folder(self.folder)

    def _open(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        name = f"{time.time_ns() // 1000:017d}-{os.getpid()}-{secrets.token_hex(3)}"
        new = self.folder / f".{name}"
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            # Locked before it has the name under which others look for segments without a writer.
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._path = self.folder / f"{name}{OPEN}"
            new.rename(self._path)
            _sync_folder(self.folder)
        except OSError:
            os.close(handle)
            new.unlink(missing_ok=True)
            raise
        self._handle, self._size, self._opened = handle, 0, time.time()


def sealed(folder: Path) -> list[Path]:
    """The segments that are ready to be moved, the oldest first; those left by a crash too."""
    if not folder.is_dir():
        return []
    for path in folder.glob(f"*{OPEN}"):
        _seal_left_behind(path)
    return sorted(folder.glob(f"*{SEALED}"))


def waiting_bytes(folder: Path) -> int:
    """Bytes of all segments that are not in the lake yet."""
    total = 0
    for path in (*folder.glob(f"*{OPEN}"), *folder.glob(f"*{SEALED}")):
        with suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


def ask_to_seal(folder: Path, *, wait_seconds: float = 10.0) -> None:
    """Have every writer seal what it has written until now; returns when they have, or died."""
    if not folder.is_dir():
        return
    before = {path.name for path in folder.glob(f"*{OPEN}")}
    if not before:
        return
    (folder / SEAL).touch()
    # By the clock that writers read: the file system's own is up to 10 ms late.
    os.utime(folder / SEAL, (time.time(), time.time()))
    end = time.monotonic() + wait_seconds
    while time.monotonic() < end:
        sealed(folder)
        if not any((folder / name).exists() for name in before):
            return
        time.sleep(0.05)
    raise ConflictError(
        f"A collector that writes to {folder} did not hand over its segment within"
        f" {wait_seconds:.0f} seconds, so nothing was moved. Its events are safe there; try again."
    )


@contextmanager
def moving(folder: Path) -> Iterator[None]:
    """Only one process at a time moves the segments of a folder; others wait for it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(folder / "moving.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _seal_left_behind(path: Path) -> None:
    """Seal a segment whose writer is gone: nobody holds its lock."""
    with suppress(FileNotFoundError):
        handle = os.open(path, os.O_RDWR)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with suppress(FileNotFoundError):
                path.rename(path.with_suffix(SEALED))
        except BlockingIOError:
            pass
        finally:
            os.close(handle)


def _write(handle: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
