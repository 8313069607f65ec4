"""Contents of files on disk, each under its own hash, outside everything that is served."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from collab.storage.uow import UnitOfWork

FOLDER = "files"
LOCK = 7_262_011
HASH = frozenset("0123456789abcdef")


class Lost(Exception):
    """A content is not on disk, or not what its hash says."""


@dataclass(frozen=True, slots=True)
class Staged:
    """Bytes safely on disk beside their place; `place` puts them there."""

    sha256: str
    size: int
    draft: Path


class Blobs:
    """A folder of contents. Files are readable by the platform alone and never executable."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, sha256: str) -> Path:
        """Where a content lies; ValueError for anything that is no hash."""
        if len(sha256) != 64 or not set(sha256) <= HASH:
            raise ValueError("not a hash")
        return self.root / sha256[:2] / sha256

    def stage(self, data: bytes) -> Staged:
        """Write the bytes to disk under a name of their own and wait until they are there."""
        _folder(self.root)
        draft = self.root / f".draft-{os.getpid()}-{secrets.token_hex(8)}"
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        return Staged(hashlib.sha256(data).hexdigest(), len(data), draft)

    def place(self, staged: Staged) -> None:
        """Put staged bytes under their hash, at once or not at all; the same bytes may be there."""
        target = self.path(staged.sha256)
        _folder(target.parent)
        staged.draft.replace(target)
        _to_disk(target.parent)

    def drop(self, staged: Staged) -> None:
        """Forget staged bytes that were not placed."""
        with suppress(FileNotFoundError):
            staged.draft.unlink()

    def read(self, sha256: str) -> bytes:
        """The bytes, checked against their hash. Raises Lost."""
        try:
            data = self.path(sha256).read_bytes()
        except OSError as error:
            raise Lost(sha256) from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise Lost(sha256)
        return data

    def remove(self, sha256: str) -> None:
        """Take a content off the disk."""
        with suppress(FileNotFoundError):
            self.path(sha256).unlink()

    def stray(self, known: set[str], before: float) -> Iterator[Path]:
        """Files older than `before` that belong to nothing: drafts, and hashes nobody knows."""
        if not self.root.is_dir():
            return
        for path in sorted(self.root.rglob("*")):
            if path.is_file() and path.name not in known and path.stat().st_mtime < before:
                yield path


def lock(uow: UnitOfWork) -> None:
    """From here to the commit nobody else puts contents in place or sweeps them."""
    connection = uow.session.connection()
    if connection.dialect.name == "postgresql":  # a writer of SQLite is alone anyway
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))


def _folder(path: Path) -> None:
    """The folder, its own entry on disk too: whoever made it may not have come to that."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    _to_disk(path.parent)


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
