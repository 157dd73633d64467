"""`fullhouse headroom`: what a film's audiences would buy if all of them had heard of it."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from fullhouse import app
from fullhouse.cli.show import Json, Where, opened, out, parse_day, progress, say_json
from fullhouse.core.values import file_text

if TYPE_CHECKING:
    from fullhouse.headroom.headroom import Headroom, Range


def headroom(
    film: Annotated[str, typer.Argument(metavar="FILM", help="The film's id; see 'film list'.")],
    *,
    days: Annotated[int, typer.Option(help="Interest of so many last days is compared.")] = 28,
    channels: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Channels with prices, TOML; see 'plan'.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="With what was known on this day (today).")
    ] = None,
    territory: Annotated[
        str | None, typer.Option(help="ISO 3166 code of the market; setting territory.")
    ] = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Who has heard of a film, by audience, and the tickets if everybody had."""
    day = parse_day(as_of)
    prices = None if channels is None else file_text(channels)
    with opened(where, quiet=json) as context, progress("Reading", quiet=json) as step:
        own = replace(context, progress=step)
        result = app.film_headroom(own, app.FilmHeadroom(film, territory, day, days, prices))
    if json:
        say_json(result.to_dict())
        return
    _say(result)


def _say(result: "Headroom") -> None:
    from fullhouse.view.words.headroom import (
        basis_words,
        count,
        headline,
        pilot_words,
        unknown_words,
    )

    view = Table(
        box=SIMPLE_HEAD,
        title=escape(f"“{result.title}”: tickets if everybody had heard of it"),
        title_justify="left",
    )
    columns = ("audience", "people", "have heard", "tickets now", "if all had", "more")
    for k, name in enumerate((*columns, f"more a {result.currency}")):
        view.add_column(name, justify="right" if k else "left", overflow="fold")
    for a in result.audiences:
        view.add_row(
            escape(a.name) + (" *" if a.claimed else ""),
            f"{a.people:,}",
            _share(a.aware),
            count(a.tickets),
            count(a.tickets_aware.value),
            _counts(a.extra),
            "-" if a.by_money is None else f"{a.by_money:.3g}",
        )
    out.print(view)
    lines = ["* surely more than by chance, all audiences looked at together", *basis_words(result)]
    reasons = [(a, a.unknown) for a in result.audiences if a.unknown is not None]
    for audience, reason in reasons:
        lines.append(f"{audience.name}: {unknown_words(reason)} {pilot_words(audience)}")
    lines.append(headline(result))
    for line in lines:
        out.print(line, markup=False, soft_wrap=True)


def _share(value: "Range") -> str:
    if value.value is None:
        return "cannot tell"
    return f"{value.value:.0%} ({value.low or 0:.0%}–{value.high or 0:.0%})"


def _counts(value: "Range") -> str:
    from fullhouse.view.words.headroom import count

    if value.value is None:
        return "-"
    return f"{count(value.value)} ({count(value.low)}–{count(value.high)})"
