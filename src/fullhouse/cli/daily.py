"""`fullhouse daily`: a film's target against actual, what changed, and what to do next."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from fullhouse import app
from fullhouse.cli.show import Json, Where, opened, out, progress, say_json
from fullhouse.core.errors import InputError
from fullhouse.core.values import parse_date

if TYPE_CHECKING:
    from fullhouse.planning.daily import Daily, Signal


def daily(
    film: Annotated[str, typer.Argument(metavar="FILM", help="The film's id; see 'film list'.")],
    *,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", help="With what was known on the morning of this day (today)."),
    ] = None,
    target: Annotated[
        float | None,
        typer.Option(metavar="GROSS", help="Gross of the run aimed at; by default the forecast's."),
    ] = None,
    campaign: Annotated[
        str | None, typer.Option(metavar="NAME", help="A campaign of it; the newest.")
    ] = None,
    territory: Annotated[
        str | None, typer.Option(help="ISO 3166 code of the market; setting territory.")
    ] = None,
    file: Annotated[
        list[str] | None, typer.Option("--out", help="File ending in .html or .json; repeatable.")
    ] = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """A film's day, from 60 days before it opens: on target or not, what changed, what to do."""
    day = None if as_of is None else parse_date(as_of, what="--as-of")
    if target is not None and not target > 0:
        raise InputError(f"--target must be a gross above 0, not {target:g}.")
    files = [app.check_daily_out(f) for f in file or ()]
    with opened(where, quiet=json) as workspace, progress("Reading", quiet=json) as step:
        found = app.film_daily(
            workspace,
            film,
            as_of=day,
            target=target,
            campaign=campaign,
            territory=territory,
            progress=step,
        )
        written = app.write_daily(found, files, made_on=datetime.now(UTC).date())
    if json:
        say_json(found.to_dict())
        return
    _say(found)
    for path in written:
        out.print(f"Wrote {path}", markup=False, soft_wrap=True)


def _say(found: "Daily") -> None:
    from fullhouse.view.daily_words import daily_lines

    if found.signals:
        view = Table(box=SIMPLE_HEAD, title=escape(f"“{found.title}”"), title_justify="left")
        view.add_column("sign of interest", overflow="fold")
        for name in ("so far", "the target asks for (80 %)"):
            view.add_column(name, justify="right", no_wrap=True)
        view.add_column("verdict")
        for signal in found.signals:
            view.add_row(*_row(signal))
        out.print(view)
    for line in daily_lines(found):
        out.print(line, markup=False, soft_wrap=True)


def _row(signal: "Signal") -> tuple[str, str, str, str]:
    from fullhouse.planning.daily_terms import signal_words
    from fullhouse.view.daily_words import VERDICTS

    last = signal.newest
    asked = None if last is None else last.target
    return (
        signal_words(signal),
        "-" if last is None else f"{last.actual:,.0f}",
        "-" if asked is None else f"{asked.low:,.0f}–{asked.high:,.0f}",
        VERDICTS[signal.verdict],
    )
