"""Rules that the database itself keeps: put in place after every migration, checked at start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger of `table`; each statement may be run again and again.

    A migration in SQLite that rebuilds the table drops its triggers without a word.
    """

    name: str
    table: str
    sqlite: str
    postgres: tuple[str, ...]


def _refuse(action: str) -> Trigger:
    name = f"tr_activity_no_{action.lower()}"
    return Trigger(
        name=name,
        table="activity",
        sqlite=(
            f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE {action} ON activity"
            " BEGIN SELECT RAISE(ABORT, 'activity is append-only'); END"
        ),
        postgres=(
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$",
            f"CREATE OR REPLACE TRIGGER {name} BEFORE {action} ON activity"
            " FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        ),
    )


TRIGGERS: list[Trigger] = [_refuse("UPDATE"), _refuse("DELETE")]


def apply(connection: Connection) -> None:
    """Create what is missing, for the tables that exist."""
    present = set(sa.inspect(connection).get_table_names())
    for trigger in TRIGGERS:
        if trigger.table in present:
            _create(connection, trigger)
    if connection.dialect.name == "postgresql" and "activity" not in present:
        connection.exec_driver_sql("DROP FUNCTION IF EXISTS refuse_change()")


def missing(connection: Connection) -> Iterator[str]:
    """Names of the triggers that should be there and are not."""
    if connection.dialect.name == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    else:
        query = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
    there = set(connection.exec_driver_sql(query).scalars())
    yield from (trigger.name for trigger in TRIGGERS if trigger.name not in there)


def _create(connection: Connection, trigger: Trigger) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(trigger.sqlite)
        return
    for statement in trigger.postgres:
        connection.execute(sa.text(statement.replace(":", r"\:")))
