"""Brings the tables to the version of the code, safely when several processes start at once."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from collab.storage import triggers
from collab.storage.columns import ENUM_LENGTH, Money
from collab.storage.database import WRITING, Database

ROOT = Path(__file__).resolve().parents[2]
LOCK = 7_262_002


class BrokenReferences(Exception):
    """A migration would leave rows that refer to nothing; it was rolled back."""


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database at `url` up to `revision`, creating it if there is none.

    All or nothing. A second process that calls this meanwhile waits and finds the work done.
    """
    _run(url, lambda config: command.upgrade(config, revision))


def downgrade(url: str, revision: str) -> None:
    """Take the database back to `revision` (`base` for no tables at all)."""
    _run(url, lambda config: command.downgrade(config, revision))


def head() -> str | None:
    """The version that the code needs."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def steps() -> Iterator[str]:
    """All versions, newest first."""
    scripts = ScriptDirectory.from_config(_config())
    yield from (script.revision for script in scripts.walk_revisions())


def current(database: Database) -> str | None:
    """The version that the database has, None without tables."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def problems(database: Database) -> list[str]:
    """Why the platform should not run on this database: old tables, missing triggers."""
    found, wanted = current(database), head()
    if found != wanted:
        return [f"schema is at {found}, the code needs {wanted}"]
    with database.engine.connect() as connection:
        return [f"trigger {name} is missing" for name in triggers.missing(connection)]


def drift(database: Database, metadata: sa.MetaData) -> list[Any]:
    """What the models say and the migrated database does not, and the other way round."""
    with database.engine.connect() as connection:
        options = {"compare_type": True, "include_object": is_ours}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, metadata))


def create_all(database: Database, metadata: sa.MetaData) -> None:
    """Tables straight from the models, for tests and throw-away databases."""
    metadata.create_all(database.engine)
    with database.engine.begin() as connection:
        triggers.apply(connection)


@contextmanager
def prepared(url: str) -> Iterator[Connection]:
    """A connection fit for rebuilding tables: alone, foreign keys off, all checked at the end.

    With foreign keys on, SQLite's rebuild of a parent table would delete its children.
    """
    database = Database(url)
    try:
        with (
            _file_lock(database.path),
            database.engine.execution_options(**WRITING).connect() as connection,
        ):
            if database.is_sqlite:
                _foreign_keys(connection, on=False)
            with connection.begin():
                if not database.is_sqlite:
                    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
                yield connection
                triggers.apply(connection)
                if database.is_sqlite:
                    _check_references(connection)
            if database.is_sqlite:
                _foreign_keys(connection, on=True)
    finally:
        database.close()


def is_ours(
    item: Any,
    name: str | None,
    kind: str,
    reflected: bool,
    counterpart: Any,
) -> bool:
    """Whether Alembic should look at it; its own table is not ours."""
    del item, reflected, counterpart
    return not (kind == "table" and name == "alembic_version")


def render_type(kind: str, item: Any, context: Any) -> str | Literal[False]:
    """Types of ours as plain ones, so that old migrations do not depend on today's code."""
    del context
    if kind != "type":
        return False
    if isinstance(item, Money):
        return "sa.BigInteger()"
    if isinstance(item, sa.Enum):
        return f"sa.String(length={item.length or ENUM_LENGTH})"
    return False


def _run(url: str, work: Callable[[Config], None]) -> None:
    with prepared(url) as connection:
        config = _config()
        config.attributes["connection"] = connection
        work(config)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("timezone", "UTC")
    return config


def _foreign_keys(connection: Connection, *, on: bool) -> None:
    driver: Any = connection.connection.dbapi_connection
    driver.execute(f"PRAGMA foreign_keys={'ON' if on else 'OFF'}")


def _check_references(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        raise BrokenReferences(", ".join(f"{row[0]} {row[1]} -> {row[2]}" for row in broken[:10]))


@contextmanager
def _file_lock(path: Path | None) -> Iterator[None]:
    """Processes that start together take turns, even before the database file exists."""
    if path is None:
        yield
        return
    with Path(f"{path}.lock").open("w") as file:
        _lock(file)
        yield


def _lock(file: IO[str]) -> None:
    try:
        fcntl = importlib.import_module("fcntl")
    except ImportError:  # Windows: the database's own lock has to do
        return
    fcntl.flock(file, fcntl.LOCK_EX)
