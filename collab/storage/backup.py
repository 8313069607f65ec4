"""Backup while the platform is writing, and restore, both verified afterwards."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from dataclasses import replace as changed
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from collab.kernel import clock
from collab.kernel.events import DatabaseRestored
from collab.storage import backup_files, copying, migrate, triggers
from collab.storage.backup_files import BadBackup, Loss
from collab.storage.blobs import Blobs
from collab.storage.database import WRITING, Database
from collab.storage.follower import newest
from collab.storage.models import Lease, OutboxEvent

FORMAT = 1
TABLES = "collab.db"
MANIFEST = "manifest.json"
MANY = 1 << 20
LEFT_OUT = 1_000_000  # numbers of events that a lost database may have given since its backup


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds: schema version, rows in each table, end of the record of acts."""

    format: int
    made_at: str
    engine: str
    head: str | None
    rows: dict[str, int]
    activity: tuple[int, str]
    sha256: str
    files: int = 0
    lost: tuple[Loss, ...] = ()

    def contents(self, copy: Path) -> list[str]:
        """The contents that the backup holds: those of the tables without the lost ones."""
        gone = {one.sha256 for one in self.lost}
        return [sha256 for sha256 in backup_files.hashes(copy) if sha256 not in gone]


def back_up(
    database: Database, target: Path, metadata: sa.MetaData, blobs: Blobs | None = None
) -> Manifest:
    """Write one consistent state of the database to the zip file `target`, while others write.

    The tables are kept as a SQLite file whichever database they come from, so that a backup can
    be restored into the other kind too. The contents of files are in it, keys beside the database
    are not. Contents that are lost or changed on disk are left out and named in the manifest with
    their files. Raises BadBackup when the copy does not verify; `target` appears once complete.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
        copy = Path(folder) / TABLES
        if database.is_sqlite:
            _copy_file(database, copy)
        else:
            _copy_rows(database, copy, metadata)
        manifest = _inspect(copy, database.url.get_backend_name())
        wanted = backup_files.hashes(copy) if blobs is not None else []
        packed = Path(folder) / "packed.zip"
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            archive.write(copy, TABLES)
            gone = backup_files.pack(archive, blobs, wanted) if blobs is not None else []
            lost = backup_files.losses(copy, gone)
            manifest = changed(manifest, files=len(wanted) - len(gone), lost=lost)
            archive.writestr(MANIFEST, json.dumps(asdict(manifest), ensure_ascii=False, indent=1))
        packed.chmod(0o600)
        _to_disk(packed)
        packed.replace(target)
        _to_disk(target.parent)
    return manifest


def verify(source: Path) -> Manifest:
    """Read the backup as a restore would: checksum, integrity, references, counts."""
    with _opened(source) as (_, manifest):
        return manifest


def restore(
    database: Database,
    source: Path,
    metadata: sa.MetaData,
    *,
    replace: bool = False,
    blobs: Blobs | None = None,
) -> Manifest:
    """Put the backup in place of what the database holds, all or nothing, and verify it.

    Older backups are brought to the version of the code. Raises BadBackup when the file does not
    verify, or when there are rows and `replace` is not set. Leases are given up, and the event
    DatabaseRestored tells listeners to build what is derived anew.
    """
    with _opened(source) as (copy, manifest):
        migrate.upgrade(f"sqlite:///{copy}")
        wanted = _inspect(copy, manifest.engine)
        migrate.upgrade(database.url.render_as_string(hide_password=False))
        if not replace and _has_rows(database, metadata):
            raise BadBackup("the database is not empty; say that it may be replaced")
        if blobs is not None:  # first: rows never stand without their contents
            backup_files.unpack(source, blobs, manifest.contents(copy))
        last_event = _last_event(database)
        if database.is_sqlite:
            _copy_back(copy, database)
        else:
            _rows_back(copy, database, metadata)
        _announce(database, last_event)
        _compare(database, metadata, wanted)
    return manifest


def _copy_file(database: Database, copy: Path) -> None:
    """SQLite's online backup in a single step: one read transaction that hinders no writer."""
    if database.path is None:
        raise BadBackup("a database in memory cannot be backed up")
    with (
        closing(sqlite3.connect(database.path, timeout=60)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target, pages=-1)
        target.execute("PRAGMA journal_mode=DELETE")


def _copy_rows(database: Database, copy: Path, metadata: sa.MetaData) -> None:
    """One read-only snapshot of PostgreSQL, copied row by row into a new SQLite file."""
    if migrate.current(database) != migrate.head():
        raise BadBackup("; ".join(migrate.problems(database)))
    url = f"sqlite:///{copy}"
    migrate.upgrade(url)
    with (
        _throwaway(url) as target,
        database.reading() as uow,
        _unchecked(target) as writing,
        triggers.off(writing),
    ):
        copying.copy_tables(uow.session.connection(), writing, metadata)


def _copy_back(copy: Path, database: Database) -> None:
    """Over the live file as one transaction: open connections see the old state, then the new."""
    if database.path is None:
        raise BadBackup("a database in memory cannot be restored")
    with (
        closing(sqlite3.connect(copy)) as source,
        closing(sqlite3.connect(database.path, timeout=60)) as target,
    ):
        source.backup(target, pages=-1)


def _rows_back(copy: Path, database: Database, metadata: sa.MetaData) -> None:
    with _throwaway(f"sqlite:///{copy}") as source, database.writing() as uow:
        target = uow.session.connection()
        with triggers.off(target), source.reading() as old:
            copying.empty_tables(target, metadata)
            copying.copy_tables(old.session.connection(), target, metadata)
        copying.advance_sequences(target, metadata)


@contextmanager
def _throwaway(url: str) -> Iterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        database.close()


@contextmanager
def _unchecked(database: Database) -> Iterator[Connection]:
    """Foreign keys off: the whole copy is checked at once afterwards."""
    with database.engine.execution_options(**WRITING).connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        driver.execute("PRAGMA foreign_keys=OFF")
        with connection.begin():
            yield connection
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def _opened(source: Path) -> Iterator[tuple[Path, Manifest]]:
    """The tables of a backup as a file of their own, verified against the manifest."""
    with tempfile.TemporaryDirectory(prefix="collab-restore-") as folder:
        copy = Path(folder) / TABLES
        try:
            with zipfile.ZipFile(source) as archive:
                said = json.loads(archive.read(MANIFEST))
                with archive.open(TABLES) as packed, copy.open("wb") as file:
                    shutil.copyfileobj(packed, file, MANY)
            said["activity"] = tuple(said["activity"])
            said["lost"] = tuple(Loss(*one) for one in said.get("lost", ()))
            manifest = Manifest(**said)
        except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError) as failure:
            raise BadBackup(f"{source.name} is not a whole backup: {failure}") from failure
        if manifest.format != FORMAT:
            raise BadBackup(f"{source.name} has format {manifest.format}, not {FORMAT}")
        found = _inspect(copy, manifest.engine)
        for what in ("sha256", "head", "rows", "activity"):
            if getattr(found, what) != getattr(manifest, what):
                raise BadBackup(f"{source.name}: {what} is not what its manifest says")
        if manifest.files:
            backup_files.check(source, manifest.contents(copy))
        if manifest.head not in set(migrate.steps()):
            raise BadBackup(f"{source.name} was made by other code, version {manifest.head}")
        yield copy, manifest


def _inspect(copy: Path, engine: str) -> Manifest:
    """What the file really holds. Raises BadBackup when SQLite finds it unsound."""
    digest = _digest(copy)
    try:
        with closing(sqlite3.connect(f"file:{copy}?mode=ro", uri=True)) as connection:
            sound = [row[0] for row in connection.execute("PRAGMA integrity_check")]
            if sound != ["ok"]:
                raise BadBackup(f"integrity check: {sound[0]}")
            broken = connection.execute("PRAGMA foreign_key_check").fetchall()
            if broken:
                raise BadBackup(f"{len(broken)} rows refer to nothing, first in {broken[0][0]}")
            rows = _count(connection)
            heads = connection.execute("SELECT version_num FROM alembic_version").fetchall()
            ends = connection.execute("SELECT sequence, hash FROM activity_head").fetchall()
    except sqlite3.Error as failure:
        raise BadBackup(f"the tables cannot be read: {failure}") from failure
    end = (ends[0][0], ends[0][1]) if ends else (0, "")
    now = clock.now().isoformat(timespec="seconds")
    return Manifest(FORMAT, now, engine, heads[0][0] if heads else None, rows, end, digest)


def _count(connection: sqlite3.Connection) -> dict[str, int]:
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        " AND name NOT IN ('alembic_version', 'lease') ORDER BY name"
    ).fetchall()
    return {
        name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]  # noqa: S608
        for (name,) in names
    }


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _has_rows(database: Database, metadata: sa.MetaData) -> bool:
    with database.reading() as uow:
        connection = uow.session.connection()
        return any(copying.has_rows(connection, table) for table in metadata.sorted_tables)


def _last_event(database: Database) -> int:
    with database.reading() as uow:
        return newest(uow)


def _announce(database: Database, last_event: int) -> None:
    """Numbers of events never go back: who follows them by number must notice the restore.

    A database that was lost may have come further than its backup: those numbers are left out.
    """
    with database.writing() as uow:
        connection = uow.session.connection()
        connection.execute(sa.delete(Lease))
        first = max(last_event, newest(uow)) + LEFT_OUT + 1
        copying.number_from(connection, OutboxEvent.__tablename__, first)
        uow.record(DatabaseRestored())


def _compare(database: Database, metadata: sa.MetaData, wanted: Manifest) -> None:
    if migrate.problems(database):
        raise BadBackup("; ".join(migrate.problems(database)))
    with database.reading() as uow:
        connection = uow.session.connection()
        for table in metadata.sorted_tables:
            if table.name in wanted.rows:
                found = copying.count(connection, table)
                if found < wanted.rows[table.name]:
                    raise BadBackup(f"{table.name}: {found} rows, {wanted.rows[table.name]} wanted")


def _to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
