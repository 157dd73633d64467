"""The queue: jobs, and the schedules that queue them."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

OPEN = sa.text("status IN ('queued', 'running', 'cancelling')")


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("dedupe", sa.String(128), nullable=True),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("worker", sa.String(32), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("most_tries", sa.Integer, nullable=False),
        sa.Column("share", sa.Float, nullable=False),
        sa.Column("step", sa.String(256), nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("scopes", sa.JSON, nullable=True),
        sa.Column("result", sa.LargeBinary, nullable=True),
    )
    op.create_index("job_due", "job", ["status", "tenant", "run_at"])
    op.create_index("job_begun", "job", ["tenant", "started_at"])
    op.create_index(
        "job_dedupe", "job", ["tenant", "dedupe"], unique=True,
        sqlite_where=OPEN, postgresql_where=OPEN,
    )  # fmt: skip
    op.create_table(
        "job_schedule",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("cron", sa.String(128), nullable=True),
        sa.Column("every_seconds", sa.BigInteger, nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_job", sa.String(32), nullable=True),
        sa.Column("scopes", sa.JSON, nullable=True),
    )


def downgrade() -> None:
    op.drop_table("job_schedule")
    op.drop_table("job")
