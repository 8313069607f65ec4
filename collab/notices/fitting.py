"""Tells providers of new needs that fit, if they may read them: once for each person and need."""

from __future__ import annotations

from collections.abc import Sequence

from collab.kernel.events import Event
from collab.kernel.happened import MatchesRefreshed
from collab.kernel.identity import Actor
from collab.matching import store as matches
from collab.members import store as members
from collab.needs import store as needs
from collab.notices import service
from collab.storage.database import Database
from collab.storage.uow import UnitOfWork

WORTH_TELLING = 10  # a capability among the first ten of a step is worth a notice


def follow(database: Database, events: Sequence[Event]) -> None:
    """Listener: after a need's matches were made anew, tell those who stand high among them."""
    for need_id in {e.need_id for e in events if isinstance(e, MatchesRefreshed)}:
        with database.writing() as uow:
            _tell_providers(uow, need_id)


def _tell_providers(uow: UnitOfWork, need_id: int) -> None:
    need = needs.need_by_id(uow, need_id)
    if need is None or need.published_at is None:
        return
    for organisation_id in matches.best_owners(uow, need_id, WORTH_TELLING):
        if organisation_id == need.organisation_id:
            continue
        # the same rule as everywhere decides what this organisation may know of
        reader = Actor(organisation_ids=frozenset({organisation_id}))
        if not needs.needs_by_key(uow, reader, [need.public_id]):
            continue
        for person_id in members.person_ids_of(uow, organisation_id):
            service.tell(
                uow,
                person_id,
                "fitting_need",
                {"title": need.title},
                f"/needs/{need.public_id}",
                f"fits:{need_id}",
            )
