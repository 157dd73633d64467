"""`fullhouse feed check`, `fullhouse ingest`, `fullhouse quarantine`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from fullhouse import app
from fullhouse.cli.show import Json, Where, opened, out, progress, say_json, table

if TYPE_CHECKING:
    from fullhouse.feeds import Check, Report

commands = typer.Typer(help="Look at files through a feed.", no_args_is_help=True)

FeedFile = Annotated[str, typer.Argument(metavar="FEED", help="The feed's TOML file.")]
Files = Annotated[
    list[str], typer.Argument(metavar="FILES...", help="Files, globs, folders or URLs.")
]


@commands.callback()
def feed() -> None:
    """Look at files through a feed."""


@commands.command()
def check(
    feed: FeedFile,
    files: Files,
    where: Where = ".",
    rows: Annotated[int, typer.Option("--rows", min=1, max=1000, help="Rows to show.")] = 5,
    json: Json = False,
) -> None:
    """Map the first rows of files, show them and every problem; write nothing."""
    with opened(where, quiet=json) as workspace, progress("Reading", quiet=json):
        found = app.check_feed(workspace, feed, files, show=rows)
    if json:
        say_json(found.to_dict())
    else:
        _show_check(found)
    if not found.ok:
        raise typer.Exit(1)


def ingest(feed: FeedFile, files: Files, where: Where = ".", json: Json = False) -> None:
    """Take files into the lake, each row exactly once; the same command again does no harm."""
    with (
        opened(where, quiet=json) as workspace,
        progress("Reading", quiet=json) as step,
    ):
        report = app.ingest(workspace, feed, files, progress=step)
    if json:
        say_json(report.to_dict())
    else:
        _show_report(report)


def quarantine(
    where: Where = ".",
    source: Annotated[str | None, typer.Option(help="Only rows of this source.")] = None,
    reason: Annotated[str | None, typer.Option(help="Only rows refused for this reason.")] = None,
    show: Annotated[int, typer.Option(min=0, help="Rows to show.")] = 10,
    raw: Annotated[bool, typer.Option("--raw", help="Print the raw rows too.")] = False,
    json: Json = False,
) -> None:
    """Show what was refused: counts by reason, and rows."""
    with opened(where, quiet=json) as workspace, progress("Reading", quiet=json):
        counts = app.quarantine_counts(workspace, source=source)
        rows = app.quarantine_rows(workspace, source=source, reason=reason, most=show)
    if reason:
        counts = [c for c in counts if c[2] == reason]
    if json:
        names = ("source", "feed", "reason", "rows")
        say_json({"counts": [dict(zip(names, c, strict=True)) for c in counts], "rows": rows})
        return
    if not counts:
        out.print("Nothing is in quarantine.")
        return
    table(counts, ("source", "feed", "reason", "rows"))
    if rows:
        shown = ("file", "row", "reason", "detail")
        table([[_number(r[c]) for c in shown] for r in rows], shown)
    for row in rows if raw else ():
        out.print(f"{row['file']} row {row['row']}: {row['raw']}", markup=False, soft_wrap=True)


def _number(value: Any) -> Any:
    return str(value) if isinstance(value, int) else value


def _show_report(report: "Report") -> None:
    rows = [(f.file, f.read, f.written, f.known, sum(f.quarantined.values())) for f in report.files]
    if len(rows) > 1:
        total = sum(report.quarantined.values())
        rows.append(("all", report.read, report.written, report.known, total))
    table(rows, ("file", "read", "written", "already known", "quarantined"))
    if report.quarantined:
        table(list(report.quarantined.items()), ("refused because", "rows"))
    for file in report.files:
        for kind, count in file.invalid_identifiers.items():
            out.print(f"{file.file}: {count:,} invalid identifiers of kind {kind}, not stored.")


def _show_check(found: "Check") -> None:
    if found.rows.num_rows:
        # Turned: a feed has more columns than a terminal is wide.
        taken = found.rows
        rows = [[c, *(_cell(v) for v in taken[c].to_pylist())] for c in taken.column_names]
        heads = ("column", *(f"row {i + 1}" for i in range(taken.num_rows)))
        table(rows, heads, title=f"{found.feed}: {found.kind}")
    for file in found.files:
        if file.error:
            out.print(f"{file.file}: [bold red]cannot be read[/]", soft_wrap=True)
            out.print(file.error, markup=False, soft_wrap=True)
            continue
        out.print(f"{file.file}: {file.good:,} of the first {file.read:,} rows are good.")
        if file.problems:
            table(list(file.problems)[:20], ("row", "reason", "detail"))
            if len(file.problems) > 20:
                table(list((file.refused or {}).items()), ("reason", "rows"))
        for kind, count in (file.invalid_identifiers or {}).items():
            out.print(f"{count:,} invalid identifiers of kind {kind} would not be stored.")
    for note in found.notes:
        out.print(f"- {note}", markup=False, soft_wrap=True)


def _cell(value: Any) -> str | None:
    return None if value is None else str(value)
