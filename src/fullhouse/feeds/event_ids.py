"""Which values a source's rows in the lake may hold already, without reading them again and again.

Hashes of 64 bits are kept on disk while an ingest runs. Two values that share one are a matter of
chance: 1 in 10,000 among 40 million identifiers of a file, one of which would then be missing.
"""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from fullhouse.core.tables import Snapshot
from fullhouse.engine import DuckDBEngine
from fullhouse.engine.raw import row_hashes, scanned_hashes
from fullhouse.feeds.hashes import Hashes

PLAIN_LOOKS = 3
"""So many looks into the lake cost less than hashing all its ids and writing them down."""
_KEY = ("account", "kind", "digest")


class EventIds:
    """Event ids of a source in the lake: files of a table are read once in an ingest.

    It may know ids that are gone meanwhile, and never lacks one that is there, so that whoever
    finds an id here looks into the lake for it.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._hashes = Hashes(folder)
        self._files: set[str] = set()
        self._looks = 0

    def maybe(
        self, engine: DuckDBEngine, existing: Snapshot, ids: pa.ChunkedArray
    ) -> pa.ChunkedArray:
        """Those of some ids that the lake may have."""
        self._looks += 1
        if self._looks <= PLAIN_LOOKS:
            return ids
        new = tuple(uri for uri in existing.uris if uri not in self._files)
        if new:
            of_new = engine.scan(replace(existing, uris=new))
            for hashes in scanned_hashes(engine, of_new, ["event_id"]):
                self._hashes.add(hashes)
            self._files.update(new)
        wanted = row_hashes(engine, pa.table({"event_id": ids}), ["event_id"])
        return ids.filter(pa.array(self._hashes.inside(wanted)))


class Identified:
    """The identifiers that a file has written so far, each once per account and value."""

    def __init__(self, folder: Path) -> None:
        self._hashes = Hashes(folder)

    def load(self, engine: DuckDBEngine, existing: Snapshot, batches: str) -> None:
        """Take in what an earlier run wrote: rows whose batch begins with some letters."""
        if not existing.uris:
            return
        rows = engine.scan(existing)
        of_file = rows.filter(rows["batch"].startswith(batches))
        for hashes in scanned_hashes(engine, of_file, _KEY):
            self._hashes.add(hashes)

    def new(self, engine: DuckDBEngine, named: pa.Table) -> pa.Table:
        """The identifiers that were not written yet; from now on they are."""
        hashes = row_hashes(engine, named, _KEY)
        fresh = ~self._hashes.inside(hashes)
        self._hashes.add(hashes[fresh])
        return named.filter(pa.array(fresh))
