"""Tenants, their titles and users; the privacy ledger, its budgets, and the answers released."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

TENANT = 64
REFUSED = "The privacy ledger is append-only: no row can be changed or removed."

SQLITE = (
    f"""
    CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger
    BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END
    """,
    f"""
    CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger
    BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END
    """,
)
# ENABLE ALWAYS: it fires in a session that calls itself a replica, too.
POSTGRESQL = (
    f"""
    CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION '{REFUSED}' USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    """
    CREATE TRIGGER ledger_no_change
    BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()
    """,
    "ALTER TABLE ledger ENABLE ALWAYS TRIGGER ledger_no_change",
)


def upgrade() -> None:
    op.create_table(
        "tenant",
        sa.Column("tenant", sa.String(TENANT), primary_key=True),
        sa.Column("label", sa.String(256), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "title",
        sa.Column("tenant", sa.String(TENANT), primary_key=True),
        sa.Column("film", sa.String(256), primary_key=True),
        sa.Column("secret", sa.Boolean, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "member",
        sa.Column("tenant", sa.String(TENANT), primary_key=True),
        sa.Column("name", sa.String(128), primary_key=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "budget",
        sa.Column("tenant", sa.String(TENANT), primary_key=True),
        sa.Column("epoch", sa.String(16), primary_key=True),
        sa.Column("scope", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(400), primary_key=True),
        sa.Column("cap", sa.BigInteger, nullable=False),
        sa.Column("spent", sa.BigInteger, nullable=False),
        sa.CheckConstraint("0 <= spent AND spent <= cap", name="budget_not_overspent"),
    )
    op.create_table(
        "ledger",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("tenant", sa.String(TENANT), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("epoch", sa.String(16), nullable=False),
        sa.Column("title", sa.String(256), nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("campaign", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("reservation", sa.String(32), nullable=False),
        sa.Column("step", sa.String(8), nullable=False),
        sa.Column("closes", sa.Boolean, nullable=False),
        sa.Column("rho", sa.BigInteger, nullable=False),
    )
    op.create_index("ledger_epoch", "ledger", ["tenant", "epoch"])
    op.create_index("ledger_reservation", "ledger", ["reservation", "closes"], unique=True)
    op.create_table(
        "released",
        sa.Column("tenant", sa.String(TENANT), primary_key=True),
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("epoch", sa.String(16), nullable=False),
        sa.Column("title", sa.String(256), nullable=False),
        sa.Column("campaign", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("rho", sa.BigInteger, nullable=False),
        sa.Column("reservation", sa.String(32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    for statement in {"sqlite": SQLITE, "postgresql": POSTGRESQL}[op.get_context().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    for table in ("released", "ledger", "budget", "member", "title", "tenant"):
        op.drop_table(table)
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION ledger_refuse()")
