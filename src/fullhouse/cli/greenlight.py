"""`fullhouse greenlight`: what a film, or a slate, has to make before a camera turns."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from fullhouse import app
from fullhouse.cli.show import (
    Json,
    KnownOn,
    Territory,
    Where,
    opened,
    out,
    parse_day,
    progress,
    say_json,
)
from fullhouse.core.errors import InputError
from fullhouse.core.values import file_text

if TYPE_CHECKING:
    from fullhouse.greenlight.greenlight import Greenlight, SlateRisk

SLATE = "slate"
IDEA = ".toml"
HASH_SHOWN = 16

What = Annotated[
    list[str],
    typer.Argument(
        metavar="FILM|IDEA.toml",
        help="A film's id or an idea's file; 'slate' and several of them: a slate.",
    ),
]


def greenlight(
    what: What,
    *,
    terms: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Terms, TOML, in place of those shipped.")
    ] = None,
    territory: Territory = None,
    as_of: KnownOn = None,
    no_forecast: Annotated[
        bool, typer.Option("--no-forecast", help="By past films, also where a forecast is there.")
    ] = False,
    draws: Annotated[int, typer.Option(help="Draws of the simulation.")] = 10_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same figures.")] = 0,
    file: Annotated[
        list[str] | None,
        typer.Option(
            "--out",
            help="File ending in .html, .svg, .png, .csv, .parquet or .json; repeatable.",
        ),
    ] = None,
    no_issue: Annotated[
        bool, typer.Option("--no-issue", help="Leave the score book alone.")
    ] = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """What a film may take, the chance to earn its money back, and what would change it."""
    files = [app.check_out(f, "greenlight") for f in file or ()]
    day = parse_day(as_of)
    own_terms = None if terms is None else file_text(terms)
    slate = what[0] == SLATE
    if slate and len(what) == 1:
        raise InputError("A slate of which films? fullhouse greenlight slate FILM IDEA.toml ...")
    if not slate and len(what) > 1:
        raise InputError("Several films are a slate: fullhouse greenlight slate FILM IDEA.toml ...")
    names = what[1:] if slate else what
    films = tuple(n for n in names if not n.lower().endswith(IDEA))
    ideas = tuple(file_text(Path(n)) for n in names if n.lower().endswith(IDEA))
    common = (own_terms, territory, day, not no_forecast, draws, seed)
    with opened(where, quiet=json) as workspace, progress("Weighing", quiet=json):
        if slate:
            risk = app.greenlight_slate(workspace, app.GreenlightSlate(films, ideas, *common))
            written = app.write_slate_risk(risk, files)
            issued = None
        else:
            request = app.GreenlightFilm(
                films[0] if films else None, ideas[0] if ideas else None, *common
            )
            result = app.greenlight_film(workspace, request)
            written = app.write_greenlight(result, files)
            issued = (
                None if no_issue else app.enter_greenlight(workspace, app.EnterGreenlight(result))
            )
    if json:
        entry = {"entry": issued.entry.id, "hash": issued.entry.hash} if issued else None
        say_json(risk.to_dict() if slate else {**result.to_dict(), "score_book": entry})
        return
    if slate:
        _say_slate(risk)
    else:
        _say(result)
    if issued is not None:
        entry_words = "Entered in the score book" if issued.new else "In the score book already"
        out.print(
            f"{entry_words}: entry {issued.entry.id:,}, hash {issued.entry.hash[:HASH_SHOWN]}…",
            soft_wrap=True,
        )
    for path in written:
        out.print(f"Wrote {path}", markup=False, soft_wrap=True)


def _say(greenlight: "Greenlight") -> None:
    from fullhouse.view.words.figures import money_short, share_words
    from fullhouse.view.words.greenlight import (
        gross_words,
        headline,
        line_words,
        note_words,
        option_words,
        place_words,
        source_words,
        swing_words,
        terms_words,
        threshold_words,
        worst_words,
    )

    g = greenlight
    out.print(f"[bold]{escape(headline(g))}[/]", soft_wrap=True)
    for words in (place_words(g), gross_words(g), worst_words(g)):
        out.print(words, markup=False, soft_wrap=True)
    view = _view("profit and loss", g.currency, "80 % range")
    for line in g.lines:
        between = f"{money_short(line.low)} – {money_short(line.high)}"
        view.add_row(line_words(line.name), money_short(line.mean), between)
    out.print(view)
    view = _view("the expected profit hangs on", "at the lower end", "at the upper end")
    for swing in g.swings:
        ends = (money_short(swing.profit_low), money_short(swing.profit_high))
        view.add_row(escape(swing_words(swing, everywhere=g.everywhere)), *ends)
    out.print(view)
    view = _view("deciding later", "expected profit", "more than now", "dropped", "sold")
    for option in g.options:
        view.add_row(
            option_words(option),
            money_short(option.profit.value),
            f"{money_short(option.gain.value)} ± {money_short(2 * option.gain.error)}",
            share_words(option.dropped),
            share_words(option.sold),
        )
    out.print(view)
    out.print("An even chance to earn the money back, one thing moved at a time:")
    for threshold in g.thresholds:
        out.print(
            f"  {threshold_words(threshold, everywhere=g.everywhere)}", markup=False, soft_wrap=True
        )
    if g.source_effect is not None:
        out.print(source_words(g.source_effect), markup=False, soft_wrap=True)
    if g.changed_terms:
        out.print(terms_words(g), markup=False, soft_wrap=True)
    for note in g.notes:
        out.print(f"Note: {note_words(note)}", markup=False, soft_wrap=True)


def _say_slate(slate: "SlateRisk") -> None:
    from fullhouse.view.words.figures import money_short, share_words
    from fullhouse.view.words.greenlight import (
        place_words,
        shared_words,
        slate_headline,
        slate_note_words,
    )

    out.print(f"[bold]{escape(slate_headline(slate))}[/]", soft_wrap=True)
    for words in (place_words(slate), shared_words(slate)):
        out.print(words, markup=False, soft_wrap=True)
    names = ("opens", "budget", "expected profit", "breaks even", "adds to worst 10 %")
    view = _view(f"film, {slate.currency}", *names)
    for film in slate.films:
        view.add_row(
            escape(film.title),
            str(film.year),
            money_short(film.budget),
            money_short(film.profit.value),
            share_words(film.break_even),
            money_short(film.adds_worst),
        )
    out.print(view)
    for note in slate_note_words(slate):
        out.print(f"Note: {note}", markup=False, soft_wrap=True)


def _view(first: str, *others: str) -> Table:
    view = Table(box=SIMPLE_HEAD, header_style="bold", padding=(0, 1, 0, 0))
    view.add_column(escape(first), overflow="fold")
    for name in others:
        view.add_column(name, justify="right")
    return view
