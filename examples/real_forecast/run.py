"""`make real-forecast FULLHOUSE_DATA=…`, or: python examples/real_forecast/run.py [OUT]."""

import sys
from pathlib import Path

# Run as a file, Python looks beside it, and not where `examples` stands.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from examples.real_forecast.job import main
from examples.shell import run

if __name__ == "__main__":
    run(lambda: main(sys.argv[1:]))
