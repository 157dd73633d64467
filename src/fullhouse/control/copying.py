"""The rows of a control database into another one, which may be of another kind."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select

from fullhouse.control.control import Control, open_control
from fullhouse.control.house import read_only, sqlite_file
from fullhouse.control.schema import Base, CampaignRow
from fullhouse.core.errors import DamagedError, InputError

AT_ONCE = 1_000


def copy_database(url: str, to: Path) -> None:
    """Write the database at a URL, as it is at one moment, into a new SQLite file."""
    file = sqlite_file(url)
    if file is None:
        source, target = open_control(url), open_control(f"sqlite:///{to}")
        try:
            copy_rows(source, target)
        finally:
            source.dispose()
            target.dispose()
        return
    with (
        closing(read_only(file)) as source_file,
        closing(sqlite3.connect(to)) as target_file,
    ):
        source_file.backup(target_file)


def copy_rows(source: Control, target: Control) -> None:
    """Write all rows of a database into one that has none."""
    # One snapshot of all tables; SQLite gives no other.
    snapshot = {} if source.dialect == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    with (
        source.connect().execution_options(**snapshot) as reading,
        reading.begin(),
        target.begin() as writing,
    ):
        for table in Base.metadata.sorted_tables:
            if writing.execute(select(table).limit(1)).first() is not None:
                raise InputError(f"The database to restore into has rows already ({table.name}).")
            columns = list(table.primary_key.columns)
            rows = reading.execute(select(table).order_by(*columns)).mappings()
            for some in rows.partitions(AT_ONCE):
                writing.execute(insert(table), [_utc(dict(row)) for row in some])
            if target.dialect == "postgresql":
                _count_on(writing, table)


def put_database(file: Path, url: str) -> None:
    """Write the rows of an SQLite file into the database at a URL, which has none yet."""
    source, target = open_control(f"sqlite:///{file}"), open_control(url)
    try:
        copy_rows(source, target)
    finally:
        source.dispose()
        target.dispose()


def _count_on(writing: Connection, table: Table) -> None:
    """Let a table number its next row after the last one: rows came with their numbers."""
    for column in table.primary_key.columns:
        sequence = writing.scalar(select(func.pg_get_serial_sequence(table.name, column.name)))
        if sequence is not None:
            last = select(func.coalesce(func.max(column), 0) + 1).scalar_subquery()
            writing.execute(select(func.setval(sequence, last, False)))


def check_database(file: Path) -> None:
    """An error when an SQLite file is not whole."""
    try:
        with closing(read_only(file)) as connection:
            (result,) = connection.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.DatabaseError as problem:
        result = str(problem)
    if result != "ok":
        raise DamagedError(code="control_unreadable", reason=str(result))


def campaign_names(control: Control) -> frozenset[str]:
    """The campaigns of all tenants."""
    with control.connect() as connection:
        return frozenset(connection.scalars(select(CampaignRow.name)))


def _utc(row: dict[str, Any]) -> dict[str, Any]:
    """SQLite gives times without their zone, which is UTC."""
    return {
        name: value.replace(tzinfo=UTC)
        if isinstance(value, datetime) and value.tzinfo is None
        else value
        for name, value in row.items()
    }
