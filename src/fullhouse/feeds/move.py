"""From the collector's write-ahead log into the lake: each message once, whatever happens.

A segment never changes, so the files that are made of it are the same at each try; what a run that
died has written of them is known again. A segment goes when all of it is in the lake.
"""

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from fullhouse.control.suppression import Suppression
from fullhouse.core.brief import Brief
from fullhouse.core.settings import Settings
from fullhouse.core.tables import ACTIVITY, BEGUN, QUARANTINE
from fullhouse.engine import DuckDBEngine
from fullhouse.engine.raw import held
from fullhouse.feeds import wal
from fullhouse.feeds.collected import DROPPED, REFUSED
from fullhouse.feeds.commit import of_source
from fullhouse.feeds.feed import Feed
from fullhouse.feeds.files import File
from fullhouse.feeds.ingest import MEMORY, ingest
from fullhouse.feeds.report import IngestReport
from fullhouse.feeds.terms import BATCH_DIGITS
from fullhouse.lake import Lake

MOST = 256 << 20
"""Bytes of segments that are moved together."""


@dataclass(frozen=True)
class Moved(Brief):
    """What became of some segments' messages, by feed and together."""

    segments: int = 0
    messages: int = 0
    refused: int = 0
    """Messages that no feed could read, in quarantine."""
    dropped: Mapping[str, int] = field(default_factory=dict)
    """Messages that were dropped at the door, by reason."""
    feeds: tuple[IngestReport, ...] = ()

    @property
    def written(self) -> int:
        """Rows written, of all feeds."""
        return sum(f.written for f in self.feeds)

    def plus(self, other: "Moved") -> "Moved":
        """Both together."""
        return Moved(
            self.segments + other.segments,
            self.messages + other.messages,
            self.refused + other.refused,
            dict(Counter(self.dropped) + Counter(other.dropped)),
            (*self.feeds, *other.feeds),
        )


@dataclass(frozen=True)
class _Mover:
    lake: Lake
    key: bytes
    settings: Settings
    now: datetime
    suppression: Suppression | None
    count_dropped: Callable[[str, Mapping[tuple[str, str], int]], None]


def move(
    folder: Path,
    lake: Lake,
    feeds: Callable[[set[int]], Mapping[int, Feed]],
    count_dropped: Callable[[str, Mapping[tuple[str, str], int]], None],
    *,
    key: bytes,
    settings: Settings,
    now: datetime,
    suppression: Suppression | None = None,
) -> Moved:
    """Take every sealed segment of a folder into the lake; one that died half moved is continued.

    `feeds` gives the feeds that lines name by number, `count_dropped` writes down once for each
    segment how many messages were dropped at the door.
    """
    mover = _Mover(lake, key, settings, now, suppression, count_dropped)
    total = Moved()
    with wal.moving(folder):
        for group in _groups(wal.sealed(folder)):
            total = total.plus(_move_group(mover, folder / "moving", group, feeds))
    return total


def _groups(segments: Iterable[Path]) -> list[list[Path]]:
    groups: list[list[Path]] = []
    size = MOST
    for segment in segments:
        own = segment.stat().st_size
        if size + own > MOST:
            groups.append([])
            size = 0
        groups[-1].append(segment)
        size += own
    return groups


def _move_group(
    mover: _Mover,
    scratch: Path,
    segments: Sequence[Path],
    feeds: Callable[[set[int]], Mapping[int, Feed]],
) -> Moved:
    shutil.rmtree(scratch, ignore_errors=True)
    lines: dict[int, dict[str, list[bytes]]] = {}
    refused = messages = 0
    dropped: Counter[str] = Counter()
    for segment in segments:
        read = _Segment(segment)
        for number, rows in read.rows.items():
            lines.setdefault(number, {})[segment.stem] = rows
        messages += read.messages
        refused += _quarantine(mover, segment.stem, read.refused)
        counts = Counter((d["source"], d["reason"]) for d in read.dropped)
        if counts:
            mover.count_dropped(segment.stem, counts)
            for (_, reason), count in counts.items():
                dropped[reason] += count
    named = feeds(set(lines))
    reports = []
    # Accounts first: where events of unknown ones are refused, the account comes with its event.
    for number in sorted(lines, key=lambda n: (named[n].is_event, n)):
        feed, of_segments = named[number], lines.pop(number)
        if not feed.is_event:
            of_segments = _unknown_only(mover, feed, of_segments)
        files = _written(scratch / str(number), of_segments)
        if files:
            reports.append(
                ingest(
                    mover.lake, feed, files, key=mover.key, settings=mover.settings,
                    now=mover.now, suppression=mover.suppression, collected=True,
                )
            )  # fmt: skip
    for segment in segments:
        segment.unlink()
    shutil.rmtree(scratch, ignore_errors=True)
    return Moved(len(segments), messages, refused, dropped, tuple(reports))


class _Segment:
    """The lines of a segment: rows by feed, refused messages, dropped ones."""

    def __init__(self, path: Path) -> None:
        self.rows: dict[int, list[bytes]] = {}
        self.refused: list[dict[str, Any]] = []
        self.dropped: list[dict[str, Any]] = []
        self.messages = 0
        for record in wal.records(path.read_bytes()):
            for line in record.splitlines():
                numbers, _, row = line.partition(b"\t")
                self.messages += 1
                if numbers == REFUSED:
                    self.refused.append(json.loads(row))
                elif numbers == DROPPED:
                    self.dropped.append(json.loads(row))
                else:
                    for number in numbers.split(b","):
                        self.rows.setdefault(int(number), []).append(row)


def _written(folder: Path, lines: Mapping[str, Sequence[bytes]]) -> list[File]:
    folder.mkdir(parents=True, mode=0o700)
    files = []
    for segment, rows in lines.items():
        if rows:
            path = folder / f"{segment}.jsonl"
            path.write_bytes(b"\n".join(rows) + b"\n")
            files.append(File(str(path)))
    return files


def _unknown_only(
    mover: _Mover, feed: Feed, lines: Mapping[str, Sequence[bytes]]
) -> dict[str, list[bytes]]:
    """The lines of messages that the lake does not know yet, each once.

    Rows of accounts and things have no event id of their own, so that the activity that each
    message is as well tells whether it came before. What this very segment wrote does not count: a
    run that goes on after a crash comes to the same lines.
    """
    ids = {s: [json.loads(row).get("messageId") for row in rows] for s, rows in lines.items()}
    known = _known(mover, feed.source, set(lines), {i for some in ids.values() for i in some})
    left: dict[str, list[bytes]] = {}
    for segment, rows in lines.items():
        for row, id_ in zip(rows, ids[segment], strict=True):
            if id_ not in known:
                known.add(id_)
                left.setdefault(segment, []).append(row)
    return left


def _known(mover: _Mover, source: str, segments: set[str], ids: set[str | None]) -> set[str | None]:
    lake = mover.lake.live
    activity = of_source(lake.snapshot(ACTIVITY), source)
    if not activity.uris:
        return set()
    names = pa.array([f"{s}.jsonl" for s in segments])
    own = lake.read(BEGUN, columns=["batch"], where=pc.field("file").isin(names))["batch"]
    batches = pa.array([b[:BATCH_DIGITS] for b in own.to_pylist()], pa.string())
    wanted = pa.table({"event_id": pa.array(sorted(i for i in ids if i), pa.string())})
    threads = mover.settings.threads
    with (
        DuckDBEngine(memory_limit=MEMORY, threads=threads) as engine,
        held(engine, wanted) as looked_for,
    ):
        rows = engine.scan(activity).select("event_id", "batch")
        there = engine.arrow(rows.semi_join(looked_for, "event_id"))
    before = pc.invert(pc.is_in(pc.utf8_slice_codeunits(there["batch"], 0, BATCH_DIGITS), batches))
    return set(there["event_id"].filter(before).to_pylist())


def _quarantine(mover: _Mover, segment: str, refused: Sequence[Mapping[str, Any]]) -> int:
    """Write the messages of a segment that no feed could read, one commit of their own."""
    if not refused:
        return 0
    batch = f"{segment}:refused"
    rows = [
        {
            "source": message["source"], "feed": "collector", "kind": "message",
            "file": f"{segment}.jsonl", "row": number, "reason": message["reason"],
            "detail": message["detail"], "raw": json.dumps(message["raw"], ensure_ascii=False),
            "at": datetime.fromisoformat(message["at"]), "batch": batch,
        }
        for number, message in enumerate(refused, start=1)
    ]  # fmt: skip
    table = pa.Table.from_pylist(rows, schema=QUARANTINE.schema)
    mover.lake.append(QUARANTINE, table, batch=batch)
    return len(rows)
