"""Feeds of a workspace: check, ingest, and what was refused."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fullhouse import control, events
from fullhouse.errors import InputError
from fullhouse.events import Check, Feed, Report
from fullhouse.pipeline.workspace import Workspace
from fullhouse.tables import QUARANTINE


def check_feed(
    workspace: Workspace,
    feed_path: str | Path,
    files: Sequence[str],
    *,
    now: datetime | None = None,
    show: int = 5,
) -> Check:
    """Map the first rows of files through a feed and tell every problem; writes nothing."""
    feed = _load(workspace, feed_path)
    return events.check(
        feed,
        events.find_files(files),
        key=workspace.key,
        settings=workspace.settings,
        now=now or datetime.now(UTC),
        show=show,
    )


def ingest(
    workspace: Workspace,
    feed_path: str | Path,
    files: Sequence[str],
    *,
    now: datetime | None = None,
    progress: Callable[[str, int], None] = lambda _, __: None,
) -> Report:
    """Take files (names, globs, folders, URLs) into the lake through a feed, exactly once.

    The same command again writes nothing; after a crash it writes the rest.
    """
    feed = _load(workspace, feed_path)
    report = events.ingest(
        workspace.lake,
        feed,
        events.find_files(files),
        key=workspace.key,
        settings=workspace.settings,
        now=now or datetime.now(UTC),
        progress=progress,
    )
    if report.written or report.quarantined:
        told = {"source": feed.source, "kind": feed.kind, **report.to_dict()}
        control.record(workspace.control, "ingest", told)
    return report


def _load(workspace: Workspace, path: str | Path) -> Feed:
    """The declaration, when simulated and real data stay apart."""
    feed = Feed.load(path)
    if feed.simulated and not workspace.settings.simulated:
        raise InputError(
            f"{feed.name} is a feed of a simulated market, and this workspace is not."
            " Take it into one that says so: fullhouse init DIR --simulated"
        )
    if workspace.settings.simulated and not feed.simulated:
        raise InputError(
            f"This workspace is simulated (setting 'simulated'), and {feed.name} does not say"
            " 'simulated = true'. Take real data into another workspace."
        )
    return feed


def quarantine_counts(
    workspace: Workspace, *, source: str | None = None
) -> list[tuple[str, str, str, int]]:
    """Refused rows by source, feed and reason, the most frequent first."""
    engine = workspace.engine
    rows = engine.scan(workspace.lake.snapshot(QUARANTINE))
    if source:
        rows = rows.filter(rows["source"] == source)
    found = engine.arrow(rows.group_by("source", "feed", "reason").agg(rows=rows.count()))
    return sorted(
        ((r["source"], r["feed"], r["reason"], r["rows"]) for r in found.to_pylist()),
        key=lambda r: (-r[3], r),
    )


def quarantine_rows(
    workspace: Workspace,
    *,
    source: str | None = None,
    reason: str | None = None,
    most: int = 20,
) -> list[dict[str, Any]]:
    """Refused rows themselves, by source, file, row and reason."""
    engine = workspace.engine
    rows = engine.scan(workspace.lake.snapshot(QUARANTINE))
    if source:
        rows = rows.filter(rows["source"] == source)
    if reason:
        rows = rows.filter(rows["reason"] == reason)
    kept = rows.order_by("source", "file", "row", "reason", "batch").limit(most).drop("batch")
    found: list[dict[str, Any]] = engine.arrow(kept).to_pylist()
    return found
