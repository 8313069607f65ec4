"""A process that is killed loses nothing it promised and leaves nothing half done."""

from __future__ import annotations

import random
from pathlib import Path

from collab import tables
from collab.storage import migrate
from collab.storage.database import Database
from tests.service import killing


def test_what_was_acknowledged_survives_killed_writers(database: Database, tmp_path: Path) -> None:
    chance = random.Random(7)
    url = database.url.render_as_string(hide_password=False)
    promised = killing.kill_writers(url, tmp_path, 0, chance, 2)
    assert killing.check(database, [promised]) >= 20


def test_a_killed_migration_is_finished_by_the_next_start(empty_url: str) -> None:
    killing.kill_migration(empty_url, 0.7)
    migrate.upgrade(empty_url)
    database = Database(empty_url)
    assert migrate.problems(database) == []
    assert migrate.drift(database, tables.metadata) == []
    database.close()
