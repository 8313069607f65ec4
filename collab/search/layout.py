"""Where an index lives on disk: numbered folders, one pointer, one writer's lock, one journal."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

LOCK_WAIT = 20.0
_POLL = 0.02
PLACE = "position.json"
_DISTRUSTED = "distrusted "


class SearchError(Exception):
    """Search cannot do what was asked; the caller may answer from the database instead."""


class IndexUnavailable(SearchError):
    """There is no index, or it cannot be read."""


class WriterBusy(SearchError):
    """Another process has been writing for longer than the caller wants to wait."""


@dataclass(frozen=True, slots=True)
class Meta:
    """What an index was made with; another analyser or vocabulary asks for a rebuild.

    An index of another `format` cannot be read; one of another analyser or vocabulary can, until
    the rebuild in the background is done.
    """

    engine: str
    format: str
    analyser: str
    vocabulary: str


@dataclass(frozen=True, slots=True)
class Position:
    """Up to which event an index has followed which database."""

    feed: str
    number: int


def sync_folder(folder: Path) -> None:
    """Make the folder's entries survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_safely(path: Path, content: str) -> None:
    """Replace a small file so that a reader sees the old or the new content, also after a crash."""
    fresh = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    with fresh.open("w", encoding="utf-8") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    fresh.replace(path)
    sync_folder(path.parent)


class Layout:
    """The folder of one index: `current` names the live sub-folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._pointer = root / "current"
        self._journal = root / "journal"
        self._broken = root / "broken"
        self._due = root / "due"

    def stamp(self) -> tuple[int, int] | None:
        """Changes whenever another folder goes live; None when there is no index."""
        try:
            found = self._pointer.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns

    def live(self) -> Path:
        """The live folder; raises IndexUnavailable when there is none."""
        try:
            name = self._pointer.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise IndexUnavailable("no index yet") from error
        folder = self.root / name
        if not name or not folder.is_dir():
            raise IndexUnavailable(f"index folder {name} is gone")
        return folder

    def meta(self) -> Meta | None:
        """What the live index was made with; None when there is none or it is unreadable."""
        try:
            plain = json.loads((self.live() / "made-with.json").read_text(encoding="utf-8"))
            return Meta(**plain)
        except (IndexUnavailable, OSError, ValueError, TypeError):
            return None

    def position(self) -> Position | None:
        """How far the live index has come; None when it does not say."""
        try:
            return Position(**json.loads((self.live() / PLACE).read_text(encoding="utf-8")))
        except (IndexUnavailable, OSError, ValueError, TypeError):
            return None

    @staticmethod
    def keep_position(folder: Path, position: Position) -> None:
        """Say so after the commit that brought it there; lost, the events are followed again."""
        write_safely(folder / PLACE, json.dumps(asdict(position)))

    def fresh(self, meta: Meta) -> Path:
        """A new empty folder, not live yet."""
        self.root.mkdir(parents=True, exist_ok=True)
        folder = self.root / f"v-{time.time_ns():x}-{uuid.uuid4().hex[:6]}"
        folder.mkdir()
        write_safely(folder / "made-with.json", json.dumps(asdict(meta)))
        return folder

    def switch(self, folder: Path) -> None:
        """Make `folder` live at once; the one before stays for readers that still use it."""
        before = None
        with suppress(IndexUnavailable):
            before = self.live()
        write_safely(self._pointer, folder.name)
        for old in self.root.glob("v-*"):
            if old not in (folder, before):
                shutil.rmtree(old, ignore_errors=True)

    @contextmanager
    def lock(self, name: str = "writer", wait: float = LOCK_WAIT) -> Iterator[None]:
        """Hold the only writer's place; raises WriterBusy after `wait` seconds.

        The system frees the lock when a process dies, so nothing has to be cleaned up.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / f"{name}.lock").open("a") as handle:
            until = time.monotonic() + wait
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() >= until:
                        raise WriterBusy(f"no place for a writer within {wait:g} s") from None
                    time.sleep(_POLL)
            try:
                yield
            finally:
                fcntl.flock(handle, fcntl.LOCK_UN)

    # ---- a reader that met a broken file asks for a rebuild

    def mark_broken(self) -> None:
        """Say so to whoever looks after the index, in whatever process."""
        with suppress(OSError):
            if self.root.is_dir() and not self._broken.exists():
                self._broken.touch()

    def is_broken(self) -> bool:
        """True when a reader met a broken file since the last rebuild began."""
        return self._broken.exists()

    def unmark_broken(self) -> None:
        """A rebuild begins."""
        self._broken.unlink(missing_ok=True)

    # ---- an index that cannot be brought up to date by changes asks for a rebuild

    def ask(self, *, distrusted: bool = False) -> None:
        """A rebuild is due that begins after now; until then the index may answer, or may not."""
        if self.root.is_dir():
            mark = _DISTRUSTED if distrusted or self.is_distrusted() else ""
            write_safely(self._due, f"{mark}{uuid.uuid4().hex}")

    def is_distrusted(self) -> bool:
        """True when what the index says may be what somebody may not know any more."""
        return self.asked().startswith(_DISTRUSTED)

    def asked(self) -> str:
        """What `ask` last noted, empty when no rebuild is due."""
        try:
            return self._due.read_text(encoding="utf-8")
        except OSError:
            return ""

    def done(self, asked: str) -> None:
        """The rebuild that began with this note is in force; a later note stays."""
        if asked and self.asked() == asked:
            self._due.unlink(missing_ok=True)

    # ---- changes that arrive while a rebuild runs

    def start_journal(self) -> None:
        """From now on note every change for the rebuild; the writer's lock must be held."""
        write_safely(self._journal, "")

    def note(self, lines: list[str]) -> None:
        """Note changes when a rebuild is running; the writer's lock must be held."""
        if self._journal.exists() and not self._abandoned():
            with self._journal.open("a", encoding="utf-8") as handle:
                handle.writelines(line + "\n" for line in lines)
                handle.flush()
                os.fsync(handle.fileno())

    def _abandoned(self) -> bool:
        """True, and the notes dropped, when the rebuild that wanted them has died."""
        try:
            with self.lock("rebuild", wait=0):
                self.drop_journal()
                return True
        except WriterBusy:
            return False

    def end_journal(self) -> list[str]:
        """The changes noted, in order; the writer's lock must be held."""
        try:
            lines = self._journal.read_text(encoding="utf-8").splitlines()
        except OSError:
            return []
        return lines

    def drop_journal(self) -> None:
        """No rebuild needs the notes any more."""
        self._journal.unlink(missing_ok=True)
