"""Alembic's entry: runs the migrations in the transaction that it is handed."""

from alembic import context

from service.stores.database import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
context.run_migrations()
