"""What every test may use: databases of both kinds, makers, a clock to set, no network."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from collab import tables
from collab.config import table as settings_table
from collab.kernel import clock
from collab.storage import migrate
from collab.storage.database import Database
from collab.storage.uow import UnitOfWork
from tests import postgres
from tests.makers import Maker

KINDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
LOCAL = {"127.0.0.1", "::1", "localhost", ""}


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--run-soak` runs the long loops; otherwise they are not even collected."""
    parser.addoption("--run-soak", action="store_true", help="run the long loops of tests/soak")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave tests/soak alone unless it is asked for."""
    soak = "soak" in collection_path.relative_to(config.rootpath).parts
    return True if soak and not config.getoption("--run-soak") else None


# ── databases ────────────────────────────────────────────────────────────────


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """One real PostgreSQL for this process of the run, started by the first test that needs it."""
    with postgres.server() as running:
        yield running


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "collab.db"
    database = Database(f"sqlite:///{path}", synchronous="NORMAL")
    migrate.create_all(database, tables.metadata)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture(scope="session")
def _postgres_database(postgres_server: postgres.Server) -> Iterator[Database]:
    database = Database(postgres_server.create("collab_tests"))
    migrate.create_all(database, tables.metadata)
    yield database
    database.close()


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with all tables and no rows: the test runs on SQLite and on PostgreSQL."""
    if request.param == "postgres":
        ready: Database = request.getfixturevalue("_postgres_database")
        empty(ready)
        yield ready
        return
    path = tmp_path / "collab.db"
    shutil.copyfile(request.getfixturevalue("_sqlite_template"), path)
    database = Database(f"sqlite:///{path}", synchronous="NORMAL")
    yield database
    database.close()


@pytest.fixture
def sqlite_database(tmp_path: Path, _sqlite_template: Path) -> Iterator[Database]:
    """A database with all tables and no rows, SQLite only: for pages and other upper layers."""
    path = tmp_path / "collab.db"
    shutil.copyfile(_sqlite_template, path)
    database = Database(f"sqlite:///{path}", synchronous="NORMAL")
    yield database
    database.close()


@pytest.fixture(params=KINDS)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without any tables, of both kinds."""
    if request.param == "postgres":
        server: postgres.Server = request.getfixturevalue("postgres_server")
        return server.create("collab_empty")
    return f"sqlite:///{tmp_path / 'empty.db'}"


@pytest.fixture(scope="session")
def _migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "collab.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def _migrated_template(postgres_server: postgres.Server) -> str:
    migrate.upgrade(postgres_server.create("collab_migrated"))
    return "collab_migrated"


@pytest.fixture(params=KINDS)
def migrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database of its own that migrations alone have made, of both kinds."""
    if request.param == "postgres":
        server: postgres.Server = request.getfixturevalue("postgres_server")
        return server.create("collab_own", request.getfixturevalue("_migrated_template"))
    path = tmp_path / "migrated.db"
    shutil.copyfile(request.getfixturevalue("_migrated_file"), path)
    return f"sqlite:///{path}"


def empty(database: Database) -> None:
    """Remove the rows that an earlier test left."""
    with database.engine.begin() as connection:
        quote = connection.dialect.identifier_preparer.quote
        probes = [
            f"SELECT '{t.name}' WHERE EXISTS (SELECT 1 FROM {quote(t.name)})"
            for t in tables.metadata.sorted_tables
        ]
        used = connection.exec_driver_sql(" UNION ALL ".join(probes)).scalars().all()
        if used:
            names = ", ".join(quote(name) for name in used)
            # the record of acts refuses it, except from whoever may switch its triggers off
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY CASCADE")


@pytest.fixture
def open_uow(database: Database) -> Callable[[], AbstractContextManager[UnitOfWork]]:
    """`with open_uow() as uow:` is one writing unit of work."""
    return database.writing


@pytest.fixture
def make(database: Database) -> Maker:
    """Makes rows of every kind; a test states only what matters to it."""
    return Maker(database)


# ── counting ─────────────────────────────────────────────────────────────────


@dataclass
class Counted:
    """The statements that ran inside a `count_queries` block."""

    statements: list[str] = field(default_factory=list)

    @property
    def number(self) -> int:
        """How many there were."""
        return len(self.statements)


@pytest.fixture
def count_queries() -> Callable[[Database], AbstractContextManager[Counted]]:
    """`with count_queries(database) as counted:` then compare `counted.number`."""

    @contextmanager
    def counting(database: Database) -> Iterator[Counted]:
        counted = Counted()

        def note(_c: Any, _u: Any, statement: str, *_rest: Any) -> None:
            if not statement.startswith(("PRAGMA", "BEGIN")):
                counted.statements.append(statement)

        sa.event.listen(database.engine, "before_cursor_execute", note)
        try:
            yield counted
        finally:
            sa.event.remove(database.engine, "before_cursor_execute", note)

    return counting


# ── time and network ─────────────────────────────────────────────────────────


class Freezer:
    """Holds the clock for the rest of the test."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def __call__(self, moment: datetime | str = "2026-11-24T09:00:00+00:00") -> datetime:
        """It is `moment` now (UTC unless it says otherwise)."""
        at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        self._stack.enter_context(clock.frozen(at))
        return at

    def forward(self, **parts: float) -> datetime:
        """It is later by that much, in words of timedelta: `freeze.forward(days=3)`."""
        return self(clock.now() + timedelta(**parts))


@pytest.fixture
def freeze() -> Iterator[Freezer]:
    """`freeze("2026-11-24")` sets the clock, `freeze.forward(hours=1)` moves it."""
    with ExitStack() as stack:
        yield Freezer(stack)


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """No test leaves this machine."""
    really = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else ""
        if self.family != socket.AF_UNIX and str(host) not in LOCAL:
            raise AssertionError(f"a test tried to reach {address}")
        really(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        yield


@pytest.fixture(autouse=True, scope="session")
def no_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The environment of whoever runs the tests does not change them, and keeps its data."""
    with pytest.MonkeyPatch.context() as patch:
        for row in settings_table():
            patch.delenv(row.name, raising=False)
        patch.setenv("DATA_DIR", str(tmp_path_factory.mktemp("runtime")))
        yield
