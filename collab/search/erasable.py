"""Contents by key in a file that forgets: what is dropped or replaced is overwritten with zeros.

A database's table leaves copies of what it held where its pages were put in order, so contents
lie in a plain file, each where it was first written, and SQLite only knows where. Nothing in here
is ever needed: what cannot be read is given up.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import sqlite3
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from collab.search.layout import LOCK_WAIT, Layout

PLACES, CONTENTS = "terms.sqlite", "terms-*.data"
ROOM = 16 * 2**20  # bytes that may lie waste before the file is written anew
_TABLES = (
    "CREATE TABLE place (start INTEGER PRIMARY KEY, name INTEGER UNIQUE, length INTEGER)",
    "CREATE TABLE file (name TEXT)",
)
_ALL = "SELECT start, name, length FROM place ORDER BY start"
_PUT = "INSERT INTO place (start, name, length) VALUES (?, ?, ?)"
_FAULTS = (sqlite3.Error, OSError, ValueError, TypeError, OverflowError)
log = logging.getLogger(__name__)


def name_of(key: str) -> int:
    """A number in place of a key, so that keys that are gone leave nothing to be read."""
    digest = hashlib.blake2b(key.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


class Erasable:
    """The contents of one folder; safe between threads and processes.

    Every use opens the files anew under a lock, so that they can be taken away when they fail.
    A process killed in the middle leaves zeros where a content was to go, or a tail that no place
    is known of and that the next writer cuts off; never a content without its place.
    """

    def __init__(self, root: Path, wait: float = LOCK_WAIT) -> None:
        self._root = root
        self._layout = Layout(root)
        self._wait = wait

    def read(self, keys: Iterable[str]) -> dict[str, bytes]:
        """Contents of those keys that have one."""
        return self.read_named({name_of(key): key for key in keys})

    def read_named(self, keys: Mapping[int, str]) -> dict[str, bytes]:
        """The same of keys by their names."""
        marks = ",".join("?" * len(keys))
        query = f"SELECT start, name, length FROM place WHERE name IN ({marks})"  # noqa: S608
        found: dict[str, bytes] = {}
        with self._using() as files:
            if files is not None:
                for start, name, length in files.places.execute(query, [*keys]).fetchall():
                    found[keys[name]] = files.content(start, length)
        return found

    def write(
        self, contents: Mapping[str, bytes], gone: Iterable[str] = (), *, durable: bool = True
    ) -> None:
        """Put contents in the place of what was there, and drop what is gone.

        Without `durable` a power cut may damage what is there, but not a killed process.
        """
        with self._using(create=bool(contents)) as files:
            if files is not None:
                files.change({name_of(k): c for k, c in contents.items()}, map(name_of, gone),
                             durable=durable)  # fmt: skip

    def only(self, names: Collection[int]) -> None:
        """Drop everything but what has these names."""
        with self._using() as files:
            if files is not None:
                known = [row[0] for row in files.places.execute("SELECT name FROM place")]
                others = [name for name in known if name not in names]
                if others:
                    files.change({}, others)

    @contextmanager
    def _using(self, *, create: bool = False) -> Iterator[_Files | None]:
        """The open files, or None; those that fail are taken away.

        Raises WriterBusy when the lock cannot be had.
        """
        with self._layout.lock("terms", wait=self._wait):
            files = self._opened(create)
            if files is None:
                yield None
                return
            try:
                with closing(files):
                    yield files
            except _FAULTS as error:
                self._give_up(error)

    def _opened(self, create: bool) -> _Files | None:
        try:
            if create or (self._root / PLACES).exists():
                return _Files(self._root)
        except _FAULTS as error:
            self._give_up(error)
        return None

    def _give_up(self, error: Exception) -> None:
        log.warning("kept terms are given up: %s", error)
        for file in (*self._root.glob(f"{PLACES}*"), *self._root.glob(CONTENTS)):
            shutil.rmtree(file) if file.is_dir() else file.unlink(missing_ok=True)


class _Files:
    """Both files, open; the lock is held."""

    def __init__(self, root: Path) -> None:
        self._root = root
        path = root / PLACES
        new = not path.exists()
        if new:
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        self.places = sqlite3.connect(path, isolation_level=None)
        self.data = -1
        try:
            if new:
                self._start_anew()
            self.data = os.open(self._named(), os.O_RDWR)
            self._size = os.fstat(self.data).st_size
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of both."""
        self.places.close()
        if self.data >= 0:
            os.close(self.data)

    def _named(self) -> Path:
        """The file that the places are in; others were left by killed processes."""
        name = self.places.execute("SELECT name FROM file").fetchone()[0]
        named = None
        for file in self._root.glob(CONTENTS):
            if file.name == name:
                named = file
            else:
                file.unlink()
        if named is None:
            raise FileNotFoundError(name)
        return named

    def _start_anew(self) -> None:
        fresh = self._fresh()
        self.places.execute("BEGIN IMMEDIATE")
        for table in _TABLES:
            self.places.execute(table)
        self.places.execute("INSERT INTO file VALUES (?)", (fresh.name,))
        self.places.execute("COMMIT")

    def _fresh(self) -> Path:
        path = self._root / CONTENTS.replace("*", uuid.uuid4().hex)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        return path

    def change(
        self, contents: Mapping[int, bytes], gone: Iterable[int], *, durable: bool = True
    ) -> None:
        """Write behind what is there, overwrite what was, then say where everything is."""
        end = self._end()
        os.ftruncate(self.data, end)
        rows = []
        for name, content in contents.items():
            rows.append((end, name, len(content)))
            end += len(content)
        if rows:
            _written(self.data, b"".join(contents.values()), rows[0][0])
        self._size = end
        starts = self._overwritten({*contents, *gone})
        if durable:
            os.fsync(self.data)
        self.places.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
        self.places.execute("BEGIN IMMEDIATE")
        self.places.executemany("DELETE FROM place WHERE start = ?", starts)
        self.places.executemany(_PUT, rows)
        self.places.execute("COMMIT")
        if starts:
            self._tidy()

    def content(self, start: int, length: int) -> bytes:
        """What lies there; a ValueError when nothing can."""
        self._must_lie(start, length)
        return os.pread(self.data, length, start)

    def _must_lie(self, start: int, length: int) -> None:
        """Damaged places must not ask for more memory, or a larger file, than there is."""
        if min(start, length, self._size - start - length) < 0:
            raise ValueError(f"nothing lies at {start} for {length} bytes")

    def _end(self) -> int:
        query = "SELECT start, length FROM place ORDER BY start DESC LIMIT 1"
        for start, length in self.places.execute(query):
            self._must_lie(start, length)
            return int(start + length)
        return 0

    def _overwritten(self, names: Collection[int]) -> list[tuple[int]]:
        """Zeros over the contents of these names; where they began."""
        query = "SELECT start, length FROM place WHERE name = ?"
        found = []
        for name in names:
            for start, length in self.places.execute(query, (name,)):
                self._must_lie(start, length)
                _written(self.data, bytes(length), start)
                found.append((start,))
        return found

    def _tidy(self) -> None:
        """Write the file anew when most of it is zeros."""
        end, used = self._end(), self.places.execute("SELECT sum(length) FROM place").fetchone()[0]
        if end - (used or 0) < max(ROOM, used or 0):
            return
        fresh = self._fresh()
        rows, at = [], 0
        with fresh.open("wb") as target:
            for start, name, length in self.places.execute(_ALL).fetchall():
                target.write(self.content(start, length))
                rows.append((at, name, length))
                at += length
            target.flush()
            os.fsync(target.fileno())
        self.places.execute("BEGIN IMMEDIATE")
        self.places.execute("DELETE FROM place")
        self.places.executemany(_PUT, rows)
        self.places.execute("UPDATE file SET name = ?", (fresh.name,))
        self.places.execute("COMMIT")
        self._named()  # takes the one before away


def _written(handle: int, content: bytes, start: int) -> None:
    view = memoryview(content)
    while view:
        done = os.pwrite(handle, view, start)
        view, start = view[done:], start + done
