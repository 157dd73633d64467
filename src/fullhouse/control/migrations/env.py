"""Alembic runs the migrations on the connection that `control.open_control` gives it."""

from alembic import context

from fullhouse.control.schema import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
