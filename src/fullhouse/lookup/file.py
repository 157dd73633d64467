"""The look-up file: who is in which segment, one immutable file that every process maps.

Accounts stand by keyed hash, in the order of their hashes, behind a directory of their first bits;
each leads to the row of its person, and a row is a word for every 64 segments. Neither an account
nor a person's id is in the file. Little-endian; sections begin at multiples of 8 bytes.
"""

import hashlib
import hmac
import json
import mmap
import os
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter

from fullhouse.core.brief import Brief
from fullhouse.core.errors import DamagedError, InputError
from fullhouse.workspace.cache_files import write_whole

MAGIC = b"FHLOOKUP"
FORMAT = 1
FOLDER = "lookup"
NAME = "memberships.lookup"
HASH_BYTES = 16
WORD_BITS = 64
_HEAD = struct.Struct("<8sII32s")
"""Magic, format, bytes of the header, SHA-256 of the header."""
_SECTIONS = ("directory", "hashes", "rows", "words")
_PIECE = 1 << 22
_blake2b = hashlib.blake2b
_first_bits = struct.Struct(">I").unpack_from

Hashes = npt.NDArray[np.uint64]
"""Two columns: the first and the second half of each hash, as numbers."""
Words = npt.NDArray[np.uint64]
"""Row × word: bit i of word w is segment 64 w + i."""


@dataclass(frozen=True)
class AccountSegment(Brief):
    """What an account can be in: a line of a campaign, or a saved audience.

    It is answered from `first` to `last` only, where they are given. `purposes` are what its
    people must take part in, and `sources` whose accounts it is answered for; empty: of all.
    """

    id: str
    audience: str
    purposes: tuple[str, ...]
    campaign: str = ""
    line: str = ""
    channel: str = ""
    film: str = ""
    first: date | None = None
    last: date | None = None
    sources: tuple[str, ...] = ()
    persons: int = 0

    def open_on(self, day: date) -> bool:
        """Whether it is answered on a day."""
        begun = self.first is None or self.first <= day
        return begun and (self.last is None or day <= self.last)


@dataclass(frozen=True)
class LookupBuild(Brief):
    """What a look-up file was built from, and what it holds.

    `consent` and `linked` are the versions of the tables of consent and of whose accounts are
    whose, `links` the resolve run that decided this; `campaigns` are those whose arms were looked
    at. People with one of the `ambiguous` accounts are left out: two spellings of one, of two.
    """

    id: str
    at: datetime
    day: date
    segments: tuple[AccountSegment, ...]
    campaigns: tuple[str, ...]
    consent: int
    linked: int
    links: int
    key: str
    accounts: int = 0
    persons: int = 0
    ambiguous: int = 0
    bytes: int = 0

    @property
    def width(self) -> int:
        """Words of each row."""
        return max(1, -(-len(self.segments) // WORD_BITS))


_BUILT = TypeAdapter(LookupBuild)


class AccountHash:
    """The keyed hash of accounts, under a key of its own derived from the workspace's."""

    def __init__(self, key: bytes) -> None:
        self._key = hmac.digest(key, b"fullhouse/lookup", "sha256")
        self.fingerprint = hmac.digest(self._key, b"fingerprint", "sha256").hex()[:16]

    def of(self, source: str, account: str) -> bytes:
        """The hash of an account of a source, blanks around it not counted."""
        text = f"{source}\0{account.strip()}"
        # A third of a microsecond goes into naming an error handler, and there hardly ever is one.
        plain = text.encode() if text.isascii() else text.encode(errors="surrogatepass")
        return _blake2b(plain, digest_size=HASH_BYTES, key=self._key).digest()

    def of_all(self, source: str, accounts: Iterable[str]) -> Hashes:
        """The hashes of many accounts of a source, as numbers."""
        start, key, blake = f"{source}\0", self._key, _blake2b
        joined = b"".join(
            [
                blake(
                    (start + account.strip()).encode(errors="surrogatepass"),
                    digest_size=HASH_BYTES,
                    key=key,
                ).digest()
                for account in accounts
            ]
        )
        return np.frombuffer(joined, ">u8").astype(np.uint64).reshape(-1, 2)


def write_file(
    path: Path, built: LookupBuild, hashes: Hashes, rows: npt.NDArray[np.uint32], words: Words
) -> LookupBuild:
    """Write a look-up file whole, or nothing; what it says of itself.

    `rows` gives the row of `words` of each hash. Hashes may come in any order; those that stand
    twice with different rows lead nowhere, nor do others of these rows.
    """
    if words.shape[1:] != (built.width,):
        raise ValueError(f"{words.shape[1:]} words a row, not {built.width}")
    hashes, rows, ambiguous = _in_order(hashes, rows)
    bits = _directory_bits(len(rows))
    buckets = np.bincount(hashes[:, 0] >> np.uint64(64 - bits), minlength=1 << bits)
    directory = np.zeros((1 << bits) + 1, "<u4")
    np.cumsum(buckets, out=directory[1:])
    sections = [
        directory,
        hashes.astype(">u8"),
        rows.astype("<u4"),
        np.ascontiguousarray(words, "<u8"),
    ]
    built = replace(built, accounts=len(rows), persons=len(words), ambiguous=ambiguous)
    places, end = {}, 0
    digest = hashlib.sha256()
    for name, section in zip(_SECTIONS, sections, strict=True):
        places[name] = (end, section.nbytes)
        end += _padded(section.nbytes)
        for piece in _pieces(section):
            digest.update(piece)
    fields = {"bits": bits, "sections": places, "bytes": end, "sha256": digest.hexdigest()}
    body = _BUILT.dump_python(built, mode="json")
    header = json.dumps({"built": body, **fields}).encode()
    start = _padded(_HEAD.size + len(header))

    def write(part: Path) -> None:
        with part.open("xb") as out:
            head = _HEAD.pack(MAGIC, FORMAT, len(header), hashlib.sha256(header).digest())
            out.write((head + header).ljust(start, b"\0"))
            for section in sections:
                for piece in _pieces(section):
                    out.write(piece)
                out.write(b"\0" * (_padded(section.nbytes) - section.nbytes))
            out.flush()
            os.fsync(out.fileno())

    write_whole(path, write)
    return replace(built, bytes=start + end)


class LookupFile:
    """An open look-up file; its map stays for as long as somebody holds this object."""

    def __init__(self, path: Path) -> None:
        """Map a file, looking at every byte of it first: a damaged one is refused."""
        self.path = path
        try:
            with path.open("rb") as stream:
                self.identity = identity_of(path, stream.fileno())
                self._map = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        except FileNotFoundError:
            raise InputError(code="lookup_missing", file=str(path)) from None
        except ValueError:  # an empty file cannot be mapped
            raise _damaged(path, "empty") from None
        start, header = _header(path, self._map)
        self.built: LookupBuild = replace(header.pop("built"), bytes=len(self._map))
        self._check(start, header)
        self._find = self._map.find
        view = memoryview(self._map)
        at = {name: (start + first, size) for name, (first, size) in header["sections"].items()}

        def section(name: str, kind: Literal["I", "Q"]) -> "memoryview[int]":
            first, size = at[name]
            return view[first : first + size].cast(kind)

        self._first_hash = at["hashes"][0]
        self._shift = 32 - header["bits"]
        self._directory = section("directory", "I")
        self._rows = section("rows", "I")
        self.words = section("words", "Q")
        self.width = self.built.width

    def row(self, hashed: bytes) -> int:
        """The row of an account's person; -1 for an account that is in nothing, or not there."""
        bucket = _first_bits(hashed)[0] >> self._shift
        directory, first = self._directory, self._first_hash
        end = first + HASH_BYTES * directory[bucket + 1]
        at = self._find(hashed, first + HASH_BYTES * directory[bucket], end)
        while at >= 0:
            if not (at - first) % HASH_BYTES:
                row: int = self._rows[(at - first) // HASH_BYTES]
                return row
            # The end of one hash and the beginning of the next.
            at = self._find(hashed, at + 1, end)
        return -1

    def arrays(self) -> tuple[Hashes, npt.NDArray[np.uint32], Words]:
        """Hashes, rows and words, as `write_file` takes them."""
        size = HASH_BYTES * len(self._rows)
        raw = np.frombuffer(self._map, ">u8", count=size // 8, offset=self._first_hash)
        words = np.asarray(self.words).reshape(-1, self.width)
        return raw.astype(np.uint64).reshape(-1, 2), np.asarray(self._rows), words

    def _check(self, start: int, header: dict[str, Any]) -> None:
        if len(self._map) != start + header["bytes"]:
            raise _damaged(self.path, "cut", bytes=len(self._map), expected=start + header["bytes"])
        digest = hashlib.sha256()
        view = memoryview(self._map)
        for first, size in header["sections"].values():
            for at in range(start + first, start + first + size, _PIECE):
                digest.update(view[at : min(at + _PIECE, start + first + size)])
        if digest.hexdigest() != header["sha256"]:
            raise _damaged(self.path, "changed")


def has_bit(words: Sequence[int], number: int) -> bool:
    """Whether the bit of a segment is set in the words of a row."""
    return bool(words[number // WORD_BITS] >> number % WORD_BITS & 1)


def words_of_bits(bits: Iterable[bool], width: int) -> tuple[int, ...]:
    """Words with a bit for each segment."""
    words = [0] * width
    for number, bit in enumerate(bits):
        words[number // WORD_BITS] |= bit << number % WORD_BITS
    return tuple(words)


def without_people_of(file: LookupFile, hashes: Iterable[bytes]) -> int:
    """Write a file anew without the people of some accounts; how many of these it had.

    All accounts of these people go: which of them gave consent is not in the file.
    """
    rows = [row for row in map(file.row, hashes) if row >= 0]
    if not rows:
        return 0
    every, row_of, words = file.arrays()
    left = ~np.isin(row_of, np.array(rows, row_of.dtype))
    used, numbers = np.unique(row_of[left], return_inverse=True)
    write_file(file.path, file.built, every[left], numbers.astype(np.uint32), words[used])
    return len(rows)


def _header(path: Path, data: mmap.mmap) -> tuple[int, dict[str, Any]]:
    if len(data) < _HEAD.size or data[: len(MAGIC)] != MAGIC:
        raise _damaged(path, "other")
    _, version, size, digest = _HEAD.unpack_from(data)
    if version != FORMAT:
        raise InputError(code="lookup_format", file=str(path), format=version, known=FORMAT)
    text = data[_HEAD.size : _HEAD.size + size]
    if hashlib.sha256(text).digest() != digest:
        raise _damaged(path, "header")
    header: dict[str, Any] = json.loads(text)
    header["built"] = _BUILT.validate_python(header["built"])
    return _padded(_HEAD.size + size), header


def _in_order(
    hashes: Hashes, rows: npt.NDArray[np.uint32]
) -> tuple[Hashes, npt.NDArray[np.uint32], int]:
    """By hash, each once; how many hashes had two rows and are left out."""
    order = np.argsort(hashes[:, 0], kind="stable")
    first = hashes[order, 0]
    if (first[1:] == first[:-1]).any():
        order = np.lexsort((rows, hashes[:, 1], hashes[:, 0]))
    hashes, rows = hashes[order], rows[order]
    same = (hashes[1:] == hashes[:-1]).all(axis=1)
    if not same.any():
        return hashes, rows, 0
    group = np.concatenate([[0], np.cumsum(~same)])
    torn = np.unique(group[1:][same & (rows[1:] != rows[:-1])])
    # Whose refusal would be whose nobody can tell: all of their people are left out.
    whose = np.unique(rows[np.isin(group, torn)])
    once = np.concatenate([[True], ~same]) & ~np.isin(rows, whose)
    return hashes[once], rows[once], len(torn)


def _directory_bits(accounts: int) -> int:
    """About four hashes behind each entry: a look reads one or two lines of memory."""
    return min(30, max(1, (accounts // 4).bit_length()))


def _padded(size: int) -> int:
    return -(-size // 8) * 8


def _pieces(section: npt.NDArray[Any]) -> Iterator[memoryview]:
    view = memoryview(section.tobytes() if not section.nbytes else section.data).cast("B")
    for at in range(0, len(view), _PIECE):
        yield view[at : at + _PIECE]


def identity_of(path: Path, handle: int | None = None) -> tuple[int, ...]:
    """What is another file under the same name, or none any more (empty), is told apart by."""
    try:
        stat = path.stat() if handle is None else os.fstat(handle)
    except FileNotFoundError:
        return ()
    return stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_size


def _damaged(path: Path, what: str, **facts: int) -> DamagedError:
    return DamagedError(code=f"lookup_{what}", file=str(path), **facts)
