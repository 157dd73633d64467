"""The `fullhouse` command: parse, call a use case, print."""

import atexit
import contextlib
import os
import sys
import threading
import traceback
from collections.abc import Mapping
from typing import Annotated, Any

import typer
import typer.main
from rich.markup import escape
from typer.core import TyperGroup

from fullhouse import app
from fullhouse.cli import (
    audience,
    campaign,
    campaign_readout,
    collector,
    consent,
    experiment,
    feed,
    film,
    greenlight,
    ip,
    jobs,
    key,
    lake,
    log,
    lookup,
    match,
    people,
    plan,
    room,
    runs,
    scorebook,
    simulate,
    talent,
    tenants,
    traits,
)
from fullhouse.cli.backtest import backtest
from fullhouse.cli.daily import daily
from fullhouse.cli.discover import discover
from fullhouse.cli.exhibit import exhibit
from fullhouse.cli.forecast import forecast
from fullhouse.cli.headroom import headroom
from fullhouse.cli.propensity import look_alike, propensity
from fullhouse.cli.report import report
from fullhouse.cli.serve import serve
from fullhouse.cli.show import (
    ALL_ROWS,
    BROKEN_PIPE,
    Json,
    Rows,
    Where,
    done,
    err,
    opened,
    out,
    say_json,
    table,
)
from fullhouse.core import settings as settings_
from fullhouse.core.errors import FullhouseError, InputError
from fullhouse.core.faults import storage_fault

METAVARS = {"<int>": "N", "<float>": "NUMBER", "<str>": "TEXT", "<list[str]>": "TEXT"}
NAMED = {
    "--as-of": "DATE", "--base": "RULE", "--film": "FILM", "--from": "DATE", "--known-on": "DATE",
    "--opening": "DATE", "--out": "FILE", "--purpose": "PURPOSE", "--save": "NAME",
    "--share": "SHARE", "--source": "SOURCE", "--territory": "CODE", "--to": "DATE",
    "--family": "FAMILY", "--workers": "N", "--horizon": "HORIZON", "--currency": "CODE",
    "--phone-region": "CODE", "--people": "PEOPLE", "--plan": "NAME",
}  # fmt: skip
"""What the value of an option is called in each command's help, where it says nothing else."""


class _Root(TyperGroup):
    """The command with `--quiet` on all its commands; a reader that goes away ends it silently."""

    def invoke(self, ctx: Any) -> Any:
        try:
            result = super().invoke(ctx)
            if sys.stdout is not None:
                sys.stdout.flush()
        except BrokenPipeError:
            # `fullhouse film list | head`: Python would complain again when it closes stdout.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(BROKEN_PIPE) from None
        return result

    def get_params(self, ctx: Any) -> Any:
        parameters = super().get_params(ctx)
        for parameter in parameters:
            _name(parameter, ctx)
        return parameters

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        command = super().get_command(ctx, cmd_name)
        if command is not None:
            _complete(command, ctx)
        return command


def _complete(command: Any, ctx: Any) -> None:
    """Give a command and those below it `--quiet`, and its values names that read well."""
    for below in getattr(command, "commands", {}).values():
        _complete(below, ctx)
    if not hasattr(command, "commands") and QUIET not in command.params:
        command.params.append(QUIET)
    helps = command.get_help_option(ctx) if ctx is not None else None
    for parameter in (*command.params, *([helps] if helps else [])):
        _name(parameter, ctx)


def _name(parameter: Any, ctx: Any) -> None:
    """Have the help name what a parameter takes: no types in brackets, no formulas of a range."""
    if parameter.metavar is None:
        parameter.metavar = _metavar(parameter, ctx)
    if parameter.param_type_name == "argument":
        parameter.display_type_rich = lambda **_: None
    least, most = parameter.min, parameter.max
    if least is not None or most is not None:
        parameter._get_number_range_help_str = lambda: _range(least, most)


def _range(least: float | None, most: float | None) -> str:
    if least is None:
        return f"at most {most:g}"
    return f"at least {least:g}" if most is None else f"{least:g} to {most:g}"


def _metavar(parameter: Any, ctx: Any) -> str:
    if parameter.param_type_name == "argument":
        return str(parameter.name.upper().replace("_", "-"))
    if parameter.is_flag:
        return ""
    named = next((NAMED[name] for name in parameter.opts if name in NAMED), None)
    takes: str = parameter.display_type(ctx)
    if "|" in takes:
        return takes.strip("<>")
    words: str = named or METAVARS.get(takes, parameter.name.upper())
    return words.replace("_", "-")


def _be_quiet(quiet: bool) -> None:
    out.quiet = quiet


def _quiet_option() -> Any:
    """`--quiet` as Typer builds it, to be put on every command without a word in each."""
    donor = typer.Typer(add_completion=False)

    @donor.command()
    def command(
        quiet: Annotated[  # its callback acts
            bool,
            typer.Option(
                "--quiet",
                "-q",
                callback=_be_quiet,
                expose_value=False,
                help="Print errors only, and the JSON where it is asked for.",
            ),
        ] = False,
    ) -> None:
        """Never run."""

    return next(p for p in typer.main.get_command(donor).params if p.name == "quiet")


QUIET = _quiet_option()

commands = typer.Typer(
    name="fullhouse",
    cls=_Root,
    help="Find the audience of a film in the data a house already has.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

commands.add_typer(audience.commands, name="audience")
commands.command()(backtest)
commands.command()(lake.backup)
commands.add_typer(campaign.commands, name="campaign")
commands.command()(collector.collect)
commands.add_typer(collector.commands, name="collector")
commands.add_typer(consent.commands, name="consent")
commands.add_typer(key.control, name="control")
commands.command()(daily)
commands.command()(discover)
commands.command()(exhibit)
commands.command()(headroom)
commands.add_typer(experiment.commands, name="experiment")
commands.add_typer(feed.commands, name="feed")
commands.command()(feed.ingest)
commands.command()(feed.quarantine)
commands.add_typer(film.commands, name="film")
commands.command()(forecast)
commands.command()(greenlight.greenlight)
commands.add_typer(ip.commands, name="ip")
commands.add_typer(jobs.commands, name="jobs")
commands.add_typer(key.commands, name="key")
commands.add_typer(lake.commands, name="lake")
commands.command()(campaign_readout.learned)
commands.command()(tenants.ledger)
commands.command("look-alike")(look_alike)
commands.add_typer(log.commands, name="log")
commands.add_typer(lookup.commands, name="lookup")
commands.add_typer(match.commands, name="match")
commands.add_typer(people.commands, name="people")
commands.add_typer(plan.commands, name="plan")
commands.add_typer(tenants.policy, name="policy")
commands.command()(propensity)
commands.command()(report)
commands.command()(lake.restore)
commands.add_typer(room.commands, name="room")
commands.add_typer(runs.commands, name="runs")
commands.add_typer(scorebook.commands, name="scorebook")
commands.add_typer(talent.commands, name="talent")
commands.command()(serve)
commands.add_typer(simulate.commands, name="simulate")
commands.add_typer(tenants.tenants, name="tenant")
commands.add_typer(traits.commands, name="traits")
commands.command()(jobs.work)
commands.add_typer(tenants.users, name="user")


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        out.print(f"fullhouse {version('fullhouse')}")
        raise typer.Exit


@commands.callback()
def root(
    _: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Print the version and end."
        ),
    ] = False,
) -> None:
    """Find the audience of a film in the data a house already has."""


@commands.command()
def init(
    where: Annotated[str, typer.Argument(metavar="DIR", help="An empty or new folder, or a URL.")],
    simulated: Annotated[
        bool, typer.Option("--simulated", help="For a simulated market: every result says so.")
    ] = False,
    json: Json = False,
) -> None:
    """Make a workspace."""
    with app.new_house(where, simulated=simulated) as workspace:
        place = str(workspace.place.root)
    sentence = (
        f"Made a workspace in {place}\n"
        "Keep a backup of fullhouse.key: identifiers match only under the same key."
    )
    done({"workspace": place, "simulated": simulated}, sentence, json=json)


@commands.command()
def settings(where: Where = ".", json: Json = False) -> None:
    """Print every setting with its value and its origin."""
    place = app.open_house(where).place
    rows = settings_.origins((place.read(settings_.FILE) or b"").decode())
    if json:
        say_json({"settings": [vars(r) for r in rows]})
        return
    table(
        [(r.name, settings_.as_toml(r.value), r.origin, r.doc) for r in rows],
        ("setting", "value", "from", "meaning"),
    )


@commands.command()
def doctor(where: Where = ".", json: Json = False) -> None:
    """Look whether the workspace is sound; exit code 1 when something is at fault."""
    from fullhouse.view.words.house import health_sentence

    health = app.workspace_health(where)
    if json:
        checks = [
            {"name": c.name, "ok": c.ok, "code": c.code, "facts": dict(c.facts)}
            for c in health.checks
        ]
        say_json({"workspace": health.place, "ok": health.ok, "checks": checks})
    for check in () if json else health.checks:
        sign = "[green]ok[/]   " if check.ok else "[bold red]fault[/]"
        sentence = escape(health_sentence(check.code, check.facts))
        out.print(f"{sign} {check.name}: {sentence}", soft_wrap=True)
    if not health.ok:
        raise typer.Exit(1)


@commands.command()
def audit(where: Where = ".", rows: Rows = 20, json: Json = False) -> None:
    """List what was done to the workspace and by whom, the newest first."""
    with opened(where, quiet=json) as context:
        entries = app.audit(context, app.ListAudit(rows or ALL_ROWS))
    if json:
        say_json({"entries": [vars(entry) for entry in entries]})
        return
    table(
        [(f"{e.at:%Y-%m-%d %H:%M}", e.actor, e.action, _detail(e.detail)) for e in entries],
        ("at (UTC)", "actor", "action", "details"),
    )


def _detail(detail: Mapping[str, Any]) -> str:
    plain = {k: v for k, v in detail.items() if isinstance(v, str | int | float) and v != ""}
    return ", ".join(f"{name} {value}" for name, value in plain.items())


def main() -> None:
    """Run the command; a user's mistake ends in one sentence and exit code 2, a failure in 1."""
    # Pydantic would read what every installed package declares, in search of plugins: 0.06 s.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    code = 1
    try:
        code = run()
    except Exception:
        # Our bug: its traceback, as Python itself would print it.
        traceback.print_exc()
    _leave(code)


def run() -> int:
    """Run the command of the arguments; its exit code, with the sentence of a mistake printed."""
    try:
        commands()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except InputError as problem:
        err.print(f"[bold red]error:[/] {escape(str(problem))}", soft_wrap=True)
        return 2
    except FullhouseError as problem:
        err.print(f"[bold red]failed:[/] {escape(str(problem))}", soft_wrap=True)
        return 1
    except Exception as problem:
        fault = storage_fault(problem)
        if fault is None:
            raise
        err.print(f"[bold red]failed:[/] {escape(str(fault))}", soft_wrap=True)
        return 1
    return 0


def _leave(code: int) -> None:
    """End the process when all is written and closed, without taking the interpreter apart.

    Arrow, DuckDB and Delta have threads of their own, which may still let go of a Python object.
    Before 3.14, Python ends a thread that comes to it while it is being taken apart, in the midst
    of C++ that must not be left so: "terminate called without an active exception", exit code 134,
    now and then on a busy machine.

    Pools are told first that it ends: atexit waits for their processes, and those of joblib that
    trained models would only end after five idle minutes.
    """
    vars(threading)["_shutdown"]()  # as Python itself does before atexit
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with contextlib.suppress(OSError, ValueError):  # a reader that went away, or closed
                stream.flush()
    os._exit(code)
