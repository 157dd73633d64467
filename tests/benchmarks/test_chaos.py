"""A small part of the chaos suite: six stories under kill -9, full disks, clocks and other writers.

python -m benchmarks.chaos --seeds 200    # the whole
"""

import re
import subprocess
import sys

import pytest


@pytest.mark.slow
def test_every_disturbed_story_ends_as_the_undisturbed_one() -> None:
    # In a process of its own: it forks, and this one may have threads.
    command = [sys.executable, "-m", "benchmarks.chaos", "--seeds", "4"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    counts = dict(re.findall(r"\| ([^|]+) \| (\d+) \|", done.stdout))
    assert counts["stories"] == counts["of which end as the undisturbed one"] == "4"
    assert int(counts["kill"]) > 3
    assert counts["tracebacks"] == "0"
