"""The table versions that one use reads: fixed at its first look, moved by what it writes."""

import os
from collections.abc import Callable, Iterable, Mapping
from threading import RLock
from typing import Any

from deltalake import DeltaTable

from fullhouse.core.cache import Cache

ABSENT = -1
"""The version of a table before its first write."""

LOOKS = 5
"""How often the versions of all tables are listed until two lists in a row are the same."""

OPENED_BYTES = 1 << 28
_FILE_BYTES = 2_000
"""About what an open table holds in memory for each of its files."""


class OpenTables:
    """Tables that this process has open at a version, for whoever reads it next."""

    def __init__(self) -> None:
        self._cache: Cache[DeltaTable] = Cache(OPENED_BYTES)
        self._newest: dict[str, DeltaTable] = {}
        self._lock = RLock()

    def at(self, uri: str, version: int) -> DeltaTable:
        """A table at a version; it must not be moved to another one."""
        return self._cache.compute(
            (uri, version),
            lambda: DeltaTable(uri, version=version),
            lambda delta: _FILE_BYTES * (1 + len(delta.file_uris())),
        )

    def take_newest(self, uri: str) -> DeltaTable | None:
        """A table at its newest version, for one writer alone; None when none was given back.

        Reading what was committed since takes a fraction of opening it from its first commit on.
        """
        with self._lock:
            delta = self._newest.pop(uri, None)
        if delta is not None:
            delta.update_incremental()
        return delta

    def give_back(self, uri: str, delta: DeltaTable) -> None:
        """Hold a table that was just written for the next writer."""
        with self._lock:
            self._newest[uri] = delta


class Pins:
    """What version of each table one use reads, and which tables it has read."""

    def __init__(self) -> None:
        self._fixed: dict[str, int] = {}
        self._read: set[str] = set()
        self._lock = RLock()

    @property
    def versions(self) -> dict[str, int]:
        """Each table that was read, with the version that was read; -1 before its first write."""
        with self._lock:
            return {name: self._fixed[name] for name in sorted(self._read)}

    def version(
        self, table: str, newest: Callable[[], Mapping[str, int]], *, reading: bool = True
    ) -> int:
        """The version of a table; `newest` looks when it was not fixed before.

        A table counts as read unless `reading` is false.
        """
        with self._lock:
            if table not in self._fixed:
                for name, version in newest().items():
                    self._fixed.setdefault(name, version)
            if reading:
                self._read.add(table)
            return self._fixed[table]

    def move(self, table: str, version: int) -> None:
        """Read a table from now on as this use itself wrote it."""
        with self._lock:
            self._fixed[table] = max(version, self._fixed.get(table, ABSENT))

    def mark_read(self, tables: Iterable[str]) -> None:
        """Count tables as read whose rows came by way of a stored result."""
        with self._lock:
            self._read |= set(tables)


def newest_versions(folder: str, tables: Iterable[str]) -> dict[str, int]:
    """The newest version of all tables in a local folder, as they stood together at one moment.

    By the names of their log files, which takes microseconds a table. Two lists in a row that
    agree are one moment; where others write all the time, the last list counts.
    """
    names = list(tables)
    before = {name: _newest(f"{folder}/{name}/_delta_log") for name in names}
    for _ in range(LOOKS):
        now = {name: _newest(f"{folder}/{name}/_delta_log") for name in names}
        if now == before:
            break
        before = now
    return before


def _newest(log: str) -> int:
    try:
        files: Any = os.listdir(log)
    except (FileNotFoundError, NotADirectoryError):
        return ABSENT
    return max((int(f[:20]) for f in files if f[20:] == ".json" and f[:20].isdigit()), default=-1)
