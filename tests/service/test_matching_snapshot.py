"""The snapshot of all capabilities is kept on disk and follows the change feed."""

from __future__ import annotations

from pathlib import Path

from sqlmodel import select

from collab.facilities.models import Capability
from collab.importing import seeding
from collab.kernel import clock
from collab.kernel.happened import CapabilityChanged
from collab.routing.service import MatchingService
from collab.storage.database import Database
from collab.vocabulary.catalog import load_vocabulary


def test_a_later_process_opens_the_kept_snapshot_and_sees_what_changed_meanwhile(
    sqlite_database: Database, tmp_path: Path, monkeypatch
) -> None:
    with sqlite_database.writing() as uow:
        seeding.seed(uow)
    first = MatchingService(sqlite_database, load_vocabulary(), tmp_path)
    with sqlite_database.reading() as uow:
        whole = first.snapshot(uow)
        gone = uow.session.exec(select(Capability)).first()
    assert gone is not None
    with sqlite_database.writing() as uow:
        row = uow.session.get(Capability, gone.id)
        assert row is not None
        row.retired_at = clock.now()
        uow.session.add(row)
        uow.record(CapabilityChanged(row.id or 0))

    def no_rebuild(*_: object) -> None:
        raise AssertionError("the kept snapshot was not used")

    monkeypatch.setattr("collab.matching.snapshot.build", no_rebuild)
    later = MatchingService(sqlite_database, load_vocabulary(), tmp_path)
    with sqlite_database.reading() as uow:
        opened = later.snapshot(uow)
    assert len(opened) == len(whole) - 1
    assert opened.get(gone.public_id) is None


def test_a_damaged_or_foreign_file_is_not_used(sqlite_database: Database, tmp_path: Path) -> None:
    with sqlite_database.writing() as uow:
        seeding.seed(uow)
    with sqlite_database.reading() as uow:
        MatchingService(sqlite_database, load_vocabulary(), tmp_path).snapshot(uow)
    columns = tmp_path / "snapshot.columns"
    for damage in (b"", b"OECMxxxx", columns.read_bytes()[:5000]):
        columns.write_bytes(damage)
        service = MatchingService(sqlite_database, load_vocabulary(), tmp_path)
        with sqlite_database.reading() as uow:
            assert len(service.snapshot(uow)) == 352 - len(_absent(sqlite_database))


def _absent(database: Database) -> list[Capability]:
    with database.reading() as uow:
        return [c for c in uow.session.exec(select(Capability)) if c.retired_at is not None]
