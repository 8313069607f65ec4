"""Lets a process follow the events of all processes, to keep what it holds in memory current."""

from __future__ import annotations

import threading

from sqlalchemy import func
from sqlmodel import col, select

from collab.kernel.events import Event, from_json
from collab.storage.models import OutboxEvent
from collab.storage.uow import UnitOfWork

TRAIL = 200  # on PostgreSQL a lower number may commit after a higher one; so look back this far
MOST = 2000  # further behind than this it is cheaper to begin anew


class Follower:
    """Remembers which events a process has seen. Safe to share between threads."""

    def __init__(self) -> None:
        self._seen: int | None = None
        self._recent: frozenset[int] = frozenset()
        self._lock = threading.Lock()

    def changes(self, uow: UnitOfWork) -> list[Event] | None:
        """Events since the last call, oldest first; None when everything must be read anew.

        Call it in the same unit of work in which the state is then read, so that state and
        position agree.
        """
        with self._lock:
            return self._advance(uow)

    def _advance(self, uow: UnitOfWork) -> list[Event] | None:
        if self._seen is None:
            self._begin(uow)
            return None
        rows = uow.session.exec(
            select(OutboxEvent.id, OutboxEvent.name, OutboxEvent.payload)
            .where(col(OutboxEvent.id) > self._seen - TRAIL)
            .order_by(col(OutboxEvent.id))
            .limit(MOST)
        ).all()
        new = [row for row in rows if row[0] not in self._recent]
        if len(rows) == MOST or any(name not in Event.REGISTRY for _, name, _ in new):
            self._begin(uow)
            return None
        if new:
            self._seen = max(self._seen, *(row[0] or 0 for row in rows))
            self._recent = frozenset(
                row[0] or 0 for row in rows if (row[0] or 0) > self._seen - TRAIL
            )
        return [from_json(name, payload) for _, name, payload in new]

    def _begin(self, uow: UnitOfWork) -> None:
        last = uow.session.exec(select(func.max(col(OutboxEvent.id)))).one()
        self._seen = last or 0
        self._recent = frozenset(
            i or 0
            for i in uow.session.exec(
                select(OutboxEvent.id).where(col(OutboxEvent.id) > self._seen - TRAIL)
            )
        )
