"""The contents of files in a backup: packed, checked against their hashes, put back."""

from __future__ import annotations

import hashlib
import sqlite3
import zipfile
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from collab.storage.blobs import Blobs, Lost

FOLDER = "files/"


class Loss(NamedTuple):
    """A file whose content was not on disk as it was when the backup was made."""

    sha256: str
    file: str
    organisation: str


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


def pack(archive: zipfile.ZipFile, blobs: Blobs, wanted: Collection[str]) -> list[str]:
    """Add the contents, each read against its hash; those that are lost or changed are returned.

    One lost content must not keep all others, and the tables, from being saved.
    """
    gone = []
    for sha256 in wanted:
        try:
            data = blobs.read(sha256)
        except Lost:
            gone.append(sha256)
        else:
            archive.writestr(FOLDER + sha256, data, zipfile.ZIP_STORED)
    return gone


def losses(copy: Path, gone: Collection[str]) -> tuple[Loss, ...]:
    """Every file in these tables whose content is one of these, with its organisation."""
    with closing(sqlite3.connect(f"file:{copy}?mode=ro", uri=True)) as connection:
        return tuple(
            Loss(*row)
            for sha256 in gone
            for row in connection.execute(
                "SELECT s.sha256, a.public_id, o.public_id FROM attachment a"
                " JOIN storedfile s ON s.id = a.stored_id"
                " JOIN organisation o ON o.id = a.organisation_id"
                " WHERE s.sha256 = ? ORDER BY a.id",
                (sha256,),
            )
        )


def check(source: Path, wanted: Collection[str]) -> None:
    """Raises BadBackup unless each of these contents is in the archive as its hash says."""
    with zipfile.ZipFile(source) as archive:
        for sha256 in wanted:
            _content(archive, sha256)


def unpack(source: Path, blobs: Blobs, wanted: Collection[str]) -> None:
    """Put these contents where files are read from."""
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
