"""Which files were begun, under which terms: read once for an ingest of many files."""

import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.events.feed import Feed
from fullhouse.events.terms import Terms
from fullhouse.lake import Lake
from fullhouse.tables import BEGUN


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

    def begin(self, file: str, terms: Terms, *, digest: str, content: str) -> tuple[Terms, bool]:
        """The terms of the file's first run, and whether it came in otherwise declared too."""
        written = terms.to_json()
        row = {
            "source": self._feed.source,
            "feed": self._feed.name,
            "kind": self._feed.kind,
            "digest": digest,
            "content": content,
            "file": file,
            "terms": written,
            "at": terms.now,
            "batch": digest,
        }
        if digest not in self._terms.get(content, {}):
            rows = pa.Table.from_pylist([row], schema=BEGUN.schema)
            new = self._lake.append(BEGUN, rows, batch=digest)
            if new and self._lake.version(BEGUN) == max(self._version, 0) + 1:
                self._version = max(self._version, 0) + 1
                self._terms.setdefault(content, {})[digest] = written
            else:
                self._read()
        same = self._terms[content]
        return Terms.from_json(same[digest]), len(same) > 1

    def _read(self) -> None:
        version = self._lake.version(BEGUN)
        if version is None:
            return
        mine = (pc.field("source") == self._feed.source) & (pc.field("kind") == self._feed.kind)
        names = ["content", "digest", "terms"]
        found = self._lake.read(BEGUN, columns=names, where=mine, version=version)
        self._version, self._terms = version, {}
        for content, digest, terms in zip(*(found[n].to_pylist() for n in names), strict=True):
            self._terms.setdefault(content, {})[digest] = terms
