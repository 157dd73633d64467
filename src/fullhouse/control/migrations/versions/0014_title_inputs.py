"""What a tenant states of its own titles, for its own forecasts alone."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "title_input",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("film", sa.String(256), nullable=False),
        sa.Column("territory", sa.String(2), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("known_on", sa.String(10), nullable=False),
        sa.Column("actor", sa.String(128), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("title_input_film", "title_input", ["tenant", "film"])


def downgrade() -> None:
    op.drop_table("title_input")
