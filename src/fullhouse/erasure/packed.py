"""Packed files, by their first bytes: what is in them, and the same files packed again."""

import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from fullhouse.feeds.files import is_bomb

READ = 8 << 20
_STREAMS = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bz2"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x5d\x00\x00", "lzma"),
)
_SKIPPED = tuple(bytes([n]) + b"\x2a\x4d\x18" for n in range(0x50, 0x60))
"""How a frame begins that zstd and lz4 pass over; the stream of rows stands behind it."""
_BY_NAME = {".br": "brotli", ".zst": "zstd", ".lz4": "lz4"}
_SEALED = (
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"PARE",
    b"LZIP",
    b"\x1f\x9d",
    b"\x89LZO",
    b"\xff\x06\x00\x00sNaPpY",
    b"\x02\x21\x4c\x18",
    b"MSCF",
    b"Salted__",
    b"age-encryption.org/",
    b"-----BEGIN PGP MESSAGE",
    b"%PDF",
    b"ORC",
    b"Obj\x01",
    b"\x89HDF\r\n\x1a\n",
)
"""First bytes of files that are packed or encrypted in ways that nothing here undoes."""
_SEALED_NAMES = (
    ".7z",
    ".rar",
    ".age",
    ".gpg",
    ".pgp",
    ".enc",
    ".sz",
    ".snappy",
    ".lzo",
    ".lz",
    ".z",
    ".orc",
    ".avro",
)


@dataclass(frozen=True)
class Packed:
    """A packed file: its form, its members as far as they could be read, and whether all were."""

    form: str
    members: tuple[tuple[str, bytes], ...]
    whole: bool


def is_sealed(lower: str, data: bytes) -> bool:
    """Whether a file is packed or encrypted in a way that nothing here undoes."""
    return (
        data.startswith(_SEALED)
        or data[8:12] == b"DUCK"
        or (lower.endswith(_SEALED_NAMES) and not _is_text(data))
    )


def unpack(name: str, data: bytes) -> Packed | None:
    """What is in a packed file; None for one that is not packed."""
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _gathered("zip", _zip_members(data))
    if data[257:262] == b"ustar":
        return _gathered("tar", _tar_members(data))
    form = next((form for mark, form in _STREAMS if data.startswith(mark)), None)
    ending = name.lower()[name.rfind(".") :] if "." in name else ""
    if form is None and (data.startswith(_SKIPPED) or ending == ".br") and not _is_text(data):
        form = _BY_NAME.get(ending, "zstd")
    if form is None or (form == "lzma" and ending != ".lzma"):
        return None
    blocks: list[bytes] = []
    whole = True
    try:
        blocks.extend(_blocks(form, data))
    except _StoppedError as stopped:
        blocks, whole = stopped.blocks, False
    lower = name.lower()
    inner = f"{name[:-4]}.tar" if lower.endswith(".tgz") else name[: name.rfind(".")] or name
    return Packed(form, ((inner if ending else name, b"".join(blocks)),), whole)


def pack(form: str, members: Sequence[tuple[str, bytes]], data: bytes) -> bytes:
    """The members packed as `data`, the file they come from, was."""
    out = io.BytesIO()
    if form == "zip":
        with (
            zipfile.ZipFile(io.BytesIO(data)) as old,
            zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
        ):
            about = {m.filename: m for m in old.infolist()}
            for name, inner in members:
                new.writestr(about[name], inner)
    elif form == "tar":
        with (
            tarfile.open(fileobj=io.BytesIO(data)) as was,
            tarfile.open(fileobj=out, mode="w") as again,
        ):
            for name, inner in members:
                member = was.getmember(name)
                member.size = len(inner)
                again.addfile(member, io.BytesIO(inner))
    elif form in ("xz", "lzma"):
        kind = lzma.FORMAT_XZ if form == "xz" else lzma.FORMAT_ALONE
        return lzma.compress(members[0][1], kind)
    else:
        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, form) as packed:
            packed.write(members[0][1])
        return bytes(sink.getvalue())
    return out.getvalue()


class _StoppedError(Exception):
    """A stream that breaks off, or unpacks to more than any file of rows does."""

    def __init__(self, blocks: list[bytes]) -> None:
        super().__init__("not whole")
        self.blocks = blocks


_UNREADABLE = (
    _StoppedError,
    OSError,
    EOFError,
    ValueError,
    RuntimeError,  # of zipfile: a password, or a way of packing that it does not know
    zipfile.BadZipFile,
    tarfile.TarError,
    lzma.LZMAError,
    zlib.error,
)
"""What archives that are torn, damaged or encrypted end in."""


def _blocks(form: str, data: bytes) -> list[bytes]:
    blocks: list[bytes] = []
    size = 0
    try:
        for block in _xz_blocks(data) if form in ("xz", "lzma") else _stream_blocks(form, data):
            blocks.append(block)
            size += len(block)
            if is_bomb(len(data), size):
                raise _StoppedError([])
    except (OSError, EOFError, ValueError, lzma.LZMAError, pa.ArrowException):
        raise _StoppedError(blocks) from None
    return blocks


def _stream_blocks(form: str, data: bytes) -> Iterator[bytes]:
    with pa.CompressedInputStream(pa.BufferReader(data), form) as stream:
        while block := bytes(stream.read(READ)):
            yield block


def _xz_blocks(data: bytes) -> Iterator[bytes]:
    """The blocks of all streams; `lzma.LZMAFile` passes over whatever stands behind the last."""
    while data:
        stream = lzma.LZMADecompressor()
        yield stream.decompress(data, READ)
        while not stream.eof:
            if stream.needs_input:
                raise EOFError
            yield stream.decompress(b"", READ)
        data = stream.unused_data.lstrip(b"\0")  # padding


def _gathered(form: str, members: Iterator[tuple[str, bytes]]) -> Packed:
    """All members of an archive up to the first that cannot be read, and whether those are all."""
    read: list[tuple[str, bytes]] = []
    try:
        read.extend(members)
    except _UNREADABLE:
        return Packed(form, tuple(read), False)
    return Packed(form, tuple(read), True)


def _zip_members(data: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        members = opened.infolist()
        if is_bomb(len(data), sum(m.file_size for m in members)):
            raise _StoppedError([])
        for member in members:
            yield member.filename, opened.read(member)


def _tar_members(data: bytes) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as opened:
        for member in opened:
            inner = opened.extractfile(member) if member.isfile() else None
            yield member.name, inner.read() if inner is not None else b""
        # What stands behind the end, or behind a damaged head, is not read by tarfile.
        if data[opened.offset :].strip(b"\0"):
            raise _StoppedError([])


def _is_text(data: bytes) -> bool:
    """Whether bytes are plain text, whatever a file's name says."""
    try:
        data[:4096].decode("utf-8")
    except UnicodeDecodeError as problem:
        return problem.start > 4000
    return b"\0" not in data[:4096]
