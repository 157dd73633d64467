"""`fullhouse scorebook`: how issued forecasts did; list and verify what was issued."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from fullhouse import app
from fullhouse.cli.room import As, opened_for
from fullhouse.cli.show import AsOf, Json, Where, opened, out, parse_day, progress, say_json
from fullhouse.core.errors import InputError, did_you_mean
from fullhouse.core.values import as_json

if TYPE_CHECKING:
    from fullhouse.control import Entry, Verified
    from fullhouse.forecast.score import GroupFigures, ScoreBook
    from fullhouse.stats.scores import Share

commands = typer.Typer(
    help="The score book: every forecast that was issued, and how it did.",
    invoke_without_command=True,
)

BY = ("horizon", "size", "genre", "franchise", "plan")
SHOWN = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
"""Probabilities of the printed reliability table; all are in --json and the chart."""

Territory = Annotated[str | None, typer.Option(help="Only this market (ISO 3166 code).")]


Head = Annotated[str | None, typer.Option(metavar="HASH", help="A head that was noted earlier.")]
NOTHING_YET = (
    "The score book has no forecast yet."
    " Each one that 'fullhouse forecast FILM' makes is entered when it is made."
)
NO_SOURCES = (
    "No forecast by others has a known outcome here. They are imported with 'fullhouse film import"
    " plain FILE': film, source, made_on, mid."
)
NO_HEAD = (
    "Without --head nobody can see whether entries at the end were removed: give the hash that was"
    " noted last."
)


@commands.callback()
def scorebook(
    context: typer.Context,
    *,
    by: Annotated[str, typer.Option(help=f"Split figures by: {', '.join(BY)}.")] = "horizon",
    territory: Territory = None,
    horizon: Annotated[str | None, typer.Option(help="Only this horizon, such as T-7.")] = None,
    looking_back: Annotated[
        bool, typer.Option("--looking-back", help="Those issued after the fact, instead.")
    ] = False,
    file: Annotated[
        list[str] | None,
        typer.Option("--out", help="File ending in .parquet, .csv, .svg, .png, .html; repeatable."),
    ] = None,
    head: Head = None,
    who: As = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Show errors and coverage of all issued forecasts whose outcome is known."""
    if context.invoked_subcommand is not None:
        _nothing_given(context)
        return
    if by not in BY:
        raise InputError(f"--by takes {', '.join(BY)}, not {by!r}.{did_you_mean(by, BY)}")
    files = [app.check_out(f, "scorebook") for f in file or ()]
    with opened_for(where, who, quiet=json) as workspace, progress("Scoring", quiet=json):
        noted = None if head is None else head.strip()
        request = app.ReadScoreBook(territory, horizon, looking_back, noted)
        book = (
            app.scorebook(workspace, request)
            if who is None
            else app.studio_scorebook(workspace, request).book
        )
        written = app.write_scorebook(book, files)
    if json:
        say_json(book.to_dict())
        return
    _say(book, by)
    for path in written:
        out.print(f"Wrote {path}", markup=False, soft_wrap=True)


@commands.command(name="list")
def list_(
    *,
    film: Annotated[str | None, typer.Option(help="Only this film.")] = None,
    territory: Territory = None,
    rows: Annotated[
        int, typer.Option("--rows", metavar="N", min=1, help="The newest so many.")
    ] = 20,
    who: As = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """List what was issued, the newest last."""
    request = app.ListEntries(film, territory, rows)
    with opened_for(where, who, quiet=json) as workspace:
        entries: Sequence[Entry] = (
            app.scorebook_list(workspace, request)
            if who is None
            else app.studio_entries(workspace, request).entries
        )
    if json:
        say_json({"entries": [{**vars(e), "payload": e.forecast} for e in entries]})
        return
    if not entries:
        out.print("No such entry." if film or territory else NOTHING_YET, soft_wrap=True)
        return
    view = Table(box=SIMPLE_HEAD, header_style="bold", padding=(0, 1, 0, 0))
    view.add_column("entry", justify="right")
    view.add_column("film", overflow="fold")
    for name in ("in", "as of", "horizon", "issued"):
        view.add_column(name, no_wrap=True)
    view.add_column("total (80 %)", justify="right", no_wrap=True)
    for entry in entries:
        issued = f"{entry.issued:%Y-%m-%d}"
        about = (escape(entry.film), entry.territory, entry.as_of, entry.horizon, issued)
        view.add_row(str(entry.id), *about, _total(entry))
    out.print(view)


@commands.command()
def verify(
    *,
    head: Head = None,
    who: As = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Check that no entry was changed or removed since it was issued; exit code 1 if one was."""
    with opened_for(where, who, quiet=json) as workspace, progress("Verifying", quiet=json):
        wanted = app.VerifyScoreBook(None if head is None else head.strip())
        verified = (
            app.scorebook_verify(workspace, wanted)
            if who is None
            else app.studio_verify(workspace, wanted).verified
        )
    if json:
        say_json({"ok": verified.ok, **vars(verified)})
    else:
        _print_verified(verified, head)
    if not verified.ok:
        raise typer.Exit(1)


def _print_verified(verified: "Verified", head: str | None) -> None:
    """Whether the chain is whole, up to where, and whether the database still guards it."""
    if verified.ok:
        plural = "y" if verified.entries == 1 else "ies"
        out.print(f"[bold]Intact[/]: {verified.entries:,} entr{plural}, each chained to the last.")
        out.print(f"Head: {verified.head}", soft_wrap=True)
        if head is None:
            out.print("Note the head elsewhere: only --head shows later that no end was cut off.")
        else:
            out.print(f"The noted head is that of entry {verified.noted:,}.")
    else:
        from fullhouse.view.words.forecast import broken_words

        at = "" if verified.broken is None else f" at entry {verified.broken:,}"
        out.print(f"[bold red]Broken[/]{at}: {escape(broken_words(verified))}.", soft_wrap=True)
        out.print(
            f"Good up to entry {verified.entries:,}, whose hash is {verified.head}", soft_wrap=True
        )
    if verified.unguarded:
        gone = ", ".join(verified.unguarded)
        out.print(
            f"[yellow]The database no longer refuses changes: triggers are missing ({gone}).[/]",
            soft_wrap=True,
        )


@commands.command()
def sources(
    *,
    territory: Annotated[
        str | None, typer.Option(help="ISO 3166 code of the market; setting territory.")
    ] = None,
    as_of: AsOf = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Show how the forecasts of others did: their bias, their error, and ranges that held."""
    day = parse_day(as_of)
    with opened(where, quiet=json) as workspace, progress("Scoring", quiet=json):
        records = app.scorebook_sources(workspace, app.ListSources(territory, day))
    if json:
        say_json({"sources": [as_json(asdict(r)) for r in records]})
        return
    if not records:
        out.print(NO_SOURCES, soft_wrap=True)
        return
    view = Table(box=SIMPLE_HEAD, header_style="bold", padding=(0, 1, 0, 0))
    for name in ("source", "at", "films of"):
        view.add_column(name, overflow="fold")
    for name in ("films", "bias", "error", "RMSE", "range held"):
        view.add_column(name, justify="right", no_wrap=True)
    for record in records:
        for g in record.groups:
            inside = "-" if not g.ranges else f"{g.inside / g.ranges:.0%} of {g.ranges:,}"
            view.add_row(
                escape(record.source),
                record.horizon,
                {"franchise": "franchises", "original": "no franchise"}.get(g.group, g.group),
                f"{g.films:,}",
                f"{1 / g.factor - 1:+.0%}",
                f"{g.median_error:.0%}",
                f"{g.log_rmse:.2f}",
                inside,
            )
    out.print(view)
    out.print(
        "bias: forecast over outcome, at the median; above 0 too high. error: median of"
        " |forecast - outcome| ÷ outcome. RMSE: of the logarithm. Of the days that each covered.",
        style="dim",
    )


def _nothing_given(context: typer.Context) -> None:
    given = [
        name
        for name in context.params
        if (source := context.get_parameter_source(name)) and source.name == "COMMANDLINE"
    ]
    if given:
        raise InputError(
            f"Options go after the subcommand: fullhouse scorebook {context.invoked_subcommand} …"
        )


def _total(entry: "Entry") -> str:
    from fullhouse.view.words.figures import money_short

    forecast = entry.forecast
    if "total" not in forecast["ranges"]:
        return "-"
    low, high = forecast["ranges"]["total"]["80%"]
    return f"{money_short(low)} – {money_short(high)} {forecast['currency']}"


def _say(book: "ScoreBook", by: str) -> None:
    from fullhouse.view.words.forecast import LEFT_OUT, book_words

    out.print(escape(book_words(book) if book.entries else NOTHING_YET), soft_wrap=True)
    for reason, n in book.left_out.items() if book.rows else ():
        out.print(f"Not counted: {n:,} ({LEFT_OUT[reason]}).", soft_wrap=True)
    if "afterwards" in book.left_out:
        out.print("--looking-back shows those issued after the fact, apart from the others.")
    if book.looking_back and book.rows:
        out.print("[yellow]All below were issued after the fact: they prove nothing.[/]")
    if book.rows:
        _say_figures(book, by)
        _say_reliability(book)
    if book.entries and not book.head_noted:
        out.print(f"[yellow]{NO_HEAD}[/]", soft_wrap=True)


def _say_figures(book: "ScoreBook", by: str) -> None:
    from fullhouse.forecast import QUANTITIES
    from fullhouse.view.words.forecast import quantity_words

    off = False
    for quantity in QUANTITIES:
        groups = [g for name in (by, "all") for g in book.by(name) if g.quantity == quantity]
        if not groups:
            continue
        words = quantity_words(quantity)
        view = Table(box=SIMPLE_HEAD, header_style="bold", title=words, title_justify="left")
        view.add_column(by)
        for name in ("films", "error", "bias", "RMSE", "CRPS", "50%", "80%", "95%", "hi/lo"):
            view.add_column(name, justify="right")
        for group in groups:
            row, outside = _figures(group)
            off |= outside
            view.add_row(*row, style="bold" if group.by == "all" else None)
        out.print(view)
    out.print(
        "error: median of |forecast - outcome| ÷ outcome. bias: mean, above 0 too high."
        " RMSE, CRPS: of the logarithm. 50%, 80%, 95%: coverage of that range."
        " hi/lo: upper ÷ lower end of the 80 % range.",
        style="dim",
    )
    if off:
        out.print("* coverage off by more than chance explains (95 %, films as independent units).")


def _figures(group: "GroupFigures") -> tuple[list[str], bool]:
    s = group.scores
    within = {level: share.low <= level <= share.high for level, share in s.coverage.items()}
    row = [
        escape(group.group or "all"),
        f"{group.films:,}",
        f"{s.median_error:.0%}",
        f"{math.expm1(s.log_bias):+.0%}",
        f"{s.log_rmse:.2f}",
        f"{s.log_crps:.3f}",
        *(_coverage(share, within=within[level]) for level, share in s.coverage.items()),
        f"{s.spread:.1f}",
    ]
    return row, not all(within.values())


def _coverage(share: "Share", *, within: bool) -> str:
    return f"{share.share:.0%}{' ' if within else '*'}"


def _say_reliability(book: "ScoreBook") -> None:
    from fullhouse.view.words.forecast import quantity_words

    out.print("How often outcomes stayed below the level they should stay below so often:")
    view = Table(box=SIMPLE_HEAD, header_style="bold")
    view.add_column("should")
    for p in SHOWN:
        view.add_column(f"{100 * p:g}%", justify="right")
    for quantity, r in book.reliability.items():
        at = {
            round(float(p), 3): share for p, share in zip(r.probabilities, r.observed, strict=True)
        }
        view.add_row(quantity_words(quantity), *(f"{at[p]:.0%}" for p in SHOWN))
    out.print(view)
