"""The application in process, on a copy of the shipped catalogue."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from collab import tables
from collab.config import Settings
from collab.importing import seeding
from collab.storage import migrate
from collab.storage.database import Database
from tests.site import bare, bare_template, shipped_template, site
from tests.web.api_world import World, build

__all__ = ["bare", "bare_template", "shipped_template", "site"]


@pytest.fixture(scope="session")
def seeded_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the shipped dataset; copied by each test that wants one."""
    path = tmp_path_factory.mktemp("seeded") / "collab.db"
    database = Database(f"sqlite:///{path}", synchronous="NORMAL")
    migrate.create_all(database, tables.metadata)
    with database.writing() as uow:
        seeding.seed(uow)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture
def seeded(tmp_path: Path, seeded_file: Path) -> Iterator[Database]:
    """The shipped dataset in a database of this test's own."""
    path = tmp_path / "collab.db"
    shutil.copyfile(seeded_file, path)
    database = Database(f"sqlite:///{path}", synchronous="NORMAL")
    yield database
    database.close()


@pytest.fixture
def app(seeded: Database, tmp_path: Path) -> Flask:
    """The whole application on the shipped dataset."""
    from app import create_app

    # the secretary of the API's cast has a password alone; test_defaults.py tests what that means
    settings = Settings(data_dir=tmp_path, seed_demo=False, secretariat_second_factor=False)
    made = create_app(settings, seeded)
    made.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without a session, or a program without a token."""
    return app.test_client()


@pytest.fixture
def world(client: FlaskClient, seeded: Database) -> World:
    """Members with tokens beside the shipped catalogue."""
    return build(client, seeded)
