"""`fullhouse lake`: what the tables hold, and their upkeep."""

from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fullhouse import app
from fullhouse.cli.show import Json, Where, opened, out, say_json, table
from fullhouse.core.values import parse_date

if TYPE_CHECKING:
    from fullhouse.workspace.backup import Backup

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
        int, typer.Option(metavar="N", min=0, help="Keep snapshots of this many days.")
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


@commands.command()
def verify(
    full: Annotated[bool, typer.Option("--full", help="Decode every page of every file.")] = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Tables against logs, files, ledgers, control database and key; exit code 1 at a fault."""
    with opened(where, quiet=json, doing="Verifying") as context:
        proof = app.lake_verify(context, app.VerifyLake(full))
    if json:
        tables = [
            {**vars(t), "ok": not t.problems, "problems": [_problem(p) for p in t.problems]}
            for t in proof.tables
        ]
        problems = [_problem(p) for p in proof.problems]
        say_json({"ok": proof.ok, "tables": tables, "problems": problems})
    else:
        table(
            [
                (t.name, t.version, t.rows, t.files, "fault" if t.problems else "ok")
                for t in proof.tables
            ],
            ("table", "version", "rows", "files", "state"),
        )
        for problem in (*proof.problems, *(p for t in proof.tables for p in t.problems)):
            out.print(f"- {problem}", markup=False, soft_wrap=True)
        if proof.ok:
            out.print("Tables, ledgers, control database and key belong together.")
    if not proof.ok:
        raise typer.Exit(1)


@commands.command()
def accept(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it; otherwise show only.")] = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Go on with the house as it is, after a loss that no backup can mend."""
    with opened(where, quiet=json, doing="Looking") as context:
        result = app.lake_accept(context, app.AcceptLake(yes))
    if json:
        problems = [_problem(p) for p in result.problems]
        say_json({"done": result.done, "problems": problems, "files": list(result.files)})
        return
    for problem in result.problems:
        out.print(f"- {problem}", markup=False, soft_wrap=True)
    if not result.done:
        out.print("Nothing was done. To go on with what is there, add --yes.")
        return
    out.print("The house goes on as it is.")
    for file in result.files:
        out.print(f"Take in again: {file}", markup=False, soft_wrap=True)


def _problem(problem: Any) -> dict[str, Any]:
    return {"code": problem.code, "facts": dict(problem.facts), "sentence": str(problem)}


def backup(
    to: Annotated[str, typer.Argument(metavar="DEST", help="A folder that is not there yet.")],
    with_key: Annotated[
        bool, typer.Option("--with-key", help="The key too: keep such a backup under lock.")
    ] = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Copy lake, control database and settings to a new folder, at one consistent point."""
    with opened(where, quiet=json, doing="Copying") as context:
        saved = app.backup(context, app.MakeBackup(Path(to), with_key))
    _show_backup(saved, json=json)


def restore(
    source: Annotated[str, typer.Argument(metavar="SRC", help="The folder of a backup.")],
    to: Annotated[str, typer.Argument(metavar="DIR", help="A folder that is not there yet.")],
    key: Annotated[
        str | None, typer.Option(metavar="FILE", help="A file with the key, if not in the backup.")
    ] = None,
    control: Annotated[
        str | None,
        typer.Option(metavar="URL", help="An empty database for the control database; SQLite."),
    ] = None,
    json: Json = False,
) -> None:
    """Make a workspace in a new folder from a backup, which is verified first."""
    named = None if key is None else Path(key)
    request = app.RestoreBackup(Path(source), Path(to), named, control)
    saved = app.restore(request)
    _show_backup(saved, json=json)
    if not saved.with_key and key is None and not json:
        out.print(
            f"The key is not in it: put fullhouse.key (fingerprint {saved.key}) beside it, or set"
            " FULLHOUSE_KEY.",
            soft_wrap=True,
        )

    if control is not None and not json and app.has_password(control):
        out.print(
            "The URL of the control database has a password, so it is in no file: set"
            " FULLHOUSE_CONTROL to it.",
            soft_wrap=True,
        )


def _show_backup(saved: "Backup", *, json: bool) -> None:
    if json:
        tables = {name: vars(mark) for name, mark in saved.tables.items()}
        say_json({**vars(saved), "tables": tables})
        return
    table([(n, m.version, m.rows) for n, m in saved.tables.items()], ("table", "version", "rows"))
    size = f"{saved.size / 1e6:,.1f} MB"
    out.print(f"{saved.place}: {saved.files:,} files, {size}, verified.", soft_wrap=True)


def _day(at: object) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
