"""Tells the secretariat that somebody applied, claimed a record, or came to have its rights."""

from __future__ import annotations

from collections.abc import Sequence

from collab.kernel import clock
from collab.kernel.events import Event
from collab.kernel.happened import ApplicationChanged, RightsBegan
from collab.kernel.identity import Role
from collab.members import store as members
from collab.members import store_joining as joined
from collab.notices.service import tell
from collab.storage.database import Database
from collab.storage.uow import UnitOfWork


def follow(database: Database, events: Sequence[Event]) -> None:
    """Listener: one notice for each application and each person of the secretariat."""
    with database.writing() as uow:
        for event in events:
            if isinstance(event, ApplicationChanged):
                _applied(uow, event)
            elif isinstance(event, RightsBegan):
                _colleague(uow, event)


def _secretariat(uow: UnitOfWork) -> set[int]:
    return joined.holders(uow, Role.SECRETARIAT, None, clock.now())


def _applied(uow: UnitOfWork, event: ApplicationChanged) -> None:
    row = joined.application_by_id(uow, event.application_id)
    if row is None or row.state != joined.OPEN:
        return
    for person_id in sorted(_secretariat(uow)):
        tell(uow, person_id, "application", {"title": row.name_zh},
             f"/members/applications/{row.public_id}", f"application:{row.id}")  # fmt: skip


def _colleague(uow: UnitOfWork, event: RightsBegan) -> None:
    """The person's number alone: a name could not be erased from others' notices."""
    person = members.person_by_id(uow, event.person_id)
    for person_id in sorted(_secretariat(uow) - {event.person_id}):
        tell(uow, person_id, "rights_began", {"person": person.public_id if person else ""},
             "/members/people?scope=alliance", f"rights:{event.person_id}:{event.at}")  # fmt: skip
