"""Files that grow: read as far as they went, and later on from there, no row twice."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from fullhouse.feeds.feed import Feed
from fullhouse.feeds.files import READ, File, is_utf8
from fullhouse.feeds.records import format_of
from fullhouse.feeds.terms import Terms

HEAD = 4096
"""First bytes by which a file that may have grown is looked for."""
TAIL = 1 << 20


@dataclass(frozen=True)
class Looked:
    """A file as it was when it was first looked at: so much of it is read, whatever comes later."""

    file: File
    content: str
    size: int
    head: str
    stamp: str
    prefixes: dict[str, int]
    """Contents that were begun before and that it begins with, with their bytes."""


def can_grow(file: File, feed: Feed) -> bool:
    """Whether more rows may be written behind those there are: text in a folder, not packed."""
    is_text = format_of(file, feed) != "parquet" and file.compression is None
    return is_text and "://" not in file.path and is_utf8(feed.encoding)


def look(file: File, feed: Feed, begun: Iterable[tuple[str, Terms]]) -> Looked:
    """A file as far as it is written now, and which files of before it goes on from."""
    if not can_grow(file, feed):
        stamp = file.stamp()
        return Looked(file, file.digest(), -1, "", stamp, {})
    fixed = replace(file, length=file.size())
    candidates = list(begun)
    looked = _digests(fixed, candidates)
    if replace(file, length=None).size() != looked.size and not _ends_line(fixed, looked.size):
        # It grows right now, and its last line may be half of one.
        fixed = replace(file, length=_whole_lines(fixed, looked.size))
        looked = _digests(fixed, candidates)
    return looked


def is_same(looked: Looked) -> bool:
    """Whether what was looked at still begins the file, its last line whole."""
    whole = replace(looked.file, length=None)
    if looked.size < 0:
        return whole.digest() == looked.content
    if whole.size() < looked.size or looked.file.digest() != looked.content:
        return False
    return whole.size() == looked.size or line_ends_at(whole, looked.size)


def line_ends_at(file: File, size: int) -> bool:
    """Whether so many first bytes of a file are whole lines."""
    if size == 0 or _ends_line(file, size):
        return True
    with Path(file.path).open("rb") as stream:
        stream.seek(size)
        return stream.read(1) in (b"\n", b"\r", b"")


def _digests(file: File, begun: Iterable[tuple[str, Terms]]) -> Looked:
    """The digest of a file, and of each of its first parts that may be known."""
    size, stamp = file.size(), file.stamp()
    with file.open() as stream:
        first = stream.read(HEAD)
    wanted: dict[int, set[str]] = {}
    heads: dict[int, str] = {}
    for content, terms in begun:
        if not 0 < terms.size < size:
            continue
        part = min(HEAD, terms.size)
        heads.setdefault(part, _head(first[:part]))
        if terms.head == heads[part]:
            wanted.setdefault(terms.size, set()).add(content)
    sha, place, prefixes = hashlib.sha256(), 0, {}
    with file.open() as stream:
        for stop in [*sorted(wanted), size]:
            while place < stop and (block := stream.read(min(READ, stop - place))):
                sha.update(block)
                place += len(block)
            digest = sha.hexdigest()
            if digest in wanted.get(stop, ()):
                prefixes[digest] = stop
    return Looked(file, sha.hexdigest(), size, _head(first), stamp, prefixes)


def _head(first: bytes) -> str:
    return hashlib.sha256(first).hexdigest()[:16]


def _ends_line(file: File, size: int) -> bool:
    if size == 0:
        return True
    with Path(file.path).open("rb") as stream:
        stream.seek(size - 1)
        return stream.read(1) in (b"\n", b"\r")


def _whole_lines(file: File, size: int) -> int:
    """How many of a file's first bytes are whole lines."""
    with Path(file.path).open("rb") as stream:
        stop = size
        while stop > 0:
            start = max(0, stop - TAIL)
            stream.seek(start)
            newline = stream.read(stop - start).rfind(b"\n")
            if newline >= 0:
                return start + newline + 1
            stop = start
    return 0
