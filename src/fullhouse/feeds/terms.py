"""What the rows of a file depend on besides the file and the feed; fixed when it is begun."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.consent import ADVERTISING, ANALYTICS, known_purposes
from fullhouse.core.settings import Settings
from fullhouse.core.tables import BEGUN
from fullhouse.feeds.feed import Feed, check_currency, check_region, check_time_zone
from fullhouse.lake import Lake

BATCH_DIGITS = 32
"""So many digits of a file's digest stand in the batch of each of its rows."""


@dataclass(frozen=True)
class Terms:
    """Settings, clock and snapshot under which a file is taken in.

    They are written down when the file is begun. A run that goes on after a crash, under other
    settings and at another time, keeps to them, and so comes to the same lake.
    """

    now: datetime
    chunk_rows: int
    time_zone: str
    currency: str
    phone_region: str
    clock_skew_minutes: int
    unknown_account: str
    accounts: int = -1
    """Version of the account table in which accounts are looked up; -1 before its first row."""
    purposes: tuple[str, ...] = (ADVERTISING, ANALYTICS)
    """What consent may be for."""
    size: int = -1
    """Bytes of the file; -1 where they were not written down."""
    head: str = ""
    """A digest of its first bytes: what may have grown from it begins with the same."""
    after: str = ""
    """The content that the file goes on from, where it is one that grew."""
    skip: int = 0
    """Rows of that content, which are in the lake already."""
    identifiers: tuple[str, ...] | None = None
    """Which raw columns are identifiers, each `column:kind`; None where it was not written down."""

    @classmethod
    def of(cls, feed: Feed, settings: Settings, *, now: datetime, accounts: int = -1) -> "Terms":
        """The terms of a feed's files that are begun now."""
        return cls(
            now=now,
            chunk_rows=settings.chunk_rows,
            time_zone=feed.time_zone
            or check_time_zone(settings.time_zone, what="Setting 'time_zone'"),
            currency=feed.currency or check_currency(settings.currency, what="Setting 'currency'"),
            phone_region=feed.phone_region
            or check_region(settings.phone_region, what="Setting 'phone_region'"),
            clock_skew_minutes=settings.clock_skew_minutes,
            unknown_account=settings.unknown_account,
            accounts=accounts,
            purposes=known_purposes(settings),
            identifiers=declared_identifiers(feed),
        )

    @property
    def latest(self) -> datetime:
        """The last moment that is not in the future."""
        return self.now + timedelta(minutes=self.clock_skew_minutes)

    def digest(self, feed: Feed, content: str) -> str:
        """What names a file's batches: its bytes, the declaration and the defaults it leans on.

        Clock, chunk size and policy are not part of it: they are kept from the first run.
        """
        parts = (content, feed.digest, self.time_zone, self.currency, self.phone_region)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def to_json(self) -> str:
        """The terms as text."""
        return json.dumps({**vars(self), "now": self.now.isoformat()})

    @classmethod
    def from_json(cls, text: str) -> "Terms":
        """The terms that a text holds."""
        fields = json.loads(text)
        for name in ("purposes", "identifiers"):
            if fields.get(name) is not None:
                fields[name] = tuple(fields[name])
        return cls(**{**fields, "now": datetime.fromisoformat(fields["now"])})


def declared_identifiers(feed: Feed) -> tuple[str, ...]:
    """The raw columns that a feed declares to be identifiers, each `column:kind`."""
    return tuple(f"{raw}:{kind}" for raw, kind in sorted(feed.identifier_columns.items()))


@dataclass(frozen=True)
class Beginning:
    """A file that is about to be taken in, under the terms of now."""

    name: str
    terms: Terms
    digest: str
    content: str


class Begun:
    """The table `begun` as far as a feed's source and kind go.

    One row is one Delta file, so reading the table for each of a year's daily files would take
    longer than the files themselves. It is read again only when others wrote to it in between.
    """

    def __init__(self, lake: Lake, feed: Feed) -> None:
        self._lake, self._feed = lake, feed
        self._version = -1
        self._terms: dict[str, dict[str, str]] = {}
        self._read()

    def begin(self, *files: Beginning) -> list[tuple[Terms, bool]]:
        """For each file the terms of its first run, and whether it has another declaration too.

        Those that are new are written down in one commit.
        """
        # Two files of the same bytes are one.
        new = {f.digest: f for f in files if f.digest not in self._terms.get(f.content, {})}
        if new:
            rows = pa.Table.from_pylist([self._row(f) for f in new.values()], schema=BEGUN.schema)
            written = self._lake.append_each(BEGUN, rows)
            following = max(self._version, 0) + 1
            if written == len(new) and self._lake.version(BEGUN) == following:
                self._version = following
                for file in new.values():
                    self._terms.setdefault(file.content, {})[file.digest] = file.terms.to_json()
            else:
                self._read()
        same = [self._terms[f.content] for f in files]
        return [
            (Terms.from_json(known[file.digest]), len(known) > 1)
            for file, known in zip(files, same, strict=True)
        ]

    def has(self, file: Beginning) -> bool:
        """Whether a file was begun before."""
        return file.digest in self._terms.get(file.content, {})

    def contents(self) -> Iterator[tuple[str, Terms]]:
        """The bytes of every file that was begun, by their digest, each with its terms."""
        for content, declared in self._terms.items():
            yield content, Terms.from_json(next(iter(declared.values())))

    def reread(self) -> None:
        """Look again, after files were retracted."""
        self._terms = {}
        self._lake = self._lake.live
        self._read()

    def _row(self, file: Beginning) -> dict[str, object]:
        return {
            "source": self._feed.source,
            "feed": self._feed.name,
            "kind": self._feed.kind,
            "digest": file.digest,
            "content": file.content,
            "file": file.name,
            "terms": file.terms.to_json(),
            "at": file.terms.now,
            "batch": file.digest,
        }

    def _read(self) -> None:
        version = self._lake.version(BEGUN)
        if version is None:
            return
        same_feed = (pc.field("source") == self._feed.source) & (
            pc.field("kind") == self._feed.kind
        )
        names = ["content", "digest", "terms"]
        rows = self._lake.read(BEGUN, columns=names, where=same_feed, version=version)
        self._version, self._terms = version, {}
        for content, digest, terms in zip(*(rows[n].to_pylist() for n in names), strict=True):
            self._terms.setdefault(content, {})[digest] = terms
