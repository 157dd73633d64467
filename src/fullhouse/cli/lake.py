"""`fullhouse lake`: what the tables hold, and their upkeep."""

from datetime import UTC, datetime, time
from typing import Annotated

import typer

from fullhouse import app
from fullhouse.cli.show import Json, Where, opened, progress, say_json, table
from fullhouse.core.values import parse_date

commands = typer.Typer(help="The tables: state, compaction, vacuum.", no_args_is_help=True)

Tables = Annotated[list[str] | None, typer.Argument(help="Only these tables.")]


@commands.command()
def status(
    tables: Tables = None,
    on: Annotated[str | None, typer.Option(help="State at the end of this day.")] = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """What each table holds now, or held at the end of a day (UTC)."""
    at = None if on is None else datetime.combine(parse_date(on), time.max, UTC)
    with opened(where, quiet=json) as workspace:
        found = app.lake_status(workspace, tables or [], at=at)
    if json:
        say_json({"tables": [vars(t) for t in found]})
        return
    table(
        [
            (t.name, t.version, t.rows, t.files, f"{t.bytes_stored / 1e6:,.1f}", _day(t.changed_at))
            for t in found
        ],
        ("table", "version", "rows", "files", "MB", "changed (UTC)"),
    )


@commands.command()
def compact(tables: Tables = None, where: Where = ".", json: Json = False) -> None:
    """Rewrite small files into large ones; no row changes."""
    with opened(where, quiet=json) as workspace, progress("compacting", quiet=json):
        done = app.lake_compact(workspace, tables or [])
    if json:
        say_json({"tables": [vars(d) for d in done]})
        return
    table(
        [(d.name, d.files_removed, d.files_added) for d in done],
        ("table", "files before", "files after"),
    )


@commands.command()
def vacuum(
    tables: Tables = None,
    keep_days: Annotated[int, typer.Option(help="Keep snapshots of this many days.")] = 7,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count.")] = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Remove the files of snapshots older than some days."""
    with opened(where, quiet=json) as workspace, progress("vacuuming", quiet=json):
        done = app.lake_vacuum(workspace, tables or [], keep_days=keep_days, dry_run=dry_run)
    if json:
        say_json({"tables": [vars(d) for d in done]})
        return
    table([(d.name, d.files) for d in done], ("table", "files to remove" if dry_run else "removed"))


def _day(at: object) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
