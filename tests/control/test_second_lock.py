"""Row-level security: where the tenant is forgotten in a query, PostgreSQL holds."""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import Table, create_engine, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, ProgrammingError

from fullhouse import app
from fullhouse.app.upkeep import _control
from fullhouse.cleanroom import log, tenants
from fullhouse.control import audit_log, record
from fullhouse.control.control import Control, grant_service, open_control, shows_all_rows
from fullhouse.control.schema import AuditRow, Base, TitleRow
from fullhouse.control.score_book import FIRST
from fullhouse.control.second_lock import lock_rows, open_tables
from fullhouse.core.errors import InputError
from fullhouse.films import identity
from tests.cleanroom.conftest import OWN, RIVAL, SECRET, make_house

AT = datetime(2026, 11, 1, tzinfo=UTC)
SERVICE = "fullhouse_service"
OWNED = [table for table in Base.metadata.sorted_tables if "tenant" in table.columns]
AUDIT = next(table for table in OWNED if table.name == "audit")
APPENDED = {"forecast_entry", "ledger"}
"""Tables whose rows the database lets nobody change."""


def new_database(server: str, owner: str = "house") -> str:
    name = f"t{secrets.token_hex(6)}"
    with create_engine(server, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} OWNER {owner}"))
    return f"{server.rpartition('/')[0]}/{name}".replace("house@", f"{owner}@")


@pytest.fixture(scope="module")
def owner(postgres: str) -> Iterator[Control]:
    """The database as its owner sees it, who is no superuser."""
    with create_engine(postgres, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("CREATE ROLE keeper LOGIN CREATEROLE"))
    control = open_control(new_database(postgres, "keeper"))
    grant_service(control, SERVICE)
    yield control
    control.dispose()


@pytest.fixture(scope="module")
def service(owner: Control) -> Iterator[Control]:
    """The same as the service's role sees it."""
    url = owner.database.url.set(username=SERVICE).render_as_string(hide_password=False)
    control = open_control(url)
    yield control
    control.dispose()


@pytest.fixture(scope="module")
def lion(service: Control) -> Control:
    return replace(service, tenant="lion", actor="ann")


@pytest.fixture(scope="module", autouse=True)
def rows(service: Control) -> None:
    """A row of the house, of lion and of wolf in each table that has a tenant."""
    with service.begin() as connection:
        for table in OWNED:
            for number, tenant in enumerate(("house", "lion", "wolf")):
                connection.execute(insert(table).values(**made_row(table, tenant, number)))


def made_row(table: Table, tenant: str, number: int) -> dict[str, object]:
    """Values of the kinds that the columns have."""
    values: dict[type, object] = {
        str: f"x{number}", int: number, float: 0.5, bool: False, datetime: AT, bytes: b"x",
        object: {},  # JSON
    }  # fmt: skip
    row = {}
    for column in table.columns:
        if column.autoincrement is True or column.nullable:
            continue
        kind = column.type.python_type
        row[column.name] = tenant if column.name == "tenant" else values[kind]
    if table.name == "forecast_entry":  # the first one of a chain
        row |= {"id": 1, "previous": FIRST}
    return row


def tenants_in(control: Control, table: Table) -> set[str]:
    with control.connect() as connection:
        return set(connection.scalars(select(table.c.tenant)))


def test_every_table_with_a_tenant_is_locked_for_its_owner_too(owner: Control) -> None:
    with owner.connect() as connection:
        assert open_tables(connection) == []
        locked = connection.scalars(
            text("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
        )
        assert set(locked) == {table.name for table in OWNED}


def test_a_table_that_comes_later_is_locked_as_well(owner: Control) -> None:
    with owner.connect() as connection:
        connection.execute(text("CREATE TABLE later (tenant varchar(64), x int)"))
        assert open_tables(connection) == ["later"]
        lock_rows(connection)
        assert open_tables(connection) == []
        connection.rollback()


@pytest.mark.parametrize("table", OWNED, ids=lambda t: t.name)
def test_a_query_without_its_tenant_gets_the_tenants_own_rows(
    service: Control, lion: Control, table: Table
) -> None:
    assert tenants_in(service, table) == {"house", "lion", "wolf"}
    assert tenants_in(lion, table) == {"lion"}
    assert tenants_in(lion.with_house(), table) == {"lion", "house"}
    assert tenants_in(lion.with_all(), table) == {"house", "lion", "wolf"}


@pytest.mark.parametrize("table", OWNED, ids=lambda t: t.name)
def test_no_row_of_another_tenant_is_changed_removed_or_added(
    service: Control, lion: Control, table: Table
) -> None:
    with lion.connect() as connection:
        column = next(c for c in table.columns if c.name != "tenant")
        if table.name not in APPENDED:
            changed = connection.execute(update(table).values({column.name: column}))
            assert changed.rowcount == 1
            assert connection.execute(delete(table)).rowcount == 1
            connection.rollback()
            moved = update(table).values(tenant="wolf")
            with pytest.raises(ProgrammingError, match="row-level security"):
                connection.execute(moved)
            connection.rollback()
        with pytest.raises(ProgrammingError, match="row-level security"):
            connection.execute(insert(table).values(**made_row(table, "wolf", 7)))
    assert tenants_in(service, table) == {"house", "lion", "wolf"}


def test_with_the_first_lock_removed_the_second_holds(
    service: Control, lion: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_tenant(_: Control, *columns: object) -> object:
        return select(*columns)

    monkeypatch.setattr(Control, "own", without_tenant)
    assert {row.tenant for row in audit_log(service)} == {"house", "lion", "wolf"}
    assert {row.tenant for row in audit_log(lion)} == {"lion"}
    assert len(identity.links(service)) == 3
    assert len(identity.links(lion)) == 1
    assert {leaf.tenant for leaf in log.entries(lion)} == {"lion"}
    assert [t.tenant for t in tenants.titles(lion, "wolf")] == []
    assert [t.tenant for t in tenants.titles(service, "wolf")] == ["wolf"]


def test_without_a_tenant_there_is_no_row_for_the_owner_either(
    owner: Control, service: Control
) -> None:
    for control in (owner, service):
        with control.database.connect() as connection:
            assert connection.execute(select(AuditRow)).all() == []
            with pytest.raises(ProgrammingError, match="row-level security"):
                connection.execute(insert(AuditRow).values(**made_row(AUDIT, "lion", 1)))


def test_a_connection_of_the_pool_carries_no_tenant_over(lion: Control) -> None:
    one = create_engine(lion.database.url, pool_size=1, max_overflow=0)
    control = replace(open_control(str(lion.database.url)), tenant="lion", database=one)
    from fullhouse.control import second_lock

    second_lock.watch(one)
    try:
        with control.begin() as connection:
            assert connection.scalars(select(AuditRow.tenant)).all() == ["lion"]
        with one.connect() as connection:
            assert connection.scalars(select(AuditRow.tenant)).all() == []
        with pytest.raises(ZeroDivisionError), control.begin():
            _ = 1 / 0
        with one.connect() as connection:
            assert connection.scalars(select(AuditRow.tenant)).all() == []
        with replace(control, tenant="wolf").session() as session:
            assert session.scalars(select(AuditRow.tenant)).all() == ["wolf"]
            session.commit()
            assert session.scalars(select(AuditRow.tenant)).all() == ["wolf"]
            session.rollback()
            assert session.scalars(select(AuditRow.tenant)).all() == ["wolf"]
        with control.connect() as connection:
            assert connection.scalars(select(AuditRow.tenant)).all() == ["lion"]
    finally:
        one.dispose()


def test_tenants_at_once_on_one_pool_see_their_own_rows(service: Control) -> None:
    def look(number: int) -> bool:
        tenant = ("lion", "wolf")[number % 2]
        with replace(service, tenant=tenant).session() as session:
            return set(session.scalars(select(TitleRow.tenant))) == {tenant}

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(look, range(200)))


@pytest.mark.parametrize("name", ["*", "lion,wolf", "", "lion'", "LION"])
def test_no_name_of_a_tenant_stands_for_more_than_one(service: Control, name: str) -> None:
    with pytest.raises(InputError, match="tenant"):
        audit_log(replace(service, tenant=name))


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE audit DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE audit NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY fullhouse_tenant ON audit",
        "CREATE POLICY open ON audit USING (true)",
        "TRUNCATE audit",
        "UPDATE alembic_version SET version_num = '0001'",
        "SET ROLE keeper",
        f"ALTER ROLE {SERVICE} BYPASSRLS",
        "CREATE TABLE copy AS SELECT * FROM audit",
    ],
)
def test_the_services_role_cannot_take_the_lock_off(service: Control, statement: str) -> None:
    with (
        service.connect() as connection,
        pytest.raises(DBAPIError, match=r"denied|owner|superuser"),
    ):
        connection.execute(text(statement))


def test_a_role_that_the_lock_does_not_hold_is_recognised_and_not_granted(
    postgres: str, owner: Control, service: Control, tmp_path: Path
) -> None:
    superuser = open_control(postgres)
    assert shows_all_rows(superuser)
    assert not shows_all_rows(owner)
    assert not shows_all_rows(service)
    for control, role in ((superuser, "house"), (owner, "keeper")):
        with pytest.raises(InputError, match="owns the tables"):
            grant_service(control, role)
    checks = [_control(SimpleNamespace(control=c)) for c in (superuser, owner, service)]
    assert [c.code for c in checks] == ["control_unlocked", "control_open", "control_open"]
    assert [c.ok for c in checks] == [False, True, True]
    superuser.dispose()
    with pytest.raises(InputError, match="lower-case letters"):
        grant_service(owner, "x; DROP TABLE audit")
    with pytest.raises(InputError, match="PostgreSQL refused"):
        grant_service(service, "another")
    grant_service(owner, SERVICE)
    lite = open_control(f"sqlite:///{tmp_path / 'c.db'}")
    assert shows_all_rows(lite)
    assert _control(SimpleNamespace(control=lite)).ok, "SQLite has one lock"
    with pytest.raises(InputError, match="SQLite"):
        grant_service(lite, SERVICE)


def test_an_older_database_is_brought_up_to_date_by_its_owner_alone(
    owner: Control, service: Control
) -> None:
    with owner.begin() as connection:
        before = connection.scalar(text("SELECT version_num FROM alembic_version"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0011'"))
    try:
        with pytest.raises(InputError, match="Run any command once as the owner"):
            open_control(service.database.url.render_as_string(hide_password=False))
    finally:
        with owner.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": before})


def test_a_tenant_works_through_the_services_role_and_learns_nothing_of_a_rival(
    postgres: str, tmp_path: Path
) -> None:
    url = new_database(postgres)
    first = open_control(url)
    grant_service(first, SERVICE)
    first.dispose()
    with make_house(tmp_path / "house", url.replace("house@", f"{SERVICE}@")) as house:
        wolf = replace(house, tenant="wolf", actor="ann")
        lion = replace(house, tenant="lion", actor="ann")
        answer = app.room_ask(wolf, app.Ask(app.Count("dogs"), RIVAL))
        assert app.room_ask(lion, app.Ask(app.Count("books"))).paid > 0
        assert app.room_ask(lion, app.Ask(app.Count("books"))).paid == 0
        digest = app.room_statement(wolf).entries[0].digest
        assert app.room_release(wolf, app.ReadRelease(digest)).body == answer.body
        with pytest.raises(InputError, match="No answer"):
            app.room_release(lion, app.ReadRelease(digest))
        with pytest.raises(InputError):
            app.room_price(lion, app.Ask(app.Count(f"saw:{SECRET}"), OWN))
        assert sum(app.log_list(lion).others.values()) > 0
        app.log_head(house)
        receipt = app.log_receipt(lion, app.MakeReceipt(0))
        assert receipt["anchor"] is not None
        assert app.ledger_show(house).disagreements == ()
        assert app.log_verify(house) == ()
        assert [t.tenant for t in app.tenant_list(house)] == ["lion", "wolf"]
        record(lion.control, "seen", {})
        assert [row.action for row in audit_log(lion.control)] == ["seen"]
