"""Rules that the database itself keeps: put in place after every migration, checked at start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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
    sqlite: str  # empty where SQLite has no such statement
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


def _only_at_the_end() -> Trigger:
    """A row in between, and SQLite's REPLACE, which takes rows away without asking the others."""
    name = "tr_activity_at_the_end"
    last = "(SELECT coalesce(max(sequence), 0) FROM activity)"
    taken = "EXISTS (SELECT 1 FROM activity WHERE id = NEW.id)"  # REPLACE would take its place
    return Trigger(
        name=name,
        table="activity",
        sqlite=(
            f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE INSERT ON activity"
            f" WHEN NEW.sequence <= {last} OR {taken}"
            " BEGIN SELECT RAISE(ABORT, 'activity is append-only'); END"
        ),
        postgres=(
            "CREATE OR REPLACE FUNCTION refuse_between() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN IF NEW.sequence <= {last} THEN"
            " RAISE EXCEPTION 'activity is append-only'; END IF; RETURN NEW; END $$",
            f"CREATE OR REPLACE TRIGGER {name} BEFORE INSERT ON activity"
            " FOR EACH ROW EXECUTE FUNCTION refuse_between()",
        ),
    )


def _never_emptied() -> Trigger:
    """TRUNCATE asks no trigger of rows; SQLite does not have it."""
    name = "tr_activity_no_truncate"
    return Trigger(
        name=name,
        table="activity",
        sqlite="",
        postgres=(
            f"CREATE OR REPLACE TRIGGER {name} BEFORE TRUNCATE ON activity"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()",
        ),
    )


TRIGGERS: list[Trigger] = [
    _refuse("UPDATE"), _refuse("DELETE"), _only_at_the_end(), _never_emptied()
]  # fmt: skip


def apply(connection: Connection) -> None:
    """Create what is missing, for the tables that exist."""
    present = set(sa.inspect(connection).get_table_names())
    for trigger in TRIGGERS:
        if trigger.table in present:
            _create(connection, trigger)
    if connection.dialect.name == "postgresql" and "activity" not in present:
        for name in ("refuse_change", "refuse_between"):
            connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {name}()")


def missing(connection: Connection) -> Iterator[str]:
    """Names of the triggers that should be there and are not."""
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    else:
        query = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
    there = set(connection.exec_driver_sql(query).scalars())
    wanted = [one.name for one in TRIGGERS if one.sqlite or not sqlite]
    yield from (name for name in wanted if name not in there)


@contextmanager
def off(connection: Connection) -> Iterator[None]:
    """Without them while a whole database is copied, also one whose record does not hold."""
    if connection.dialect.name == "sqlite":
        for trigger in TRIGGERS:
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {trigger.name}")
        yield
        apply(connection)
        return
    tables = sorted({trigger.table for trigger in TRIGGERS})
    for table in tables:
        connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    yield
    for table in tables:
        connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def _create(connection: Connection, trigger: Trigger) -> None:
    if connection.dialect.name == "sqlite":
        if trigger.sqlite:
            connection.exec_driver_sql(trigger.sqlite)
        return
    for statement in trigger.postgres:
        connection.execute(sa.text(statement.replace(":", r"\:")))
