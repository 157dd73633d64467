"""`fullhouse plan` and `fullhouse campaign`: what is asked wrongly is said before any work."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fullhouse import app
from fullhouse.cli.root import commands
from fullhouse.control.campaigns import save_plan
from fullhouse.core.errors import InputError
from fullhouse.view.words.plan import headline
from tests.view.sample_plans import PLAN


@pytest.fixture
def house(tmp_path: Path) -> str:
    app.init_house(str(tmp_path / "house"), environment={}).close()
    return str(tmp_path / "house")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["plan", "a-film-2027", "--budget", "5", "--channels", "none.toml"],
            "no file for --channels: none.toml",
        ),
        (["plan", "a-film-2027", "--budget", "5", "--out", "plan.docx"], r"not 'plan\.docx'"),
        (["campaign", "power", "spring", "--rate", "0.1"], "No plan 'spring'"),
        (["campaign", "launch", "spring", "--name", "s", "--out", "d"], "No plan 'spring'"),
        (["campaign", "launch", "spring", "--name", "S p", "--out", "d"], "name of a campaign"),
        (["campaign", "readout", "spring"], "No campaign 'spring'"),
        (["campaign", "look", "spring"], "No campaign 'spring'"),
        (["campaign", "look", "spring", "--no-plan", "--budget", "5"], "leave out --no-plan"),
        (
            ["campaign", "pilot", "a-film-2027", "--budget", "0", "--name", "p", "--out", "d"],
            "budget must be above 0",
        ),
        (
            ["campaign", "pilot", "a-film-2027", "--budget", "5", "--name", "P p", "--out", "d"],
            "name of a campaign",
        ),
    ],
)
def test_mistakes_are_explained(house: str, arguments: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        CliRunner().invoke(commands, [*arguments, "-w", house], catch_exceptions=False)


def test_nothing_launched_and_nothing_measured_is_an_empty_table(house: str) -> None:
    for command in (["learned"], ["campaign", "learned"]):
        done = CliRunner().invoke(commands, [*command, "-w", house, "--json"])
        assert (done.exit_code, json.loads(done.stdout)) == (0, {"responses": []})
    for command, name in ((["campaign", "list"], "campaigns"), (["plan", "list"], "plans")):
        done = CliRunner().invoke(commands, [*command, "-w", house, "--json"])
        assert (done.exit_code, json.loads(done.stdout)) == (0, {name: []})


def test_a_saved_plan_is_listed_and_shown_and_a_film_needs_no_word_before_it(house: str) -> None:
    with app.open_house(house, environment={}) as workspace:
        at = datetime(2025, 7, 1, tzinfo=UTC)
        save_plan(workspace.control, "spring", PLAN.film, PLAN.to_dict(), at=at)
    listed = CliRunner().invoke(commands, ["plan", "list", "-w", house, "--json"])
    (row,) = json.loads(listed.stdout)["plans"]
    assert (row["name"], row["version"], row["budget"]) == ("spring", 1, PLAN.budget)
    shown = CliRunner().invoke(commands, ["plan", "show", "spring@1", "-w", house, "--json"])
    assert json.loads(shown.stdout) == json.loads(json.dumps(PLAN.to_dict()))
    printed = CliRunner().invoke(commands, ["plan", "show", "spring", "-w", house])
    assert headline(PLAN) in printed.stdout
    for words in (["plan", "x-2027", "--budget", "5"], ["plan", "--budget", "5", "x-2027"],
                  ["plan", "make", "x-2027", "--budget", "5"]):  # fmt: skip
        with pytest.raises(InputError, match="no traits yet"):
            CliRunner().invoke(commands, [*words, "-w", house], catch_exceptions=False)
