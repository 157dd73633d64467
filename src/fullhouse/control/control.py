"""The control database: SQLite by default, PostgreSQL in production."""

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, create_engine, inspect, select, text
from sqlalchemy import Engine as Database
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.orm import Session

from fullhouse.control.schema import AuditRow
from fullhouse.core.errors import InputError

HEAD = "0005"
"""The newest migration."""


def open_control(url: str) -> Database:
    """The database at an SQLAlchemy URL, its schema brought to the newest version.

    An error when a newer Fullhouse has worked on it: what that one wrote is not known here.
    """
    try:
        database = create_engine(url)
        with database.begin() as connection:
            revision = _revision(connection)
            if revision is not None and revision > HEAD:
                raise InputError(
                    f"A newer version of Fullhouse has worked on this workspace (its control"
                    f" database is at schema {revision}, this version knows {HEAD}). Use that"
                    " version, or restore a backup from before."
                )
            if revision != HEAD:
                _upgrade(connection)
    except (ArgumentError, OperationalError, ModuleNotFoundError) as problem:
        raise InputError(
            f"Cannot open the control database: {str(problem).splitlines()[0]}"
            " It is named by setting 'control', such as"
            " postgresql+psycopg://user@host/fullhouse."
        ) from None
    return database


def record(database: Database, action: str, detail: dict[str, object]) -> None:
    """Append to the audit log."""
    with Session(database) as session:
        session.add(AuditRow(at=datetime.now(UTC), action=action, detail=detail))
        session.commit()


def audit_log(database: Database, *, most: int = 100) -> list[AuditRow]:
    """The newest entries of the audit log, newest first."""
    with Session(database) as session:
        return list(session.scalars(select(AuditRow).order_by(AuditRow.id.desc()).limit(most)))


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def _upgrade(connection: Connection) -> None:
    # Imported here: it takes longer than most commands, and is needed once a release.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
