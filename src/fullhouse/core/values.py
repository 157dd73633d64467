"""Small frozen values that every layer shares."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

from fullhouse.core.errors import InputError

T = TypeVar("T")

HOUSE = "house"
"""The tenant that the house itself is."""

BLOCK_BITS = 20
"""Person ids are cut into blocks of 2**20: a packed bitmap of one is 128 KiB and stays in L2."""

BLOCK_SIZE = 1 << BLOCK_BITS

MAX_PERSON = 2**32 - 1

LONGEST_NAME = 100
"""Letters of a name that people give to something: with an ending it fits every file system."""

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?")


def pieces(values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The values in order, so many at a time; the last piece may be shorter.

    >>> list(pieces("abcde", 2))
    ['ab', 'cd', 'e']
    """
    for start in range(0, len(values), size):
        yield values[start : start + size]


def in_utc(at: datetime) -> datetime:
    """A time of a database that keeps no zone: it is UTC there."""
    return at if at.tzinfo else at.replace(tzinfo=UTC)


INVISIBLE = "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]"
"""Signs that nobody sees, as a pattern."""
_INVISIBLE = re.compile(INVISIBLE)


def plain_text(text: str) -> str:
    """A text in one form of its letters, without signs that nobody sees and blanks around it."""
    if text.isascii():
        return text.strip()
    return _INVISIBLE.sub("", unicodedata.normalize("NFC", text)).strip()


RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""A cell of text that begins so is taken for a formula by spreadsheets, in any script's signs."""


def plain_cell(value: Any) -> Any:
    """A cell of a CSV: text that is no number gets an apostrophe where it looks like a formula."""
    if isinstance(value, str) and value.startswith(RISKY):
        try:
            float(value)
        except ValueError:
            return "'" + value
    return value


def utc_now() -> datetime:
    """The clock of the edge; nothing below it reads one."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Window:
    """Days counted back from an as-of date, that date included; no `days` means ever."""

    days: int | None = None

    def __post_init__(self) -> None:
        if self.days is not None and self.days < 1:
            raise InputError(f"A window must be at least 1 day, not {self.days}.")

    def first_day(self, as_of: date) -> date | None:
        """The first day inside the window, or None when it has no beginning."""
        return None if self.days is None else as_of - timedelta(days=self.days - 1)

    def __str__(self) -> str:
        return "ever" if self.days is None else f"in {self.days} days"


def parse_date(text: str, *, what: str = "date") -> date:
    """A calendar date written YYYY-MM-DD."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(
            f"{what} must be a date written YYYY-MM-DD, such as 2017-01-27, not {text!r}."
        ) from None


def file_text(path: Path, *, what: str = "file") -> str:
    """The text of a file that a user wrote; a byte-order mark in front is no part of it."""
    try:
        return path.read_text("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"There is no {what} {path}.") from None
    except OSError as problem:
        raise InputError(f"{path} cannot be read: {problem.strerror}.") from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is not text in UTF-8: save it as UTF-8.") from None


def check_slug(text: str, *, what: str) -> str:
    """The text itself, when it can be a name in paths and rules on every system."""
    if len(text) > LONGEST_NAME:
        raise InputError(
            f"{what} must have at most {LONGEST_NAME} letters, not {len(text):,}: {text[:40]!r}…"
        )
    if not SLUG.fullmatch(text):
        raise InputError(
            f"{what} must be lower-case letters, digits, '-' or '_', beginning and ending with"
            f" a letter or digit, such as {slug(text) or 'shop'!r}, not {text!r}."
        )
    return text


def check_name(text: str, *, what: str) -> str:
    """The text itself, when it can be written into ledgers and names of files as it is."""
    if (
        not text.strip()
        or len(text) > LONGEST_NAME
        or not text.isprintable()
        or set(text) & set("/\\@")
    ):
        raise InputError(
            f"{what} must be 1 to {LONGEST_NAME} printable letters without '/', '\\' and '@',"
            f" not {text[:60]!r}."
        )
    return text


def slug(text: str) -> str:
    """The text as a name: lower case, accents dropped, everything else joined by '-'.

    Letters of other scripts stay ('流浪地球' is a name). Empty when nothing is left.

    >>> slug("Pet Supplies > Dogs")
    'pet-supplies-dogs'
    """
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in plain if not unicodedata.combining(c)).lower()
    return re.sub(r"[\W_]+", "-", unicodedata.normalize("NFC", plain)).strip("-")


def number(value: float) -> float | None:
    """The value, or None when there is none."""
    return float(value) if isfinite(value) else None


def as_json(value: Any) -> Any:
    """A value as JSON can say it: mappings and sequences inside, days as ISO, NumPy as Python's.

    >>> as_json({"on": date(2025, 7, 1), "of": (1, 0.5)})
    {'on': '2025-07-01', 'of': [1, 0.5]}
    """
    match value:
        case Mapping():
            return {str(k): as_json(v) for k, v in value.items()}
        case list() | tuple():
            return [as_json(v) for v in value]
        case date():
            return value.isoformat()
        case _:
            # A scalar of NumPy's, which is not imported for it: each command would wait for that.
            return value.item() if hasattr(value, "dtype") else value


def key_words(key: bytes) -> tuple[int, int]:
    """The two 32-bit words that a key stands for in `arrays.keyed_bits`."""
    digest = hashlib.sha256(key).digest()
    return int.from_bytes(digest[:4], "big"), int.from_bytes(digest[4:8], "big")


MOST_ROWS = 1_000_000


def check_rows(rows: int) -> None:
    """An error for a number of rows that no list has."""
    if not 0 <= rows <= MOST_ROWS:
        raise InputError(f"A list has 0 to {MOST_ROWS:,} rows, not {rows:,}.")
