"""What became of the rows that were read."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class FileReport:
    """One file: rows read = written + known + quarantined, all of this run.

    Rows that an earlier run wrote are known. `invalid_identifiers` counts those that could not
    be normalised, by kind; they are not stored.
    """

    file: str
    read: int
    written: int
    known: int
    quarantined: Mapping[str, int] = field(default_factory=dict)
    invalid_identifiers: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """All files of one ingest."""

    feed: str
    files: tuple[FileReport, ...]

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
            "quarantined": self.quarantined,
            "files": [dict(vars(f)) for f in self.files],
        }
