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
        result = app.run_list(workspace, app.ListRuns(rows=rows, status=status))
    if json:
        say_json({"runs": [_plain(r) for r in result]})
        return
    table(
        [(r.id, r.kind, r.status, f"{r.started_at:%Y-%m-%d %H:%M}", _took(r), _far(r), r.actor)
         for r in result],
        ("run", "request", "status", "began (UTC)", "took", "step", "by"),
    )  # fmt: skip


@commands.command()
def show(run: RunId, where: Where = ".", json: Json = False) -> None:
    """One run: what was asked, what was read, and how it ended."""
    with opened(where, quiet=json) as workspace:
        run_row = app.run_show(workspace, app.ShowRun(run))
    if json:
        say_json(_plain(run_row))
        return
    rows = [
        ("run", run_row.id),
        ("request", f"{run_row.kind} {run_row.request}"),
        ("status", run_row.status),
        ("began (UTC)", f"{run_row.started_at:%Y-%m-%d %H:%M:%S}"),
        ("took", _took(run_row)),
        ("step", _far(run_row)),
        ("by", run_row.actor),
        (
            "read",
            ", ".join(f"{name} {version}" for name, version in run_row.versions.items()) or "-",
        ),
        ("stored", f"{run_row.result_bytes:,} bytes"),
        ("error", run_row.error or "-"),
    ]
    table(rows, ("", ""))


@commands.command()
def cancel(run: RunId, where: Where = ".", json: Json = False) -> None:
    """Stop a run at its next step."""
    with opened(where, quiet=json) as workspace:
        cancelled = app.run_cancel(workspace, app.CancelRun(run))
    if json:
        say_json(_plain(cancelled))
        return
    stops = " It stops at its next step." if cancelled.status == "cancelling" else ""
    out.print(f"Run {cancelled.id} is {cancelled.status}.{stops}")


def _plain(run: "Run") -> dict[str, Any]:
    return {**vars(run), "request": loads(run.request)}


def _took(run: "Run") -> str:
    return "-" if run.seconds is None else str(timedelta(seconds=round(run.seconds, 1)))[:9]


def _far(run: "Run") -> str:
    if run.total:
        return f"{run.step} ({run.done:,} of {run.total:,})"
    return run.step or "-"
