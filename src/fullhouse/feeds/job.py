"""A file on its way into the lake: what is known of it, of a chunk of it, and of its rows."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from fullhouse.control.suppression import Suppression
from fullhouse.feeds.event_ids import EventIds, Identified
from fullhouse.feeds.feed import Feed
from fullhouse.feeds.identify import Hasher
from fullhouse.feeds.piece import Chunk
from fullhouse.feeds.terms import BATCH_DIGITS, Terms


@dataclass(frozen=True)
class Refusal:
    """A row that the lake does not take: why, and for which of its columns."""

    row: int
    reason: str
    target: str


@dataclass(frozen=True)
class Mapped:
    """Rows with all columns of the feed's table but `batch`, and `__row`; and the refused ones.

    `accounts` has the account of each refused row that names one.
    """

    rows: pa.Table
    refused: tuple[Refusal, ...]
    accounts: Mapping[int, str] = field(default_factory=dict)
    refusals: pa.Table | None = None
    """Of a consent feed, the refused rows as far as they could be read, with `__row`."""
    dropped: Mapping[str, int] = field(default_factory=dict)
    """Values that cannot be and were left out of rows that stay, by column."""


@dataclass(frozen=True)
class Job:
    """A file on its way into the lake."""

    feed: Feed
    terms: Terms
    hasher: Hasher
    file: str
    digest: str
    content: str
    by_id: bool
    """Whether each row's event id is looked up in the lake."""
    suppression: Suppression | None = None
    """Accounts that were erased: their rows are counted and not written."""
    event_ids: EventIds | None = None
    """Which event ids the lake may have; None to look into the lake each time."""
    identified: Identified | None = None
    """The identifiers that the file has written already; None to write those of each chunk."""
    collected: bool = False
    """Whether its rows are of the collector: identifiers are digests already, and a row is known
    by its event id alone, since what is sent again is received at another time."""
    was_begun: bool = False
    """Whether an earlier run has begun it, and perhaps written some of its chunks."""

    @property
    def batches(self) -> str:
        """What the batches of the file's chunks begin with."""
        return f"{self.digest[:BATCH_DIGITS]}:"

    def batch(self, number: int) -> str:
        """The batch of a chunk."""
        return f"{self.batches}{number}"


@dataclass(frozen=True)
class Ready:
    """A chunk that was mapped: rows to write, refusals, and the raw rows behind (hashed)."""

    chunk: Chunk
    raw: pa.Table
    rows: pa.Table
    refused: tuple[Refusal, ...]
    invalid: dict[str, int]
    accounts: Mapping[int, str] = field(default_factory=dict)
    refusals: pa.Table | None = None
    dropped: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Tally:
    """What became of rows: in this run, and (`taken`) in all runs of this file."""

    read: int = 0
    written: int = 0
    known: int = 0
    taken: int = 0
    suppressed: int = 0
    refusals: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    invalid: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Tally") -> None:
        """Add another tally to this one."""
        self.read += other.read
        self.written += other.written
        self.known += other.known
        self.taken += other.taken
        self.suppressed += other.suppressed
        self.refusals += other.refusals
        self.quarantined.update(other.quarantined)
        self.invalid.update(other.invalid)
        self.dropped.update(other.dropped)
