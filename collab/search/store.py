"""Reads saved searches, and what machines say of their indexes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import col, select

from collab.kernel.errors import NotFound
from collab.kernel.identity import Actor
from collab.search.models import SavedSearch, SearchFollower
from collab.storage.uow import UnitOfWork


def saved_of(uow: UnitOfWork, actor: Actor) -> Sequence[SavedSearch]:
    """The actor's own saved searches, newest first."""
    if actor.person_id is None:
        return []
    return uow.session.exec(
        select(SavedSearch)
        .where(col(SavedSearch.person_id) == actor.person_id)
        .order_by(col(SavedSearch.id).desc())
    ).all()


def open_saved(uow: UnitOfWork, actor: Actor, key: str) -> SavedSearch:
    """One of the actor's own; NotFound for anybody else's."""
    found = next((row for row in saved_of(uow, actor) if row.public_id == key), None)
    if found is None:
        raise NotFound("saved_search", key)
    return found


def person_ids(uow: UnitOfWork) -> list[int]:
    """Everybody who keeps a saved search."""
    query = select(SavedSearch.person_id).distinct().order_by(col(SavedSearch.person_id))
    return list(uow.session.exec(query))


def followers(uow: UnitOfWork) -> Sequence[SearchFollower]:
    """What every machine last said of its index, by name."""
    return uow.session.exec(select(SearchFollower).order_by(col(SearchFollower.machine))).all()


def follower_row(uow: UnitOfWork, machine: str) -> SearchFollower:
    """The row of one machine, a new one when it says something for the first time."""
    found = uow.session.get(SearchFollower, machine, with_for_update=True)
    return found or SearchFollower(machine=machine, engine="", state="")


def forget_followers(uow: UnitOfWork, before: datetime) -> None:
    """Leave out machines that said nothing since then."""
    gone = col(SearchFollower.seen_at) < before
    uow.session.connection().execute(sa.delete(SearchFollower).where(gone))
