"""One unit of work: rows, events and the record of who did it, in one commit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
import sqlmodel
from sqlalchemy.dialects import postgresql, sqlite

from collab.kernel import clock
from collab.kernel.errors import Conflict
from collab.kernel.events import Event
from collab.kernel.identity import Actor
from collab.storage import audit
from collab.storage.models import OutboxEvent, Versioned

EVENT_ORDER = 7_262_003


class UnitOfWork:
    """What a use case works on. Made by `Database.reading()` and `Database.writing()` only."""

    def __init__(self, session: sqlmodel.Session, *, writable: bool) -> None:
        self.session = session
        self.announced = False
        self._writable = writable
        self._events: list[dict[str, Any]] = []
        self._notes: list[audit.Note] = []

    @property
    def writable(self) -> bool:
        """Whether this unit of work may change anything."""
        return self._writable

    def record(self, event: Event, *, due: datetime | None = None, once: str | None = None) -> None:
        """Announce `event` with this commit; nothing is announced when it is rolled back.

        With `due` (aware) listeners get it no earlier than then. A second event with the same
        `once` key is dropped silently: `once="digest:2026-11-22"` makes a daily job.
        """
        self._must_write()
        now = clock.now()
        self._events.append(
            {
                "name": event.name,
                "payload": event.to_json(),
                "recorded_at": now,
                "due_at": due or now,
                "once": once,
            }
        )

    def note(
        self,
        actor: Actor,
        action: str,
        kind: str,
        key: str,
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
    ) -> None:
        """Put on record that `actor` did `action` to the thing `kind` `key`, in this commit."""
        self._must_write()
        self._notes.append(audit.note(actor, action, kind, key, before, after))

    def expect(self, row: Versioned, version: int | None) -> None:
        """Refuse with Conflict("stale") when the person edited another version of the row."""
        if version is not None and row.version != version:
            raise Conflict("stale", version=row.version)

    def flush(self) -> None:
        """Send changes to the database, so that new rows have their keys."""
        self.session.flush()

    def seal(self) -> None:
        """Write events and notes last, so that the lock on the record is held only briefly."""
        if not self._writable:
            return
        self.session.flush()
        self._write_events()
        audit.append(self.session, self._notes)
        self.announced = bool(self._events)

    def _write_events(self) -> None:
        if not self._events:
            return
        connection = self.session.connection()
        if connection.dialect.name == "postgresql":  # numbers in the order of the commits
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(EVENT_ORDER)))
        insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        table = OutboxEvent.__table__  # type: ignore[attr-defined]
        plain = [values for values in self._events if values["once"] is None]
        if plain:
            connection.execute(sa.insert(table), plain)
        for values in self._events:
            if values["once"] is not None:
                statement = insert(table).values(**values)
                connection.execute(statement.on_conflict_do_nothing(index_elements=["once"]))

    def _must_write(self) -> None:
        if not self._writable:
            raise RuntimeError("a reading unit of work cannot change anything; use writing()")
