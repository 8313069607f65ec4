"""Lets a process follow the events of all processes, to keep what it holds in memory current."""

from __future__ import annotations

import threading

from sqlmodel import col, func, select

from collab.kernel.events import DatabaseRestored, Event, from_json
from collab.storage.models import OutboxEvent
from collab.storage.uow import UnitOfWork

MOST = 2000  # further behind than this it is cheaper to begin anew


class Follower:
    """Remembers which events a process has seen. Safe to share between threads.

    The unit of work numbers events in the order of their commits, so whoever sees one number sees
    every lower one, and the highest number seen says it all.
    """

    def __init__(self) -> None:
        self._seen: int | None = None
        self._lock = threading.Lock()

    def changes(self, uow: UnitOfWork) -> list[Event] | None:
        """Events since the last call, oldest first; None when everything must be read anew.

        Call it in the same unit of work in which the state is then read, so that state and
        position agree.
        """
        with self._lock:
            return self._advance(uow)

    @property
    def position(self) -> int:
        """The number of the last event seen, 0 before the first call."""
        return self._seen or 0

    def since(self, uow: UnitOfWork, position: int) -> list[Event] | None:
        """Go on from a position kept elsewhere; None when everything must be read anew."""
        with self._lock:
            self._seen = position
            return self._advance(uow)

    def _advance(self, uow: UnitOfWork) -> list[Event] | None:
        if self._seen is None:
            self._begin(uow)
            return None
        rows = uow.session.exec(
            select(OutboxEvent.id, OutboxEvent.name, OutboxEvent.payload)
            .where(col(OutboxEvent.id) > self._seen)
            .order_by(col(OutboxEvent.id))
            .limit(MOST)
        ).all()
        anew = any(
            name == DatabaseRestored.__name__ or name not in Event.REGISTRY for _, name, _ in rows
        )
        if len(rows) == MOST or anew:
            self._begin(uow)
            return None
        if rows:
            self._seen = rows[-1][0]
        return [from_json(name, dict(payload)) for _, name, payload in rows]

    def _begin(self, uow: UnitOfWork) -> None:
        self._seen = uow.session.exec(select(func.max(col(OutboxEvent.id)))).one() or 0
