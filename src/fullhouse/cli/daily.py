"""`fullhouse daily`: a film's target against actual, what changed, and what to do next."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from fullhouse import app
from fullhouse.cli.show import (
    Film,
    Json,
    Territory,
    Where,
    opened,
    out,
    parse_day,
    progress,
    say_json,
)

if TYPE_CHECKING:
    from fullhouse.planning.daily import Daily, Signal


AsOf = Annotated[
    str | None,
    typer.Option("--as-of", help="With what was known on the morning of this day (today)."),
]
Target = Annotated[
    float | None,
    typer.Option(metavar="GROSS", help="Gross of the run aimed at; by default the forecast's."),
]
Campaign = Annotated[str | None, typer.Option(metavar="NAME", help="A campaign of it; the newest.")]
File = Annotated[
    list[str] | None, typer.Option("--out", help="File ending in .html or .json; repeatable.")
]


def daily(
    film: Film,
    *,
    as_of: AsOf = None,
    target: Target = None,
    campaign: Campaign = None,
    territory: Territory = None,
    file: File = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """A film's day, from 60 days before it opens: on target or not, what changed, what to do."""
    day = parse_day(as_of)
    request = app.DailyPage(film, day, target, campaign, territory)
    files = [app.check_out(f, "daily") for f in file or ()]
    with opened(where, quiet=json) as context, progress("Reading", quiet=json) as step:
        page = app.film_daily(replace(context, progress=step), request)
        written = app.write_daily(page, files, made_on=context.today)
        due = sum(d.accounts for d in app.campaign_removals_due(context))
    from fullhouse.view.words.plan import removals_due_words

    if json:
        say_json(page.to_dict())
        return
    _say(page)
    if due:
        out.print(removals_due_words(due), markup=False, soft_wrap=True)
    for path in written:
        out.print(f"Wrote {path}", markup=False, soft_wrap=True)


def _say(page: "Daily") -> None:
    from fullhouse.view.words.daily import daily_lines

    if page.signals:
        view = Table(box=SIMPLE_HEAD, title=escape(f"“{page.title}”"), title_justify="left")
        view.add_column("signal", overflow="fold")
        for name in ("so far", "needed for the target (80 %)"):
            view.add_column(name, justify="right", no_wrap=True)
        view.add_column("verdict")
        for signal in page.signals:
            view.add_row(*_row(signal))
        out.print(view)
    for line in daily_lines(page):
        out.print(line, markup=False, soft_wrap=True)


def _row(signal: "Signal") -> tuple[str, str, str, str]:
    from fullhouse.view.words.daily import VERDICTS, signal_words

    last = signal.newest
    band = None if last is None else last.target
    return (
        signal_words(signal.name),
        "-" if last is None else f"{last.actual:,.0f}",
        "-" if band is None else f"{band.low:,.0f}–{band.high:,.0f}",
        VERDICTS[signal.verdict],
    )
