"""A house without people, with two tenants and a channel; its clock stands until it is set."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from fullhouse.access import passwords
from fullhouse.cleanroom import tenants
from fullhouse.workspace.context import Context, init_house

START = datetime(2026, 11, 1, 12, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that a test moves."""

    now: datetime = field(default=START)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **passed: float) -> datetime:
        self.now += timedelta(**passed)
        return self.now


def populate(house: Context) -> None:
    for tenant in ("lion", "wolf"):
        tenants.add_tenant(house.control, tenant)
        for name, role in (("ann", "owner"), ("max", "marketer"), ("vic", "viewer")):
            tenants.add_user(house.control, tenant, name, role)
    tenants.add_tenant(house.control, "wechat")
    tenants.add_user(house.control, "wechat", "robot", "channel")
    for name, role in (("olga", "operator"), ("pia", "privacy"), ("aron", "auditor")):
        tenants.add_user(house.control, "house", name, role)


@pytest.fixture(scope="session", autouse=True)
def quick_hashes() -> Iterator[None]:
    """Password hashes that cost little: what they are worth is argon2's own business."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "hasher", lambda: cheap)
        yield


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def house(tmp_path: Path, clock: Clock) -> Iterator[Context]:
    environment = {"FULLHOUSE_KEY": "0" * 64}
    made = replace(init_house(str(tmp_path / "house"), environment=environment), clock=clock)
    with made:
        populate(made)
        yield made


@pytest.fixture
def owner(house: Context) -> Context:
    """The owner of the tenant lion."""
    return replace(house, tenant="lion", actor="ann")
