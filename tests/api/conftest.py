"""A house with two rival studios behind its HTTP API, and a key of each of its users."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from pyroaring import BitMap
from starlette.testclient import TestClient

from fullhouse import app
from fullhouse.access.keys import add_key
from fullhouse.api.server import create_app
from fullhouse.audiences import population
from fullhouse.audiences.save import save_people
from fullhouse.cleanroom import tenants
from fullhouse.cleanroom.roles import User
from fullhouse.control import campaigns
from fullhouse.control.campaign_records import SavedCampaign
from fullhouse.core.values import HOUSE
from fullhouse.workspace.context import Context
from tests.cleanroom.conftest import OWN, SECRET, make_house

AT = datetime(2026, 11, 1, tzinfo=UTC)
USERS = (
    User("ann", "lion", "owner"),
    User("max", "lion", "marketer"),
    User("vic", "lion", "viewer"),
    User("ann", "wolf", "owner"),
    User("olga", HOUSE, "operator"),
    User("paul", HOUSE, "privacy"),
    User("aud", HOUSE, "auditor"),
    User("pat", "plaza", "exhibitor"),
)


@dataclass
class Served:
    """A house and a client of its API; `keys` by tenant and user."""

    house: Context
    http: TestClient
    keys: dict[str, str]

    def ask(self, who: str, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.keys[who]}"} | options.pop("headers", {})
        return self.http.request(method, path, headers=headers, **options)

    def get(self, who: str, path: str, **options: Any) -> Any:
        return self.ask(who, "GET", path, **options)

    def post(self, who: str, path: str, body: Any = None, **options: Any) -> Any:
        return self.ask(who, "POST", path, json={} if body is None else body, **options)


def keys_of(house: Context) -> dict[str, str]:
    made = {}
    tenants.add_tenant(house.control, "plaza")
    for user in USERS:
        tenants.add_user(house.control, user.tenant, user.name, user.role)
        made[f"{user.tenant}/{user.name}"] = add_key(house.control, user)[1]
    return made


def add_objects(house: Context) -> None:
    """What is only wolf's: a campaign, an audience, a published head of the log."""
    wolf = replace(house, tenant="wolf", actor="ann")
    campaigns.add_campaign(wolf.control, SavedCampaign("wolf-launch", SECRET, "p", 1, {}, AT))
    campaigns.add_campaign(
        replace(house, tenant="lion").control, SavedCampaign("lion-launch", OWN, "p", 1, {}, AT)
    )
    build = population(wolf).build
    save_people(wolf, "wolf-list", "x", {0: BitMap(range(500))}, build=build, purpose="analytics")
    app.log_head(house)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One house for all tests of a process: a test asks what no other test asks."""
    with make_house(tmp_path_factory.mktemp("api") / "house") as house:
        add_objects(house)
        with TestClient(create_app(house), raise_server_exceptions=False) as http:
            yield Served(house, http, keys_of(house))
