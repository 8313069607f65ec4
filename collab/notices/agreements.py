"""Tells the other party of an agreement what happened to it, once."""

from __future__ import annotations

from collections.abc import Sequence

from collab.agreements import store as agreements
from collab.agreements.rules import Side
from collab.kernel.events import Event
from collab.kernel.happened import AgreementChanged
from collab.members import store as members
from collab.notices.service import tell
from collab.storage.database import Database


def follow(database: Database, events: Sequence[Event]) -> None:
    """Listener: the people of the side that did not act; the same event twice tells once."""
    with database.writing() as uow:
        for event in events:
            if not isinstance(event, AgreementChanged):
                continue
            row = agreements.agreement_by_id(uow, event.agreement_id)
            if row is None:
                continue
            audience = row.provider_id if event.side == Side.OWNER else row.owner_id
            once = f"agreement:{row.id}:{event.act}:{event.serial}"
            url = f"/agreements/{row.public_id}"
            for person_id in members.person_ids_of(uow, audience):
                tell(uow, person_id, f"agreement_{event.act}", {"title": row.title}, url, once)
