"""`fullhouse runs` on a workspace in which something was computed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from fullhouse import app
from fullhouse.control.runs import begin_run
from fullhouse.core.request import request
from fullhouse.workspace.runs import remembered, this_process


@request
class CountDogs:
    """What a test computes."""

    breed: str


@pytest.fixture
def house(tmp_path: Path) -> Path:
    with app.init_house(str(tmp_path / "house"), environment={}) as context:
        remembered(context, CountDogs("beagle"), int, lambda _: 7)
        begin_run(
            context.control, "ab12", kind="CountDogs", request='{"breed": "pug"}', digest="d",
            process=this_process(),
        )  # fmt: skip
    return tmp_path / "house"


def fullhouse(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "fullhouse", "runs", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_runs_are_listed_shown_and_cancelled(house: Path) -> None:
    listed = json.loads(fullhouse("list", "--json", cwd=house).stdout)["runs"]
    assert {(r["kind"], r["request"]["breed"], r["status"]) for r in listed} == {
        ("CountDogs", "beagle", "finished"),
        ("CountDogs", "pug", "running"),
    }
    assert "CountDogs" in fullhouse("list", cwd=house).stdout
    shown = fullhouse("show", "ab", "--json", cwd=house)
    assert json.loads(shown.stdout)["id"] == "ab12"
    cancelled = fullhouse("cancel", "ab", cwd=house)
    assert "Run ab12 is cancelling. It stops at its next step." in cancelled.stdout
    only = json.loads(fullhouse("list", "--status", "finished", "--json", cwd=house).stdout)
    assert [r["request"]["breed"] for r in only["runs"]] == ["beagle"]


def test_a_run_that_is_not_there_is_a_mistake_in_a_sentence(house: Path) -> None:
    done = fullhouse("show", "zz", cwd=house)
    assert done.returncode == 2
    assert "No run 'zz'." in done.stderr
