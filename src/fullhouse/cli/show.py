"""How commands print: tables for people, `--json` for programs, progress for the patient.

`--quiet` stands on every command: nothing is printed but errors, and the JSON where it is asked.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from fullhouse.core.progress import Progress
from fullhouse.core.settings import SIMULATED
from fullhouse.core.values import file_text, parse_date

if TYPE_CHECKING:
    from fullhouse.app import Context

T = TypeVar("T")

BROKEN_PIPE = 141
"""The exit code that a shell gives a program whose reader went away."""


class _Output(Console):
    """Standard output; a reader that goes away is no failure."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


out = _Output(highlight=False)
err = Console(stderr=True, highlight=False)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, for programs.")]
Where = Annotated[
    str,
    typer.Option(
        "--workspace",
        "-w",
        metavar="PLACE",
        envvar="FULLHOUSE_WORKSPACE",
        help="Folder or URL of the workspace.",
    ),
]
Film = Annotated[str, typer.Argument(metavar="FILM", help="The film's id; see 'film list'.")]
Territory = Annotated[
    str | None, typer.Option(help="ISO 3166 code of the market; setting territory.")
]
KnownOn = Annotated[
    str | None, typer.Option("--as-of", help="With what was known on this day (today).")
]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="DATE", help="Only what was known on this day; today."),
]
Rows = Annotated[
    int, typer.Option("--rows", metavar="N", min=0, help="Most rows of a table; 0: all of them.")
]


ALL_ROWS = 2**31
"""What a use case is asked for when a command is given `--rows 0`."""


def first_rows(items: Sequence[T], rows: int) -> Sequence[T]:
    """The first so many of them; all when `rows` is 0."""
    return items[:rows] if rows else items


@contextmanager
def opened(where: str, *, quiet: bool = False, doing: str | None = None) -> Iterator["Context"]:
    """A workspace; one that is simulated says so first, beside the JSON when that is asked for.

    With `doing`, what a use case reports of its progress is displayed under that name.
    """
    from fullhouse import app

    with app.open_house(where) as context:
        if context.settings.simulated and not out.quiet:
            (err if quiet else out).print(f"[yellow]{SIMULATED}[/]", soft_wrap=True)
        if doing is None:
            yield context
            return
        with progress(doing, quiet=quiet) as step:
            yield replace(context, progress=step)


def say_json(value: Mapping[str, Any]) -> None:
    """Print one object as JSON on standard output; a list stands inside it, under a name."""
    print(json.dumps(value, indent=2, default=str, ensure_ascii=False, allow_nan=False))


def done(result: Mapping[str, Any], sentence: str, *, json: bool) -> None:
    """Print what a command did: one object for programs, else a sentence."""
    if json:
        say_json(result)
        return
    out.print(escape(sentence), soft_wrap=True)


def channels_text(channels: str | None) -> str | None:
    """What stands in the file of `--channels`, if it is given."""
    if channels is None:
        return None
    return file_text(Path(channels), what="file for --channels:")


def ratio(value: float | None) -> str:
    """A ratio to two digits after the point."""
    return "-" if value is None else f"{value:.2f}"


def parse_day(text: str | None, option: str = "--as-of") -> date | None:
    """The date that an option gives, if it does."""
    return None if text is None else parse_date(text, what=option)


def table(
    rows: Sequence[Sequence[Any]], columns: Sequence[str], *, title: str | None = None
) -> None:
    """Print rows as a table; numbers stand right, with thousands separated."""
    view = Table(title=title, title_justify="left", header_style="bold")
    for i, name in enumerate(columns):
        numeric = any(isinstance(r[i], int | float) for r in rows)
        view.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        view.add_row(*(cell(v) for v in row))
    out.print(view)


def cell(value: Any) -> str:
    """A value as a table shows it."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.2f}"
    return str(value)


@contextmanager
def progress(what: str, *, quiet: bool = False) -> Iterator[Progress]:
    """A progress display on standard error, for anything that may take over two seconds."""
    from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Display

    with Display(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
        disable=quiet or out.quiet or not err.is_terminal,
    ) as display:
        task = display.add_task(what, total=None)

        def report(step: str, done: int = 0, total: int | None = None, /) -> None:
            count = f" ({done:,})" if done and total is None else ""
            display.update(task, description=f"{step}{count}", completed=done, total=total)

        yield report
