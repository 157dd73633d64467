"""A small house with two tenants and a policy, on whichever control database a test asks for."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import delete

from fullhouse.cleanroom import tenants
from fullhouse.cleanroom.policy import HOUSE_FILE, template
from fullhouse.control.schema import MemberRow
from fullhouse.workspace.context import Context, init_house, open_house
from tests.audiences.conftest import write_house

KEY = {"FULLHOUSE_KEY": "0" * 64}
DAY = date(2026, 11, 1)
PEOPLE = 20_000
OWN, RIVAL, SECRET = "our-film-2026", "their-film-2026", "hidden-film-2027"


def people_of(share: float, seed: int, people: int = PEOPLE) -> set[int]:
    chosen = np.random.default_rng(seed).random(people) < share
    return set(np.nonzero(chosen)[0].tolist())


def traits() -> dict[str, set[int]]:
    ages = np.random.default_rng(1).integers(0, 4, PEOPLE)
    bands = ("age:0-17", "age:18-34", "age:35-54", "age:55+")
    of_age = {b: set(np.nonzero(ages == i)[0].tolist()) for i, b in enumerate(bands)}
    return of_age | {
        "buys:books": people_of(0.3, 2),
        "buys:dogs": people_of(0.1, 3),
        "buys:rare": people_of(0.001, 4),
        "health:pills": people_of(0.2, 5),
        f"saw:{SECRET}": people_of(0.05, 6),
    }


POLICY = template().replace("families = []", 'families = ["health"]')


def make_house(folder: Path, url: str = "") -> Context:
    environment = KEY | ({"FULLHOUSE_CONTROL": url} if url else {})
    house = replace(init_house(str(folder), environment=environment), day=DAY)
    write_house(house.lake, traits(), set(range(PEOPLE)), as_of=date(2026, 10, 31))
    house.place.write(HOUSE_FILE, POLICY.encode())
    for tenant in ("lion", "wolf"):
        tenants.add_tenant(house.control, tenant)
        tenants.add_user(house.control, tenant, "ann", "owner")
        tenants.add_user(house.control, tenant, "vic", "viewer")
    tenants.add_title(house.control, "lion", OWN)
    tenants.add_title(house.control, "wolf", RIVAL)
    tenants.add_title(house.control, "wolf", SECRET, secret=True)
    return house


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The house as it was made, to be copied: that is much faster than to make another."""
    folder = tmp_path_factory.mktemp("rooms") / "house"
    make_house(folder).close()
    return folder


@pytest.fixture
def house(template: Path, tmp_path: Path) -> Iterator[Context]:
    """A house of 20,000 people, a film of each tenant, and a secret one."""
    copy = shutil.copytree(template, tmp_path / "house")
    with replace(open_house(str(copy), environment=KEY), day=DAY) as opened:
        yield opened


@pytest.fixture
def lion(house: Context) -> Context:
    """The tenant whose film is no secret."""
    return replace(house, tenant="lion", actor="ann")


@pytest.fixture
def wolf(house: Context) -> Context:
    """The tenant with a secret film."""
    return replace(house, tenant="wolf", actor="ann")


def forget_new_users(house: Any) -> None:
    """Remove the studio's users whom a test made, whose names are those of a rival's objects."""
    made = (MemberRow.tenant == "lion", MemberRow.name.not_in(("ann", "max", "vic")))
    with house.control.begin() as connection:
        connection.execute(delete(MemberRow).where(*made))
