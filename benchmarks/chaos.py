"""Chaos: a house's whole story under kill -9, full disks, clocks, lost files and other writers.

    python -m benchmarks.chaos --seeds 200

An operator takes feeds in, takes a wrong file back, mends a feed and tries its rows again, decides
who is who, builds traits, launches a campaign, lets somebody withdraw, erases somebody, and takes a
late file in. Each seed disturbs that story by chance; whatever command breaks off is given again,
as an operator would. In the end, everything in the house and in the delivery folder is compared by
its digest with the undisturbed story, the lake is verified, the erased are searched for, and what
killed processes left is counted. Each story runs in processes of its own, which are really killed.
"""

import argparse
import contextlib
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import chaos_story as story
from benchmarks.measure import machine, table
from fullhouse.core.errors import FullhouseError

DISTURBANCES = ("kill", "full disk", "clock", "lost file", "other writer")
REFUSED, BUG, NO_SPACE = 3, 4, 27
TRIES = 12
"""How often a step is given again; the last times, nothing disturbs it."""


@dataclass
class Result:
    """What became of one seed."""

    seed: int
    disturbed: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    cpu_seconds: float = 0.0


def run_story(folder: Path, seed: int | None, *, expected: str | None = None) -> tuple[Result, str]:
    """Play the story in a folder, disturbed where there is a seed; its result and its digest."""
    result = Result(-1 if seed is None else seed)
    chance = random.Random(seed)
    (folder / "tmp").mkdir()
    _child(folder, result, lambda: story.prepare(folder))
    for name, step in story.STEPS:
        for attempt in range(TRIES):
            how = _disturbance(chance, attempt) if seed is not None else None
            code = _attempt(folder, result, name, step, how, chance)
            if code == 0:
                break
            if code == BUG:
                return result, ""
        else:
            result.faults.append(f"{name} never came to its end")
            return result, ""
    problems = folder / "problems"
    _child(folder, result, lambda: story.judge(folder, problems))
    result.faults += problems.read_text().splitlines() if problems.exists() else ["not judged"]
    digest = (folder / "digest").read_text() if (folder / "digest").exists() else ""
    if expected is not None and digest != expected:
        result.faults.append("the end is not that of the undisturbed story")
    left = [p.name for p in (folder / "tmp").glob("fullhouse-*")]
    result.faults += [f"left behind: {name}" for name in left]
    return result, digest


def _disturbance(chance: random.Random, attempt: int) -> str | None:
    """What happens to an attempt: mostly something at first, nothing in the end."""
    weights = (7, 2, 2, 1, 2)
    if attempt >= TRIES - 2 or chance.random() < (0.55, 0.6, 0.7)[min(attempt, 2)]:
        return None
    return chance.choices(DISTURBANCES, weights)[0]


def _attempt(
    folder: Path,
    result: Result,
    name: str,
    step: Callable[[Path], None],
    how: str | None,
    chance: random.Random,
) -> int:
    """One command, perhaps disturbed; 0 where it was done, else why not."""
    within = chance.uniform(0.0, story.SECONDS[name])
    days = chance.choice((-2, -1, 1, 2)) if how == "clock" else 0
    limit = chance.choice((0, 1, 4, 16, 64)) << 10 if how == "full disk" else None
    if how is not None:
        result.disturbed[how] += 1

    def work() -> None:
        if days:
            os.environ["CHAOS_DAYS"] = str(days)
        if limit is not None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        step(folder)

    pid = _start(folder, work)
    other = _start(folder, work) if how == "other writer" else None
    if how == "kill" or (other is not None and chance.random() < 0.5):
        _sleep(within, pid)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    if how == "lost file":
        _lose_file(folder, within, pid)
    code = _wait(folder, result, pid, name)
    if other is not None:
        code = max(code, _wait(folder, result, other, name)) if code != BUG else code
    return code


def _lose_file(folder: Path, within: float, pid: int) -> None:
    """The files of the feeds are gone for a moment."""
    _sleep(within / 2, pid)
    files, away = folder / "files", folder / "away"
    files.rename(away)
    _sleep(within / 2, pid)
    away.rename(files)


def _sleep(seconds: float, pid: int) -> None:
    """Wait in the child's own CPU time, so that a busy machine kills at the same places."""
    until, own = time.monotonic() + 20 * seconds + 1, Path(f"/proc/{pid}/stat")
    ticks = os.sysconf("SC_CLK_TCK")
    while time.monotonic() < until:
        try:
            fields = own.read_text().rpartition(")")[2].split()
        except OSError:
            return
        if fields[0] == "Z" or (int(fields[11]) + int(fields[12])) / ticks >= seconds:
            return
        time.sleep(0.002)


def _start(folder: Path, work: Callable[[], None]) -> int:
    """A process that does some work; all libraries are loaded already, and none has a thread."""
    if pid := os.fork():
        return pid
    code = BUG
    try:
        log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.environ["TMPDIR"] = tempfile.tempdir = str(folder / "tmp")
        work()
        code = 0
    except FullhouseError as problem:
        code = REFUSED
        _lift_limit()
        print(f"refused: {type(problem).__name__}: {problem}", flush=True)
    except BaseException:
        _lift_limit()
        traceback.print_exc()
    finally:
        os._exit(code)


def _lift_limit() -> None:
    """So that what went wrong can be written down."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def _child(folder: Path, result: Result, work: Callable[[], None]) -> None:
    _wait(folder, result, _start(folder, work), "the frame")


def _wait(folder: Path, result: Result, pid: int, name: str) -> int:
    _, status, used = os.wait4(pid, 0)
    result.cpu_seconds += used.ru_utime + used.ru_stime
    if os.WIFSIGNALED(status):
        killed = os.WTERMSIG(status)
        if killed == signal.SIGKILL:
            return REFUSED
        result.faults.append(f"{name} died of signal {killed}")
        return BUG
    code = os.WEXITSTATUS(status)
    if code == REFUSED:
        result.refused[name] += 1
    if code == BUG:
        lines = (folder / "log").read_text(errors="replace").strip().splitlines()
        last = [line for line in lines if "Error" in line][-1:]
        result.faults.append(f"traceback in {name}: {' '.join(last)[:200]}")
    return code


def play(
    seeds: Sequence[int],
    *,
    most_seconds: float = float("inf"),
    keep: Path | None = None,
    show: Callable[[Result], None] = lambda _: None,
) -> tuple[str, list[Result]]:
    """The digest of the undisturbed story, and the result of each seed as far as time goes."""
    story.preload()
    started = time.monotonic()
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="chaos-", dir=keep) as name:
        clean = Path(name) / "clean"
        clean.mkdir()
        undisturbed, expected = run_story(clean, None)
        assert not undisturbed.faults, undisturbed.faults
        assert expected
        results.append(undisturbed)
        for seed in seeds:
            if time.monotonic() - started > most_seconds:
                break
            folder = Path(name) / f"seed-{seed}"
            folder.mkdir()
            result, _ = run_story(folder, seed, expected=expected)
            results.append(result)
            show(result)
            if result.faults and keep is not None:
                shutil.copytree(folder, keep / folder.name, dirs_exist_ok=True)
            shutil.rmtree(folder)
    return expected, results


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after these")
    parser.add_argument("--keep", type=Path, help="keep the houses of seeds that fail here")
    options = parser.parse_args()
    print(machine(), flush=True)
    seeds = range(options.first, options.first + options.seeds)
    expected, (clean, *results) = play(
        seeds, most_seconds=options.seconds, keep=options.keep, show=_show
    )
    print(f"undisturbed: {clean.cpu_seconds:.1f} CPU s, digest {expected[:16]}")
    print(table(("what", "count"), rows_of(results)))
    sys.exit(any(r.faults for r in results))


def _show(result: Result) -> None:
    for fault in result.faults:
        print(f"seed {result.seed}: {fault}", flush=True)


def rows_of(results: Sequence[Result]) -> list[tuple[str, object]]:
    """What happened to the stories, and how they ended."""
    disturbed: Mapping[str, int] = sum((r.disturbed for r in results), Counter[str]())
    steps = len(story.STEPS)
    cpu = sum(r.cpu_seconds for r in results)
    return [
        ("stories", len(results)),
        ("of which end as the undisturbed one", sum(not r.faults for r in results)),
        (f"commands in each, {steps}, refused for a moment",
         sum(r.refused.total() for r in results)),
        *((name, disturbed[name]) for name in DISTURBANCES),
        ("tracebacks", sum("traceback" in f for r in results for f in r.faults)),
        ("CPU seconds for each", round(cpu / max(len(results), 1), 1)),
    ]  # fmt: skip


if __name__ == "__main__":
    main()
