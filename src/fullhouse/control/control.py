"""The control database: SQLite by default, PostgreSQL in production."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, create_engine, event, select, text
from sqlalchemy import Engine as Database
from sqlalchemy.exc import ArgumentError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from fullhouse.control import HEAD, second_lock
from fullhouse.control.schema import AuditRow
from fullhouse.core.errors import FullhouseError, InputError
from fullhouse.core.values import HOUSE, check_slug, utc_now

WAIT_SECONDS = 60
"""How long a writer waits for another one of a SQLite database, which lets one in at a time."""

_MIGRATION_LOCK = 0x46554C4C
"""The advisory lock under which PostgreSQL is migrated: a number that nobody else takes."""


@dataclass(frozen=True)
class Control:
    """The control database as one tenant sees it: every query is by tenant, every row has one."""

    database: Database
    tenant: str = HOUSE
    actor: str = "operator"
    clock: Callable[[], datetime] = field(default=utc_now, repr=False, compare=False)
    also: tuple[str, ...] = ()
    """Other tenants whose rows PostgreSQL shows; none but where a query must read them."""
    joined: Connection | None = field(default=None, repr=False, compare=False)
    """The transaction that everything is part of; see `together`."""

    @property
    def dialect(self) -> str:
        """The kind of database: sqlite or postgresql."""
        return self.database.dialect.name

    def own(self, *columns: Any) -> Select[Any]:
        """A query of the tenant's own rows: of a row class, or of some of its columns."""
        kind = getattr(columns[0], "class_", columns[0])
        return select(*columns).where(kind.tenant == self.tenant)

    def session(self) -> Session:
        """A unit of work on rows."""
        if self.joined is not None:
            # What it commits holds when the whole does, and what it rolls back takes the whole.
            return Session(self.joined, join_transaction_mode="rollback_only")
        return Session(self._locked_database)

    def connect(self) -> Connection:
        """A connection for reading what is committed."""
        return self._locked_database.connect()

    def begin(self) -> AbstractContextManager[Connection]:
        """A connection whose changes are committed together at the end, or not at all."""
        return self._locked_database.begin() if self.joined is None else nullcontext(self.joined)

    @contextmanager
    def together(self) -> Iterator["Control"]:
        """The same in one transaction: what is done through it holds at the end, or none of it.

        So a change and its row of the audit log are both there, or neither is.
        """
        with self.begin() as connection:
            yield replace(self, joined=connection)

    def with_house(self) -> "Control":
        """The same with the house's rows in sight: budgets of all together, heads of the log."""
        return replace(self, also=(HOUSE,))

    def with_all(self) -> "Control":
        """The same with every tenant's rows in sight: for what is decided by all of them."""
        return replace(self, also=(second_lock.EVERY,))

    @property
    def _locked_database(self) -> Database:
        """The database; on PostgreSQL with transactions that see the tenant's rows alone."""
        if self.dialect != "postgresql":
            return self.database
        if self.tenant == HOUSE or second_lock.EVERY in self.also:
            rows_of = second_lock.EVERY
        else:
            rows_of = ",".join(check_slug(t, what="A tenant") for t in (self.tenant, *self.also))
        options = {second_lock.OPTION: rows_of}
        return self.database.execution_options(**options)

    def dispose(self) -> None:
        """Close the connections."""
        self.database.dispose()


def open_control(url: str) -> Control:
    """The database at an SQLAlchemy URL as the house sees it, its schema at the newest version.

    An error when a newer Fullhouse has worked on it: what that one wrote is not known here.
    """
    try:
        database = _engine(url)
        if _revision(database) != HEAD:
            _migrate(database)
    except ProgrammingError as problem:
        if "permission denied" not in str(problem.orig):
            raise
        raise InputError(code="control_not_owner") from None
    except (ArgumentError, OperationalError, ModuleNotFoundError) as problem:
        raise InputError(
            f"Cannot open the control database: {str(problem).splitlines()[0]}"
            " It is named by setting 'control', such as"
            " postgresql+psycopg://user@host/fullhouse."
        ) from None
    return Control(database)


def grant_service(control: Control, role: str) -> None:
    """Let a role of PostgreSQL work on the rows, under row-level security: for the service."""
    if control.dialect != "postgresql":
        raise InputError(
            "Roles are PostgreSQL's: this workspace keeps its control database in SQLite. Name"
            " another one by setting 'control'."
        )
    try:
        with control.begin() as connection:
            second_lock.grant(connection, role)
    except ProgrammingError as problem:
        raise InputError(
            f"PostgreSQL refused: {str(problem.orig).splitlines()[0]}. Do it as the owner of the"
            f" database; where that one may make no roles, have it made first: CREATE ROLE {role}"
            " LOGIN."
        ) from None


def shows_all_rows(control: Control) -> bool:
    """Whether the database shows its role all tenants' rows: a superuser's, or SQLite's."""
    if control.dialect != "postgresql":
        return True
    with control.connect() as connection:
        return second_lock.bypasses(connection)


def audit_row(control: Control, action: str, detail: dict[str, object]) -> AuditRow:
    """A row of the audit log, for the transaction that does what it says."""
    return AuditRow(
        tenant=control.tenant,
        actor=control.actor,
        at=control.clock(),
        action=action,
        detail=detail,
    )


def record(control: Control, action: str, detail: dict[str, object]) -> None:
    """Append to the audit log, under the tenant and the actor."""
    try:
        with control.session() as session:
            session.add(audit_row(control, action, detail))
            session.commit()
    except OperationalError as problem:
        raise _locked(problem) or problem from None


def was_recorded(control: Control, action: str, name: str, value: object) -> bool:
    """Whether the audit log has a row of an action with a detail.

    What was done by a process that died before its row is recorded by who finds it done.
    """
    rows = control.own(AuditRow).where(AuditRow.action == action).order_by(AuditRow.id.desc())
    with control.session() as session:
        return any(row.detail.get(name) == value for row in session.scalars(rows))


def check_writable(control: Control) -> None:
    """Fail before a thing is done whose audit row could not be written: the database is locked.

    SQLite lets one writer in at a time; whoever holds it longer than WAIT_SECONDS is named here.
    """
    if control.dialect != "sqlite":
        return
    try:
        with control.connect() as connection:
            driver: Any = connection.connection.driver_connection
            before, driver.isolation_level = driver.isolation_level, None
            try:
                driver.execute("BEGIN IMMEDIATE")
                driver.execute("ROLLBACK")
            finally:
                driver.isolation_level = before
    except sqlite3.OperationalError as problem:
        fault = _locked(problem)
        if fault is not None:
            raise fault from None


def _locked(problem: Exception) -> FullhouseError | None:
    if "locked" not in str(getattr(problem, "orig", problem)):
        return None
    return FullhouseError(
        f"The control database is locked by another program for more than {WAIT_SECONDS} seconds."
        " End that program, or wait, and do this again."
    )


def audit_log(control: Control, *, most: int = 100) -> list[AuditRow]:
    """The newest entries of the tenant's audit log, newest first."""
    newest = control.own(AuditRow).order_by(AuditRow.id.desc()).limit(most)
    with control.session() as session:
        return list(session.scalars(newest))


def _engine(url: str) -> Database:
    lite = url.startswith("sqlite")
    database = create_engine(url, **({"connect_args": {"timeout": WAIT_SECONDS}} if lite else {}))
    if database.dialect.name == "postgresql":
        second_lock.watch(database)
    return database


def _revision(database: Database) -> str | None:
    """The migration that the database is at; None where there is none yet. One cheap look."""
    try:
        with database.connect() as connection:
            return _read_revision(connection)
    except (OperationalError, ProgrammingError) as problem:
        if "alembic_version" in str(problem.orig):
            return None
        raise


def _read_revision(connection: Connection) -> str | None:
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    if revision is not None and revision > HEAD:
        raise InputError(
            f"A newer version of Fullhouse has worked on this workspace (its control"
            f" database is at schema {revision}, this version knows {HEAD}). Use that"
            " version, or restore a backup from before."
        )
    return revision


def _migrate(database: Database) -> None:
    """Bring the schema up to date: one process does, the others wait, and find it done."""
    # Imported here: it takes longer than most commands, and is needed once a release.
    from alembic import command
    from alembic.config import Config

    if database.dialect.name == "sqlite":
        # Python's driver would begin only at the first change, after two had looked.
        event.listen(database, "connect", _no_begin_of_its_own)
        event.listen(database, "begin", _begin_immediate)
        database.dispose()
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    try:
        every = {second_lock.OPTION: second_lock.EVERY}
        with database.execution_options(**every).begin() as connection:
            config.attributes["connection"] = connection
            if database.dialect.name != "postgresql":
                command.upgrade(config, "head")
                return
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
            command.upgrade(config, "head")
            second_lock.lock_rows(connection)
    finally:
        if database.dialect.name == "sqlite":
            event.remove(database, "connect", _no_begin_of_its_own)
            event.remove(database, "begin", _begin_immediate)
            database.dispose()


def _no_begin_of_its_own(connection: object, _: object) -> None:
    setattr(connection, "isolation_level", None)  # noqa: B010  (the driver's, whatever its type)


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
