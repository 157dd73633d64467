"""One control database of each kind per module; each test begins with an empty queue."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete

from fullhouse.control import Control, open_control
from fullhouse.control.control import grant_service, shows_all_rows
from fullhouse.control.schema import JobRow, JobScheduleRow

START = datetime(2026, 11, 29, 9, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that the test moves."""

    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Control]:
    """The control database, SQLite and PostgreSQL in turn; the latter under its second lock."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('queue') / 'control.db'}"
    else:
        url = request.getfixturevalue("postgres")
    control = open_control(url)
    if request.param == "postgresql":
        grant_service(control, "fullhouse_service")
        role = control.database.url.set(username="fullhouse_service")
        control.dispose()
        control = open_control(role.render_as_string(hide_password=False))
        assert not shows_all_rows(control)
    yield control
    control.dispose()


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still until it is moved."""
    return Clock()


@pytest.fixture
def control(database: Control, clock: Clock) -> Control:
    """The house's view of an empty queue, under the test's clock."""
    empty(database)
    return replace(database, clock=clock)


def empty(control: Control) -> None:
    """Remove all jobs and schedules."""
    with control.begin() as connection:
        connection.execute(delete(JobRow))
        connection.execute(delete(JobScheduleRow))
