"""`fullhouse discover`: who will want a film; or which traits go with any outcome."""

from pathlib import Path
from typing import Annotated

import typer

from fullhouse import app
from fullhouse.cli import room
from fullhouse.cli.discover_film import discover_film
from fullhouse.cli.discover_outcome import discover_outcome
from fullhouse.cli.room import As, DryRun
from fullhouse.cli.show import Json, KnownOn, Where, parse_day
from fullhouse.core.errors import InputError

RULE_HELP = "A rule such as 'word:dog & buys:books', or audience:NAME; see docs/audiences.md."


Film = Annotated[str | None, typer.Argument(metavar="FILM", help="The film's id; see 'film list'.")]
Outcome = Annotated[
    str | None,
    typer.Option(metavar="RULE", help=f"Instead of a film, whom to explain. {RULE_HELP}"),
]
Territory = Annotated[
    str | None, typer.Option(help="FILM: ISO 3166 code of the market; setting territory.")
]
Comps = Annotated[
    list[str] | None,
    typer.Option("--comps", metavar="FILM", help="FILM: a comparable film of yours; repeatable."),
]
Plus = Annotated[
    list[str] | None,
    typer.Option(metavar="WORD|TRAIT", help="FILM: it is about this too; repeatable."),
]
Minus = Annotated[
    list[str] | None,
    typer.Option(metavar="WORD|TRAIT", help="FILM: it is not about this; repeatable."),
]
Embedding = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="FILM: word vectors (.txt, .vec, .npz) for likeness."),
]
Tickets = Annotated[
    bool, typer.Option(help="FILM: share out the forecast's tickets by audience and city.")
]
Base = Annotated[
    str | None, typer.Option(metavar="RULE", help="--outcome: whom to compare with (everyone).")
]
Placebo = Annotated[
    str | None,
    typer.Option(metavar="RULE", help="--outcome: a like outcome that should show nothing."),
]
Family = Annotated[
    list[str] | None, typer.Option(help="--outcome: only traits of this family; repeatable.")
]
Adjust = Annotated[
    list[str] | None,
    typer.Option(
        metavar="activity|none|FAMILY",
        help="--outcome: compare people alike in this (activity): facts such as gender or age,"
        " activity, or none; repeatable.",
    ),
]
Answers = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KIND",
        help="--outcome: events of this kind are stated yes/no answers, so facts: how many"
        " somebody gave is no activity; repeatable.",
    ),
]
Rows = Annotated[
    int,
    typer.Option(
        "--rows", metavar="N", min=1, help="--outcome: most traits in the table and the chart."
    ),
]
File = Annotated[
    list[str] | None,
    typer.Option(
        "--out",
        help="File to write, by its ending; FILM: .html, .json, .parquet, .csv, .svg, .png."
        " --outcome: all but .json. Repeatable.",
    ),
]


def discover(
    film: Film = None,
    *,
    outcome: Outcome = None,
    as_of: KnownOn = None,
    territory: Territory = None,
    comps: Comps = None,
    plus: Plus = None,
    minus: Minus = None,
    embedding: Embedding = None,
    tickets: Tickets = True,
    base: Base = None,
    placebo: Placebo = None,
    family: Family = None,
    adjust: Adjust = None,
    answers: Answers = None,
    rows: Rows = 25,
    file: File = None,
    who: As = None,
    dry_run: DryRun = False,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Discover who will want a film, beyond those whom film people know; and how sure that is."""
    day = parse_day(as_of)
    if who is not None:
        if film is None:
            raise InputError("Cards are of a film: fullhouse discover FILM --as TENANT.")
        question = app.Cards(film, tuple(comps or ()), day)
        room.ask(where, who, question, title=None, dry_run=dry_run, json=json)
        return
    if (film is None) == (outcome is None):
        raise InputError(
            "Which film? fullhouse discover FILM. Or, for any outcome: --outcome RULE."
            if film is None
            else f"Give a film or --outcome, not both: {film!r} and {outcome!r}."
        )
    if outcome is not None:
        _none_of(
            {"--territory": territory, "--comps": comps, "--plus": plus, "--minus": minus,
             "--embedding": embedding},
            "is for a film, not for --outcome",
        )  # fmt: skip
        files = [app.check_out(f, "outcome") for f in file or ()]
        about = app.DiscoverOutcome(
            outcome,
            base or "everyone",
            placebo,
            as_of=day,
            families=tuple(family or ()),
            adjust=tuple(adjust or ("activity",)),
            answers=tuple(answers or ()),
        )
        discover_outcome(where, about, rows, files, json=json)
        return
    _none_of(
        {"--base": base, "--placebo": placebo, "--family": family, "--adjust": adjust,
         "--answers": answers},
        "is for --outcome: of a film they follow from its interest",
    )  # fmt: skip
    assert film is not None
    request = app.DiscoverFilm(
        film,
        territory=territory,
        as_of=day,
        comps=tuple(comps or ()),
        plus=tuple(plus or ()),
        minus=tuple(minus or ()),
        embedding=None if embedding is None else Path(embedding),
    )
    discover_film(where, request, file or (), tickets=tickets, json=json)


def _none_of(given: dict[str, object], why: str) -> None:
    for name, value in given.items():
        if value:
            raise InputError(f"{name} {why}.")
