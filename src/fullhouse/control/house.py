"""What this database knows of the house it belongs to: lake, key, and how far each table was."""

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fullhouse.control import HEAD
from fullhouse.core.errors import DamagedError, FullhouseError
from fullhouse.core.faults import storage_fault
from fullhouse.core.tables import Mark

QUERIES = (
    "SELECT control, lake, key, sequence FROM house",
    "SELECT name, version, rows FROM table_mark",
    "SELECT coalesce(max(id), 0) FROM audit",
)
FILM_LINKS = "SELECT * FROM film_link WHERE tenant = ?"
NO_TABLE = re.compile(r"no such table|does not exist|UndefinedTable")
BROKEN = re.compile(r"file is not a database|malformed")


@dataclass(frozen=True)
class House:
    """A control database, the lake and the key (its fingerprint) that belong together.

    `sequence` counts up whenever marks change, `audit` is the newest audit row: by both, a
    database that is older than its lake is recognised.
    """

    control: str
    lake: str
    key: str
    sequence: int = 0
    audit: int = 0
    tables: Mapping[str, Mark] = field(default_factory=dict)


def sqlite_file(url: str) -> Path | None:
    """The file of an SQLite database; None for any other, and for one in memory."""
    plain = re.fullmatch(r"sqlite(?:\+\w+)?:///([^?]+)(?:\?.*)?", url)
    return Path(plain[1]) if plain and plain[1] != ":memory:" else None


def peek(url: str) -> House | None:
    """What the database at a URL knows; None where it is not there, or of no house yet.

    Of SQLite without SQLAlchemy, which takes longer to load than most commands run.
    """
    file = sqlite_file(url)
    if file is None:
        from fullhouse.control.control import open_control

        control = open_control(url)
        try:
            return house_of(control)
        finally:
            control.dispose()
    if not file.is_file() or not file.stat().st_size:
        return None
    try:
        with closing(read_only(file)) as connection:
            return _house(*(connection.execute(query).fetchall() for query in QUERIES))
    except sqlite3.DatabaseError as problem:
        if NO_TABLE.search(str(problem)):
            return None
        raise _unreadable(problem) from None


def rows_of(url: str, query: str, *, tenant: str) -> list[dict[str, Any]] | None:
    """A tenant's rows as SQLite stores them, for a listing, without SQLAlchemy; see `peek`.

    None of any other database, and of one that has to be migrated first.
    """
    file = sqlite_file(url)
    if file is None or not file.is_file():
        return None
    try:
        with closing(read_only(file)) as connection:
            connection.row_factory = sqlite3.Row
            (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            rows = connection.execute(query, (tenant,)).fetchall() if revision == HEAD else None
    except sqlite3.DatabaseError as problem:
        if NO_TABLE.search(str(problem)):
            return None
        raise _unreadable(problem) from None
    return None if rows is None else [dict(row) for row in rows]


def read_only(file: Path) -> sqlite3.Connection:
    """A connection to an SQLite file that changes nothing of what was committed.

    What a killed process left half written is rolled back first, which takes a right to write.
    """
    connection = _connected(file, "ro")
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as problem:
        connection.close()
        if "readonly" not in str(problem):
            raise
        with closing(_connected(file, "rw")) as mending:
            mending.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return _connected(file, "ro")
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def _connected(file: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{_quoted(file)}?mode={mode}", uri=True)
    connection.execute("PRAGMA busy_timeout = 60000")
    return connection


def _unreadable(problem: sqlite3.DatabaseError) -> FullhouseError:
    """What SQLite says: of the machine, or else of a file that is damaged."""
    fault = storage_fault(problem)
    if fault is not None and not isinstance(fault, DamagedError):
        return fault
    return DamagedError(code="control_unreadable", reason=str(problem))


def database_fault(problem: Exception) -> DamagedError | None:
    """What an error says of a broken database file; None where it is about something else."""
    reason = str(getattr(problem, "orig", ""))
    if not BROKEN.search(reason):
        return None
    return DamagedError(code="control_unreadable", reason=reason)


def is_made(url: str) -> bool:
    """Whether an SQLite database has tables; any other is asked when it is opened."""
    file = sqlite_file(url)
    if file is None:
        return True
    if not file.is_file() or not file.stat().st_size:
        return False
    try:
        with closing(read_only(file)) as connection:
            return bool(connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
    except sqlite3.DatabaseError as problem:
        raise _unreadable(problem) from None


def house_of(control: Any) -> House | None:
    """What an open database knows of its house; None before it belongs to one."""
    from sqlalchemy import text

    with control.connect() as connection:
        return _house(*(connection.execute(text(query)).fetchall() for query in QUERIES))


def establish_house(control: Any, house: House) -> House:
    """Write down which lake and key belong to this database; what stands there already counts."""
    from sqlalchemy.exc import IntegrityError

    from fullhouse.control.schema import HouseRow

    row = HouseRow(id=1, control=house.control, lake=house.lake, key=house.key, sequence=0)
    try:
        with control.session() as session:
            session.add(row)
            session.commit()
    except IntegrityError:  # another process was faster
        pass
    known = house_of(control)
    assert known is not None
    return known


def move_marks(control: Any, marks: Mapping[str, Mark]) -> House:
    """Write down how far tables are; a mark never goes back. The house as it is then known."""
    from sqlalchemy import select, update

    from fullhouse.control.schema import HouseRow, TableMarkRow

    with control.session() as session:
        # First, so that whoever writes at the same time waits here.
        session.execute(update(HouseRow).values(sequence=HouseRow.sequence + 1))
        known = {row.name: row for row in session.scalars(select(TableMarkRow))}
        for name, mark in marks.items():
            row = known.get(name)
            if row is None:
                session.add(TableMarkRow(name=name, version=mark.version, rows=mark.rows))
            elif mark.version > row.version:
                row.version, row.rows = mark.version, mark.rows
        session.commit()
    house = house_of(control)
    assert house is not None
    return house


def accept_house(control: Any, house: House) -> House:
    """Write a house down as it now is, whatever was known before."""
    from sqlalchemy import delete

    from fullhouse.control.schema import HouseRow, TableMarkRow

    with control.session() as session:
        session.execute(delete(HouseRow))
        session.execute(delete(TableMarkRow))
        session.add(
            HouseRow(
                id=1,
                control=house.control,
                lake=house.lake,
                key=house.key,
                sequence=house.sequence,
            )
        )
        for name, mark in house.tables.items():
            session.add(TableMarkRow(name=name, version=mark.version, rows=mark.rows))
        session.commit()
    known = house_of(control)
    assert known is not None
    return known


def _house(house: Any, marks: Any, audit: Any) -> House | None:
    if not house:
        return None
    control, lake, key, sequence = house[0]
    tables = {name: Mark(version, rows) for name, version, rows in marks}
    return House(control, lake, key, sequence, audit[0][0], tables)


def _quoted(file: Path) -> str:
    from urllib.parse import quote

    return quote(str(file.absolute()))
