"""The command line says what was done, and nothing about who."""

import json
from pathlib import Path

import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from fullhouse import app, control
from fullhouse.cli.root import commands
from fullhouse.core.errors import CannotTellError, InputError
from tests.people.builder import House
from tests.people.test_link import made_people

LINK = """
name = "crm"
account = "id"
source_column = "system"
[columns]
first_name = "first_name"
surname = "surname"
birth_date = "birth_date"
email = "email"
"""


@pytest.fixture
def where(tmp_path: Path) -> str:
    workspace = app.init_house(str(tmp_path / "house"))
    house = House(workspace.lake)
    house.share(("shop", "0", "m1"), ("video", "0", "m1"), ("video", "1", "m2"))
    workspace.close()
    return str(tmp_path / "house")


def invoke(*words: str) -> str:
    result = CliRunner().invoke(commands, ["people", *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.slow
def test_resolve_and_report(where: str) -> None:
    outcome = json.loads(invoke("resolve", "-w", where, "--json"))
    assert (outcome["accounts"], outcome["persons"], outcome["changed"]) == (3, 2, True)
    assert "Nothing new since run 1: 2 persons" in invoke("resolve", "-w", where)
    report = json.loads(invoke("report", "-w", where, "--json"))
    assert (report["persons"], report["sum_of_sources"]) == (2, 3)
    text = invoke("report", "-w", where)
    assert "2 persons behind 3 accounts" in text
    assert "deduplicated union" in text
    with app.open_house(where) as workspace:
        assert [a.action for a in control.audit_log(workspace.control)] == ["people.resolve"]


@pytest.mark.slow
def test_link_then_resolve_with_its_pairs(where: str, tmp_path: Path) -> None:
    table, truth = made_people(60)
    pcsv.write_csv(table, tmp_path / "people.csv")
    (tmp_path / "link.toml").write_text(LINK)
    given = (str(tmp_path / "link.toml"), str(tmp_path / "people.csv"), "-w", where)
    outcome = json.loads(invoke("link", *given, "--json"))
    assert outcome["pairs"] > 20
    assert (Path(where) / outcome["file"]).is_file()
    assert json.loads(invoke("link", *given, "--trained", "--json"))["pairs"] == outcome["pairs"]
    with app.open_house(where) as workspace:
        House(workspace.lake).name(*({"source": s, "account": a} for s, a in truth))
    before = json.loads(invoke("resolve", "-w", where, "--json"))["persons"]
    after = json.loads(invoke("resolve", "-w", where, "--with-links", "crm", "--json"))["persons"]
    assert after < before


def test_no_attribute_is_kept_in_the_workspace(where: str, tmp_path: Path) -> None:
    table, _ = made_people(60)
    pcsv.write_csv(table, tmp_path / "people.csv")
    (tmp_path / "link.toml").write_text(LINK)
    invoke("link", str(tmp_path / "link.toml"), str(tmp_path / "people.csv"), "-w", where)
    files = [f for f in Path(where).rglob("*") if f.is_file()]
    plain = [str(pq.read_table(f).to_pylist()) for f in files if f.suffix == ".parquet"]
    plain += [f.read_bytes().decode("latin-1") for f in files if f.suffix != ".parquet"]
    kept = "".join(plain).lower()
    assert "'model': 'crm'" in kept
    for name in ("surname", "email"):
        for value in filter(None, table[name].to_pylist()):
            assert value not in kept


def test_mistakes_are_explained(where: str, tmp_path: Path) -> None:
    with app.open_house(where) as workspace:
        with pytest.raises(InputError, match="No link model 'crm'"):
            app.people_resolve(workspace, app.ResolvePeople(("crm",)))
        with pytest.raises(InputError, match="There is no file"):
            app.people_link(
                workspace, app.LinkPeople(tmp_path / "none.toml", (tmp_path / "a.csv",))
            )
        with pytest.raises(CannotTellError, match="No people are resolved yet"):
            app.people_report(workspace)
