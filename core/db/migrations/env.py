"""Alembic environment of core and of each plugin: one version table each (a shared one breaks when a plugin leaves)."""

from __future__ import annotations

from alembic import context

config = context.config
# Without a connection they are written down as one text, which is run as one transaction.
connection = config.attributes.get("connection")
context.configure(
    connection=connection,
    url=None if connection is not None else "postgresql+psycopg://",
    dialect_opts={"paramstyle": "named"},
    literal_binds=connection is None,
    transactional_ddl=None if connection is not None else False,
    version_table=config.attributes["version_table"],
    target_metadata=config.attributes.get("target_metadata"),
    transaction_per_migration=connection is not None,
)
with context.begin_transaction():
    context.run_migrations()
