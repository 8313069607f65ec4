"""The snapshot of all capabilities is kept on disk and follows the change feed."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import select

from collab.facilities.models import Capability
from collab.importing import seeding
from collab.kernel import clock
from collab.kernel.happened import CapabilityChanged
from collab.matching.snapshot import Snapshot
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


def test_a_damaged_or_foreign_file_is_not_used_and_the_log_says_so(
    sqlite_database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with sqlite_database.writing() as uow:
        seeding.seed(uow)
    opened = _opened(sqlite_database, tmp_path)
    columns, note = tmp_path / "snapshot.columns", tmp_path / "snapshot.json"
    good, said = columns.read_bytes(), note.read_bytes()
    older = good.replace(b'{"format": 3', b'{"format": 2', 1)
    head = good.replace(b'"arrays"', b'"arrows"', 1)
    damaged = [b"", b"OECMxxxx", good[:5000], good[: len(good) // 2], good[:-70_000], older, head]
    for columns_now, note_now in [(d, said) for d in damaged] + [
        (good, b"{"), (good, b"[]"), (good, said.replace(b'"rows": ', b'"rows": 9')),
    ]:  # fmt: skip
        columns.write_bytes(columns_now)
        note.write_bytes(note_now)
        caplog.clear()
        again = _opened(sqlite_database, tmp_path)
        assert again.offers() == opened.offers()
        assert "made anew" in caplog.text
        assert columns.read_bytes() == good  # the next process finds a whole one
    caplog.clear()
    assert _opened(sqlite_database, tmp_path).offers() == opened.offers()
    assert caplog.text == ""


def _opened(database: Database, folder: Path) -> Snapshot:
    service = MatchingService(database, load_vocabulary(), folder)
    with database.reading() as uow:
        return service.snapshot(uow)
