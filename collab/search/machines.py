"""What each machine says of its own index: how far it has followed the events, and its state."""

from __future__ import annotations

import hashlib
import socket
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from collab.kernel import clock
from collab.search import store
from collab.search.index import IndexUnavailable, SearchIndex
from collab.storage.database import Database
from collab.storage.follower import newest
from collab.storage.uow import UnitOfWork

BEAT = 10.0  # seconds between two words of a machine that has nothing new to say
SILENT = timedelta(minutes=1)  # after this a machine counts as away
FORGOTTEN = timedelta(days=30)  # and after this it is left out
FOLLOWING, REBUILDING, MISSING, AWAY = "following", "rebuilding", "missing", "away"


@dataclass(frozen=True, slots=True)
class MachineState:
    """One machine's index; `behind` counts events that it has not taken yet."""

    machine: str
    engine: str
    state: str
    position: int
    behind: int
    documents: int
    mended: int
    checked_at: datetime | None
    seen_at: datetime


def name_of(folder: Path) -> str:
    """The name of an index: its machine, and a digest of the folder it stands in."""
    digest = hashlib.blake2s(str(folder.resolve()).encode(), digest_size=3).hexdigest()
    return f"{socket.gethostname()[:100]}:{digest}"


class Voice:
    """Says how one index stands, when that changed and every few seconds."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._name = name_of(folder)
        self._said: tuple[object, ...] = ()
        self._at = -BEAT

    def say(self, index: SearchIndex) -> None:
        """Write it down where every machine can read it."""
        position = index.position()
        try:
            documents = index.size()
            state = REBUILDING if index.needs_rebuild() else FOLLOWING
        except IndexUnavailable:
            documents, state = 0, MISSING
        now = (state, position.number if position else 0, documents)
        if now == self._said and time.monotonic() - self._at < BEAT:
            return
        with self._database.writing() as uow:
            row = store.follower_row(uow, self._name)
            row.engine, row.seen_at = index.engine, clock.now()
            row.state, row.position, row.documents = now
            uow.session.add(row)
            store.forget_followers(uow, clock.now() - FORGOTTEN)
        self._said, self._at = now, time.monotonic()

    def checked(self, mended: int) -> None:
        """The index was compared with the database and so many documents put right."""
        with self._database.writing() as uow:
            row = store.follower_row(uow, self._name)
            row.checked_at, row.mended = clock.now(), mended
            uow.session.add(row)


def machines(uow: UnitOfWork) -> list[MachineState]:
    """Every machine that has said something lately, by name."""
    last, now = newest(uow), clock.now()
    return [
        MachineState(
            r.machine, r.engine, AWAY if now - r.seen_at > SILENT else r.state, r.position,
            max(0, last - r.position), r.documents, r.mended, r.checked_at, r.seen_at,
        )
        for r in store.followers(uow)
    ]  # fmt: skip
