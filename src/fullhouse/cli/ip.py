"""`fullhouse ip`: properties that films may be made of, who their fans are, and their worth."""

from pathlib import Path
from typing import Annotated

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
    done,
    opened,
    out,
    parse_day,
    progress,
    say_json,
)
from fullhouse.core.values import file_text

commands = typer.Typer(
    help="Properties: books, series, games, comics; their fans, and what they are worth.",
    no_args_is_help=True,
)
Name = Annotated[str, typer.Argument(metavar="PROPERTY", help="Its id or title; see 'ip list'.")]
Genres = Annotated[
    list[str] | None, typer.Option("--genre", help="A genre of a film of it; repeatable.")
]
KINDS = "fiction book, factual book, real life, comic, game, tv, remake, play, musical, song, ..."


@commands.command()
def add(
    title: Annotated[str, typer.Argument(help="Its title; the same again states more of it.")],
    *,
    kind: Annotated[str | None, typer.Option(help=KINDS)] = None,
    titles: Annotated[
        list[str] | None, typer.Option("--also", help="zh=红隼: a further title; repeatable.")
    ] = None,
    holder: Annotated[str | None, typer.Option(help="Who holds the rights.")] = None,
    genres: Genres = None,
    adapted: Annotated[
        list[str] | None,
        typer.Option("--adapted", help="A film, by its id, that was made of it; repeatable."),
    ] = None,
    rule: Annotated[
        str | None, typer.Option(help="Who its fans are: a rule of traits, in place of matches.")
    ] = None,
    known_on: Annotated[
        str | None, typer.Option("--known-on", help="Known from this day on (today).")
    ] = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Add a property, or state more of one."""
    request = app.AddProperty(
        title,
        kind,
        tuple(titles or ()),
        holder,
        tuple(genres or ()),
        tuple(adapted or ()),
        rule,
        parse_day(known_on, "--known-on"),
    )
    with opened(where, quiet=json) as workspace:
        result = app.property_add(workspace, request)
    words = "Added" if result.new else "Stated more of"
    done(vars(result), f"{words} {result.property}.", json=json)


@commands.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV: title, kind, and more.")],
    *,
    known_on: Annotated[
        str | None, typer.Option("--known-on", help="Of rows without a day (today).")
    ] = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Take in a table of properties."""
    request = app.ImportProperties(file, parse_day(known_on, "--known-on"))
    with opened(where, quiet=json) as workspace:
        result = app.property_import(workspace, request)
    if json:
        say_json(vars(result))
        return
    out.print(f"Rows read: {result.read:,}. New properties: {result.new:,}.")
    for number, problem in result.problems[:5]:
        out.print(f"Row {number:,} was left out: {problem}", markup=False, soft_wrap=True)


@commands.command("list")
def list_(
    *,
    kind: Annotated[str | None, typer.Option(help="Only of this kind.")] = None,
    as_of: KnownOn = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """List the properties."""
    with opened(where, quiet=json) as workspace:
        rows = app.property_list(workspace, app.ListProperties(kind, parse_day(as_of)))
    if json:
        say_json({"properties": [dict(r) for r in rows.rows()]})
        return
    if not rows:
        of_kind = f" of the kind {kind!r}" if kind else ""
        out.print(f"No properties{of_kind} yet: fullhouse ip add TITLE --kind KIND", markup=False)
        return
    view = Table(box=SIMPLE_HEAD, header_style="bold", padding=(0, 1, 0, 0))
    for name in ("property", "titles", "kind", "rights", "films of it"):
        view.add_column(name, overflow="fold")
    for one in rows:
        titles = "; ".join(title for _, title in one.titles)
        cells = (one.id, titles, one.kind, one.holder, ", ".join(one.adaptations))
        view.add_row(*(escape(c) for c in cells))
    out.print(view)


@commands.command()
def show(name: Name, *, as_of: KnownOn = None, where: Where = ".", json: Json = False) -> None:
    """Show a property, who its fans are, and matches to review."""
    with opened(where, quiet=json) as workspace:
        view = app.property_show(workspace, app.ShowProperty(name, parse_day(as_of)))
    if json:
        say_json(view.to_dict())
        return
    one = view.about
    out.print(f"[bold]{escape(one.title)}[/] ({escape(one.kind)}), {escape(one.id)}")
    for language, title in one.titles[1:]:
        out.print(f"  {language}: {title}", markup=False)
    if one.holder:
        out.print(f"Rights: {one.holder}", markup=False, soft_wrap=True)
    if view.built_on is None:
        out.print("No traits are built, so that nobody can be matched: fullhouse traits build")
        return
    out.print(f"Fans: {view.rule or 'no trait bears its title'}", markup=False, soft_wrap=True)
    if view.rows():
        table = Table(box=SIMPLE_HEAD, header_style="bold", padding=(0, 1, 0, 0))
        table.add_column("trait", overflow="fold")
        table.add_column("people", justify="right")
        table.add_column("")
        for match in (*view.matches, *view.review):
            words = "counts" if match in view.matches else f"to review ({match.why})"
            table.add_row(escape(match.trait), f"{match.people:,}", words)
        out.print(table)
    if view.review:
        out.print("Settle who the fans are: fullhouse ip add TITLE --rule RULE", soft_wrap=True)


@commands.command()
def value(
    name: Name,
    *,
    budget: Annotated[
        float, typer.Option(metavar="AMOUNT", help="Of the film, in the currency of the terms.")
    ],
    genres: Genres = None,
    opening: Annotated[str | None, typer.Option(help="Day on which it may open.")] = None,
    terms: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Terms, TOML; see 'greenlight'.")
    ] = None,
    risk: Annotated[float, typer.Option(help="The greatest chance of a loss.")] = 0.5,
    margin: Annotated[
        float,
        typer.Option("--profit", help="The least expected profit, as a share of all spending."),
    ] = 0.1,
    territory: Territory = None,
    as_of: KnownOn = None,
    file: Annotated[
        list[str] | None,
        typer.Option("--out", help=".html, .svg, .png, .csv, .parquet or .json; repeatable."),
    ] = None,
    no_issue: Annotated[
        bool, typer.Option("--no-issue", help="Leave the score book alone.")
    ] = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """What a property may bring, and what it is worth at most."""
    from fullhouse.view.words.property import headline, value_lines

    files = [app.check_out(f, "property") for f in file or ()]
    own_terms = None if terms is None else file_text(terms)
    request = app.ValueProperty(
        name,
        budget,
        tuple(genres or ()),
        parse_day(opening, "--opening"),
        own_terms,
        territory,
        risk,
        margin,
        parse_day(as_of),
    )
    with opened(where, quiet=json) as workspace, progress("Valuing", quiet=json):
        result = app.property_value(workspace, request)
        written = app.write_property(result, files)
        issued = None if no_issue else app.enter_property(workspace, app.EnterProperty(result))
    entry = {"entry": issued.entry.id, "hash": issued.entry.hash} if issued else None
    if json:
        say_json({**result.to_dict(), "score_book": entry})
        return
    out.print(f"[bold]{escape(headline(result))}[/]", soft_wrap=True)
    for line in value_lines(result):
        out.print(line, markup=False, soft_wrap=True)
    if issued is not None:
        words = "Entered in the score book" if issued.new else "In the score book already"
        out.print(f"{words}: entry {issued.entry.id:,}.", soft_wrap=True)
    for path in written:
        out.print(f"Wrote {path}", markup=False, soft_wrap=True)
