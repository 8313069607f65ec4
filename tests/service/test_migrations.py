"""Migrations go up, down and up again, lose nothing, and agree with the models."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import select

from collab import tables
from collab.config import load_settings
from collab.importing import demo_seeding, seeding
from collab.kernel import clock
from collab.kernel.identity import SYSTEM
from collab.storage import migrate, sealing, triggers
from collab.storage.database import Database
from collab.storage.models import Activity

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def migrated(migrated_url: str) -> Iterator[Database]:
    """A database brought to the head by migrations alone."""
    database = Database(migrated_url)
    yield database
    database.close()


def _tables(database: Database) -> set[str]:
    return set(sa.inspect(database.engine).get_table_names())


def test_migrations_and_models_agree(migrated: Database) -> None:
    assert migrate.drift(migrated, tables.metadata) == []
    assert _tables(migrated) == {*tables.metadata.tables, "alembic_version"}


def test_a_missing_column_would_be_noticed(migrated: Database) -> None:
    with migrated.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE lease DROP COLUMN expires_at")
    assert migrate.drift(migrated, tables.metadata)


def test_up_down_and_up_again(migrated_url: str, migrated: Database) -> None:
    assert migrate.current(migrated) == migrate.head()
    assert migrate.problems(migrated) == []
    migrate.downgrade(migrated_url, "base")
    assert _tables(migrated) <= {"alembic_version"}
    assert migrate.problems(migrated)
    migrate.upgrade(migrated_url)
    assert migrate.problems(migrated) == []
    assert migrate.drift(migrated, tables.metadata) == []


def test_every_step_goes_down_and_up_with_rows_in_place(
    migrated_url: str, migrated: Database
) -> None:
    with migrated.writing() as uow:
        uow.note(SYSTEM, "did", "thing", "1", after={"价": 1})
    for script in migrate.steps():
        migrate.downgrade(migrated_url, script)
        migrate.upgrade(migrated_url)
        assert migrate.problems(migrated) == []
    with migrated.reading() as uow:
        assert uow.session.exec(select(Activity)).one().after == {"价": 1}


def test_upgrading_twice_changes_nothing(migrated_url: str, migrated: Database) -> None:
    with migrated.writing() as uow:
        uow.note(SYSTEM, "did", "thing", "1")
    migrate.upgrade(migrated_url)
    with migrated.reading() as uow:
        assert len(uow.session.exec(select(Activity)).all()) == 1


def test_a_lost_trigger_is_noticed_and_put_back(migrated_url: str, migrated: Database) -> None:
    with migrated.engine.begin() as connection:
        on = "" if migrated.is_sqlite else " ON activity"
        connection.exec_driver_sql(f"DROP TRIGGER tr_activity_no_update{on}")
        assert list(triggers.missing(connection)) == ["tr_activity_no_update"]
    assert migrate.problems(migrated) == ["trigger tr_activity_no_update is missing"]
    migrate.upgrade(migrated_url)
    assert migrate.problems(migrated) == []


def test_a_rebuild_of_a_parent_keeps_its_children(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'family.db'}"
    with migrate.prepared(url) as connection:
        connection.exec_driver_sql("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        connection.exec_driver_sql(
            "CREATE TABLE child (parent_id INTEGER REFERENCES parent(id) ON DELETE CASCADE)"
        )
        connection.exec_driver_sql("INSERT INTO parent VALUES (1)")
        connection.exec_driver_sql("INSERT INTO child VALUES (1)")
    with migrate.prepared(url) as connection:
        connection.exec_driver_sql("CREATE TABLE rebuilt (id INTEGER PRIMARY KEY, name TEXT)")
        connection.exec_driver_sql("INSERT INTO rebuilt (id) SELECT id FROM parent")
        connection.exec_driver_sql("DROP TABLE parent")
        connection.exec_driver_sql("ALTER TABLE rebuilt RENAME TO parent")
    database = Database(url)
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM child").scalar() == 1
    database.close()


def test_a_migration_that_leaves_orphans_is_undone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'orphans.db'}"
    with migrate.prepared(url) as connection:
        connection.exec_driver_sql("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        connection.exec_driver_sql("CREATE TABLE child (parent_id INTEGER REFERENCES parent(id))")
        connection.exec_driver_sql("INSERT INTO parent VALUES (1)")
        connection.exec_driver_sql("INSERT INTO child VALUES (1)")
    with (
        pytest.raises(migrate.BrokenReferences, match="child"),
        migrate.prepared(url) as connection,
    ):
        connection.exec_driver_sql("DELETE FROM parent")
    database = Database(url)
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM parent").scalar() == 1
    database.close()


def test_processes_that_start_together_take_turns(empty_url: str) -> None:
    code = f"from collab.storage import migrate; migrate.upgrade({empty_url!r})"
    command = [sys.executable, "-c", code]
    running = [
        subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) for _ in range(2)
    ]
    for process in running:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    database = Database(empty_url)
    assert migrate.problems(database) == []
    database.close()


def test_a_filled_database_goes_down_to_the_first_tables_and_up_again(
    migrated_url: str, migrated: Database, tmp_path: Path
) -> None:
    with migrated.writing() as uow:
        seeding.seed(uow)
        demo_seeding.seed_demo(uow, clock.today(), tmp_path)
    before = _counts(migrated)
    *_, first = migrate.steps()
    migrate.downgrade(migrated_url, first)
    migrate.upgrade(migrated_url)
    after = _counts(migrated)
    assert before["person"] > 0
    assert before["organisation"] > 200
    assert {name: after[name] for name in before if name in after} == before


def _counts(database: Database) -> dict[str, int]:
    names = ("region", "organisation", "person", "capability", "need", "capabilitytechnique")
    with database.engine.connect() as connection:
        return {
            name: connection.execute(
                sa.select(sa.func.count()).select_from(tables.metadata.tables[name])
            ).scalar_one()
            for name in names
        }


def test_secrets_of_second_factors_are_sealed_on_the_way_up_and_opened_on_the_way_down(
    migrated_url: str, migrated: Database
) -> None:
    ways, before = "7ad3a2a4c610", "6a1f0c93d7e2"
    migrate.downgrade(migrated_url, before)
    now = "2026-11-28 10:00:00"
    with migrated.engine.begin() as connection:
        for number, secret in enumerate(("", "JBSWY3DPEHPK3PXP:59", "KRSXG5CTMVRXEZLU:7"), 1):
            connection.exec_driver_sql(
                "INSERT INTO person (version, public_id, id, created_at, updated_at, email, name,"
                " language, password_hash, active, demo, second_factor)"
                f" VALUES (1, 'per-{number}', {number}, '{now}', '{now}', '{number}@x.example',"
                f" 'n', 'zh', '', true, false, '{secret}')"
            )
    migrate.upgrade(migrated_url, ways)
    sealer = sealing.Sealer(sealing.installation_keys(load_settings().secret_path))

    def rows() -> list[tuple[str, int]]:
        with migrated.engine.connect() as connection:
            asked = "SELECT second_factor, second_factor_step FROM person ORDER BY id"
            return [(text, step) for text, step in connection.exec_driver_sql(asked)]

    sealed = rows()
    assert sealed[0] == ("", -1)
    assert "JBSWY3DPEHPK3PXP" not in str(sealed)
    opened = sealer.open(sealed[1][0], "person.second_factor:per-2")
    assert (opened, sealed[1][1], sealed[2][1]) == ("JBSWY3DPEHPK3PXP", 59, 7)
    migrate.downgrade(migrated_url, before)
    with migrated.engine.connect() as connection:
        kept = connection.exec_driver_sql("SELECT second_factor FROM person ORDER BY id").scalars()
        assert kept.all() == ["", "JBSWY3DPEHPK3PXP:59", "KRSXG5CTMVRXEZLU:7"]
    migrate.upgrade(migrated_url)
    assert migrate.problems(migrated) == []
