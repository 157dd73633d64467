"""The demo, and its house served: python examples/demo/run.py [OUT] [--people N] [--no-serve].

At its end the house is served to two rival studios, an operator and a partner, until Ctrl-C.
"""

import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

# Run as a file, Python looks beside it, and not where `examples` stands.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from examples.demo import job
from examples.shell import console, run

SERVICE = ("fastapi", "uvicorn", "opendp")
"""What serving needs beside the demo: the extras `service` and `cleanroom`."""


def main(arguments: Sequence[str]) -> int:
    """Play the demo, and serve its house where that was not declined."""
    asked = job.options(arguments)
    done = job.main(arguments)
    if done or asked.no_serve or os.environ.get("CI"):
        return done
    if any(find_spec(name) is None for name in SERVICE):
        console.print("[bold]make serve[/] opens this house to two rival studios in the web app.")
        return done
    from examples.serve.run import main as serve

    return serve([str(asked.out)])


if __name__ == "__main__":
    run(lambda: main(sys.argv[1:]))
