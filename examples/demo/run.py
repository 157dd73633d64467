"""`make demo`, or: python examples/demo/run.py [OUT] [--seed N] [--people N] [--days N]."""

import sys
from pathlib import Path

# Run as a file, Python looks beside it, and not where `examples` stands.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from examples.demo.job import main
from examples.shell import run

if __name__ == "__main__":
    run(lambda: main(sys.argv[1:]))
