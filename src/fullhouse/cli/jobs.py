"""`fullhouse jobs` and `fullhouse work`: what is to be done later, and who does it."""

import json as json_
import os
import signal
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fullhouse import app
from fullhouse.cli.show import ALL_ROWS, Json, Where, opened, out, say_json, table
from fullhouse.core.errors import InputError
from fullhouse.core.tracing import start_tracing

if TYPE_CHECKING:
    from fullhouse.app import JobSchedule, JobStatus

commands = typer.Typer(
    help="Work that is done later, by a worker: list, show, cancel, retry.", no_args_is_help=True
)
schedules = typer.Typer(help="Jobs that are queued again and again.", no_args_is_help=True)
commands.add_typer(schedules, name="schedule")

JobId = Annotated[str, typer.Argument(metavar="JOB", help="Its id, or the first characters.")]
Kind = Annotated[str, typer.Argument(metavar="USE-CASE", help="Its name, such as traits_build.")]
Request = Annotated[
    str | None,
    typer.Option("--request", metavar="JSON", help="Its request as JSON; without it, none."),
]


@commands.command("list")
def list_(
    rows: Annotated[int, typer.Option("--rows", metavar="N", min=0, help="Most jobs.")] = 20,
    status: Annotated[
        str | None,
        typer.Option(
            metavar="STATUS", help="queued, running, cancelling, finished, failed or cancelled."
        ),
    ] = None,
    kind: Annotated[str | None, typer.Option(metavar="USE-CASE", help="Of one use case.")] = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """The newest jobs."""
    with opened(where, quiet=json) as context:
        result = app.job_list(context, app.ListJobs(rows or ALL_ROWS, status, kind))
    if json:
        say_json({"jobs": [vars(job) for job in result.jobs]})
        return
    table(
        [(j.id, j.kind, j.status, _minute(j.queued_at), _progress(j), j.tries, j.actor)
         for j in result.jobs],
        ("job", "use case", "status", "queued (UTC)", "progress", "tries", "by"),
    )  # fmt: skip


@commands.command()
def show(job: JobId, where: Where = ".", json: Json = False) -> None:
    """One job: what was asked, how far it is, and how it ended."""
    with opened(where, quiet=json) as context:
        status = app.job_show(context, app.ShowJob(job))
    if json:
        say_json(vars(status))
        return
    rows = [
        ("job", status.id),
        ("use case", status.kind),
        ("request", json_.dumps(status.request, ensure_ascii=False)),
        ("status", status.status),
        ("queued (UTC)", _minute(status.queued_at)),
        ("due (UTC)", _minute(status.run_at)),
        ("began (UTC)", _minute(status.started_at)),
        ("ended (UTC)", _minute(status.ended_at)),
        ("progress", _progress(status)),
        ("tries", f"{status.tries} of {status.most_tries}"),
        ("by", status.actor),
        ("error", status.error or "-"),
    ]
    table(rows, ("", ""))


@commands.command()
def add(
    kind: Kind,
    request: Request = None,
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="TEXT", help="While one of this key is open, no second one."),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="TIME", help="Not before, such as 2026-11-29T06:00 (UTC)."),
    ] = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Queue a job: a use case of Fullhouse, to be done by a worker."""
    new = app.AddJob(kind, _parsed(request), dedupe=key, run_at=_time(at))
    with opened(where, quiet=json) as context:
        _say(app.job_add(context, new), json=json)


@commands.command()
def cancel(job: JobId, where: Where = ".", json: Json = False) -> None:
    """Take a job out of the queue, or stop it at its next step."""
    with opened(where, quiet=json) as context:
        _say(app.job_cancel(context, app.CancelJob(job)), json=json)


@commands.command()
def retry(job: JobId, where: Where = ".", json: Json = False) -> None:
    """Queue a job again that has failed or was cancelled."""
    with opened(where, quiet=json) as context:
        _say(app.job_retry(context, app.RetryJob(job)), json=json)


@schedules.command("add")
def schedule_add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name.")],
    kind: Kind,
    request: Request = None,
    cron: Annotated[
        str | None,
        typer.Option(
            metavar="TIMES", help="As cron writes it, in the market's time: '30 6 * * *'."
        ),
    ] = None,
    every: Annotated[
        int | None, typer.Option(metavar="SECONDS", min=1, help="Every so many seconds.")
    ] = None,
    where: Where = ".",
    json: Json = False,
) -> None:
    """Queue a job again and again, at the times that are given."""
    new = app.AddSchedule(name, kind, _parsed(request), cron=cron, every_seconds=every)
    with opened(where, quiet=json) as context:
        schedule = app.schedule_add(context, new)
    if json:
        say_json(vars(schedule))
        return
    out.print(
        f"Schedule {schedule.name}: {schedule.kind}, next at {_minute(schedule.next_at)} UTC."
    )


@schedules.command("list")
def schedule_list(where: Where = ".", json: Json = False) -> None:
    """The schedules, and when each is due next."""
    with opened(where, quiet=json) as context:
        _say_schedules(app.schedule_list(context).schedules, json=json)


@schedules.command("delete")
def schedule_delete(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name.")],
    where: Where = ".",
    json: Json = False,
) -> None:
    """Delete a schedule; jobs that it queued stay."""
    with opened(where, quiet=json) as context:
        left = app.schedule_delete(context, app.DeleteSchedule(name))
    _say_schedules(left.schedules, json=json)


def work(
    once: Annotated[bool, typer.Option("--once", help="End when nothing is due any more.")] = False,
    workers: Annotated[
        int, typer.Option("--workers", metavar="N", min=1, max=64, help="Jobs at the same time.")
    ] = 1,
    where: Where = ".",
) -> None:
    """Do the jobs that are due, of all tenants, until the process is asked to end.

    SIGTERM and Ctrl-C end it in good order: jobs at hand are finished, or given back.
    """
    from fullhouse.jobs import Worker

    stop = Event()
    start_tracing(os.environ)
    with opened(where) as context:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        begun: list[int] = []

        def go() -> None:
            worker = Worker(context)
            if once:
                begun.append(worker.drain(stop))
            else:
                worker.run(stop)

        threads = [Thread(target=go, name=f"worker {n}") for n in range(workers)]
        for thread in threads:
            thread.start()
        if not once:
            out.print(f"{workers} at work. Ctrl-C ends it.")
        for thread in threads:
            thread.join()
    if once:
        out.print(f"Jobs begun: {sum(begun):,}.")


def _say(status: "JobStatus", *, json: bool) -> None:
    if json:
        say_json(vars(status))
        return
    stops = " It stops at its next step." if status.status == "cancelling" else ""
    out.print(f"Job {status.id} is {status.status}.{stops}")


def _say_schedules(rows: "tuple[JobSchedule, ...]", *, json: bool) -> None:
    if json:
        say_json({"schedules": [vars(s) for s in rows]})
        return
    table(
        [(s.name, s.kind, s.cron or f"every {timedelta(seconds=s.every_seconds or 0)}",
          _minute(s.next_at), s.last_job or "-", s.actor) for s in rows],
        ("schedule", "use case", "when", "next (UTC)", "last job", "by"),
    )  # fmt: skip


def _parsed(request: str | None) -> dict[str, Any] | None:
    if request is None:
        return None
    try:
        parsed = json_.loads(request)
    except ValueError as problem:
        raise InputError(f"--request is no JSON: {problem}.") from None
    if not isinstance(parsed, dict):
        raise InputError('--request is one JSON object, such as {"film": "wick"}.')
    return parsed


def _time(text: str | None) -> datetime | None:
    try:
        return None if text is None else datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"--at is a time such as 2026-11-29T06:00, UTC, not {text!r}.") from None


def _minute(at: datetime | None) -> str:
    return "-" if at is None else f"{at:%Y-%m-%d %H:%M}"


def _progress(job: "JobStatus") -> str:
    done = f"{job.share:.0%}" if job.share else ""
    return " ".join(part for part in (done, job.step) if part) or "-"
