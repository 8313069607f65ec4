"""Lets whoever keeps something derived follow the events of all processes by their numbers."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from sqlmodel import col, func, select

from collab.kernel.events import DatabaseRestored, Event, from_json
from collab.storage.models import OutboxEvent, OutboxFloor
from collab.storage.uow import UnitOfWork

MOST = 2000  # further behind than this it is cheaper to begin anew


@dataclass(frozen=True, slots=True)
class Stretch:
    """Events that follow a position, oldest first, and the position after them."""

    events: tuple[Event, ...]
    position: int
    whole: bool  # nothing stands behind it


def newest(uow: UnitOfWork) -> int:
    """The highest number that an event has had, 0 when nothing ever happened."""
    return max(_ends(uow))


def stretch(uow: UnitOfWork, after: int, most: int = MOST) -> Stretch | None:
    """At most `most` events after a position; None when they cannot be followed from there.

    That is so when events behind the position were tidied away, when a backup was brought back,
    when an event is unknown here, and when the position is one that this database never reached.
    """
    floor, last = _ends(uow)  # most calls find nothing new: one statement says so
    if after == max(floor, last):
        return Stretch((), after, whole=True)
    if not floor <= after < last:
        return None
    rows = uow.session.exec(
        select(OutboxEvent.id, OutboxEvent.name, OutboxEvent.payload)
        .where(col(OutboxEvent.id) > after)
        .order_by(col(OutboxEvent.id))
        .limit(most)
    ).all()
    if after < _ends(uow)[0]:  # asked again: rows may have been tidied away in between
        return None
    names = {name for _, name, _ in rows}
    if DatabaseRestored.__name__ in names or not names <= Event.REGISTRY.keys():
        return None
    events = tuple(from_json(name, dict(payload)) for _, name, payload in rows)
    return Stretch(events, (rows[-1][0] or after) if rows else after, len(rows) < most)


def _ends(uow: UnitOfWork) -> tuple[int, int]:
    """The highest number of an event that was tidied away, and of one that is kept; 0 for none."""
    floor = select(func.max(col(OutboxFloor.number))).scalar_subquery()
    last = select(func.max(col(OutboxEvent.id))).scalar_subquery()
    gone, kept = uow.session.exec(select(floor, last)).one()
    return gone or 0, kept or 0


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
        found = None if self._seen is None else stretch(uow, self._seen)
        if found is None or not found.whole:
            self._seen = newest(uow)
            return None
        self._seen = found.position
        return list(found.events)
