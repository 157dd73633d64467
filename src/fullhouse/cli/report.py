"""`fullhouse report`: all that is known of a film, in one file."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from fullhouse import app
from fullhouse.cli.room import As, opened_as
from fullhouse.cli.show import (
    Film,
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

if TYPE_CHECKING:
    from pathlib import Path

    from fullhouse.app import ReportTitle


Plan = Annotated[str | None, typer.Option(metavar="NAME", help="Saved plan; the film's newest.")]
Campaign = Annotated[
    str | None, typer.Option(metavar="NAME", help="Only this campaign, with its plan.")
]
File = Annotated[
    list[str] | None,
    typer.Option("--out", help="File ending in .html or .json (FILM-report.html); repeatable."),
]


def report(
    film: Film,
    *,
    as_of: KnownOn = None,
    territory: Territory = None,
    plan: Plan = None,
    campaign: Campaign = None,
    file: File = None,
    who: As = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Write one file with everything: forecast, audiences, plan, campaign, readout, responses.

    The page opens offline, on paper and on dark screens. With --json and without --out it is
    printed, and nothing is written.
    """
    day = parse_day(as_of)
    files = [app.check_out(f, "report") for f in file or ()]
    if who is not None:
        if campaign is not None:
            raise InputError("--campaign is the house's: a tenant's report has all of its own.")
        _own(where, who, app.ReportTitle(film, day, territory, plan), files, json=json)
        return
    with opened(where, quiet=json) as workspace, progress("Reporting", quiet=json) as step:
        request = app.ReportFilm(film, as_of=day, territory=territory, plan=plan, campaign=campaign)
        result = app.film_report(replace(workspace, progress=step), request)
        default = [] if json else [f"{result.film}-report.html"]
        written = app.write_film_report(result, files or default)
    if json:
        say_json(result.to_dict())
        return
    from fullhouse.view.words.report import report_lines

    for line in report_lines(result):
        out.print(line, markup=False, soft_wrap=True)
    for path in written:
        out.print(f"Wrote {path}", markup=False, soft_wrap=True)


def _own(where: str, who: str, request: "ReportTitle", files: "list[Path]", *, json: bool) -> None:
    """A tenant's report, from what it was released."""
    with opened_as(where, who, quiet=json) as tenant, progress("Reporting", quiet=json):
        result = app.studio_report(tenant, request)
    default = [] if json else [f"{result.film}-report.html"]
    written = app.write_tenant_report(result, files or default)
    if json:
        say_json(result.to_dict())
        return
    for path in written:
        out.print(f"Wrote {path}", markup=False, soft_wrap=True)
