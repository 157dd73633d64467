"""The traits commands, through the whole program."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from fullhouse import app
from fullhouse.cli.root import commands
from fullhouse.core.errors import InputError

HERE = Path(__file__)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(commands, ["traits", *arguments], catch_exceptions=True)


@pytest.fixture
def where(tmp_path: Path, make_house: Any) -> str:
    folder = str(tmp_path / "house")
    with app.init_house(folder) as workspace:
        house = make_house(workspace.lake)
        people = {("shop", f"a{n}"): n for n in range(40)}
        house.people(people, gender=dict.fromkeys(range(25), "female"))
        bought = {"source": "shop", "title": "Dog leash", "category": "Pets > Dogs"}
        rows = [bought | {"account": f"a{n}", "product": "x"} for n in range(30)]
        rows += [bought | {"account": "ghost", "product": "x"}]
        rows += [{"source": "shop", "account": "a1", "product": "y", "category": "Rare"}]
        house.write("purchase", [r | {"day": "2024-01-01"} for r in rows])
    return folder


def test_build_list_and_show(where: str) -> None:
    first = run("build", "--as-of", "2024-02-01", "-w", where)
    assert first.exit_code == 0, first.output
    assert "Trait build 1 as of 2024-02-01 is done." in first.output
    assert "1 events (purchase shop) were left out" in first.output
    again = run("build", "--as-of", "2024-02-01", "-w", where)
    assert "Trait build 1 as of 2024-02-01 stands already." in again.output
    listed = json.loads(run("list", "--search", "pet", "--json", "-w", where).output)
    assert [t["name"] for t in listed] == ["buys:pets", "buys:pets/dogs"]
    assert listed[0]["share"] == 0.75
    every = json.loads(run("list", "--all", "--family", "buys", "--json", "-w", where).output)
    assert [(t["name"], t["built"]) for t in every if t["persons"] < 20] == [("buys:rare", False)]
    shown = run("show", "buys:pets", "-w", where)
    assert "bought from Pets" in shown.output
    assert "75.00%" in shown.output
    counted = json.loads(run("show", "gender:female", "--json", "-w", where).output)
    assert (counted["persons"], counted["by_source"]) == (25, {"shop": 25})


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["show", "buys:pats"], "Did you mean 'buys:pets"),
        (["list", "--family", "buy"], "Did you mean 'buys'"),
        (["build", "--as-of", "soon"], "YYYY-MM-DD"),
        (["build", "--as-of", "2024-02-01", "--catalogue", "none.toml"], "Cannot read"),
        (["build", "--as-of", "2024-02-01", "--catalogue", str(HERE)], "not valid TOML"),
        (["list", "--as-of", "2023-01-01"], "earliest is as of 2024-02-01"),
    ],
)
def test_a_mistake_is_one_sentence(where: str, arguments: list[str], says: str) -> None:
    run("build", "--as-of", "2024-02-01", "-w", where)
    failed = run(*arguments, "-w", where)
    assert isinstance(failed.exception, InputError)
    assert says in str(failed.exception)


def test_a_workspace_has_a_catalogue_of_its_own(where: str) -> None:
    own = '[trait.leash]\nkind = "purchase"\ntitle_any = "leash"\nlabel = "walks a dog"\n'
    (Path(where) / "traits.toml").write_text(own)
    made = json.loads(run("build", "--as-of", "2024-02-01", "--json", "-w", where).output)
    assert made["traits"] == 1
    assert "walks a dog" in run("list", "-w", where).output
