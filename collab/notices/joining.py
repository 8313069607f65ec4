"""Tells the secretariat that somebody applied or claimed a record."""

from __future__ import annotations

from collections.abc import Sequence

from collab.kernel import clock
from collab.kernel.events import Event
from collab.kernel.happened import ApplicationChanged
from collab.kernel.identity import Role
from collab.members import store_joining as joined
from collab.notices.service import tell
from collab.storage.database import Database


def follow(database: Database, events: Sequence[Event]) -> None:
    """Listener: one notice for each application and each person of the secretariat."""
    with database.writing() as uow:
        for event in events:
            if not isinstance(event, ApplicationChanged):
                continue
            row = joined.application_by_id(uow, event.application_id)
            if row is None or row.state != joined.OPEN:
                continue
            for person_id in sorted(joined.holders(uow, Role.SECRETARIAT, None, clock.now())):
                tell(uow, person_id, "application", {"title": row.name_zh},
                     f"/members/applications/{row.public_id}", f"application:{row.id}")  # fmt: skip
