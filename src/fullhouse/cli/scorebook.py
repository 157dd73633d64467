"""`fullhouse scorebook`: how issued forecasts did; list and verify what was issued."""

import math
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from fullhouse import app
from fullhouse.cli.show import Json, Where, opened, out, progress, say_json
from fullhouse.core.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from fullhouse.control import Entry
    from fullhouse.forecast.score import Line, ScoreBook
    from fullhouse.stats.scores import Share

commands = typer.Typer(
    help="The score book: every forecast that was issued, and how it did.",
    invoke_without_command=True,
)

BY = ("horizon", "size", "genre", "franchise", "plan")
SHOWN = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
"""Probabilities of the printed reliability table; all are in --json and the chart."""

Territory = Annotated[str | None, typer.Option(help="Only this market (ISO 3166 code).")]


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
    where: Where = ".",
    json: Json = False,
) -> None:
    """Show errors and coverage of all forecasts that have come true."""
    if context.invoked_subcommand is not None:
        _nothing_given(context)
        return
    if by not in BY:
        raise InputError(f"--by takes {', '.join(BY)}, not {by!r}.{did_you_mean(by, BY)}")
    files = [app.check_out(f) for f in file or ()]
    with opened(where, quiet=json) as workspace, progress("Scoring", quiet=json):
        found = app.scorebook(
            workspace, territory=territory, horizon=horizon, looking_back=looking_back
        )
        written = app.write_scorebook(found, files)
    if json:
        say_json(found.to_dict())
        return
    _say(found, by)
    for path in written:
        out.print(f"Wrote {path}", markup=False, soft_wrap=True)


@commands.command(name="list")
def list_(
    *,
    film: Annotated[str | None, typer.Option(help="Only this film.")] = None,
    territory: Territory = None,
    most: Annotated[int, typer.Option(min=1, help="The newest so many.")] = 20,
    where: Where = ".",
    json: Json = False,
) -> None:
    """List what was issued, the newest last."""
    with opened(where, quiet=json) as workspace:
        found = app.scorebook_list(workspace, film=film, territory=territory, most=most)
    if json:
        say_json([{**vars(e), "payload": e.forecast} for e in found])
        return
    if not found:
        from fullhouse.forecast.score import NOTHING_YET

        out.print("No such entry." if film or territory else NOTHING_YET, soft_wrap=True)
        return
    view = Table(box=SIMPLE_HEAD, header_style="bold", padding=(0, 1, 0, 0))
    view.add_column("entry", justify="right")
    view.add_column("film", overflow="fold")
    for name in ("in", "as of", "horizon", "issued"):
        view.add_column(name, no_wrap=True)
    view.add_column("total (80 %)", justify="right", no_wrap=True)
    for entry in found:
        issued = f"{entry.issued:%Y-%m-%d}"
        about = (escape(entry.film), entry.territory, entry.as_of, entry.horizon, issued)
        view.add_row(str(entry.id), *about, _total(entry))
    out.print(view)


@commands.command()
def verify(
    *,
    head: Annotated[
        str | None, typer.Option(metavar="HASH", help="A head that was noted earlier.")
    ] = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Check that no entry was changed or removed since it was issued; exit code 1 if one was."""
    with opened(where, quiet=json) as workspace, progress("Verifying", quiet=json):
        found = app.scorebook_verify(workspace, head=None if head is None else head.strip())
    if json:
        say_json({"ok": found.ok, **vars(found)})
    elif found.ok:
        plural = "y" if found.entries == 1 else "ies"
        out.print(f"[bold]Intact[/]: {found.entries:,} entr{plural}, each chained to the last.")
        out.print(f"Head: {found.head}", soft_wrap=True)
        if head is None:
            out.print("Note the head elsewhere: only --head shows later that no end was cut off.")
        else:
            out.print(f"The noted head is that of entry {found.noted:,}.")
    else:
        at = "" if found.broken is None else f" at entry {found.broken:,}"
        out.print(f"[bold red]Broken[/]{at}: {escape(found.problem)}.", soft_wrap=True)
        out.print(f"Good up to entry {found.entries:,}, whose hash is {found.head}", soft_wrap=True)
    if found.unguarded and not json:
        gone = ", ".join(found.unguarded)
        out.print(
            f"[yellow]The database no longer refuses changes: triggers are missing ({gone}).[/]",
            soft_wrap=True,
        )
    if not found.ok:
        raise typer.Exit(1)


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
    from fullhouse.view.forecast_words import money_short

    told = entry.forecast
    if "total" not in told["ranges"]:
        return "-"
    low, high = told["ranges"]["total"]["80%"]
    return f"{money_short(low)} – {money_short(high)} {told['currency']}"


def _say(found: "ScoreBook", by: str) -> None:
    out.print(escape(found.sentence), soft_wrap=True)
    for reason, n in found.left_out.items() if found.rows else ():
        out.print(f"Not counted: {n:,} ({reason}).", soft_wrap=True)
    if "issued after the fact" in found.left_out:
        out.print("--looking-back shows those issued after the fact, apart from the others.")
    if found.looking_back and found.rows:
        out.print("[yellow]All below were issued after the fact: they prove nothing.[/]")
    if not found.rows:
        return
    _say_lines(found, by)
    _say_reliability(found)


def _say_lines(found: "ScoreBook", by: str) -> None:
    from fullhouse.forecast import QUANTITIES

    broken = False
    for quantity, words in QUANTITIES.items():
        lines = [line for line in found.by(by) if line.quantity == quantity]
        lines += [line for line in found.by("all") if line.quantity == quantity]
        if not lines:
            continue
        view = Table(box=SIMPLE_HEAD, header_style="bold", title=words, title_justify="left")
        view.add_column(by)
        for name in ("films", "error", "bias", "RMSE", "CRPS", "50%", "80%", "95%", "hi/lo"):
            view.add_column(name, justify="right")
        for line in lines:
            row, outside = _figures(line)
            broken |= outside
            view.add_row(*row, style="bold" if line.by == "all" else None)
        out.print(view)
    out.print(
        "error: median of |forecast - outcome| ÷ outcome. bias: mean, above 0 too high."
        " RMSE, CRPS: of the logarithm. 50%, 80%, 95%: how often the range held the outcome."
        " hi/lo: upper ÷ lower end of the 80 % range.",
        style="dim",
    )
    if broken:
        out.print("* more or less often than luck explains (95 %, films as independent units).")


def _figures(line: "Line") -> tuple[list[str], bool]:
    s = line.scores
    kept = {level: share.low <= level <= share.high for level, share in s.coverage.items()}
    row = [
        escape(line.group or "all"),
        f"{line.films:,}",
        f"{s.median_error:.0%}",
        f"{math.expm1(s.log_bias):+.0%}",
        f"{s.log_rmse:.2f}",
        f"{s.log_crps:.3f}",
        *(_held(share, kept=kept[level]) for level, share in s.coverage.items()),
        f"{s.spread:.1f}",
    ]
    return row, not all(kept.values())


def _held(share: "Share", *, kept: bool) -> str:
    return f"{share.share:.0%}{' ' if kept else '*'}"


def _say_reliability(found: "ScoreBook") -> None:
    from fullhouse.forecast import QUANTITIES

    out.print("How often outcomes stayed below the level they should stay below so often:")
    view = Table(box=SIMPLE_HEAD, header_style="bold")
    view.add_column("should")
    for p in SHOWN:
        view.add_column(f"{100 * p:g}%", justify="right")
    for quantity, r in found.reliability.items():
        at = {round(float(p), 3): seen for p, seen in zip(r.probabilities, r.observed, strict=True)}
        view.add_row(QUANTITIES[quantity], *(f"{at[p]:.0%}" for p in SHOWN))
    out.print(view)
