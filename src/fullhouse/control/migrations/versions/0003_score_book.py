"""The score book: entries that the database itself refuses to change or remove."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

FIRST = "0" * 64
REFUSED = "The score book is append-only: no entry can be changed or removed."
FOLLOWS = "An entry of the score book must follow the last one."

# SQLite's REPLACE removes a row without firing a delete trigger, so what may come in is checked
# too. A later migration that rebuilds this table must make the triggers again.
SQLITE = (
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
    WHEN NEW.id IS NOT (SELECT coalesce(max(id), 0) + 1 FROM forecast_entry)
      OR NEW.previous IS NOT coalesce(
        (SELECT hash FROM forecast_entry ORDER BY id DESC LIMIT 1), '{FIRST}')
    BEGIN SELECT RAISE(ABORT, '{FOLLOWS}'); END
    """,  # noqa: S608 -- constants
)
# ENABLE ALWAYS: they fire in a session that calls itself a replica, too.
POSTGRESQL = (
    f"""
    CREATE FUNCTION forecast_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION '{REFUSED}' USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    """
    CREATE TRIGGER forecast_entry_no_change
    BEFORE UPDATE OR DELETE OR TRUNCATE ON forecast_entry
    FOR EACH STATEMENT EXECUTE FUNCTION forecast_entry_refuse()
    """,
    "ALTER TABLE forecast_entry ENABLE ALWAYS TRIGGER forecast_entry_no_change",
    f"""
    CREATE FUNCTION forecast_entry_check() RETURNS trigger LANGUAGE plpgsql
    SET search_path FROM CURRENT AS $$
    DECLARE
      last record;
    BEGIN
      SELECT id, hash INTO last FROM forecast_entry ORDER BY id DESC LIMIT 1;
      IF NEW.id <> coalesce(last.id, 0) + 1 OR NEW.previous <> coalesce(last.hash, '{FIRST}') THEN
        RAISE EXCEPTION '{FOLLOWS}' USING ERRCODE = 'integrity_constraint_violation';
      END IF;
      RETURN NEW;
    END $$
    """,  # noqa: S608 -- constants
    """
    CREATE TRIGGER forecast_entry_follows BEFORE INSERT ON forecast_entry
    FOR EACH ROW EXECUTE FUNCTION forecast_entry_check()
    """,
    "ALTER TABLE forecast_entry ENABLE ALWAYS TRIGGER forecast_entry_follows",
)


def upgrade() -> None:
    op.create_table(
        "forecast_entry",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("issued_at", sa.String(27), nullable=False),
        sa.Column("film", sa.String(256), nullable=False),
        sa.Column("territory", sa.String(2), nullable=False),
        sa.Column("as_of", sa.String(10), nullable=False),
        sa.Column("horizon", sa.String(64), nullable=False),
        sa.Column("code", sa.String(128), nullable=False),
        sa.Column("model", sa.String(128), nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_index("forecast_entry_film", "forecast_entry", ["film", "territory", "as_of"])
    for statement in {"sqlite": SQLITE, "postgresql": POSTGRESQL}[op.get_context().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("forecast_entry")  # and with it its triggers
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION forecast_entry_refuse()")
        op.execute("DROP FUNCTION forecast_entry_check()")
