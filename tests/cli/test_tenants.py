"""`fullhouse user`: an owner manages the own users, and nobody locks a studio out."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from fullhouse import app
from fullhouse.cleanroom import tenants
from fullhouse.cli.root import commands
from fullhouse.core.errors import InputError


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("FULLHOUSE_KEY", "0" * 64)
    with app.init_house(str(tmp_path / "house"), environment={"FULLHOUSE_KEY": "0" * 64}) as made:
        for studio in ("lion", "wolf"):
            tenants.add_tenant(made.control, studio)
            tenants.add_user(made.control, studio, "ann", "owner")
    return str(tmp_path / "house")


def run(house: str, *words: str) -> str:
    done = CliRunner().invoke(commands, ["user", *words, "-w", house], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_an_owner_adds_suspends_and_resumes_a_user_of_the_own_studio(house: str) -> None:
    own = ("--as", "lion/ann")
    assert run(house, "add", "max", "marketer", *own) == "max is marketer of lion.\n"
    assert run(house, "suspend", "max", *own) == "max of lion is suspended.\n"
    listed = json.loads(run(house, "list", "--json", *own))
    assert listed["roles"] == ["owner", "marketer", "viewer"]
    states = {u["name"]: (u["role"], u["suspended"]) for u in listed["users"]}
    assert states == {"ann": ("owner", False), "max": ("marketer", True)}
    assert "suspended" in run(house, "list", "--tenant", "lion")
    assert run(house, "suspend", "max", "--resume", *own) == "max of lion is active.\n"


def test_a_suspended_user_and_another_studios_owner_do_nothing(house: str) -> None:
    run(house, "add", "max", "owner", "--tenant", "lion")
    run(house, "suspend", "max", "--tenant", "lion")
    with pytest.raises(InputError, match="suspended"):
        run(house, "list", "--as", "lion/max")
    with pytest.raises(InputError, match="users of lion alone"):
        run(house, "suspend", "ann", "--tenant", "wolf", "--as", "lion/ann")
    with pytest.raises(InputError, match="users of lion alone"):
        run(house, "add", "eve", "owner", "--tenant", "wolf", "--as", "lion/ann")
    with pytest.raises(InputError, match="last owner"):
        run(house, "suspend", "ann", "--as", "lion/ann")
