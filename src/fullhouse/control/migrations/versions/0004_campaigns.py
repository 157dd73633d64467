"""Plans, campaigns, readouts, and what was learned from them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "plan",
        sa.Column("name", sa.String(128), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("film", sa.String(256), nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "campaign",
        sa.Column("name", sa.String(128), primary_key=True),
        sa.Column("film", sa.String(256), nullable=False),
        sa.Column("plan", sa.String(128), nullable=False),
        sa.Column("plan_version", sa.Integer, nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "readout",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("campaign", sa.String(128), nullable=False),
        sa.Column("as_of", sa.String(10), nullable=False),
        sa.Column("body", sa.JSON, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("readout_campaign", "readout", ["campaign"])
    op.create_table(
        "learned",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("known_on", sa.String(10), nullable=False),
        sa.Column("campaign", sa.String(128), nullable=False),
        sa.Column("film", sa.String(256), nullable=False),
        sa.Column("line", sa.String(256), nullable=False),
        sa.Column("audience", sa.Text, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("impressions", sa.Float, nullable=False),
        sa.Column("response", sa.Float, nullable=False),
        sa.Column("error", sa.Float, nullable=False),
    )
    op.create_index("learned_known_on", "learned", ["known_on"])


def downgrade() -> None:
    for table in ("learned", "readout", "campaign", "plan"):
        op.drop_table(table)
