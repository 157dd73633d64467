"""`fullhouse plan` and `fullhouse campaign`: what is asked wrongly is said before any work."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from fullhouse import app
from fullhouse.cli.root import commands
from fullhouse.core.errors import InputError


@pytest.fixture
def house(tmp_path: Path) -> str:
    app.init_house(str(tmp_path / "house"), environment={}).close()
    return str(tmp_path / "house")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["plan", "a-film-2027", "--budget", "5", "--channels", "none.toml"], "no file none.toml"),
        (["plan", "a-film-2027", "--budget", "5", "--out", "plan.docx"], r"not 'plan\.docx'"),
        (["campaign", "power", "spring", "--rate", "0.1"], "No plan 'spring'"),
        (["campaign", "launch", "spring", "--name", "s", "--out", "d"], "No plan 'spring'"),
        (["campaign", "launch", "spring", "--name", "S p", "--out", "d"], "name of a campaign"),
        (["campaign", "readout", "spring"], "No campaign 'spring'"),
    ],
)
def test_mistakes_are_said(house: str, arguments: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        CliRunner().invoke(commands, [*arguments, "-w", house], catch_exceptions=False)


def test_nothing_launched_and_nothing_learned_is_an_empty_table(house: str) -> None:
    for command in (["campaign", "list"], ["learned"], ["campaign", "learned"]):
        done = CliRunner().invoke(commands, [*command, "-w", house, "--json"])
        assert (done.exit_code, done.stdout.strip()) == (0, "[]")
