"""When a coordinator last looked at the desk, so that it can say what changed since."""

from __future__ import annotations

from datetime import datetime, timedelta

from collab.kernel import clock
from collab.kernel.identity import Actor
from collab.network import access, store
from collab.network.models import DeskVisit
from collab.storage.uow import UnitOfWork

APART = timedelta(hours=6)  # looks closer than this are one visit
FIRST = timedelta(days=7)  # what a first visit is told


def since(uow: UnitOfWork, actor: Actor) -> datetime:
    """From when on changes are new to the actor: the visit before the present one."""
    now = clock.now()
    visit = store.visit_of(uow, actor.person_id or 0)
    if visit is None:
        return now - FIRST
    return visit.seen_at if now - visit.seen_at > APART else visit.before or now - FIRST


def seen(uow: UnitOfWork, actor: Actor) -> None:
    """The actor looks now. Raises NotAllowed for everybody but coordinators and the secretariat."""
    access.must_coordinate(actor)
    now = clock.now()
    visit = store.visit_of(uow, actor.person_id or 0)
    if visit is None:
        uow.session.add(DeskVisit(person_id=actor.person_id or 0, seen_at=now))
        return
    if now - visit.seen_at > APART:
        visit.before = visit.seen_at
    visit.seen_at = now
