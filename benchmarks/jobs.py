"""How many jobs a second the queue takes in, and how many go through it, beside huey.

python -m benchmarks.jobs [--jobs N]

Each job is queued, claimed and ended in transactions of its own, and each of them is on disk: the
rate of a plain fsync on the same disk stands beside. huey is told to sync too; a job that it hands
to a worker is out of its table at once (and gone, when that worker is killed), so that it writes
once where we write twice. PostgreSQL is measured where it is installed.
"""

import argparse
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from huey import PostgresHuey, SqliteHuey

from benchmarks.measure import machine, table
from fullhouse.control import Control, jobs, open_control
from fullhouse.control.job import NewJob

WAITING = 2_000
"""Jobs that wait for later while others are claimed."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--jobs", type=int, default=300)
    number = parser.parse_args().jobs
    print(f"Taken on {machine()}.\n")
    rows: list[tuple[str, str, str]] = []
    with tempfile.TemporaryDirectory() as folder:
        rows.append(("a plain fsync of a page", f"{syncs(Path(folder), number):,.0f}", "-"))
        rows += ours("SQLite", open_control(f"sqlite:///{folder}/ours.db"), number)
        rows.append(hueys("SQLite", SqliteHuey(filename=f"{folder}/huey.db", fsync=True), number))
    with postgres() as url:
        if url is not None:
            rows += ours("PostgreSQL", open_control(url), number)
            dsn = url.replace("+psycopg", "")
            rows.append(hueys("PostgreSQL", PostgresHuey(dsn=dsn), number))
    print(table(("", "queued per second", "claimed and ended per second"), rows))


def ours(name: str, control: Control, number: int) -> list[tuple[str, str, str]]:
    """Our rates, with an empty queue and with many jobs that wait for later."""
    empty = (f"ours, {name}", queueing(control, number), working(control, number))
    later = control.clock() + timedelta(days=1)
    with control.begin() as connection:
        for _ in range(WAITING):
            jobs.enqueue(connection, NewJob("wolf", "a", "k", "null", None, later), now=later)
    full = (
        f"ours, {name}, {WAITING:,} waiting",
        queueing(control, number),
        working(control, number),
    )
    control.dispose()
    return [empty, full]


def queueing(control: Control, number: int) -> str:
    """Jobs queued per second, each in a transaction of its own."""

    def one() -> None:
        with control.begin() as connection:
            jobs.enqueue(connection, NewJob("lion", "a", "k", "null"), now=control.clock())

    return per_second(one, number)


def working(control: Control, number: int) -> str:
    """Jobs claimed and ended per second."""

    def one() -> None:
        job = jobs.claim(control, "worker")
        assert job is not None
        assert jobs.finish(control, job, b"1")

    return per_second(one, number)


def hueys(name: str, huey: SqliteHuey | PostgresHuey, number: int) -> tuple[str, str, str]:
    """The rates of huey."""

    def work() -> int:
        return 1

    task = huey.task()(work)

    def one() -> None:
        assert huey.execute(huey.dequeue()) == 1

    return f"huey, {name}", per_second(task, number), per_second(one, number)


def syncs(folder: Path, number: int) -> float:
    """Pages written and synced per second."""
    with (folder / "page").open("wb", buffering=0) as file:
        start = time.perf_counter()
        for _ in range(number):
            file.write(b"x" * 4096)
            os.fsync(file.fileno())
        return number / (time.perf_counter() - start)


def per_second(what: Callable[[], object], number: int) -> str:
    """How often something is done in a second."""
    what()
    start = time.perf_counter()
    for _ in range(number - 1):
        what()
    return f"{(number - 1) / (time.perf_counter() - start):,.0f}"


@contextmanager
def postgres() -> Iterator[str | None]:
    """A PostgreSQL server that syncs, as it is set up; None where it is not installed."""
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not homes:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="fullhouse-bench-"))
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)

    def call(program: str, *arguments: str) -> None:
        command = [str(homes[-1] / program), "-D", str(folder / "data"), *arguments]
        subprocess.run(command, check=True, capture_output=True, user=user, cwd=folder)

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    call("initdb", "-U", "house", "--auth=trust")
    options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder}"
    call("pg_ctl", "-o", options, "-l", f"{folder}/log", "-w", "start")
    try:
        yield f"postgresql+psycopg://house@127.0.0.1:{port}/postgres"
    finally:
        call("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
