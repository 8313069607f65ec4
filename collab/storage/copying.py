"""Copies whole tables between databases of either kind."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

MANY = 2000


def copy_tables(source: Connection, target: Connection, metadata: sa.MetaData) -> None:
    """All rows of all tables, parents first, keys kept. The target tables are empty."""
    for table in metadata.sorted_tables:
        order = list(table.primary_key.columns)
        found = source.execution_options(yield_per=MANY).execute(sa.select(table).order_by(*order))
        for rows in found.mappings().partitions(MANY):
            target.execute(sa.insert(table), [dict(row) for row in rows])


def empty_tables(target: Connection, metadata: sa.MetaData) -> None:
    """Remove every row of every table (PostgreSQL)."""
    quote = target.dialect.identifier_preparer.quote
    names = ", ".join(quote(table.name) for table in metadata.sorted_tables)
    target.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY CASCADE")


def advance_sequences(target: Connection, metadata: sa.MetaData) -> None:
    """Let PostgreSQL's numbering go on after the copied keys instead of colliding with them."""
    for table in metadata.sorted_tables:
        for column in table.primary_key.columns:
            name = target.scalar(sa.select(sa.func.pg_get_serial_sequence(table.name, column.name)))
            if name is not None:
                last = sa.select(sa.func.max(column)).scalar_subquery()
                used = sa.func.coalesce(last, 1)
                target.execute(sa.select(sa.func.setval(name, used, last.is_not(None))))


def number_from(target: Connection, table: str, first: int) -> None:
    """Let the keys of an automatically numbered table go on with `first`."""
    if target.dialect.name == "postgresql":
        name = sa.func.pg_get_serial_sequence(table, "id")
        target.execute(sa.select(sa.func.setval(name, first, False)))
        return
    counters = sa.table("sqlite_sequence", sa.column("name"), sa.column("seq"))
    target.execute(sa.delete(counters).where(counters.c.name == table))
    target.execute(sa.insert(counters).values(name=table, seq=first - 1))


def has_rows(connection: Connection, table: sa.Table) -> bool:
    """Whether there is any row; the bookkeeping of leases does not count."""
    if table.name == "lease":
        return False
    return (
        connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() is not None
    )


def count(connection: Connection, table: sa.Table) -> int:
    """How many rows there are."""
    return int(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)
