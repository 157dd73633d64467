"""`fullhouse runs`: what was computed, how far it is, and its end."""

from datetime import timedelta
from json import loads
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fullhouse import app
from fullhouse.cli.show import Json, Where, opened, out, say_json, table

if TYPE_CHECKING:
    from fullhouse.control.run import Run

commands = typer.Typer(help="What was computed: list, show, cancel.", no_args_is_help=True)

RunId = Annotated[str, typer.Argument(metavar="RUN", help="Its id, or the first characters.")]


@commands.command("list")
def list_(
    rows: Annotated[int, typer.Option("--rows", metavar="N", min=1, help="Most runs.")] = 20,
    status: Annotated[
        str | None,
        typer.Option(metavar="STATUS", help="running, finished, failed, cancelled or crashed."),
    ] = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """The newest runs."""
    with opened(where, quiet=json) as workspace:
        found = app.run_list(workspace, app.ListRuns(rows=rows, status=status))
    if json:
        say_json({"runs": [_plain(r) for r in found]})
        return
    table(
        [(r.id, r.kind, r.status, f"{r.started_at:%Y-%m-%d %H:%M}", _took(r), _far(r), r.actor)
         for r in found],
        ("run", "request", "status", "began (UTC)", "took", "step", "by"),
    )  # fmt: skip


@commands.command()
def show(run: RunId, where: Where = ".", json: Json = False) -> None:
    """One run: what was asked, what was read, and how it ended."""
    with opened(where, quiet=json) as workspace:
        found = app.run_show(workspace, app.ShowRun(run))
    if json:
        say_json(_plain(found))
        return
    rows = [
        ("run", found.id),
        ("request", f"{found.kind} {found.request}"),
        ("status", found.status),
        ("began (UTC)", f"{found.started_at:%Y-%m-%d %H:%M:%S}"),
        ("took", _took(found)),
        ("step", _far(found)),
        ("by", found.actor),
        ("read", ", ".join(f"{name} {version}" for name, version in found.versions.items()) or "-"),
        ("stored", f"{found.result_bytes:,} bytes"),
        ("error", found.error or "-"),
    ]
    table(rows, ("", ""))


@commands.command()
def cancel(run: RunId, where: Where = ".", json: Json = False) -> None:
    """Stop a run at its next step."""
    with opened(where, quiet=json) as workspace:
        found = app.run_cancel(workspace, app.CancelRun(run))
    if json:
        say_json(_plain(found))
        return
    stops = " It stops at its next step." if found.status == "cancelling" else ""
    out.print(f"Run {found.id} is {found.status}.{stops}")


def _plain(run: "Run") -> dict[str, Any]:
    return {**vars(run), "request": loads(run.request)}


def _took(run: "Run") -> str:
    return "-" if run.seconds is None else str(timedelta(seconds=round(run.seconds, 1)))[:9]


def _far(run: "Run") -> str:
    if run.total:
        return f"{run.step} ({run.done:,} of {run.total:,})"
    return run.step or "-"
