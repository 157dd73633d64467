"""`fullhouse report`: what is asked wrongly is said; a file is written, or JSON is printed."""

import json
from datetime import date
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from fullhouse import app
from fullhouse.cli.report import report
from fullhouse.core.errors import InputError

FILM = "harbour-lights-2025"
commands = typer.Typer()
commands.command()(report)


@pytest.fixture
def house(tmp_path: Path) -> str:
    with app.init_house(str(tmp_path / "house"), environment={}) as made:
        app.film_add(
            made,
            app.AddFilm(
                "Harbour Lights",
                opening=date(2025, 3, 14),
                territory="US",
                known_on=date(2025, 1, 1),
            ),
        )
    return str(tmp_path / "house")


def run(house: str, *arguments: str) -> Result:
    given = [FILM, "--territory", "US", *arguments, "-w", house]
    return CliRunner().invoke(commands, given, catch_exceptions=False)


def test_a_file_is_written_and_missing_parts_are_named(
    house: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(house, "--as-of", "2025-02-01")
    assert done.exit_code == 0
    assert f"Wrote {FILM}-report.html" in done.stdout
    assert "There is no plan. To get it: fullhouse plan" in done.stdout
    page = (tmp_path / f"{FILM}-report.html").read_text("utf-8")
    assert "US, opens 14 March 2025; as of 1 February 2025." in page


def test_json_is_printed_and_nothing_else_is_written(
    house: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    content = json.loads(run(house, "--as-of", "2025-02-01", "--json").stdout)
    assert (content["film"], content["plan"], content["campaigns"]) == (FILM, None, [])
    assert [p.name for p in tmp_path.iterdir()] == ["house"]
    run(house, "--as-of", "2025-02-01", "--json", "--out", "r.json")
    assert json.loads((tmp_path / "r.json").read_text("utf-8")) == content


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "report.pdf"], r"\.html or \.json, not 'report\.pdf'"),
        (["--as-of", "soon"], "--as-of must be a date"),
        (["--plan", "spring"], "No plan 'spring'"),
        (["--campaign", "spring"], "No campaign 'spring'"),
    ],
)
def test_mistakes_are_explained(house: str, arguments: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        run(house, *arguments)
