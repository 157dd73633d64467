"""`fullhouse plan`: where to spend on a film, and what it would win."""

from pathlib import Path
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
    from fullhouse.planning.plan import Amount, Plan

SHOWN = 20


def plan(
    film: Annotated[str, typer.Argument(metavar="FILM", help="The film's id; see 'film list'.")],
    *,
    budget: Annotated[float, typer.Option(metavar="AMOUNT", help="Most money to spend.")],
    channels: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="TOML of channels; without it, made-up ones."),
    ] = None,
    limits: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="TOML of what to keep to: cities, weeks, exploring."),
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="With what was known on this day (today).")
    ] = None,
    territory: Annotated[
        str | None, typer.Option(help="ISO 3166 code of the market; setting territory.")
    ] = None,
    weeks: Annotated[int, typer.Option(min=1, max=26, help="Last weeks up to the opening.")] = 4,
    cautious: Annotated[
        bool, typer.Option("--cautious", help="Best in the worst fifth of what may be.")
    ] = False,
    holdout: Annotated[
        float, typer.Option(min=0.0, max=0.9, help="Share of people held out, to measure by.")
    ] = 0.1,
    expected: Annotated[
        float | None,
        typer.Option("--expect", metavar="PEOPLE", help="People of the house who will see it."),
    ] = None,
    save: Annotated[
        str | None, typer.Option(metavar="NAME", help="Keep it as the next version of a name.")
    ] = None,
    file: Annotated[
        list[str] | None, typer.Option("--out", help="File ending in .html or .json; repeatable.")
    ] = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Plan a campaign: audience × channel × cities × week, as the budget wins most tickets."""
    day = None if as_of is None else parse_date(as_of, what="--as-of")
    files = [app.check_plan_out(f) for f in file or ()]
    texts = [_text(channels, "--channels"), _text(limits, "--limits")]
    with opened(where, quiet=json) as workspace, progress("Planning", quiet=json) as step:
        found = app.plan_film(
            workspace,
            film,
            budget=budget,
            channels=texts[0],
            limits=texts[1],
            territory=territory,
            as_of=day,
            weeks=weeks,
            attitude="cautious" if cautious else "neutral",
            holdout=holdout,
            expected_people=expected,
            name=save,
            progress=step,
        )
        written = app.write_plan(found, files)
    if json:
        say_json(found.to_dict())
        return
    _say(found)
    for path in written:
        out.print(f"Wrote {path}", markup=False, soft_wrap=True)


def _say(found: "Plan") -> None:
    from fullhouse.view.plan_words import plan_lines_words

    view = Table(box=SIMPLE_HEAD, title=f"Plan for “{found.title}”", title_justify="left")
    view.add_column("audience", overflow="fold", min_width=20)
    view.add_column("on, where, from", overflow="fold", min_width=18)
    for name in ("spend", "reach", "tickets won (80 %)"):
        view.add_column(name, justify="right", no_wrap=True)
    for line in found.lines[:SHOWN]:
        view.add_row(
            escape(line.audience),
            f"{line.channel}, {line.cities}, {line.week}",
            f"{line.spend:,.0f}",
            f"{line.reach:,.0f}",
            _amount(line.tickets),
        )
    out.print(view)
    if len(found.lines) > SHOWN:
        out.print(f"{len(found.lines) - SHOWN:,} smaller lines are in --json and on the page.")
    for text in plan_lines_words(found):
        out.print(text, markup=False, soft_wrap=True)


def _amount(amount: "Amount") -> str:
    return f"{amount.middle:,.1f} ({amount.low:,.1f}–{amount.high:,.1f})"


def _text(file: str | None, option: str) -> str | None:
    if file is None:
        return None
    path = Path(file).expanduser()
    if not path.is_file():
        raise InputError(f"{option}: there is no file {path}.")
    return path.read_text("utf-8")
