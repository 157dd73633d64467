"""Results of a check of files, and what became of the rows of an ingest."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from fullhouse.core.brief import Brief
from fullhouse.core.values import as_json
from fullhouse.feeds.gaming import GamingSign


@dataclass(frozen=True)
class FileReport:
    """One file: rows read = written + known + quarantined + suppressed, all of this run.

    Rows that an earlier run wrote are known; suppressed are those of accounts that were erased.
    `invalid_identifiers` counts those that could not be normalised, by kind; they are not stored.
    """

    file: str
    read: int
    written: int
    known: int
    quarantined: Mapping[str, int] = field(default_factory=dict)
    invalid_identifiers: Mapping[str, int] = field(default_factory=dict)
    suppressed: int = 0
    refusals: int = 0
    """Refused rows of a consent feed that count as refusals all the same, one for each purpose."""
    dropped_values: Mapping[str, int] = field(default_factory=dict)
    """Ages that nobody can have, left out of rows that are in the lake, by column."""


@dataclass(frozen=True)
class IngestReport(Brief):
    """All files of one ingest."""

    feed: str
    files: tuple[FileReport, ...]
    refused_percent: int = 100
    """Percent of a file's rows that the house lets be refused."""
    gaming: tuple[GamingSign, ...] = ()
    """Signs of gaming among the rows written."""

    @property
    def too_many_refused(self) -> tuple[str, ...]:
        """The files of which more rows were refused than the house lets be."""
        return tuple(
            f.file
            for f in self.files
            if 100 * sum(f.quarantined.values()) > self.refused_percent * f.read
        )

    @property
    def read(self) -> int:
        """Rows read."""
        return sum(f.read for f in self.files)

    @property
    def written(self) -> int:
        """Rows written."""
        return sum(f.written for f in self.files)

    @property
    def known(self) -> int:
        """Rows that were in the lake already."""
        return sum(f.known for f in self.files)

    @property
    def suppressed(self) -> int:
        """Rows of accounts that were erased, written nowhere."""
        return sum(f.suppressed for f in self.files)

    @property
    def refusals(self) -> int:
        """Refusals of consent that could not be taken as they were, and count."""
        return sum(f.refusals for f in self.files)

    @property
    def quarantined(self) -> dict[str, int]:
        """Rows refused, by reason, the most frequent first."""
        total: Counter[str] = Counter()
        for file in self.files:
            total.update(file.quarantined)
        return dict(total.most_common())

    def to_dict(self) -> dict[str, Any]:
        """The report for programs."""
        return {
            "feed": self.feed,
            "read": self.read,
            "written": self.written,
            "known": self.known,
            "suppressed": self.suppressed,
            "quarantined": self.quarantined,
            "refusals": self.refusals,
            "too_many_refused": list(self.too_many_refused),
            "gaming": as_json([vars(s) for s in self.gaming]),
            "files": [dict(vars(f)) for f in self.files],
        }


@dataclass(frozen=True)
class FeedNote:
    """Something to know of a feed or a file that is no fault: a code and its facts."""

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FileCheck:
    """The first rows of a file under a feed.

    `problems` are (row, reason, detail); `error` says why the file cannot be read at all.
    """

    file: str
    read: int = 0
    good: int = 0
    refused: dict[str, int] | None = None
    problems: tuple[tuple[int, str, str], ...] = ()
    invalid_identifiers: dict[str, int] | None = None
    dropped_values: dict[str, int] | None = None
    error: str | None = None


@dataclass(frozen=True)
class FeedCheck(Brief):
    """The result of a check: each file, the first mapped rows of all, and notes."""

    feed: str
    kind: str
    files: tuple[FileCheck, ...]
    rows: pa.Table
    notes: tuple[FeedNote, ...]

    @property
    def ok(self) -> bool:
        """Whether every file can be read, holds rows, and every row looked at would be taken."""
        return all(f.error is None and f.read and not f.refused for f in self.files)

    def to_dict(self) -> dict[str, Any]:
        """The check for programs."""
        return {
            "feed": self.feed,
            "kind": self.kind,
            "ok": self.ok,
            "files": [dict(vars(f)) for f in self.files],
            "rows": self.rows.to_pylist(),
            "notes": [{"code": n.code, "facts": dict(n.facts)} for n in self.notes],
        }
