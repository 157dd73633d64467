"""How a figure is taken: best of some runs, peak memory of a process of its own."""

import multiprocessing
import os
import platform
import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


def best_of(what: Callable[[], Any], *, runs: int = 5) -> tuple[float, Any]:
    """The shortest of some runs in seconds, and the last result; noise only ever adds."""
    times: list[float] = []
    result: Any = None
    for _ in range(runs):
        start = time.perf_counter()
        result = what()
        times.append(time.perf_counter() - start)
    return min(times), result


def in_own_process(what: Callable[..., Any], *arguments: Any) -> tuple[float, float, Any]:
    """Seconds, peak resident GB, and the result of a module-level function run in a new process."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_child, args=(theirs, what, arguments))
    process.start()
    theirs.close()
    try:
        seconds, peak_gb, result = ours.recv()
    except EOFError:
        process.join()
        raise RuntimeError(f"{what.__name__} died with exit code {process.exitcode}") from None
    process.join()
    return seconds, peak_gb, result


def _child(pipe: Any, what: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    start = time.perf_counter()
    result = what(*arguments)
    seconds = time.perf_counter() - start
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    pipe.send((seconds, peak_gb, result))


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Rows as a Markdown table."""
    lines = ["| " + " | ".join(columns) + " |", "| " + " | ".join("---" for _ in columns) + " |"]
    lines += ["| " + " | ".join(_cell(v) for v in row) + " |" for row in rows]
    return "\n".join(lines)


def machine() -> str:
    """One line that says where the figures were taken."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores, {memory_gib:.0f} GiB, Python {platform.python_version()},"
        f" {platform.system()} {platform.machine()}"
    )


def data_folder() -> Path:
    """The folder of the real data sets, from FULLHOUSE_DATA."""
    folder = os.environ.get("FULLHOUSE_DATA")
    if not folder:
        raise SystemExit("Set FULLHOUSE_DATA to the folder of the real data sets.")
    return Path(folder)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
