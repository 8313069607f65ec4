"""Tells people of new hits of the searches they keep, once for each hit they may read."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import timedelta

from collab.kernel import clock
from collab.kernel.events import Event
from collab.kernel.identity import VISITOR, Actor
from collab.members import service as members
from collab.members import store as people
from collab.notices import service
from collab.notices.events import SavedSearchesDue
from collab.search import saved, store
from collab.search.models import SavedSearch
from collab.search.service import SearchService
from collab.storage.database import Database
from collab.storage.uow import UnitOfWork

EVERY = timedelta(minutes=1)  # changes of so long are looked at together
ONE_BY_ONE = 3  # more new hits than this at once are told in one notice
FAMILIES = {"cap": "capabilities", "org": "organisations", "need": "needs"}


def wake(database: Database, _events: Sequence[Event]) -> None:
    """Listener: something that can be found changed, so look at the saved searches soon."""
    with database.reading() as uow:
        if not store.person_ids(uow):
            return
    now = clock.now()
    slot = int(now.timestamp() // EVERY.total_seconds())
    with database.writing() as uow:
        uow.record(SavedSearchesDue(), due=now + EVERY, once=f"saved-searches:{slot}")


def follower(search: SearchService) -> Callable[[Database, Sequence[Event]], None]:
    """The listener that looks through everybody's saved searches."""

    def follow(database: Database, _events: Sequence[Event]) -> None:
        search.catch_up()  # the index of this machine may be behind the one that woke us
        with database.reading() as uow:
            persons = store.person_ids(uow)
        for person_id in persons:
            check(database, search, person_id)

    return follow


def check(database: Database, search: SearchService, person_id: int) -> int:
    """Look for new hits of one person's searches and tell them; returns how many were new.

    Who the person is, and what may be read, is asked of the database in the same transaction.
    """
    with database.reading() as uow:  # mostly there is nothing new, and nothing to lock
        actor = _standing(uow, person_id)
        rows = store.saved_of(uow, actor)
        if not any(saved.fresh_hits(uow, actor, search, row) for row in rows):
            return 0
    with database.writing() as uow:
        actor = _standing(uow, person_id)
        return sum(_tell(uow, actor, search, row) for row in store.saved_of(uow, actor))


def _standing(uow: UnitOfWork, person_id: int) -> Actor:
    """The person as a member of the alliance; a visitor, who keeps nothing, without standing."""
    person = people.person_by_id(uow, person_id)
    if person is None or not person.active:
        return VISITOR
    actor = members.actor_of(uow, person)
    return actor if actor.is_member else VISITOR


def _tell(uow: UnitOfWork, actor: Actor, search: SearchService, row: SavedSearch) -> int:
    """The notice names the search, never the hit: what a hit says may be restricted later."""
    fresh = saved.new_hits(uow, actor, search, row)
    if not fresh or actor.person_id is None:
        return 0
    to_all = saved.address(saved.from_json({**row.query, "sort": "fresh"}))
    if len(fresh) > ONE_BY_ONE:
        once = hashlib.sha256("".join(sorted(fresh)).encode()).hexdigest()[:16]
        facts = {"title": row.title, "count": len(fresh)}
        service.tell(uow, actor.person_id, "saved_search_hits", facts, to_all,
                     f"saved:{row.public_id}:{once}")  # fmt: skip
        return len(fresh)
    for key in fresh:
        family = FAMILIES.get(key.partition("-")[0])
        service.tell(uow, actor.person_id, "saved_search_hit", {"title": row.title},
                     f"/{family}/{key}" if family else to_all,
                     f"saved:{row.public_id}:{key}")  # fmt: skip
    return len(fresh)
