"""`fullhouse campaign pilot` and `look`: learn before spending, and see whether it is enough."""

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated

import typer

from fullhouse import app
from fullhouse.cli.show import (
    AsOf,
    Film,
    Json,
    Where,
    channels_text,
    opened,
    out,
    parse_day,
    progress,
    say_json,
    table,
)
from fullhouse.core.errors import InputError
from fullhouse.core.values import as_json

if TYPE_CHECKING:
    from fullhouse.measurement.pilot import PilotLook

HOLDOUT, WEEKS = 0.6, 2
Channels = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="TOML of channels; without it, made-up ones."),
]
Contacts = Annotated[
    str | None,
    typer.Option(metavar="FILE", help="source, account, email, phone; for hashed lists."),
]


def pilot(
    film: Film,
    *,
    budget: Annotated[float, typer.Option(metavar="AMOUNT", help="Most money to spend on it.")],
    name: Annotated[str, typer.Option(metavar="NAME", help="The pilot's name, used once.")],
    folder: Annotated[
        str, typer.Option("--out", metavar="DIR", help="Folder or object store of deliveries.")
    ],
    channels: Channels = None,
    as_of: AsOf = None,
    weeks: Annotated[
        int, typer.Option(metavar="N", min=1, max=8, help="Weeks, from the next Monday on.")
    ] = WEEKS,
    holdout: Annotated[
        float, typer.Option(metavar="SHARE", min=0.1, max=0.9, help="Share held out of each.")
    ] = HOLDOUT,
    households: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="source, account, household: hold out households."),
    ] = None,
    contacts: Contacts = None,
    expected: Annotated[
        float | None,
        typer.Option("--expect", metavar="PEOPLE", help="People of the house who will see it."),
    ] = None,
    log: Annotated[
        bool | None,
        typer.Option("--log/--no-log", help="Write assigned.parquet; up to 5 million rows."),
    ] = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Show a film to a few people of many audiences, chosen by chance, weeks before it opens."""
    from fullhouse.view.words.pilot import PILOT_COLUMNS, pilot_rows, pilot_words

    request = app.PilotFilm(
        film, budget, name, folder, channels=channels_text(channels), as_of=parse_day(as_of),
        weeks=weeks, holdout=holdout, households=households, contacts=contacts,
        expected_people=expected, log=log,
    )  # fmt: skip
    with opened(where, quiet=json) as house, progress("Choosing people", quiet=json) as step:
        done = app.campaign_pilot(replace(house, progress=step), request)
    if json:
        launched = done.launched
        say_json({"plan": done.plan.to_dict(), "campaign": launched.campaign.name,
                  "resumed": launched.resumed, "lines": dict(launched.lines),
                  "files": [asdict(f) for f in launched.files]})  # fmt: skip
        return
    table(pilot_rows(done.plan), PILOT_COLUMNS)
    for sentence in pilot_words(done.plan):
        out.print(sentence, markup=False, soft_wrap=True)
    out.print(f"Look at it with: fullhouse campaign look {name}", markup=False, soft_wrap=True)


def look(
    name: Annotated[str, typer.Argument(metavar="PILOT", help="The pilot's name.")],
    *,
    as_of: AsOf = None,
    budget: Annotated[
        float | None,
        typer.Option(metavar="AMOUNT", help="Money to plan by it; 20 times the pilot's."),
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan/--no-plan", help="Whether to see what a plan makes of it.")
    ] = True,
    channels: Channels = None,
    cancel: Annotated[
        bool, typer.Option("--cancel", help="Cancel it if more of it would change nothing.")
    ] = False,
    contacts: Contacts = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Look at a pilot as often as you like: what it added, and whether to go on."""
    if budget is not None and not plan:
        raise InputError("--budget is for the plan: leave out --no-plan, or the budget.")
    request = app.LookAtPilot(
        name, parse_day(as_of), budget if plan else 0.0, channels=channels_text(channels),
        end=cancel, contacts=contacts,
    )  # fmt: skip
    with opened(where, quiet=json) as house, progress("Looking", quiet=json) as step:
        result = app.campaign_look(replace(house, progress=step), request)
    if json:
        say_json(as_json(asdict(result)) | {"ends": result.ends})
        return
    _print(result)


def _print(result: "PilotLook") -> None:
    from fullhouse.view.words.pilot import LOOK_COLUMNS, look_row, look_words

    table([look_row(a) for a in result.audiences], LOOK_COLUMNS)
    for sentence in look_words(result):
        out.print(sentence, markup=False, soft_wrap=True)
