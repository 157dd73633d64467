"""What a command costs to start, and the demo to run, beside another revision.

python -m benchmarks.commands [--against REV] [--repeat N]

Both demos run one after the other, each from its own source in the same environment; then the
commands, on the house of this source's demo. Times are of the processor (user and system, all
processes), which another load disturbs less than the clock.
"""

import argparse
import io
import os
import resource
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import machine, table

ROOT = Path(__file__).parent.parent
COMMANDS = (
    ("--help",),
    ("audience", "count", "female"),
    ("film", "list"),
)


def cpu(command: Sequence[str], source: Path) -> tuple[float, float]:
    """Processor and clock seconds of a command and all that it starts, with a source's modules."""
    environment = os.environ | {"PYTHONPATH": f"{source / 'src'}{os.pathsep}{source}"}
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, env=environment, check=True, capture_output=True, cwd=source)
    clock, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, clock


def unpack(revision: str, folder: Path) -> Path:
    """A revision's source in a folder."""
    packed = subprocess.run(
        ["git", "archive", revision, "src", "examples"], cwd=ROOT, capture_output=True, check=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def demo(source: Path, out: Path) -> tuple[float, float]:
    """What the demo of a source costs."""
    return cpu([sys.executable, "examples/demo/run.py", str(out)], source)


def main() -> None:
    """Print both tables."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--against", help="A revision whose demo runs too.")
    options.add_argument("--repeat", type=int, default=5, help="The least of so many starts.")
    given = options.parse_args()
    print(f"{machine()}\n")
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        here = demo(ROOT, folder / "demo")
        rows = [["now", *(f"{s:.0f} s" for s in here), "1.00"]]
        if given.against:
            there = demo(unpack(given.against, folder / "source"), folder / "other")
            ratio = f"{there[0] / here[0]:.2f}"
            rows.append([given.against, *(f"{s:.0f} s" for s in there), ratio])
        print(table(("demo", "processor", "clock", "processor ÷ now"), rows), "\n")
        house = str(folder / "demo" / "house")
        starts = []
        for command in COMMANDS:
            where = () if command == ("--help",) else ("-w", house)
            run = [sys.executable, "-m", "fullhouse", *command, *where]
            least = min(cpu(run, ROOT)[0] for _ in range(given.repeat))
            starts.append((" ".join(command), f"{least:.2f} s"))
        print(table(("command", "processor"), starts))


if __name__ == "__main__":
    main()
