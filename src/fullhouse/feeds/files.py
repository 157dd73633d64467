"""The files of a feed: from the words of a command to streams of bytes."""

import codecs
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import obstore
import pyarrow as pa
from obstore.store import from_url

from fullhouse.core.errors import InputError

READ = 8 << 20
"""Bytes of a text file that are parsed together; never changes what comes out."""
MOST_UNPACKED = 250
"""Times its size that a file may unpack to: rows do to 5 or 30 times, zeros to 1,000."""
SMALL_UNPACKED = 256 << 20
"""Bytes that any file may unpack to."""
_FORMATS = {
    "csv": "csv",
    "tsv": "tsv",
    "tab": "tsv",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "json": "jsonl",
    "parquet": "parquet",
    "pq": "parquet",
}
_COMPRESSIONS = {"gz": "gzip", "gzip": "gzip", "zst": "zstd", "zstd": "zstd"}


@dataclass(frozen=True)
class File:
    """One file, in a folder or an object store."""

    path: str
    length: int | None = None
    """Only so many bytes of it, whatever it grows to; None: all of it."""

    @property
    def name(self) -> str:
        """Its name without the folder."""
        return self.path.rsplit("/", maxsplit=1)[-1]

    @property
    def compression(self) -> str | None:
        """Gzip or zstd by the extension, or None."""
        return _COMPRESSIONS.get(self.name.lower().rsplit(".", maxsplit=1)[-1])

    @property
    def format(self) -> str | None:
        """The format by the name's ending, or None."""
        parts = self.name.lower().split(".")
        return _FORMATS.get(parts[-2 if self.compression and len(parts) > 1 else -1])

    @contextmanager
    def open(self) -> Iterator[Any]:
        """The bytes as they stand, with read, seek and tell."""
        if "://" not in self.path:
            with Path(self.path).open("rb") as stream:
                yield stream if self.length is None else _Prefix(stream, self.length)
            return
        root, name = self.path.rsplit("/", maxsplit=1)
        yield _Remote(obstore.open_reader(from_url(root), name))

    @contextmanager
    def plain(self) -> Iterator[Any]:
        """The bytes with gzip or zstd undone, with read only; an error where they are broken."""
        with self.open() as stream:
            if self.compression is None:
                yield stream
                return
            source = pa.PythonFile(stream, mode="r")
            try:
                with pa.CompressedInputStream(source, self.compression) as unpacked:
                    yield _Measured(unpacked, self)
            except (OSError, pa.ArrowInvalid) as problem:
                raise InputError(
                    f"{self.path} is a broken {self.compression} file: {first_line(problem)}."
                ) from None

    def size(self) -> int:
        """Bytes of it as it stands."""
        if self.length is not None:
            return self.length
        if "://" not in self.path:
            return Path(self.path).stat().st_size
        root, name = self.path.rsplit("/", maxsplit=1)
        return int(obstore.head(from_url(root), name)["size"])

    def stamp(self) -> str:
        """Something that changes when the file does, for a look before and after."""
        if "://" not in self.path:
            stat = Path(self.path).stat()
            return f"{stat.st_size} {stat.st_mtime_ns}"
        root, name = self.path.rsplit("/", maxsplit=1)
        return str(obstore.head(from_url(root), name)["e_tag"])

    def digest(self) -> str:
        """SHA-256 of the bytes; a broken compressed file is noticed while reading.

        A file that ends in the middle must not be taken in: whole again, it would have another
        digest and come in twice.
        """
        sha = hashlib.sha256()
        with self.open() as stream:
            while block := stream.read(READ):
                sha.update(block)
        if self.compression is not None:
            with self.plain() as unpacked:
                while unpacked.read(READ):
                    pass
        return sha.hexdigest()


_PACKED = {
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"PK\x03\x04": "zip (or a spreadsheet)",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"\x04\x22\x4d\x18": "lz4",
    b"PAR1": "Parquet",
}
"""First bytes of files that hold no plain text."""


def check_text(file: File) -> None:
    """An error for a file that is packed in another way than its name shows."""
    with file.plain() as stream:
        head = bytes(stream.read(max(map(len, _PACKED))))
    for mark, kind in _PACKED.items():
        if head.startswith(mark):
            raise InputError(
                f"{file.path} is a {kind} file by its first bytes, and not by its name. Text is"
                " read plain, or packed with gzip (.gz) or zstd (.zst): unpack or rename it."
            )


def is_bomb(size: int, unpacked: int) -> bool:
    """Whether a file of some bytes unpacks to so much that it can be no file of rows."""
    return unpacked > max(SMALL_UNPACKED, MOST_UNPACKED * size)


def first_line(problem: Exception) -> str:
    """What a library says of a file, in one line without its full stop."""
    return (str(problem).strip().splitlines() or [type(problem).__name__])[0].rstrip(".")


class _Measured:
    """An unpacked stream that stops at a limit: a few kilobytes can unpack to many gigabytes."""

    def __init__(self, stream: Any, file: File) -> None:
        self._stream, self._file = stream, file
        self._size, self._read = file.size(), 0

    def read(self, count: int) -> bytes:
        block = bytes(self._stream.read(count))
        self._read += len(block)
        if is_bomb(self._size, self._read):
            raise InputError(
                f"{self._file.path} unpacks to more than {MOST_UNPACKED} times its size, which no"
                " file of rows does. Unpack it and take in what comes out if it is one."
            )
        return block


class _Prefix:
    """The first bytes of a stream, with read and seek only."""

    def __init__(self, stream: Any, length: int) -> None:
        self._stream, self._length, self._left = stream, length, length

    def read(self, count: int = -1) -> bytes:
        wanted = self._left if count < 0 else min(count, self._left)
        block = bytes(self._stream.read(wanted))
        self._left -= len(block)
        return block

    def seek(self, place: int) -> int:
        self._left = max(0, self._length - place)
        return int(self._stream.seek(place))


class _Remote:
    """An object as a stream; Arrow wants plain bytes and a `closed`."""

    closed = False

    def __init__(self, reader: Any) -> None:
        self._reader = reader

    def read(self, count: int = -1) -> bytes:
        return bytes(self._reader.read(count if count >= 0 else None))

    def seek(self, place: int, whence: int = 0) -> int:
        return int(self._reader.seek(place, whence))

    def tell(self) -> int:
        return int(self._reader.tell())

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass


def find_files(words: Sequence[str]) -> list[File]:
    """The files that names, globs, folders and URLs stand for, each once, sorted within a word.

    A folder stands for every file in it, at any depth, whose name does not begin with '.' or '_'.
    """
    if not words:
        raise InputError("No files were given.")
    paths = [path for word in words for path in _expand(word)]
    return [File(path) for path in dict.fromkeys(paths)]


def _expand(word: str) -> list[str]:
    if "://" in word and not word.startswith("file://"):
        return _expand_url(word)
    path = Path(word.removeprefix("file://")).expanduser()
    if path.is_file():
        return [str(path)]
    if path.is_dir():
        return _some(sorted(_visible(path, path.rglob("*"))), word, "no files in folder")
    if not set(word) & set("*?["):
        raise InputError(f"There is no file {word}.")
    anchor = Path(path.anchor) if path.is_absolute() else Path()
    pattern = str(path.relative_to(path.anchor)) if path.is_absolute() else str(path)
    return _some(sorted(_visible(None, anchor.glob(pattern))), word, "no files match")


def _visible(root: Path | None, paths: Any) -> Iterator[str]:
    for path in paths:
        inside = path.relative_to(root).parts if root else (path.name,)
        if path.is_file() and not any(part.startswith((".", "_")) for part in inside):
            yield str(path)


def _expand_url(word: str) -> list[str]:
    scheme, rest = word.split("://", maxsplit=1)
    bucket, _, key = rest.partition("/")
    fixed = key
    for sign in "*?[":
        fixed = fixed.split(sign, maxsplit=1)[0]
    prefix = fixed if fixed == key else fixed.rpartition("/")[0]
    store = from_url(f"{scheme}://{bucket}")
    try:
        keys = [m["path"] for page in obstore.list(store, prefix=prefix or None) for m in page]
        if fixed == key and not keys and _exists(store, key):
            keys = [key]
    except Exception as problem:
        # obstore raises a kind per store and cause; all of them are about the address given.
        raise InputError(f"Cannot list {word}: {str(problem).splitlines()[0]}") from None
    if fixed != key:
        keys = [k for k in keys if fnmatchcase(k, key)]
    visible = [k for k in keys if not k.rsplit("/", maxsplit=1)[-1].startswith((".", "_"))]
    return _some([f"{scheme}://{bucket}/{k}" for k in sorted(visible)], word, "no files at")


def _exists(store: Any, key: str) -> bool:
    try:
        obstore.head(store, key)
    except FileNotFoundError:
        return False
    return True


def _some(names: list[str], word: str, none: str) -> list[str]:
    if not names:
        raise InputError(f"There are {none} {word}.")
    return names


def is_utf8(encoding: str) -> bool:
    """Whether an encoding is UTF-8 under any of its names."""
    return codecs.lookup(encoding).name in ("utf-8", "utf-8-sig", "ascii")
