"""A process that follows the events sees each of them once, in the order of the commits."""

from __future__ import annotations

import threading
from pathlib import Path

from collab import tables
from collab.kernel.events import Event
from collab.storage import backup
from collab.storage.database import Database
from collab.storage.follower import Follower
from collab.storage.models import OutboxEvent
from tests.service.scratch import ThingMade


def _look(database: Database, follower: Follower) -> list[Event] | None:
    with database.reading() as uow:
        return follower.changes(uow)


def _record(database: Database, *numbers: int) -> None:
    with database.writing() as uow:
        for number in numbers:
            uow.record(ThingMade(number))


def test_it_begins_anew_and_then_sees_what_is_new(database: Database) -> None:
    follower = Follower()
    _record(database, 1)
    assert _look(database, follower) is None
    assert _look(database, follower) == []
    _record(database, 2, 3)
    assert _look(database, follower) == [ThingMade(2), ThingMade(3)]
    assert _look(database, follower) == []


def test_what_it_cannot_follow_makes_it_begin_anew(database: Database) -> None:
    follower = Follower()
    assert _look(database, follower) is None
    with database.writing() as uow:
        uow.session.add(OutboxEvent(name="FromTheFuture", payload={}))
    assert _look(database, follower) is None
    _record(database, *range(2001))
    assert _look(database, follower) is None
    assert _look(database, follower) == []


def test_many_writers_at_once_hide_no_event_from_it(database: Database) -> None:
    follower, seen = Follower(), []
    assert _look(database, follower) is None

    def write(first: int) -> None:
        for number in range(first, first + 25):
            _record(database, number)

    writers = [threading.Thread(target=write, args=(n * 100,)) for n in range(4)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        seen.extend(_look(database, follower) or [])
    for writer in writers:
        writer.join()
    seen.extend(_look(database, follower) or [])
    numbers = [event.thing_id for event in seen if isinstance(event, ThingMade)]
    assert len(numbers) == 100
    assert set(numbers) == {n * 100 + again for n in range(4) for again in range(25)}


def test_it_notices_a_restored_backup(migrated_url: str, tmp_path: Path) -> None:
    database, follower = Database(migrated_url), Follower()
    _record(database, 1)
    file = tmp_path / "backup.zip"
    backup.back_up(database, file, tables.metadata)
    _record(database, 2, 3)
    assert _look(database, follower) is None
    backup.restore(database, file, tables.metadata, replace=True)
    assert _look(database, follower) is None
    _record(database, 4)
    assert _look(database, follower) == [ThingMade(4)]
    database.close()
