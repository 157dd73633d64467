"""A control database of the last release is brought up to date and works on, with all its rows."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import JSON, MetaData, create_engine

import fullhouse as fh
from fullhouse import app, control
from fullhouse.control import HEAD
from fullhouse.control import score_book as book
from fullhouse.control.control import open_control
from fullhouse.control.copying import copy_database
from fullhouse.control.schema import Base
from fullhouse.control.score_book import Entry

LAST_RELEASE = "0010"
ENVIRONMENT = {"FULLHOUSE_KEY": "0" * 64}
AT = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
NUMBERS = (1, 2, 3)


def made_by_last_release(url: str, *, without: str = "") -> dict[str, list[dict[str, Any]]]:
    """A database at the last release's schema with rows in every table, written by SQL.

    Tables whose names begin as `without` says stay empty.
    """
    config = Config()
    folder = Path(control.__file__).parent / "migrations"
    config.set_main_option("script_location", str(folder))
    database = create_engine(url)
    with database.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, LAST_RELEASE)
    written: dict[str, list[dict[str, Any]]] = {}
    tables = MetaData()
    tables.reflect(database)
    with database.begin() as connection:
        for table in tables.sorted_tables:
            if table.name in ("alembic_version", "house", "table_mark"):
                continue
            if without and table.name.startswith(without):
                continue
            columns = table.columns
            rows = [{c.name: value_of(table.name, c, n) for c in columns} for n in NUMBERS]
            if table.primary_key.columns.keys() == ["tenant"]:
                rows = rows[:1]
            if table.name == "forecast_entry":
                rows = entries()
            connection.execute(table.insert(), rows)
            written[table.name] = rows
    database.dispose()
    return written


def entries() -> list[dict[str, Any]]:
    """A score book, whose entries must follow one another."""
    rows: list[dict[str, Any]] = []
    previous = book.FIRST
    for n in NUMBERS:
        at = f"2026-11-0{n}T09:30:00.000000Z"
        entry = Entry(
            n, at, f"film-{n}", "US", "2026-11-01", "week-4", "c", "m", "{}", previous, ""
        )
        previous = entry.computed()
        rows.append({"tenant": "house"} | vars(entry) | {"hash": previous})
    return rows


def value_of(table: str, column: Any, number: int) -> Any:
    """A value of the column's type, another one in each row."""
    if column.name == "tenant":
        return "house"
    if isinstance(column.type, JSON):
        return {"number": number}
    kind = column.type.python_type
    if kind is datetime:
        return AT + timedelta(minutes=number)
    if kind is bool:
        return False
    if kind is int:
        return number
    if kind is float:
        return number / 4
    if kind is bytes:
        return bytes([number] * 8)
    length = column.type.length or 100
    return f"{table[:3]}-{number}" if length > 5 else str(number)


def rows_in(file: Path, table: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(r) for r in connection.execute(f"SELECT * FROM {table} ORDER BY rowid")]


def same(before: dict[str, Any], now: dict[str, Any]) -> bool:
    """Every value that a row had is in it still; new columns may have come."""

    def plain(value: Any) -> Any:
        if isinstance(value, datetime):
            return value.replace(tzinfo=None).isoformat(" ", "microseconds")
        if isinstance(value, dict | list):
            return json.dumps(value)
        return int(value) if isinstance(value, bool) else value

    return all(now[name] == plain(value) for name, value in before.items())


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A house whose control database is the last release's, with rows in every table."""
    folder = tmp_path / "house"
    fh.init(str(folder), environment=ENVIRONMENT).close()
    file = folder / "control.db"
    with closing(sqlite3.connect(file)) as connection:
        (tie,) = connection.execute("SELECT * FROM house").fetchall()
        marks = connection.execute("SELECT * FROM table_mark").fetchall()
    file.unlink()
    # A transparency log of made-up leaves could not go on.
    made_by_last_release(f"sqlite:///{file}", without="log_")
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(f"INSERT INTO house VALUES ({', '.join('?' * len(tie))})", tie)
        for mark in marks:
            connection.execute("INSERT INTO table_mark VALUES (?, ?, ?)", mark)
    return folder


@pytest.mark.slow
def test_every_row_of_the_last_release_is_there_after_the_upgrade(tmp_path: Path) -> None:
    file = tmp_path / "control.db"
    written = made_by_last_release(f"sqlite:///{file}")
    assert len(written) >= 20, "all tables of that release"
    opened = open_control(f"sqlite:///{file}")
    with opened.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
        revision = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    opened.dispose()
    assert revision == HEAD
    assert HEAD > LAST_RELEASE
    for table, rows in written.items():
        now = rows_in(file, table)
        assert len(now) == len(rows), table
        assert all(same(b, n) for b, n in zip(rows, now, strict=True)), table


def test_a_house_of_the_last_release_works_on(house: Path) -> None:
    with app.open_house(str(house), environment=ENVIRONMENT) as context:
        before = app.audit(context, app.ListAudit(100))
        assert [e.action for e in before][-3:] == ["aud-3", "aud-2", "aud-1"]
        assert {c.name for c in app.campaign_list(context, app.ListCampaigns())} == {
            "cam-1", "cam-2", "cam-3",
        }  # fmt: skip
        app.tenant_add(context, app.AddTenant("north"))
        app.user_add(context, app.AddUser("north", "olga", "owner"))
        # Tables that the last release did not have.
        assert app.key_add(context, app.AddKey("olga", tenant="north")).text
        assert len(app.audit(context, app.ListAudit(100))) > len(before)
    health = app.workspace_health(str(house))
    assert [c.name for c in health.checks if not c.ok and "control" in c.name] == []


def test_a_backup_of_the_last_release_is_restored_and_upgraded(house: Path, tmp_path: Path) -> None:
    """Its copy of the control database stays as it was, until the restored house is opened."""
    with app.open_house(str(house), environment=ENVIRONMENT) as context:
        app.backup(context, app.MakeBackup(tmp_path / "saved", with_key=True))
    app.restore(app.RestoreBackup(tmp_path / "saved", tmp_path / "again"))
    with app.open_house(str(tmp_path / "again"), environment={}) as context:
        assert {c.name for c in app.campaign_list(context, app.ListCampaigns())} >= {"cam-1"}


def test_the_last_release_is_upgraded_on_postgresql(postgres: str, tmp_path: Path) -> None:
    written = made_by_last_release(postgres)
    opened = open_control(postgres)
    with opened.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    opened.dispose()
    copy_database(postgres, tmp_path / "copy.db")
    for table, rows in written.items():
        assert len(rows_in(tmp_path / "copy.db", table)) == len(rows), table
