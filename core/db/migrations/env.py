"""Alembic environment of core and of each plugin: one version table each (a shared one breaks when a plugin leaves)."""

from __future__ import annotations

from alembic import context

config = context.config
connection = config.attributes["connection"]
context.configure(
    connection=connection,
    version_table=config.attributes["version_table"],
    target_metadata=config.attributes.get("target_metadata"),
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
