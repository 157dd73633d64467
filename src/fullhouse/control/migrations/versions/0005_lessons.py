"""What a line did on each of its channels, and whether cards held."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    # What was learned before was statement of all channels of a line together, under a joined name.
    op.add_column("learned", sa.Column("doses", sa.JSON, nullable=True))
    op.add_column("learned", sa.Column("part", sa.String(512), server_default="", nullable=False))
    op.add_column("learned", sa.Column("base_error", sa.Float, server_default="0", nullable=False))
    names = ("id", "channel", "impressions", "doses")
    kinds = (sa.Integer, sa.String, sa.Float, sa.JSON)
    table = sa.table("learned", *(sa.column(n, k) for n, k in zip(names, kinds, strict=True)))
    database = op.get_bind()
    for row in database.execute(sa.select(table)).all():
        statement = sa.update(table).where(table.c.id == row.id)
        database.execute(statement.values(doses={row.channel: row.impressions}))
    with op.batch_alter_table("learned") as learned:
        learned.alter_column("doses", existing_type=sa.JSON, nullable=False)
        learned.drop_column("impressions")
    op.create_table(
        "verdict",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("known_on", sa.String(10), nullable=False),
        sa.Column("campaign", sa.String(128), nullable=False),
        sa.Column("film", sa.String(256), nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("audience", sa.Text, nullable=False),
        sa.Column("claimed", sa.JSON, nullable=False),
        sa.Column("seen", sa.JSON, nullable=False),
        sa.Column("people", sa.BigInteger, nullable=False),
        sa.Column("verdict", sa.String(16), nullable=False),
    )
    op.create_index("verdict_film", "verdict", ["film"])


def downgrade() -> None:
    op.drop_table("verdict")
    op.add_column("learned", sa.Column("impressions", sa.Float, server_default="0"))
    for name in ("doses", "part", "base_error"):
        op.drop_column("learned", name)
