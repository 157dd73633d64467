"""Run `fullhouse` commands inside this process, showing each as a user would type it."""

import os
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from fullhouse.cli import show
from fullhouse.cli.root import commands
from fullhouse.core.errors import FullhouseError

console = Console(highlight=False)
if not console.is_terminal:
    # A file or a pipe has no width of its own, and 80 columns fold the tables.
    console.width = show.out.width = 116


def fullhouse(*words: str | Path) -> None:
    """Print `$ fullhouse …` and do it; its own output follows."""
    commands(echo(*words), standalone_mode=False)


def echo(*words: str | Path) -> list[str]:
    """Print `$ fullhouse …` as a user would type it, and return its words."""
    typed = [near(w) if isinstance(w, Path) else w for w in words]
    line = escape(shlex.join(typed))
    console.print(f"\n[bold cyan]$[/] [bold]fullhouse {line}[/]", soft_wrap=True)
    return typed


def near(path: Path) -> str:
    """The path as one would type it here: relative where that is shorter."""
    relative = os.path.relpath(path)
    return relative if len(relative) < len(str(path)) else str(path)


def heading(text: str) -> None:
    """Print a line that parts one step from the next."""
    console.print()
    console.rule(f"[bold]{text}", align="left")


def run(work: Callable[[], int]) -> None:
    """Run an example: its exit code is the process's, a user's mistake is one sentence."""
    start = time.perf_counter()
    try:
        code = work()
    except FullhouseError as problem:
        console.print(f"[bold red]error:[/] {escape(str(problem))}", soft_wrap=True)
        code = 1
    console.print(f"[dim]{time.perf_counter() - start:.0f} s in all[/]")
    sys.exit(code)
