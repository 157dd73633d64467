"""Suppressed accounts, erasures under way, and where accounts were handed out to."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    at = sa.DateTime(timezone=True)
    op.create_table(
        "suppression",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("at", at, nullable=False),
    )
    op.create_table(
        "erasure",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("at", at, nullable=False),
    )
    op.create_table(
        "handed_out",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("place", sa.String(1024), primary_key=True),
        sa.Column("kind", sa.String(160), nullable=False),
        sa.Column("at", at, nullable=False),
    )


def downgrade() -> None:
    for table in ("handed_out", "erasure", "suppression"):
        op.drop_table(table)
