"""The command line: what it prints, and what a mistake gets."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from fullhouse import app
from fullhouse.cli.audience import commands

House = Callable[..., Any]
FEMALE = set(range(0, 100, 2))


@pytest.fixture
def where(tmp_path: Path, house: House, accounts: House, speak: House) -> str:
    folder = str(tmp_path / "house")
    with app.init_house(folder, environment={}) as workspace:
        traits = {"gender:female": FEMALE, "genre:dog": set(range(30))}
        house(workspace.lake, traits, set(range(100)))
        house(workspace.lake, {"gender:female": {1}}, {1, 2}, number=2, as_of=date(2020, 2, 1))
        accounts(workspace.lake, {("shop", f"s{p}"): p for p in range(100)})
        speak(workspace.lake, "shop", "s0", False)
        for p in (2, 4):
            speak(workspace.lake, "shop", f"s{p}", True, purpose="advertising")
    return folder


def run(*arguments: str) -> str:
    done = CliRunner().invoke(commands, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


def test_count_says_who_is_left_out_and_which_build_it_used(where: str) -> None:
    printed = run("count", "female", "-w", where, "--as-of", "2020-01-15")
    assert "49 people" in printed
    assert "1 left out: no consent for analytics" in printed
    assert "Traits as of 2020-01-01 (build 1)." in printed
    assert "Traits as of 2020-02-01 (build 2)." in run("count", "female", "-w", where)


def test_count_as_json(where: str) -> None:
    arguments = ("count", "female - genre:dog", "-w", where, "--as-of", "2020-01-15", "--json")
    fields = json.loads(run(*arguments))
    assert (fields["persons"], fields["left_out"], fields["build"]) == (35, 0, 1)
    form = fields["rules"][0]["form"]
    assert form == {"and": [{"trait": "gender:female"}, {"not": {"trait": "genre:dog"}}]}
    again = json.loads(run("count", json.dumps(form), *arguments[2:]))
    assert again == fields


def test_from_a_rule_to_a_saved_audience(where: str, tmp_path: Path) -> None:
    day = ("-w", where, "--as-of", "2020-01-15")
    assert "gender:female" in run("describe", "dog", *day)
    overlap = json.loads(run("overlap", "female", "dog", *day, "--json"))
    assert overlap["audiences"] == [49, 29]
    assert sum(row["persons"] for row in overlap["exclusive"]) == overlap["union"] == 64
    assert "in exactly these" in run("overlap", "female", "dog", *day)
    printed = run("save", "dogs", "dog", "--purpose", "advertising", *day)
    assert "Saved dogs@1: 2 people" in printed
    assert "28 left out: no consent for advertising" in printed
    assert "dogs@1" in run("list", "-w", where)
    assert "genre:dog" in run("show", "dogs@1", "-w", where)
    file = tmp_path / "dogs.csv"
    assert "2 people; 0 left out" in run("export", "dogs", "--out", str(file), "-w", where)
    assert sorted(file.read_text().split()) == ['"shop","s2"', '"shop","s4"', '"source","account"']
    parts = json.loads(
        run("sample", "everyone", "--share", "0.5,0.5", "--salt", "x", *day, "--json")
    )["parts"]
    assert sum(p["persons"] for p in parts) == 99


@pytest.mark.slow
def test_a_mistake_is_a_sentence_with_a_caret_and_exit_code_2(where: str) -> None:
    command = [sys.executable, "-m", "fullhouse", "audience", "count", "femle & dog", "-w", where]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "No trait 'femle'. Did you mean 'female'?\n  femle & dog\n  ^" in done.stderr
    assert "Traceback" not in done.stderr
