"""The contents of files in a backup: packed, checked against their hashes, put back."""

from __future__ import annotations

import hashlib
import sqlite3
import zipfile
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from collab.storage.blobs import Blobs, Lost

FOLDER = "files/"


class BadBackup(Exception):
    """The file is no backup, is damaged, or does not fit; one plain line."""


def hashes(copy: Path) -> list[str]:
    """The contents that files in these tables have; none in tables from before there were any."""
    with closing(sqlite3.connect(f"file:{copy}?mode=ro", uri=True)) as connection:
        there = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'storedfile'")
        if there.fetchone() is None:
            return []
        rows = connection.execute(
            "SELECT sha256 FROM storedfile WHERE id IN (SELECT stored_id FROM attachment)"
            " ORDER BY sha256"
        )
        return [row[0] for row in rows]


def pack(archive: zipfile.ZipFile, blobs: Blobs, wanted: Collection[str]) -> None:
    """Add the contents, each read against its hash. Raises BadBackup for one that is lost."""
    for sha256 in wanted:
        try:
            archive.writestr(FOLDER + sha256, blobs.read(sha256), zipfile.ZIP_STORED)
        except Lost as lost:
            raise BadBackup(f"the content {sha256} is not on disk as it was") from lost


def check(source: Path, wanted: Collection[str]) -> None:
    """Raises BadBackup unless every content is in the archive as its hash says."""
    with zipfile.ZipFile(source) as archive:
        for sha256 in wanted:
            _content(archive, sha256)


def unpack(source: Path, blobs: Blobs, wanted: Collection[str]) -> None:
    """Put every content where files are read from."""
    with zipfile.ZipFile(source) as archive:
        for sha256 in wanted:
            blobs.place(blobs.stage(_content(archive, sha256)))


def _content(archive: zipfile.ZipFile, sha256: str) -> bytes:
    try:
        data = archive.read(FOLDER + sha256)
    except (KeyError, zipfile.BadZipFile, OSError) as failure:
        raise BadBackup(f"the content {sha256} is not in the backup") from failure
    if hashlib.sha256(data).hexdigest() != sha256:
        raise BadBackup(f"the content {sha256} is not what its hash says")
    return data
