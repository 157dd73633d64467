"""`make bench`: every benchmark in turn, each in a process of its own."""

import subprocess
import sys
from pathlib import Path

from benchmarks.measure import machine

NOT_BENCHMARKS = {
    "__init__", "__main__", "measure", "planning_market", "planning_oracle", "private_house",
    "simulated_house",
    "structure",
}  # fmt: skip


def main() -> None:
    """Run each module of this folder; a failure of one does not stop the others."""
    print(f"Taken on {machine()}.\n", flush=True)
    failed = []
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem in NOT_BENCHMARKS:
            continue
        print(f"\n## python -m benchmarks.{path.stem}\n", flush=True)
        if subprocess.run(
            [sys.executable, "-m", f"benchmarks.{path.stem}"], check=False
        ).returncode:
            failed.append(path.stem)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
