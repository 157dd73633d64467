"""Which film an entry of a set is."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "film_link",
        sa.Column("set", sa.String(64), primary_key=True),
        sa.Column("set_id", sa.String(256), primary_key=True),
        sa.Column("film", sa.String(256), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("score", sa.Float, nullable=True),
        sa.Column("candidate", sa.String(256), nullable=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("other_title", sa.Text, nullable=True),
        sa.Column("opening", sa.String(10), nullable=True),
        sa.Column("territory", sa.String(2), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("film_link_film", "film_link", ["film"])
    op.create_index("film_link_status", "film_link", ["status"])


def downgrade() -> None:
    op.drop_table("film_link")
