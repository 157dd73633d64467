"""What a command costs to start, and the demo to run, beside another revision.

python -m benchmarks.commands [--against REV] [--repeat N] [--house DIR]

Both demos run one after the other, each from its own source in the same environment; then the
commands, on the house of this source's demo, or on that of `--house`, without a demo. A source is
copied and compiled first, as an installed one is. Times are of the processor (user and system, all
processes), which another load disturbs less than the clock; the two sources take turns.
"""

import argparse
import compileall
import io
import os
import resource
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Mapping, Sequence
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
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, env=environment, check=True, capture_output=True, cwd=source)
    clock, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, clock


def unpack(revision: str | None, folder: Path) -> Path:
    """The source of a revision, or the one that stands here, in a folder, compiled."""
    if revision is None:
        for name in ("src", "examples"):
            shutil.copytree(ROOT / name, folder / name)
    else:
        packed = subprocess.run(
            ["git", "archive", revision, "src", "examples"],
            cwd=ROOT, capture_output=True, check=True,
        ).stdout  # fmt: skip
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(folder, filter="data")
    compileall.compile_dir(folder / "src", quiet=2)
    return folder


def starts(sources: Mapping[str, Path], house: Path, repeat: int) -> str:
    """What each command costs from each source, the least of so many turns."""
    rows = []
    for command in COMMANDS:
        where = () if command == ("--help",) else ("-w", str(house))
        run = [sys.executable, "-m", "fullhouse", *command, *where]
        turns = [[cpu(run, source)[0] for source in sources.values()] for _ in range(repeat)]
        least = [f"{min(own):.2f} s" for own in zip(*turns, strict=True)]
        rows.append((" ".join(command), *least))
    return table(("command", *sources), rows)


def demo(source: Path, out: Path) -> tuple[float, float]:
    """What the demo of a source costs."""
    return cpu([sys.executable, "examples/demo/run.py", str(out)], source)


def main() -> None:
    """Print both tables."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--against", help="A revision to measure beside this source.")
    options.add_argument("--repeat", type=int, default=5, help="The least of so many starts.")
    options.add_argument("--house", type=Path, help="Starts on this house only, without a demo.")
    given = options.parse_args()
    print(f"{machine()}\n")
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        sources = {"now": unpack(None, folder / "now")}
        if given.against:
            sources[given.against] = unpack(given.against, folder / "other")
        house = given.house
        if house is None:
            costs = {name: demo(s, folder / f"demo-{name}") for name, s in sources.items()}
            here = costs["now"][0]
            rows = [
                [name, f"{processor:.0f} s", f"{clock:.0f} s", f"{processor / here:.2f}"]
                for name, (processor, clock) in costs.items()
            ]
            print(table(("demo", "processor", "clock", "processor ÷ now"), rows), "\n")
            house = folder / "demo-now" / "house"
        print(starts(sources, house.absolute(), given.repeat))


if __name__ == "__main__":
    main()
