"""How Alembic reaches the database: the tables of the platform, foreign keys off while rebuilding."""

from __future__ import annotations

from alembic import context
from sqlalchemy.engine import Connection

from collab import tables
from collab.config import load_settings
from collab.storage import migrate


def run(connection: Connection) -> None:
    """Migrate over an open connection, in one transaction."""
    context.configure(
        connection=connection,
        target_metadata=tables.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        include_object=migrate.is_ours,
        render_item=migrate.render_type,
    )
    with context.begin_transaction():
        context.run_migrations()


def main() -> None:
    """With the connection of `collab.storage.migrate`, or one of its own for the command line."""
    given = context.config.attributes.get("connection")
    if given is not None:
        run(given)
        return
    with migrate.prepared(load_settings().database) as connection:
        run(connection)


main()
