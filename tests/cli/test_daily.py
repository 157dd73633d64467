"""`fullhouse daily`: mistakes before any work, the table, JSON, files."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from fullhouse.cli.daily import daily
from fullhouse.core.errors import InputError
from tests.app.daily_house import AS_OF, FILM, make

commands = typer.Typer()
commands.command()(daily)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("daily")
    make(folder).close()
    return str(folder / "house")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--as-of", "soon"], "--as-of must be a date"),
        (["--target", "-5"], "above 0, not -5"),
        (["--out", "day.docx"], r"not 'day\.docx'"),
        (["--as-of", "2025-05-01", "--territory", "ZZ"], "daily page is from 2025-06-16"),
    ],
)
def test_mistakes_are_named(house: str, arguments: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        CliRunner().invoke(commands, [FILM, *arguments, "-w", house], catch_exceptions=False)


@pytest.mark.slow
def test_it_prints_the_day_and_writes_it(house: str, tmp_path: Path) -> None:
    day = ["--as-of", str(AS_OF), "--target", "9e6", "--territory", "ZZ", "-w", house]
    files = ["--out", str(tmp_path / "day.html"), "--out", str(tmp_path / "day.json")]
    done = CliRunner().invoke(commands, [FILM, *day, *files], catch_exceptions=False)
    printed = " ".join(done.stdout.split())
    for words in ("presales in the market", "Next: Email (", "Target: 9 million USD",
                  "Wrote"):  # fmt: skip
        assert words in printed
    again = CliRunner().invoke(commands, [FILM, *day, "--json"], catch_exceptions=False)
    assert json.loads(again.stdout) == json.loads((tmp_path / "day.json").read_text("utf-8"))
