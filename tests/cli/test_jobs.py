"""`fullhouse jobs` and `fullhouse work`, as they are typed."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from fullhouse import app
from fullhouse.cli.root import commands
from fullhouse.core.errors import InputError


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("jobs") / "house"
    app.init_house(str(folder), environment={}).close()
    return folder


def run(place: Path, *arguments: str) -> Any:
    """What a command prints, or the error that ends it."""
    result = CliRunner().invoke(
        commands, [*arguments, "-w", str(place)], catch_exceptions=True, env={"COLUMNS": "200"}
    )
    if isinstance(result.exception, InputError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout) if "--json" in arguments else result.stdout


def test_a_job_is_added_done_and_shown(place: Path) -> None:
    job = run(place, "jobs", "add", "audit", "--request", '{"rows": 3}', "--json")
    assert (job["kind"], job["request"], job["status"]) == ("audit", {"rows": 3}, "queued")
    assert "Jobs begun: 1." in run(place, "work", "--once", "--workers", "2")
    shown = run(place, "jobs", "show", job["id"][:8], "--json")
    assert (shown["status"], shown["share"], shown["has_result"]) == ("finished", 1.0, True)
    assert re.search(r"finished", run(place, "jobs", "show", job["id"]))
    listed = run(place, "jobs", "list", "--kind", "audit", "--status", "finished", "--json")["jobs"]
    assert [j["id"] for j in listed] == [job["id"]]
    assert job["id"] in run(place, "jobs", "list")


def test_a_job_is_cancelled_and_tried_again(place: Path) -> None:
    job = run(place, "jobs", "add", "film_show", "--request", '{"film": "nope"}', "--json")
    assert "is cancelled." in run(place, "jobs", "cancel", job["id"])
    assert "is queued." in run(place, "jobs", "retry", job["id"])
    run(place, "work", "--once")
    shown = run(place, "jobs", "show", job["id"])
    assert "failed" in shown
    assert "No film 'nope' here." in shown


def test_a_key_and_a_time_hold_a_job_back(place: Path) -> None:
    first = run(
        place, "jobs", "add", "lake_status", "--key", "k", "--at", "2999-01-01T06:00", "--json"
    )
    again = run(place, "jobs", "add", "lake_status", "--key", "k", "--json")
    assert again["id"] == first["id"]
    assert "Jobs begun: 0." in run(place, "work", "--once")
    run(place, "jobs", "cancel", first["id"])


def test_schedules_are_added_listed_and_deleted(place: Path) -> None:
    run(place, "jobs", "schedule", "add", "nightly", "lake_status", "--cron", "30 3 * * *")
    added = run(place, "jobs", "schedule", "add", "often", "audit", "--every", "3600", "--json")
    assert (added["every_seconds"], added["cron"], added["last_job"]) == (3600, None, None)
    assert "30 3 * * *" in run(place, "jobs", "schedule", "list")
    left = run(place, "jobs", "schedule", "delete", "often", "--json")["schedules"]
    assert [s["name"] for s in left] == ["nightly"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("add", "nothing"), "No use case 'nothing' for a job"),
        (("add", "film_shwo"), "Did you mean 'film_show'"),
        (("add", "film_show"), "The request of film_show"),
        (("add", "film_show", "--request", "film"), "--request is no JSON"),
        (("add", "film_show", "--request", "[1]"), "--request is one JSON object"),
        (("add", "film_show", "--request", '{"fil": 1}'), "The request of film_show: fil"),
        (("add", "audit", "--at", "tomorrow"), "--at is a time such as"),
        (("add", "audit", "--key", ""), "A dedupe key has 1 to 128 characters"),
        (("show", "zz"), "No job 'zz'"),
        (("list", "--status", "done"), "A job is queued, running"),
        (("schedule", "add", "s", "audit"), "Say when"),
        (("schedule", "add", "s", "audit", "--cron", "daily"), "'daily' is no time of a schedule"),
        (("schedule", "add", "A b", "audit", "--every", "5"), "the name of a schedule must be"),
        (("schedule", "delete", "s"), "No schedule 's'"),
    ],
)
def test_a_mistake_is_explained_in_a_sentence(
    place: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(InputError, match=re.escape(sentence)):
        run(place, "jobs", *arguments)
