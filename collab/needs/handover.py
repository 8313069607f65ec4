"""Needs of somebody who leaves go to a successor of the same organisation."""

from __future__ import annotations

from collab.kernel.identity import Actor
from collab.members import store_joining as joined
from collab.needs import store
from collab.storage.uow import UnitOfWork


def hand_over(
    uow: UnitOfWork, actor: Actor, organisation_id: int, person_id: int, successor_id: int
) -> int:
    """Change the author of the needs that a person posted for an organisation; how many."""
    joined.require_people_of(uow, actor, organisation_id)
    rows = store.needs_of_author(uow, organisation_id, person_id)
    for need in rows:
        need.author_id = successor_id
        uow.session.add(need)
        uow.note(actor, "handed_over", "need", need.public_id, {"author": person_id},
                 {"author": successor_id})  # fmt: skip
    return len(rows)


def authored(uow: UnitOfWork, actor: Actor) -> list[dict[str, str]]:
    """The needs that the actor wrote, for the export of personal data."""
    if actor.person_id is None:
        return []
    return [
        {"id": need.public_id, "title": need.title}  # how it stands may be closed to them by now
        for need in store.needs_of_author(uow, None, actor.person_id)
    ]
