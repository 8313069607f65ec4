"""A backup made while others write is consistent, verified, and can be put back."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import select

from collab import tables
from collab.kernel.identity import SYSTEM, Actor
from collab.storage import audit, backup, follower, leases, migrate, triggers
from collab.storage.database import Database
from collab.storage.models import Activity, OutboxDelivery, OutboxEvent, OutboxFloor
from tests.service.scratch import ThingMade


@pytest.fixture
def platform(migrated_url: str) -> Iterator[Database]:
    """A migrated database without rows, of both kinds."""
    database = Database(migrated_url)
    yield database
    database.close()


@pytest.fixture
def other(tmp_path: Path, _migrated_file: Path) -> Iterator[Database]:
    """Another migrated database, SQLite."""
    path = tmp_path / "other.db"
    shutil.copyfile(_migrated_file, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


def _act(database: Database, number: int) -> None:
    with database.writing() as uow:
        uow.record(ThingMade(number, "备份"))
        uow.note(Actor(person_id=number), "did", "thing", str(number), after={"价": [1.5, None]})


def _state(database: Database) -> tuple[list[dict[str, object]], ...]:
    with database.reading() as uow:
        events = uow.session.exec(select(OutboxEvent).order_by(sa.text("id"))).all()
        acts = uow.session.exec(select(Activity).order_by(sa.text("id"))).all()
        assert list(audit.verify(uow.session)) == []
    made = [one for one in events if one.name == "ThingMade"]
    return [one.model_dump() for one in made], [one.model_dump() for one in acts]


def test_a_record_that_does_not_hold_comes_back_as_it_was_and_the_database_guards_it_again(
    platform: Database, tmp_path: Path
) -> None:
    for number in range(4):
        _act(platform, number)
    with platform.engine.begin() as connection, triggers.off(connection):
        connection.exec_driver_sql("UPDATE activity SET sequence = 77 WHERE sequence = 2")
    with platform.reading() as uow:
        broken = list(audit.verify(uow.session))
    file = tmp_path / "backup.zip"
    backup.back_up(platform, file, tables.metadata)
    backup.restore(platform, file, tables.metadata, replace=True)
    with platform.reading() as uow:
        assert list(audit.verify(uow.session)) == broken != []
    assert migrate.problems(platform) == []
    refused = pytest.raises(sa.exc.DBAPIError, match="append-only")
    with refused, platform.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM activity")


def test_what_was_backed_up_comes_back(platform: Database, tmp_path: Path) -> None:
    for number in range(5):
        _act(platform, number)
    before, file = _state(platform), tmp_path / "out" / "backup.zip"
    made = backup.back_up(platform, file, tables.metadata)
    assert backup.verify(file) == made
    assert (made.rows["activity"], made.rows["outbox_event"]) == (5, 5)
    assert made.head == migrate.head()
    for number in range(5, 8):
        _act(platform, number)
    assert leases.take(platform, "index") is not None
    with pytest.raises(backup.BadBackup, match="not empty"):
        backup.restore(platform, file, tables.metadata)
    assert len(_state(platform)[0]) == 8
    backup.restore(platform, file, tables.metadata, replace=True)
    assert _state(platform) == before
    assert leases.take(platform, "index") is not None
    _act(platform, 9)
    assert len(_state(platform)[1]) == 6
    assert [path.name for path in file.parent.iterdir()] == ["backup.zip"]
    assert file.stat().st_mode & 0o077 == 0


def test_a_backup_goes_into_the_other_kind_of_database(
    platform: Database, other: Database, tmp_path: Path
) -> None:
    _act(platform, 1)
    one, two = tmp_path / "one.zip", tmp_path / "two.zip"
    backup.back_up(platform, one, tables.metadata)
    backup.restore(other, one, tables.metadata)
    assert _state(other) == _state(platform)
    _act(other, 2)
    backup.back_up(other, two, tables.metadata)
    backup.restore(platform, two, tables.metadata, replace=True)
    assert _state(platform) == _state(other)
    _act(platform, 3)
    assert len(_state(platform)[0]) == 3


def test_a_backup_while_others_write_holds_whole_transactions(
    platform: Database, tmp_path: Path
) -> None:
    stop = threading.Event()

    def write(first: int) -> None:
        number = first
        while not stop.is_set():
            _act(platform, number)
            number += 1

    threads = [threading.Thread(target=write, args=(n * 1000,)) for n in range(2)]
    for thread in threads:
        thread.start()
    try:
        made = [backup.back_up(platform, tmp_path / f"{n}.zip", tables.metadata) for n in range(3)]
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    for number, manifest in enumerate(made):
        assert manifest.rows["activity"] == manifest.rows["outbox_event"] == manifest.activity[0]
        backup.verify(tmp_path / f"{number}.zip")
    backup.restore(platform, tmp_path / "2.zip", tables.metadata, replace=True)
    assert len(_state(platform)[1]) == made[2].activity[0]


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def _rewrite(file: Path, change: Callable[[Path, dict[str, object]], None]) -> None:
    folder = file.parent / "rewritten"
    with zipfile.ZipFile(file) as archive:
        archive.extractall(folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    change(folder / "collab.db", manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with zipfile.ZipFile(file, "w") as archive:
        archive.write(folder / "collab.db", "collab.db")
        archive.write(folder / "manifest.json", "manifest.json")


def _change_rows(tables_file: Path, _: dict[str, object]) -> None:
    with closing(sqlite3.connect(tables_file)) as connection, connection:
        connection.execute("DELETE FROM outbox_event")


def _orphan(tables_file: Path, manifest: dict[str, object]) -> None:
    with closing(sqlite3.connect(tables_file)) as connection, connection:
        connection.execute(
            "INSERT INTO outbox_delivery (event_id, listener, state, attempts, due_at, error)"
            " VALUES (99, 'x', 'pending', 0, '2026-01-01', '')"
        )


def _scramble(tables_file: Path, _: dict[str, object]) -> None:
    content = bytearray(tables_file.read_bytes())
    content[4096:8192] = b"\xff" * 4096
    tables_file.write_bytes(bytes(content))


def _from_tomorrow(tables_file: Path, manifest: dict[str, object]) -> None:
    with closing(sqlite3.connect(tables_file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = 'tomorrow'")
    manifest["head"] = "tomorrow"
    manifest["sha256"] = hashlib.sha256(tables_file.read_bytes()).hexdigest()


DAMAGE: dict[str, Callable[[Path], None]] = {
    "not a zip": lambda file: file.write_bytes(b"hello") and None,
    "empty": lambda file: file.write_bytes(b"") and None,
    "cut": _cut,
    "missing": lambda file: file.unlink(),
    "rows changed": lambda file: _rewrite(file, _change_rows),
    "orphans": lambda file: _rewrite(file, _orphan),
    "pages scrambled": lambda file: _rewrite(file, _scramble),
    "no database": lambda file: _rewrite(file, lambda db, _: db.write_bytes(b"x") and None),
    "other format": lambda file: _rewrite(file, lambda _, said: said.update(format=99)),
    "other counts": lambda file: _rewrite(file, lambda _, said: said.update(rows={})),
    "code of tomorrow": lambda file: _rewrite(file, _from_tomorrow),
    "strange manifest": lambda file: _rewrite(file, lambda _, said: said.pop("rows") and None),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_backup_is_refused_and_changes_nothing(
    other: Database, tmp_path: Path, damage: str
) -> None:
    _act(other, 1)
    file = tmp_path / "backup.zip"
    backup.back_up(other, file, tables.metadata)
    _act(other, 2)
    before = _state(other)
    DAMAGE[damage](file)
    with pytest.raises(backup.BadBackup):
        backup.verify(file)
    with pytest.raises(backup.BadBackup):
        backup.restore(other, file, tables.metadata, replace=True)
    assert _state(other) == before


def test_a_failed_restore_leaves_the_old_state(
    platform: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if platform.is_sqlite:
        pytest.skip("SQLite restores in one step of its own")
    _act(platform, 1)
    file = tmp_path / "backup.zip"
    backup.back_up(platform, file, tables.metadata)
    _act(platform, 2)
    before = _state(platform)

    def fail(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(backup.copying, "advance_sequences", fail)
    with pytest.raises(OSError, match="space"):
        backup.restore(platform, file, tables.metadata, replace=True)
    assert _state(platform) == before


@pytest.mark.parametrize("lost", ["the newest events", "tidied away"])
def test_who_had_come_further_than_the_backup_notices_the_restore(
    platform: Database, tmp_path: Path, lost: str
) -> None:
    """Also when the database itself is gone, and when more has happened since than was lost."""
    _act(platform, 1)
    file = tmp_path / "backup.zip"
    backup.back_up(platform, file, tables.metadata)
    for number in range(2, 6):
        _act(platform, number)
    with platform.reading() as uow:
        position = follower.newest(uow)
    with platform.writing() as uow:
        run = uow.session.connection().execute
        run(sa.delete(OutboxDelivery))
        run(sa.delete(OutboxEvent))
        if lost == "tidied away":
            run(sa.delete(OutboxFloor))
            uow.session.add(OutboxFloor(number=position))
    backup.restore(platform, file, tables.metadata, replace=True)
    for number in range(2, 9):
        _act(platform, number)
    with platform.reading() as uow:
        assert follower.newest(uow) > position
        assert follower.stretch(uow, position) is None, "it would take half of what happened"


def test_readers_and_writers_go_on_over_a_restore(other: Database, tmp_path: Path) -> None:
    _act(other, 1)
    file = tmp_path / "backup.zip"
    backup.back_up(other, file, tables.metadata)
    _act(other, 2)
    with other.reading() as uow:
        assert len(uow.session.exec(select(OutboxEvent)).all()) == 2
        backup.restore(other, file, tables.metadata, replace=True)
        uow.session.expunge_all()
        assert len(uow.session.exec(select(OutboxEvent)).all()) == 2
    with other.reading() as uow:
        kept = uow.session.exec(select(OutboxEvent).order_by(sa.text("id"))).all()
    restored = 3 + backup.LEFT_OUT
    assert [(one.id, one.name) for one in kept] == [
        (1, "ThingMade"), (restored, "DatabaseRestored")
    ]  # fmt: skip
    with other.writing() as uow:
        uow.note(SYSTEM, "restored", "backup", "1")
    assert len(_state(other)[1]) == 2
