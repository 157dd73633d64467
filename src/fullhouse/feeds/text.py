"""Text files as UTF-8 lines of bounded length, whatever they are written in and however laid out.

Nothing here stops at what cannot be read: bytes that are none in the file's encoding become a byte
that UTF-8 does not have, a line that is too long becomes TOO_LONG, and the row answers for it.
"""

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fullhouse.feeds.files import READ, is_utf8

LONGEST_LINE = 8 << 20
"""Bytes after which a line is not held any more; no less than READ."""
TOO_LONG = b"\xfe\xfelong"
"""Stands for a line that was too long. No text in UTF-8."""

_HEAD = 1 << 20
_UNREADABLE = "\udcff"
_MARKS = {
    # The longer mark first: that of UTF-16 is the beginning of that of UTF-32.
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


@dataclass(frozen=True)
class Cut:
    """How far the bytes of a plain text file were cut into pieces, and how far they were read.

    It is cut from there into the same pieces as from the beginning, which all zeros stand for.
    """

    offset: int = 0
    read: int = 0


FIRST = Cut()
"""The beginning; also of a file in which no other place can be gone on from."""


def _unreadable(problem: UnicodeError) -> tuple[str | bytes, int]:
    if isinstance(problem, UnicodeDecodeError):
        return _UNREADABLE, problem.end
    if isinstance(problem, UnicodeEncodeError):
        return b"\xff" * (problem.end - problem.start), problem.end
    raise problem


codecs.register_error("fullhouse.unreadable", _unreadable)


def is_encoding(name: str) -> bool:
    """Whether Python knows an encoding by this name that files can be written in."""
    sample = "".join(map(chr, range(32, 127))) + "\r\n\t"
    try:
        # rot13, hex and zip are codecs of Python too, and no encodings.
        return codecs.lookup(name).name != "punycode" and sample.encode(name).decode(name) == sample
    except (LookupError, UnicodeError, ValueError, AssertionError):
        return False


def encoding_of(head: bytes, declared: str) -> str:
    """What a file is written in: by its mark, by the zeros in UTF-16 and UTF-32, else as declared.

    A file that is declared to be anything but UTF-8 is believed to be that.
    """
    if not is_utf8(declared):
        return declared
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return encoding
    zeros = "".join("0" if byte == 0 else "x" for byte in head[:4])
    return {
        "000x": "utf-32-be",
        "x000": "utf-32-le",
        "0x0x": "utf-16-be",
        "x0x0": "utf-16-le",
    }.get(zeros, declared)


def decoded(stream: Any, declared: str, *, read: int = READ) -> Iterator[bytes]:
    """The stream in UTF-8 without its mark, lines ending in a line feed."""
    block = bytes(stream.read(max(read, 4)))
    encoding = encoding_of(block, declared)
    decoder = None
    if not is_utf8(encoding):
        decoder = codecs.getincrementaldecoder(encoding)("fullhouse.unreadable")
    first, returns = True, False
    while True:
        if decoder is None:
            out = block
        else:
            text = decoder.decode(block, final=not block)
            out = text.encode("utf-8", "fullhouse.unreadable")
        if first and out:
            out, first = out.removeprefix(codecs.BOM_UTF8), False
            # As old Macs wrote it: with returns only.
            returns = b"\r" in out and b"\n" not in out
        if out:
            yield out.replace(b"\r", b"\n") if returns else out
        if not block:
            return
        block = bytes(stream.read(read))


def shortened(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The blocks cut after whole lines, with TOO_LONG for each line over LONGEST_LINE."""
    rest, skipping = b"", False
    for block in blocks:
        end = block.find(b"\n")
        if end < 0:
            if not skipping:
                rest += block
                skipping = len(rest) > LONGEST_LINE
            continue
        long = skipping or len(rest) + end > LONGEST_LINE
        # Any other line of the block is shorter than what is read at a time.
        cut = block.rfind(b"\n") + 1
        yield TOO_LONG + block[end:cut] if long else rest + block[:cut]
        rest, skipping = block[cut:], False
    if skipping:
        yield TOO_LONG
    elif rest:
        yield rest


class CutReader:
    """A stream as UTF-8 that knows where the pieces that are cut from it end.

    Only of bytes that stand in the file as they are read: plain UTF-8 without a mark.
    """

    def __init__(
        self, stream: Any, declared: str, cut: Cut, *, plain: bool, json: bool = False,
        read: int = READ,
    ) -> None:  # fmt: skip
        self._stream, self._declared, self._begin, self._size = stream, declared, cut, read
        self._json, self._exact = json, plain
        self._offset, self._count = cut.offset, cut.read

    def read(self, count: int) -> bytes:
        """The next bytes as they stand."""
        block = bytes(self._stream.read(count))
        if not self._count:
            self._exact = self._exact and self._is_as_written(block)
        self._count += len(block)
        return block

    def blocks(self) -> Iterator[bytes]:
        """The stream from the cut on, lines ending in a line feed."""
        if self._begin == FIRST:
            yield from decoded(self, self._declared, read=self._size)
            return
        self._stream.seek(self._begin.offset)
        # Up to where the earlier run had read: its blocks ended there, and so do ours.
        if ahead := self._begin.read - self._begin.offset:
            yield bytes(self._stream.read(ahead))
        while block := self.read(self._size):
            yield block

    def after(self, records: bytes) -> Cut:
        """Where to go on behind some records, which are counted here in their order."""
        self._offset += len(records)
        self._exact = self._exact and TOO_LONG not in records
        return Cut(self._offset, self._count) if self._exact else FIRST

    def _is_as_written(self, head: bytes) -> bool:
        if not is_utf8(self._declared) or not is_utf8(encoding_of(head, self._declared)):
            return False
        if head.startswith(codecs.BOM_UTF8) or (b"\r" in head and b"\n" not in head):
            return False
        return not (self._json and _is_document(head[:_HEAD]))


def json_lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """One JSON value a line, also of a file that is an array, or printed over several lines."""
    head = b""
    for block in blocks:
        head += block
        if len(head) >= _HEAD:
            break
    whole = _chained(head, blocks)
    return shortened(_values(whole) if _is_document(head[:_HEAD]) else whole)


def _chained(head: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    for start in range(0, len(head), READ):
        yield head[start : start + READ]
    yield from blocks


def _is_document(head: bytes) -> bool:
    """Whether a file begins as an array, or as an object over several lines."""
    lines = [line for line in head.split(b"\n") if line.strip()]
    if not lines or lines[0].lstrip()[:1] not in (b"[", b"{"):
        return False
    if lines[0].lstrip().startswith(b"[") and _json(lines[0]) is None:
        return True
    if any(isinstance(_json(line), dict) for line in lines if line.startswith(b"{")):
        return False
    return lines[0].lstrip().startswith(b"[") or _continues(lines)


def _continues(lines: list[bytes]) -> bool:
    """Whether the first line is the beginning of an object and the second one goes on with it."""
    opening = lines[0].strip()
    return len(lines) > 1 and (
        opening == b"{" or (opening[-1:] in b",{[:" and lines[1][:1].isspace())
    )


def _json(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


_TOKEN = re.compile(rb'"(?:[^"\\\n]|\\.)*+"?|\n[ \t]*+(?=\{)|[{}\[\],]')
_AGAIN = re.compile(rb"(?<=[},\n])\s*\{")


def _values(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The elements of an array, or objects one after the other, each in a line of its own."""
    rest, begun, skipping = b"", False, False
    for block in blocks:
        data = rest + block
        if not begun:
            data = data.lstrip()
            begun, data = bool(data), data.removeprefix(b"[")
        if skipping:
            again = _AGAIN.search(data)
            if again is None:
                rest = data[-1:]
                continue
            data, skipping = data[again.end() - 1 :], False
        values, rest = _split_values(data)
        if values:
            yield b"".join(values)
        if len(rest) > LONGEST_LINE:
            yield TOO_LONG + b"\n"
            rest, skipping = b"", True
    # What is left was never closed; the bracket that closes an array is no value.
    last = _line(rest)
    if last.strip() not in (b"", b"]"):
        yield last


def _split_values(data: bytes) -> tuple[list[bytes], bytes]:
    """The values that are complete, and what is left.

    A value that is never closed ends where an object begins on a line of its own, no further in
    than the value itself did.
    """
    values: list[bytes] = []
    start, depth, indent, line = 0, 0, -1, 0
    for token in _TOKEN.finditer(data):
        sign = data[token.start() : token.start() + 1]
        if sign == b"\n":
            line = token.end()
            if depth and len(token[0]) - 1 <= indent:
                values.append(_line(data[start : token.start()]))
                start, depth = token.end(), 0
        elif sign in (b"{", b"["):
            if depth == 0:
                if sign == b"{" and data[start : token.start()].strip():
                    values.append(_line(data[start : token.start()]))
                    start = token.start()
                own_line = token.start() == line
                indent = token.start() - 1 - data.rfind(b"\n", 0, token.start()) if own_line else -1
            depth += 1
        elif sign in (b"}", b"]"):
            depth -= 1
            if depth < 0 or (depth == 0 and sign == b"}"):
                values.append(_line(data[start : token.end() if depth == 0 else token.start()]))
                start, depth = token.end(), 0
        elif sign == b"," and depth == 0:
            values.append(_line(data[start : token.start()]))
            start = token.end()
    return [v for v in values if v.strip()], data[start:]


def _line(value: bytes) -> bytes:
    return value.replace(b"\n", b" ").replace(b"\r", b" ").strip() + b"\n"
