"""Which files were begun, under which terms: read once for an ingest of many files."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.core.tables import BEGUN
from fullhouse.feeds.feed import Feed
from fullhouse.feeds.terms import Terms
from fullhouse.lake import Lake


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
        """For each file the terms of its first run, and whether it came in otherwise declared too.

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
        mine = (pc.field("source") == self._feed.source) & (pc.field("kind") == self._feed.kind)
        names = ["content", "digest", "terms"]
        found = self._lake.read(BEGUN, columns=names, where=mine, version=version)
        self._version, self._terms = version, {}
        for content, digest, terms in zip(*(found[n].to_pylist() for n in names), strict=True):
            self._terms.setdefault(content, {})[digest] = terms
