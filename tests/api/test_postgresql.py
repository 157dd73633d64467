"""The API over PostgreSQL, as a role that row-level security holds: as over SQLite."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import make_url
from starlette.testclient import TestClient

from fullhouse.api.server import create_app
from fullhouse.control.control import grant_service, shows_all_rows
from fullhouse.workspace.context import open_house
from tests.api import test_idempotency as idempotency
from tests.api import test_server as server
from tests.api.conftest import Served, add_objects, keys_of
from tests.cleanroom.conftest import DAY, KEY, make_house

SERVICE = "fullhouse_service"
SAME = (
    server.test_a_tenant_sees_its_own_titles,
    server.test_a_question_has_its_price_first_and_costs_nothing_again,
    server.test_what_is_a_rivals_and_what_is_nobodys_are_the_same_bytes,
    server.test_the_house_acts_for_a_tenant_only_where_it_says_so,
    server.test_that_the_house_looks_is_in_the_log_of_the_tenant_and_of_no_other,
    server.test_metrics_count_the_jobs_of_all_tenants_together_and_how_long_the_oldest_waits,
    idempotency.test_a_key_of_one_tenant_reveals_nothing_to_another,
    idempotency.test_many_at_once_never_overspend,
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, postgres: str) -> Iterator[Served]:
    """A house made by the database's owner, and served as the role of the service."""
    folder = tmp_path_factory.mktemp("api") / "house"
    with make_house(folder, postgres) as made:
        grant_service(made.control, SERVICE)
        add_objects(made)
        keys = keys_of(made)
    role = make_url(postgres).set(username=SERVICE).render_as_string(hide_password=False)
    environment = KEY | {"FULLHOUSE_CONTROL": role}
    with replace(open_house(str(folder), environment=environment), day=DAY) as house:
        assert not shows_all_rows(house.control)
        with TestClient(create_app(house), raise_server_exceptions=False) as http:
            yield Served(house, http, keys)


@pytest.mark.slow
@pytest.mark.parametrize("same", SAME, ids=lambda test: test.__name__.removeprefix("test_"))
def test_over_postgresql(served, same):
    same(served)
