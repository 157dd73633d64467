"""Workers of a house that are killed at random moments: python -m tests.jobs.storm PLACE SEED.

One process imports what workers need, then forks them: a worker is there at once. It ends when
every job has, and prints how many workers were killed.
"""

import os
import random
import signal
import sys
import time
from datetime import timedelta
from threading import Event

from fullhouse import app, jobs
from tests.jobs.cases import registered, write_note

WORKERS = 2
LEASE = timedelta(seconds=1.5)


def worker(place: str) -> None:
    """Work until killed."""
    with app.open_house(place) as house:
        jobs.Worker(house, lease=LEASE, poll_seconds=0.05).run(Event())


def born(place: str) -> int:
    """The process of a new worker."""
    process = os.fork()
    if process == 0:
        worker(place)
        os._exit(0)
    return process


def main(place: str, seed: int) -> None:
    """Kill and replace workers until all is done."""
    chance, killed = random.Random(seed), 0
    alive = [born(place) for _ in range(WORKERS)]
    try:
        while True:
            time.sleep(chance.uniform(0.15, 0.9))
            if not left(place):
                break
            victim = chance.randrange(WORKERS)
            os.kill(alive[victim], signal.SIGKILL)
            os.waitpid(alive[victim], 0)
            alive[victim] = born(place)
            killed += 1
    finally:
        for process in alive:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
    print(killed)


def left(place: str) -> int:
    """Jobs that have not ended; asked in a process of its own: no connection may be forked."""
    process = os.fork()
    if process == 0:
        with app.open_house(place) as house:
            counts = jobs.counts(house)
        os._exit(min(100, sum(counts.get(s, 0) for s in ("queued", "running", "cancelling"))))
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


if __name__ == "__main__":
    # What a worker needs, before any is forked; no house is opened in this process.
    with registered(write_note):
        main(sys.argv[1], int(sys.argv[2]))
