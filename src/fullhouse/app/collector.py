"""The collector of a workspace: sources and write keys, moving events into the lake, status."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from fullhouse import control
from fullhouse.app.feeds import check_simulated
from fullhouse.app.use_case import use_case
from fullhouse.control import collector as stored
from fullhouse.control.collector import DeclaredFeed, WriteKey
from fullhouse.control.suppression import Suppression
from fullhouse.core.brief import Brief
from fullhouse.core.errors import InputError
from fullhouse.core.request import request
from fullhouse.core.tables import ACTIVITY, QUARANTINE
from fullhouse.core.values import check_slug, file_text
from fullhouse.feeds import wal
from fullhouse.feeds.check import check_lines
from fullhouse.feeds.collected import (
    Rule,
    Rules,
    check_feeds,
    standard_feeds,
)
from fullhouse.feeds.feed import LIBRARY, Feed
from fullhouse.feeds.identify import Hasher
from fullhouse.feeds.move import Moved, move
from fullhouse.feeds.terms import Terms
from fullhouse.workspace.context import Context


@request
class DeclareSource:
    """A source whose events the collector shall take, through feeds of its own or standard ones."""

    source: str
    feeds: tuple[Path, ...] = ()


@request
class EnableSource:
    """A declared source whose events shall be taken, or refused for now."""

    source: str
    enabled: bool = True


@request
class ShowCollectorFeeds:
    """The feeds through which a source's events come in."""

    source: str


@request
class NewWriteKey:
    """A new write key of a source, with a word on who has it."""

    source: str
    label: str = ""


@request
class RevokeWriteKey:
    """A write key, by its id, that shall not be accepted any more."""

    id: str


@request
class FlushCollector:
    """Move what was collected until now into the lake, also from segments still written to."""

    wait_seconds: float = 10.0


@request
class MoveCollected:
    """Move sealed segments into the lake; what is still written to stays for the next time."""


@request
class CheckCollected:
    """Messages as the collector would write them: what would become of each; writes nothing."""

    messages: tuple[bytes, ...]


@dataclass(frozen=True)
class MadeWriteKey(Brief):
    """A write key in clear, which is stored nowhere, and what is stored of it."""

    key: str
    stored: WriteKey


@dataclass(frozen=True)
class CollectedRow(Brief):
    """What a message would become in one feed: a row, or a reason why not."""

    message: int
    feed: str
    kind: str
    row: Mapping[str, Any] | None
    reason: str | None = None
    detail: str | None = None


@dataclass(frozen=True)
class LibraryFaults:
    """What a version of a client library sent of a source, and what of it was refused and why.

    A message is refused once in each feed that takes it. Columns say what the reason is about.
    """

    source: str
    library: str
    version: str
    messages: int
    last_at: datetime | None
    refused: Mapping[str, int] = field(default_factory=dict)
    """Reason and column, such as `missing_required account`, and how often."""


@dataclass(frozen=True)
class CollectorStatus(Brief):
    """The collector: sources, what waits, what was dropped, what clients get wrong."""

    folder: str
    sources: Mapping[str, bool]
    waiting_segments: int
    waiting_bytes: int
    oldest_waiting_seconds: float
    dropped: Mapping[tuple[str, str], int]
    libraries: tuple[LibraryFaults, ...]


@dataclass(frozen=True)
class DoorFacts:
    """What the collector needs to take messages: the sources by name, and whose each key is."""

    sources: Mapping[str, Rules]
    enabled: Mapping[str, bool]
    keys: Mapping[str, str]
    hashers: Mapping[str, Hasher]


@use_case
def collector_declare(context: Context, request: DeclareSource) -> tuple[Feed, ...]:
    """The feeds through which a source's events come in from now on."""
    control.check_writable(context.control)
    source = check_slug(request.source, what="The source's name")
    if request.feeds:
        texts = {path.stem: _text(path) for path in request.feeds}
        if len(texts) < len(request.feeds):
            raise InputError("Two of the feeds have one name; their files' names must differ.")
        own = {name: Feed.parse(text, name=name) for name, text in texts.items()}
        if not any(feed.kind == "activity" for feed in own.values()):
            name = f"{source}-activity"
            texts[name] = standard_feeds(source, simulated=context.settings.simulated)[name]
    else:
        texts = standard_feeds(source, simulated=context.settings.simulated)
    feeds = [check_simulated(context, Feed.parse(t, name=n)) for n, t in texts.items()]
    check_feeds(source, feeds)
    stored.declare_source(context.control, source, texts)
    control.record(context.control, "collector.declare", {"source": source, "feeds": sorted(texts)})
    return tuple(feeds)


@use_case
def collector_enable(context: Context, request: EnableSource) -> None:
    """Take the source's events from now on, or answer 404 to them."""
    stored.enable_source(context.control, request.source, enabled=request.enabled)
    detail: dict[str, object] = {"source": request.source, "enabled": request.enabled}
    control.record(context.control, "collector.enable", detail)


@use_case
def collector_feeds(context: Context, request: ShowCollectorFeeds) -> tuple[DeclaredFeed, ...]:
    """The feeds of a source as they were declared."""
    stored.check_source(context.control, request.source)
    feeds = stored.declared(context.control).feeds
    return tuple(f for f in feeds if f.source == request.source)


@use_case
def collector_key(context: Context, request: NewWriteKey) -> MadeWriteKey:
    """A new write key; it is told this once."""
    key, made = stored.new_write_key(context.control, request.source, request.label)
    control.record(context.control, "collector.key", {"source": made.source, "id": made.id})
    return MadeWriteKey(key, made)


@use_case
def collector_keys(context: Context) -> tuple[WriteKey, ...]:
    """Every write key without its secret, the oldest first."""
    return tuple(stored.write_keys(context.control))


@use_case
def collector_revoke(context: Context, request: RevokeWriteKey) -> WriteKey:
    """The key, which the collector refuses from the next second on."""
    key = stored.revoke_write_key(context.control, request.id)
    control.record(context.control, "collector.revoke", {"source": key.source, "id": key.id})
    return key


@use_case
def collector_flush(context: Context, request: FlushCollector | None = None) -> Moved:
    """What became of all that was answered until now: it is in the lake."""
    wal.ask_to_seal(
        collector_folder(context), wait_seconds=(request or FlushCollector()).wait_seconds
    )
    return _move(context)


@use_case
def collector_move(context: Context, _: MoveCollected | None = None) -> Moved:
    """What became of the sealed segments."""
    return _move(context)


@use_case
def collector_check(context: Context, request: CheckCollected) -> tuple[CollectedRow, ...]:
    """What each message would become, by message; what only the lake knows is not looked up."""
    lines: dict[int, list[tuple[int, bytes]]] = {}
    results: list[CollectedRow] = []
    for place, message in enumerate(request.messages):
        for line in message.splitlines():
            numbers, _, row = line.partition(b"\t")
            if not numbers.strip(b"0123456789,"):
                for number in numbers.split(b","):
                    lines.setdefault(int(number), []).append((place, row))
                continue
            why = json.loads(row)
            results.append(
                CollectedRow(place, "collector", "message", None, why["reason"], why.get("detail"))
            )
    for feed_number, feed in _feeds(context, set(lines)).items():
        places = [place for place, _ in lines[feed_number]]
        rows = [row for _, row in lines[feed_number]]
        good, refused = check_lines(
            feed, rows, key=context.key, settings=context.settings, now=context.now
        )
        for mapped in good:
            place = places[mapped.pop("row") - 1]
            results.append(CollectedRow(place, feed.name, feed.kind, mapped))
        for bad in refused:
            place, why = places[bad["row"] - 1], (bad["reason"], bad["detail"])
            results.append(CollectedRow(place, feed.name, feed.kind, None, *why))
    return tuple(sorted(results, key=lambda r: (r.message, r.feed)))


@use_case
def collector_status(context: Context) -> CollectorStatus:
    """How the collector is, and what each client library version gets wrong."""
    folder = collector_folder(context)
    segments = [*folder.glob(f"*{wal.OPEN}"), *folder.glob(f"*{wal.SEALED}")]
    oldest = min((int(s.name.split("-")[0]) / 1e6 for s in segments), default=None)
    age = 0.0 if oldest is None else max(0.0, context.now.timestamp() - oldest)
    return CollectorStatus(
        str(folder),
        dict(stored.declared(context.control).sources),
        len(segments),
        wal.waiting_bytes(folder),
        age,
        stored.dropped(context.control),
        _library_faults(context),
    )


def empty_collector(context: Context) -> None:
    """Move what the collector holds, if it holds anything, so that an erasure meets it."""
    place = context.place.join(context.settings.collector)
    if place.is_local and wal.waiting_bytes(place.path):
        wal.ask_to_seal(place.path)
        _move(context)


def collector_folder(context: Context) -> Path:
    """Where the write-ahead log is; an error where that is no folder."""
    place = context.place.join(context.settings.collector)
    if not place.is_local:
        raise InputError(
            "The collector's write-ahead log needs a disk: set 'collector'"
            " (FULLHOUSE_COLLECTOR) to a folder of this machine."
        )
    return place.path


def collector_door(context: Context) -> DoorFacts:
    """Sources, keys and feeds as they are now: the collector asks every second."""
    declared = stored.declared(context.control)
    rules: dict[str, list[Rule]] = {}
    for row in declared.feeds:
        rules.setdefault(row.source, []).append(Rule(row.number, _feed(row.name, row.toml)))
    sources = {source: Rules(source, some) for source, some in rules.items()}
    hashers = {s: _hasher(context, r) for s, r in sources.items()}
    return DoorFacts(sources, declared.sources, declared.keys, hashers)


def collector_suppression(context: Context) -> Suppression:
    """Who was erased, and is not taken in again."""
    return Suppression(context.control, context.key)


def _hasher(context: Context, rules: Rules) -> Hasher:
    feed = rules.rules[0].feed
    terms = Terms.of(feed, context.settings, now=context.now)
    return Hasher(context.key, terms.phone_region)


def _move(context: Context) -> Moved:
    control.check_writable(context.control)
    moved = move(
        collector_folder(context),
        context.lake,
        lambda numbers: _feeds(context, numbers),
        lambda segment, counts: stored.count_dropped(context.control, segment, counts),
        key=context.key,
        settings=context.settings,
        now=context.now,
        suppression=collector_suppression(context),
    )
    if moved.written or moved.refused:
        detail: dict[str, object] = {
            "segments": moved.segments, "messages": moved.messages, "written": moved.written,
        }  # fmt: skip
        control.record(context.control, "collector.move", detail)
    return moved


def _feeds(context: Context, numbers: set[int]) -> dict[int, Feed]:
    rows = stored.feeds_numbered(context.control, numbers)
    return {n: _feed(row.name, row.toml) for n, row in rows.items()}


@lru_cache(maxsize=1_000)
def _feed(name: str, toml: str) -> Feed:
    """A declared feed; the collector asks for the same ones every second."""
    return Feed.parse(toml, name=name)


def _library_faults(context: Context) -> tuple[LibraryFaults, ...]:
    engine = context.engine
    sent: dict[tuple[str, str, str], tuple[int, datetime | None]] = {}
    snapshot = context.lake.snapshot(ACTIVITY)
    if snapshot.uris:
        activity = engine.scan(snapshot)
        by = activity.group_by("source", "library", "library_version")
        counted = by.agg(rows=activity.count(), last=activity["received_at"].max())
        for row in engine.arrow(counted).to_pylist():
            key = (row["source"], row["library"] or "", row["library_version"] or "")
            sent[key] = row["rows"], row["last"]
    faults: dict[tuple[str, str, str], Counter[str]] = {}
    collected = set(stored.declared(context.control).sources)
    snapshot = context.lake.snapshot(QUARANTINE)
    if snapshot.uris:
        refused = engine.scan(snapshot)
        rows = engine.arrow(refused.select("source", "file", "reason", "detail", "raw"))
        for row in rows.to_pylist():
            if row["source"] not in collected:
                continue
            raw = json.loads(row["raw"])
            if not set(LIBRARY) <= set(raw):
                continue
            key = (row["source"], *(str(raw[name] or "") for name in LIBRARY))
            column = row["detail"].partition(":")[0]
            faults.setdefault(key, Counter())[f"{row['reason']} {column}"] += 1
    return tuple(
        LibraryFaults(
            *key, *sent.get(key, (0, None)), dict(faults.get(key, Counter()).most_common())
        )
        for key in sorted(sent.keys() | faults.keys())
    )


def _text(path: Path) -> str:
    Feed.load(path)  # says what is wrong with the file
    return file_text(path)
