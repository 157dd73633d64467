"""A tenant in every key, an actor in the audit log, and the table of runs.

What stands in a database from before belongs to the house.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

HOUSE = "house"
TENANT = 64

# Tables whose key is a number of its own: the tenant comes beside it, and first in their indexes.
NUMBERED: dict[str, tuple[str, tuple[str, ...]]] = {
    "audit": ("", ()),
    "audience": ("audience_name_version", ("name", "version")),
    "readout": ("readout_campaign", ("campaign",)),
    "learned": ("learned_known_on", ("known_on",)),
    "verdict": ("verdict_film", ("film",)),
}

KEYED: dict[str, tuple[tuple[str, Any, bool | None], ...]] = {
    "film_link": (
        ("set", sa.String(64), True),
        ("set_id", sa.String(256), True),
        ("film", sa.String(256), False),
        ("status", sa.String(16), False),
        ("score", sa.Float, None),
        ("candidate", sa.String(256), None),
        ("title", sa.Text, False),
        ("other_title", sa.Text, None),
        ("opening", sa.String(10), None),
        ("territory", sa.String(2), False),
        ("at", sa.DateTime(timezone=True), False),
    ),
    "plan": (
        ("name", sa.String(128), True),
        ("version", sa.Integer, True),
        ("film", sa.String(256), False),
        ("body", sa.JSON, False),
        ("at", sa.DateTime(timezone=True), False),
    ),
    "campaign": (
        ("name", sa.String(128), True),
        ("film", sa.String(256), False),
        ("plan", sa.String(128), False),
        ("plan_version", sa.Integer, False),
        ("body", sa.JSON, False),
        ("at", sa.DateTime(timezone=True), False),
    ),
    "forecast_entry": (
        ("id", sa.Integer, True),
        ("issued_at", sa.String(27), False),
        ("film", sa.String(256), False),
        ("territory", sa.String(2), False),
        ("as_of", sa.String(10), False),
        ("horizon", sa.String(64), False),
        ("code", sa.String(128), False),
        ("model", sa.String(128), False),
        ("payload", sa.Text, False),
        ("previous", sa.String(64), False),
        ("hash", sa.String(64), False),
    ),
}
"""Name, type, and whether the column is in the key (None: it may be empty)."""

INDEXES: dict[str, tuple[str, tuple[str, ...]]] = {
    "film_link_film": ("film_link", ("film",)),
    "film_link_status": ("film_link", ("status",)),
    "forecast_entry_film": ("forecast_entry", ("film", "territory", "as_of")),
}

REFUSED = "The score book is append-only: no entry can be changed or removed."
FOLLOWS = "An entry of the score book must follow the last one."
FIRST = "0" * 64

# As in 0003, with the chain of each tenant for itself.
SQLITE_GUARDS = (
    f"""
    CREATE TRIGGER forecast_entry_no_update BEFORE UPDATE ON forecast_entry
    BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END
    """,
    f"""
    CREATE TRIGGER forecast_entry_no_delete BEFORE DELETE ON forecast_entry
    BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END
    """,
    f"""
    CREATE TRIGGER forecast_entry_follows BEFORE INSERT ON forecast_entry
    WHEN NEW.id IS NOT
        (SELECT coalesce(max(id), 0) + 1 FROM forecast_entry WHERE tenant = NEW.tenant)
      OR NEW.previous IS NOT coalesce((
        SELECT hash FROM forecast_entry WHERE tenant = NEW.tenant ORDER BY id DESC LIMIT 1
      ), '{FIRST}')
    BEGIN SELECT RAISE(ABORT, '{FOLLOWS}'); END
    """,  # noqa: S608 -- constants
)
POSTGRESQL_CHECK = f"""
    CREATE OR REPLACE FUNCTION forecast_entry_check() RETURNS trigger LANGUAGE plpgsql
    SET search_path FROM CURRENT AS $$
    DECLARE
      last record;
    BEGIN
      SELECT id, hash INTO last FROM forecast_entry
      WHERE tenant = NEW.tenant ORDER BY id DESC LIMIT 1;
      IF NEW.id <> coalesce(last.id, 0) + 1 OR NEW.previous <> coalesce(last.hash, '{FIRST}') THEN
        RAISE EXCEPTION '{FOLLOWS}' USING ERRCODE = 'integrity_constraint_violation';
      END IF;
      RETURN NEW;
    END $$
    """  # noqa: S608 -- constants


def upgrade() -> None:
    for table, (index, columns) in NUMBERED.items():
        _add_tenant(table)
        if index:
            op.drop_index(index, table_name=table)
            op.create_index(index, table, ["tenant", *columns], unique=table == "audience")
    op.create_index("audit_tenant", "audit", ["tenant", "id"])
    with op.batch_alter_table("audit") as audit:
        audit.add_column(
            sa.Column("actor", sa.String(128), nullable=False, server_default="operator")
        )
    with op.batch_alter_table("audit") as audit:
        audit.alter_column("actor", existing_type=sa.String(128), server_default=None)
    for table in KEYED:
        _rebuild(table)
    for index, (table, columns) in INDEXES.items():
        op.create_index(index, table, ["tenant", *columns])
    _guard_score_book()
    _create_runs()


def _add_tenant(table: str) -> None:
    # In two steps: rows from before get the house, a new row must name its tenant.
    tenant = sa.Column("tenant", sa.String(TENANT), nullable=False, server_default=HOUSE)
    with op.batch_alter_table(table) as batch:
        batch.add_column(tenant)
    with op.batch_alter_table(table) as batch:
        batch.alter_column("tenant", existing_type=sa.String(TENANT), server_default=None)


def _rebuild(table: str) -> None:
    """The table with the tenant first in its key; the rows are the house's."""
    names = ", ".join(f'"{name}"' for name, _, _ in KEYED[table])
    if table == "forecast_entry" and op.get_context().dialect.name == "postgresql":
        # In place: its triggers, which refuse to be emptied, stay on it all the time.
        op.add_column(table, sa.Column("tenant", sa.String(TENANT), server_default=HOUSE))
        op.alter_column(table, "tenant", nullable=False, server_default=None)
        op.drop_constraint("forecast_entry_pkey", table)
        op.create_primary_key("forecast_entry_pkey", table, ["tenant", "id"])
        op.drop_index("forecast_entry_film", table_name=table)
        return
    for index, (of, _) in INDEXES.items():
        if of == table:
            op.drop_index(index, table_name=table)
    op.create_table(
        f"{table}_of_tenants",
        sa.Column("tenant", sa.String(TENANT), primary_key=True),
        *(
            sa.Column(
                name, kind, primary_key=key is True, nullable=key is None, autoincrement=False
            )
            for name, kind, key in KEYED[table]
        ),
    )
    op.execute(
        f"INSERT INTO {table}_of_tenants (tenant, {names})"  # noqa: S608 -- constants
        f" SELECT '{HOUSE}', {names} FROM {table}"
    )
    op.drop_table(table)
    op.rename_table(f"{table}_of_tenants", table)


def _guard_score_book() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute(POSTGRESQL_CHECK)
        return
    # They went with the table that was rebuilt.
    for statement in SQLITE_GUARDS:
        op.execute(statement)


def _create_runs() -> None:
    op.create_table(
        "run",
        sa.Column("tenant", sa.String(TENANT), primary_key=True),
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("versions", sa.JSON, nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Float, nullable=True),
        sa.Column("process", sa.String(256), nullable=False),
        sa.Column("step", sa.String(256), nullable=False),
        sa.Column("done", sa.BigInteger, nullable=False),
        sa.Column("total", sa.BigInteger, nullable=True),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("result", sa.LargeBinary, nullable=True),
    )
    op.create_index("run_digest", "run", ["tenant", "digest", "status"])
    op.create_index("run_started", "run", ["tenant", "started_at"])


def downgrade() -> None:
    raise NotImplementedError("Rows of several tenants do not fit into the tables from before.")
