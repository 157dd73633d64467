"""Workers that are killed at random moments lose no job, and none ends twice."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from fullhouse import app, jobs
from tests.jobs.cases import Note, registered, write_note

JOBS = 24
ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_workers_killed_at_random_moments_lose_nothing(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    environment = dict(os.environ)
    if kind == "postgresql":
        environment["FULLHOUSE_CONTROL"] = request.getfixturevalue("postgres")
    place, trace = str(tmp_path / "house"), tmp_path / "trace"
    with registered(write_note), app.init_house(place, environment=environment) as house:
        ids = [
            jobs.submit(house, "write_note", Note(trace, str(n), 0.3), most_tries=50).id
            for n in range(JOBS)
        ]
        storm = subprocess.run(
            [sys.executable, "-m", "tests.jobs.storm", place, "7"],
            env=environment, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip
        assert storm.returncode == 0, storm.stderr[-2_000:]
        ended = [jobs.find(house, id_) for id_ in ids]
        assert {job.status for job in ended} == {"finished"}
        assert [jobs.result(house, id_) for id_ in ids] == [str(n) for n in range(JOBS)]
        begun = Counter(trace.read_text().split())
    # The storm did hit: a job that was begun by a worker that died was begun again.
    assert int(storm.stdout) >= 5
    assert sum(begun.values()) > JOBS
    assert all(job.tries >= begun[str(n)] for n, job in enumerate(ended))


@pytest.mark.slow
def test_a_worker_that_is_to_end_finishes_its_job(tmp_path: Path) -> None:
    """`fullhouse work` under SIGTERM, as a service manager ends it."""
    place = str(tmp_path / "house")
    with app.init_house(place) as house:
        with house.control.begin() as connection:
            for _ in range(60):
                jobs.enqueue(connection, house, "audit", app.ListAudit())
        process = subprocess.Popen(
            [sys.executable, "-m", "fullhouse", "work", "--workers", "2", "-w", place],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            until = time.monotonic() + 30
            while not jobs.counts(house).get("finished") and time.monotonic() < until:
                time.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            assert process.wait(120) == 0
        finally:
            process.kill()
            process.communicate()
        counts = jobs.counts(house)
        assert set(counts) == {"finished", "queued"}
        assert {j.tries for j in app.job_list(house, app.ListJobs(300, "queued")).jobs} == {0}
