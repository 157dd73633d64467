"""Passwords, sessions, failed attempts, and users by what a provider says of them."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

TENANT = 64
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "password",
        sa.Column("tenant", sa.String(TENANT), primary_key=True),
        sa.Column("member", sa.String(128), primary_key=True),
        sa.Column("hash", sa.String(256), nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("token", sa.String(64)),
        sa.Column("token_until", TIME),
    )
    op.create_index("password_token", "password", ["token"], unique=True)
    op.create_table(
        "session",
        sa.Column("tenant", sa.String(TENANT), primary_key=True),
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("member", sa.String(128), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("how", sa.String(16), nullable=False),
        sa.Column("began_at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
    )
    op.create_index("session_digest", "session", ["digest"], unique=True)
    op.create_index("session_member", "session", ["tenant", "member"])
    op.create_table(
        "attempt",
        sa.Column("tenant", sa.String(TENANT), primary_key=True),
        sa.Column("about", sa.String(64), primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("free_at", TIME, nullable=False),
    )
    op.create_table(
        "identity",
        sa.Column("tenant", sa.String(TENANT), primary_key=True),
        sa.Column("member", sa.String(128), primary_key=True),
        sa.Column("email", sa.String(320)),
        sa.Column("issuer", sa.String(512)),
        sa.Column("subject", sa.String(256)),
    )
    op.create_index("identity_email", "identity", ["email"], unique=True)
    op.create_index("identity_subject", "identity", ["issuer", "subject"], unique=True)


def downgrade() -> None:
    for table in ("identity", "attempt", "session", "password"):
        op.drop_table(table)
