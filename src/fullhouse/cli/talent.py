"""`fullhouse talent`: import credits, list, show, what names add to gross, suppress."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fullhouse import app
from fullhouse.cli.show import (
    AsOf,
    Json,
    Rows,
    Territory,
    Where,
    done,
    opened,
    out,
    parse_day,
    progress,
    say_json,
    table,
)
from fullhouse.core.values import as_json

if TYPE_CHECKING:
    from fullhouse.talent.credit import CreditSet, CreditsImported
    from fullhouse.talent.effects import NameEffect

commands = typer.Typer(help="Talent: who is credited where, and what names add to a gross.")

PROBLEMS_SHOWN = 5
Name = Annotated[str, typer.Argument(metavar="NAME", help="A name, or an id of 'talent list'.")]
Out = Annotated[
    list[Path] | None,
    typer.Option(
        "--out", help="Write .html, .json, .csv, .parquet, .svg or .png; may be repeated."
    ),
]
EFFECT_COLUMNS = ("name", "role", "films", "factor", "80 % range", "names shuffled", "")


@commands.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or Parquet with credits.")],
    *,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse a file that has any problem.")
    ] = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Take dated credits from a file; the same file again writes nothing."""
    with opened(where, quiet=json) as context, progress("Reading", quiet=json):
        imported = app.talent_import(context, app.ImportCredits(_read(file), strict))
    if json:
        say_json(vars(imported) | {"problems": [p._asdict() for p in imported.problems]})
        return
    _show_imported(imported)


@commands.command(name="list")
def list_(
    *,
    search: Annotated[str | None, typer.Option(help="Text within the name.")] = None,
    role: Annotated[
        str | None, typer.Option(metavar="ROLE", help="cast, director, writer, composer, ...")
    ] = None,
    as_of: AsOf = None,
    rows: Rows = 20,
    where: Where = ".",
    json: Json = False,
) -> None:
    """List who is credited in films of the catalogue, those with most films first."""
    day = parse_day(as_of)
    with opened(where, quiet=json) as context:
        listed = app.talent_list(context, app.ListTalent(search, role, day, rows))
    if json:
        say_json({"total": listed.total, "talents": [as_json(asdict(t)) for t in listed.talents]})
        return
    shown = [
        (t.talent, t.name, ", ".join(t.roles), t.films, str(t.first or "-"), str(t.last or "-"))
        for t in listed.talents
    ]
    if not listed.total and search is None and role is None:
        out.print("No credits yet: fullhouse talent import FILE", markup=False)
        return
    if shown:
        table(shown, ("id", "name", "as", "films", "first", "last"))
    out.print(f"{len(shown):,} of {listed.total:,} people.")


@commands.command()
def show(
    name: Name,
    *,
    territory: Territory = None,
    as_of: AsOf = None,
    rows: Rows = 20,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Show a person's films, and what goes with the name beyond the films' budgets."""
    from fullhouse.view.words.talent import basis_words, effect_words, headline

    day = parse_day(as_of)
    with opened(where, quiet=json, doing="Reading") as context:
        view = app.talent_show(context, app.ShowTalent(name, territory, day))
    own = view.effects.of(view.talent) if view.effects else ()
    if json:
        say_json(view.to_dict())
        return
    title = f"{view.name} ({view.talent}), as known on {view.as_of}"
    films = [
        (
            c.film,
            str(c.opening or "-"),
            c.role,
            c.billing,
            None if c.gross is None else int(c.gross),
        )
        for c in (view.credits[:rows] if rows else view.credits)
    ]
    table(films, ("film", "opened", "as", "billing", f"gross in {view.territory}"), title=title)
    lines = [effect_words(view.name, e) for e in own]
    if view.effects is None:
        lines.append(str(view.why_not))
    else:
        lines += [headline(view.effects), *basis_words(view.effects)]
    for line in lines:
        out.print(line, markup=False, soft_wrap=True)


@commands.command()
def effects(
    *,
    territory: Territory = None,
    as_of: AsOf = None,
    rows: Rows = 20,
    out_: Out = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """What names add to a gross beyond budget, genre, month, series and date."""
    from fullhouse.view.words.talent import basis_words, headline

    files = [app.check_out(f, "talent") for f in out_ or ()]
    day = parse_day(as_of)
    with opened(where, quiet=json, doing="Reading") as context:
        result = app.talent_effects(context, app.EstimateTalent(territory, day))
        written = app.write_talent(result, files)
    if json:
        say_json(result.to_dict(most=rows))
        return
    names = result.names()
    shown = names[:rows] if rows else names
    table([_effect_row(e) for e in shown], EFFECT_COLUMNS)
    for line in (headline(result), *basis_words(result)):
        out.print(line, markup=False, soft_wrap=True)
    for path in written:
        out.print(f"Wrote {path}", markup=False, soft_wrap=True)


@commands.command()
def rising(
    *,
    territory: Territory = None,
    as_of: AsOf = None,
    rows: Rows = 20,
    no_issue: Annotated[
        bool, typer.Option("--no-issue", help="Leave the score book alone.")
    ] = False,
    out_: Out = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Newcomers by their chance to be among the top in five years; enters the score book."""
    from fullhouse.view.words.talent import rising_basis, rising_headline

    files = [app.check_out(f, "talent") for f in out_ or ()]
    day = parse_day(as_of)
    with opened(where, quiet=json, doing="Reading") as context:
        result = app.talent_rising(context, app.FindRising(territory, day))
        entry = None if no_issue else app.issue_rising(context, app.IssueRising(result))
        written = app.write_rising(result, files)
    if json:
        say_json(result.to_dict(most=rows) | {"entry": entry.id if entry else None})
        return
    shown = result.names[:rows] if rows else result.names
    table(
        [
            (n.name, f"{n.probability:.1%}", n.films, n.best_billing, str(n.last), int(n.gross))
            for n in shown
        ],
        ("name", "chance", "films", "best billing", "last film", "gross so far"),
    )
    for line in (rising_headline(result), *rising_basis(result)):
        out.print(line, markup=False, soft_wrap=True)
    if entry:
        out.print(f"Entry {entry.id} of the score book.", markup=False)
    for path in written:
        out.print(f"Wrote {path}", markup=False, soft_wrap=True)


@commands.command()
def fit(
    film: Annotated[str, typer.Argument(metavar="FILM", help="A film, by its id.")],
    *,
    budget: Annotated[
        float | None,
        typer.Option(metavar="AMOUNT", help="What names may cost together; with --costs."),
    ] = None,
    costs: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Columns name and cost.")
    ] = None,
    as_of: AsOf = None,
    rows: Rows = 20,
    out_: Out = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Names whose audiences add people to a film's, and a set of them for a budget."""
    from fullhouse.view.words.talent import (
        FIT_COLUMNS,
        STEP_COLUMNS,
        fit_basis,
        fit_cells,
        fit_headline,
        set_words,
        step_cells,
    )

    files = [app.check_out(f, "talent") for f in out_ or ()]
    asked = app.FitTalent(film, budget, costs, parse_day(as_of))
    with opened(where, quiet=json, doing="Reading") as context:
        result = app.talent_fit(context, asked)
        written = app.write_fit(result, files)
    if json:
        say_json(result.to_dict(most=rows))
        return
    shown = result.names[:rows] if rows else result.names
    table([fit_cells(n) for n in shown], FIT_COLUMNS)
    if result.chosen.steps:
        table([step_cells(s) for s in result.chosen.steps], STEP_COLUMNS)
    for line in (fit_headline(result), *set_words(result), *fit_basis(result)):
        out.print(line, markup=False, soft_wrap=True)
    for path in written:
        out.print(f"Wrote {path}", markup=False, soft_wrap=True)


@commands.command()
def scorebook(
    *, territory: Territory = None, as_of: AsOf = None, where: Where = ".", json: Json = False
) -> None:
    """How issued lists of rising names did whose five years are over."""
    from fullhouse.view.words.talent import book_words

    day = parse_day(as_of)
    with opened(where, quiet=json, doing="Reading") as context:
        book = app.talent_scorebook(context, app.ReadRisingBook(territory, day))
    if json:
        say_json(as_json(asdict(book)))
        return
    rows = [
        (s.entry, str(s.as_of), s.people, "-" if s.auc is None else f"{s.auc:.3f}",
         f"{s.brier:.4f}", f"{s.brier_of_share:.4f}", f"{s.expected:.1%}", f"{s.happened:.1%}",
         "looking back" if s.looking_back else "")
        for s in book.scores
    ]  # fmt: skip
    if rows:
        names = ("entry", "as of", "people", "AUC", "Brier", "of the share", "expected", "happened")
        table(rows, (*names, ""))
    out.print(book_words(book), markup=False, soft_wrap=True)


@commands.command()
def suppress(name: Name, *, where: Where = ".", json: Json = False) -> None:
    """Take a person who asked for it out of everything, for good."""
    with opened(where, quiet=json) as context:
        result = app.talent_suppress(context, app.SuppressTalent(name))
    done(
        {"credits": result.credits},
        "Suppressed: no output names this person from now on."
        f" Credits taken out: {result.credits:,}.",
        json=json,
    )


def _read(file: Path) -> "CreditSet | Path":
    # Imported here: readers load Arrow, and `--help` does not need it.
    from fullhouse.sources import talent_ip

    return talent_ip.read(file) if talent_ip.is_credits(file) else file


def _show_imported(imported: "CreditsImported") -> None:
    lines = {
        "rows read": imported.read,
        "credits": imported.credits,
        "people": imported.people,
        "films": imported.films,
        "films not in the catalogue, or without opening": imported.waiting,
        "rows that repeat another": imported.repeated,
        "of suppressed names": imported.suppressed,
        "credits written": imported.written,
    }
    table(list(lines.items()), ("", imported.file))
    if imported.already:
        out.print(f"{imported.file}: nothing new, it was imported before.", markup=False)
    if imported.problems:
        out.print(f"{imported.file}: {len(imported.problems):,} problems", markup=False)
        table(
            [(str(p.row or "-"), p.problem, p.given) for p in imported.problems[:PROBLEMS_SHOWN]],
            ("row", "problem", "given"),
        )


def _effect_row(e: "NameEffect") -> tuple[Any, ...]:
    return (
        e.name,
        e.role,
        e.films,
        f"{e.factor:.2f}",
        f"{e.low:.2f}-{e.high:.2f}",
        f"{e.placebo:.2f}",
        "*" if e.clear else "",
    )
