"""Run by Alembic: applies the revisions over the connection that `migrate` hands in, in its transaction."""

from alembic import context

from batcher.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
