"""Feeds of a workspace: check, ingest, and what was refused."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fullhouse import control, feeds
from fullhouse.core.errors import InputError
from fullhouse.core.progress import Progress, silent
from fullhouse.core.tables import QUARANTINE
from fullhouse.feeds import Check, Feed, Report
from fullhouse.workspace.context import Context


def check_feed(
    context: Context,
    feed_path: str | Path,
    files: Sequence[str],
    *,
    now: datetime | None = None,
    show: int = 5,
) -> Check:
    """Map the first rows of files through a feed and tell every problem; writes nothing."""
    feed = _load(context, feed_path)
    return feeds.check(
        feed,
        feeds.find_files(files),
        key=context.key,
        settings=context.settings,
        now=now or datetime.now(UTC),
        show=show,
    )


def ingest(
    context: Context,
    feed_path: str | Path,
    files: Sequence[str],
    *,
    now: datetime | None = None,
    progress: Progress = silent,
) -> Report:
    """Take files (names, globs, folders, URLs) into the lake through a feed, exactly once.

    The same command again writes nothing; after a crash it writes the rest.
    """
    feed = _load(context, feed_path)
    report = feeds.ingest(
        context.lake,
        feed,
        feeds.find_files(files),
        key=context.key,
        settings=context.settings,
        now=now or datetime.now(UTC),
        progress=progress,
    )
    if report.written or report.quarantined:
        told = {"source": feed.source, "kind": feed.kind, **report.to_dict()}
        control.record(context.control, "ingest", told)
    return report


def _load(context: Context, path: str | Path) -> Feed:
    """The declaration, when simulated and real data stay apart."""
    feed = Feed.load(path)
    if feed.simulated and not context.settings.simulated:
        raise InputError(
            f"{feed.name} is a feed of a simulated market, and this workspace is not."
            " Take it into one that says so: fullhouse init DIR --simulated"
        )
    if context.settings.simulated and not feed.simulated:
        raise InputError(
            f"This workspace is simulated (setting 'simulated'), and {feed.name} does not say"
            " 'simulated = true'. Take real data into another workspace."
        )
    return feed


def quarantine_counts(
    context: Context, *, source: str | None = None
) -> list[tuple[str, str, str, int]]:
    """Refused rows by source, feed and reason, the most frequent first."""
    engine = context.engine
    rows = engine.scan(context.lake.snapshot(QUARANTINE))
    if source:
        rows = rows.filter(rows["source"] == source)
    found = engine.arrow(rows.group_by("source", "feed", "reason").agg(rows=rows.count()))
    return sorted(
        ((r["source"], r["feed"], r["reason"], r["rows"]) for r in found.to_pylist()),
        key=lambda r: (-r[3], r),
    )


def quarantine_rows(
    context: Context,
    *,
    source: str | None = None,
    reason: str | None = None,
    most: int = 20,
) -> list[dict[str, Any]]:
    """Refused rows themselves, by source, file, row and reason."""
    engine = context.engine
    rows = engine.scan(context.lake.snapshot(QUARANTINE))
    if source:
        rows = rows.filter(rows["source"] == source)
    if reason:
        rows = rows.filter(rows["reason"] == reason)
    kept = rows.order_by("source", "file", "row", "reason", "batch").limit(most).drop("batch")
    found: list[dict[str, Any]] = engine.arrow(kept).to_pylist()
    return found
