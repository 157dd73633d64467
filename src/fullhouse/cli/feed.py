"""`fullhouse feed check`, `fullhouse ingest`, `fullhouse quarantine`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from fullhouse import app
from fullhouse.cli.show import (
    ALL_ROWS,
    Json,
    Rows,
    Where,
    err,
    first_rows,
    opened,
    out,
    say_json,
    table,
)
from fullhouse.view.words.house import feed_note

if TYPE_CHECKING:
    from fullhouse.feeds import FeedCheck, IngestReport

commands = typer.Typer(help="Look at files through a feed.", no_args_is_help=True)

FeedFile = Annotated[str, typer.Argument(metavar="FEED", help="The feed's TOML file.")]
FIRST = 1_000
"""Rows of each file that a check maps at all."""

Files = Annotated[list[str], typer.Argument(metavar="FILES", help="Files, globs, folders or URLs.")]


@commands.callback()
def feed() -> None:
    """Look at files through a feed."""


@commands.command()
def check(
    feed: FeedFile,
    files: Files,
    where: Where = ".",
    rows: Rows = 5,
    json: Json = False,
) -> None:
    """Map the first rows of files, show them and every problem; write nothing."""
    with opened(where, quiet=json, doing="Reading") as context:
        checked = app.check_feed(context, app.CheckFeed(Path(feed), tuple(files), rows or FIRST))
    if json:
        say_json(checked.to_dict())
    else:
        _show_check(checked)
    if not checked.ok:
        raise typer.Exit(1)


@commands.command("files")
def files_(
    feed: Annotated[str | None, typer.Argument(metavar="FEED", help="Only of this feed.")] = None,
    where: Where = ".",
    rows: Rows = 20,
    json: Json = False,
) -> None:
    """List the files that were taken in, the newest first, with their batches and rows."""
    with opened(where, quiet=json) as context:
        files = app.feed_files(context, app.ListFiles(feed))[::-1]
    if json:
        say_json({"files": [{**vars(f), "batch": f.batch} for f in first_rows(files, rows)]})
        return
    columns = ("batch", "feed", "file", "begun (UTC)", "read", "written", "quarantined")
    table(
        [
            (f.batch, f.feed, f.file, f"{f.begun_at:%Y-%m-%d %H:%M}", f.read, f.written,
             f.quarantined)
            for f in first_rows(files, rows)
        ],
        columns,
    )  # fmt: skip


@commands.command()
def retract(
    name: Annotated[
        str, typer.Argument(metavar="FEED|BATCH", help="A feed, a batch, or a file's name.")
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do it; otherwise count only.")] = False,
    expect: Annotated[
        int | None, typer.Option(metavar="ROWS", help="Do nothing unless so many rows go.")
    ] = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Take the rows of a feed, a batch or a file out again; the same file may then come in anew."""
    with opened(where, quiet=json, doing="Retracting") as context:
        result = app.feed_retract(context, app.RetractFeed(name, yes, expect))
    if json:
        files = [{"batch": f.batch, "feed": f.feed, "file": f.file} for f in result.files]
        say_json(
            {
                "done": result.done,
                "rows": dict(result.rows),
                "refusals": result.refusals,
                "files": files,
            }
        )
        return
    table([(f.batch, f.feed, f.file, f.written) for f in result.files],
          ("batch", "feed", "file", "rows"))  # fmt: skip
    table(list(result.rows.items()), ("table", "rows taken out" if result.done else "rows to go"))
    if result.done:
        out.print("What was made of them is as before until people and traits are built again.")
    else:
        out.print("Nothing was done. To take these rows out, add --yes.")
    if result.refusals:
        out.print(
            f"[bold red]{result.refusals:,} of these rows refuse a purpose[/]: without them, those"
            " people may take part again until the mended file is in. Deliver nothing before.",
            soft_wrap=True,
        )


@commands.command()
def retry(feed: FeedFile, where: Where = ".", json: Json = False) -> None:
    """Map a feed's rows in quarantine again: take in those whose reason is gone."""
    with opened(where, quiet=json, doing="Retrying") as context:
        report = app.feed_retry(context, app.RetryFeed(Path(feed)))
    if json:
        say_json(report.to_dict())
        return
    if not report.rows:
        out.print(f"Nothing of {report.feed} is in quarantine.", markup=False)
        return
    refused = sum(report.refused.values())
    table(
        [(report.rows, report.written, report.known, report.suppressed, refused,
          report.incomplete)],
        ("rows", "written", "already known", "erased", "still refused", "not stored whole"),
    )  # fmt: skip
    if report.refused:
        table(list(report.refused.items()), ("refused because", "rows"))
    if report.incomplete:
        out.print(
            f"Rows that were not stored whole, or whose identifiers the feed declares otherwise"
            f" now: {report.incomplete:,}. Only the file brings them in: take it out (fullhouse"
            " feed retract), mend it where a line cannot be read, and take the file in again.",
            soft_wrap=True,
        )


def ingest(feed: FeedFile, files: Files, where: Where = ".", json: Json = False) -> None:
    """Take files into the lake, each row exactly once; the same command again does no harm."""
    with opened(where, quiet=json, doing="Reading") as context:
        report = app.ingest(context, app.IngestFiles(Path(feed), tuple(files)))
    if json:
        say_json(report.to_dict())
    else:
        _show_report(report)
    for name in report.too_many_refused:
        err.print(
            f"[bold red]failed:[/] {escape(name)}: more than {report.refused_percent} % of its"
            " rows were refused (setting refused_percent). The others are in the lake. Look at"
            " them with fullhouse quarantine, mend the feed, and take the file in again.",
            soft_wrap=True,
        )
    if report.too_many_refused:
        raise typer.Exit(1)


def quarantine(
    where: Where = ".",
    source: Annotated[str | None, typer.Option(help="Only rows of this source.")] = None,
    reason: Annotated[str | None, typer.Option(help="Only rows refused for this reason.")] = None,
    rows: Rows = 10,
    raw: Annotated[bool, typer.Option("--raw", help="Print the raw rows too.")] = False,
    json: Json = False,
) -> None:
    """Show what was refused: counts by reason, and rows."""
    with opened(where, quiet=json, doing="Reading") as context:
        refused = app.quarantine(context, app.ListQuarantine(source, reason, rows or ALL_ROWS))
    if json:
        say_json({"counts": [vars(c) for c in refused.counts], "rows": list(refused.rows)})
        return
    if not refused.counts:
        out.print("Nothing is in quarantine.")
        return
    counts = [(c.source, c.feed, c.reason, c.rows) for c in refused.counts]
    table(counts, ("source", "feed", "reason", "rows"))
    columns = ("file", "row", "reason", "detail")
    table([[_number(row[c]) for c in columns] for row in refused.rows], columns)
    for row in refused.rows if raw else ():
        out.print(f"{row['file']} row {row['row']}: {row['raw']}", markup=False, soft_wrap=True)


def _number(value: Any) -> Any:
    return str(value) if isinstance(value, int) else value


def _show_report(report: "IngestReport") -> None:
    rows = [(f.file, f.read, f.written, f.known, sum(f.quarantined.values())) for f in report.files]
    if len(rows) > 1:
        total = sum(report.quarantined.values())
        rows.append(("all", report.read, report.written, report.known, total))
    table(rows, ("file", "read", "written", "already known", "quarantined"))
    if report.refusals:
        out.print(
            f"[bold]{report.refusals:,} rows of consent are no readable grant and count as"
            " refusals:[/] those accounts are left out until a later grant can be read.",
            soft_wrap=True,
        )
    if report.suppressed:
        out.print(
            f"{report.suppressed:,} rows are of accounts that were erased and were not written."
        )
    if report.quarantined:
        table(list(report.quarantined.items()), ("refused because", "rows"))
    if report.gaming:
        from fullhouse.view.words.gaming import gaming_lines

        for line in gaming_lines(report.gaming):
            out.print(line, markup=False, soft_wrap=True)
    for file in report.files:
        for kind, count in file.invalid_identifiers.items():
            out.print(f"{file.file}: {count:,} invalid identifiers of kind {kind}, not stored.")
        for column, count in file.dropped_values.items():
            out.print(f"{file.file}: {count:,} values of {column} cannot be, and were left out.")


def _show_check(checked: "FeedCheck") -> None:
    if checked.rows.num_rows:
        # Turned: a feed has more columns than a terminal is wide.
        taken = checked.rows
        rows = [[c, *(_cell(v) for v in taken[c].to_pylist())] for c in taken.column_names]
        heads = ("column", *(f"row {i + 1}" for i in range(taken.num_rows)))
        table(rows, heads, title=f"{checked.feed}: {checked.kind}")
    for file in checked.files:
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
        for column, count in (file.dropped_values or {}).items():
            out.print(f"{count:,} values of {column} cannot be, and would be left out.")
    for note in checked.notes:
        out.print(f"- {feed_note(note.code, note.facts)}", markup=False, soft_wrap=True)


def _cell(value: Any) -> str | None:
    return None if value is None else str(value)
