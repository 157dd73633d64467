"""`fullhouse exhibit`: a mistake is named before any work, and tables are printed."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fullhouse import app
from fullhouse.app.exhibit import ExhibitFilm
from fullhouse.cli.root import commands
from fullhouse.core.errors import InputError
from tests.exhibit.test_demand import TABLE
from tests.view.sample_plans import EXHIBIT


@pytest.fixture
def house(tmp_path: Path) -> str:
    app.init_house(str(tmp_path / "house"), environment={}).close()
    return str(tmp_path / "house")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--cinema", "c"], "--cinema is one of a city"),
        (["--city", "Avon", "--out", "pack.docx"], r"not 'pack\.docx'"),
        (["--out", "pack.html"], "A page is of one city"),
        (["--as-of", "soon"], "--as-of must be a date"),
        (["--city", "Avon", "--seats", "0"], "at least 1 seat"),
        (["--goal", "2"], "above 0 up to 1"),
    ],
)
def test_mistakes_are_named(house: str, arguments: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        CliRunner().invoke(
            commands, ["exhibit", "f", *arguments, "-w", house], catch_exceptions=False
        )


def test_a_city_is_printed_as_tables_with_the_headline_last(
    house: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests: list[ExhibitFilm] = []

    def answer(context: object, request: ExhibitFilm) -> object:
        requests.append(request)
        return EXHIBIT

    monkeypatch.setattr(app, "exhibit_film", answer, raising=False)
    file = tmp_path / "pack.html"
    command = ["exhibit", "f", "--city", "Avon", "--cinema", "a-1", "--goal", "0.4", "-w", house]
    done = CliRunner().invoke(commands, [*command, "--out", str(file)], catch_exceptions=False)
    assert requests == [ExhibitFilm("f", "Avon", "a-1", goal=0.4)]
    lines = done.stdout.splitlines()
    assert any("Owners of older dogs" in x and "9,412" in x for x in lines)
    assert any("Keepers of ferrets" in x and x.split()[-2:] == ["-", "-"] for x in lines)
    assert "likely between" in lines[-2]
    assert lines[-1] == f"Wrote {file}"
    assert "Harbour Lights" in file.read_text("utf-8")
    asked = CliRunner().invoke(commands, [*command, "--json"], catch_exceptions=False)
    assert json.loads(asked.stdout) == json.loads(json.dumps(EXHIBIT.to_dict()))


def test_without_a_city_all_cities_are_printed(house: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "exhibit_cities", lambda *_, **__: TABLE, raising=False)
    done = CliRunner().invoke(commands, ["exhibit", "f", "-w", house], catch_exceptions=False)
    rows = [x.split() for x in done.stdout.splitlines()]
    assert ["Avon", "300", "(100–600)", "700", "(200–1,500)", "8", "1"] in rows
    assert ["Bath", "-", "-", "-", "0"] in rows
    assert ["all", "cities", "400", "(150–800)", "900", "(300–2,000)"] in rows
