"""Feeds of a workspace: check, ingest, and what was refused."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fullhouse import control, feeds
from fullhouse.app.use_case import use_case
from fullhouse.control.suppression import Suppression
from fullhouse.core.brief import Brief
from fullhouse.core.errors import InputError
from fullhouse.core.request import request
from fullhouse.core.tables import BEGUN, FEED_TABLES, IDENTIFIER, INGESTED, QUARANTINE
from fullhouse.core.values import check_rows
from fullhouse.feeds import Feed, FeedCheck, IngestReport
from fullhouse.feeds.find_gaming import TABLES as GAMED
from fullhouse.feeds.find_gaming import gaming_signs
from fullhouse.feeds.retract import (
    LedgerFile,
    Retraction,
    files_named,
    finish_broken_off,
    ledger,
    retract,
)
from fullhouse.feeds.retract import count as count_rows
from fullhouse.feeds.retry import RetryReport, retry
from fullhouse.workspace.context import Context

Files = tuple[str | Path, ...]
"""File names, globs, folders or URLs."""


@request
class CheckFeed:
    """Look at the first rows of files through a feed; `rows` of them come back as mapped."""

    feed: Path
    files: Files
    rows: int = 5

    def __post_init__(self) -> None:
        check_rows(self.rows)


@request
class IngestFiles:
    """Take files into the lake through a feed."""

    feed: Path
    files: Files


@request
class ListQuarantine:
    """Look at refused rows: of a source, for a reason, at most so many rows themselves."""

    source: str | None = None
    reason: str | None = None
    rows: int = 20

    def __post_init__(self) -> None:
        check_rows(self.rows)


@request
class ListFiles:
    """The files that were taken in, of a feed by its name where one is given."""

    feed: str | None = None


@request
class RetractFeed:
    """Take out the rows of a feed (its file or name), of one batch, or of one file by its name.

    Without `confirmed`, the rows are counted only. With `rows`, nothing is done unless that many
    rows would go; where refusals of a purpose are among them, `rows` must be given.
    """

    name: str
    confirmed: bool = False
    rows: int | None = None


@request
class RetryFeed:
    """Map the rows of a feed in quarantine again, through its file as it is now."""

    feed: Path


@dataclass(frozen=True)
class RefusedCount:
    """How many rows of a feed were refused for a reason."""

    source: str
    feed: str
    reason: str
    rows: int


@dataclass(frozen=True)
class Quarantine(Brief):
    """Refused rows: counted, the most frequent reason first, and some of them as they were."""

    counts: tuple[RefusedCount, ...]
    rows: tuple[dict[str, Any], ...]


@use_case
def check_feed(context: Context, request: CheckFeed) -> FeedCheck:
    """The first rows of files as a feed maps them, and every problem; writes nothing."""
    feed = _load(context, request.feed, request.files)
    return feeds.check(
        feed,
        feeds.find_files([str(file) for file in request.files]),
        key=context.key,
        settings=context.settings,
        now=context.now,
        rows=request.rows,
    )


@use_case
def ingest(context: Context, request: IngestFiles) -> IngestReport:
    """What became of each file's rows, which are in the lake exactly once.

    The same request again writes nothing; after a crash it writes the rest.
    """
    control.check_writable(context.control)
    feed = _load(context, request.feed, request.files)
    report = feeds.ingest(
        context.lake,
        feed,
        feeds.find_files([str(file) for file in request.files]),
        key=context.key,
        settings=context.settings,
        now=context.now,
        progress=context.progress,
        suppression=Suppression(context.control, context.key),
    )
    if report.written and feed.kind in GAMED:
        files = {f.file for f in report.files if f.written}
        batches = [f.batch for f in ledger(context.lake) if f.file in files]
        signs = gaming_signs(context.engine, context.lake, kinds=[feed.kind], batches=batches)
        report = replace(report, gaming=signs)
    if report.written or report.quarantined:
        detail = {"source": feed.source, "kind": feed.kind, **report.to_dict()}
        control.record(context.control, "ingest", detail)
    return report


@use_case
def feed_files(context: Context, request: ListFiles | None = None) -> tuple[LedgerFile, ...]:
    """The files that were begun, the oldest first, with the batch and the rows of each."""
    name = (request or ListFiles()).feed
    files = ledger(context.lake)
    return files if name is None else tuple(f for f in files if f.feed == name)


@use_case
def feed_retract(context: Context, request: RetractFeed) -> Retraction:
    """What goes, or went, of a feed, a batch or a file; the same files can then come in anew."""
    control.check_writable(context.control)
    lake = context.lake.live
    lake.check(*(FEED_TABLES.values()), IDENTIFIER, QUARANTINE, BEGUN, INGESTED)
    finish_broken_off(lake)
    name = Feed.load(Path(request.name)).name if request.name.endswith(".toml") else request.name
    counted = count_rows(lake, files_named(ledger(lake), name))
    if request.rows is not None and request.rows != counted.total:
        rows = {"rows": counted.total, "expected": request.rows}
        raise InputError(code="other_rows_go", name=request.name, **rows)
    if not request.confirmed:
        return counted
    if counted.refusals and request.rows is None:
        facts = {"refusals": counted.refusals, "rows": counted.total}
        raise InputError(code="refusals_go", name=request.name, **facts)
    detail = {"name": name, "files": len(counted.files), **counted.rows}
    control.record(context.control, "feed.retract", detail)
    return retract(lake, counted.files, now=context.now)


@use_case
def feed_retry(context: Context, request: RetryFeed) -> RetryReport:
    """What became of a feed's rows in quarantine: those that are in have left it.

    The same request again changes nothing; after a crash it does the rest.
    """
    control.check_writable(context.control)
    feed = _load(context, request.feed, ())
    report = retry(
        context.lake,
        feed,
        key=context.key,
        settings=context.settings,
        now=context.now,
        progress=context.progress,
        suppression=Suppression(context.control, context.key),
    )
    if report.rows:
        detail = {"source": feed.source, "kind": feed.kind, **report.to_dict()}
        control.record(context.control, "feed.retry", detail)
    return report


@use_case
def quarantine(context: Context, request: ListQuarantine) -> Quarantine:
    """Refused rows by source, feed and reason, and some by source, file and row."""
    engine = context.engine
    refused = engine.scan(context.lake.snapshot(QUARANTINE))
    for column, value in (("source", request.source), ("reason", request.reason)):
        if value is not None:
            refused = refused.filter(refused[column] == value)
    counted = engine.arrow(refused.group_by("source", "feed", "reason").agg(rows=refused.count()))
    counts = [RefusedCount(**row) for row in counted.to_pylist()]
    in_order = refused.order_by("source", "file", "row", "reason", "batch").limit(request.rows)
    return Quarantine(
        tuple(sorted(counts, key=lambda c: (-c.rows, c.source, c.feed, c.reason))),
        tuple(engine.arrow(in_order.drop("batch")).to_pylist()),
    )


def _load(context: Context, path: Path, files: Files) -> Feed:
    """The declaration, when simulated and real data stay apart."""
    if path.suffix != ".toml" and any(str(file).endswith(".toml") for file in files):
        raise InputError(
            f"{path} is no feed: its declaration, a .toml file, comes first and the files after it."
        )
    return check_simulated(context, Feed.load(path))


def check_simulated(context: Context, feed: Feed) -> Feed:
    """The feed itself; an error when it would mix simulated and real data."""
    if feed.simulated and not context.settings.simulated:
        raise InputError(
            f"{feed.name} is a feed of a simulated market, and this workspace is not."
            " Take it into one that is (setting 'simulated')."
        )
    if context.settings.simulated and not feed.simulated:
        raise InputError(
            f"This workspace is simulated (setting 'simulated'), and {feed.name} does not say"
            " 'simulated = true'. Take real data into another workspace."
        )
    return feed
