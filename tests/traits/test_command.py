"""The traits commands, through the whole program."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from fullhouse import app
from fullhouse.cli.root import commands
from fullhouse.control.campaign_records import SavedCampaign
from fullhouse.control.campaigns import add_campaign, save_plan
from fullhouse.core.errors import InputError
from fullhouse.core.tables import ITEM_TRAIT, PERSON_TRAIT, TRAIT, TRAIT_BITMAP

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


@pytest.mark.slow
def test_build_list_and_show(where: str) -> None:
    first = run("build", "--as-of", "2024-02-01", "-w", where)
    assert first.exit_code == 0, first.output
    assert "Trait build 1 as of 2024-02-01 is done." in first.output
    assert "1 events (purchase shop) were left out" in first.output
    again = run("build", "--as-of", "2024-02-01", "-w", where)
    assert "Trait build 1 as of 2024-02-01 is up to date." in again.output
    listed = json.loads(run("list", "--search", "pet", "--json", "-w", where).output)
    assert [t["name"] for t in listed["traits"]] == ["buys:pets", "buys:pets/dogs"]
    assert listed["traits"][0]["share"] == 0.75
    every = json.loads(run("list", "--all", "--family", "buys", "--json", "-w", where).output)
    assert [(t["name"], t["built"]) for t in every["traits"] if t["persons"] < 20] == [
        ("buys:rare", False)
    ]
    printed = run("show", "buys:pets", "-w", where)
    assert "bought from Pets" in printed.output
    assert "75.00%" in printed.output
    counted = json.loads(run("show", "gender:female", "--json", "-w", where).output)
    assert (counted["persons"], counted["by_source"]) == (25, {"shop": 25})


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "buys:pats"], "Did you mean 'buys:pets"),
        (["list", "--family", "buy"], "Did you mean 'buys'"),
        (["build", "--as-of", "soon"], "YYYY-MM-DD"),
        (["build", "--as-of", "2024-02-01", "--catalogue", "none.toml"], "no catalogue none.toml"),
        (["build", "--as-of", "2024-02-01", "--catalogue", str(HERE)], "not valid TOML"),
        (["list", "--as-of", "2023-01-01"], "earliest build is as of 1 February 2024"),
        (["build", "--as-of", "2099-01-01"], "1 January 2099 has not come yet"),
        (["delete", "7"], "No trait build 7. There are: 1"),
    ],
)
def test_a_mistake_is_one_sentence(where: str, arguments: list[str], message: str) -> None:
    run("build", "--as-of", "2024-02-01", "-w", where)
    failed = run(*arguments, "-w", where)
    assert isinstance(failed.exception, InputError)
    assert message in str(failed.exception)


def test_a_workspace_has_a_catalogue_of_its_own(where: str) -> None:
    own = '[trait.leash]\nkind = "purchase"\ntitle_any = "leash"\nlabel = "walks a dog"\n'
    (Path(where) / "traits.toml").write_text(own)
    build = json.loads(run("build", "--as-of", "2024-02-01", "--json", "-w", where).output)
    assert build["traits"] == 1
    assert "walks a dog" in run("list", "-w", where).output


@pytest.mark.slow
def test_builds_are_listed_and_one_that_nothing_rests_on_is_deleted(where: str) -> None:
    for day in ("2024-02-01", "2024-03-01"):
        run("build", "--as-of", day, "-w", where)
    listed = json.loads(run("builds", "--json", "-w", where).output)["builds"]
    assert [(b["id"], b["as_of"]) for b in listed] == [(1, "2024-02-01"), (2, "2024-03-01")]
    done = run("delete", "2", "-w", where)
    assert "Deleted trait build 2 as of 2024-03-01." in done.output
    assert "2024-03-01" not in run("builds", "-w", where).output
    with app.open_house(where) as context:
        for table in (TRAIT, TRAIT_BITMAP, PERSON_TRAIT, ITEM_TRAIT):
            assert set(context.lake.read(table)["build"].to_pylist()) == {1}
    again = json.loads(run("build", "--as-of", "2024-03-01", "--json", "-w", where).output)
    assert (again["id"], again["reused"]) == (3, False)


@pytest.mark.slow
def test_a_build_that_a_saved_audience_rests_on_is_kept(where: str) -> None:
    run("build", "--as-of", "2024-02-01", "-w", where)
    with app.open_house(where) as context:
        app.audience_save(context, app.SaveAudience("women", "female"))
    refused = run("delete", "1", "-w", where)
    assert "audience women@1 rest on it" in str(refused.exception)
    assert "buys:pets" in run("list", "-w", where).output


@pytest.mark.slow
def test_a_build_that_a_launched_campaign_rests_on_is_kept(where: str) -> None:
    for day in ("2024-02-01", "2024-03-01"):
        run("build", "--as-of", day, "-w", where)
    at = datetime(2024, 2, 20, tzinfo=UTC)
    with app.open_house(where) as context:
        body = {"as_of": "2024-02-10", "lines": []}
        save_plan(context.control, "spring", "up-2009", body, at=at)
        launched = SavedCampaign("spring", "up-2009", "spring", 1, {}, at)
        add_campaign(context.control, launched)
        with pytest.raises(InputError, match="campaign spring rest on it"):
            app.traits_delete(context, app.DeleteBuild(1))
        app.traits_delete(context, app.DeleteBuild(2))


def test_a_build_is_as_of_the_market_s_today_without_a_day(where: str) -> None:
    with app.open_house(where, today=date(2024, 2, 1)) as context:
        built = app.traits_build(context, app.BuildTraits())
        assert built.build.as_of == date(2024, 2, 1)
        with pytest.raises(InputError, match="has not come yet"):
            app.traits_build(context, app.BuildTraits("2024-02-02"))
        table = app.traits_list(context, app.ListTraits(family="buys"))
        assert table.to_arrow()["name"].to_pylist() == ["buys:pets", "buys:pets/dogs"]
        assert str(table) == "2 traits as of 2024-02-01"
