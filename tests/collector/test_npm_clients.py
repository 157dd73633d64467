"""Unmodified libraries of npm: each posts a session, and the lake holds exactly that."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fullhouse.core.tables import ACTIVITY, SEARCH, TRAILER_VIEW, Table
from tests.collector.conftest import Door
from tests.npm import install

PACKAGES = (
    "@segment/analytics-node@3", "@rudderstack/rudder-sdk-node@3", "@snowplow/node-tracker@4",
)  # fmt: skip
SESSION = Path(__file__).with_name("session.js")
SOURCES = ("node-segment", "node-rudder", "node-snowplow")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sent(door: Door, tmp_path_factory: pytest.TempPathFactory) -> Door:
    """The house after the session of every library."""
    folder = tmp_path_factory.mktemp("npm")
    install(folder, *PACKAGES)
    keys = [door.new_source(source) for source in SOURCES]
    shutil.copy(SESSION, folder)
    done = subprocess.run(
        ["node", SESSION.name, door.url, *keys],
        cwd=folder, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    door.flush()
    return door


def _of(door: Door, table: Table, source: str) -> list[dict[str, Any]]:
    return [row for row in door.rows(table) if row["source"] == source]


@pytest.mark.parametrize("source", ["node-segment", "node-rudder"])
def test_a_session_of_a_node_library_is_in_the_lake_exactly(sent: Door, source: str) -> None:
    types = sorted(row["type"] for row in _of(sent, ACTIVITY, source))
    assert types == ["identify", "page", "track", "track"]
    [trailer] = _of(sent, TRAILER_VIEW, source)
    assert (trailer["account"], trailer["film"], trailer["completion"]) == ("u1", "f1", 0.75)
    assert [row["query"] for row in _of(sent, SEARCH, source)] == ["dune"]
    assert all(row["library"] and row["library_version"] for row in _of(sent, ACTIVITY, source))


def test_a_session_of_snowplows_node_tracker_is_in_the_lake_exactly(sent: Door) -> None:
    types = sorted(row["type"] for row in _of(sent, ACTIVITY, "node-snowplow"))
    assert types == ["page", "track"]
    assert [row["film"] for row in _of(sent, TRAILER_VIEW, "node-snowplow")] == ["f1"]
