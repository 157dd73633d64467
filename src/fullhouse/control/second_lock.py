"""Row-level security: PostgreSQL itself shows a transaction the rows of its tenant, and no others.

The first lock is the tenant in each query. Where one is forgotten, this one holds. The tenant is
set in each transaction and ends with it, so that a connection of the pool carries none over; where
none is set, there is no row. SQLite has nothing of the kind.
"""

import re

from sqlalchemy import Connection, Engine, event, text

from fullhouse.core.errors import InputError

OPTION = "fullhouse_tenant"
"""The execution option that says whose rows a connection's transactions are for."""

EVERY = "*"
"""Rows of all tenants: the house's own work."""

POLICY = "fullhouse_tenant"

_SET = "fullhouse.tenant"
# Each SELECT is computed once for a statement, not once for a row.
_NAMES = f"(SELECT current_setting('{_SET}', true))"
_OWN = f"({_NAMES} = '{EVERY}' OR tenant = ANY (string_to_array({_NAMES}, ',')))"
_ROLE = re.compile(r"[a-z_][a-z0-9_]{0,62}")

_OPEN = text("""
    SELECT c.relname FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant' AND NOT a.attisdropped
    WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
    AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (
        SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = :policy))
    ORDER BY c.relname
""")
_BYPASSES = text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = :role")


def watch(database: Engine) -> None:
    """Set the tenant at the beginning of each transaction of a PostgreSQL database."""
    event.listen(database, "begin", _set_tenant)


def _set_tenant(connection: Connection) -> None:
    rows_of = connection.get_execution_options().get(OPTION)
    if rows_of is not None:
        # true: for this transaction only.
        connection.exec_driver_sql("SELECT set_config(%s, %s, true)", (_SET, rows_of)).close()


def open_tables(connection: Connection) -> list[str]:
    """Tables with a tenant in each row that the database would show to anybody."""
    return list(connection.scalars(_OPEN, {"policy": POLICY}))


def lock_rows(connection: Connection) -> None:
    """Lock every table that has a tenant in each row and is open still, for its owner, too."""
    for table in open_tables(connection):
        connection.execute(text(f'DROP POLICY IF EXISTS {POLICY} ON "{table}"'))
        connection.execute(text(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY'))
        connection.execute(text(f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY'))
        connection.execute(
            text(f'CREATE POLICY {POLICY} ON "{table}" USING ({_OWN}) WITH CHECK ({_OWN})')
        )


def bypasses(connection: Connection, role: str = "") -> bool:
    """Whether the database shows a role, or that of the connection, all rows whatever is set."""
    role = role or connection.scalar(text("SELECT current_user")) or ""
    return bool(connection.scalar(_BYPASSES, {"role": role}))


def grant(connection: Connection, role: str) -> None:
    """Let a role work on the rows, and make it where there is none: for the service.

    It owns nothing, so that it can neither change a table nor take the lock off. Its password, if
    it is to have one, is for PostgreSQL's own tools.
    """
    if not _ROLE.fullmatch(role):
        raise InputError(
            "A role of PostgreSQL is lower-case letters, digits and '_', such as"
            f" fullhouse_service, not {role!r}."
        )
    known = connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role})
    if known and (bypasses(connection, role) or _owns(connection, role)):
        raise InputError(
            f"{role} owns the tables, or sees all rows whatever is set (SUPERUSER, BYPASSRLS):"
            " name a role that does not."
        )
    schema = connection.scalar(text("SELECT quote_ident(current_schema())"))
    everything = f"IN SCHEMA {schema} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES"
    counters = f"IN SCHEMA {schema} GRANT USAGE, SELECT ON SEQUENCES"
    for statement in (
        *(() if known else (f"CREATE ROLE {role} LOGIN",)),
        f"GRANT USAGE ON SCHEMA {schema} TO {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
        f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {role}",
        # Of tables that later versions make.
        f"ALTER DEFAULT PRIVILEGES {everything} TO {role}",
        f"ALTER DEFAULT PRIVILEGES {counters} TO {role}",
    ):
        connection.execute(text(statement))


def _owns(connection: Connection, role: str) -> bool:
    owned = (
        "SELECT pg_has_role(:role, relowner, 'USAGE') FROM pg_class WHERE oid = 'audit'::regclass"
    )
    return bool(connection.scalar(text(owned), {"role": role}))
