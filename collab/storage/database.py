"""One database made from a URL: SQLite or PostgreSQL, reading or writing, one commit a use case."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import sqlmodel
from sqlalchemy.engine import URL, Connection, Engine, ExceptionContext, make_url
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.pool import ConnectionPoolEntry, StaticPool

from collab.kernel.errors import Conflict
from collab.storage import refusals
from collab.storage.uow import UnitOfWork

BUSY_SECONDS = 20
READING = {"collab_mode": "reading"}
WRITING = {"collab_mode": "writing"}


def to_json(value: Any) -> str:
    """JSON text as it is stored: Chinese stays readable, NaN is refused."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


class Database:
    """The tables behind `url`; safe to share between threads, not across a fork.

    `reading()` sees one consistent state and cannot write. `writing()` is one transaction: on
    SQLite it takes the write lock first (BEGIN IMMEDIATE), so read-modify-write loses nothing; on
    PostgreSQL rows that are read to be changed need `with_for_update()` or a version column.
    `synchronous` is SQLite's FULL (an acknowledged commit survives a power cut) or NORMAL.
    """

    def __init__(self, url: str, *, synchronous: str = "FULL", busy_seconds: int = BUSY_SECONDS):
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.committed = threading.Condition()
        self._own = threading.local()
        if self.is_sqlite:
            self.engine = _sqlite_engine(self.url, synchronous, busy_seconds)
            reading: dict[str, Any] = READING
        else:
            self.engine = _postgres_engine(self.url, busy_seconds)
            reading = READING | {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        sa.event.listen(self.engine, "handle_error", _refuse_unstorable)
        self._reader = self.engine.execution_options(**reading)
        self._writer = self.engine.execution_options(**WRITING)

    @property
    def path(self) -> Path | None:
        """The file of a SQLite database, None in memory and on PostgreSQL."""
        name = self.url.database
        return Path(name) if self.is_sqlite and name and name != ":memory:" else None

    @contextmanager
    def reading(self) -> Iterator[UnitOfWork]:
        """A consistent view of the database in which nothing can be changed."""
        with (
            refusals.translated(),
            sqlmodel.Session(self._reader, expire_on_commit=False, autoflush=False) as session,
        ):
            yield UnitOfWork(session, writable=False)

    @contextmanager
    def writing(self) -> Iterator[UnitOfWork]:
        """One transaction: commits at the end, rolls back on any exception.

        Raises Conflict("stale") when a row was changed meanwhile, Conflict("taken") with `table`
        and `fields` when a unique key is in use, Conflict("in_use") or Conflict("missing") for a
        reference that would dangle, Conflict("busy") when the lock is not to be had, Rejected for a
        value that the database cannot hold. A second one inside the first would wait for itself,
        so it is refused at once with RuntimeError.
        """
        with refusals.translated(), self._only_one():
            with sqlmodel.Session(self._writer, expire_on_commit=False) as session:
                uow = UnitOfWork(session, writable=True)
                try:
                    yield uow
                    uow.seal()
                    session.commit()
                except StaleDataError:
                    session.rollback()
                    raise Conflict("stale") from None
                except BaseException:
                    session.rollback()
                    raise
            if uow.announced:
                self.wake()

    @contextmanager
    def _only_one(self) -> Iterator[None]:
        if getattr(self._own, "writing", False):
            raise RuntimeError("this thread is writing already; hand its unit of work on")
        self._own.writing = True
        try:
            yield
        finally:
            self._own.writing = False

    def wake(self) -> None:
        """Tell waiting workers of this process that there may be something to do."""
        with self.committed:
            self.committed.notify_all()

    def tidy(self) -> None:
        """Let SQLite look at its tables, so that it picks good indexes (PostgreSQL does so)."""
        if not self.is_sqlite:
            return
        with self._writer.begin() as connection:
            connection.exec_driver_sql("PRAGMA analysis_limit=1000")
            connection.exec_driver_sql("ANALYZE")

    def close(self) -> None:
        """Give back all connections."""
        self.engine.dispose()


def _sqlite_engine(url: URL, synchronous: str, busy_seconds: int) -> Engine:
    in_memory = not url.database or url.database == ":memory:"
    if not in_memory:
        path = Path(str(url.database))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)  # what members keep confidential is not for other accounts
    pool: dict[str, Any] = {"poolclass": StaticPool} if in_memory else {"pool_size": 16}
    engine = sa.create_engine(
        url,
        json_serializer=to_json,
        connect_args={"check_same_thread": False, "timeout": busy_seconds, "isolation_level": None},
        **pool,
    )

    @sa.event.listens_for(engine, "connect")
    def _connect(dbapi: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
        del entry
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={synchronous}",
            "foreign_keys=ON",
            "temp_store=MEMORY",
            "cache_size=-16000",
            "journal_size_limit=67108864",
        ):
            dbapi.execute(f"PRAGMA {pragma}")

    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _begin_sqlite(connection: Connection) -> None:
    """Writers take the lock first; readers are held to reading."""
    mode = connection.get_execution_options().get("collab_mode")
    read_only = mode == "reading"
    if connection.info.get("query_only", False) != read_only:
        connection.exec_driver_sql(f"PRAGMA query_only={int(read_only)}")
        connection.info["query_only"] = read_only
    connection.exec_driver_sql("BEGIN IMMEDIATE" if mode == "writing" else "BEGIN")


def _postgres_engine(url: URL, busy_seconds: int) -> Engine:
    limits = f"-c timezone=UTC -c lock_timeout={busy_seconds}s"
    return sa.create_engine(
        url,
        json_serializer=to_json,
        pool_pre_ping=True,
        connect_args={"options": limits, "application_name": "collab"},
    )


def _refuse_unstorable(context: ExceptionContext) -> None:
    """A value that no column can hold is the sender's mistake, not a failure of ours."""
    refusal = refusals.for_value(context.original_exception)
    if refusal is not None:
        raise refusal from context.original_exception
