"""Named queries over notices."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete
from sqlmodel import col, func, select

from collab.notices.models import Notice
from collab.storage.uow import UnitOfWork

LATEST = 100


def notices_of(uow: UnitOfWork, person_id: int | None) -> Sequence[Notice]:
    """The latest notices of a person, newest first."""
    return uow.session.exec(
        select(Notice)
        .where(col(Notice.person_id) == person_id)
        .order_by(col(Notice.id).desc())
        .limit(LATEST)
    ).all()


def unread_of(uow: UnitOfWork, person_id: int | None, limit: int) -> Sequence[Notice]:
    """The latest notices that a person has not read, newest first."""
    return uow.session.exec(
        select(Notice)
        .where(col(Notice.person_id) == person_id, col(Notice.read_at).is_(None))
        .order_by(col(Notice.id).desc())
        .limit(limit)
    ).all()


def unread_count(uow: UnitOfWork, person_id: int | None) -> int:
    """How many notices of a person are not read."""
    return uow.session.exec(
        select(func.count(col(Notice.id))).where(
            col(Notice.person_id) == person_id, col(Notice.read_at).is_(None)
        )
    ).one()


def was_told(uow: UnitOfWork, person_id: int, once: str) -> bool:
    """Whether the person was told of this already."""
    found = uow.session.exec(
        select(Notice.id).where(col(Notice.person_id) == person_id, col(Notice.once) == once)
    ).first()
    return found is not None


def remove_notices(uow: UnitOfWork, person_id: int) -> None:
    """Every notice of a person goes."""
    uow.session.connection().execute(delete(Notice).where(col(Notice.person_id) == person_id))
