"""`fullhouse lake`: what the tables hold, and their upkeep."""

from datetime import UTC, datetime, time
from typing import Annotated

import typer

from fullhouse import app
from fullhouse.cli.show import Json, Where, opened, out, say_json, table
from fullhouse.core.values import parse_date

commands = typer.Typer(help="The tables: state, compaction, vacuum.", no_args_is_help=True)

Tables = Annotated[list[str] | None, typer.Argument(help="Only these tables.")]


@commands.command()
def status(
    tables: Tables = None,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="DATE", help="State at the end of this day (UTC); now."),
    ] = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """What each table holds now, or held at the end of a day (UTC)."""
    at = None if as_of is None else datetime.combine(parse_date(as_of), time.max, UTC)
    with opened(where, quiet=json, doing="Reading") as context:
        states = app.lake_status(context, app.ShowLake(tuple(tables or ()), at))
    if json:
        say_json({"tables": [vars(t) for t in states]})
        return
    table(
        [
            (t.name, t.version, t.rows, t.files, f"{t.bytes_stored / 1e6:,.1f}", _day(t.changed_at))
            for t in states
        ],
        ("table", "version", "rows", "files", "MB", "changed (UTC)"),
    )


@commands.command()
def compact(tables: Tables = None, where: Where = ".", json: Json = False) -> None:
    """Rewrite small files into large ones; no row changes."""
    with opened(where, quiet=json, doing="Compacting") as context:
        done = app.lake_compact(context, app.CompactLake(tuple(tables or ())))
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
    keep_days: Annotated[
        int, typer.Option(metavar="DAYS", min=0, help="Keep snapshots of this many days.")
    ] = 7,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count.")] = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Remove the files of snapshots older than some days."""
    with opened(where, quiet=json, doing="Removing old files") as context:
        request = app.VacuumLake(tuple(tables or ()), keep_days, dry_run)
        done = app.lake_vacuum(context, request)
    if json:
        say_json({"tables": [vars(d) for d in done]})
        return
    table([(d.name, d.files) for d in done], ("table", "files to remove" if dry_run else "removed"))


@commands.command()
def retain(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count.")] = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Remove rows older than the settings keep_..._days allow, with every byte of them."""
    with opened(where, quiet=json, doing="Removing old rows") as context:
        gone = app.lake_retain(context, app.RetainLake(dry_run))
    if json:
        say_json({"rows": [vars(g) for g in gone]})
        return
    if not gone:
        out.print("Nothing is older than the settings allow.")
        return
    table(
        [(g.setting, g.table, f"{g.before}", g.rows) for g in gone],
        ("setting", "table", "before", "rows to remove" if dry_run else "rows removed"),
    )


def _day(at: object) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
