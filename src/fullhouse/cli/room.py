"""The clean room as a studio sees it: asking as a tenant, and what is free (`room`).

Commands that a studio may call take `--as TENANT`, or `--as TENANT/USER`: they print a release.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fullhouse import app
from fullhouse.cli.show import (
    AsOf,
    Json,
    Rows,
    Where,
    opened,
    out,
    parse_day,
    progress,
    say_json,
    table,
)
from fullhouse.core.errors import InputError
from fullhouse.core.values import HOUSE, as_json

if TYPE_CHECKING:
    from fullhouse.app import Context
    from fullhouse.cleanroom.question import Question
    from fullhouse.cleanroom.release import Answer, Price

commands = typer.Typer(help="What the clean room gives a studio for free.", no_args_is_help=True)

As = Annotated[
    str | None,
    typer.Option("--as", metavar="TENANT[/USER]", help="As this tenant: print a release."),
]
ForTitle = Annotated[
    str | None, typer.Option("--title", metavar="FILM", help="--as: your title that pays for it.")
]
MustAs = Annotated[
    str, typer.Option("--as", metavar="TENANT[/USER]", help="As this tenant: print a release.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="--as: only say what it would cost and what is left.")
]


@contextmanager
def opened_as(where: str, who: str, *, quiet: bool) -> Iterator["Context"]:
    """A workspace as a tenant sees it: by a user of its own, or by the house's on its behalf."""
    tenant, slash, user = who.partition("/")
    if tenant == HOUSE or not tenant or (slash and not user):
        raise InputError(f"--as takes a tenant, or TENANT/USER, not {who!r}.")
    with opened(where, quiet=quiet) as context:
        actor = user or f"{HOUSE}:{context.actor}"
        yield replace(context, tenant=tenant, actor=actor)


@contextmanager
def opened_for(where: str, who: str | None, *, quiet: bool) -> Iterator["Context"]:
    """A workspace as the house sees it, or as a tenant does where `--as` names one."""
    with opened(where, quiet=quiet) if who is None else opened_as(where, who, quiet=quiet) as one:
        yield one


def ask(
    where: str, who: str, question: "Question", *, title: str | None, dry_run: bool, json: bool
) -> None:
    """Ask as a tenant, or with `dry_run` what it would cost; print the release."""
    about = app.Ask(question, title)
    with opened_as(where, who, quiet=json) as context, progress("Asking", quiet=json):
        if dry_run:
            show_price(app.room_price(context, about), json=json)
        else:
            show_answer(app.room_ask(context, about), tenant=context.tenant, json=json)


def show_price(price: "Price", *, json: bool) -> None:
    """Print what a question would cost and what is left."""
    if json:
        say_json(as_json(asdict(price)))
        return
    from fullhouse.view.words.release import price_sentences

    for line in price_sentences(price):
        out.print(line, markup=False, soft_wrap=True)


def show_answer(answer: "Answer", *, tenant: str, json: bool) -> None:
    """Print a release with its price and what is left."""
    from fullhouse.view.words.release import answer_sentences, release_table

    if json:
        left: list[dict[str, Any]] = [asdict(b) for b in answer.left]
        say_json(
            as_json(asdict(answer.release))
            | {"paid": answer.paid, "left": left, "receipt": dict(answer.receipt)}
        )
        return
    if answer.release.lines:
        table(*release_table(answer.release))
    for line in answer_sentences(answer, tenant=tenant):
        out.print(line, markup=False, soft_wrap=True)


@commands.command("sizes")
def sizes(
    rules: Annotated[list[str], typer.Argument(metavar="RULE...", help="Audiences.")],
    who: MustAs,
    as_of: AsOf = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Sizes of audiences from the free table, within bounds; no budget is spent."""
    day = parse_day(as_of)
    with opened_as(where, who, quiet=json) as context, progress("Reading sizes", quiet=json):
        result = app.room_sizes(context, app.SizeRules(tuple(rules), day))
    if json:
        say_json(as_json(asdict(result)))
        return
    from fullhouse.view.words.release import figure_words, sizes_sentences

    rows = [(s.rule, figure_words(s.people)) for s in result.sizes]
    table(rows, ("audience", "people (bounds)"))
    for line in sizes_sentences(result):
        out.print(line, markup=False, soft_wrap=True)


@commands.command("traits")
def traits(
    who: MustAs,
    search: Annotated[str, typer.Argument(metavar="TEXT", help="In name or label.")] = "",
    family: Annotated[str | None, typer.Option(metavar="FAMILY", help="Only this one's.")] = None,
    rows: Rows = 20,
    where: Where = ".",
    json: Json = False,
) -> None:
    """The traits that a studio may ask about, with their free sizes."""
    wanted = app.FindTraits(search, family, most=rows or 2**31)
    with opened_as(where, who, quiet=json) as context:
        listed = app.room_traits(context, wanted)
    if json:
        say_json(as_json(asdict(listed)))
        return
    from fullhouse.view.words.release import figure_words

    cells = [
        (t.name, t.label, "-" if t.people is None else figure_words(t.people))
        for t in listed.traits
    ]
    table(cells, ("trait", "meaning", "people (95 %)"))
    out.print(f"{len(listed.traits):,} of {listed.total:,}.")
