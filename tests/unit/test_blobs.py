"""Contents on disk: what has to be there before a place is promised."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from collab.storage.blobs import Blobs


def test_the_entries_of_new_folders_are_on_disk_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    really = os.fsync

    def noted(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        really(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    blobs = Blobs(tmp_path / "files")
    staged = blobs.stage(b"content")
    assert synced == [tmp_path, staged.draft], "the root's own entry, then the bytes"
    synced.clear()
    blobs.place(staged)
    assert synced == [blobs.root, blobs.path(staged.sha256).parent]
    assert blobs.read(staged.sha256) == b"content"
